/*
 * mime.h - the media type of a file name.
 */
#ifndef SERVER_MIME_H
#define SERVER_MIME_H

#include "config/settings.h"

/* By the extension of the last segment, ignoring case; else default_type. */
struct slice mime_type(const struct location_settings *set, struct slice path);

/* True for the types that the charset directive applies to (text/html, text/xml,
 * text/plain, text/css .., application/javascript, json ..). */
bool mime_takes_charset(struct slice type);

#endif
