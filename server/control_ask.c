#include "server/control_ask.h"
#include "common/buf.h"
#include "common/fdutil.h"
#include "common/xalloc.h"
#include "server/control_address.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int connect_to(const char *pid_path, int flags)
{
    struct control_address address;
    char *path = control_address(&address, pid_path);
    if (path == NULL) {
        return -1;
    }
    free(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd >= 0 && connect(fd, &address.u.sa, address.len) < 0) {
        fd_close(fd);
        return -1;
    }
    return fd;
}

static int ask(const char *pid_path, const char *command, int flags)
{
    int fd = connect_to(pid_path, flags);
    if (fd >= 0) {
        char *line = xasprintf("%s\n", command);
        fd_write_all(fd, line, strlen(line));
        free(line);
    }
    return fd;
}

int control_connect(const char *pid_path, const char *command)
{
    return ask(pid_path, command, SOCK_NONBLOCK);
}

pid_t control_pid(const char *pid_path)
{
    struct ucred peer = {0};
    socklen_t len = sizeof(peer);
    int fd = connect_to(pid_path, SOCK_NONBLOCK);
    bool known = fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0;
    fd_close(fd);
    return known ? peer.pid : 0;
}

/* Moves the whole lines of the answer to `said`, but for its last, which sets *status. */
static void take_lines(struct buf *answer, struct buf *said, int *status)
{
    for (;;) {
        struct slice text = buf_slice(answer);
        size_t end = slice_find(text, '\n');
        if (end == text.len) {
            return;
        }
        struct slice line = slice_of(text.ptr, end + 1);
        if (slice_starts(line, SLICE("exit "))) {
            *status = atoi(line.ptr + 5);
        } else {
            buf_append_slice(said, line);
        }
        buf_consume(answer, line.len);
    }
}

static void print(struct buf *said, int fd)
{
    fd_write_all(fd, said->data, said->len);
    buf_clear(said);
}

/* The status in the answer; -1: there was none. */
static int read_answer(int fd, bool quiet)
{
    int status = -1;
    char bytes[4096];
    ssize_t got = 1;
    struct buf answer = {0}, said = {0};
    while (got > 0 || (got < 0 && errno == EINTR)) {
        got = recv(fd, bytes, sizeof(bytes), 0);
        buf_append(&answer, bytes, got > 0 ? (size_t)got : 0);
        take_lines(&answer, &said, &status);
        if (!quiet) {
            print(&said, STDOUT_FILENO);
        }
    }
    if (status != 0) {
        print(&said, STDERR_FILENO);
    }
    buf_free(&answer);
    buf_free(&said);
    return status;
}

int control_ask(const char *pid_path, const char *command, bool quiet)
{
    int fd = ask(pid_path, command, 0);
    if (fd < 0) {
        return -1;
    }
    int status = read_answer(fd, quiet);
    fd_close(fd);
    if (status < 0) {
        dprintf(STDERR_FILENO, "tinyhttpd: [error] the master ended without an answer\n");
        return 1;
    }
    return status;
}
