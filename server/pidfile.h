/*
 * pidfile.h - the pid of the master, in a file whose lock says that it lives.
 *
 * The number is never believed by itself: the file is locked (flock) as long as the
 * master runs, whose children close the descriptor first of all. So locked means alive,
 * and a stale file gets no process killed.
 */
#ifndef SERVER_PIDFILE_H
#define SERVER_PIDFILE_H

#include "common/file_id.h"
#include <stdbool.h>
#include <sys/types.h>

struct pidfile {
    char *path; /* owned; NULL: there is no pid file */
    char *home; /* where it was before it was moved; owned; NULL: it was not */
    int fd;
    struct file_id id;
};

#define PIDFILE_NONE                                                                     \
    {                                                                                    \
        .path = NULL, .fd = -1                                                           \
    }

enum pidfile_result {
    PIDFILE_OK,
    PIDFILE_HELD,  /* by the process in *holder (0: it has not written its pid yet) */
    PIDFILE_ERROR, /* errno says why */
};

/* Creates and locks; writes nothing yet: the master may fork into the background first.
 */
enum pidfile_result pidfile_lock(struct pidfile *pidfile, const char *path,
                                 pid_t *holder);

/* Writes the pid of the calling process. 0, or -1 with errno. */
int pidfile_write(const struct pidfile *pidfile);

/* Renames the locked file: `suffix` behind its name, or NULL for its name before, if it
 * was renamed, unless somebody else holds a file of that name (EBUSY). 0, or -1 with
 * errno. */
int pidfile_move(struct pidfile *pidfile, const char *suffix);

/* Removes the file, if it is still this one, and unlocks. */
void pidfile_remove(struct pidfile *pidfile);

/* The master of a pid file, through its lock: PIDFILE_HELD and *holder when it runs,
 * PIDFILE_OK when the file is stale, PIDFILE_ERROR when it cannot be read. */
enum pidfile_result pidfile_find(const char *path, pid_t *holder);

#endif
