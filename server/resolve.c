#include "server/resolve.h"
#include "common/fdutil.h"
#include "server/resolve_walk.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/openat2.h, which not every libc's headers come with. */
struct open_how {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
};
enum {
    HOW_NO_MAGICLINKS = 0x02,
    HOW_NO_SYMLINKS = 0x04,
    HOW_BENEATH = 0x08,
};

#define RENAME_RETRIES 4 /* EAGAIN: a rename somewhere while ".." was looked up */

/* A fact about the kernel, learned by asking it: it does not change while we run. */
static bool use_walk;

void resolve_use_walk(bool walk)
{
    use_walk = walk;
}

static int call_openat2(int dir, const char *path, const struct open_how *how)
{
#ifdef SYS_openat2
    return (int)syscall(SYS_openat2, dir, path, how, sizeof(*how));
#else
    (void)dir, (void)path, (void)how;
    errno = ENOSYS;
    return -1;
#endif
}

static int try_openat2(int dir, const char *path, int flags, bool follow)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)flags,
        .resolve = HOW_BENEATH | (follow ? HOW_NO_MAGICLINKS : HOW_NO_SYMLINKS),
    };
    int fd;
    int tries = 0;
    do {
        fd = call_openat2(dir, path, &how);
    } while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++tries < RENAME_RETRIES)));
    return fd;
}

static int open_beneath(int dir, const char *path, int flags, bool follow)
{
    if (!use_walk) {
        int fd = try_openat2(dir, path, flags, follow);
        /* EPERM is a sandbox that does not know the call. */
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM && errno != EAGAIN)) {
            return fd;
        }
        use_walk = errno != EAGAIN;
    }
    return resolve_walk(dir, path, flags, follow);
}

/* What of the canonical `path` follows the canonical `root`, or NULL when it is not
 * beneath. */
static const char *strip_root(const char *path, const char *root)
{
    size_t len = strcmp(root, "/") == 0 ? 0 : strlen(root);
    if (strncmp(path, root, len) != 0 || (path[len] != '/' && path[len] != '\0')) {
        return NULL;
    }
    path += len;
    while (*path == '/') {
        path++;
    }
    return *path == '\0' ? "." : path;
}

/*
 * An absolute link, or a relative one that goes up and comes back, may still end beneath
 * the root. Names decide that, so the answer could be out of date at once: the target is
 * opened beneath the root again, this time without any link.
 */
static int open_canonical(const char *root, int dir, const char *path, int flags)
{
    char name[PATH_MAX];
    char target[PATH_MAX];
    int len = snprintf(name, sizeof(name), "%s/%s", root, path);
    if (len < 0 || (size_t)len >= sizeof(name)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (realpath(name, target) == NULL || realpath(root, name) == NULL) {
        return -1;
    }
    const char *rest = strip_root(target, name);
    if (rest == NULL) {
        errno = EXDEV;
        return -1;
    }
    return open_beneath(dir, rest, flags, false);
}

static int hold(struct resolve_root *held, const char *root)
{
    if (held->fd >= 0 && strcmp(held->path, root) == 0) {
        return held->fd;
    }
    resolve_let_go(held);
    size_t size = strlen(root) + 1;
    if (size > sizeof(held->path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(held->path, root, size);
    held->fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return held->fd;
}

void resolve_let_go(struct resolve_root *held)
{
    fd_close(held->fd);
    held->fd = -1;
}

int resolve_open_from(struct resolve_root *held, const char *root, const char *path,
                      int flags)
{
    flags |= O_CLOEXEC;
    if ((flags & O_PATH) == 0) {
        flags |= O_NOCTTY | O_NONBLOCK;
    }
    if (path[0] == '\0') {
        return open(root, flags);
    }
    int dir = hold(held, root);
    if (dir < 0) {
        return -1;
    }
    int fd = open_beneath(dir, path, flags, true);
    if (fd < 0 && errno == EXDEV) {
        fd = open_canonical(root, dir, path, flags);
    }
    return fd;
}

int resolve_open(const char *root, const char *path, int flags)
{
    struct resolve_root held;
    held.fd = -1;
    int fd = resolve_open_from(&held, root, path, flags);
    resolve_let_go(&held);
    return fd;
}
