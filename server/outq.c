#include "server/outq.h"
#include "common/flavour.h"
#include "server/sendfile.h"
#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define PARTS_MAX 64 /* of one call */

/* What one system call may carry in the torture build. */
#define TORTURE_MEMORY 1
#define TORTURE_FILE   509

void outq_add(struct outq *queue, struct segment *segment)
{
    segment->next = NULL;
    if (queue->first == NULL) {
        queue->first = segment;
    } else {
        queue->last->next = segment;
    }
    queue->last = segment;
    queue->files += segment->memory == NULL;
    queue->queued += segment->left;
}

static void drop_first(struct outq *queue)
{
    struct segment *segment = queue->first;
    queue->files -= segment->memory == NULL;
    queue->first = segment->next;
    if (queue->first == NULL) {
        queue->last = NULL;
    }
}

/* `count` bytes have gone: they come off the segments at the front. */
static void take_off(struct outq *queue, uint64_t count)
{
    queue->sent += count;
    while (queue->first != NULL && queue->first->left <= count) {
        count -= queue->first->left;
        drop_first(queue);
    }
    if (count == 0) {
        return;
    }
    struct segment *segment = queue->first;
    assert(segment != NULL);
    segment->left -= count;
    if (segment->memory != NULL) {
        segment->memory += count;
    } else {
        segment->offset += (off_t)count;
    }
}

static bool follows(const struct iovec *part, const char *memory)
{
    return (const char *)part->iov_base + part->iov_len == memory;
}

/* Gathers the memory segments at the front, `room` bytes at most; *more tells whether
 * something follows them at once, if only the end. Segments that lie next to each other
 * are one part. Returns the number of parts, in a type that fits msg_iovlen whether that
 * is a size_t or an int. */
static uint8_t gather(const struct outq *queue, struct iovec *parts, uint64_t room,
                      bool *more)
{
    uint8_t count = 0;
    struct segment *segment = queue->first;
    while (segment != NULL && segment->memory != NULL && count < PARTS_MAX && room > 0) {
        uint64_t len = segment->left < room ? segment->left : room;
        union {
            const char *from;
            void *base;
        } bytes = {.from = segment->memory}; /* which are only read */
        if (count > 0 && follows(&parts[count - 1], segment->memory)) {
            parts[count - 1].iov_len += (size_t)len;
        } else {
            parts[count++] =
                (struct iovec){.iov_base = bytes.base, .iov_len = (size_t)len};
        }
        room -= len;
        segment = segment->next;
    }
    *more = room > 0 && (segment != NULL || queue->ends);
    return count;
}

static ssize_t send_memory(struct outq *queue, int socket, uint64_t room)
{
    struct iovec parts[PARTS_MAX];
    bool more;
    struct msghdr message = {.msg_iov = parts};
    message.msg_iovlen = gather(queue, parts, room, &more);
    int flags = MSG_NOSIGNAL | (more ? MSG_MORE : 0);
    if (message.msg_iovlen == 1) { /* which costs the system less */
        return send(socket, parts[0].iov_base, parts[0].iov_len, flags);
    }
    return sendmsg(socket, &message, flags);
}

static ssize_t send_file(struct outq *queue, int socket, uint64_t room, bool use_sendfile)
{
    const struct segment *segment = queue->first;
    size_t count = (size_t)(segment->left < room ? segment->left : room);
    bool more = segment->next != NULL && count < room;
    if (use_sendfile && !TORTURE) {
        return sendfile_move(socket, segment->fd, segment->offset, count, more);
    }
    return sendfile_copy(socket, segment->fd, segment->offset, count, more);
}

/* One system call. Returns its result: bytes, 0 when a file has ended, -1. */
static ssize_t send_some(struct outq *queue, int socket, uint64_t room, bool use_sendfile)
{
    if (queue->first->memory != NULL) {
        return send_memory(queue, socket, TORTURE ? TORTURE_MEMORY : room);
    }
    uint64_t most = TORTURE && room > TORTURE_FILE ? TORTURE_FILE : room;
    return send_file(queue, socket, most, use_sendfile);
}

/* Empty memory segments need no system call, and would look like the end of a file. */
static void skip_empty(struct outq *queue)
{
    while (queue->first != NULL && queue->first->left == 0) {
        drop_first(queue);
    }
}

enum outq_result outq_flush(struct outq *queue, int socket, uint64_t limit,
                            bool use_sendfile)
{
    uint64_t room = limit == 0 ? UINT64_MAX : limit;
    for (skip_empty(queue); queue->first != NULL; skip_empty(queue)) {
        if (room == 0) {
            return OUTQ_LIMIT;
        }
        ssize_t sent = send_some(queue, socket, room, use_sendfile);
        if (sent == 0) {
            return OUTQ_CUT;
        }
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            return errno == EAGAIN ? OUTQ_BLOCKED : OUTQ_ERROR;
        }
        take_off(queue, (uint64_t)sent);
        room = TORTURE ? 0 : room - (uint64_t)sent;
    }
    return OUTQ_EMPTY;
}
