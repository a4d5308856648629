#include "common/escape.h"
#include "server/status_format.h"

static void put_text(struct buf *out, const char *text)
{
    if (text == NULL) {
        buf_append_str(out, "null");
        return;
    }
    buf_append_char(out, '"');
    escape_json(out, slice_str(text));
    buf_append_char(out, '"');
}

static void put_thousandths(struct buf *out, int64_t value)
{
    if (value < 0) {
        buf_append_str(out, "null");
        return;
    }
    buf_printf(out, "%lld.%03lld", (long long)(value / 1000), (long long)(value % 1000));
}

static void put_value(struct buf *out, enum status_kind kind, const void *value)
{
    switch (kind) {
    case STATUS_TEXT:
        put_text(out, *(const char *const *)value);
        break;
    case STATUS_TIME:
        put_thousandths(out, *(const int64_t *)value);
        break;
    case STATUS_RATE:
        put_thousandths(out, (int64_t) * (const uint64_t *)value);
        break;
    default:
        buf_append_u64(out, *(const uint64_t *)value);
    }
}

static void put_fields(struct buf *out, const struct status_field *fields,
                       const void *object)
{
    for (const struct status_field *field = fields; field->name != NULL; field++) {
        buf_printf(out, "%s\"%s\": ", field == fields ? "" : ", ", field->name);
        put_value(out, field->kind, (const char *)object + field->offset);
    }
}

static void put_listeners(struct buf *out, const struct status *status)
{
    for (size_t i = 0; i < status->listener_count; i++) {
        const struct status_listener *listener = &status->listeners[i];
        buf_append_str(out, i == 0 ? "\n  {" : ",\n  {");
        if (listener->counted) {
            put_fields(out, status_listener_fields, listener);
        } else {
            buf_append_str(out, "\"address\": ");
            put_text(out, listener->address);
            buf_append_str(out, ", \"queue\": null, \"backlog\": null");
        }
        buf_append_char(out, '}');
    }
}

static void put_workers(struct buf *out, const struct status *status)
{
    for (size_t i = 0; i < status->worker_count; i++) {
        const struct status_worker *worker = &status->workers[i];
        buf_append_str(out, i == 0 ? "\n  {" : ",\n  {");
        put_fields(out, status_worker_fields, worker);
        buf_append_str(out, ", \"request\": ");
        if (worker->request == NULL) {
            buf_append_str(out, "null}");
        } else {
            buf_append_char(out, '{');
            put_fields(out, status_request_fields, worker->request);
            buf_append_str(out, "}}");
        }
    }
}

void status_json(const struct status *status, struct buf *out)
{
    buf_append_char(out, '{');
    put_fields(out, status_server_fields, status);
    buf_append_str(out, ",\n \"listeners\": [");
    put_listeners(out, status);
    buf_append_str(out, "],\n \"workers\": [");
    put_workers(out, status);
    buf_append_str(out, "]}\n");
}
