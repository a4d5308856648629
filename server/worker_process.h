/*
 * worker_process.h - a worker as a process: set-up, loop, draining, end.
 *
 * With a channel it is a child of the master: it says when it is ready, accepts
 * connections once it is told to go, and drains when the master is gone. Without one
 * (master_process off) it serves at once and obeys signals only.
 */
#ifndef SERVER_WORKER_PROCESS_H
#define SERVER_WORKER_PROCESS_H

#include "server/ringlog.h"
#include "server/shm.h"
#include "server/worker.h"

struct worker_setup {
    const struct config *config;
    const int *fds; /* of config->sockets */
    int channel;    /* -1: no master */
    pid_t master;   /* whose end it follows */
    struct ringlog *log;
    struct board_slot *board;
    const struct shm *shm; /* NULL: no other worker */
    _Atomic uint64_t *connection_counter;
    size_t connections_max;
    unsigned slot;
    unsigned generation;
    /* What SIGUSR1 does where there is no master to ask. */
    void (*reopen)(void *context);
    void *reopen_context;
};

/* Signals are blocked on entry and let in when all is set up. Returns the exit status. */
int worker_run(const struct worker_setup *setup);

#endif
