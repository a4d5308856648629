/*
 * http_status.h - status codes and their reason phrases (RFC 9110, 15). Pure.
 */
#ifndef SERVER_HTTP_STATUS_H
#define SERVER_HTTP_STATUS_H

#include "common/slice.h"
#include <stdbool.h>

/*
 * Statuses outside the three digits of the protocol. HTTP_CLOSE closes the connection
 * without an answer (`return 444`), HTTP_CLIENT_CLOSED is logged when the peer went
 * first.
 */
enum {
    HTTP_CLOSE = 444,
    HTTP_CLIENT_CLOSED = 499,
};

/* The reason phrase; "" for a code that has none (RFC 9112, 4 allows an empty one). */
struct slice http_reason(unsigned status);

/* "200 OK": for status lines and error pages. Static; for unknown codes "299 ". */
struct slice http_status_text(unsigned status, char scratch[5]);

/* True for 1xx, 204 and 304, which never have content (RFC 9110, 6.4.1). */
bool http_status_bodiless(unsigned status);

/* True for 301, 302, 303, 307, 308: the codes that carry a Location. */
bool http_status_redirects(unsigned status);

/* How the parsers refuse: `return http_refuse(400, why, "repeated Host");`. */
static inline unsigned http_refuse(unsigned status, const char **why, const char *phrase)
{
    *why = phrase;
    return status;
}

#endif
