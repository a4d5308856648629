/*
 * conn.h - one client connection: a state machine over a non-blocking socket.
 *
 * state       polls  deadline                              leaves to
 * READ_HEAD   in     client_header_timeout, absolute       READ_BODY, SEND, CLOSING
 * READ_BODY   in     client_body_timeout and minimum rate  SEND, CLOSING
 * SEND        out    send_timeout, per progress            IDLE, LINGER, CLOSING
 * IDLE        in     keepalive_timeout                     READ_HEAD, CLOSING
 * LINGER      in     lingering_timeout, lingering_time     CLOSING
 * CLOSING     -      end of the event batch                freed
 *
 * Interest and deadline are derived from the state in one place. There is one way to die:
 * conn_close(conn, reason). An idle connection owns no buffer and no request.
 */
#ifndef SERVER_CONN_H
#define SERVER_CONN_H

#include "common/buf.h"
#include "common/list.h"
#include "server/ev.h"
#include "server/http_head.h"
#include "server/outq.h"
#include "server/request.h"
#include "server/timers.h"

struct worker;

enum conn_state {
    CONN_READ_HEAD,
    CONN_READ_BODY,
    CONN_SEND,
    CONN_IDLE,
    CONN_LINGER,
    CONN_CLOSING,
    CONN_STATE_COUNT,
};

struct conn {
    struct ev_source source;
    struct timer timer;
    struct list link; /* worker->conns.all, by state: .idle, oldest first */
    struct worker *worker;
    enum conn_state state;
    struct client client;
    struct outq out;
    struct list requests; /* struct request, oldest first, not yet sent */
    struct buf in;        /* a head that came in part; empty otherwise */
    struct http_scanner scanner;
    int64_t state_since_ms;
    uint64_t progress; /* bytes in this state, for minimum rates and limit_rate */
    bool keep_alive;
    bool peer_closed;
};

/* Every connection of a worker. */
struct conns {
    struct list busy;
    struct list idle;    /* oldest first: the first to go when room is needed */
    struct list closing; /* freed by conns_sweep() */
    struct list pool;    /* unused struct conn, a few */
    size_t count;        /* open: busy and idle */
    char *buffer;        /* the worker-wide receive buffer */
};

#define CONN_BUFFER_SIZE 65536

void conns_init(struct conns *conns);
void conns_clear(struct conns *conns); /* closes all */

/* Takes over an accepted non-blocking socket and reads from it at once. */
void conn_open(struct worker *worker, int fd, const struct sockaddr *peer,
               const struct listen_socket *listener);

/* The one way to die; `reason` goes to the log at info. Logs requests under way. */
void conn_close(struct conn *conn, const char *reason);

/* Frees what was closed in this event batch. */
void conns_sweep(struct conns *conns);

/* Closes the connection that has been idle longest, if older than min_age_ms. */
bool conns_drop_idle(struct conns *conns, int64_t min_age_ms);

/* The worker drains: idle connections stay for their next request, within the bound. */
void conns_drain(struct conns *conns);

#endif
