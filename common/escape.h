/*
 * escape.h - bytes from outside made harmless for the place where they are written.
 *
 * Each function appends the escaped form of `text` to `out` and returns what buf_append
 * returned last: false only when the buffer's limit was reached.
 */
#ifndef COMMON_ESCAPE_H
#define COMMON_ESCAPE_H

#include "common/buf.h"
#include "common/slice.h"

/* The length of the well-formed UTF-8 sequence (RFC 3629) at the front of `text`, or 0
 * when there is none. */
size_t escape_utf8_len(struct slice text);

/* For logs: '"', '\', bytes below 0x20 and above 0x7e become \xHH (nginx's default). */
bool escape_log(struct buf *out, struct slice text);

/* For text that has to stay one line: only control characters become \xHH. */
bool escape_line(struct buf *out, struct slice text);

/* For a JSON string (RFC 8259, 7), without the quotes. Bytes that are not UTF-8 become
 * U+FFFD, so that the document always parses. */
bool escape_json(struct buf *out, struct slice text);

/* For HTML text and quoted attributes, and for XML: & < > " ' as references. Bytes that
 * are not UTF-8, and control characters that XML 1.0 forbids, become U+FFFD. */
bool escape_html(struct buf *out, struct slice text);

/* For a path in a URI: all but RFC 3986's unreserved, sub-delims, ':', '@', '/' becomes
 * %HH; so do '?' and '#'. */
bool escape_uri_path(struct buf *out, struct slice text);

#endif
