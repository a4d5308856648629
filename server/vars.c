#include "server/vars.h"
#include "common/clock.h"
#include "server/base64.h"
#include "server/filepath.h"
#include "server/http_status.h"
#include "server/vars_client.h"
#include "server/vars_family.h"
#include "server/vars_text.h"
#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/random.h>

/* A root that names $document_root would go round for ever. */
#define EXPAND_DEPTH_MAX 8

static struct slice field(const struct request *request, enum http_field_id id)
{
    return http_fields_get(&request->head.fields, id);
}

/* --- the request -------------------------------------------------------------------- */

static struct slice get_args(struct request *request)
{
    return request->args;
}

static struct slice get_content_length(struct request *request)
{
    return field(request, HTTP_FIELD_CONTENT_LENGTH);
}

static struct slice get_content_type(struct request *request)
{
    return field(request, HTTP_FIELD_CONTENT_TYPE);
}

static struct slice get_host(struct request *request)
{
    return request->host;
}

static struct slice get_http_host(struct request *request)
{
    return field(request, HTTP_FIELD_HOST);
}

static struct slice get_http_referer(struct request *request)
{
    return field(request, HTTP_FIELD_REFERER);
}

static struct slice get_http_user_agent(struct request *request)
{
    return field(request, HTTP_FIELD_USER_AGENT);
}

static struct slice get_is_args(struct request *request)
{
    return request->args.len != 0 ? SLICE("?") : SLICE("");
}

static struct slice get_request(struct request *request)
{
    return request->head.request_line;
}

static struct slice get_request_method(struct request *request)
{
    return request->head.method_text;
}

/* Path and query as sent; an absolute form without its origin. */
static struct slice get_request_uri(struct request *request)
{
    struct slice target = request->head.target;
    struct slice path = request->target.path;
    struct slice query = request->target.query;
    if (request->target.form != HTTP_TARGET_ABSOLUTE || path.ptr == NULL) {
        return target;
    }
    return slice_str(arena_printf(request->arena, "%.*s%s%.*s", SLICE_ARG(path),
                                  query.ptr != NULL ? "?" : "", SLICE_ARG(query)));
}

static struct slice get_server_protocol(struct request *request)
{
    if (!request->head_ok) {
        return SLICE_NULL;
    }
    return request->head.minor == 0 ? SLICE("HTTP/1.0") : SLICE("HTTP/1.1");
}

static struct slice get_uri(struct request *request)
{
    return request->path;
}

static struct slice get_request_length(struct request *request)
{
    return vars_number(request, request->length);
}

static struct slice get_request_time(struct request *request)
{
    return vars_seconds(request, clock_now_ms() - request->started_ms);
}

#define ID_BYTES 16

/* The next so many random bytes, each given out once; NULL when the system has none. */
static const unsigned char *take_random(struct service_random *random, size_t count)
{
    if (random->left < count) {
        random->left = 0;
        if (getrandom(random->bytes, sizeof(random->bytes), 0) !=
            (ssize_t)sizeof(random->bytes)) {
            return NULL;
        }
        random->left = sizeof(random->bytes);
    }
    random->left -= count;
    return random->bytes + random->left;
}

static struct slice get_request_id(struct request *request)
{
    if (request->id[0] == '\0') {
        const unsigned char *random = take_random(&request->service->random, ID_BYTES);
        if (random == NULL) {
            return SLICE_NULL;
        }
        hex_write(request->id, random, ID_BYTES);
    }
    return slice_of(request->id, sizeof(request->id) - 1);
}

/* The user of Basic credentials (RFC 7617, 2), whether they were checked or not. */
static struct slice get_remote_user(struct request *request)
{
    struct slice value = field(request, HTTP_FIELD_AUTHORIZATION);
    if (value.ptr == NULL) {
        return SLICE_NULL;
    }
    struct slice scheme = slice_of(value.ptr, slice_find(value, ' '));
    if (!slice_eq_nocase(scheme, SLICE("Basic"))) {
        return SLICE_NULL;
    }
    struct slice coded = slice_trim(slice_from(value, scheme.len));
    char *text = arena_alloc(request->arena, coded.len + 1);
    size_t len;
    if (!base64_decode(coded, text, &len)) {
        return SLICE_NULL;
    }
    struct slice credentials = slice_of(text, len);
    size_t colon = slice_find(credentials, ':');
    return colon < len && colon > 0 ? slice_of(text, colon) : SLICE_NULL;
}

/* --- the answer --------------------------------------------------------------------- */

/* On the way to an error page already the status that the page will keep. */
static struct slice get_status(struct request *request)
{
    unsigned kept = request->error_status;
    unsigned status = kept != 0 ? kept : request->response.status;
    return status != 0 ? vars_number(request, status) : SLICE_NULL;
}

static struct slice get_bytes_sent(struct request *request)
{
    return vars_number(request, request->bytes_sent);
}

static struct slice get_body_bytes_sent(struct request *request)
{
    uint64_t sent = request->bytes_sent;
    uint64_t head = request->head_length;
    return vars_number(request, sent > head ? sent - head : 0);
}

static struct slice get_request_completion(struct request *request)
{
    return request->complete ? SLICE("OK") : SLICE("");
}

static struct slice get_limit_rate(struct request *request)
{
    return vars_number(request, request->set->limit_rate);
}

/* --- files -------------------------------------------------------------------------- */

static struct slice get_document_root(struct request *request)
{
    return vars_expand(request, &request->location->document_root.path);
}

static struct slice get_realpath_root(struct request *request)
{
    char resolved[PATH_MAX];
    if (realpath(get_document_root(request).ptr, resolved) == NULL) {
        return SLICE_NULL;
    }
    return arena_slice(request->arena, slice_str(resolved));
}

static struct slice get_request_filename(struct request *request)
{
    return slice_str(filepath_join(request, filepath_of(request, request->path)));
}

/* --- the tables --------------------------------------------------------------------- */

typedef struct slice var_getter(struct request *request);
typedef struct slice var_family_getter(struct request *request, struct slice member);

static var_getter *const getters[VARIABLE_FAMILY_FIRST] = {
    [VARIABLE_ARGS] = get_args,
    [VARIABLE_BODY_BYTES_SENT] = get_body_bytes_sent,
    [VARIABLE_BYTES_SENT] = get_bytes_sent,
    [VARIABLE_CONNECTION] = vars_connection,
    [VARIABLE_CONNECTION_REQUESTS] = vars_connection_requests,
    [VARIABLE_CONNECTION_TIME] = vars_connection_time,
    [VARIABLE_CONTENT_LENGTH] = get_content_length,
    [VARIABLE_CONTENT_TYPE] = get_content_type,
    [VARIABLE_DOCUMENT_ROOT] = get_document_root,
    [VARIABLE_DOCUMENT_URI] = get_uri,
    [VARIABLE_HOST] = get_host,
    [VARIABLE_HOSTNAME] = vars_hostname,
    [VARIABLE_HTTPS] = vars_https,
    [VARIABLE_HTTP_HOST] = get_http_host,
    [VARIABLE_HTTP_REFERER] = get_http_referer,
    [VARIABLE_HTTP_USER_AGENT] = get_http_user_agent,
    [VARIABLE_IS_ARGS] = get_is_args,
    [VARIABLE_LIMIT_RATE] = get_limit_rate,
    [VARIABLE_MSEC] = vars_msec,
    [VARIABLE_PID] = vars_pid,
    [VARIABLE_PIPE] = vars_pipe,
    [VARIABLE_QUERY_STRING] = get_args,
    [VARIABLE_REALPATH_ROOT] = get_realpath_root,
    [VARIABLE_REMOTE_ADDR] = vars_remote_addr,
    [VARIABLE_REMOTE_PORT] = vars_remote_port,
    [VARIABLE_REMOTE_USER] = get_remote_user,
    [VARIABLE_REQUEST] = get_request,
    [VARIABLE_REQUEST_COMPLETION] = get_request_completion,
    [VARIABLE_REQUEST_FILENAME] = get_request_filename,
    [VARIABLE_REQUEST_ID] = get_request_id,
    [VARIABLE_REQUEST_LENGTH] = get_request_length,
    [VARIABLE_REQUEST_METHOD] = get_request_method,
    [VARIABLE_REQUEST_TIME] = get_request_time,
    [VARIABLE_REQUEST_URI] = get_request_uri,
    [VARIABLE_SCHEME] = vars_scheme,
    [VARIABLE_SERVER_ADDR] = vars_server_addr,
    [VARIABLE_SERVER_NAME] = vars_server_name,
    [VARIABLE_SERVER_PORT] = vars_server_port,
    [VARIABLE_SERVER_PROTOCOL] = get_server_protocol,
    [VARIABLE_STATUS] = get_status,
    [VARIABLE_TIME_ISO8601] = vars_time_iso8601,
    [VARIABLE_TIME_LOCAL] = vars_time_local,
    [VARIABLE_URI] = get_uri,
};

#define FAMILY(id) (VARIABLE_##id##_PREFIX - VARIABLE_FAMILY_FIRST)

static var_family_getter *const families[VARIABLE_COUNT - VARIABLE_FAMILY_FIRST] = {
    [FAMILY(ARG)] = vars_arg,
    [FAMILY(COOKIE)] = vars_cookie,
    [FAMILY(HTTP)] = vars_http,
    [FAMILY(SENT_HTTP)] = vars_sent_http,
};

struct slice vars_get(struct request *request, enum variable variable,
                      struct slice member)
{
    if (variable < VARIABLE_FAMILY_FIRST) {
        return getters[variable](request);
    }
    assert(variable < VARIABLE_COUNT);
    return families[variable - VARIABLE_FAMILY_FIRST](request, member);
}

bool vars_is_plain(enum variable variable)
{
    static const bool plain[VARIABLE_COUNT] = {
        [VARIABLE_BODY_BYTES_SENT] = true, [VARIABLE_BYTES_SENT] = true,
        [VARIABLE_CONNECTION] = true,      [VARIABLE_MSEC] = true,
        [VARIABLE_REMOTE_ADDR] = true,     [VARIABLE_REQUEST_ID] = true,
        [VARIABLE_REQUEST_LENGTH] = true,  [VARIABLE_REQUEST_TIME] = true,
        [VARIABLE_SERVER_PROTOCOL] = true, [VARIABLE_STATUS] = true,
        [VARIABLE_TIME_ISO8601] = true,    [VARIABLE_TIME_LOCAL] = true,
    };
    return plain[variable];
}

/* --- templates ---------------------------------------------------------------------- */

static struct slice part_value(struct request *request, const struct template_part *part)
{
    return part->variable == VARIABLE_LITERAL
               ? part->text
               : vars_get(request, part->variable, part->text);
}

static struct slice concatenate(struct request *request, const struct slice *values,
                                size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += values[i].len;
    }
    char *text = arena_alloc(request->arena, len + 1);
    char *at = text;
    for (size_t i = 0; i < count; i++) {
        if (values[i].len != 0) {
            memcpy(at, values[i].ptr, values[i].len);
            at += values[i].len;
        }
    }
    *at = '\0';
    return slice_of(text, len);
}

struct slice vars_expand(struct request *request, const struct template *text)
{
    if (text->count == 0) {
        return SLICE("");
    }
    if (text->is_literal) {
        return text->literal;
    }
    if (request->expanding == EXPAND_DEPTH_MAX) {
        return SLICE("");
    }
    request->expanding++;
    struct slice *values = arena_alloc(request->arena, text->count * sizeof(*values));
    for (size_t i = 0; i < text->count; i++) {
        values[i] = part_value(request, &text->parts[i]);
    }
    request->expanding--;
    return concatenate(request, values, text->count);
}
