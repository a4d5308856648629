/*
 * http_cond.h - conditional requests, in RFC 9110's order of precedence (13.2.2). Pure.
 */
#ifndef SERVER_HTTP_COND_H
#define SERVER_HTTP_COND_H

#include "server/http_head.h"

/* The validators of the selected representation. */
struct http_validators {
    struct slice etag; /* with quotes and W/ prefix, as sent; null: none */
    int64_t mtime;     /* seconds since the epoch; negative: none */
};

/* How If-Modified-Since compares, as in the directive of that name. */
enum http_ims {
    HTTP_IMS_OFF,
    HTTP_IMS_EXACT,
    HTTP_IMS_BEFORE,
};

struct http_cond {
    unsigned status;  /* 0: go on; 304 or 412 */
    bool honor_range; /* false: ignore Range: no GET (RFC 9110, 14.2), or If-Range */
};

/* `now`, seconds since the epoch, is for dates with two-digit years and If-Range. */
struct http_cond http_cond_evaluate(const struct http_head *head,
                                    const struct http_validators *validators,
                                    enum http_ims ims, int64_t now);

#endif
