/*
 * upgrade.h - a new program takes over from this one, or this one goes on.
 *
 * SIGUSR2 starts the program anew, whatever its path holds now, with the listening
 * sockets and one end of a channel. The new master loads its configuration, starts its
 * workers and says READY; only then this one moves its pid file and control socket aside
 * (".oldbin") and says GO, and the new one writes its own. A new master that exits, or is
 * not ready in time, changes nothing.
 *
 * state      ready     new master died   deadline
 * NONE       -         -                 -
 * STARTING   TRIAL *   NONE, goes on     kill
 * TRIAL      -         NONE, goes back   QUIT to itself: done
 * BESIDE     -         NONE, goes back   -
 *
 * * BESIDE after SIGUSR2: both serve until one is told WINCH or QUIT. TRIAL after
 * `-s upgrade`: the workers here drain, and are started again if the new master dies
 * within UPGRADE_TRIAL_MS.
 */
#ifndef SERVER_UPGRADE_H
#define SERVER_UPGRADE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct master;

#define UPGRADE_READY_MS 30000
#define UPGRADE_TRIAL_MS 5000

#define UPGRADE_FDS_ENV     "TINYHTTPD_FDS"     /* as listen_inherit_handed() takes it */
#define UPGRADE_CHANNEL_ENV "TINYHTTPD_CHANNEL" /* the new master's end */

enum upgrade_state {
    UPGRADE_NONE,
    UPGRADE_STARTING,
    UPGRADE_TRIAL,
    UPGRADE_BESIDE,
};

struct upgrade {
    enum upgrade_state state;
    bool whole;  /* asked for as -s upgrade */
    pid_t pid;   /* the new master; 0: none */
    int channel; /* to it; -1: none */
    int64_t deadline_ms;
    unsigned begun;
    unsigned ended; /* of them: done, or given up */
    bool done;      /* the last that ended */
    char why[256];  /* it was given up */
    int parent;     /* in a new master: the channel to the old one; -1: none */
    pid_t parent_pid;
};

void upgrade_init(struct upgrade *upgrade);

/* Takes the sockets and the channel that an old master left, out of the environment too.
 * False: they are not what they should be, which the log says. */
bool upgrade_inherit(struct master *master);

/* True in a master that was started by an upgrade, until it has taken over. */
bool upgrade_is_pending(const struct upgrade *upgrade);

/* Starts the new master. Returns NULL, or why not; that goes to the log as well. */
const char *upgrade_begin(struct master *master, bool whole);

/* Whether configuration and program have to stay as they are for now. */
bool upgrade_is_busy(const struct upgrade *upgrade);

void upgrade_reaped(struct master *master, pid_t pid, int status);
void upgrade_listen(struct master *master);
void upgrade_step(struct master *master);
int64_t upgrade_deadline(const struct upgrade *upgrade);

/* A new master that is not ready yet is there to be reaped. */
bool upgrade_has_child(const struct upgrade *upgrade);

/* The server stops: a new master that is not ready goes too. */
void upgrade_cancel(struct master *master);

/*
 * In the new master, once its workers are ready: tells the old one, waits a moment for
 * its word that the pid file is free, and takes that. False: it cannot; the log says why.
 */
bool upgrade_take_over(struct master *master);

#endif
