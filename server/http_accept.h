/*
 * http_accept.h - content negotiation by Accept-Encoding (RFC 9110, 12.5.3). Pure.
 */
#ifndef SERVER_HTTP_ACCEPT_H
#define SERVER_HTTP_ACCEPT_H

#include "server/http_fields.h"

/* Content codings that a precompressed sibling may have, best first at equal quality. */
enum http_coding {
    HTTP_CODING_BR,
    HTTP_CODING_ZSTD,
    HTTP_CODING_GZIP,
    HTTP_CODING_IDENTITY,
    HTTP_CODING_COUNT,
};

/* "br", "zstd", "gzip", "identity". */
struct slice http_coding_name(enum http_coding coding);

/*
 * Fills quality[] (0 to 1000 thousandths; 0: not acceptable) for every coding. Without
 * the field only identity is acceptable to us. "x-gzip" is gzip; "*" covers what is
 * unnamed. Identity that nothing names is the last choice: quality 1.
 */
void http_accept_encoding(const struct http_fields *fields,
                          unsigned quality[HTTP_CODING_COUNT]);

#endif
