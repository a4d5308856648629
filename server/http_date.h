/*
 * http_date.h - HTTP-date (RFC 9110, 5.6.7). Pure: the current time is a parameter.
 */
#ifndef SERVER_HTTP_DATE_H
#define SERVER_HTTP_DATE_H

#include "common/slice.h"
#include <stdbool.h>
#include <stdint.h>

#define HTTP_DATE_LEN 29 /* bytes of an IMF-fixdate */

/* Writes the IMF-fixdate of `seconds` since the epoch, and a NUL. */
struct slice http_date_format(int64_t seconds, char out[HTTP_DATE_LEN + 1]);

/*
 * Parses all three forms (IMF-fixdate, RFC 850, asctime) strictly, day of the week
 * included. `now` places the two-digit years of RFC 850. Returns false on anything else.
 */
bool http_date_parse(struct slice text, int64_t now, int64_t *seconds);

#endif
