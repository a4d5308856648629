/*
 * diagnose.h - what is wrong with a configuration, said so that it can be mended.
 *
 * Every message has a position and prints as
 *
 *   tinyhttpd: [emerg] site.conf:12:5: unknown directive "servr_name" in server
 *       12 |     servr_name example.org;
 *          |     ^~~~~~~~~~
 *       help: did you mean "server_name"?
 *
 * All messages of a run are collected, not only the first. Errors are capped at
 * DIAG_ERRORS_MAX; what is dropped is counted. Bytes of the file are escaped.
 */
#ifndef CONFIG_DIAGNOSE_H
#define CONFIG_DIAGNOSE_H

#include "common/arena.h"
#include "common/array.h"
#include "common/buf.h"
#include "common/log.h"
#include <stdbool.h>
#include <stddef.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* may stand before a text and is not counted */

/* A file of the configuration as read: messages quote its lines. Lives in the arena. */
struct source {
    const char *path; /* as people wrote it, for messages */
    struct slice text;
};

/* A place in a source. Lines and columns (bytes) count from 1; length in bytes. */
struct position {
    const struct source *source;
    unsigned line;
    unsigned column;
    unsigned length;
};

#define DIAG_ERRORS_MAX 50

struct diagnosis {
    enum log_level level; /* EMERG for an error, WARN for a warning */
    struct position at;
    const char *message;
    const char *help;    /* may hold several lines; NULL: none */
    const char *excerpt; /* the source line and its caret, as printed; NULL: none */
};

struct diagnostics {
    struct arena *arena;
    struct array items; /* struct diagnosis, in order of finding */
    size_t errors;
    size_t warnings;
};

void diag_init(struct diagnostics *diag, struct arena *arena);

/* `help` may be NULL. The text is copied, and so is what is quoted of the source:
 * messages may be printed after the sources are gone. In a diagnosis, at.source has only
 * its path. */
void diag_error(struct diagnostics *diag, struct position at, const char *help,
                const char *format, ...) __attribute__((format(printf, 4, 5)));
void diag_warn(struct diagnostics *diag, struct position at, const char *help,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

/* One diagnosis as text with its source line and caret (several lines, each ended). */
void diag_format(const struct diagnosis *diagnosis, struct buf *out);

/* "file:line:column: message", without a line feed: for the error log. */
void diag_format_short(const struct diagnosis *diagnosis, struct buf *out);

/* The name nearest to `word` (Damerau-Levenshtein, at most a third of its length and at
 * least 1 apart; '-' for '_' counts half, the case not at all), or NULL. */
const char *diag_nearest(struct slice word, const char *const *names, size_t count);

#endif
