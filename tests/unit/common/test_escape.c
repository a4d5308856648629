#include "common/escape.h"
#include "tests/unit/unit.h"
#include <stdlib.h>

typedef bool escape(struct buf *out, struct slice text);

#define TEXT(literal) SLICE_INIT(literal)

static const struct {
    escape *function;
    struct slice text;
    const char *expected;
} rows[] = {
    {escape_log, TEXT(""), ""},
    {escape_log, TEXT("GET /a b~ HTTP/1.1"), "GET /a b~ HTTP/1.1"},
    {escape_log, TEXT("a\"b\\c"), "a\\x22b\\x5Cc"},
    {escape_log, TEXT("\0\n\x1f\x7f"), "\\x00\\x0A\\x1F\\x7F"},
    {escape_log, TEXT("\xc3\xa4\xff"), "\\xC3\\xA4\\xFF"},
    {escape_line, TEXT("\0\t\r\n\x1f\x7f"), "\\x00\\x09\\x0D\\x0A\\x1F\\x7F"},
    {escape_line, TEXT("say \"hi\" \\ \xc3\xa4\xff"), "say \"hi\" \\ \xc3\xa4\xff"},

    {escape_json, TEXT("a/b ~\x7f"), "a/b ~\x7f"},
    {escape_json, TEXT("\"\\\b\f\n\r\t"), "\\\"\\\\\\b\\f\\n\\r\\t"},
    {escape_json, TEXT("\0\x1f"), "\\u0000\\u001f"},
    {escape_json, TEXT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
     "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
    {escape_json, TEXT("a\xff!"), "a\xef\xbf\xbd!"},
    {escape_json, TEXT("\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd"},

    {escape_html, TEXT("<a href=\"x\" id='y'>&"),
     "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;"},
    {escape_html, TEXT("a\tb\nc\rd\x7f"), "a\tb\nc\rd\x7f"},
    {escape_html, TEXT("\0\x1b"), "\xef\xbf\xbd\xef\xbf\xbd"},
    {escape_html, TEXT("\xc3\xa4\xc3"), "\xc3\xa4\xef\xbf\xbd"},

    {escape_uri_path, TEXT("/a-b._~/0Z"), "/a-b._~/0Z"},
    {escape_uri_path, TEXT("!$&'()*+,;=:@"), "!$&'()*+,;=:@"},
    {escape_uri_path, TEXT("?#[]%\" <>\\^`{|}"),
     "%3F%23%5B%5D%25%22%20%3C%3E%5C%5E%60%7B%7C%7D"},
    {escape_uri_path, TEXT("\0\x7f\xc3\xa4"), "%00%7F%C3%A4"},
};

START_TEST(escapes)
{
    struct buf out = {0};
    ck_assert(rows[_i].function(&out, rows[_i].text));
    UNIT_SLICE_EQ(buf_slice(&out), rows[_i].expected);
    buf_free(&out);
}
END_TEST

static escape *const functions[] = {escape_log, escape_json, escape_html,
                                    escape_uri_path};

/* What a text of any length becomes is what its bytes become, wherever the one that is
 * not plain stands: texts are looked at eight bytes at a time, and the last eight again.
 * Each is in a block of its own size, so that the sanitizers see a byte too many. */
static void compare_with_its_bytes(struct slice text)
{
    static bool (*const all[])(struct buf *, struct slice) = {
        escape_log, escape_line, escape_json, escape_html, escape_uri_path,
    };
    for (size_t kind = 0; kind < sizeof(all) / sizeof(all[0]); kind++) {
        struct buf whole = {0}, single = {0};
        all[kind](&whole, text);
        for (size_t at = 0; at < text.len; at++) {
            all[kind](&single, slice_of(text.ptr + at, 1));
        }
        ck_assert(slice_eq(buf_slice(&whole), buf_slice(&single)));
        buf_free(&whole);
        buf_free(&single);
    }
}

START_TEST(escapes_at_every_place)
{
    static const char specials[] = "\"\\&<>'%\x01\x1f\x7f ~";
    size_t len = (size_t)_i;
    for (size_t i = 0; i < len * (sizeof(specials) - 1); i++) {
        char *bytes = memset(malloc(len), 'a', len);
        bytes[i % len] = specials[i / len];
        struct slice text = slice_of(bytes, len);
        compare_with_its_bytes(text);
        free(bytes);
    }
}
END_TEST

START_TEST(escapes_nothing_and_null)
{
    struct buf out = {0};
    ck_assert(functions[_i](&out, SLICE_NULL));
    ck_assert_uint_eq(out.len, 0);
    buf_free(&out);
}
END_TEST

START_TEST(says_when_the_limit_is_reached)
{
    static const struct slice text = SLICE_INIT("abc<\"%\n\xff>");
    struct buf whole = {0};
    ck_assert(functions[_i](&whole, text));
    for (size_t limit = 1; limit <= whole.len; limit++) {
        struct buf out = {.limit = limit};
        ck_assert_int_eq(functions[_i](&out, text), limit == whole.len);
        ck_assert(slice_starts(buf_slice(&whole), buf_slice(&out)));
        buf_free(&out);
    }
    buf_free(&whole);
}
END_TEST

static const struct {
    struct slice text;
    size_t len;
} sequences[] = {
    {TEXT(""), 0},
    {TEXT("a\xff"), 1},
    {TEXT("\0"), 1},
    {TEXT("\x80"), 0},
    {TEXT("\xc1\xbf"), 0}, /* overlong */
    {TEXT("\xc2\x80"), 2},
    {TEXT("\xc2"), 0},
    {TEXT("\xdf\xc0"), 0},
    {TEXT("\xe0\x9f\xbf"), 0}, /* overlong */
    {TEXT("\xe0\xa0\x80"), 3},
    {TEXT("\xed\x9f\xbf"), 3},
    {TEXT("\xed\xa0\x80"), 0}, /* a surrogate */
    {TEXT("\xef\xbf\x7f"), 0},
    {TEXT("\xf0\x8f\xbf\xbf"), 0}, /* overlong */
    {TEXT("\xf0\x90\x80\x80"), 4},
    {TEXT("\xf4\x8f\xbf\xbf"), 4},
    {TEXT("\xf4\x90\x80\x80"), 0}, /* past U+10FFFF */
    {TEXT("\xf1\x80\x80"), 0},
    {TEXT("\xf5\x80\x80\x80"), 0},
    {{"\xc2\x80", 1}, 0}, /* the rest is outside the slice */
    {{"\xf0\x90\x80\x80", 3}, 0},
};

START_TEST(measures_utf8)
{
    ck_assert_uint_eq(escape_utf8_len(sequences[_i].text), sequences[_i].len);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

UNIT_SUITE(escape)
{
    UNIT_LOOP(escapes, 0, ROWS(rows));
    UNIT_LOOP(escapes_at_every_place, 1, 25);
    UNIT_LOOP(escapes_nothing_and_null, 0, ROWS(functions));
    UNIT_LOOP(says_when_the_limit_is_reached, 0, ROWS(functions));
    UNIT_LOOP(measures_utf8, 0, ROWS(sequences));
}
