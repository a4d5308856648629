#include "server/channel.h"
#include "common/fdutil.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int channel_pair(int ends[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends);
}

pid_t channel_fork(int *channel, const char **failed)
{
    int ends[2];
    *channel = -1;
    *failed = "socketpair()";
    if (channel_pair(ends) < 0) {
        return -1;
    }
    pid_t pid = fork();
    int kept = pid == 0 ? 1 : 0;
    fd_close(ends[1 - kept]);
    if (pid < 0) {
        *failed = "fork()";
        fd_close(ends[kept]);
        return -1;
    }
    *channel = ends[kept];
    return pid;
}

int channel_send(int channel, const struct message *message, int fd)
{
    return fd_send(channel, message, sizeof(*message), &fd, fd < 0 ? 0 : 1);
}

int channel_tell(int channel, enum message_type type, uint32_t value)
{
    struct message message = {.type = type, .value = value};
    return channel_send(channel, &message, -1);
}

void channel_vtext(int channel, enum message_type type, enum log_level level,
                   const char *format, va_list args)
{
    struct message message = {.type = type, .value = level};
    vsnprintf(message.text, sizeof(message.text), format, args);
    channel_send(channel, &message, -1);
}

void channel_text(int channel, enum message_type type, enum log_level level,
                  const char *format, ...)
{
    va_list args;
    va_start(args, format);
    channel_vtext(channel, type, level, format, args);
    va_end(args);
}

/* Whether a descriptor comes with a message of this type. */
static bool carries_fd(uint32_t type)
{
    return type == MESSAGE_FILE || type == MESSAGE_STANDARD;
}

static bool makes_sense(const struct message *message, size_t len, int fds)
{
    return len == sizeof(*message) && message->type < MESSAGE_COUNT &&
           fds == carries_fd(message->type) &&
           (message->type != MESSAGE_NOTE || message->value < LOG_LEVEL_COUNT);
}

enum channel_result channel_recv(int channel, struct message *message, int *fd)
{
    size_t len = sizeof(*message);
    *fd = -1;
    int fds = fd_recv(channel, message, &len, fd, 1);
    if (fds < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? CHANNEL_NOTHING : CHANNEL_CLOSED;
    }
    if (!makes_sense(message, len, fds)) {
        fd_close(*fd);
        return CHANNEL_CLOSED;
    }
    message->text[MESSAGE_TEXT_MAX - 1] = '\0';
    return CHANNEL_MESSAGE;
}

bool channel_listen(int *channel, channel_hear *hear, void *context)
{
    struct message message;
    int fd;
    enum channel_result result = CHANNEL_NOTHING;
    while (*channel >= 0 &&
           (result = channel_recv(*channel, &message, &fd)) == CHANNEL_MESSAGE) {
        hear(context, &message, fd);
    }
    if (result == CHANNEL_CLOSED) {
        fd_close(*channel);
        *channel = -1;
    }
    return result != CHANNEL_CLOSED;
}

void channel_settle(const struct message *message, int fd)
{
    if (message->type == MESSAGE_STANDARD) {
        dup2(fd, STDERR_FILENO);
    }
    fd_close(fd);
}
