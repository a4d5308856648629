#include "server/http_fields.h"
#include "common/eights.h"

#define FIELD_NAME(id, name, arity) [HTTP_FIELD_##id] = SLICE_INIT(name),
static const struct slice names[HTTP_FIELD_COUNT] = {HTTP_FIELD_LIST(FIELD_NAME)};

#define FIELD_LEN(id, name, arity) [HTTP_FIELD_##id] = sizeof(name) - 1,
static const unsigned char lengths[HTTP_FIELD_COUNT] = {HTTP_FIELD_LIST(FIELD_LEN)};

#define FIELD_ARITY(id, name, arity) [HTTP_FIELD_##id] = (arity),
static const unsigned char arities[HTTP_FIELD_COUNT] = {HTTP_FIELD_LIST(FIELD_ARITY)};

/* What a byte may be: a token character (T), field text that is none (V), neither (0). */
enum {
    V = 1,
    T = 3,
};

/* clang-format off */
static const unsigned char classes[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, V, 0, 0, 0, 0, 0, 0, /* 00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 10 */
    V, T, V, T, T, T, T, T, V, V, T, T, V, T, T, V, /* 20 */
    T, T, T, T, T, T, T, T, T, T, V, V, V, V, V, V, /* 30 */
    V, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, /* 40 */
    T, T, T, T, T, T, T, T, T, T, T, V, V, V, T, T, /* 50 */
    T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, /* 60 */
    T, T, T, T, T, T, T, T, T, T, T, V, T, V, T, 0, /* 70 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* 80 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* 90 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* a0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* b0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* c0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* d0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* e0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* f0 */
};
/* clang-format on */

static bool is_tchar(char c)
{
    return classes[(unsigned char)c] == T;
}

static bool is_text(char c)
{
    return classes[(unsigned char)c] != 0;
}

bool http_is_tchar(char c)
{
    return is_tchar(c);
}

size_t http_token_span(struct slice text)
{
    size_t len = 0;
    while (len < text.len && is_tchar(text.ptr[len])) {
        len++;
    }
    return len;
}

bool http_is_token(struct slice text)
{
    return text.len > 0 && http_token_span(text) == text.len;
}

/* Nearly every byte of a head goes through here twice, so it goes by eights. */
size_t http_text_span(struct slice text)
{
    size_t len = 0;
    while (text.len - len >= 8) {
        uint64_t found = eights_controls(eights_load(text.ptr + len));
        if (found == 0) {
            len += 8;
            continue;
        }
        len += eights_first(found);
        if (text.ptr[len] != '\t') { /* which is text */
            return len;
        }
        len++;
    }
    while (len < text.len && is_text(text.ptr[len])) {
        len++;
    }
    return len;
}

bool http_is_field_value(struct slice text)
{
    return http_text_span(text) == text.len;
}

/* The known names of one length are three at most: find them by it, then compare. Most
 * clients write a name as the table does, and equal bytes are found faster. */
enum http_field_id http_field_lookup(struct slice name)
{
    if (name.len == 0 || name.len > UINT8_MAX) {
        return HTTP_FIELD_OTHER;
    }
    const unsigned char *end = lengths + sizeof(lengths);
    const unsigned char *at = lengths;
    while ((at = memchr(at, (int)name.len, (size_t)(end - at))) != NULL) {
        const struct slice *known = &names[at - lengths];
        if (ascii_lower(*known->ptr) == ascii_lower(*name.ptr) &&
            (slice_eq(*known, name) || slice_eq_nocase(*known, name))) {
            return (enum http_field_id)(at - lengths);
        }
        at++;
    }
    return HTTP_FIELD_OTHER;
}

struct slice http_field_name(enum http_field_id id)
{
    return names[id];
}

enum http_arity http_field_arity(enum http_field_id id)
{
    return (enum http_arity)arities[id];
}

struct slice http_fields_get(const struct http_fields *fields, enum http_field_id id)
{
    size_t first = fields->first[id];
    return first == 0 ? SLICE_NULL : fields->lines[first - 1].value;
}

struct http_list_walk http_list_start(const struct http_fields *fields,
                                      enum http_field_id id)
{
    size_t first = fields->first[id];
    return (struct http_list_walk){
        .fields = fields,
        .id = id,
        .line = first == 0 ? fields->count : first - 1,
        .rest = SLICE_NULL,
    };
}

/* Steps to the next line of the field. */
static bool next_line(struct http_list_walk *walk)
{
    while (walk->line < walk->fields->count) {
        const struct http_field *field = &walk->fields->lines[walk->line++];
        if (field->id == walk->id) {
            walk->rest = field->value;
            return true;
        }
    }
    return false;
}

/* Length up to the next comma outside a quoted-string (RFC 9110, 5.6.4). */
static size_t member_span(struct slice text)
{
    bool quoted = false;
    size_t len = 0;
    for (; len < text.len; len++) {
        char c = text.ptr[len];
        if (c == '"') {
            quoted = !quoted;
        } else if (quoted && c == '\\') {
            len++;
        } else if (!quoted && c == ',') {
            return len;
        }
    }
    return text.len;
}

bool http_list_next(struct http_list_walk *walk, struct slice *member)
{
    do {
        if (walk->rest.len == 0 && !next_line(walk)) {
            return false;
        }
        size_t len = member_span(walk->rest);
        *member = slice_trim(slice_of(walk->rest.ptr, len));
        walk->rest = slice_from(walk->rest, len + 1);
    } while (member->len == 0);
    return true;
}

bool http_list_has(const struct http_fields *fields, enum http_field_id id,
                   struct slice token)
{
    struct http_list_walk walk = http_list_start(fields, id);
    struct slice member;
    while (http_list_next(&walk, &member)) {
        if (slice_eq_nocase(member, token)) {
            return true;
        }
    }
    return false;
}
