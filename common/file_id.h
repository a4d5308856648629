/*
 * file_id.h - knowing a file again by more than its path, which may be somebody else's by
 * then. A symbolic link is a file of its own here.
 */
#ifndef COMMON_FILE_ID_H
#define COMMON_FILE_ID_H

#include <stdbool.h>
#include <sys/stat.h>

struct file_id {
    dev_t device;
    ino_t inode;
};

struct file_id file_id_of(const struct stat *st);

/* What the path names now. False with errno: nothing that can be seen; *id is unchanged
 * then. */
bool file_id_read(const char *path, struct file_id *id);

/* Whether the path names this file still. */
bool file_id_is_at(const struct file_id *id, const char *path);

/* Removes the path if it names this file still. */
void file_id_unlink(const struct file_id *id, const char *path);

#endif
