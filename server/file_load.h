/*
 * file_load.h - makes a struct file of what is on disk now.
 *
 * Nothing but a regular file is ever opened for reading: the first descriptor is an
 * O_PATH one, and only what it shows to be regular is opened again.
 */
#ifndef SERVER_FILE_LOAD_H
#define SERVER_FILE_LOAD_H

#include "server/filecache.h"
#include "server/resolve.h"

/* As filecache_open(), without a cache: 0 and a new reference in *file, or an errno. */
int file_load(struct resolve_root *held, const char *root, const char *path,
              struct file **file);

/* True when the name still leads to the same file, and it has not changed since it was
 * loaded. False too when it cannot be told. */
bool file_is_same_by_name(const struct file *file, struct resolve_root *held,
                          const char *root, const char *path);

/* The same for the descriptor that it is sent from; true for a file in memory. */
bool file_is_same_by_fd(const struct file *file);

/*
 * True while a further write may leave no trace: the file had changed less than
 * FILE_SETTLE_MS before it was loaded, which is less than the grain of its time stamps.
 * The ETag is weak then, and what was read is not to be trusted for long.
 */
#define FILE_SETTLE_MS 100
bool file_is_unsettled(const struct file *file);

#endif
