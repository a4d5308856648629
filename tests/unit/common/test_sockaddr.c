#include "common/sockaddr.h"
#include "tests/unit/unit.h"
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

static const struct {
    const char *text;
    const char *with_port;
    const char *without_port;
} valid[] = {
    {"127.0.0.1:80", "127.0.0.1:80", "127.0.0.1"},
    {"255.255.255.255:65535", "255.255.255.255:65535", "255.255.255.255"},
    {"10.0.0.1", "10.0.0.1:8080", "10.0.0.1"},
    {"*:1", "0.0.0.0:1", "0.0.0.0"},
    {"*", "0.0.0.0:8080", "0.0.0.0"},
    {"443", "0.0.0.0:443", "0.0.0.0"},
    {"localhost", "127.0.0.1:8080", "127.0.0.1"},
    {"LOCALHOST:81", "127.0.0.1:81", "127.0.0.1"},
    {"[::1]:80", "[::1]:80", "::1"},
    {"[::]", "[::]:8080", "::"},
    {"[2001:DB8::a]:443", "[2001:db8::a]:443", "2001:db8::a"},
    {"[::ffff:1.2.3.4]:80", "[::ffff:1.2.3.4]:80", "::ffff:1.2.3.4"},
    {"unix:/run/x.sock", "unix:/run/x.sock", "unix:/run/x.sock"},
    {"unix:a:80", "unix:a:80", "unix:a:80"},
};

START_TEST(parses_and_prints)
{
    struct sockaddr_any addr;
    ck_assert_ptr_null(sockaddr_parse(&addr, slice_str(valid[_i].text), 8080));
    char text[SOCKADDR_TEXT_MAX];
    UNIT_SLICE_EQ(sockaddr_format(&addr, true, text), valid[_i].with_port);
    ck_assert_str_eq(text, valid[_i].with_port);
    UNIT_SLICE_EQ(sockaddr_format(&addr, false, text), valid[_i].without_port);
}
END_TEST

static const struct {
    struct slice text;
    const char *error;
} invalid[] = {
    {SLICE_INIT(""), "no host"},
    {SLICE_INIT(":80"), "no host"},
    {SLICE_INIT("0"), "invalid port"},
    {SLICE_INIT("65536"), "invalid port"},
    {SLICE_INIT("99999999999999999999"), "invalid port"},
    {SLICE_INIT("*:"), "invalid port"},
    {SLICE_INIT("*:-1"), "invalid port"},
    {SLICE_INIT("*:80x"), "invalid port"},
    {SLICE_INIT("[::1]:0"), "invalid port"},
    {SLICE_INIT("[::1]80"), "invalid port"},
    {SLICE_INIT("example.org:80"), "host not found"},
    {SLICE_INIT("1.2.3:80"), "host not found"},
    {SLICE_INIT("256.0.0.1"), "host not found"},
    {SLICE_INIT("1.2.3.4\0:80"), "host not found"},
    {SLICE_INIT("[::1"), "invalid IPv6 address"},
    {SLICE_INIT("["), "invalid IPv6 address"},
    {SLICE_INIT("[]"), "invalid IPv6 address"},
    {SLICE_INIT("[127.0.0.1]:80"), "invalid IPv6 address"},
    {SLICE_INIT("[1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20]"),
     "invalid IPv6 address"},
    {SLICE_INIT("::1"), "IPv6 address without brackets"},
    {SLICE_INIT("unix:"), "no path"},
    {SLICE_INIT("unix:a\0b"), "invalid path"},
};

START_TEST(says_what_is_wrong)
{
    struct sockaddr_any addr;
    const char *error = sockaddr_parse(&addr, invalid[_i].text, 8080);
    ck_assert_ptr_nonnull(error);
    ck_assert_str_eq(error, invalid[_i].error);
}
END_TEST

START_TEST(takes_the_longest_path_and_no_longer)
{
    char text[200] = "unix:";
    memset(text + 5, 'p', sizeof(text) - 5);
    struct sockaddr_any addr;
    size_t longest = 5 + sizeof(addr.u.un.sun_path) - 1;
    ck_assert_str_eq(sockaddr_parse(&addr, slice_of(text, longest + 1), 0),
                     "path too long");
    ck_assert_ptr_null(sockaddr_parse(&addr, slice_of(text, longest), 0));
    char printed[SOCKADDR_TEXT_MAX];
    ck_assert(slice_eq(sockaddr_format(&addr, true, printed), slice_of(text, longest)));
}
END_TEST

START_TEST(prints_a_path_without_a_nul)
{
    struct sockaddr_any addr = {.u.un.sun_family = AF_UNIX, .len = sizeof(addr.u.un)};
    memset(addr.u.un.sun_path, 'p', sizeof(addr.u.un.sun_path));
    char printed[SOCKADDR_TEXT_MAX];
    ck_assert_uint_eq(sockaddr_format(&addr, true, printed).len,
                      5 + sizeof(addr.u.un.sun_path));
}
END_TEST

START_TEST(prints_a_peer_without_a_name)
{
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    struct sockaddr_any addr = {.len = sizeof(addr.u)};
    ck_assert_int_eq(getpeername(ends[0], &addr.u.sa, &addr.len), 0);
    char text[SOCKADDR_TEXT_MAX];
    UNIT_SLICE_EQ(sockaddr_format(&addr, true, text), "unix:");
    close(ends[0]);
    close(ends[1]);
}
END_TEST

static struct sockaddr_any parsed(const char *text)
{
    struct sockaddr_any addr;
    ck_assert_ptr_null(sockaddr_parse(&addr, slice_str(text), 8080));
    return addr;
}

START_TEST(compares_only_what_counts)
{
    for (int a = 0; a < ROWS(valid); a++) {
        for (int b = 0; b < ROWS(valid); b++) {
            struct sockaddr_any one = parsed(valid[a].text);
            struct sockaddr_any two = parsed(valid[b].text);
            ck_assert_int_eq(sockaddr_eq(&one, &two), a == b);
        }
    }
    struct sockaddr_any one = parsed("[::1]");
    struct sockaddr_any two = parsed("[::1]");
    two.u.in6.sin6_flowinfo = 7;
    ck_assert(sockaddr_eq(&one, &two));
    two.u.in6.sin6_scope_id = 1;
    ck_assert(!sockaddr_eq(&one, &two));
}
END_TEST

START_TEST(knows_wildcards)
{
    struct sockaddr_any addr = parsed("80");
    ck_assert(sockaddr_is_wildcard(&addr));
    addr = parsed("[::]");
    ck_assert(sockaddr_is_wildcard(&addr));
    addr = parsed("127.0.0.1");
    ck_assert(!sockaddr_is_wildcard(&addr));
    addr = parsed("[::1]");
    ck_assert(!sockaddr_is_wildcard(&addr));
    addr = parsed("unix:x");
    ck_assert(!sockaddr_is_wildcard(&addr));
}
END_TEST

START_TEST(reads_and_sets_the_port)
{
    static const char *const texts[] = {"127.0.0.1:81", "[::1]:81"};
    for (int i = 0; i < 2; i++) {
        struct sockaddr_any addr = parsed(texts[i]);
        ck_assert_uint_eq(sockaddr_port(&addr), 81);
        sockaddr_set_port(&addr, 40000);
        ck_assert_uint_eq(sockaddr_port(&addr), 40000);
    }
    struct sockaddr_any path = parsed("unix:/x");
    sockaddr_set_port(&path, 7);
    ck_assert_uint_eq(sockaddr_port(&path), 0);
    char text[SOCKADDR_TEXT_MAX];
    UNIT_SLICE_EQ(sockaddr_format(&path, true, text), "unix:/x");
}
END_TEST

START_TEST(prints_every_octet)
{
    char expected[32], text[SOCKADDR_TEXT_MAX];
    snprintf(expected, sizeof(expected), "%d.%d.%d.%d", _i, 255 - _i, _i / 2, _i % 100);
    struct sockaddr_any addr = parsed(expected);
    UNIT_SLICE_EQ(sockaddr_format(&addr, false, text), expected);
}
END_TEST

UNIT_SUITE(sockaddr)
{
    UNIT_LOOP(parses_and_prints, 0, ROWS(valid));
    UNIT_LOOP(prints_every_octet, 0, 256);
    UNIT_LOOP(says_what_is_wrong, 0, ROWS(invalid));
    UNIT_TEST(takes_the_longest_path_and_no_longer);
    UNIT_TEST(prints_a_path_without_a_nul);
    UNIT_TEST(prints_a_peer_without_a_name);
    UNIT_TEST(compares_only_what_counts);
    UNIT_TEST(knows_wildcards);
    UNIT_TEST(reads_and_sets_the_port);
}
