#include "common/file_id.h"
#include <unistd.h>

struct file_id file_id_of(const struct stat *st)
{
    return (struct file_id){.device = st->st_dev, .inode = st->st_ino};
}

bool file_id_read(const char *path, struct file_id *id)
{
    struct stat st;
    bool seen = lstat(path, &st) == 0;
    if (seen) {
        *id = file_id_of(&st);
    }
    return seen;
}

bool file_id_is_at(const struct file_id *id, const char *path)
{
    struct file_id now;
    return file_id_read(path, &now) && now.device == id->device && now.inode == id->inode;
}

void file_id_unlink(const struct file_id *id, const char *path)
{
    if (file_id_is_at(id, path)) {
        unlink(path);
    }
}
