/*
 * mime.h - the media type of a file name.
 */
#ifndef SERVER_MIME_H
#define SERVER_MIME_H

#include "config/settings.h"

/* By the extension of the last segment, ignoring case; else default_type. */
struct slice mime_type(const struct location_settings *set, struct slice path);

/* What the charset directive says of a type, which it does of those that are text
 * (text/html, text/plain, text/css .., application/javascript, json ..); else nothing. */
struct slice mime_charset(const struct location_settings *set, struct slice type);

#endif
