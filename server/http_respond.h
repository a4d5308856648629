/*
 * http_respond.h - the head of a response as bytes (RFC 9112, 4; RFC 9110, 6.6). Pure.
 */
#ifndef SERVER_HTTP_RESPOND_H
#define SERVER_HTTP_RESPOND_H

#include "common/buf.h"
#include "server/response.h"

/* What the connection knows and a handler does not. */
struct http_respond_info {
    struct slice server; /* value of the Server field; null: none */
    struct slice date;   /* IMF-fixdate */
    unsigned minor;      /* of the request's version: HTTP/1.0 needs keep-alive said */
    bool keep_alive;     /* the connection stays open */
    int64_t keepalive_header; /* seconds for Keep-Alive: timeout=; 0: not sent */
};

/*
 * Appends status line, fields and the blank line. The status line always says HTTP/1.1.
 * Date first, then Server, Content-Type, Content-Length (not with 1xx and 204; with 304
 * only what a 200 would carry may be left out), Last-Modified, Connection, ETag,
 * Accept-Ranges, Location, and the other fields. A field whose value could break the head
 * (CR, LF, NUL) is left out.
 */
void http_respond_head(struct buf *out, const struct response *response,
                       const struct http_respond_info *info);

/* "HTTP/1.1 100 Continue" and the blank line. */
struct slice http_respond_continue(void);

#endif
