#include "common/escape.h"
#include "server/request.h"

/* Room for the context of one line; what is longer is cut. */
struct context {
    size_t len;
    char text[LOG_LINE_MAX];
};

static void put(struct context *context, struct slice text)
{
    size_t room = sizeof(context->text) - context->len;
    size_t len = text.len < room ? text.len : room;
    if (len != 0) {
        memcpy(context->text + context->len, text.ptr, len);
        context->len += len;
    }
}

/* `, name: value`, or `, name: "value"`; nothing when there is no value. */
static void put_pair(struct context *context, struct slice name, struct slice value)
{
    if (value.len != 0) {
        put(context, name);
        put(context, value);
    }
}

static bool is_plain(struct slice text)
{
    return slice_find(text, '"') == text.len && slice_find(text, '\\') == text.len;
}

static void put_quoted(struct context *context, struct slice name, struct slice value)
{
    if (value.len != 0) {
        struct buf quoted = {0};
        if (!is_plain(value)) {
            escape_quoted(&quoted, value);
            value = buf_slice(&quoted);
        }
        put_pair(context, name, value);
        put(context, SLICE("\""));
        buf_free(&quoted);
    }
}

const char *request_shown(const struct request *request, struct slice text)
{
    if (is_plain(text)) {
        return arena_cstr(request->arena, text);
    }
    struct buf quoted = {0};
    escape_quoted(&quoted, text);
    const char *shown = arena_cstr(request->arena, buf_slice(&quoted));
    buf_free(&quoted);
    return shown;
}

/* The short ones first, so that a long request line does not push them out. */
static void describe(struct context *context, const struct request *request)
{
    const struct http_fields *fields = &request->head.fields;
    put_pair(context, SLICE(", client: "), request->peer);
    put(context, SLICE(", server: "));
    put(context, request->server->name);
    put_quoted(context, SLICE(", request: \""), request->head.request_line);
    put_quoted(context, SLICE(", host: \""), http_fields_get(fields, HTTP_FIELD_HOST));
    put_quoted(context, SLICE(", referrer: \""),
               http_fields_get(fields, HTTP_FIELD_REFERER));
}

void request_log(const struct request *request, enum log_level level, int err,
                 const char *format, ...)
{
    const struct log *log = request->set->error_log;
    if (!log_wants(log, level)) {
        return;
    }
    struct context context;
    context.len = 0;
    describe(&context, request);
    struct log_event event = {
        .log = log,
        .level = level,
        .err = err,
        .connection = request->client->number,
        .context = slice_of(context.text, context.len),
    };
    va_list args;
    va_start(args, format);
    log_event_args(&event, format, args);
    va_end(args);
}
