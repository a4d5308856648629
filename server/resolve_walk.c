#include "server/resolve_walk.h"
#include "common/fdutil.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct walk {
    int root;
    int dir;             /* where we stand; the root itself, or a descriptor of ours */
    bool follow;         /* links */
    unsigned links;      /* followed so far */
    size_t depth;        /* bytes of `done` */
    char done[PATH_MAX]; /* real directories from the root to `dir`, each ended by '/' */
    char todo[PATH_MAX]; /* what is still to be walked */
};

enum step {
    STEP_ON,   /* go on with what is left in `todo` */
    STEP_OPEN, /* this was the last one: *fd */
    STEP_FAIL, /* errno */
};

static enum step fail(int err)
{
    errno = err;
    return STEP_FAIL;
}

static void stand_at(struct walk *walk, int dir)
{
    if (walk->dir != walk->root) {
        fd_close(walk->dir);
    }
    walk->dir = dir;
}

/* Takes the next component off the front of `todo`; false when there is none. */
static bool take_name(struct walk *walk, char name[NAME_MAX + 2])
{
    char *begin = walk->todo + strspn(walk->todo, "/");
    size_t len = strcspn(begin, "/");
    if (len == 0) {
        return false;
    }
    /* One byte more than a name may have: the system then says ENAMETOOLONG. */
    size_t kept = len <= NAME_MAX ? len : NAME_MAX + 1;
    memcpy(name, begin, kept);
    name[kept] = '\0';
    memmove(walk->todo, begin + len, strlen(begin + len) + 1);
    return true;
}

static enum step step_down(struct walk *walk, const char *name, int fd)
{
    size_t len = strlen(name);
    if (walk->depth + len + 2 > sizeof(walk->done)) {
        fd_close(fd);
        return fail(ENAMETOOLONG);
    }
    memcpy(walk->done + walk->depth, name, len);
    walk->depth += len;
    walk->done[walk->depth++] = '/';
    walk->done[walk->depth] = '\0';
    stand_at(walk, fd);
    return STEP_ON;
}

/* "..": begins again at the root with one directory less, for the parent of an open
 * directory may have moved outside meanwhile. */
static enum step step_up(struct walk *walk)
{
    if (walk->depth == 0) {
        return fail(EXDEV);
    }
    walk->done[--walk->depth] = '\0';
    while (walk->depth > 0 && walk->done[walk->depth - 1] != '/') {
        walk->depth--;
    }
    walk->done[walk->depth] = '\0';
    char again[PATH_MAX];
    int len = snprintf(again, sizeof(again), "%s/%s", walk->done, walk->todo);
    if (len < 0 || (size_t)len >= sizeof(again)) {
        return fail(ENAMETOOLONG);
    }
    memcpy(walk->todo, again, (size_t)len + 1);
    walk->depth = 0;
    stand_at(walk, walk->root);
    return STEP_ON;
}

/* Puts the link's text in front of what is left. */
static enum step step_through(struct walk *walk, int link)
{
    char target[PATH_MAX];
    ssize_t len = readlinkat(link, "", target, sizeof(target));
    int err = len < 0 ? errno : 0;
    fd_close(link);
    if (err != 0) {
        return fail(err);
    }
    if (!walk->follow || ++walk->links > RESOLVE_LINKS_MAX) {
        return fail(ELOOP);
    }
    if (len > 0 && target[0] == '/') {
        return fail(EXDEV);
    }
    size_t rest = strlen(walk->todo) + 1;
    if ((size_t)len + rest > sizeof(walk->todo)) {
        return fail(ENAMETOOLONG);
    }
    memmove(walk->todo + len, walk->todo, rest);
    memcpy(walk->todo, target, (size_t)len);
    return STEP_ON;
}

/* The directory that the path leads to. To look up "." in it would need the right to
 * search it, which looking at it does not. */
static int open_here(const struct walk *walk, int flags)
{
    return (flags & O_PATH) != 0 ? fcntl(walk->dir, F_DUPFD_CLOEXEC, 0)
                                 : openat(walk->dir, ".", flags);
}

static enum step step(struct walk *walk, int flags, int *fd)
{
    char name[NAME_MAX + 2];
    if (!take_name(walk, name)) {
        *fd = open_here(walk, flags);
        return *fd < 0 ? STEP_FAIL : STEP_OPEN;
    }
    if (strcmp(name, ".") == 0) {
        return STEP_ON;
    }
    if (strcmp(name, "..") == 0) {
        return step_up(walk);
    }
    int look = openat(walk->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (look < 0 || fstat(look, &st) < 0) {
        fd_close(look);
        return STEP_FAIL;
    }
    if (S_ISLNK(st.st_mode)) {
        return step_through(walk, look);
    }
    if (S_ISDIR(st.st_mode)) {
        return step_down(walk, name, look);
    }
    fd_close(look);
    if (walk->todo[0] != '\0') {
        return fail(ENOTDIR);
    }
    *fd = openat(walk->dir, name, flags | O_NOFOLLOW);
    return *fd < 0 ? STEP_FAIL : STEP_OPEN;
}

int resolve_walk(int root, const char *path, int flags, bool follow)
{
    struct walk walk = {.root = root, .dir = root, .follow = follow};
    size_t len = strlen(path);
    if (len >= sizeof(walk.todo)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(walk.todo, path, len + 1);
    int fd = -1;
    enum step result;
    do {
        result = step(&walk, flags, &fd);
    } while (result == STEP_ON);
    stand_at(&walk, root);
    return result == STEP_OPEN ? fd : -1;
}
