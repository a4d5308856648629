/*
 * buf.h - a growing byte buffer on the heap, with a cap.
 *
 * A struct buf of zeros is an empty buffer that owns nothing. Appending past `limit`
 * (bytes; 0 means no limit) does nothing and returns false, and the buffer stays
 * as it was: a client cannot make a buffer grow without end. Memory exhaustion dies as in
 * xalloc.h. In the torture build every append reallocates.
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include "common/bytes.h"
#include "common/flavour.h"
#include "common/slice.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data;
    size_t len;
    size_t capacity;
    size_t limit;
};

bool buf_append_str(struct buf *buf, const char *str);
bool buf_append_char(struct buf *buf, char c);
bool buf_append_u64(struct buf *buf, uint64_t value); /* decimal */
bool buf_printf(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool buf_vprintf(struct buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* buf_append() where there is no room, or a limit. */
bool buf_append_growing(struct buf *buf, const void *bytes, size_t len);

/* Makes room for `len` more bytes; the place to write them is data + len. */
bool buf_reserve(struct buf *buf, size_t len);

/* Drops `count` bytes from the front and moves the rest down. */
void buf_consume(struct buf *buf, size_t count);

void buf_clear(struct buf *buf); /* empty, memory kept */
void buf_free(struct buf *buf);  /* empty, memory given back; limit kept */

static inline bool buf_append(struct buf *buf, const void *bytes, size_t len)
{
    bool fits = len - 1 < buf->capacity - buf->len; /* 0 - 1 is the most there is */
    if (TORTURE || !fits || buf->limit != 0) {
        return buf_append_growing(buf, bytes, len);
    }
    bytes_copy(buf->data + buf->len, bytes, len);
    buf->len += len;
    return true;
}

static inline bool buf_append_slice(struct buf *buf, struct slice bytes)
{
    return buf_append(buf, bytes.ptr, bytes.len);
}

static inline struct slice buf_slice(const struct buf *buf)
{
    return (struct slice){buf->data, buf->len};
}

#endif
