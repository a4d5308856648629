#include "server/http_respond.h"
#include "common/decimal.h"
#include "server/http_fields.h"
#include "server/http_status.h"
#include <assert.h>

/* What the fixed texts below and two numbers take at most, all of them together. */
#define FIXED_MAX 512

/* The room is reserved first, so that writing is nothing but copying. */
struct writer {
    char *at;
    const char *end;
};

static inline void put(struct writer *writer, struct slice text)
{
    assert((size_t)(writer->end - writer->at) >= text.len);
    if (text.len != 0) {
        memcpy(writer->at, text.ptr, text.len);
        writer->at += text.len;
    }
}

static void put_number(struct writer *writer, uint64_t value)
{
    char room[DECIMAL_MAX];
    put(writer, decimal_format(value, room));
}

/* `name` ends in ": ". */
static void put_field(struct writer *writer, struct slice name, struct slice value)
{
    if (value.ptr != NULL && http_is_field_value(value)) {
        put(writer, name);
        put(writer, value);
        put(writer, SLICE("\r\n"));
    }
}

static void put_content_type(struct writer *writer, const struct response *response)
{
    struct slice type = response->content_type;
    struct slice charset = response->charset;
    if (type.len == 0 || !http_is_field_value(type) ||
        http_status_bodiless(response->status)) {
        return;
    }
    put(writer, SLICE("Content-Type: "));
    put(writer, type);
    if (charset.len != 0 && http_is_field_value(charset)) {
        put(writer, SLICE("; charset="));
        put(writer, charset);
    }
    put(writer, SLICE("\r\n"));
}

/* RFC 9110, 8.6: never with 1xx and 204; with 304 it would have to be that of the 200. */
static void put_content_length(struct writer *writer, const struct response *response)
{
    if (!http_status_bodiless(response->status)) {
        put(writer, SLICE("Content-Length: "));
        put_number(writer, response->content_length);
        put(writer, SLICE("\r\n"));
    }
}

/* RFC 9112, 9.3: HTTP/1.1 persists unless told otherwise. Keep-Alive is a hop-by-hop
 * field, so Connection has to name what it belongs to. */
static void put_connection(struct writer *writer, const struct http_respond_info *info)
{
    if (!info->keep_alive) {
        put(writer, SLICE("Connection: close\r\n"));
        return;
    }
    if (info->minor == 0 || info->keepalive_header > 0) {
        put(writer, SLICE("Connection: keep-alive\r\n"));
    }
    if (info->keepalive_header > 0) {
        put(writer, SLICE("Keep-Alive: timeout="));
        put_number(writer, (uint64_t)info->keepalive_header);
        put(writer, SLICE("\r\n"));
    }
}

static void put_other_fields(struct writer *writer, const struct array *fields)
{
    ARRAY_EACH(struct response_field, field, fields)
    {
        if (http_is_token(field->name) && http_is_field_value(field->value)) {
            put(writer, field->name);
            put(writer, SLICE(": "));
            put(writer, field->value);
            put(writer, SLICE("\r\n"));
        }
    }
}

static size_t room_for(const struct response *response,
                       const struct http_respond_info *info)
{
    size_t room = FIXED_MAX + info->server.len + info->date.len +
                  response->content_type.len + response->charset.len +
                  response->last_modified.len + response->etag.len +
                  response->location.len;
    ARRAY_EACH(struct response_field, field, &response->fields)
    {
        room += field->name.len + field->value.len + sizeof(": \r\n");
    }
    return room;
}

void http_respond_head(struct buf *out, const struct response *response,
                       const struct http_respond_info *info)
{
    size_t room = room_for(response, info);
    if (!buf_reserve(out, room)) {
        return;
    }
    char scratch[5];
    char *start = out->data + out->len;
    struct writer writer = {.at = start, .end = start + room};
    put(&writer, SLICE("HTTP/1.1 "));
    put(&writer, http_status_text(response->status, scratch));
    put(&writer, SLICE("\r\nDate: "));
    put(&writer, info->date);
    put(&writer, SLICE("\r\n"));
    put_field(&writer, SLICE("Server: "), info->server);
    put_content_type(&writer, response);
    put_content_length(&writer, response);
    if (!response->date_known) {
        put_field(&writer, SLICE("Last-Modified: "), response->last_modified);
    }
    put_connection(&writer, info);
    put_field(&writer, SLICE("ETag: "), response->etag);
    if (response->accept_ranges) {
        put(&writer, SLICE("Accept-Ranges: bytes\r\n"));
    }
    put_field(&writer, SLICE("Location: "), response->location);
    put_other_fields(&writer, &response->fields);
    put(&writer, SLICE("\r\n"));
    out->len += (size_t)(writer.at - start);
}

struct slice http_respond_continue(void)
{
    return SLICE("HTTP/1.1 100 Continue\r\n\r\n");
}
