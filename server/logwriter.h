/*
 * logwriter.h - lines to files, many at a time.
 *
 * Lines are gathered a file each and written with one writev. The bytes of a line must
 * stay where they are until the next log_writer_flush. What a file does not take is
 * dropped and counted; a line that was cut is ended before the next one, so that what
 * follows is whole. Trouble is told once, then once a minute, then when it is over.
 */
#ifndef SERVER_LOGWRITER_H
#define SERVER_LOGWRITER_H

#include "common/log.h"
#include "server/logfiles.h"

/* Says something about a file, in words for the error log. */
typedef void log_writer_note(void *context, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct log_batch;

struct log_writer {
    struct log_files *files;
    struct log_batch **batches; /* by number; NULL: nothing was written there yet */
    size_t count;
    log_writer_note *note;
    void *context;
    uint64_t lost;     /* lines that no file took, in all */
    uint64_t homeless; /* of them: lines for a number that has no file */
};

void log_writer_init(struct log_writer *writer, struct log_files *files,
                     log_writer_note *note, void *context);
void log_writer_clear(struct log_writer *writer);

void log_writer_add(struct log_writer *writer, uint32_t number, struct slice line);
void log_writer_flush(struct log_writer *writer);

/* At the end: says how many lines were lost that nobody has been told of. */
void log_writer_confess(struct log_writer *writer);

#endif
