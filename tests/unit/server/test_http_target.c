#include "server/http_target.h"
#include "tests/unit/unit.h"

#define COUNT(table) (int)(sizeof(table) / sizeof(*(table)))

static void check(struct slice got, const char *expected)
{
    if (expected == NULL) {
        ck_assert_ptr_null(got.ptr);
    } else {
        ck_assert_ptr_nonnull(got.ptr);
        UNIT_SLICE_EQ(got, expected);
    }
}

static const struct {
    enum http_method method;
    const char *text;
    enum http_target_form form;
    const char *authority, *path, *query;
} good[] = {
    {HTTP_GET, "/", HTTP_TARGET_ORIGIN, NULL, "/", NULL},
    {HTTP_GET, "/?", HTTP_TARGET_ORIGIN, NULL, "/", ""},
    {HTTP_GET, "/a%20b/c;d=e,f?x=y?/&z", HTTP_TARGET_ORIGIN, NULL, "/a%20b/c;d=e,f",
     "x=y?/&z"},
    {HTTP_GET, "//x:y@z/", HTTP_TARGET_ORIGIN, NULL, "//x:y@z/", NULL},
    {HTTP_GET, "/-._~!$&'()*+,;=:@", HTTP_TARGET_ORIGIN, NULL, "/-._~!$&'()*+,;=:@",
     NULL},
    {HTTP_GET, "/[a]|^?[b]|^\\`{}", HTTP_TARGET_ORIGIN, NULL, "/[a]|^", "[b]|^\\`{}"},
    {HTTP_METHOD_OTHER, "/", HTTP_TARGET_ORIGIN, NULL, "/", NULL},
    {HTTP_OPTIONS, "*", HTTP_TARGET_ASTERISK, NULL, "*", NULL},
    {HTTP_GET, "http://h/p?q", HTTP_TARGET_ABSOLUTE, "h", "/p", "q"},
    {HTTP_GET, "http://h", HTTP_TARGET_ABSOLUTE, "h", "/", NULL},
    {HTTP_GET, "http://h?q", HTTP_TARGET_ABSOLUTE, "h", "/", "q"},
    {HTTP_GET, "HtTpS://[::1]:8080//", HTTP_TARGET_ABSOLUTE, "[::1]:8080", "//", NULL},
    {HTTP_CONNECT, "h:443", HTTP_TARGET_AUTHORITY, "h:443", NULL, NULL},
    {HTTP_CONNECT, "[::1]:443", HTTP_TARGET_AUTHORITY, "[::1]:443", NULL, NULL},
};

START_TEST(parses_the_four_forms)
{
    struct http_target target;
    const char *why = NULL;
    unsigned status =
        http_target_parse(&target, slice_str(good[_i].text), good[_i].method, &why);
    ck_assert_msg(status == 0, "%s: %s", good[_i].text, why);
    ck_assert_int_eq(target.form, good[_i].form);
    check(target.authority, good[_i].authority);
    check(target.path, good[_i].path);
    check(target.query, good[_i].query);
}
END_TEST

static const struct {
    enum http_method method;
    const char *text;
    const char *why; /* a part of it */
} bad[] = {
    {HTTP_GET, "", "no known form"},
    {HTTP_GET, "*", "OPTIONS only"},
    {HTTP_OPTIONS, "**", "no known form"},
    {HTTP_GET, "a/b", "no known form"},
    {HTTP_GET, "?q", "no known form"},
    {HTTP_GET, "h:80", "no known form"},
    {HTTP_GET, "ftp://h/", "no known form"},
    {HTTP_GET, "http:/h/", "no known form"},
    {HTTP_GET, "http//h/", "no known form"},
    {HTTP_GET, "http://", "authority"},
    {HTTP_GET, "http:///p", "authority"},
    {HTTP_GET, "http://:80/", "authority"},
    {HTTP_GET, "http://u@h/", "authority"},
    {HTTP_GET, "http://u:p@h/", "authority"},
    {HTTP_GET, "http://h:x/", "authority"},
    {HTTP_GET, "http://h#f", "fragment"},
    {HTTP_GET, "http://h/#f", "fragment"},
    {HTTP_GET, "/#", "fragment"},
    {HTTP_GET, "/a?b#c", "fragment"},
    {HTTP_GET, "/\xc3\xa4", "non-ASCII"},
    {HTTP_GET, "/?\x80", "non-ASCII"},
    {HTTP_GET, "/%", "percent escape"},
    {HTTP_GET, "/%4", "percent escape"},
    {HTTP_GET, "/%4g", "percent escape"},
    {HTTP_GET, "/%g4", "percent escape"},
    {HTTP_GET, "/%%41", "percent escape"},
    {HTTP_GET, "/a?%u0041", "percent escape"},
    {HTTP_GET, "/\"", "invalid character"},
    {HTTP_GET, "/<", "invalid character"},
    {HTTP_GET, "/>", "invalid character"},
    {HTTP_GET, "/\\", "invalid character"},
    {HTTP_GET, "/{", "invalid character"},
    {HTTP_GET, "/?<", "invalid character"},
    {HTTP_GET, "/a b", "invalid character"},
    {HTTP_GET, "/\t", "invalid character"},
    {HTTP_GET, "/\x7f", "invalid character"},
    {HTTP_CONNECT, "/", "CONNECT"},
    {HTTP_CONNECT, "h", "CONNECT"},
    {HTTP_CONNECT, "h:", "CONNECT"},
    {HTTP_CONNECT, ":80", "CONNECT"},
    {HTTP_CONNECT, "h:65536", "CONNECT"},
    {HTTP_CONNECT, "http://h:80/", "CONNECT"},
    {HTTP_CONNECT, "*", "CONNECT"},
};

START_TEST(refuses_the_rest)
{
    struct http_target target;
    const char *why = NULL;
    ck_assert_uint_eq(
        http_target_parse(&target, slice_str(bad[_i].text), bad[_i].method, &why), 400);
    ck_assert_msg(strstr(why, bad[_i].why) != NULL, "%s: %s", bad[_i].text, why);
}
END_TEST

START_TEST(refuses_a_nul)
{
    struct http_target target;
    const char *why;
    ck_assert_uint_eq(http_target_parse(&target, SLICE("/\0"), HTTP_GET, &why), 400);
    struct slice host, port;
    ck_assert(!http_authority_split(SLICE("[::1\0]"), &host, &port));
    ck_assert(!http_authority_split(SLICE("h\0"), &host, &port));
    ck_assert_uint_eq(http_target_parse(&target, SLICE("http://h\0/"), HTTP_GET, &why),
                      400);
}
END_TEST

static const struct {
    const char *raw;
    const char *merged; /* NULL: refused */
    const char *whole;  /* without merging; NULL: the same */
} paths[] = {
    {"/", "/", NULL},
    {"/a/b.html", "/a/b.html", NULL},
    {"/a%20b%41", "/a bA", NULL},
    {"/%ff%01%7F", "/\xff\x01\x7f", NULL},
    {"/a%2fb%2F", "/a/b/", NULL},
    {"/%252e", "/%2e", NULL},
    {"/.", "/", NULL},
    {"/./", "/", NULL},
    {"/./.", "/", NULL},
    {"/a/.", "/a/", NULL},
    {"/a/./b", "/a/b", NULL},
    {"/a/..", "/", NULL},
    {"/a/../", "/", NULL},
    {"/a/b/../c", "/a/c", NULL},
    {"/a/b/../../c", "/c", NULL},
    {"/a/%2e%2E/b", "/b", NULL},
    {"/a/.%2e/b", "/b", NULL},
    {"/a%2f..%2fb", "/b", NULL},
    {"/a/%2e/b", "/a/b", NULL},
    {"/..a/.b/c../...", "/..a/.b/c../...", NULL},
    {"/a/...", "/a/...", NULL},
    {"//", "/", "//"},
    {"///a//b//", "/a/b/", "///a//b//"},
    {"/a//../b", "/b", "/a/b"},
    {"/a//./b", "/a/b", "/a//b"},
    {"/a/%2f/b", "/a/b", "/a///b"},
    {"/a/..//b", "/b", "//b"},
    {"/..", NULL, NULL},
    {"/../", NULL, NULL},
    {"/../a", NULL, NULL},
    {"/a/../..", NULL, NULL},
    {"/a/../../b", NULL, NULL},
    {"/%2e%2e/a", NULL, NULL},
    {"/%2e%2e%2fa", NULL, NULL},
    {"/.%2e", NULL, NULL},
    {"/a/b/../../../etc", NULL, NULL},
    {"/./..", NULL, NULL},
    {"/%00", NULL, NULL},
    {"/a%00.html", NULL, NULL},
    {"/%", NULL, NULL},
    {"/%1", NULL, NULL},
    {"/%zz", NULL, NULL},
    {"", NULL, NULL},
    {"a", NULL, NULL},
    {"%2fa", NULL, NULL},
};

static void check_path(struct slice raw, bool merge, const char *expected)
{
    char out[64];
    size_t len = 0;
    const char *why = NULL;
    unsigned status = http_path_normalize(raw, merge, out, &len, &why);
    if (expected == NULL) {
        ck_assert_msg(status == 400, "%.*s was taken", SLICE_ARG(raw));
        ck_assert_ptr_nonnull(why);
        return;
    }
    ck_assert_uint_eq(status, 0);
    ck_assert_uint_le(len, raw.len);
    UNIT_SLICE_EQ(slice_of(out, len), expected);
}

START_TEST(normalizes_paths)
{
    struct slice raw = slice_str(paths[_i].raw);
    const char *whole = paths[_i].whole;
    check_path(raw, true, paths[_i].merged);
    check_path(raw, false, whole == NULL ? paths[_i].merged : whole);
}
END_TEST

START_TEST(reads_nothing_after_the_end)
{
    struct http_target target;
    const char *why;
    struct slice cut = slice_of("/%41", 3);
    ck_assert_uint_eq(http_target_parse(&target, cut, HTTP_GET, &why), 400);
    check_path(cut, true, NULL);
    check_path(slice_of("/", 0), true, NULL);
}
END_TEST

START_TEST(climbs_only_as_far_as_empty_segments_go)
{
    check_path(SLICE("//.."), false, "/");
    check_path(SLICE("//.."), true, NULL);
    check_path(SLICE("//../.."), false, NULL);
}
END_TEST

START_TEST(folds_hosts)
{
    struct arena *arena = arena_create(64);
    UNIT_SLICE_EQ(http_host_fold(SLICE("ExAmple.COM"), arena), "example.com");
    UNIT_SLICE_EQ(http_host_fold(SLICE("a.b."), arena), "a.b");
    UNIT_SLICE_EQ(http_host_fold(SLICE("a.."), arena), "a.");
    UNIT_SLICE_EQ(http_host_fold(SLICE("."), arena), "");
    UNIT_SLICE_EQ(http_host_fold(SLICE(""), arena), "");
    UNIT_SLICE_EQ(http_host_fold(SLICE("[FE80::1]"), arena), "[fe80::1]");
    UNIT_SLICE_EQ(http_host_fold(SLICE("www.example.Org"), arena), "www.example.org");
    UNIT_SLICE_EQ(http_host_fold(SLICE("@[`{az09-."), arena), "@[`{az09-");
    UNIT_SLICE_EQ(http_host_fold(SLICE("@AZ["), arena), "@az[");
    UNIT_SLICE_EQ(http_host_fold(SLICE("xyZ"), arena), "xyz");
    struct slice folded = SLICE("www.example.org");
    ck_assert_ptr_eq(http_host_fold(folded, arena).ptr, folded.ptr);
    arena_destroy(arena);
}
END_TEST

static const struct {
    const char *text, *host, *port; /* host NULL: refused */
} authorities[] = {
    {"h", "h", NULL},
    {"example.com.:80", "example.com.", "80"},
    {"a_b-c~d!$&'()*+,;=", "a_b-c~d!$&'()*+,;=", NULL},
    {"%41b", "%41b", NULL},
    {"127.0.0.1:8080", "127.0.0.1", "8080"},
    {"h:", "h", NULL},
    {"h:0", "h", "0"},
    {"h:00080", "h", "00080"},
    {"h:65535", "h", "65535"},
    {"[::1]", "[::1]", NULL},
    {"[::1]:80", "[::1]", "80"},
    {"[::1]:", "[::1]", NULL},
    {"[2001:DB8::ffff:1.2.3.4]", "[2001:DB8::ffff:1.2.3.4]", NULL},
    {"", NULL, NULL},
    {":80", NULL, NULL},
    {"u@h", NULL, NULL},
    {"u:p@h:80", NULL, NULL},
    {"h:65536", NULL, NULL},
    {"h:99999999999999999999", NULL, NULL},
    {"h:-1", NULL, NULL},
    {"h:+1", NULL, NULL},
    {"h: 80", NULL, NULL},
    {"h:80:80", NULL, NULL},
    {"h:8a", NULL, NULL},
    {"a b", NULL, NULL},
    {"a/b", NULL, NULL},
    {"a\\b", NULL, NULL},
    {"a?b", NULL, NULL},
    {"a#b", NULL, NULL},
    {"a[b", NULL, NULL},
    {"a,b@c", NULL, NULL},
    {"\"a\"", NULL, NULL},
    {"<a>", NULL, NULL},
    {"a|b", NULL, NULL},
    {"a^b", NULL, NULL},
    {"%4", NULL, NULL},
    {"%zz", NULL, NULL},
    {"h\x80", NULL, NULL},
    {"::1", NULL, NULL},
    {"[", NULL, NULL},
    {"[]", NULL, NULL},
    {"[::1", NULL, NULL},
    {"[::1]x", NULL, NULL},
    {"[::1]x:80", NULL, NULL},
    {"[1.2.3.4]", NULL, NULL},
    {"[::1%25eth0]", NULL, NULL},
    {"[::12345]", NULL, NULL},
    {"[1:2:3:4:5:6:7:8:9]", NULL, NULL},
    {"[v1.a]", NULL, NULL},
    {"[00000000000000000000000000000000000000000000000000000::1]", NULL, NULL},
};

START_TEST(splits_authorities)
{
    struct slice host, port;
    bool valid = http_authority_split(slice_str(authorities[_i].text), &host, &port);
    ck_assert_msg(valid == (authorities[_i].host != NULL), "%s", authorities[_i].text);
    if (valid) {
        check(host, authorities[_i].host);
        check(port, authorities[_i].port);
    }
}
END_TEST

UNIT_SUITE(http_target)
{
    UNIT_LOOP(parses_the_four_forms, 0, COUNT(good));
    UNIT_LOOP(refuses_the_rest, 0, COUNT(bad));
    UNIT_TEST(refuses_a_nul);
    UNIT_LOOP(normalizes_paths, 0, COUNT(paths));
    UNIT_TEST(reads_nothing_after_the_end);
    UNIT_TEST(climbs_only_as_far_as_empty_segments_go);
    UNIT_TEST(folds_hosts);
    UNIT_LOOP(splits_authorities, 0, COUNT(authorities));
}
