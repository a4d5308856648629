#include "server/runfiles.h"
#include "common/xalloc.h"
#include "server/cmdline.h"
#include "server/master.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ASIDE_SUFFIX  ".oldbin"
#define STATUS_SUFFIX ".status"

int runfiles_lock(struct master *master, const char *pid_path)
{
    pid_t holder = 0;
    switch (pidfile_lock(&master->pidfile, pid_path, &holder)) {
    case PIDFILE_HELD:
        log_write(NULL, LOG_LEVEL_EMERG,
                  "already running: process %ld holds the pid file \"%s\"", (long)holder,
                  pid_path);
        return EXIT_ALREADY_RUNNING;
    case PIDFILE_ERROR:
        log_errno(NULL, LOG_LEVEL_EMERG, errno, "pid file \"%s\" cannot be used",
                  pid_path);
        return EXIT_FAILED;
    default:
        return EXIT_OK;
    }
}

int runfiles_publish(struct master *master)
{
    const char *pid_path = master->pidfile.path;
    if (pidfile_write(&master->pidfile) < 0) {
        log_errno(NULL, LOG_LEVEL_EMERG, errno, "pid file \"%s\" cannot be written",
                  pid_path);
        return EXIT_FAILED;
    }
    if (pid_path == NULL) {
        return EXIT_OK;
    }
    master->status_path = xasprintf("%s" STATUS_SUFFIX, pid_path);
    if (!control_open(&master->control, pid_path)) {
        log_errno(NULL, LOG_LEVEL_WARN, errno,
                  "no control socket \"%s" CONTROL_SUFFIX "\": signals only", pid_path);
    }
    return EXIT_OK;
}

static void move_status(struct master *master)
{
    char *path = xasprintf("%s" STATUS_SUFFIX, master->pidfile.path);
    rename(master->status_path, path);
    free(master->status_path);
    master->status_path = path;
}

void runfiles_move(struct master *master, bool aside)
{
    if (pidfile_move(&master->pidfile, aside ? ASIDE_SUFFIX : NULL) < 0) {
        log_errno(NULL, LOG_LEVEL_ALERT, errno, "the pid file cannot be moved");
        return;
    }
    move_status(master);
    control_move(&master->control, master->pidfile.path);
}

void runfiles_remove(struct master *master)
{
    control_close(&master->control);
    if (master->status_path != NULL) {
        unlink(master->status_path);
        free(master->status_path);
    }
    pidfile_remove(&master->pidfile);
}
