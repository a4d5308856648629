/*
 * http_chunked.h - the chunked transfer coding of a request body (RFC 9112, 7.1). Pure.
 *
 * The one resumable decoder: it keeps its place between calls and can be fed any split of
 * the bytes. Content is reported as spans of the input; trailer fields are checked and
 * dropped.
 */
#ifndef SERVER_HTTP_CHUNKED_H
#define SERVER_HTTP_CHUNKED_H

#include "common/slice.h"
#include <stdint.h>

enum http_chunked_state {
    HTTP_CHUNKED_SIZE,
    HTTP_CHUNKED_EXTENSION,
    HTTP_CHUNKED_SIZE_LF,
    HTTP_CHUNKED_DATA,
    HTTP_CHUNKED_DATA_CR,
    HTTP_CHUNKED_DATA_LF,
    HTTP_CHUNKED_TRAILER,
    HTTP_CHUNKED_TRAILER_LF,
    HTTP_CHUNKED_DONE,
    HTTP_CHUNKED_BAD,
};

/* Zero it to begin. The limits are per body. */
struct http_chunked {
    enum http_chunked_state state;
    uint64_t left;          /* bytes of the chunk still to come, or its size so far */
    uint32_t digits;        /* hexadecimal digits of the size so far */
    uint32_t extension_len; /* bytes of all chunk extensions, at most 4096 */
    uint32_t trailer_len;   /* bytes of the trailer section, at most 8192 */
    uint32_t line_len;      /* bytes of the trailer line under way */
    uint32_t flags;         /* details of the line under way; private */
};

/*
 * Consumes the front of *input, up to the end of one span of content: the consumed bytes
 * are taken off *input and the content among them, if any, is *content. Call until *input
 * is empty or the state is DONE (what is left belongs to the next request) or BAD
 * (answer 400; *why says what was wrong).
 */
enum http_chunked_state http_chunked_feed(struct http_chunked *chunked,
                                          struct slice *input, struct slice *content,
                                          const char **why);

#endif
