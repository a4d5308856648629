#include "server/vars_family.h"
#include "common/clock.h"
#include "server/http_status.h"
#include "server/respond.h"

/* The value of `name=value`, when the names are equal. */
static bool match_pair(struct slice pair, struct slice name, struct slice *value)
{
    size_t equals = slice_find(pair, '=');
    if (equals == pair.len || !slice_eq_nocase(slice_of(pair.ptr, equals), name)) {
        return false;
    }
    *value = slice_from(pair, equals + 1);
    return true;
}

struct slice vars_arg(struct request *request, struct slice name)
{
    struct slice rest = request->args;
    struct slice pair, value;
    while (slice_split(&rest, '&', &pair)) {
        if (match_pair(pair, name, &value)) {
            return value;
        }
    }
    return SLICE_NULL;
}

static struct slice find_cookie(struct slice line, struct slice name)
{
    struct slice pair, value;
    while (slice_split(&line, ';', &pair)) {
        if (match_pair(slice_trim(pair), name, &value)) {
            return value;
        }
    }
    return SLICE_NULL;
}

struct slice vars_cookie(struct request *request, struct slice name)
{
    const struct http_fields *fields = &request->head.fields;
    struct slice value = SLICE_NULL;
    for (size_t i = 0; i < fields->count && value.ptr == NULL; i++) {
        if (fields->lines[i].id == HTTP_FIELD_COOKIE) {
            value = find_cookie(fields->lines[i].value, name);
        }
    }
    return value;
}

/* --- fields ------------------------------------------------------------------------- */

static char dash_to_underscore(char c)
{
    return c == '-' ? '_' : ascii_lower(c);
}

/* A field's name against a variable's. */
static bool names_field(struct slice field, struct slice name)
{
    if (field.len != name.len) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (dash_to_underscore(field.ptr[i]) != ascii_lower(name.ptr[i])) {
            return false;
        }
    }
    return true;
}

/* The first line as it is; only a second one costs a copy. */
static struct slice join(struct request *request, struct slice sum, struct slice line,
                         const char *separator)
{
    if (sum.ptr == NULL) {
        return line;
    }
    return slice_str(arena_printf(request->arena, "%.*s%s%.*s", SLICE_ARG(sum), separator,
                                  SLICE_ARG(line)));
}

struct slice vars_http(struct request *request, struct slice name)
{
    const struct http_fields *fields = &request->head.fields;
    struct slice sum = SLICE_NULL;
    for (size_t i = 0; i < fields->count; i++) {
        const struct http_field *line = &fields->lines[i];
        if (names_field(line->name, name)) {
            const char *separator = line->id == HTTP_FIELD_COOKIE ? "; " : ", ";
            sum = join(request, sum, line->value, separator);
        }
    }
    return sum;
}

/* --- fields of the answer that the response has members for ------------------------- */

static struct slice sent_content_type(struct request *request)
{
    const struct response *response = &request->response;
    if (response->content_type.len == 0 || response->charset.len == 0) {
        return response->content_type;
    }
    return join(request, response->content_type, response->charset, "; charset=");
}

static struct slice sent_content_length(struct request *request)
{
    const struct response *response = &request->response;
    if (response->status == 0 || http_status_bodiless(response->status)) {
        return SLICE_NULL;
    }
    return slice_str(arena_printf(request->arena, "%llu",
                                  (unsigned long long)response->content_length));
}

static struct slice sent_last_modified(struct request *request)
{
    return request->response.last_modified;
}

static struct slice sent_etag(struct request *request)
{
    return request->response.etag;
}

static struct slice sent_location(struct request *request)
{
    return request->response.location;
}

static struct slice sent_accept_ranges(struct request *request)
{
    return request->response.accept_ranges ? SLICE("bytes") : SLICE_NULL;
}

static struct slice sent_connection(struct request *request)
{
    return request->keep_alive ? SLICE("keep-alive") : SLICE("close");
}

static struct slice sent_date(struct request *request)
{
    (void)request;
    return clock_http_date();
}

static struct slice sent_server(struct request *request)
{
    struct slice server = request->response.server;
    return server.ptr != NULL ? server : respond_product(request);
}

static const struct {
    struct slice name;
    struct slice (*value)(struct request *request);
} sent_fields[] = {
    {SLICE_INIT("accept_ranges"), sent_accept_ranges},
    {SLICE_INIT("connection"), sent_connection},
    {SLICE_INIT("content_length"), sent_content_length},
    {SLICE_INIT("content_type"), sent_content_type},
    {SLICE_INIT("date"), sent_date},
    {SLICE_INIT("etag"), sent_etag},
    {SLICE_INIT("last_modified"), sent_last_modified},
    {SLICE_INIT("location"), sent_location},
    {SLICE_INIT("server"), sent_server},
};

struct slice vars_sent_http(struct request *request, struct slice name)
{
    for (size_t i = 0; i < sizeof(sent_fields) / sizeof(sent_fields[0]); i++) {
        if (slice_eq_nocase(sent_fields[i].name, name)) {
            return sent_fields[i].value(request);
        }
    }
    struct slice sum = SLICE_NULL;
    ARRAY_EACH(struct response_field, field, &request->response.fields)
    {
        if (names_field(field->name, name)) {
            sum = join(request, sum, field->value, ", ");
        }
    }
    return sum;
}
