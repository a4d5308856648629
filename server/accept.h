/*
 * accept.h - taking connections from the listening sockets that all workers share.
 *
 * One accept a wake-up; then, if another worker has room, the listener is added to the
 * event loop anew, before the connection is served, so that the next wake-up goes to
 * another. The connection is read at once, unless one lately had sent nothing so soon. A
 * worker that now holds more than its share of the connections leaves the listeners alone
 * for 10 ms, so that nobody waits for it; one that has no free connection, until it has.
 * Running out of descriptors pauses too, 100 ms doubling to 1 s; nothing here spins and
 * nothing dies. All look once a second whether a client waits of whom they were not told.
 */
#ifndef SERVER_ACCEPT_H
#define SERVER_ACCEPT_H

#include "server/ev.h"
#include "server/timers.h"
#include <stdbool.h>
#include <stddef.h>

struct worker;
struct listen_socket;

struct acceptor {
    struct ev_source source;
    struct worker *worker;
    const struct listen_socket *listener;
};

/* Why the listeners are out of the event loop. */
enum accept_pause {
    ACCEPT_RUNNING,
    ACCEPT_AHEAD,     /* others have more room: for at most 10 ms */
    ACCEPT_FULL,      /* worker_connections are open: until one closes */
    ACCEPT_EXHAUSTED, /* no descriptor or memory: until one closes, or a while */
};

/* All listeners of a worker, and whether it takes connections now. */
struct acceptors {
    struct acceptor *items;
    size_t count;
    struct timer resume;   /* ends a pause */
    struct timer again;    /* looks for clients of whom nobody was told */
    int backoff_ms;        /* of the last pause for want of descriptors */
    int64_t complained_ms; /* when the log last said so */
    enum accept_pause pause;
    unsigned unread; /* so many new connections are not read at once */
    bool owed;       /* full, it left one to the others; the next is taken, if need be */
    bool closed;
};

/* fds[i] is the descriptor of config->sockets[i]; the worker owns them. */
void accept_start(struct worker *worker, const int *fds, size_t count);

/* A connection was closed: room again, perhaps. */
void accept_resume(struct worker *worker);

/* Stops for good: takes what is queued when `take_queued`, then closes the listeners. */
void accept_stop(struct worker *worker, bool take_queued);

#endif
