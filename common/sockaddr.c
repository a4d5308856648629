#include "common/sockaddr.h"
#include "common/decimal.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define UNIX_PREFIX SLICE("unix:")

static const char *parse_path(struct sockaddr_any *out, struct slice path)
{
    if (path.len == 0) {
        return "no path";
    }
    if (path.len >= sizeof(out->u.un.sun_path)) {
        return "path too long";
    }
    if (slice_find(path, '\0') != path.len) {
        return "invalid path";
    }
    out->u.un.sun_family = AF_UNIX;
    memcpy(out->u.un.sun_path, path.ptr, path.len);
    out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len + 1);
    return NULL;
}

static const char *parse_port(struct slice text, uint16_t *port)
{
    uint64_t value;
    if (!slice_to_u64(text, &value) || value == 0 || value > UINT16_MAX) {
        return "invalid port";
    }
    *port = (uint16_t)value;
    return NULL;
}

/* inet_pton wants a string: copies the host, which may hold a NUL of its own. */
static bool parse_host(int family, struct slice host, void *address)
{
    char copy[INET6_ADDRSTRLEN];
    if (host.len >= sizeof(copy) || slice_find(host, '\0') != host.len) {
        return false;
    }
    memcpy(copy, host.ptr, host.len);
    copy[host.len] = '\0';
    return inet_pton(family, copy, address) == 1;
}

static const char *parse_ipv6(struct sockaddr_any *out, struct slice text, uint16_t port)
{
    size_t end = slice_find(text, ']');
    if (end == text.len ||
        !parse_host(AF_INET6, slice_of(text.ptr + 1, end - 1), &out->u.in6.sin6_addr)) {
        return "invalid IPv6 address";
    }
    struct slice rest = slice_from(text, end + 1);
    if (rest.len != 0) {
        const char *error =
            rest.ptr[0] == ':' ? parse_port(slice_from(rest, 1), &port) : "invalid port";
        if (error != NULL) {
            return error;
        }
    }
    out->u.in6.sin6_family = AF_INET6;
    out->u.in6.sin6_port = htons(port);
    out->len = sizeof(out->u.in6);
    return NULL;
}

static bool parse_ipv4_host(struct slice host, struct in_addr *address)
{
    if (slice_eq(host, SLICE("*"))) {
        address->s_addr = htonl(INADDR_ANY);
        return true;
    }
    if (slice_eq_nocase(host, SLICE("localhost"))) {
        address->s_addr = htonl(INADDR_LOOPBACK);
        return true;
    }
    return parse_host(AF_INET, host, address);
}

static const char *parse_ipv4(struct sockaddr_any *out, struct slice text, uint16_t port)
{
    size_t colon = slice_find(text, ':');
    if (colon != slice_rfind(text, ':')) {
        return "IPv6 address without brackets";
    }
    struct slice host = slice_of(text.ptr, colon);
    if (host.len == 0) {
        return "no host";
    }
    if (colon < text.len) {
        const char *error = parse_port(slice_from(text, colon + 1), &port);
        if (error != NULL) {
            return error;
        }
    }
    if (!parse_ipv4_host(host, &out->u.in.sin_addr)) {
        return "host not found";
    }
    out->u.in.sin_family = AF_INET;
    out->u.in.sin_port = htons(port);
    out->len = sizeof(out->u.in);
    return NULL;
}

static bool all_digits(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_isdigit(text.ptr[i])) {
            return false;
        }
    }
    return text.len != 0;
}

const char *sockaddr_parse(struct sockaddr_any *out, struct slice text,
                           uint16_t default_port)
{
    memset(out, 0, sizeof(*out));
    if (slice_starts(text, UNIX_PREFIX)) {
        return parse_path(out, slice_from(text, UNIX_PREFIX.len));
    }
    if (all_digits(text)) {
        const char *error = parse_port(text, &default_port);
        return error != NULL ? error : parse_ipv4(out, SLICE("*"), default_port);
    }
    if (text.len != 0 && text.ptr[0] == '[') {
        return parse_ipv6(out, text, default_port);
    }
    return parse_ipv4(out, text, default_port);
}

static char *put_number(char *at, unsigned value)
{
    char room[DECIMAL_MAX];
    struct slice digits = decimal_format(value, room);
    memcpy(at, digits.ptr, digits.len);
    return at + digits.len;
}

/* octet / 10, for which small code would divide: that takes longer than all the rest. */
static unsigned tenth(unsigned octet)
{
    return octet * 205 >> 11;
}

static char *put_octet(char *at, unsigned octet)
{
    unsigned tens = tenth(octet);
    unsigned hundreds = tenth(tens);
    if (hundreds != 0) {
        *at++ = (char)('0' + hundreds);
    }
    if (tens != 0) {
        *at++ = (char)('0' + tens - 10 * hundreds);
    }
    *at++ = (char)('0' + octet - 10 * tens);
    return at;
}

/* By hand: it runs once a request, and inet_ntop goes through printf. */
static char *put_ipv4(char *at, struct in_addr address)
{
    uint32_t host = ntohl(address.s_addr);
    for (int shift = 24; shift >= 0; shift -= 8) {
        at = put_octet(at, host >> shift & 0xff);
        if (shift != 0) {
            *at++ = '.';
        }
    }
    return at;
}

static char *put_ipv6(char *at, const struct in6_addr *address, bool brackets)
{
    if (brackets) {
        *at++ = '[';
    }
    inet_ntop(AF_INET6, address, at, INET6_ADDRSTRLEN);
    at += strlen(at);
    if (brackets) {
        *at++ = ']';
    }
    return at;
}

/* The path, empty for a socket without a name. It need not end in a NUL. */
static struct slice unix_path(const struct sockaddr_any *addr)
{
    const size_t offset = offsetof(struct sockaddr_un, sun_path);
    size_t room = addr->len > offset ? addr->len - offset : 0;
    return slice_of(addr->u.un.sun_path, strnlen(addr->u.un.sun_path, room));
}

static char *put_unix(char *at, const struct sockaddr_any *addr)
{
    struct slice path = unix_path(addr);
    memcpy(at, UNIX_PREFIX.ptr, UNIX_PREFIX.len);
    memcpy(at + UNIX_PREFIX.len, path.ptr, path.len);
    return at + UNIX_PREFIX.len + path.len;
}

struct slice sockaddr_format(const struct sockaddr_any *addr, bool with_port,
                             char text[SOCKADDR_TEXT_MAX])
{
    _Static_assert(sizeof("unix:") + sizeof(addr->u.un.sun_path) <= SOCKADDR_TEXT_MAX,
                   "a path must fit the text");
    char *at = text;
    if (addr->u.sa.sa_family == AF_INET) {
        at = put_ipv4(at, addr->u.in.sin_addr);
    } else if (addr->u.sa.sa_family == AF_INET6) {
        at = put_ipv6(at, &addr->u.in6.sin6_addr, with_port);
    } else {
        at = put_unix(at, addr);
        with_port = false;
    }
    if (with_port) {
        *at++ = ':';
        at = put_number(at, sockaddr_port(addr));
    }
    *at = '\0';
    return slice_of(text, (size_t)(at - text));
}

static bool ipv6_eq(const struct sockaddr_in6 *a, const struct sockaddr_in6 *b)
{
    return a->sin6_port == b->sin6_port && a->sin6_scope_id == b->sin6_scope_id &&
           memcmp(&a->sin6_addr, &b->sin6_addr, sizeof(a->sin6_addr)) == 0;
}

bool sockaddr_eq(const struct sockaddr_any *a, const struct sockaddr_any *b)
{
    if (a->u.sa.sa_family != b->u.sa.sa_family) {
        return false;
    }
    if (a->u.sa.sa_family == AF_INET) {
        return a->u.in.sin_port == b->u.in.sin_port &&
               a->u.in.sin_addr.s_addr == b->u.in.sin_addr.s_addr;
    }
    if (a->u.sa.sa_family == AF_INET6) {
        return ipv6_eq(&a->u.in6, &b->u.in6);
    }
    return slice_eq(unix_path(a), unix_path(b));
}

bool sockaddr_is_wildcard(const struct sockaddr_any *addr)
{
    if (addr->u.sa.sa_family == AF_INET) {
        return addr->u.in.sin_addr.s_addr == htonl(INADDR_ANY);
    }
    return addr->u.sa.sa_family == AF_INET6 &&
           IN6_IS_ADDR_UNSPECIFIED(&addr->u.in6.sin6_addr);
}

uint16_t sockaddr_port(const struct sockaddr_any *addr)
{
    if (addr->u.sa.sa_family == AF_INET) {
        return ntohs(addr->u.in.sin_port);
    }
    return addr->u.sa.sa_family == AF_INET6 ? ntohs(addr->u.in6.sin6_port) : 0;
}

void sockaddr_set_port(struct sockaddr_any *addr, uint16_t port)
{
    if (addr->u.sa.sa_family == AF_INET) {
        addr->u.in.sin_port = htons(port);
    } else if (addr->u.sa.sa_family == AF_INET6) {
        addr->u.in6.sin6_port = htons(port);
    }
}
