#include "common/log.h"
#include "common/bytes.h"
#include "common/clock.h"
#include "common/decimal.h"
#include "common/escape.h"
#include "common/span.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const level_names[LOG_LEVEL_COUNT] = {
    [LOG_LEVEL_EMERG] = "emerg", [LOG_LEVEL_ALERT] = "alert",
    [LOG_LEVEL_CRIT] = "crit",   [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARN] = "warn",   [LOG_LEVEL_NOTICE] = "notice",
    [LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
};

static void write_to_stderr(void *context, uint32_t file, struct slice line)
{
    (void)context;
    (void)file;
    /* One call, so that lines of several processes do not mix. What a terminal or a pipe
     * does not take is lost: the process must not wait for it. */
    ssize_t ignored;
    do {
        ignored = write(STDERR_FILENO, line.ptr, line.len);
    } while (ignored < 0 && errno == EINTR);
}

static const struct log_target stderr_target = {.file = 0, .level = LOG_LEVEL_NOTICE};
static const struct log stderr_log = {.targets = &stderr_target, .count = 1};

/* What is set once per process. */
static struct {
    log_sink *sink;
    void *context;
    const struct log *log;
    bool command_line;
    char identity[32]; /* "4711#2: " */
} process = {.sink = write_to_stderr, .log = &stderr_log, .command_line = true};

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

bool log_level_parse(struct slice name, enum log_level *level)
{
    for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
        if (slice_eq(name, slice_str(level_names[i]))) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_set_sink(log_sink *sink, void *context)
{
    process.sink = sink == NULL ? write_to_stderr : sink;
    process.context = context;
}

void log_set_identity(const char *role, unsigned slot)
{
    process.command_line = role[0] == '\0';
    snprintf(process.identity, sizeof(process.identity), "%ld#%u: ", (long)getpid(),
             slot);
}

void log_set_default(const struct log *log)
{
    process.log = log == NULL ? &stderr_log : log;
}

static const struct log *chosen(const struct log *log)
{
    return log == NULL ? process.log : log;
}

bool log_wants(const struct log *log, enum log_level level)
{
    log = chosen(log);
    for (uint32_t i = 0; i < log->count; i++) {
        if (level <= log->targets[i].level) {
            return true;
        }
    }
    return false;
}

/* A line under construction. The last byte is kept for the line feed. */
struct line {
    char text[LOG_LINE_MAX];
    size_t len;
    bool cut; /* something did not fit: nothing more goes in */
};

static void put(struct line *line, const char *bytes, size_t len)
{
    if (len == 0) {
        return;
    }
    if (line->cut || len > sizeof(line->text) - 1 - line->len) {
        line->cut = true;
        return;
    }
    bytes_copy(line->text + line->len, bytes, len);
    line->len += len;
}

/* Text that may be cut anywhere. */
static void put_some(struct line *line, struct slice text)
{
    size_t room = sizeof(line->text) - 1 - line->len;
    bool fits = text.len <= room;
    put(line, text.ptr, fits ? text.len : room);
    line->cut = line->cut || !fits;
}

static void put_slice(struct line *line, struct slice text)
{
    put(line, text.ptr, text.len);
}

static void put_number(struct line *line, uint64_t value)
{
    char room[DECIMAL_MAX];
    put_slice(line, decimal_format(value, room));
}

static void put_hex(struct line *line, struct slice bytes)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];
        const char escape[] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
        put(line, escape, sizeof(escape));
    }
}

/* C2 80 to C2 9F: control characters beyond US-ASCII, which a terminal obeys as well. */
static bool is_c1(struct slice character)
{
    return (unsigned char)character.ptr[0] == 0xc2 &&
           (unsigned char)character.ptr[1] < 0xa0;
}

/* Characters stay whole: text in UTF-8 remains readable, and a cut line is still UTF-8.
 * Between quotes these and the backslash are not plain either. */
static void put_escaped(struct line *line, struct slice text, bool quoted)
{
    for (;;) {
        size_t plain = quoted ? span_log(text) : span_printable(text);
        put_some(line, slice_of(text.ptr, plain));
        text = slice_from(text, plain);
        if (text.len == 0) {
            return;
        }
        size_t len = escape_utf8_len(text);
        struct slice character = slice_of(text.ptr, len == 0 ? 1 : len);
        if (len <= 1 || is_c1(character)) {
            put_hex(line, character);
        } else {
            put(line, character.ptr, character.len);
        }
        text = slice_from(text, character.len);
    }
}

static void put_prefix(struct line *line, const struct log_event *event)
{
    struct slice front = process.command_line ? SLICE("tinyhttpd:") : clock_error_log();
    put_slice(line, front);
    put_slice(line, SLICE(" ["));
    put_slice(line, slice_str(log_level_name(event->level)));
    put_slice(line, SLICE("] "));
    if (process.command_line) {
        return;
    }
    put_slice(line, slice_str(process.identity));
    if (event->connection != 0) {
        put_slice(line, SLICE("*"));
        put_number(line, event->connection);
        put_slice(line, SLICE(" "));
    }
}

__attribute__((format(printf, 2, 0))) static void put_formatted(struct line *line,
                                                                const char *format,
                                                                va_list args)
{
    char message[LOG_LINE_MAX];
    int len = vsnprintf(message, sizeof(message), format, args);
    if (len > 0) {
        size_t kept = (size_t)len < sizeof(message) ? (size_t)len : sizeof(message) - 1;
        put_escaped(line, slice_of(message, kept), false);
    }
}

/* The frequent ones begin with strings, for which vsnprintf() is dear. The words between
 * them are ours; a string in quotes cannot end them. */
__attribute__((format(printf, 2, 0))) static void put_message(struct line *line,
                                                              const char *format,
                                                              va_list args)
{
    const char *percent = strchr(format, '%');
    while (percent != NULL && percent[1] == 's') {
        bool quoted = percent > format && percent[-1] == '"';
        put_some(line, slice_of(format, (size_t)(percent - format)));
        put_escaped(line, slice_str(va_arg(args, const char *)), quoted);
        format = percent + 2;
        percent = strchr(format, '%');
    }
    if (percent == NULL) {
        put_some(line, slice_str(format));
    } else {
        put_formatted(line, format, args);
    }
}

static void put_pair(struct line *line, const struct log_pair *pair)
{
    if (pair->value.ptr != NULL) {
        put_slice(line, pair->name);
        put_escaped(line, pair->value, pair->quoted);
        put(line, "\"", pair->quoted);
    }
}

static void send_line(const struct log_event *event, struct slice line)
{
    const struct log *log = chosen(event->log);
    for (uint32_t i = 0; i < log->count; i++) {
        if (event->level <= log->targets[i].level) {
            process.sink(process.context, log->targets[i].file, line);
        }
    }
}

#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)
#define HAS_STRERRORDESC __GLIBC_PREREQ(2, 32)
#else
#define HAS_STRERRORDESC 0
#endif

/* Without a look for a translation, which no message of ours has. */
static const char *describe(int err)
{
#if HAS_STRERRORDESC
    const char *text = strerrordesc_np(err);
    return text != NULL ? text : "Unknown error";
#else
    return strerror(err);
#endif
}

/* errno survives, so that a caller may log before it returns its failure. */
void log_event_args(const struct log_event *event, const char *format, va_list args)
{
    if (!log_wants(event->log, event->level)) {
        return;
    }
    int saved = errno;
    struct line line;
    line.len = 0;
    line.cut = false;
    put_prefix(&line, event);
    put_message(&line, format, args);
    if (event->err != 0) {
        put_slice(&line, SLICE(" ("));
        put_number(&line, (uint64_t)event->err);
        put_slice(&line, SLICE(": "));
        put_slice(&line, slice_str(describe(event->err)));
        put_slice(&line, SLICE(")"));
    }
    for (size_t i = 0; i < event->context_count; i++) {
        put_pair(&line, &event->context[i]);
    }
    line.text[line.len++] = '\n';
    send_line(event, slice_of(line.text, line.len));
    errno = saved;
}

void log_event(const struct log_event *event, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_event_args(event, format, args);
    va_end(args);
}

void log_write(const struct log *log, enum log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_event_args(&(struct log_event){.log = log, .level = level}, format, args);
    va_end(args);
}

void log_errno(const struct log *log, enum log_level level, int err, const char *format,
               ...)
{
    va_list args;
    va_start(args, format);
    log_event_args(&(struct log_event){.log = log, .level = level, .err = err}, format,
                   args);
    va_end(args);
}

void log_fatal(int err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_event_args(&(struct log_event){.level = LOG_LEVEL_EMERG, .err = err}, format,
                   args);
    va_end(args);
    exit(EXIT_FAILURE);
}
