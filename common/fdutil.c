#include "common/fdutil.h"
#include "common/flavour.h"
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Sets or clears one flag of the pair of fcntl commands that reads and writes it. */
static int change_flag(int fd, const int commands[2], int flag, bool on)
{
    int flags = fcntl(fd, commands[0]);
    if (flags < 0) {
        return -1;
    }
    int wanted = on ? flags | flag : flags & ~flag;
    return wanted == flags ? 0 : fcntl(fd, commands[1], wanted);
}

int fd_set_nonblock(int fd, bool on)
{
    return change_flag(fd, (const int[]){F_GETFL, F_SETFL}, O_NONBLOCK, on);
}

int fd_set_cloexec(int fd, bool on)
{
    return change_flag(fd, (const int[]){F_GETFD, F_SETFD}, FD_CLOEXEC, on);
}

int fd_open_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        /* All below are open, so that this one is the lowest that is free. */
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0 &&
            open("/", O_RDONLY | O_DIRECTORY) < 0) {
            return -1;
        }
    }
    return 0;
}

void fd_close(int fd)
{
    if (fd >= 0) {
        int saved = errno;
        close(fd); /* not retried: Linux has released the number even on EINTR */
        errno = saved;
    }
}

static int wait_writable(int fd)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLOUT};
    int ready;
    do {
        ready = poll(&pollfd, 1, -1);
    } while (ready < 0 && errno == EINTR);
    return ready < 0 ? -1 : 0;
}

int fd_write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t written = write(fd, at, TORTURE ? 1 : len);
        if (written >= 0) {
            at += written;
            len -= (size_t)written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (wait_writable(fd) < 0) {
                return -1;
            }
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

static ssize_t read_some(int fd, void *bytes, size_t len)
{
    ssize_t got;
    do {
        got = read(fd, bytes, len);
    } while (got < 0 && errno == EINTR);
    return got;
}

static int read_to_end(int fd, struct buf *out)
{
    char piece[16384];
    for (;;) {
        ssize_t got = read_some(fd, piece, TORTURE ? 1 : sizeof(piece));
        if (got <= 0) {
            return (int)got;
        }
        if (!buf_append(out, piece, (size_t)got)) {
            errno = EFBIG;
            return -1;
        }
    }
}

/* What is too large already need not be read. */
static int check_file(int fd, const struct buf *out)
{
    struct stat st;
    if (fstat(fd, &st) < 0) {
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        return -1;
    }
    if (out->limit != 0 && (uint64_t)st.st_size > out->limit) {
        errno = EFBIG;
        return -1;
    }
    return 0;
}

static int open_file(const char *path)
{
    int fd;
    do {
        fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

int fd_read_file(const char *path, struct buf *out)
{
    int fd = open_file(path);
    if (fd < 0) {
        return -1;
    }
    size_t before = out->len;
    int result = check_file(fd, out);
    if (result == 0) {
        result = read_to_end(fd, out);
    }
    if (result < 0) {
        out->len = before;
    }
    fd_close(fd);
    return result;
}

static int close_range_from(int first)
{
#ifdef SYS_close_range
    return (int)syscall(SYS_close_range, (unsigned)first, UINT32_MAX, 0U);
#else
    (void)first;
    errno = ENOSYS;
    return -1;
#endif
}

/* Closes what /proc lists; it is walked by number, so closing on the way skips none. */
static int close_listed_from(int first)
{
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL) {
        return -1;
    }
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        int fd = (int)strtol(entry->d_name, NULL, 10); /* "." and "..": 0 */
        if (entry->d_name[0] != '.' && fd >= first && fd != dirfd(dir)) {
            close(fd);
        }
    }
    closedir(dir);
    return 0;
}

void fd_close_from(int first)
{
    assert(first >= 0);
    if (close_range_from(first) == 0 || close_listed_from(first) == 0) {
        return;
    }
    long limit = sysconf(_SC_OPEN_MAX);
    for (int fd = first; fd < limit; fd++) {
        close(fd);
    }
}

static int compare_fds(const void *a, const void *b)
{
    const int *left = a;
    const int *right = b;
    return (*left > *right) - (*left < *right);
}

/* The gaps between those that are kept are small: one close each. */
void fd_close_others(int *keep, size_t count)
{
    qsort(keep, count, sizeof(*keep), compare_fds);
    int next = STDERR_FILENO + 1;
    for (size_t i = 0; i < count; i++) {
        for (; next < keep[i]; next++) {
            close(next);
        }
        next = keep[i] >= next ? keep[i] + 1 : next;
    }
    fd_close_from(next);
}

/* Room for the descriptors that travel with a message, aligned as its header. */
union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * FD_PASS_MAX)];
};

static void attach_fds(struct msghdr *message, union control *control, const int *fds,
                       size_t count)
{
    memset(control, 0, sizeof(*control));
    message->msg_control = control->bytes;
    message->msg_controllen = (socklen_t)CMSG_SPACE(sizeof(int) * count);
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = (socklen_t)CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(header), fds, sizeof(int) * count);
}

int fd_send(int socket, const void *bytes, size_t len, const int *fds, size_t count)
{
    assert(len > 0 && count <= FD_PASS_MAX);
    char *writable = NULL; /* struct iovec has no const, though sendmsg only reads */
    memcpy(&writable, &bytes, sizeof(writable));
    struct iovec part = {.iov_base = writable, .iov_len = len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union control control;
    if (count > 0) {
        attach_fds(&message, &control, fds, count);
    }
    ssize_t sent;
    do {
        sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

/* Copies the descriptors of the message to fds; those past `max` are closed. Returns how
 * many there were. */
static size_t detach_fds(struct msghdr *message, int *fds, size_t max)
{
    const struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (header == NULL || header->cmsg_level != SOL_SOCKET ||
        header->cmsg_type != SCM_RIGHTS) {
        return 0;
    }
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
        int fd;
        memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
        if (i < max) {
            fds[i] = fd;
        } else {
            close(fd);
        }
    }
    return count;
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        close(fds[i]);
    }
}

static ssize_t receive(int socket, struct msghdr *message)
{
    ssize_t got;
    do {
        got = recvmsg(socket, message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    return got;
}

int fd_recv(int socket, void *bytes, size_t *len, int *fds, size_t max)
{
    struct iovec part = {.iov_base = bytes, .iov_len = *len};
    union control control;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t got = receive(socket, &message);
    if (got < 0) {
        return -1;
    }
    size_t count = detach_fds(&message, fds, max);
    if (count > max || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        close_all(fds, count < max ? count : max);
        errno = EMSGSIZE;
        return -1;
    }
    if (got == 0 && count == 0) {
        errno = ECONNRESET;
        return -1;
    }
    *len = (size_t)got;
    return (int)count;
}
