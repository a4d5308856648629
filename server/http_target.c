#include "server/http_target.h"
#include "common/eights.h"
#include "server/http_status.h"
#include <arpa/inet.h>

/*
 * Where a byte may stand unescaped (RFC 3986, 3.3 and 3.4 and 3.2.2). Beyond the RFC, the
 * bytes that browsers send raw although they should not are taken where they send them
 * (the URL Standard's path and query sets): | [ ] ^ in both, \ ` { } in a query.
 */
enum {
    PATH = 1,
    QUERY = 2,
    HOST = 4,
    C = QUERY,
    B = PATH | QUERY,
    A = PATH | QUERY | HOST,
};

/* clang-format off */
static const unsigned char classes[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 10 */
    0, A, 0, 0, A, 0, A, A, A, A, A, A, A, A, A, B, /* 20 */
    A, A, A, A, A, A, A, A, A, A, B, A, 0, A, 0, C, /* 30 */
    B, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* 40 */
    A, A, A, A, A, A, A, A, A, A, A, B, C, B, B, A, /* 50 */
    C, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* 60 */
    A, A, A, A, A, A, A, A, A, A, A, C, B, C, A, 0, /* 70 */
};
/* clang-format on */

static bool is_escape(struct slice text)
{
    return text.len >= 3 && text.ptr[0] == '%' && hex_value(text.ptr[1]) >= 0 &&
           hex_value(text.ptr[2]) >= 0;
}

/* Bytes at the front that are of the class or whole percent escapes. */
static size_t span(struct slice text, unsigned class)
{
    size_t len = 0;
    while (len < text.len) {
        if (classes[(unsigned char)text.ptr[len]] & class) {
            len++;
        } else if (is_escape(slice_from(text, len))) {
            len += 3;
        } else {
            break;
        }
    }
    return len;
}

/* Names the first byte that was not allowed. */
static unsigned refuse_byte(char c, const char **why)
{
    if (c == '#') { /* RFC 9112, 3.2: no form has a fragment */
        return http_refuse(400, why, "fragment in the request target");
    }
    if (c == '%') { /* RFC 3986, 2.1 */
        return http_refuse(400, why, "invalid percent escape in the request target");
    }
    if ((unsigned char)c >= 0x80) { /* RFC 3986, 2 */
        return http_refuse(400, why, "raw non-ASCII byte in the request target");
    }
    return http_refuse(400, why, "invalid character in the request target");
}

/* path [ "?" query ] (RFC 9112, 3.2.1). */
static unsigned parse_path(struct http_target *target, struct slice text,
                           const char **why)
{
    target->path = slice_of(text.ptr, span(text, PATH));
    struct slice rest = slice_from(text, target->path.len);
    if (rest.len > 0 && rest.ptr[0] == '?') {
        rest = slice_from(rest, 1);
        target->query = slice_of(rest.ptr, span(rest, QUERY));
        rest = slice_from(rest, target->query.len);
    }
    return rest.len == 0 ? 0 : refuse_byte(rest.ptr[0], why);
}

/* Takes "http://" or "https://" off the front; RFC 3986, 3.1: in any case. */
static bool take_scheme(struct slice *text, struct slice *scheme)
{
    static const struct slice schemes[] = {SLICE_INIT("http"), SLICE_INIT("https")};
    *scheme = slice_of(text->ptr, slice_find(*text, ':'));
    struct slice rest = slice_from(*text, scheme->len);
    if (!slice_starts(rest, SLICE("://"))) {
        return false;
    }
    *text = slice_from(rest, 3);
    return slice_eq_nocase(*scheme, schemes[0]) || slice_eq_nocase(*scheme, schemes[1]);
}

static size_t authority_span(struct slice text)
{
    size_t len = 0;
    while (len < text.len && memchr("/?#", text.ptr[len], 3) == NULL) {
        len++;
    }
    return len;
}

/* RFC 9112, 3.2.2; an empty host is no http URI (RFC 9110, 4.2.1), user information is
 * taken for an attack (RFC 9110, 4.2.4). */
static unsigned parse_absolute(struct http_target *target, struct slice text,
                               const char **why)
{
    struct slice host, port;
    target->form = HTTP_TARGET_ABSOLUTE;
    if (!take_scheme(&text, &target->scheme)) {
        return http_refuse(400, why, "request target of no known form");
    }
    target->authority = slice_of(text.ptr, authority_span(text));
    if (!http_authority_split(target->authority, &host, &port)) {
        return http_refuse(400, why, "invalid authority in the request target");
    }
    unsigned status = parse_path(target, slice_from(text, target->authority.len), why);
    if (target->path.len == 0) { /* RFC 9110, 4.2.3 */
        target->path = SLICE("/");
    }
    return status;
}

/* RFC 9110, 9.3.6: a CONNECT names a host and a port. */
static unsigned parse_authority(struct http_target *target, struct slice text,
                                const char **why)
{
    struct slice host, port;
    target->form = HTTP_TARGET_AUTHORITY;
    target->authority = text;
    if (!http_authority_split(text, &host, &port) || port.ptr == NULL) {
        return http_refuse(400, why, "CONNECT target is not host:port");
    }
    return 0;
}

unsigned http_target_parse(struct http_target *target, struct slice text,
                           enum http_method method, const char **why)
{
    *target = (struct http_target){.form = HTTP_TARGET_ORIGIN};
    if (method == HTTP_CONNECT) { /* RFC 9112, 3.2.3 */
        return parse_authority(target, text, why);
    }
    if (text.len > 0 && text.ptr[0] == '/') {
        return parse_path(target, text, why);
    }
    if (slice_eq(text, SLICE("*"))) {
        target->form = HTTP_TARGET_ASTERISK;
        target->path = text;
        return method == HTTP_OPTIONS /* RFC 9112, 3.2.4 */
                   ? 0
                   : http_refuse(400, why, "asterisk form is for OPTIONS only");
    }
    return parse_absolute(target, text, why);
}

/* --- paths -------------------------------------------------------------------------- */

/* A decoded path while it grows. It always begins with the root's slash. */
struct path {
    char *out;
    size_t len;
    size_t segment; /* where the last segment begins, just after its slash */
};

/* Drops the last whole segment and the slash after it. */
static void pop_segment(struct path *path)
{
    path->segment--;
    while (path->out[path->segment - 1] != '/') {
        path->segment--;
    }
    path->len = path->segment;
}

/*
 * The last segment is complete. If it is a dot segment it goes (RFC 3986, 5.2.4), and
 * *resolved says so, because then its slash goes too. False: it climbed above the root.
 */
static bool end_segment(struct path *path, bool *resolved)
{
    struct slice last = slice_of(path->out + path->segment, path->len - path->segment);
    *resolved = true;
    if (slice_eq(last, SLICE("."))) {
        path->len = path->segment;
        return true;
    }
    if (slice_eq(last, SLICE(".."))) {
        if (path->segment == 1) {
            return false;
        }
        pop_segment(path);
        return true;
    }
    *resolved = false;
    return true;
}

static bool add_slash(struct path *path, bool merge_slashes)
{
    bool resolved;
    if (!end_segment(path, &resolved)) {
        return false;
    }
    if (!resolved && !(merge_slashes && path->len == path->segment)) {
        path->out[path->len++] = '/';
        path->segment = path->len;
    }
    return true;
}

/* Takes one byte, escaped or not, off the front: its value, or -1 for a bad escape. */
static int take_byte(struct slice *raw)
{
    if (raw->ptr[0] != '%') {
        int byte = (unsigned char)raw->ptr[0];
        *raw = slice_from(*raw, 1);
        return byte;
    }
    if (!is_escape(*raw)) {
        return -1;
    }
    int byte = hex_value(raw->ptr[1]) * 16 + hex_value(raw->ptr[2]);
    *raw = slice_from(*raw, 3);
    return byte;
}

/* Most bytes of a path are above all three: one question to these. */
static bool stands_for_itself(char c)
{
    return (unsigned char)c > '/' || (c != '/' && c != '%' && c != '\0');
}

static const char above_root[] = "dot segments climb above the root";

unsigned http_path_normalize(struct slice raw, bool merge_slashes, char *out, size_t *len,
                             const char **why)
{
    if (raw.len == 0 || raw.ptr[0] != '/') {
        return http_refuse(400, why, "path does not begin with a slash");
    }
    struct path path = {.out = out, .len = 1, .segment = 1};
    bool resolved;
    out[0] = '/';
    raw = slice_from(raw, 1);
    while (raw.len > 0) {
        if (stands_for_itself(raw.ptr[0])) {
            out[path.len++] = raw.ptr[0];
            raw = slice_of(raw.ptr + 1, raw.len - 1);
            continue;
        }
        int byte = take_byte(&raw);
        if (byte <= 0) {
            return http_refuse(400, why,
                               byte == 0 ? "NUL in the path" : "invalid percent escape");
        }
        if (byte != '/') {
            out[path.len++] = (char)byte;
        } else if (!add_slash(&path, merge_slashes)) {
            return http_refuse(400, why, above_root);
        }
    }
    if (!end_segment(&path, &resolved)) {
        return http_refuse(400, why, above_root);
    }
    *len = path.len;
    return 0;
}

/* --- authority ---------------------------------------------------------------------- */

struct slice http_host_fold(struct slice host, struct arena *arena)
{
    if (slice_ends_byte(host, '.')) {
        host.len--;
    }
    size_t lower = eights_span(host, eights_capitals);
    if (lower == host.len) {
        return host;
    }
    char *folded = arena_alloc(arena, host.len);
    memcpy(folded, host.ptr, lower);
    for (size_t i = lower; i < host.len; i++) {
        folded[i] = ascii_lower(host.ptr[i]);
    }
    return slice_of(folded, host.len);
}

/* "[" IPv6address "]". IPvFuture is refused: there is no such address (RFC 3986, 3.2.2
 * asks for an error on versions that are not understood). */
static bool is_ipv6_literal(struct slice host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (host.len < 2 || host.len - 2 >= sizeof(text) || host.ptr[host.len - 1] != ']' ||
        memchr(host.ptr, '\0', host.len) != NULL) {
        return false;
    }
    memcpy(text, host.ptr + 1, host.len - 2);
    text[host.len - 2] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1;
}

static size_t literal_span(struct slice text)
{
    size_t bracket = slice_find(text, ']');
    return bracket + slice_find(slice_from(text, bracket), ':');
}

bool http_authority_split(struct slice text, struct slice *host, struct slice *port)
{
    bool literal = text.len > 0 && text.ptr[0] == '[';
    size_t host_len = literal ? literal_span(text) : span(text, HOST);
    *host = slice_of(text.ptr, host_len);
    *port = SLICE_NULL;
    if (host_len < text.len) {
        struct slice digits = slice_from(text, host_len + 1);
        uint64_t number = 0;
        if (text.ptr[host_len] != ':' ||
            (digits.len > 0 && (!slice_to_u64(digits, &number) || number > UINT16_MAX))) {
            return false;
        }
        *port = digits.len > 0 ? digits : SLICE_NULL; /* RFC 3986, 6.2.3 */
    }
    return literal ? is_ipv6_literal(*host) : host->len > 0;
}
