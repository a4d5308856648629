/*
 * ringlog.h - where the log lines of a process go: sinks of log.h, and of the access log.
 *
 * Once the logger runs, lines go into the ring of the process's slot; a system call is
 * made only to wake a logger that sleeps. A full ring is waited for once, a few
 * milliseconds; then lines are dropped and counted until there is room again. Before the
 * logger runs, after it is gone, and where there is none (master_process off), lines are
 * written directly to the files.
 */
#ifndef SERVER_RINGLOG_H
#define SERVER_RINGLOG_H

#include "common/log.h"
#include "server/logfiles.h"
#include "server/shm.h"

enum ringlog_stderr {
    RINGLOG_STDERR_NEVER, /* not even for a log that is standard error */
    RINGLOG_STDERR_NAMED, /* as the configuration says */
    RINGLOG_STDERR_ALSO,  /* every line: until the start is over */
};

struct ringlog {
    const struct shm *shm;
    struct ring *ring;             /* NULL: write directly */
    const struct log_files *files; /* for direct writing */
    const struct config *config;   /* gives files their numbers; NULL: only stderr */
    enum ringlog_stderr standard;
    bool gave_up; /* the ring was full, and waited for in vain */
    size_t owed;  /* bytes gathered, of which a sleeping logger may not know */
};

/* A log_sink; the context is a struct ringlog. `file` is an index in config->log_files.
 */
void ringlog_write(void *context, uint32_t file, struct slice line);

/* The same for a process that calls ringlog_settle() before it waits: whether to wake the
 * logger is asked there, and each time that lines have taken a good part of the ring, but
 * not for every line, because the answer takes a fence. */
void ringlog_gather(void *context, uint32_t file, struct slice line);
void ringlog_settle(struct ringlog *log);

#endif
