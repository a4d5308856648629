#include "server/verdict.h"
#include "common/clock.h"
#include "common/fdutil.h"
#include "common/xalloc.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const names[] = {[VERDICT_NONE] = "none",
                                    [VERDICT_APPLIED] = "applied",
                                    [VERDICT_REJECTED] = "rejected"};

const char *verdict_name(enum verdict_result result)
{
    return names[result];
}

/* What was said for the verdict before goes with the first word for the next. */
static void open_lines(struct verdict *verdict)
{
    if (verdict->result != VERDICT_NONE) {
        verdict->result = VERDICT_NONE;
        buf_clear(&verdict->lines);
    }
}

void verdict_say_text(struct verdict *verdict, struct slice lines)
{
    open_lines(verdict);
    if (verdict->lines.len + lines.len <= VERDICT_TEXT_MAX) {
        buf_append_slice(&verdict->lines, lines);
    }
}

void verdict_say(struct verdict *verdict, const char *format, ...)
{
    struct buf line = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&line, format, args);
    va_end(args);
    buf_append_char(&line, '\n');
    verdict_say_text(verdict, buf_slice(&line));
    buf_free(&line);
}

void verdict_say_errors(struct verdict *verdict, const struct diagnostics *diag)
{
    ARRAY_EACH(struct diagnosis, diagnosis, &diag->items)
    {
        if (diagnosis->level == LOG_LEVEL_EMERG) {
            struct buf text = {0};
            diag_format(diagnosis, &text);
            verdict_say_text(verdict, buf_slice(&text));
            buf_free(&text);
        }
    }
}

void verdict_end(struct verdict *verdict, enum verdict_result result, unsigned generation,
                 const char *format, ...)
{
    va_list args;
    va_start(args, format);
    open_lines(verdict);
    buf_clear(&verdict->summary);
    buf_vprintf(&verdict->summary, format, args);
    va_end(args);
    verdict->result = result;
    verdict->generation = generation;
}

void verdict_format(const struct verdict *verdict, struct buf *out)
{
    buf_append_slice(out, buf_slice(&verdict->summary));
    buf_append_char(out, '\n');
    buf_append_slice(out, buf_slice(&verdict->lines));
}

static int write_file(const char *path, struct slice text)
{
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = open(path, flags, 0644);
    if (fd < 0) {
        return -1;
    }
    int written = fd_write_all(fd, text.ptr, text.len);
    fd_close(fd);
    return written;
}

int verdict_save(const struct verdict *verdict, const char *path)
{
    struct buf text = {0};
    buf_printf(&text, "result: %s\nnumber: %u\ngeneration: %u\ntime: %.*s\n",
               names[verdict->result], verdict->number, verdict->generation,
               SLICE_ARG(clock_iso8601()));
    verdict_format(verdict, &text);
    char *beside = xasprintf("%s.new", path);
    int saved = write_file(beside, buf_slice(&text));
    saved = saved == 0 ? rename(beside, path) : saved;
    int error = errno;
    if (saved != 0) {
        unlink(beside);
    }
    free(beside);
    buf_free(&text);
    errno = error;
    return saved;
}

void verdict_clear(struct verdict *verdict)
{
    buf_free(&verdict->lines);
    buf_free(&verdict->summary);
}
