#include "server/request.h"

void request_log(const struct request *request, enum log_level level, int err,
                 const char *format, ...)
{
    const struct log *log = request->set->error_log;
    if (!log_wants(log, level)) {
        return;
    }
    const struct http_fields *fields = &request->head.fields;
    /* The short ones first, so that a long request line does not push them out. */
    const struct log_pair context[] = {
        LOG_PLAIN("client", request->peer),
        LOG_PLAIN("server", request->server->name),
        LOG_QUOTED("request", request->head.request_line),
        LOG_QUOTED("host", http_fields_get(fields, HTTP_FIELD_HOST)),
        LOG_QUOTED("referrer", http_fields_get(fields, HTTP_FIELD_REFERER)),
    };
    struct log_event event = {
        .log = log,
        .level = level,
        .err = err,
        .connection = request->client->number,
        .context = context,
        .context_count = sizeof(context) / sizeof(context[0]),
    };
    va_list args;
    va_start(args, format);
    log_event_args(&event, format, args);
    va_end(args);
}
