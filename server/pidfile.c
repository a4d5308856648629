#include "server/pidfile.h"
#include "common/fdutil.h"
#include "common/xalloc.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ATTEMPTS 10 /* at a file that somebody removes, or looks at, just now */
#define AGAIN_MS 5

/* The number in the file, or 0 when there is no sensible one. */
static pid_t read_pid(int fd)
{
    char text[32] = {0};
    if (pread(fd, text, sizeof(text) - 1, 0) <= 0) {
        return 0;
    }
    char *end;
    long value = strtol(text, &end, 10);
    bool sensible = end != text && (*end == '\n' || *end == '\0') && value > 0;
    return sensible ? (pid_t)value : 0;
}

/* Whether the locked descriptor is still what the path names: another master may have
 * removed the file between our open and our lock. */
static bool is_current(const char *path, int fd, struct stat *held)
{
    if (fstat(fd, held) < 0) {
        return false;
    }
    struct file_id id = file_id_of(held);
    return file_id_is_at(&id, path);
}

static enum pidfile_result lock_once(struct pidfile *pidfile, const char *path,
                                     pid_t *holder)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
    if (fd < 0) {
        return PIDFILE_ERROR;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int error = errno;
        bool held = error == EWOULDBLOCK;
        bool looked_at = held && flock(fd, LOCK_SH | LOCK_NB) == 0; /* by pidfile_find */
        *holder = held ? read_pid(fd) : 0;
        fd_close(fd);
        errno = looked_at ? EAGAIN : error;
        return held && !looked_at ? PIDFILE_HELD : PIDFILE_ERROR;
    }
    struct stat st;
    if (!is_current(path, fd, &st)) {
        fd_close(fd);
        errno = EAGAIN;
        return PIDFILE_ERROR;
    }
    if (!S_ISREG(st.st_mode)) {
        fd_close(fd);
        errno = EINVAL;
        return PIDFILE_ERROR;
    }
    *pidfile = (struct pidfile){.path = xstrdup(path), .fd = fd, .id = file_id_of(&st)};
    return PIDFILE_OK;
}

enum pidfile_result pidfile_lock(struct pidfile *pidfile, const char *path, pid_t *holder)
{
    enum pidfile_result result = PIDFILE_ERROR;
    for (int i = 0; i < ATTEMPTS; i++) {
        result = lock_once(pidfile, path, holder);
        if (result != PIDFILE_ERROR || errno != EAGAIN) {
            break;
        }
        poll(NULL, 0, AGAIN_MS);
    }
    return result;
}

/* Says that there was no room where a file system says so late: in the network, when a
 * descriptor is closed. Nobody needs the file after the system went down: it need not be
 * on the disk. */
static int settle(int fd)
{
    int copy = dup(fd);
    return copy < 0 ? -1 : close(copy);
}

int pidfile_write(const struct pidfile *pidfile)
{
    if (pidfile->path == NULL) {
        return 0;
    }
    char text[32];
    int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    ssize_t written = -1;
    if (ftruncate(pidfile->fd, 0) == 0) {
        written = pwrite(pidfile->fd, text, (size_t)len, 0);
    }
    if (written >= 0 && written < len) {
        errno = ENOSPC;
    }
    return written == len ? settle(pidfile->fd) : -1;
}

static int move_aside(struct pidfile *pidfile, const char *suffix)
{
    char *aside = xasprintf("%s%s", pidfile->path, suffix);
    if (rename(pidfile->path, aside) < 0) {
        free(aside);
        return -1;
    }
    pidfile->home = pidfile->path;
    pidfile->path = aside;
    return 0;
}

int pidfile_move(struct pidfile *pidfile, const char *suffix)
{
    if (suffix != NULL) {
        return move_aside(pidfile, suffix);
    }
    if (pidfile->home == NULL) {
        return 0;
    }
    pid_t holder;
    if (pidfile_find(pidfile->home, &holder) == PIDFILE_HELD) {
        errno = EBUSY;
        return -1;
    }
    if (rename(pidfile->path, pidfile->home) < 0) {
        return -1;
    }
    free(pidfile->path);
    pidfile->path = pidfile->home;
    pidfile->home = NULL;
    return 0;
}

void pidfile_remove(struct pidfile *pidfile)
{
    if (pidfile->path != NULL) {
        file_id_unlink(&pidfile->id, pidfile->path);
    }
    fd_close(pidfile->fd);
    free(pidfile->path);
    free(pidfile->home);
    *pidfile = (struct pidfile)PIDFILE_NONE;
}

enum pidfile_result pidfile_find(const char *path, pid_t *holder)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return PIDFILE_ERROR;
    }
    enum pidfile_result result = PIDFILE_OK;
    if (flock(fd, LOCK_SH | LOCK_NB) < 0) {
        result = errno == EWOULDBLOCK ? PIDFILE_HELD : PIDFILE_ERROR;
        *holder = read_pid(fd);
    }
    fd_close(fd);
    return result;
}
