/*
 * file_open.h - the file that a request means: opened, or refused in the way that fits.
 */
#ifndef SERVER_FILE_OPEN_H
#define SERVER_FILE_OPEN_H

#include "server/filecache.h"
#include "server/filepath.h"

/* Through the worker's cache. 0 and a reference in *file, or an errno value as in
 * filecache_open(). */
int file_open(struct request *request, struct filepath path, struct file **file);

/* True when the error says that there is no such file. */
bool file_open_is_missing(int err);

/* True when the server, not the file, is at fault and the next try may be better: out of
 * descriptors or memory. */
bool file_open_is_shortage(int err);

/* Logs `open() "..." failed (2: No such file or directory)` and answers 404, 403, 503 or
 * 500, as the error asks. What is missing is not logged with log_not_found off. */
void file_open_refuse(struct request *request, struct filepath path, int err);

#endif
