/*
 * http_range.h - byte ranges (RFC 9110, 14). Pure.
 */
#ifndef SERVER_HTTP_RANGE_H
#define SERVER_HTTP_RANGE_H

#include "common/slice.h"
#include <stddef.h>
#include <stdint.h>

struct http_range {
    uint64_t first; /* offset of the first byte */
    uint64_t last;  /* offset of the last byte, inclusive */
};

enum http_range_result {
    HTTP_RANGE_IGNORE,        /* another unit, bad syntax, more than max: send it whole */
    HTTP_RANGE_PARTIAL,       /* 206 with *count ranges */
    HTTP_RANGE_UNSATISFIABLE, /* 416 */
};

#define HTTP_RANGE_MAX 64 /* ranges answered at once, whatever max_ranges says */

/*
 * Reads the value of a Range field for a representation of `size` bytes. Ranges that
 * overlap or touch are joined, the order of the rest is kept, unsatisfiable ones are
 * dropped. More ranges than `max` (0: none are allowed), or more bytes in all than the
 * representation has, mean IGNORE. `out` has room for HTTP_RANGE_MAX.
 */
enum http_range_result http_range_parse(struct slice value, uint64_t size, size_t max,
                                        struct http_range *out, size_t *count);

#endif
