/*
 * logfiles.h - the log files of the server: numbers, descriptors, reopening.
 *
 * A path gets a number when it is first seen and keeps it for the life of the master, so
 * that a record in a ring always means the same file. The master opens (it is root) and
 * keeps the descriptors; the logger inherits them by fork, and is handed those that are
 * opened or reopened later. "stderr", /dev/stderr and /dev/stdout are the descriptors the
 * program was started with. Files are created with mode 0640.
 */
#ifndef SERVER_LOGFILES_H
#define SERVER_LOGFILES_H

#include "config/diagnose.h"
#include "config/settings.h"
#include <stdbool.h>
#include <stddef.h>

/* What the logger has not been told yet. */
enum log_news {
    LOG_NEWS_NONE,
    LOG_NEWS_OPENED,
    LOG_NEWS_CLOSED,
};

struct log_entry {
    char *path;
    int fd;         /* -1: not open */
    unsigned users; /* configurations that name it */
    enum log_news news;
};

struct log_files {
    struct log_entry *items; /* by number */
    size_t count;
};

/*
 * Opens what `config` names and is not open, and gives every file its number. Returns
 * false when one cannot be opened (reported to `diag` at its directive); nothing is held
 * for this configuration then.
 */
bool logfiles_hold(struct log_files *files, struct config *config,
                   struct diagnostics *diag);

/* The configuration is gone: closes files that no other one names. */
void logfiles_release(struct log_files *files, const struct config *config);

/* Opens every file anew. One that cannot be opened keeps its old descriptor, and the
 * error log says so. Returns how many failed. */
size_t logfiles_reopen(struct log_files *files);

/* Tells the logger the news; returns false when its channel is full for now. */
bool logfiles_send_news(struct log_files *files, int channel);

/* A logger was just forked: it knows all. */
void logfiles_forget_news(struct log_files *files);

/* The descriptor under a number, or -1. */
int logfiles_fd(const struct log_files *files, uint32_t number);

/* For the logger: takes a descriptor in the place of the old one. */
void logfiles_take(struct log_files *files, uint32_t number, const char *path, int fd);

/* For the logger: the file is used no more, but for records that are in a ring still.
 * What is doomed is closed once they are written. */
void logfiles_doom(struct log_files *files, uint32_t number);
void logfiles_close_doomed(struct log_files *files);

/* True for "stderr" and the /dev names of the inherited descriptors. */
bool logfiles_is_inherited(const char *path);

/* True when lines written there come out on standard error. */
bool logfiles_is_stderr(const char *path);

void logfiles_clear(struct log_files *files);

#endif
