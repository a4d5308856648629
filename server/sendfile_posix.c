#include "server/sendfile.h"

ssize_t sendfile_move(int socket, int fd, off_t offset, size_t count, bool more)
{
    return sendfile_copy(socket, fd, offset, count, more);
}
