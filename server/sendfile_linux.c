#include "server/sendfile.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#define COUNT_MAX ((size_t)0x7ffff000) /* the kernel moves no more at a time */

/* The kernel hands a file to the socket in pieces of 64 KiB. An acknowledgement that
 * comes between two of them sends what does not fill a packet, unless the socket is
 * corked: two calls, which pay from here on. */
#define CORK_MIN ((size_t)131072)

/* Only TCP knows it; other sockets have no packets to fill. */
static void cork(int socket, int on)
{
    int err = errno;
    setsockopt(socket, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
    errno = err;
}

ssize_t sendfile_move(int socket, int fd, off_t offset, size_t count, bool more)
{
    off_t position = offset;
    bool corked = count >= CORK_MIN;
    if (corked) {
        cork(socket, 1);
    }
    ssize_t moved =
        sendfile(socket, fd, &position, count < COUNT_MAX ? count : COUNT_MAX);
    if (corked) {
        cork(socket, 0);
    }
    if (moved < 0 && (errno == EINVAL || errno == ENOSYS)) {
        /* Not with this file system: /proc, some of FUSE. */
        return sendfile_copy(socket, fd, offset, count, more);
    }
    return moved;
}
