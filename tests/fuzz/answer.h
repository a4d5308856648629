/*
 * answer.h - the answers of the server as a strict client reads them. Whatever a client
 * could misread aborts: this parser has no code in common with the server's.
 */
#ifndef TESTS_FUZZ_ANSWER_H
#define TESTS_FUZZ_ANSWER_H

#include "common/slice.h"
#include "tests/fuzz/invariant.h"
#include <stdbool.h>

/* Fields that an answer has once at most. */
enum answer_field {
    ANSWER_ACCEPT_RANGES,
    ANSWER_ALLOW,
    ANSWER_CONNECTION,
    ANSWER_CONTENT_ENCODING,
    ANSWER_CONTENT_LENGTH,
    ANSWER_CONTENT_RANGE,
    ANSWER_CONTENT_TYPE,
    ANSWER_DATE,
    ANSWER_ETAG,
    ANSWER_EXPIRES,
    ANSWER_KEEP_ALIVE,
    ANSWER_LAST_MODIFIED,
    ANSWER_LOCATION,
    ANSWER_SERVER,
    ANSWER_TRANSFER_ENCODING,
    ANSWER_FIELD_COUNT,
};

static const char *const answer_names[ANSWER_FIELD_COUNT] = {
    [ANSWER_ACCEPT_RANGES] = "accept-ranges",
    [ANSWER_ALLOW] = "allow",
    [ANSWER_CONNECTION] = "connection",
    [ANSWER_CONTENT_ENCODING] = "content-encoding",
    [ANSWER_CONTENT_LENGTH] = "content-length",
    [ANSWER_CONTENT_RANGE] = "content-range",
    [ANSWER_CONTENT_TYPE] = "content-type",
    [ANSWER_DATE] = "date",
    [ANSWER_ETAG] = "etag",
    [ANSWER_EXPIRES] = "expires",
    [ANSWER_KEEP_ALIVE] = "keep-alive",
    [ANSWER_LAST_MODIFIED] = "last-modified",
    [ANSWER_LOCATION] = "location",
    [ANSWER_SERVER] = "server",
    [ANSWER_TRANSFER_ENCODING] = "transfer-encoding",
};

struct answer {
    unsigned status;
    struct slice fields[ANSWER_FIELD_COUNT]; /* null: absent */
    struct slice head;                       /* blank line included */
    struct slice content;
    bool close;
};

static inline struct slice answer_line(struct slice *rest)
{
    size_t end = slice_find(*rest, '\r');
    INVARIANT(end + 1 < rest->len && rest->ptr[end + 1] == '\n');
    struct slice line = slice_of(rest->ptr, end);
    *rest = slice_from(*rest, end + 2);
    return line;
}

/* No control byte, so no line feed; bytes from 0x80 on are allowed, if useless. */
static inline void answer_check_text(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        INVARIANT((c >= 0x20 && c != 0x7f) || c == '\t');
    }
}

static inline unsigned answer_read_status(struct slice line)
{
    struct slice version = SLICE("HTTP/1.1 ");
    INVARIANT(slice_starts(line, version) && line.len >= version.len + 4);
    answer_check_text(line);
    unsigned status = 0;
    for (size_t i = version.len; i < version.len + 3; i++) {
        INVARIANT(line.ptr[i] >= '0' && line.ptr[i] <= '9');
        status = status * 10 + (unsigned)(line.ptr[i] - '0');
    }
    INVARIANT(line.ptr[version.len + 3] == ' ' && status >= 100 && status <= 599);
    return status;
}

static inline void answer_check_name(struct slice name)
{
    INVARIANT(name.len > 0);
    for (size_t i = 0; i < name.len; i++) {
        char c = ascii_lower(name.ptr[i]);
        INVARIANT((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
    }
}

static inline void answer_read_field(struct answer *answer, struct slice line)
{
    size_t colon = slice_find(line, ':');
    INVARIANT(colon + 2 <= line.len && line.ptr[colon + 1] == ' ');
    struct slice name = slice_of(line.ptr, colon);
    struct slice value = slice_from(line, colon + 2);
    answer_check_name(name);
    answer_check_text(value);
    for (int id = 0; id < ANSWER_FIELD_COUNT; id++) {
        if (slice_eq_nocase(name, slice_str(answer_names[id]))) {
            INVARIANT(answer->fields[id].ptr == NULL); /* twice */
            INVARIANT(value.len > 0);
            answer->fields[id] = value;
        }
    }
}

static inline bool answer_has(const struct answer *answer, enum answer_field id)
{
    return answer->fields[id].ptr != NULL;
}

/* What a status asks of the fields (RFC 9110, 15). */
static inline void answer_check_fields(const struct answer *answer)
{
    unsigned status = answer->status;
    INVARIANT(answer->fields[ANSWER_DATE].len ==
              sizeof("Sun, 06 Nov 1994 08:49:37 GMT") - 1);
    INVARIANT(slice_ends(answer->fields[ANSWER_DATE], SLICE(" GMT")));
    INVARIANT(!answer_has(answer, ANSWER_TRANSFER_ENCODING));
    bool bodiless = status == 204 || status == 304;
    INVARIANT(answer_has(answer, ANSWER_CONTENT_LENGTH) == !bodiless);
    INVARIANT(status != 405 || answer_has(answer, ANSWER_ALLOW));
    INVARIANT(status != 416 || answer_has(answer, ANSWER_CONTENT_RANGE));
    INVARIANT(!answer_has(answer, ANSWER_CONTENT_RANGE) || status == 416 ||
              status == 206);
    INVARIANT((status != 301 && status != 302 && status != 303 && status != 307 &&
               status != 308) ||
              answer_has(answer, ANSWER_LOCATION));
    struct slice location = answer->fields[ANSWER_LOCATION];
    for (size_t i = 0; i < location.len; i++) {
        INVARIANT(location.ptr[i] > ' ' && location.ptr[i] < 0x7f);
    }
    struct slice connection = answer->fields[ANSWER_CONNECTION];
    INVARIANT(connection.ptr == NULL || answer->close ||
              slice_eq(connection, SLICE("keep-alive")));
}

/* The head of the answer in front, a final one, taken off *rest. */
static inline struct answer answer_take_head(struct slice *rest)
{
    struct slice start = *rest, line;
    struct answer answer = {.status = answer_read_status(answer_line(rest))};
    INVARIANT(answer.status >= 200);
    while ((line = answer_line(rest)).len > 0) {
        answer_read_field(&answer, line);
    }
    answer.head = slice_of(start.ptr, start.len - rest->len);
    answer.close = slice_eq(answer.fields[ANSWER_CONNECTION], SLICE("close"));
    answer_check_fields(&answer);
    return answer;
}

/* The whole answer in front, taken off *rest; `no_content`: to a HEAD request. */
static inline struct answer answer_take(struct slice *rest, bool no_content)
{
    struct answer answer = answer_take_head(rest);
    struct slice digits = answer.fields[ANSWER_CONTENT_LENGTH];
    uint64_t length = 0;
    INVARIANT(digits.ptr == NULL || slice_to_u64(digits, &length));
    if (no_content) {
        length = 0;
    }
    INVARIANT(length <= rest->len);
    answer.content = slice_of(rest->ptr, (size_t)length);
    *rest = slice_from(*rest, (size_t)length);
    return answer;
}

#endif
