#include "server/logwriter.h"
#include "common/clock.h"
#include "common/flavour.h"
#include "common/xalloc.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#define BATCH_LINES    (TORTURE ? 3 : 512)
#define FULL_WAIT_MS   10 /* for a pipe whose reader is slow */
#define ALERT_EVERY_MS 60000

struct log_batch {
    struct iovec parts[1 + BATCH_LINES]; /* the first is the line feed after a cut line */
    size_t lines;
    bool cut;           /* the file ends in the middle of a line */
    uint64_t dropped;   /* since that was last said to be over */
    int64_t alerted_ms; /* 0: never */
    bool in_trouble;    /* said, and not yet said to be over */
};

void log_writer_init(struct log_writer *writer, struct log_files *files,
                     log_writer_note *note, void *context)
{
    *writer = (struct log_writer){.files = files, .note = note, .context = context};
}

void log_writer_clear(struct log_writer *writer)
{
    for (size_t i = 0; i < writer->count; i++) {
        free(writer->batches[i]);
    }
    free(writer->batches);
    *writer = (struct log_writer){0};
}

static struct log_batch *batch_of(struct log_writer *writer, uint32_t number)
{
    if (number >= writer->count) {
        size_t count = number + 1;
        writer->batches = xrealloc(writer->batches, count * sizeof(struct log_batch *));
        for (; writer->count < count; writer->count++) {
            writer->batches[writer->count] = NULL;
        }
    }
    if (writer->batches[number] == NULL) {
        writer->batches[number] = xcalloc(1, sizeof(struct log_batch));
    }
    return writer->batches[number];
}

static const char *path_of(const struct log_writer *writer, uint32_t number)
{
    return writer->files->items[number].path;
}

/* Moves past `written` bytes; returns the first part that is not done. *cut becomes
 * whether that one was begun. */
static struct iovec *advance(struct iovec *part, const struct iovec *end, size_t written,
                             bool *cut)
{
    if (written == 0) {
        return part;
    }
    while (part < end && written >= part->iov_len) {
        written -= part->iov_len;
        part++;
    }
    if (written > 0) {
        part->iov_base = (char *)part->iov_base + written;
        part->iov_len -= written;
    }
    *cut = written > 0;
    return part;
}

/* Whether a failed write is worth another try. A pipe that is full gets a moment, once a
 * batch. */
static bool may_go_on(int fd, bool *waited)
{
    if (errno == EINTR) {
        return true;
    }
    if ((errno != EAGAIN && errno != EWOULDBLOCK) || *waited) {
        return false;
    }
    *waited = true;
    int saved = errno;
    struct pollfd pollfd = {.fd = fd, .events = POLLOUT};
    bool ready = poll(&pollfd, 1, FULL_WAIT_MS) > 0;
    errno = saved;
    return ready;
}

/* Writes until done or refused; returns the first part not done, `end` when all are. */
static struct iovec *write_parts(int fd, struct iovec *part, const struct iovec *end,
                                 bool *cut)
{
    bool waited = false;
    while (part < end) {
        ssize_t written = writev(fd, part, TORTURE ? 1 : (int)(end - part));
        if (written >= 0) {
            part = advance(part, end, (size_t)written, cut);
        } else if (!may_go_on(fd, &waited)) {
            break;
        }
    }
    return part;
}

/* A pipe with a slow reader fails and works again many times a second. */
static bool was_told_lately(const struct log_batch *batch, int64_t now)
{
    return batch->alerted_ms != 0 && now - batch->alerted_ms < ALERT_EVERY_MS;
}

static void tell_trouble(struct log_writer *writer, uint32_t number, int error)
{
    struct log_batch *batch = writer->batches[number];
    int64_t now = clock_read_ns() / NS_PER_MS;
    if (was_told_lately(batch, now)) {
        return;
    }
    batch->alerted_ms = now;
    batch->in_trouble = true;
    writer->note(writer->context, LOG_LEVEL_ALERT,
                 "write() to \"%s\" failed (%d: %s), %llu lines dropped so far",
                 path_of(writer, number), error, strerror(error),
                 (unsigned long long)batch->dropped);
}

static void tell_recovery(struct log_writer *writer, uint32_t number)
{
    struct log_batch *batch = writer->batches[number];
    if (!batch->in_trouble && was_told_lately(batch, clock_read_ns() / NS_PER_MS)) {
        return;
    }
    writer->note(writer->context, LOG_LEVEL_ERROR,
                 "write() to \"%s\" works again, %llu lines were dropped",
                 path_of(writer, number), (unsigned long long)batch->dropped);
    batch->dropped = 0;
    batch->in_trouble = false;
}

static struct iovec line_feed(void)
{
    static char text[] = "\n";
    return (struct iovec){.iov_base = text, .iov_len = 1};
}

static void flush_batch(struct log_writer *writer, uint32_t number)
{
    struct log_batch *batch = writer->batches[number];
    int fd = logfiles_fd(writer->files, number);
    const struct iovec *end = batch->parts + 1 + batch->lines;
    batch->parts[0] = line_feed();
    struct iovec *part = batch->parts + (batch->cut ? 0 : 1);
    if (fd >= 0) {
        part = write_parts(fd, part, end, &batch->cut);
    }
    int error = fd >= 0 ? errno : EBADF;
    size_t lost = part == batch->parts ? batch->lines : (size_t)(end - part);
    batch->lines = 0;
    batch->dropped += lost;
    writer->lost += lost;
    if (lost != 0) {
        tell_trouble(writer, number, error);
    } else if (batch->dropped != 0) {
        tell_recovery(writer, number);
    }
}

void log_writer_add(struct log_writer *writer, uint32_t number, struct slice line)
{
    if (line.len == 0) {
        return;
    }
    if (logfiles_fd(writer->files, number) < 0) {
        writer->homeless++;
        writer->lost++;
        return;
    }
    struct log_batch *batch = batch_of(writer, number);
    struct iovec *part = &batch->parts[1 + batch->lines++];
    memcpy(&part->iov_base, &line.ptr, sizeof(part->iov_base)); /* writev only reads */
    part->iov_len = line.len;
    if (batch->lines == BATCH_LINES) {
        flush_batch(writer, number);
    }
}

void log_writer_flush(struct log_writer *writer)
{
    for (uint32_t number = 0; number < writer->count; number++) {
        if (writer->batches[number] != NULL && writer->batches[number]->lines != 0) {
            flush_batch(writer, number);
        }
    }
}

void log_writer_confess(struct log_writer *writer)
{
    for (uint32_t number = 0; number < writer->count; number++) {
        const struct log_batch *batch = writer->batches[number];
        if (batch != NULL && batch->dropped != 0) {
            writer->note(writer->context, LOG_LEVEL_ERROR,
                         "%llu lines for \"%s\" were dropped in all",
                         (unsigned long long)batch->dropped, path_of(writer, number));
        }
    }
    if (writer->homeless != 0) {
        writer->note(writer->context, LOG_LEVEL_ERROR,
                     "%llu log lines had no file to go to",
                     (unsigned long long)writer->homeless);
    }
}
