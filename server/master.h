/*
 * master.h - the process that supervises all others.
 *
 * One loop: wait for the children's channels, the control socket, signals and the nearest
 * deadline; then reap what died, act on the signals in a fixed order (INT, TERM, QUIT,
 * USR2, HUP, USR1, WINCH), let each part go as far as it can (reload, upgrade, recycling,
 * slots that are due ..), and answer who asked. It waits nowhere else, but for the word
 * of an old master in an upgrade, and never touches a byte from a client.
 */
#ifndef SERVER_MASTER_H
#define SERVER_MASTER_H

#include "config/build.h"
#include "server/control.h"
#include "server/generation.h"
#include "server/listeners.h"
#include "server/logfiles.h"
#include "server/notify.h"
#include "server/pidfile.h"
#include "server/quarantine.h"
#include "server/recycle.h"
#include "server/reload.h"
#include "server/ringlog.h"
#include "server/slots.h"
#include "server/tally.h"
#include "server/upgrade.h"
#include "server/watchdog.h"

enum master_phase {
    MASTER_STARTING,
    MASTER_SERVING,
    MASTER_DRAINING,  /* QUIT: workers finish what they have */
    MASTER_STOPPING,  /* TERM: workers leave */
    MASTER_FINISHING, /* only the logger is left */
    MASTER_DONE,
};

/* Each reopening of the logs has a number, and the logger answers it. */
struct reopening {
    unsigned asked;
    unsigned told; /* to the logger, after the files */
    unsigned done;
    size_t failed; /* files of the last one that stayed as they were */
};

struct master {
    enum master_phase phase;
    int64_t stop_ms; /* when SIGTERM or SIGINT was obeyed last, monotonic */
    int status;      /* of the program */
    struct config_source source;
    bool is_builtin; /* no file to reload from */
    bool daemonized;
    int ready_fd; /* tells the parent of a daemon how the start went; -1: nobody waits */
    const char *banner; /* said on standard output once started; NULL: nothing */
    struct slots slots;
    struct shm shm;
    struct log_files logs;
    struct listeners listeners;
    struct pidfile pidfile;
    struct ringlog log;
    struct list generations;    /* oldest first */
    struct generation *current; /* in force; NULL until the start is over */
    unsigned last_number;
    struct reload reload;
    struct recycle recycle;
    struct quarantine quarantine;
    struct watchdog watchdog;
    struct notify notify;
    bool reopen_asked; /* by a worker that got SIGUSR1 */
    struct upgrade upgrade;
    struct reopening reopening;
    uint64_t connections_cut; /* by workers that had to leave, so far */
    struct control control;
    struct tally tally;
    char *status_path; /* of the last verdict, beside the pid file; owned; NULL: none */
};

/* `source` must outlive it. */
struct master *master_create(const struct config_source *source);
void master_destroy(struct master *master);

/* Supervises, beginning with the first generation, until the server has stopped. */
void master_run(struct master *master, struct generation *first);

/* Which configuration's error log the master writes to; NULL: standard error. */
void master_use_log(struct master *master, const struct config *config);

/* Reopens the logs. The logger writes to the new files once master->reopening.done has
 * come to the number that is returned. */
unsigned master_reopen(struct master *master);

/* SIGQUIT. */
void master_stop_gracefully(struct master *master);

/* What happened, told by the parts. */
void master_logger_ready(struct master *master);
void master_started(struct master *master);
void master_start_failed(struct master *master);

#endif
