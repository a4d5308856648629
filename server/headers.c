#include "server/headers.h"
#include "common/clock.h"
#include "server/http_date.h"
#include "server/mime.h"
#include "server/respond.h"
#include "server/vars.h"

/* What expires and add_header without "always" apply to. */
static bool takes_headers(unsigned status)
{
    static const unsigned short statuses[] = {200, 201, 204, 206, 301,
                                              302, 303, 304, 307, 308};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (statuses[i] == status) {
            return true;
        }
    }
    return false;
}

/* --- expires ------------------------------------------------------------------------ */

static void add_expiry(struct request *request, struct slice expires,
                       struct slice control)
{
    respond_field(request, SLICE("Expires"), expires);
    respond_field(request, SLICE("Cache-Control"), control);
}

/* A moment `age` seconds from now; one in the past must not be cached. */
static void add_age(struct request *request, int64_t age)
{
    char *date = arena_alloc(request->arena, HTTP_DATE_LEN + 1);
    http_date_format(clock_wall()->tv_sec + age, date);
    const char *control =
        age < 0 ? "no-cache"
                : arena_printf(request->arena, "max-age=%lld", (long long)age);
    add_expiry(request, slice_of(date, HTTP_DATE_LEN), slice_str(control));
}

/* Seconds from now until the file's date plus `seconds`; without a date, from now on. */
static int64_t age_since_change(const struct request *request, int64_t seconds)
{
    struct slice date = request->response.last_modified;
    int64_t now = clock_wall()->tv_sec;
    int64_t changed;
    if (date.ptr == NULL || !http_date_parse(date, now, &changed)) {
        return seconds;
    }
    return changed + seconds - now;
}

/* Seconds until the local time of day comes next, as a clock on the wall shows it. */
static int64_t age_until(int64_t seconds_of_day)
{
    time_t now = clock_wall()->tv_sec;
    struct tm tm;
    localtime_r(&now, &tm);
    tm.tm_hour = (int)(seconds_of_day / 3600);
    tm.tm_min = (int)(seconds_of_day / 60 % 60);
    tm.tm_sec = (int)(seconds_of_day % 60);
    tm.tm_isdst = -1;
    time_t next = mktime(&tm);
    if (next <= now) {
        tm.tm_mday++;
        tm.tm_isdst = -1;
        next = mktime(&tm);
    }
    return next - now;
}

static void apply_expires(struct request *request)
{
    const struct expires *expires = &request->set->expires;
    int64_t seconds = expires->milliseconds / 1000;
    switch (expires->kind) {
    case EXPIRES_OFF:
        break;
    case EXPIRES_EPOCH:
        add_expiry(request, SLICE("Thu, 01 Jan 1970 00:00:01 GMT"), SLICE("no-cache"));
        break;
    case EXPIRES_MAX:
        add_expiry(request, SLICE("Thu, 31 Dec 2037 23:55:55 GMT"),
                   SLICE("max-age=315360000"));
        break;
    case EXPIRES_ACCESS:
        add_age(request, seconds);
        break;
    case EXPIRES_MODIFIED:
        add_age(request, age_since_change(request, seconds));
        break;
    case EXPIRES_DAILY:
        add_age(request, age_until(seconds));
        break;
    }
}

/* --- add_header --------------------------------------------------------------------- */

typedef void header_setter(struct request *request, struct slice value);

static void set_content_type(struct request *request, struct slice value)
{
    request->response.content_type = value;
    request->response.charset = SLICE_NULL;
}

static void set_server(struct request *request, struct slice value)
{
    request->response.server = value;
}

static void set_etag(struct request *request, struct slice value)
{
    request->response.etag = value.len != 0 ? value : SLICE_NULL;
}

static void set_last_modified(struct request *request, struct slice value)
{
    request->response.last_modified = value.len != 0 ? value : SLICE_NULL;
}

static void set_location(struct request *request, struct slice value)
{
    request->response.location = value;
}

static bool lists(struct slice list, struct slice wanted)
{
    struct slice member;
    while (slice_split(&list, ',', &member)) {
        if (slice_eq_nocase(slice_trim(member), wanted)) {
            return true;
        }
    }
    return false;
}

static void join(struct request *request, struct slice *list, struct slice more)
{
    struct slice member;
    while (slice_split(&more, ',', &member)) {
        member = slice_trim(member);
        if (member.len != 0 && !lists(*list, member)) {
            *list = slice_str(arena_printf(request->arena, "%.*s, %.*s", SLICE_ARG(*list),
                                           SLICE_ARG(member)));
        }
    }
}

/* Joins what the answer varies on already, once each (RFC 9110, 12.5.5). */
static void set_vary(struct request *request, struct slice value)
{
    ARRAY_EACH(struct response_field, field, &request->response.fields)
    {
        if (slice_eq_nocase(field->name, SLICE("Vary"))) {
            join(request, &field->value, value);
            return;
        }
    }
    respond_field(request, SLICE("Vary"), value);
}

static void leave_out(struct request *request, struct slice value)
{
    (void)request;
    (void)value;
}

/* The fields that are not simply one more line. */
static const struct setter {
    struct slice name;
    header_setter *set;
    bool takes_empty; /* which takes the field away */
} setters[] = {
    {SLICE_INIT("Content-Type"), set_content_type, false},
    {SLICE_INIT("ETag"), set_etag, true},
    {SLICE_INIT("Last-Modified"), set_last_modified, true},
    {SLICE_INIT("Location"), set_location, false},
    {SLICE_INIT("Server"), set_server, true},
    {SLICE_INIT("Vary"), set_vary, false},
    {SLICE_INIT("Connection"), leave_out, false},
    {SLICE_INIT("Date"), leave_out, false},
};

static const struct setter *find_setter(struct slice name)
{
    for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
        if (slice_eq_nocase(setters[i].name, name)) {
            return &setters[i];
        }
    }
    return NULL;
}

static void add_header(struct request *request, const struct added_header *header)
{
    struct slice value = vars_expand(request, &header->value);
    const struct setter *setter = find_setter(header->name);
    if (value.len == 0 && (setter == NULL || !setter->takes_empty)) {
        return;
    }
    if (setter != NULL) {
        setter->set(request, value);
    } else {
        respond_field(request, header->name, value);
    }
}

/* --- charset ------------------------------------------------------------------------ */

/* A type that has a parameter already, such as "charset", takes none. */
static void apply_charset(struct request *request)
{
    struct response *response = &request->response;
    struct slice charset = mime_charset(request->set, response->content_type);
    if (charset.len != 0) {
        response->charset = charset;
    }
}

/* --- Allow -------------------------------------------------------------------------- */

/* RFC 9110, 10.2.1: a 405 says what is allowed. Where the configuration refuses them all,
 * that is nothing. */
static void complete_allow(struct request *request)
{
    ARRAY_EACH(struct response_field, field, &request->response.fields)
    {
        if (slice_eq_nocase(field->name, SLICE("Allow"))) {
            return;
        }
    }
    respond_field(request, SLICE("Allow"), SLICE(""));
}

static void add_headers(struct request *request)
{
    const struct added_headers *added = &request->set->add_header;
    bool takes = takes_headers(request->response.status);
    if (takes) {
        apply_expires(request);
    }
    for (size_t i = 0; i < added->count; i++) {
        if (takes || added->items[i].always) {
            add_header(request, &added->items[i]);
        }
    }
}

void headers_apply(struct request *request)
{
    if (request->set->expires.kind != EXPIRES_OFF || request->set->add_header.count > 0) {
        add_headers(request);
    }
    apply_charset(request);
    if (request->response.status == 405) {
        complete_allow(request);
    }
}
