/*
 * build.h - from text to struct config.
 */
#ifndef CONFIG_BUILD_H
#define CONFIG_BUILD_H

#include "config/diagnose.h"
#include "config/settings.h"

struct config_source {
    const char *path;    /* main file; also the name in messages when text is given */
    const char *text;    /* NULL: read the file; else the configuration itself */
    const char *prefix;  /* for root, logs and pid; ends in a slash */
    const char *globals; /* -g: directives of the main context; NULL: none */
    const char
        *error_log;  /* -e: NULL, "stderr" or a path; used where none is configured */
    bool privileged; /* started as root: default port 80, else 8080 */
};

/*
 * Parses, checks and builds. Messages go to `diag`, which must outlive nothing: it may
 * use an arena of its own. Returns NULL when there was an error. The caller destroys it.
 */
struct config *config_load(const struct config_source *source, struct diagnostics *diag);
void config_destroy(struct config *config);

/*
 * The pid file of a configuration, to find the server that runs it: also of one that has
 * errors, if it names the file itself. NULL when that cannot be told. The caller frees
 * it.
 */
char *config_find_pid(const struct config_source *source);

/*
 * What can be told of the file system without changing it: roots and aliases that are not
 * there, log directories that are missing. Warnings and errors with the directive's
 * position. Things that cannot be seen by this user are warnings that say so.
 */
void config_check_files(const struct config *config, struct diagnostics *diag);

#endif
