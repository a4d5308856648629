/*
 * resolve.h - opens what lies beneath a directory, and nothing else.
 *
 * Symbolic links are followed as long as they end beneath the root; a link that leads
 * outside is EXDEV, whatever it is replaced with while we look. The root itself is the
 * administrator's word: it may be, or go through, any link. Linux's openat2 does the work
 * where there is one; elsewhere, and where a sandbox refuses it, resolve_walk.h does.
 */
#ifndef SERVER_RESOLVE_H
#define SERVER_RESOLVE_H

#include <limits.h>
#include <stdbool.h>

/*
 * Opens `path` (relative, NUL-terminated; "" is the root itself, which then need not be a
 * directory) beneath `root`. `flags` as for open(2), read-only; O_CLOEXEC, O_NOCTTY and
 * O_NONBLOCK are added, so that nothing waits. A trailing slash asks for a directory.
 * Returns a descriptor, or -1 with errno: EXDEV leads outside, ELOOP more than 40 links.
 */
int resolve_open(const char *root, const char *path, int flags);

/*
 * The same, several times beneath one root: it stays open from one call to the next and
 * is opened anew when another one is asked for. Begin with `fd` -1, and let go of it
 * soon: as long as it is open, a root that is replaced is not noticed.
 */
struct resolve_root {
    int fd;
    char path[PATH_MAX];
};
int resolve_open_from(struct resolve_root *held, const char *root, const char *path,
                      int flags);
void resolve_let_go(struct resolve_root *held);

/* For tests: walks even where there is openat2. */
void resolve_use_walk(bool walk);

#endif
