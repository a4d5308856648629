/*
 * log.h - the error log: who, where, while doing what.
 *
 * A line reads as nginx's do, so that people's eyes and filters work:
 *
 *   2026/01/31 13:45:06 [error] 4711#2: *57 open "/x" failed (2: No such file or
 *   directory), while opening a file, client: 127.0.0.1, server: a, request: "GET /x ..."
 *
 * 4711 is the process, 2 its slot (0 for the master), *57 the connection. Where lines go
 * is a sink, set once per process: standard error before the logs are open, the ring of
 * the slot afterwards. A message is one line: control characters in it are written as
 * \xHH, and one longer than LOG_LINE_MAX is cut.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "common/slice.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

/* As in the error_log directive; lower is graver. */
enum log_level {
    LOG_LEVEL_EMERG,
    LOG_LEVEL_ALERT,
    LOG_LEVEL_CRIT,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_NOTICE,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_COUNT,
};

#define LOG_LINE_MAX 2048 /* bytes, line feed included */

/* The name in the log and in the configuration; NULL-terminated static text. */
const char *log_level_name(enum log_level level);
bool log_level_parse(struct slice name, enum log_level *level);

/* One destination of an error log: a file (by its number among the log files of the
 * server, see server/logfiles.h) and the least grave level
 * that it takes. */
struct log_target {
    uint32_t file;
    enum log_level level;
};

/* An error_log setting: every destination that is written. Immutable, shared. */
struct log {
    const struct log_target *targets;
    uint32_t count;
};

/*
 * Where finished lines go: `line` ends in a line feed. Must not block for long and must
 * not log. The default sink writes to descriptor 2, whatever the file.
 */
typedef void log_sink(void *context, uint32_t file, struct slice line);
void log_set_sink(log_sink *sink, void *context);

/* Who this process is: its role ("master", "worker", "logger", or "" for the command
 * line, which prints "tinyhttpd: [level] message" only) and the slot number, which stands
 * behind the pid in every line. Until it is set: the command line. After a fork it has to
 * be set anew: the pid is asked for here only. */
void log_set_identity(const char *role, unsigned slot);

/* The log of the process: used when `log` is NULL. Until one is set: standard error,
 * notice and graver. */
void log_set_default(const struct log *log);

/* True when a message of this level would be written anywhere: ask before costly work. */
bool log_wants(const struct log *log, enum log_level level);

/* Writes a line; a string in it must not be NULL. Put one from outside between quotes and
 * before all that is no string: there it cannot end them, '"' and '\' become \xHH.
 * log_errno adds "(2: No such file or directory)" for errno `err`. */
void log_write(const struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void log_errno(const struct log *log, enum log_level level, int err, const char *format,
               ...) __attribute__((format(printf, 4, 5)));

/* A name and its value: one whose value is NULL is left out, an empty one is not. Between
 * quotes, '"' and '\' in it are written as \xHH too, so that it cannot end them. */
struct log_pair {
    struct slice name; /* with the comma before it and what is between the two */
    struct slice value;
    bool quoted;
};
#define LOG_PLAIN(name, value)                                                           \
    {                                                                                    \
        SLICE(", " name ": "), (value), false                                            \
    }
#define LOG_QUOTED(name, value)                                                          \
    {                                                                                    \
        SLICE(", " name ": \""), (value), true                                           \
    }

/*
 * The general form. `connection` (0: none) prints as "*57 "; `err` (0: none) as above;
 * `context` ends the line, in its order: ", client: 127.0.0.1, server: a, host: \"b\"".
 */
struct log_event {
    const struct log *log;
    enum log_level level;
    int err;
    uint64_t connection;
    const struct log_pair *context;
    size_t context_count;
};
void log_event(const struct log_event *event, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void log_event_args(const struct log_event *event, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Programmer's contract or start-up impossible: logs at emerg and exits with status 1. */
void log_fatal(int err, const char *format, ...) __attribute__((format(printf, 2, 3)))
__attribute__((noreturn));

#endif
