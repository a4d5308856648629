/*
 * conn.h - one client connection: a state machine over a non-blocking socket.
 *
 * state       polls  deadline                              leaves to
 * READ_HEAD   in     client_header_timeout, absolute       READ_BODY, SEND, TURN, CLOSING
 * READ_BODY   in*    client_body_timeout and minimum rate  SEND, CLOSING
 * SEND        out    send_timeout, per progress            PAUSE, IDLE, LINGER, CLOSING
 * PAUSE       -      when limit_rate allows more           SEND, CLOSING
 * IDLE        in     keepalive_timeout                     READ_HEAD, TURN, CLOSING
 * TURN        -      -                                     READ_HEAD, CLOSING
 * LINGER      in     lingering_timeout, lingering_time     CLOSING
 * CLOSING     -      end of the event batch                freed
 *
 * (*: and out while earlier answers or a 100 Continue are queued.) READ_HEAD and IDLE
 * wait for edges (EV_EDGE) where a read tells whether it has left something in the
 * socket, which is asked for again: on all but unix sockets.
 *
 * Interest and deadline are derived from the state in one place (conn_state.c). There is
 * one way to die: conn_close(conn, reason). An idle connection owns no buffer, no request
 * and nothing that sending takes. What arrives is read into a buffer that all connections
 * of the worker share; answers to all requests of one read leave in one call.
 *
 * What several connections have sent is handled together (conn_arrivals.c): first it is
 * read, then all answers are found, then sent, then what follows them is seen to. So the
 * code of each step comes into the processor's cache once for all of them.
 *
 * Requests that wait while others have their turn (TURN) are answered by
 * conns_take_turns(): what is left over of a pipeline, what came when this turn of the
 * loop had been long already, and all from a client whose last answers took long. So a
 * few clients that ask for much cannot keep many that ask for little waiting.
 *
 * A drain needs nothing from here but service.draining: the answer to the next request on
 * each connection says Connection: close, and an idle one stays until then, or until its
 * keep-alive timeout, so that no request is lost.
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
    CONN_PAUSE,
    CONN_IDLE,
    CONN_TURN,
    CONN_LINGER,
    CONN_CLOSING,
    CONN_STATE_COUNT,
};

/* What follows the last answer that is queued. */
enum conn_after {
    CONN_KEEP,
    CONN_CLOSE,
    CONN_CLOSE_RESET,  /* without an orderly end: reset_timedout_connection */
    CONN_CLOSE_LINGER, /* the client may be sending: let it read the answer first */
    CONN_CLOSE_LAST,   /* the client said it was its last request: linger if it was not */
};

/* What has arrived and is not used yet: the front of a head, or requests that wait for
 * the answers before them. */
struct conn_input {
    struct buf bytes;
    struct http_scanner scanner;
    int64_t began_ms; /* when the first byte came, monotonic */
    bool pipelined;   /* it came together with an earlier request */
};

/* Requests that are under way, and how they get on. */
struct conn_work {
    struct list link;        /* in the pool */
    struct list requests;    /* struct request, oldest first, queued in `out` */
    struct request *reading; /* its body is being read; NULL: none */
    struct outq out;
    int64_t progress_ms; /* when a byte moved last */
    uint64_t progress;   /* bytes moved in this state */
};

struct conn {
    struct ev_source source;
    struct timer timer;
    struct list link; /* in one of the lists of struct conns, by state */
    struct worker *worker;
    struct conn_input *input; /* NULL: nothing is left over */
    struct conn_work *work;   /* NULL: no request is under way */
    struct client client;
    const struct location_settings *set; /* of the newest request */
    int64_t since_ms;     /* when the state began (SEND and PAUSE: as one) */
    uint8_t state;        /* enum conn_state */
    uint8_t shown;        /* enum board_doing: how it is counted */
    uint8_t after;        /* enum conn_after */
    bool stepped : 1;     /* into another state: it may belong into another list */
    bool peer_closed : 1; /* the peer broke off before its answer */
    bool more : 1;        /* bytes had come behind the newest request */
    bool beyond : 1;      /* this event came with EV_BEYOND */
    bool drained : 1;     /* the read of this event left nothing in the socket, no end */
    bool arrived : 1;     /* what was read waits in struct arrivals */
    bool heavy : 1;       /* the newest batch of answers took long */
    bool delay : 1;       /* TCP_NODELAY, inherited from the listener, was switched off */
};

/* What waits for its next use: a few, the others are freed. */
struct conn_pool {
    struct list list;
    size_t count;
};

/* What one read of a connection brought. */
struct arrival {
    struct conn *conn; /* NULL: there is nothing to send to it any more */
    struct slice bytes;
    bool has_turn; /* its first batch need not wait */
};

#define ARRIVALS_MAX     16
#define CONN_BUFFER_SIZE 65536 /* at most, a read */

/* What came in this turn of the loop and is not answered yet. */
struct arrivals {
    struct arrival items[ARRIVALS_MAX];
    unsigned count;
    size_t len;   /* bytes in the buffer */
    char *buffer; /* of all connections of the worker */
};

/* Every connection of a worker. */
struct conns {
    struct list busy;
    struct list idle;       /* oldest first: the first to go when room is needed, .. */
    struct list heads;      /* .. and READ_HEAD, oldest first: the next */
    struct list turns;      /* TURN, oldest first .. */
    struct list heavies;    /* .. and those of them that are heavy */
    struct list closing;    /* freed by conns_sweep() */
    struct conn_pool pool;  /* of struct conn */
    struct conn_pool works; /* of struct conn_work */
    size_t count;           /* open: in any of the lists but `closing` */
    struct arrivals arrivals;
};

#define CONN_IDLE_MIN_MS 1000 /* a younger idle connection is likely to be used again */
#define CONN_HEAD_MIN_MS 5000 /* most heads have come sooner */

void conns_init(struct conns *conns);
void conns_clear(struct conns *conns); /* closes all and frees everything */

/* Takes over an accepted non-blocking socket and reads from it at once, if `early`.
 * Returns whether anything had come, which is answered by conns_answer(). */
bool conn_open(struct worker *worker, int fd, const struct sockaddr *peer,
               const struct listen_socket *listener, bool early);

/* The one way to die; `reason` goes to the log at info. Logs requests under way. The
 * descriptor is closed at once, the memory goes with conns_sweep(). */
void conn_close(struct conn *conn, const char *reason);

/* Answers what was read in this turn of the loop. Call it after the events, before the
 * timers: until then no connection may be closed of which something has arrived. */
void conns_answer(struct conns *conns);

/* Answers one batch of each connection in TURN, as far as there is time. Returns whether
 * any is left there: then do not wait for events. */
bool conns_take_turns(struct conns *conns);

/* Frees what was closed in this event batch. */
void conns_sweep(struct conns *conns);

/* Whose place a new connection may have: the one that has been idle longest, if that is
 * CONN_IDLE_MIN_MS or more, else the one whose head has been awaited longest, if that is
 * CONN_HEAD_MIN_MS or more; NULL: nobody's. */
struct conn *conns_least_wanted(const struct conns *conns);

/* Closes every connection that has waited that long for the first byte of a request. */
void conns_drop_waiting(struct conns *conns, int64_t min_age_ms);

#endif
