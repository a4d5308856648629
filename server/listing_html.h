/*
 * listing_html.h - a listing for people: light and dark, large screens and phones,
 * columns that sort without a script.
 */
#ifndef SERVER_LISTING_HTML_H
#define SERVER_LISTING_HTML_H

#include "common/buf.h"
#include "server/listing_data.h"

struct listing_view {
    struct slice path;    /* decoded URI path; begins and ends in '/' */
    struct slice host;    /* names the root in the trail; may be empty */
    struct slice product; /* of the server, for the footer */
    bool exact_size;      /* bytes instead of "1.4 MiB" */
    bool local_time;      /* instead of UTC */
};

void listing_html(struct buf *out, const struct listing *listing,
                  const struct listing_view *view);

#endif
