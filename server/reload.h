/*
 * reload.h - a new configuration takes over as a whole, or not at all.
 *
 * check in a child that may die of it -> load -> open sockets and logs -> fork the new
 * generation -> wait until every worker is ready -> commit, drain the old one. A step
 * that fails undoes what came before; the reason is in the error log, and the generation
 * in force has noticed nothing. The first start is the same from "fork" on. Nothing here
 * waits: each step is driven by the master's loop.
 */
#ifndef SERVER_RELOAD_H
#define SERVER_RELOAD_H

#include "server/generation.h"
#include "server/verdict.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum reload_state {
    RELOAD_IDLE,
    RELOAD_CHECKING,
    RELOAD_STARTING,
};

struct reload {
    enum reload_state state;
    bool wanted;            /* asked for, and not begun */
    unsigned begun;         /* reloads so far */
    struct verdict verdict; /* of the last that ended, whose number it has */
    pid_t checker;          /* 0: none */
    int channel;            /* the checker's */
    int check_status;       /* once it was reaped */
    int64_t deadline_ms;
    int64_t committed_ms; /* by the last reload; 0: none was */
    struct generation *candidate;
};

void reload_init(struct reload *reload);

/* SIGHUP: remembers that a reload is wanted. NULL, or why there will be none, which goes
 * to the log as well. */
const char *reload_request(struct master *master);

/* The first generation: from "fork" on. False: fork failed. */
bool reload_start_first(struct master *master, struct generation *generation);

/* A process that is in no slot ended: the checker, or an orphan that came to process 1.
 */
void reload_reaped(struct master *master, pid_t pid, int status);

/* What the checker has to say. */
void reload_listen(struct master *master);

/* Goes as far as it can. */
void reload_step(struct master *master);

/* The next deadline, or 0. */
int64_t reload_deadline(const struct reload *reload);

/* The server stops: undoes what is under way. */
void reload_cancel(struct master *master);

#endif
