#include "server/access_log.h"
#include "common/escape.h"
#include "server/vars.h"

/* What one kind of escaping does with a value, and what stands for none. */
static const struct {
    bool (*escape)(struct buf *out, struct slice text);
    struct slice none;
} escapes[] = {
    [LOG_ESCAPE_DEFAULT] = {escape_log, SLICE_INIT("-")},
    [LOG_ESCAPE_JSON] = {escape_json, SLICE_INIT("")},
    [LOG_ESCAPE_NONE] = {escape_line, SLICE_INIT("")},
};

/* Of the value, the first `most` bytes. */
static void put_part(struct request *request, const struct log_format *format,
                     const struct template_part *part, size_t most)
{
    struct buf *line = &request->service->scratch;
    if (part->variable == VARIABLE_LITERAL) {
        buf_append_slice(line, part->text);
        return;
    }
    struct slice value = vars_get(request, part->variable, part->text);
    if (value.ptr == NULL) {
        buf_append_slice(line, escapes[format->escape].none);
        return;
    }
    value.len = value.len < most ? value.len : most;
    if (vars_is_plain(part->variable)) {
        buf_append_slice(line, value);
    } else {
        escapes[format->escape].escape(line, value);
    }
}

static void put_parts(struct request *request, const struct log_format *format,
                      size_t most)
{
    buf_clear(&request->service->scratch);
    for (uint32_t i = 0; i < format->text.count; i++) {
        put_part(request, format, &format->text.parts[i], most);
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
