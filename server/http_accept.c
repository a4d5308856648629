#include "server/http_accept.h"

enum {
    UNNAMED = 1001, /* above every quality */
    BEST = 1000,
    WORST = 1,
};

static const struct slice names[HTTP_CODING_COUNT] = {
    [HTTP_CODING_BR] = SLICE_INIT("br"),
    [HTTP_CODING_ZSTD] = SLICE_INIT("zstd"),
    [HTTP_CODING_GZIP] = SLICE_INIT("gzip"),
    [HTTP_CODING_IDENTITY] = SLICE_INIT("identity"),
};

struct slice http_coding_name(enum http_coding coding)
{
    return names[coding];
}

/* HTTP_CODING_COUNT for an unknown one. */
static size_t find_coding(struct slice name)
{
    if (slice_eq_nocase(name, SLICE("x-gzip"))) { /* RFC 9110, 8.4.1.3 */
        return HTTP_CODING_GZIP;
    }
    size_t coding = 0;
    while (coding < HTTP_CODING_COUNT && !slice_eq_nocase(name, names[coding])) {
        coding++;
    }
    return coding;
}

/* qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ), in thousandths. */
static bool read_qvalue(struct slice text, unsigned *quality)
{
    if (text.len == 0 || text.len > 5 || (text.len > 1 && text.ptr[1] != '.')) {
        return false;
    }
    unsigned value = 0;
    for (size_t i = 0; i < 5; i++) {
        char digit = i < text.len ? text.ptr[i] : '0';
        if (i == 1) {
            continue; /* the point */
        }
        if (!ascii_isdigit(digit)) {
            return false;
        }
        value = value * 10 + (unsigned)(digit - '0');
    }
    *quality = value;
    return value <= BEST;
}

/* weight = OWS ";" OWS "q=" qvalue (RFC 9110, 12.4.2); none is the best. */
static bool read_weight(struct slice text, unsigned *quality)
{
    *quality = BEST;
    if (text.len == 0) {
        return true;
    }
    if (text.ptr[0] != ';') {
        return false;
    }
    text = slice_trim(slice_from(text, 1));
    return text.len >= 2 && ascii_lower(text.ptr[0]) == 'q' && text.ptr[1] == '=' &&
           read_qvalue(slice_from(text, 2), quality);
}

void http_accept_encoding(const struct http_fields *fields,
                          unsigned quality[HTTP_CODING_COUNT])
{
    struct http_list_walk walk = http_list_start(fields, HTTP_FIELD_ACCEPT_ENCODING);
    struct slice member;
    unsigned star = UNNAMED, named[HTTP_CODING_COUNT + 1];
    for (size_t i = 0; i <= HTTP_CODING_COUNT; i++) {
        named[i] = UNNAMED;
    }
    while (http_list_next(&walk, &member)) {
        struct slice name = slice_of(member.ptr, http_token_span(member));
        unsigned weight;
        if (!read_weight(slice_trim(slice_from(member, name.len)), &weight)) {
            continue; /* a malformed member says nothing */
        }
        *(slice_eq(name, SLICE("*")) ? &star : &named[find_coding(name)]) = weight;
    }
    for (size_t i = 0; i < HTTP_CODING_COUNT; i++) {
        unsigned otherwise = i == HTTP_CODING_IDENTITY ? WORST : 0;
        unsigned unnamed = star == UNNAMED ? otherwise : star;
        quality[i] = named[i] == UNNAMED ? unnamed : named[i];
    }
}
