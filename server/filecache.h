/*
 * filecache.h - open files of a worker, found by root and path; the open_file_cache.
 *
 * A look-up opens and then looks (fstat), never the other way round, and resolves beneath
 * the root: symbolic links are followed as long as they end beneath it. An entry holds
 * the descriptor, what fstat said, the validators as text, and the bytes of a small file.
 * Entries are counted references: one that is replaced or dropped while a response sends
 * it lives until the last release. An entry older than `valid` is looked at again by
 * name; the size of a file is checked again each time it is served (see directives.md's
 * rule in tinyhttpd.conf(5): never cut or padded).
 */
#ifndef SERVER_FILECACHE_H
#define SERVER_FILECACHE_H

#include "common/slice.h"
#include "config/settings.h"
#include "server/kept_head.h"
#include "server/mime.h"
#include <sys/stat.h>

enum file_kind {
    FILE_REGULAR,
    FILE_DIRECTORY,
    FILE_OTHER, /* fifo, device, socket: never opened for reading, answered 403 */
};

#define FILE_ETAG_MAX    64
#define FILE_CONTENT_MAX 16384 /* bytes of a file that is kept in memory */

/* Of a worker, with the room for their heads. What else is kept of heads (kept_head.h)
 * comes on top: some 400 bytes each, two a file at most. */
#define FILECACHE_CONTENT_TOTAL (32u << 20)

struct file {
    enum file_kind kind;
    int fd; /* -1 for what is not regular or is in memory */
    uint64_t size;
    struct timespec mtime;
    ino_t inode;
    char etag[FILE_ETAG_MAX]; /* with quotes, and W/ while it may still change */
    int64_t modified;         /* seconds, never later than when it was looked at; -1: the
                               * file has no date to speak of (the epoch and before) */
    char last_modified[30];   /* the same as IMF-fixdate, or "" */
    const char *content;      /* the whole file, or NULL when it is not in memory; then
                               * fd is -1 */
    struct kept_place head;   /* of the whole file (kept_head.h) */
    struct kept_place head_304; /* of the answer that it is not modified */
    struct mime_memo media;

    /* private */
    unsigned references;
    dev_t device;
    struct timespec ctime;
    unsigned absent;         /* siblings that are known not to be there, as bits .. */
    int64_t absent_until_ms; /* .. until then (precompressed.c) */
};

struct filecache;

struct filecache *filecache_create(void);
void filecache_destroy(struct filecache *cache);

/*
 * Opens `path` (no leading slash, no dot segments, NUL-terminated; "" is the root itself)
 * beneath the directory `root`. Returns 0 and a reference in *file, or an errno value:
 * ENOENT, ENOTDIR, ENAMETOOLONG, EACCES, ELOOP, EXDEV (leads outside the root), EMFILE,
 * ENFILE .. With `settings` that switch the cache off, the entry is private to the
 * caller.
 */
int filecache_open(struct filecache *cache, const char *root, const char *path,
                   const struct location_settings *settings, struct file **file);

void file_release(struct file *file); /* NULL is allowed */
struct file *file_retain(struct file *file);

/* Whether somebody else has a reference as well, such as the cache. */
bool file_is_shared(const struct file *file);

/* Lets go of the root that look-ups of one turn of the event loop share: what it leads to
 * may be replaced before the next. */
void filecache_end_turn(struct filecache *cache);

/* Gives back descriptors of unused entries: called when accept runs out of them. Returns
 * how many were closed. */
size_t filecache_shrink(struct filecache *cache);

/* Opens a directory beneath the root for listing: a new descriptor, or -1 with errno. */
int filecache_open_dir(struct filecache *cache, const char *root, const char *path);

#endif
