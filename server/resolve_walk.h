/*
 * resolve_walk.h - beneath-root opening by hand, one component at a time.
 *
 * No component is opened through a link by the system: each is opened with O_NOFOLLOW
 * and a link's text takes its place in the path. What is walked so far is therefore a
 * chain of real directories from the root down, and a rename under way cannot bend it.
 */
#ifndef SERVER_RESOLVE_WALK_H
#define SERVER_RESOLVE_WALK_H

#include <stdbool.h>

#define RESOLVE_LINKS_MAX 40 /* as Linux has it */

/*
 * As openat(root, path, flags), but EXDEV for ".." above the root and for an absolute
 * link, and ELOOP for more than RESOLVE_LINKS_MAX links, or for the first one when
 * `follow` is false. `root` stays the caller's. Returns a descriptor, or -1 with errno.
 */
int resolve_walk(int root, const char *path, int flags, bool follow);

#endif
