/*
 * outq.h - what a connection still has to send: a queue of memory and file segments.
 *
 * Segments belong to the requests that queued them (their arenas, their file references)
 * and must live until they are sent; the queue only links them. Memory segments in a row
 * leave in one call, also across responses; a memory segment before a file one goes
 * with MSG_MORE, then sendfile (or pread and send where sendfile is off or not there).
 * So do the last ones before the stream ends, which leave in one packet with the end.
 */
#ifndef SERVER_OUTQ_H
#define SERVER_OUTQ_H

#include "common/slice.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct segment {
    struct segment *next;
    const char *memory; /* NULL: a file segment */
    int fd;
    off_t offset;  /* in the file */
    uint64_t left; /* bytes still to send */
};

/* Zero it to begin. Counters are of the connection's whole life. */
struct outq {
    struct segment *first;
    struct segment *last;
    uint32_t files;  /* file segments in the queue */
    bool ends;       /* as soon as all is sent the stream is shut: it may wait for that */
    uint64_t queued; /* bytes ever put in */
    uint64_t sent;   /* bytes ever sent */
};

enum outq_result {
    OUTQ_EMPTY,   /* everything is sent */
    OUTQ_BLOCKED, /* the socket takes no more now */
    OUTQ_LIMIT,   /* `limit` bytes were sent and more is left */
    OUTQ_CUT,     /* a file ended before its segment: the connection must be closed */
    OUTQ_ERROR,   /* errno says why; EPIPE and ECONNRESET are the peer's doing */
};

void outq_add(struct outq *queue, struct segment *segment);

static inline bool outq_empty(const struct outq *queue)
{
    return queue->first == NULL;
}

/* Sends until empty, blocked, or `limit` bytes (0: none) have gone. `use_sendfile` as in
 * the directive. Torture build: one byte of memory or a few of a file a call, then
 * OUTQ_LIMIT. */
enum outq_result outq_flush(struct outq *queue, int socket, uint64_t limit,
                            bool use_sendfile);

#endif
