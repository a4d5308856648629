#include "common/escape.h"
#include "server/request.h"
#include <stdio.h>

/* Room for the context of one line; what is longer is cut. */
struct context {
    char text[LOG_LINE_MAX];
    size_t len;
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

static void put_quoted(struct context *context, struct slice name, struct slice value)
{
    if (value.len != 0) {
        struct buf quoted = {0};
        escape_quoted(&quoted, value);
        put_pair(context, name, buf_slice(&quoted));
        put(context, SLICE("\""));
        buf_free(&quoted);
    }
}

const char *request_shown(const struct request *request, struct slice text)
{
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
    char message[LOG_LINE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);

    struct context context = {.len = 0};
    describe(&context, request);
    struct log_event event = {
        .log = log,
        .level = level,
        .err = err,
        .connection = request->client->number,
        .context = slice_of(context.text, context.len),
    };
    log_event(&event, "%s", message);
}
