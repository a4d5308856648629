/*
 * response.h - the answer that a handler fills in.
 *
 * Everything it points to lives in the request's arena, in the configuration, in a file
 * that the request holds a reference to, or in a page of the service. The head is
 * rendered by http_respond.h.
 */
#ifndef SERVER_RESPONSE_H
#define SERVER_RESPONSE_H

#include "common/array.h"
#include "common/slice.h"
#include "server/outq.h"
#include <stdbool.h>
#include <stdint.h>

struct kept_place;

struct response_field {
    struct slice name;
    struct slice value;
};

struct response {
    unsigned status;           /* 0: no handler has answered yet */
    struct slice content_type; /* null: no content, or none to name */
    struct slice charset;      /* appended as "; charset=" */
    struct slice last_modified;
    bool date_known; /* the client needs no Last-Modified */
    struct slice etag;
    struct slice location; /* Location field, finished */
    struct slice server;   /* Server field; null: the product's name, empty: none */
    struct array fields;   /* struct response_field: everything else, in order */
    bool accept_ranges;
    uint64_t content_length; /* of the content, also when HEAD leaves it out */
    struct segment *content; /* chain of segments; NULL: empty */
    struct segment *content_last;
    struct kept_place *kept; /* where heads of such answers are kept; or NULL */
    bool close;              /* close the connection after this answer */
    bool silent;             /* close without an answer (444) */
};

#endif
