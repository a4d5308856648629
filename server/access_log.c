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
    [LOG_ESCAPE_NONE] = {buf_append_slice, SLICE_INIT("")},
};

static void put_part(struct request *request, struct buf *line,
                     const struct template_part *part, enum log_escape escape)
{
    if (part->variable == VARIABLE_LITERAL) {
        buf_append_slice(line, part->text);
        return;
    }
    struct slice value = vars_get(request, part->variable, part->text);
    if (value.ptr == NULL) {
        buf_append_slice(line, escapes[escape].none);
    } else {
        escapes[escape].escape(line, value);
    }
}

/* The line is in the service's scratch buffer until the next one. */
static struct slice render(struct request *request, const struct log_format *format)
{
    struct buf *line = &request->service->scratch;
    buf_clear(line);
    for (uint32_t i = 0; i < format->text.count; i++) {
        put_part(request, line, &format->text.parts[i], format->escape);
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
