/*
 * mime.h - the media type of a file name.
 */
#ifndef SERVER_MIME_H
#define SERVER_MIME_H

#include "config/settings.h"
#include <stdint.h>

/* By the extension of the last segment, ignoring case; else default_type. */
struct slice mime_type(const struct location_settings *set, struct slice path);

/* What the charset directive says of a type, which it does of those that are text
 * (text/html, text/plain, text/css .., application/javascript, json ..); else nothing. */
struct slice mime_charset(const struct location_settings *set, struct slice type);

/*
 * Both, remembered with a file: nearly all paths that lead to it end alike, and locations
 * inherit what decides. Not for a name without an extension, or with one of more than
 * seven bytes. A zeroed memo remembers nothing; the texts are those of the settings.
 */
struct mime_memo {
    const struct media_types *types;
    const char *default_type;
    const char *setting; /* of charset */
    uint64_t tail;       /* of the path; 0: nothing is remembered */
    struct slice type;
    struct slice charset;
};

/* Afterwards type and charset are those of the path. */
void mime_recall(struct mime_memo *memo, const struct location_settings *set,
                 struct slice path);

#endif
