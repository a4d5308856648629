#include "server/http_head.h"
#include "server/http_status.h"
#include <assert.h>

static const struct slice methods[HTTP_METHOD_COUNT] = {
    [HTTP_GET] = SLICE_INIT("GET"),         [HTTP_HEAD] = SLICE_INIT("HEAD"),
    [HTTP_POST] = SLICE_INIT("POST"),       [HTTP_PUT] = SLICE_INIT("PUT"),
    [HTTP_DELETE] = SLICE_INIT("DELETE"),   [HTTP_CONNECT] = SLICE_INIT("CONNECT"),
    [HTTP_OPTIONS] = SLICE_INIT("OPTIONS"), [HTTP_TRACE] = SLICE_INIT("TRACE"),
    [HTTP_PATCH] = SLICE_INIT("PATCH"),
};

enum http_method http_method_lookup(struct slice text)
{
    for (int method = HTTP_GET; method < HTTP_METHOD_COUNT; method++) {
        if (slice_eq(methods[method], text)) {
            return (enum http_method)method;
        }
    }
    return HTTP_METHOD_OTHER;
}

struct slice http_method_name(enum http_method method)
{
    return methods[method];
}

/* --- scanning ----------------------------------------------------------------------- */

/* Where the request line's CRLF ends and the field lines begin. */
static size_t section_start(const struct http_scanner *scanner)
{
    return scanner->skipped + scanner->line_end + 2;
}

/* RFC 9112, 3: of a request line that is too long, method or target is. */
static enum http_scan judge_long_line(struct slice line, const struct http_limits *limits)
{
    bool all_method = http_token_span(slice_of(line.ptr, limits->line)) == limits->line;
    return all_method ? HTTP_SCAN_TOO_LONG_METHOD : HTTP_SCAN_TOO_LONG_LINE;
}

/*
 * Checked before the byte at `end` is judged, so that a head is refused with the same
 * status however it was split.
 */
static enum http_scan check_length(const struct http_scanner *scanner, struct slice bytes,
                                   size_t end, const struct http_limits *limits)
{
    bool line_fits = end - scanner->line_start <= limits->line;
    if (!scanner->in_fields) {
        struct slice line = slice_from(bytes, scanner->line_start);
        return line_fits ? HTTP_SCAN_MORE : judge_long_line(line, limits);
    }
    bool section_fits = end - section_start(scanner) <= limits->section;
    return line_fits && section_fits ? HTTP_SCAN_MORE : HTTP_SCAN_TOO_LONG_SECTION;
}

/* A whole line, CRLF at `end`, has come: MORE, COMPLETE or BAD. */
static enum http_scan end_line(struct http_scanner *scanner, size_t end)
{
    bool empty = end == scanner->line_start;
    scanner->line_start = end + 2;
    scanner->seen = end + 2;
    scanner->lines++;
    if (scanner->in_fields) {
        return empty ? HTTP_SCAN_COMPLETE : HTTP_SCAN_MORE;
    }
    if (!empty) {
        scanner->line_end = end - scanner->skipped;
        scanner->in_fields = true;
        return HTTP_SCAN_MORE;
    }
    if (scanner->skipped > 0) {
        return HTTP_SCAN_BAD;
    }
    scanner->skipped = 2; /* RFC 9112, 2.2 */
    return HTTP_SCAN_MORE;
}

enum http_scan http_head_scan(struct http_scanner *scanner, struct slice bytes,
                              const struct http_limits *limits, size_t *head_len)
{
    for (;;) {
        size_t end = scanner->seen + http_text_span(slice_from(bytes, scanner->seen));
        enum http_scan verdict = check_length(scanner, bytes, end, limits);
        scanner->seen = end;
        if (verdict != HTTP_SCAN_MORE || end == bytes.len) {
            return verdict;
        }
        if (bytes.ptr[end] != '\r') {
            return HTTP_SCAN_BAD;
        }
        if (end + 1 == bytes.len) {
            return HTTP_SCAN_MORE;
        }
        if (bytes.ptr[end + 1] != '\n') {
            return HTTP_SCAN_BAD;
        }
        verdict = end_line(scanner, end);
        if (verdict == HTTP_SCAN_COMPLETE) {
            *head_len = scanner->seen;
        }
        if (verdict != HTTP_SCAN_MORE) {
            return verdict;
        }
    }
}

/* --- parsing ------------------------------------------------------------------------ */

static bool starts_with_crlf(struct slice text)
{
    return text.len >= 2 && text.ptr[0] == '\r' && text.ptr[1] == '\n';
}

/* Takes a line and its CRLF off the front. RFC 9112, 2.2: no bare CR, and we take no bare
 * LF either; RFC 9110, 5.5: no NUL and no other control. */
static bool take_line(struct slice *rest, struct slice *line)
{
    *line = slice_of(rest->ptr, http_text_span(*rest));
    struct slice end = slice_from(*rest, line->len);
    if (!starts_with_crlf(end)) {
        return false;
    }
    *rest = slice_from(end, 2);
    return true;
}

/* HTTP-name "/" DIGIT "." DIGIT, case-sensitive (RFC 9112, 2.3). */
static unsigned parse_version(struct http_head *head, struct slice text, const char **why)
{
    const struct slice name = SLICE("HTTP/");
    if (text.len != name.len + 3 || memcmp(text.ptr, name.ptr, name.len) != 0 ||
        !ascii_isdigit(text.ptr[5]) || text.ptr[6] != '.' ||
        !ascii_isdigit(text.ptr[7])) {
        return http_refuse(400, why, "malformed protocol version");
    }
    if (text.ptr[5] != '1') { /* RFC 9110, 15.6.6 */
        return http_refuse(505, why, "major version other than 1");
    }
    head->minor = text.ptr[7] == '0' ? 0 : 1;
    return 0;
}

/* method SP request-target SP HTTP-version, with single spaces (RFC 9112, 3). */
static unsigned parse_request_line(struct http_head *head, const char **why)
{
    struct slice line = head->request_line;
    size_t method_len = http_token_span(line);
    if (method_len == 0 || method_len == line.len || line.ptr[method_len] != ' ') {
        return http_refuse(400, why, "malformed method");
    }
    head->method_text = slice_of(line.ptr, method_len);
    head->method = http_method_lookup(head->method_text);

    struct slice rest = slice_from(line, method_len + 1);
    const char *space = memchr(rest.ptr, ' ', rest.len);
    if (space == NULL) { /* what HTTP/0.9 sent */
        return http_refuse(400, why, "request line without a protocol version");
    }
    head->target = slice_of(rest.ptr, (size_t)(space - rest.ptr));
    if (head->target.len == 0) {
        return http_refuse(400, why, "empty request target");
    }
    return parse_version(head, slice_from(rest, head->target.len + 1), why);
}

/* Says what is wrong with a field line that does not begin with a name and a colon. */
static unsigned refuse_name(struct slice line, size_t name_len, const char **why)
{
    char next = name_len < line.len ? line.ptr[name_len] : '\r';
    bool space = next == ' ' || next == '\t';
    if (name_len == 0 && space) { /* RFC 9112, 5.2 and 2.2 */
        return http_refuse(400, why, "white space at the start of a field line");
    }
    if (name_len == 0 && next == ':') {
        return http_refuse(400, why, "empty field name");
    }
    if (space) { /* RFC 9112, 5.1 */
        return http_refuse(400, why, "white space before the colon of a field");
    }
    if (next == '\r') {
        return http_refuse(400, why, "field line without a colon");
    }
    return http_refuse(400, why, "invalid character in a field name");
}

/* RFC 9110, 5.3: what is no list may come once. */
static unsigned add_field(struct http_fields *fields, struct http_field field,
                          const struct http_limits *limits, const char **why)
{
    if (fields->count >= limits->fields) { /* RFC 6585, 5 */
        return http_refuse(431, why, "too many field lines");
    }
    if (field.id != HTTP_FIELD_OTHER) {
        uint16_t *first = &fields->first[field.id];
        if (*first == 0) {
            *first = (uint16_t)(fields->count + 1);
        } else if (http_field_arity(field.id) == HTTP_SINGLETON) {
            return http_refuse(400, why, "repeated field that may come only once");
        }
    }
    assert(fields->count < fields->capacity);
    fields->lines[fields->count++] = field;
    return 0;
}

/* field-name ":" OWS field-value OWS CRLF (RFC 9112, 5). */
static unsigned parse_field(struct http_fields *fields, struct slice *rest,
                            const struct http_limits *limits, const char **why)
{
    size_t name_len = http_token_span(*rest);
    if (name_len == 0 || name_len == rest->len || rest->ptr[name_len] != ':') {
        return refuse_name(*rest, name_len, why);
    }
    struct slice name = slice_of(rest->ptr, name_len);
    struct slice value;
    *rest = slice_from(*rest, name_len + 1);
    if (!take_line(rest, &value)) {
        return http_refuse(400, why, "control character in a field value");
    }
    struct http_field field = {http_field_lookup(name), name, slice_trim(value)};
    return add_field(fields, field, limits, why);
}

unsigned http_head_parse_line(struct http_head *head, struct slice block,
                              struct slice *section, const char **why)
{
    *section = starts_with_crlf(block) ? slice_from(block, 2) : block;
    if (!take_line(section, &head->request_line)) {
        return http_refuse(400, why, "control character in the request line");
    }
    return parse_request_line(head, why);
}

unsigned http_head_parse_fields(struct http_fields *fields, struct slice section,
                                const struct http_limits *limits, const char **why)
{
    assert(limits->fields < UINT16_MAX);
    unsigned status = 0;
    while (status == 0 && !starts_with_crlf(section)) {
        status = parse_field(fields, &section, limits, why);
    }
    if (status == 0 && section.len > 2) {
        return http_refuse(400, why, "bytes after the blank line");
    }
    return status;
}
