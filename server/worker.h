/*
 * worker.h - one worker process: an event loop over its share of the connections.
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "server/accept.h"
#include "server/conn.h"
#include "server/ev.h"
#include "server/service.h"
#include "server/shm.h"
#include "server/timers.h"

struct worker {
    const struct config *config;
    struct ev_loop *loop;
    struct timers *timers;
    struct service service;
    struct conns conns;
    struct acceptors accept;
    struct board_slot *board; /* its own record; NULL in tests */
    const struct shm *shm;    /* for the balance with the others; NULL: alone */
    /* The last number given to a connection. In shared memory, one for all workers, so
     * that a number is unique on the server; NULL: this worker counts alone. */
    _Atomic uint64_t *connection_counter;
    size_t connections_max;
    unsigned slot;
    unsigned generation;
    bool quitting; /* leave the loop at the end of this turn */
};

#endif
