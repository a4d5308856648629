/*
 * channel.h - messages between the master and one child, over a socket pair.
 *
 * SOCK_SEQPACKET, non-blocking at both ends: a message comes whole or not at all, and the
 * end of the stream tells each side that the other is gone. Neither side trusts a message
 * beyond what channel_recv() checked: a type below MESSAGE_COUNT, a count within bounds,
 * text that ends.
 */
#ifndef SERVER_CHANNEL_H
#define SERVER_CHANNEL_H

#include "common/log.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum message_type {
    /* child to master */
    MESSAGE_READY,
    MESSAGE_FAILED, /* text: why it will not become ready */
    MESSAGE_NOTE,   /* value: log level, text: a line for the error log */
    MESSAGE_REOPEN, /* the child was asked to reopen the logs, and asks the master */
    MESSAGE_SYNCED, /* value: of the MESSAGE_SYNC; what was said before it is done */
    MESSAGE_CUT,    /* value: connections that a worker closes as it has to leave */
    /* master to child */
    MESSAGE_GO,       /* accept connections */
    MESSAGE_DRAIN,    /* value: enum drain, as bits */
    MESSAGE_STOP,     /* leave at once; the logger: once all rings are empty */
    MESSAGE_FILE,     /* to the logger: log file number `value`, text: path, one fd */
    MESSAGE_FORGET,   /* to the logger: number `value` is used no more */
    MESSAGE_SYNC,     /* to the logger: answer with the same value */
    MESSAGE_STANDARD, /* fd: the new standard error */
    MESSAGE_COUNT,
};

enum drain {
    DRAIN_TAKE_QUEUED = 1, /* what is queued on the listeners first */
    DRAIN_LAST = 2,        /* nobody follows: connections that ask nothing are not kept */
};

#define MESSAGE_TEXT_MAX 1024

struct message {
    uint32_t type;
    uint32_t value;
    char text[MESSAGE_TEXT_MAX];
};

/* ends[0] for the master, ends[1] for the child; 0, or -1 with errno. */
int channel_pair(int ends[2]);

/* As fork(), and a channel between the two: *channel is the end of whoever returns. -1
 * with errno; then *failed is the call that was refused. */
pid_t channel_fork(int *channel, const char **failed);

/* 0, or -1 with errno: EAGAIN when the other side does not read, EPIPE when it is gone.
 * `fd` is a descriptor to hand over, or -1. */
int channel_send(int channel, const struct message *message, int fd);
int channel_tell(int channel, enum message_type type, uint32_t value);

/* A line of text for the master. */
void channel_text(int channel, enum message_type type, enum log_level level,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));
void channel_vtext(int channel, enum message_type type, enum log_level level,
                   const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));

enum channel_result {
    CHANNEL_NOTHING, /* for now */
    CHANNEL_MESSAGE,
    CHANNEL_CLOSED, /* the other side is gone, or talks nonsense */
};

/* *fd is the descriptor that came along, the caller's then, or -1. */
enum channel_result channel_recv(int channel, struct message *message, int *fd);

/* What to do with a message; `fd` came along, -1: none, and is the function's own. */
typedef void channel_hear(void *context, const struct message *message, int fd);

/* Hears all that has come so far. False: the other side is gone; then the channel is
 * closed and set to -1, which stands for one that says nothing. */
bool channel_listen(int *channel, channel_hear *hear, void *context);

/* What any child does with a message that says nothing to it in particular: a new
 * standard error is taken, another descriptor is closed. */
void channel_settle(const struct message *message, int fd);

#endif
