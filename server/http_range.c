#include "server/http_range.h"
#include <stdbool.h>

/* What has been read of one field. */
struct reading {
    uint64_t size;          /* of the representation */
    uint64_t asked;         /* bytes of the satisfiable ranges, before joining */
    size_t room;            /* satisfiable ranges still allowed, before joining */
    struct http_range *out; /* joined */
    size_t count;
};

/* 1*DIGIT; what does not fit counts as the largest number, which no file reaches. */
static bool read_number(struct slice text, uint64_t *value)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_isdigit(text.ptr[i])) {
            return false;
        }
    }
    if (!slice_to_u64(text, value)) {
        *value = UINT64_MAX;
    }
    return text.len > 0;
}

/* suffix-range = "-" suffix-length. One of an empty representation is satisfiable, but no
 * 206 can say so: it is sent whole. */
static enum http_range_result read_suffix(struct slice digits, uint64_t size,
                                          struct http_range *range)
{
    uint64_t len;
    if (!read_number(digits, &len)) {
        return HTTP_RANGE_IGNORE;
    }
    if (len == 0) {
        return HTTP_RANGE_UNSATISFIABLE;
    }
    if (size == 0) {
        return HTTP_RANGE_IGNORE;
    }
    range->first = len < size ? size - len : 0;
    range->last = size - 1;
    return HTTP_RANGE_PARTIAL;
}

/* range-spec = int-range / suffix-range (RFC 9110, 14.1.2). IGNORE is a syntax error. */
static enum http_range_result read_spec(struct slice spec, uint64_t size,
                                        struct http_range *range)
{
    size_t dash = slice_find(spec, '-');
    if (dash == spec.len) {
        return HTTP_RANGE_IGNORE;
    }
    struct slice first = slice_of(spec.ptr, dash);
    struct slice last = slice_from(spec, dash + 1);
    if (first.len == 0) {
        return read_suffix(last, size, range);
    }
    range->last = UINT64_MAX;
    if (!read_number(first, &range->first) ||
        (last.len > 0 && !read_number(last, &range->last)) ||
        range->last < range->first) {
        return HTTP_RANGE_IGNORE;
    }
    if (range->first >= size) {
        return HTTP_RANGE_UNSATISFIABLE;
    }
    range->last = range->last < size ? range->last : size - 1;
    return HTTP_RANGE_PARTIAL;
}

static bool touch(const struct http_range *a, const struct http_range *b)
{
    bool a_before = a->last < b->first && b->first - a->last > 1;
    bool b_before = b->last < a->first && a->first - b->last > 1;
    return !a_before && !b_before;
}

/* Adds a range, joined with all that it touches, in the place of the first of them. Those
 * do not touch one another, so the joined range touches no more than the new one did. */
static void join(struct reading *reading, struct http_range range)
{
    struct http_range *out = reading->out;
    size_t kept = 0, place = SIZE_MAX;
    for (size_t i = 0; i < reading->count; i++) {
        if (!touch(&out[i], &range)) {
            out[kept++] = out[i];
            continue;
        }
        range.first = out[i].first < range.first ? out[i].first : range.first;
        range.last = out[i].last > range.last ? out[i].last : range.last;
        place = kept < place ? kept : place;
    }
    place = place < kept ? place : kept;
    memmove(&out[place + 1], &out[place], (kept - place) * sizeof(*out));
    out[place] = range;
    reading->count = kept + 1;
}

/* False when the field is to be ignored: a syntax error, or more than is sensible
 * (RFC 9110, 14.2 and 17.15). */
static bool add_spec(struct reading *reading, struct slice spec)
{
    struct http_range range;
    enum http_range_result result = read_spec(spec, reading->size, &range);
    if (result != HTTP_RANGE_PARTIAL) {
        return result == HTTP_RANGE_UNSATISFIABLE;
    }
    uint64_t len = range.last - range.first + 1;
    if (reading->room == 0 || len > reading->size - reading->asked) {
        return false;
    }
    reading->room--;
    reading->asked += len;
    join(reading, range);
    return true;
}

/* Takes the range unit and its "=" off the front; RFC 9110, 14.1: in any case. */
static bool take_unit(struct slice *value)
{
    size_t equals = slice_find(*value, '=');
    if (!slice_eq_nocase(slice_of(value->ptr, equals), SLICE("bytes"))) {
        return false;
    }
    *value = slice_from(*value, equals + 1);
    return true;
}

enum http_range_result http_range_parse(struct slice value, uint64_t size, size_t max,
                                        struct http_range *out, size_t *count)
{
    struct reading reading = {
        .size = size, .room = max < HTTP_RANGE_MAX ? max : HTTP_RANGE_MAX, .out = out};
    struct slice spec;
    size_t specs = 0;
    if (max == 0 || !take_unit(&value)) {
        return HTTP_RANGE_IGNORE;
    }
    while (slice_split(&value, ',', &spec)) {
        spec = slice_trim(spec);
        if (spec.len == 0) { /* RFC 9110, 5.6.1.2 */
            continue;
        }
        if (!add_spec(&reading, spec)) {
            return HTTP_RANGE_IGNORE;
        }
        specs++;
    }
    *count = reading.count;
    if (reading.count > 0) {
        return HTTP_RANGE_PARTIAL;
    }
    return specs > 0 ? HTTP_RANGE_UNSATISFIABLE : HTTP_RANGE_IGNORE;
}
