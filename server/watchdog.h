/*
 * watchdog.h - finds workers that hang, and has them replaced.
 *
 * A worker writes a heartbeat to its scoreboard record each turn of its loop, at least
 * once a second. One that stands still for worker_hang_timeout means a worker that loops,
 * blocks or was stopped: it is reported with the request that it was processing, gets
 * SIGABRT for a core, and SIGKILL two seconds later. Its slot then sees an ordinary
 * death.
 *
 * A worker in a debugger is left alone, and so are all of them for a while after the
 * master itself did not run (the whole tree was stopped): their hearts had no chance.
 */
#ifndef SERVER_WATCHDOG_H
#define SERVER_WATCHDOG_H

#include <stdint.h>

struct master;

struct watchdog {
    int64_t looked_ms;      /* last round, monotonic */
    int64_t quiet_until_ms; /* no verdict before this */
};

/* Call each turn of the master's loop; looks at most once a second. */
void watchdog_look(struct master *master);

#endif
