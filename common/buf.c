#include "common/buf.h"
#include "common/decimal.h"
#include "common/xalloc.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_CAPACITY 128

static bool within_limit(const struct buf *buf, size_t len)
{
    size_t most = buf->limit == 0 ? SIZE_MAX / 2 : buf->limit;
    return buf->len <= most && len <= most - buf->len;
}

/* Doubles, but asks for no more than the limit and the NUL that vsnprintf wants. */
static size_t next_capacity(const struct buf *buf, size_t needed)
{
    size_t doubled = buf->capacity == 0 ? FIRST_CAPACITY : buf->capacity * 2;
    if (buf->limit != 0 && doubled > buf->limit) {
        doubled = buf->limit + 1;
    }
    return doubled > needed ? doubled : needed;
}

/* A block of exactly the size asked for, so that the sanitizer sees one byte too many
 * and any pointer kept across an append. */
static void move_to_fresh_block(struct buf *buf, size_t needed)
{
    char *fresh = xmalloc(needed);
    if (buf->len != 0) {
        memcpy(fresh, buf->data, buf->len);
    }
    free(buf->data);
    buf->data = fresh;
    buf->capacity = needed;
}

static void make_room(struct buf *buf, size_t len)
{
    size_t needed = buf->len + len;
    if (TORTURE) {
        move_to_fresh_block(buf, needed);
        return;
    }
    if (needed > buf->capacity) {
        size_t capacity = next_capacity(buf, needed);
        buf->data = xrealloc(buf->data, capacity);
        buf->capacity = capacity;
    }
}

bool buf_reserve(struct buf *buf, size_t len)
{
    if (!within_limit(buf, len)) {
        return false;
    }
    make_room(buf, len);
    return true;
}

bool buf_append_growing(struct buf *buf, const void *bytes, size_t len)
{
    if (len == 0) {
        return true;
    }
    if (!buf_reserve(buf, len)) {
        return false;
    }
    memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    return true;
}

bool buf_append_str(struct buf *buf, const char *str)
{
    return buf_append(buf, str, strlen(str));
}

bool buf_append_char(struct buf *buf, char c)
{
    return buf_append(buf, &c, 1);
}

bool buf_append_u64(struct buf *buf, uint64_t value)
{
    char room[DECIMAL_MAX];
    return buf_append_slice(buf, decimal_format(value, room));
}

bool buf_vprintf(struct buf *buf, const char *format, va_list args)
{
    /* What is in the room behind the content is nobody's: most lines fit at once. */
    size_t room = TORTURE ? 0 : buf->capacity - buf->len;
    va_list again;
    va_copy(again, args);
    int printed = vsnprintf(room == 0 ? NULL : buf->data + buf->len, room, format, again);
    va_end(again);
    assert(printed >= 0);
    size_t len = (size_t)printed;
    if (!within_limit(buf, len)) {
        return false;
    }
    if (len >= room) {
        make_room(buf, len + 1);
        vsnprintf(buf->data + buf->len, len + 1, format, args);
    }
    buf->len += len;
    return true;
}

bool buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool done = buf_vprintf(buf, format, args);
    va_end(args);
    return done;
}

void buf_consume(struct buf *buf, size_t count)
{
    assert(count <= buf->len);
    buf->len -= count;
    if (buf->len != 0) {
        memmove(buf->data, buf->data + count, buf->len);
    }
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
}

void buf_free(struct buf *buf)
{
    free(buf->data);
    buf->data = NULL;
    buf->len = 0;
    buf->capacity = 0;
}
