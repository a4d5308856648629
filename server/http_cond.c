#include "server/http_cond.h"
#include "server/http_date.h"

/*
 * Length of the entity-tag at the front (RFC 9110, 8.8.3), 0 when there is none. It has
 * no escapes, so the list walk of other fields, which knows quoted-pairs, is no use here.
 */
static size_t etag_span(struct slice text)
{
    size_t len = slice_starts(text, SLICE("W/")) ? 2 : 0;
    if (len == text.len || text.ptr[len] != '"') {
        return 0;
    }
    for (len++; len < text.len; len++) {
        if (text.ptr[len] == '"') {
            return len + 1;
        }
        if (text.ptr[len] == ' ' || text.ptr[len] == '\t') {
            return 0;
        }
    }
    return 0;
}

static bool is_weak(struct slice etag)
{
    return slice_starts(etag, SLICE("W/"));
}

/* RFC 9110, 8.8.3.2. Tags that are equal bytes are both weak or both strong. */
static bool equal(struct slice a, struct slice b, bool strong)
{
    if (strong) {
        return !is_weak(a) && slice_eq(a, b);
    }
    return slice_eq(slice_from(a, is_weak(a) ? 2 : 0), slice_from(b, is_weak(b) ? 2 : 0));
}

static struct slice skip_separators(struct slice text)
{
    size_t len = 0;
    while (len < text.len && memchr(", \t", text.ptr[len], 3) != NULL) {
        len++;
    }
    return slice_from(text, len);
}

/* A line matches up to its first syntax error. Most clients send the one tag that they
 * were given. */
static bool line_matches(struct slice line, struct slice etag, bool strong)
{
    if (slice_eq(line, etag)) {
        return !strong || !is_weak(etag);
    }
    struct slice rest = skip_separators(line);
    size_t len;
    while ((len = etag_span(rest)) > 0) {
        struct slice sent = slice_of(rest.ptr, len);
        struct slice after = slice_trim(slice_from(rest, len));
        if (after.len > 0 && after.ptr[0] != ',') {
            return false;
        }
        if (equal(sent, etag, strong)) {
            return true;
        }
        rest = skip_separators(after);
    }
    return false;
}

/* If-Match and If-None-Match: "*", which any representation matches, or entity-tags. */
static bool matches(const struct http_fields *fields, enum http_field_id id,
                    struct slice etag, bool strong)
{
    if (slice_eq(http_fields_get(fields, id), SLICE("*"))) {
        return true;
    }
    for (size_t i = 0; i < fields->count && etag.ptr != NULL; i++) {
        const struct http_field *field = &fields->lines[i];
        if (field->id == id && line_matches(field->value, etag, strong)) {
            return true;
        }
    }
    return false;
}

static bool has(const struct http_fields *fields, enum http_field_id id)
{
    return fields->first[id] != 0;
}

/* Whether a second line follows the first. */
static bool is_repeated(const struct http_fields *fields, enum http_field_id id)
{
    for (size_t i = fields->first[id]; i < fields->count; i++) {
        if (fields->lines[i].id == id) {
            return true;
        }
    }
    return false;
}

/* A date that is to be compared: false when the field is absent, invalid or repeated, or
 * there is nothing to compare it with. Each of those makes the condition ignored. */
static bool get_date(const struct http_fields *fields, enum http_field_id id,
                     const struct http_validators *validators, int64_t now,
                     int64_t *seconds)
{
    return has(fields, id) && validators->mtime >= 0 && !is_repeated(fields, id) &&
           http_date_parse(http_fields_get(fields, id), now, seconds);
}

/* Steps 1 and 2: If-Match, and only without it If-Unmodified-Since. */
static bool fails(const struct http_fields *fields,
                  const struct http_validators *validators, int64_t now)
{
    int64_t since;
    if (has(fields, HTTP_FIELD_IF_MATCH)) {
        return !matches(fields, HTTP_FIELD_IF_MATCH, validators->etag, true);
    }
    return get_date(fields, HTTP_FIELD_IF_UNMODIFIED_SINCE, validators, now, &since) &&
           validators->mtime > since;
}

/* Step 4: If-Modified-Since, which step 3 has found alone. */
static bool unmodified(const struct http_fields *fields,
                       const struct http_validators *validators, enum http_ims ims,
                       int64_t now)
{
    int64_t since;
    if (ims == HTTP_IMS_OFF ||
        !get_date(fields, HTTP_FIELD_IF_MODIFIED_SINCE, validators, now, &since)) {
        return false;
    }
    return ims == HTTP_IMS_EXACT ? validators->mtime == since
                                 : validators->mtime <= since;
}

/*
 * Step 5: If-Range (RFC 9110, 13.1.5). A date must be the very Last-Modified, and that a
 * strong validator: its second must be over (RFC 9110, 8.8.2.2).
 */
static bool range_holds(const struct http_fields *fields,
                        const struct http_validators *validators, int64_t now)
{
    struct slice value = http_fields_get(fields, HTTP_FIELD_IF_RANGE);
    if (value.ptr == NULL) {
        return true;
    }
    if (etag_span(value) > 0) {
        return equal(value, validators->etag, true);
    }
    int64_t date;
    return get_date(fields, HTTP_FIELD_IF_RANGE, validators, now, &date) &&
           date == validators->mtime && date < now;
}

/* RFC 9110, 13.2.1: methods that select no representation know no conditions. */
static bool selects(enum http_method method)
{
    return method != HTTP_CONNECT && method != HTTP_OPTIONS && method != HTTP_TRACE;
}

struct http_cond http_cond_evaluate(const struct http_head *head,
                                    const struct http_validators *validators,
                                    enum http_ims ims, int64_t now)
{
    const struct http_fields *fields = &head->fields;
    bool safe = head->method == HTTP_GET || head->method == HTTP_HEAD;
    struct http_cond cond = {
        .status = 0,
        .honor_range = head->method == HTTP_GET && range_holds(fields, validators, now),
    };
    if (!selects(head->method)) {
        return cond;
    }
    if (fails(fields, validators, now)) {
        cond.status = 412;
    } else if (has(fields, HTTP_FIELD_IF_NONE_MATCH)) { /* step 3 */
        if (matches(fields, HTTP_FIELD_IF_NONE_MATCH, validators->etag, false)) {
            cond.status = safe ? 304 : 412;
        }
    } else if (safe && unmodified(fields, validators, ims, now)) {
        cond.status = 304;
    }
    return cond;
}
