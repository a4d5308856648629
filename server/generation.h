/*
 * generation.h - a configuration and the workers that run it.
 *
 * A candidate is prepared and started beside the generation in force; it is committed, or
 * abandoned as if it had never been. One that is followed by another is retired: its
 * workers drain, and it is freed with the last of them.
 */
#ifndef SERVER_GENERATION_H
#define SERVER_GENERATION_H

#include "common/list.h"
#include "config/diagnose.h"
#include "config/settings.h"
#include "server/privileges.h"
#include "server/scoreboard.h"

struct master;

enum generation_state {
    GENERATION_CANDIDATE,
    GENERATION_CURRENT,
    GENERATION_RETIRED,
};

struct generation {
    struct list link; /* master->generations, oldest first */
    enum generation_state state;
    unsigned number;
    struct config *config; /* owned */
    struct credentials credentials;
    int *fds;          /* of config->sockets; the descriptors are the listeners' */
    bool logging;      /* holds its log files */
    bool listening;    /* holds its sockets */
    unsigned workers;  /* size of the pool */
    unsigned children; /* slots that are its own now */
    size_t connections_max;
    bool take_queued; /* a drain serves what waits on its sockets first */
};

/*
 * Takes the configuration, looks up its user, opens its logs and sockets. NULL when one
 * of them fails: nothing is changed then and the configuration is destroyed. What is said
 * goes to `diag` and to the error log.
 */
struct generation *generation_create(struct master *master, struct config *config,
                                     struct diagnostics *diag);

/* Forks the pool of a candidate. False: it cannot become whole; abandon it. */
bool generation_start(struct master *master, struct generation *generation);

/* One worker more, beside those of the generation in force: it is a candidate, and waits
 * to be told to go. NULL: there is no room, or the fork failed. */
struct slot *generation_reinforce(struct master *master, struct generation *generation);

/* Puts a candidate in force and retires the one before it. */
void generation_commit(struct master *master, struct generation *generation);

/* Kills the candidate's workers and gives up what was opened for it. It is freed here or
 * with the last of them. */
void generation_abandon(struct master *master, struct generation *generation);

/* Drains the workers; sockets that `next` does not use are given up. With no next one the
 * server ends: then the generation, whose log is the server's, stays to be destroyed. */
void generation_retire(struct master *master, struct generation *generation,
                       const struct generation *next);

/* A slot of the generation is empty now: frees it when it was the last. */
void generation_lose_child(struct master *master, struct generation *generation);

/* Drains all workers of the generation in force, and keeps it: SIGWINCH. */
void generation_rest(struct master *master, struct generation *generation);

/* Starts its pool again, if all workers drain or are gone. */
void generation_wake(struct master *master, struct generation *generation);

/* Frees it whatever its state, with no child left. */
void generation_destroy(struct master *master, struct generation *generation);

#endif
