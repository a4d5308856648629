#include "server/sendfile.h"
#include <errno.h>
#include <stdint.h>
#include <sys/sendfile.h>

#define COUNT_MAX ((size_t)0x7ffff000) /* the kernel moves no more at a time */

ssize_t sendfile_move(int socket, int fd, off_t offset, size_t count, bool more)
{
    off_t position = offset;
    ssize_t moved =
        sendfile(socket, fd, &position, count < COUNT_MAX ? count : COUNT_MAX);
    if (moved < 0 && (errno == EINVAL || errno == ENOSYS)) {
        /* Not with this file system: /proc, some of FUSE. */
        return sendfile_copy(socket, fd, offset, count, more);
    }
    return moved;
}
