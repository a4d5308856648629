/*
 * http_framing.h - where a request ends and whom it is for (RFC 9112, 3.2, 6, 9.3). Pure.
 *
 * One function decides Content-Length, Transfer-Encoding, Host and persistence, so that
 * no two parts of the server can disagree about them.
 */
#ifndef SERVER_HTTP_FRAMING_H
#define SERVER_HTTP_FRAMING_H

#include "server/http_head.h"
#include "server/http_target.h"

enum http_body {
    HTTP_BODY_NONE,
    HTTP_BODY_LENGTH,
    HTTP_BODY_CHUNKED,
};

struct http_framing {
    enum http_body body;
    uint64_t content_length; /* bytes, for HTTP_BODY_LENGTH; never 0, at most INT64_MAX */
    bool keep_alive;         /* RFC 9112, 9.3: version and Connection only */
    bool expect_continue;    /* a 100 is due: HTTP/1.1, and content is to come */
    struct slice host;       /* host without port, as sent; empty when there is none */
    struct slice port;       /* digits, null when absent */
};

/*
 * Returns 0, or the status to refuse the request with: 400 (RFC 9112, 6.1, 6.3, 3.2),
 * 501 for an unknown transfer coding, 417 for an unknown expectation. After a refusal the
 * connection must be closed. `target` gives the authority of an absolute-form target,
 * which wins over Host (RFC 9112, 3.2.2).
 */
unsigned http_framing(struct http_framing *framing, const struct http_head *head,
                      const struct http_target *target, const char **why);

#endif
