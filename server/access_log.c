#include "server/access_log.h"
#include "common/escape.h"
#include "server/vars.h"
#include <string.h>

/* What one kind of escaping does with a value, and what stands for none. */
static const struct {
    bool (*escape)(struct buf *out, struct slice text);
    struct slice none;
} escapes[] = {
    [LOG_ESCAPE_DEFAULT] = {escape_log, SLICE_INIT("-")},
    [LOG_ESCAPE_JSON] = {escape_json, SLICE_INIT("")},
    [LOG_ESCAPE_NONE] = {escape_line, SLICE_INIT("")},
};

#define PIECE_SHORT 8

/* Most pieces of a line are so short that calling memcpy costs more than the copy: two
 * halves that may overlap, or the first, middle and last byte. */
static void put(struct buf *line, struct slice piece)
{
    bool is_short = piece.len > 0 && piece.len <= PIECE_SHORT;
    if (TORTURE || !is_short || line->capacity - line->len < PIECE_SHORT) {
        buf_append_slice(line, piece);
        return;
    }
    char *at = line->data + line->len;
    line->len += piece.len;
    if (piece.len >= PIECE_SHORT / 2) {
        size_t second = piece.len - PIECE_SHORT / 2;
        memcpy(at, piece.ptr, PIECE_SHORT / 2);
        memcpy(at + second, piece.ptr + second, PIECE_SHORT / 2);
    } else {
        at[0] = piece.ptr[0];
        at[piece.len / 2] = piece.ptr[piece.len / 2];
        at[piece.len - 1] = piece.ptr[piece.len - 1];
    }
}

/* Of the value, the first `most` bytes. */
static void put_part(struct buf *line, struct request *request,
                     const struct template_part *part, enum log_escape escape,
                     size_t most)
{
    struct slice piece = part->text;
    if (part->variable != VARIABLE_LITERAL) {
        piece = vars_get(request, part->variable, part->text);
        if (piece.ptr == NULL) {
            piece = escapes[escape].none;
        } else {
            piece.len = piece.len < most ? piece.len : most;
            if (!vars_is_plain(part->variable)) {
                escapes[escape].escape(line, piece);
                return;
            }
        }
    }
    put(line, piece);
}

static void put_parts(struct request *request, const struct log_format *format,
                      size_t most)
{
    struct buf *line = &request->service->scratch;
    const struct template_part *part = format->text.parts;
    const struct template_part *end = part + format->text.count;
    buf_clear(line);
    for (; part < end; part++) {
        put_part(line, request, part, format->escape, most);
    }
}

/*
 * The line is in the service's scratch buffer until the next one. When it is too long its
 * longest values are cut rather than its end, so that it has all its fields, and one in
 * JSON still parses: a client that sends much does not choose what is logged of it.
 */
static struct slice render(struct request *request, const struct log_format *format)
{
    struct buf *line = &request->service->scratch;
    size_t most = SIZE_MAX;
    put_parts(request, format, most);
    while (line->len > ACCESS_LINE_MAX - 1 && most > 0) {
        most = most == SIZE_MAX ? ACCESS_LINE_MAX / 2 : most / 2;
        put_parts(request, format, most);
    }
    if (line->len > ACCESS_LINE_MAX - 1) {
        line->len = ACCESS_LINE_MAX - 1;
    }
    buf_append_char(line, '\n');
    return buf_slice(line);
}

/* if=: not logged when it is empty or "0". */
static bool wants(struct request *request, const struct access_log *log)
{
    if (log->condition.count == 0) {
        return true;
    }
    struct slice value = vars_expand(request, &log->condition);
    return value.len != 0 && !slice_eq(value, SLICE("0"));
}

static bool is_first_of_format(const struct access_logs *logs, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (logs->items[i].format == logs->items[index].format) {
            return false;
        }
    }
    return true;
}

/* To every log from the first of this format on. */
static void write_format(struct request *request, const struct access_logs *logs,
                         size_t first)
{
    const struct service *service = request->service;
    const struct log_format *format = logs->items[first].format;
    struct slice line = SLICE_NULL;
    for (size_t i = first; i < logs->count; i++) {
        const struct access_log *log = &logs->items[i];
        if (log->format != format || !wants(request, log)) {
            continue;
        }
        if (line.ptr == NULL) {
            line = render(request, format);
        }
        service->access_sink(service->access_context, log->file, line);
    }
}

void access_log_write(struct request *request)
{
    const struct access_logs *logs = &request->set->access_log;
    if (request->service->access_sink == NULL) {
        return;
    }
    for (size_t i = 0; i < logs->count; i++) {
        if (is_first_of_format(logs, i)) {
            write_format(request, logs, i);
        }
    }
}
