/*
 * verdict.h - how the last start or reload went, in words: for the error log, for whoever
 * asked over the control socket, and for the file beside the pid file.
 */
#ifndef SERVER_VERDICT_H
#define SERVER_VERDICT_H

#include "common/buf.h"
#include "config/diagnose.h"

enum verdict_result {
    VERDICT_NONE, /* nothing has ended yet */
    VERDICT_APPLIED,
    VERDICT_REJECTED,
};

#define VERDICT_TEXT_MAX 16384

struct verdict {
    enum verdict_result result;
    unsigned number;     /* of the start (0) or the reload, in order of their ends */
    unsigned generation; /* in force afterwards */
    struct buf lines;    /* what changed, or what was wrong; each ended, bounded */
    struct buf summary;  /* one line, not ended */
};

/* Words for the verdict to come; a new one begins with the first after an end. */
void verdict_say(struct verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void verdict_say_text(struct verdict *verdict, struct slice lines);

/* The errors among them, with source line and caret. */
void verdict_say_errors(struct verdict *verdict, const struct diagnostics *diag);

void verdict_end(struct verdict *verdict, enum verdict_result result, unsigned generation,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Summary and lines, as people read them. */
void verdict_format(const struct verdict *verdict, struct buf *out);

/* Replaces the file at once (written beside it and renamed). 0, or -1 with errno. */
int verdict_save(const struct verdict *verdict, const char *path);

/* "applied", for programs. */
const char *verdict_name(enum verdict_result result);

void verdict_clear(struct verdict *verdict);

#endif
