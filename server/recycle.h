/*
 * recycle.h - a worker that has done its part is replaced before it has to be.
 *
 * One that has answered more requests than worker_max_requests and up to a fifth more, by
 * chance, or holds more memory than worker_max_rss gets a successor; once that is ready
 * it takes over, and the old one drains. One at a time, and none during a reload or an
 * upgrade, so that the pool is never smaller than it should be; and none while as many
 * drain as serve.
 */
#ifndef SERVER_RECYCLE_H
#define SERVER_RECYCLE_H

#include <stdint.h>
#include <sys/types.h>

struct master;
struct slot;

struct recycle {
    int64_t looked_ms; /* for a worn worker, last */
    int64_t rest_ms;   /* a successor could not start: none before this */
    struct slot *worn; /* NULL: nothing is under way */
    pid_t worn_pid;
    struct slot *successor;
};

/* A worker is about to be forked: how many requests will be its share. */
void recycle_draw(struct master *master, struct slot *slot);

/* Call each turn of the master's loop. */
void recycle_step(struct master *master);

#endif
