/*
 * status_format.h - a status for people and for programs. Each appends whole lines of
 * printable ASCII (JSON: of UTF-8 without control characters), whatever is in the texts.
 */
#ifndef SERVER_STATUS_FORMAT_H
#define SERVER_STATUS_FORMAT_H

#include "common/buf.h"
#include "server/status.h"

#define STATUS_COLUMNS 100

/* tinyhttpd(8) describes the fields: a line each, then tables of listeners and workers.
 * At most STATUS_COLUMNS wide. */
void status_text(const struct status *status, struct buf *out);

/* One object with the same names; times are seconds. */
void status_json(const struct status *status, struct buf *out);

/* For a window of so many columns: totals, an empty line, the heading, a row a worker. */
void status_top(const struct status *status, size_t columns, struct buf *out);

#endif
