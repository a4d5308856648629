#include "server/http_chunked.h"
#include "tests/unit/unit.h"
#include <stdlib.h>

#define COUNT(table) (int)(sizeof(table) / sizeof(*(table)))

/* What a body came to. */
struct outcome {
    enum http_chunked_state state;
    char content[256];
    size_t len;
    size_t unread; /* bytes left in the input */
    const char *why;
};

static void drain(struct http_chunked *chunked, struct slice *input,
                  struct outcome *outcome)
{
    do {
        struct slice content;
        outcome->state = http_chunked_feed(chunked, input, &content, &outcome->why);
        ck_assert_uint_le(outcome->len + content.len, sizeof(outcome->content));
        if (content.len > 0) {
            memcpy(outcome->content + outcome->len, content.ptr, content.len);
        }
        outcome->len += content.len;
    } while (input->len > 0 && outcome->state < HTTP_CHUNKED_DONE);
}

/* Feeds the body in pieces of `step` bytes, each in memory of its own. */
static struct outcome decode(struct slice body, size_t step)
{
    struct http_chunked chunked = {0};
    struct outcome outcome = {.state = HTTP_CHUNKED_SIZE};
    while (body.len > 0 && outcome.state < HTTP_CHUNKED_DONE) {
        size_t len = step < body.len ? step : body.len;
        char *piece = malloc(len);
        memcpy(piece, body.ptr, len);
        struct slice input = slice_of(piece, len);
        drain(&chunked, &input, &outcome);
        body = slice_from(body, len - input.len);
        free(piece);
    }
    outcome.unread = body.len;
    return outcome;
}

static const struct {
    const char *body;
    const char *content;
    const char *rest;
} good[] = {
    {"0\r\n\r\n", "", ""},
    {"0\r\n\r\nGET /", "", "GET /"},
    {"5\r\nhello\r\n0\r\n\r\n", "hello", ""},
    {"1\r\na\r\n2\r\nbc\r\n00\r\n\r\nx", "abc", "x"},
    {"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", ""},
    {"0000000000000001\r\na\r\n0\r\n\r\n", "a", ""},
    {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n", ""},
    {"1;a\r\nx\r\n0;b=c\r\n\r\n", "x", ""},
    {"1 ; a = b\t;c\r\nx\r\n0\r\n\r\n", "x", ""},
    {"1;a=\"b \\\" ; \\\\ = \x80\t\"\r\nx\r\n0\r\n\r\n", "x", ""},
    {"1;a=\"\" ;b=\"\";c\r\nx\r\n0\r\n\r\n", "x", ""},
    {"0\r\nA: b\r\nC:\r\nD: \t\x80 \r\n\r\nx", "", "x"},
};

START_TEST(decodes_in_any_split)
{
    struct slice body = slice_str(good[_i].body);
    for (size_t step = 1; step <= body.len; step++) {
        struct outcome outcome = decode(body, step);
        ck_assert_int_eq(outcome.state, HTTP_CHUNKED_DONE);
        UNIT_SLICE_EQ(slice_of(outcome.content, outcome.len), good[_i].content);
        UNIT_SLICE_EQ(slice_from(body, body.len - outcome.unread), good[_i].rest);
    }
}
END_TEST

START_TEST(waits_for_every_byte)
{
    struct slice body = slice_str(good[_i].body);
    size_t whole = body.len - strlen(good[_i].rest);
    for (size_t len = 0; len < whole; len++) {
        struct outcome outcome = decode(slice_of(body.ptr, len), 1);
        ck_assert_int_lt(outcome.state, HTTP_CHUNKED_DONE);
    }
}
END_TEST

static const char *const bad[] = {
    "\r\n",
    "x\r\n",
    " 5\r\nhello\r\n",
    "+5\r\nhello\r\n",
    "-1\r\n",
    "0x5\r\nhello\r\n",
    ";a\r\n",
    "5\nhello\r\n",
    "5\rhello\r\n",
    "5\r\r\nhello",
    "5 \r\nhello\r\n",
    "5\t\r\nhello\r\n",
    "5,5\r\nhello\r\n",
    "8000000000000000\r\n",
    "ffffffffffffffff\r\n",
    "00000000000000001\r\nx\r\n",
    "10000000000000000\r\n",
    "1\r\nab\r\n",
    "1\r\na\n0\r\n\r\n",
    "1\r\na\r0\r\n\r\n",
    "1\r\na\rx0\r\n\r\n",
    "1\r\nax\n0\r\n\r\n",
    "2\r\na\r\n0\r\n\r\n",
    "1;\r\na\r\n",
    "1;;a\r\na\r\n",
    "1;=b\r\n",
    "1;a=\r\n",
    "1;a=b=c\r\n",
    "1;a b\r\n",
    "1;a \r\n",
    "1;a=b \r\n",
    "1;a\nx",
    "1;a=\"b\r\n",
    "1;a=\"b\\\r\n",
    "1;a=\"b\x01\"\r\n",
    "1;a=\"b\"c\r\n",
    "1;a=\"b\" \r\n",
    "1;a\x80\r\n",
    "1;(\r\n",
    "0\r\n\n",
    "0\r\n\r\r",
    "0\r\n: b\r\n\r\n",
    "0;a\r\n: b\r\n\r\n",
    "0\r\nA\r\n\r\n",
    "0\r\nA : b\r\n\r\n",
    "0\r\n A: b\r\n\r\n",
    "0\r\nA: b\r\n c\r\n\r\n",
    "0\r\nA: b\n\r\n",
    "0\r\nA: b\rc",
    "0\r\nA: \x01\r\n\r\n",
    "0\r\nA: \x7f\r\n\r\n",
    "0\r\n\x80: b\r\n\r\n",
};

START_TEST(refuses_in_any_split)
{
    struct slice body = slice_str(bad[_i]);
    struct outcome whole = decode(body, body.len);
    for (size_t step = 1; step <= body.len; step++) {
        struct outcome outcome = decode(body, step);
        ck_assert_msg(outcome.state == HTTP_CHUNKED_BAD, "\"%s\" was taken", bad[_i]);
        ck_assert_str_eq(outcome.why, whole.why);
    }
}
END_TEST

START_TEST(stays_bad)
{
    struct http_chunked chunked = {0};
    struct slice input = SLICE("x0\r\n\r\n"), content;
    const char *why = NULL;
    ck_assert_int_eq(http_chunked_feed(&chunked, &input, &content, &why),
                     HTTP_CHUNKED_BAD);
    size_t left = input.len;
    ck_assert_int_eq(http_chunked_feed(&chunked, &input, &content, &why),
                     HTTP_CHUNKED_BAD);
    ck_assert_uint_eq(input.len, left);
}
END_TEST

START_TEST(refuses_a_nul)
{
    ck_assert_int_eq(decode(SLICE("1;a=\"\0\"\r\n"), 1).state, HTTP_CHUNKED_BAD);
    ck_assert_int_eq(decode(SLICE("0\r\nA: \0\r\n\r\n"), 1).state, HTTP_CHUNKED_BAD);
}
END_TEST

/* Feeds a text again and again; returns how many of its bytes were taken before BAD. */
static size_t feed_until_bad(const char *start, const char *again)
{
    struct http_chunked chunked = {0};
    struct slice input = slice_str(start), content;
    const char *why;
    size_t taken = 0;
    while (input.len > 0) {
        ck_assert_int_lt(http_chunked_feed(&chunked, &input, &content, &why),
                         HTTP_CHUNKED_DONE);
    }
    for (;;) {
        struct slice one = slice_of(again + taken % strlen(again), 1);
        if (http_chunked_feed(&chunked, &one, &content, &why) == HTTP_CHUNKED_BAD) {
            return taken;
        }
        taken++;
        ck_assert_uint_lt(taken, 100000);
    }
}

START_TEST(bounds_extensions_and_trailers)
{
    ck_assert_uint_eq(feed_until_bad("1;", "x"), 4095);
    /* over all chunks: 5 bytes of extension in each of 11 */
    ck_assert_uint_eq(feed_until_bad("", "1;abcd\r\nx\r\n"), 4096 / 5 * 11 + 2);
    ck_assert_uint_eq(feed_until_bad("0\r\nA:", "x"), 8190);
    /* a line feed is not counted */
    ck_assert_uint_eq(feed_until_bad("0\r\n", "A: b\r\n"), 8192 / 5 * 6 + 2);
}
END_TEST

START_TEST(takes_the_largest_size)
{
    struct http_chunked chunked = {0};
    struct slice input = SLICE("7fffffffffffffff\r\nabc"), content;
    const char *why;
    ck_assert_int_eq(http_chunked_feed(&chunked, &input, &content, &why),
                     HTTP_CHUNKED_DATA);
    UNIT_SLICE_EQ(content, "abc");
    ck_assert_uint_eq(chunked.left, INT64_MAX - 3);
}
END_TEST

UNIT_SUITE(http_chunked)
{
    UNIT_LOOP(decodes_in_any_split, 0, COUNT(good));
    UNIT_LOOP(waits_for_every_byte, 0, COUNT(good));
    UNIT_LOOP(refuses_in_any_split, 0, COUNT(bad));
    UNIT_TEST(stays_bad);
    UNIT_TEST(refuses_a_nul);
    UNIT_TEST(bounds_extensions_and_trailers);
    UNIT_TEST(takes_the_largest_size);
}
