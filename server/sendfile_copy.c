#include "server/sendfile.h"
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_SIZE ((size_t)32768)

static ssize_t read_at(int fd, void *bytes, size_t len, off_t offset)
{
    for (;;) {
        ssize_t got = pread(fd, bytes, len, offset);
        if (got >= 0 || errno != EINTR) {
            return got;
        }
    }
}

/* What the socket does not take is read again the next time: nothing is kept. */
ssize_t sendfile_copy(int socket, int fd, off_t offset, size_t count, bool more)
{
    static char buffer[BUFFER_SIZE];
    size_t want = count < BUFFER_SIZE ? count : BUFFER_SIZE;
    ssize_t got = read_at(fd, buffer, want, offset);
    if (got <= 0) {
        return got;
    }
    int hint = more || (size_t)got < count ? MSG_MORE : 0;
    return send(socket, buffer, (size_t)got, MSG_NOSIGNAL | hint);
}
