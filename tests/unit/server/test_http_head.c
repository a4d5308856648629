#include "server/http_head.h"
#include "tests/unit/server/parsed_head.h"
#include "tests/unit/unit.h"

#define COUNT(table) (int)(sizeof(table) / sizeof(*(table)))

static const struct http_limits limits = {.line = 20, .section = 40, .fields = 4};

/* Scans the text as it comes in steps of `step` bytes. */
static enum http_scan scan_in_steps(struct slice text, size_t step, size_t *head_len)
{
    struct http_scanner scanner = {0};
    enum http_scan result = HTTP_SCAN_MORE;
    for (size_t len = 0; result == HTTP_SCAN_MORE && len < text.len;) {
        len = len + step < text.len ? len + step : text.len;
        result = http_head_scan(&scanner, slice_of(text.ptr, len), &limits, head_len);
    }
    return result;
}

static const struct {
    const char *text;
    enum http_scan result;
    size_t head_len;
} scans[] = {
    {"", HTTP_SCAN_MORE, 0},
    {"G", HTTP_SCAN_MORE, 0},
    {"GET / HTTP/1.1\r\n", HTTP_SCAN_MORE, 0},
    {"GET / HTTP/1.1\r\n\r", HTTP_SCAN_MORE, 0},
    {"GET / HTTP/1.1\r\n\r\n", HTTP_SCAN_COMPLETE, 18},
    {"GET / HTTP/1.1\r\nA: b\r\n\r\nnext", HTTP_SCAN_COMPLETE, 24},
    {"\r\nGET / HTTP/1.1\r\n\r\n", HTTP_SCAN_COMPLETE, 20},
    {"\r\n\r\nGET / HTTP/1.1\r\n\r\n", HTTP_SCAN_BAD, 0},
    {"GET /456789012345678", HTTP_SCAN_MORE, 0},
    {"GET /4567 HTTP/1.1 0\r\n\r\n", HTTP_SCAN_COMPLETE, 24},
    {"GET /45678901234567 9", HTTP_SCAN_TOO_LONG_LINE, 0},
    {"GET /45678901234567 9\n", HTTP_SCAN_TOO_LONG_LINE, 0},
    {"ABCDEFGHIJKLMNOPQRST", HTTP_SCAN_MORE, 0},
    {"ABCDEFGHIJKLMNOPQRST ", HTTP_SCAN_TOO_LONG_METHOD, 0},
    {"\r\nABCDEFGHIJKLMNOPQRSTU", HTTP_SCAN_TOO_LONG_METHOD, 0},
    {"ABCDEFGHIJKLMNOPQRS /", HTTP_SCAN_TOO_LONG_LINE, 0},
    {"ABCDEFGHIJKLMNOPQRS((", HTTP_SCAN_TOO_LONG_LINE, 0},
    {"\r\nGET /45678901234567 ", HTTP_SCAN_MORE, 0},
    {"\r\nGET /45678901234567 9", HTTP_SCAN_TOO_LONG_LINE, 0},
    {"G / HTTP/1.1\r\nA: 345678901234567\r\nB: 345678901234567\r\n\r\n",
     HTTP_SCAN_COMPLETE, 56},
    {"G / HTTP/1.1\r\nA: 345678901234567\r\nB: 3456789012345678\r\n\r\n",
     HTTP_SCAN_TOO_LONG_SECTION, 0},
    {"G / HTTP/1.1\r\nA: 45678901234567890", HTTP_SCAN_MORE, 0},
    {"G / HTTP/1.1\r\nA: 45678901234567890\r\n", HTTP_SCAN_MORE, 0},
    {"G / HTTP/1.1\r\nA: 456789012345678901", HTTP_SCAN_TOO_LONG_SECTION, 0},
    {"G / HTTP/1.1\r\nA: 456789012345678901\n", HTTP_SCAN_TOO_LONG_SECTION, 0},
    {"G / HTTP/1.1\r\nA: 345678901234567\r\nB: 345678901234567\r\nC",
     HTTP_SCAN_TOO_LONG_SECTION, 0},
    {"\r\nG / HTTP/1.1\r\nA: 345678901234567\r\nB: 345678901234567\r\n\r\n",
     HTTP_SCAN_COMPLETE, 58},
    {"GET / HTTP/1.1\n", HTTP_SCAN_BAD, 0},
    {"GET / HTTP/1.1\r\nA: b\n", HTTP_SCAN_BAD, 0},
    {"GET / HTTP/1.1\r\nA: b\r\n\n", HTTP_SCAN_BAD, 0},
    {"GET / HTTP/1.1\rX", HTTP_SCAN_BAD, 0},
    {"GET / HTTP/1.1\r\r\n", HTTP_SCAN_BAD, 0},
    {"GET / HTTP/1.1\r\nA: b\rc", HTTP_SCAN_BAD, 0},
    {"\n", HTTP_SCAN_BAD, 0},
    {"\r\n\n", HTTP_SCAN_BAD, 0},
    {"\x16\x03\x01", HTTP_SCAN_BAD, 0}, /* TLS on a plain port */
    {"GET /\x7f", HTTP_SCAN_BAD, 0},
    {"GET /\t\x1b", HTTP_SCAN_BAD, 0},
};

START_TEST(scans_alike_in_any_split)
{
    struct slice text = slice_str(scans[_i].text);
    for (size_t step = 1; step <= text.len; step++) {
        size_t head_len = 0;
        ck_assert_int_eq(scan_in_steps(text, step, &head_len), scans[_i].result);
        ck_assert_uint_eq(head_len, scans[_i].head_len);
    }
}
END_TEST

START_TEST(counts_all_lines_of_a_head)
{
    struct http_scanner scanner = {0};
    size_t head_len;
    struct slice text = SLICE("\r\nGET / HTTP/1.1\r\nA: b\r\nC: d\r\n\r\n\r\n");
    ck_assert_int_eq(http_head_scan(&scanner, slice_of(text.ptr, 25), &limits, &head_len),
                     HTTP_SCAN_MORE);
    ck_assert_int_eq(http_head_scan(&scanner, text, &limits, &head_len),
                     HTTP_SCAN_COMPLETE);
    ck_assert_uint_eq(scanner.lines, 5);
}
END_TEST

START_TEST(finds_a_nul_at_once)
{
    size_t head_len;
    ck_assert_int_eq(scan_in_steps(SLICE("GET /\0"), 6, &head_len), HTTP_SCAN_BAD);
}
END_TEST

START_TEST(knows_methods)
{
    for (int method = HTTP_GET; method < HTTP_METHOD_COUNT; method++) {
        struct slice name = http_method_name((enum http_method)method);
        ck_assert_int_eq(http_method_lookup(name), method);
    }
    ck_assert_int_eq(http_method_lookup(SLICE("get")), HTTP_METHOD_OTHER);
    ck_assert_int_eq(http_method_lookup(SLICE("GETX")), HTTP_METHOD_OTHER);
    ck_assert_int_eq(http_method_lookup(SLICE("")), HTTP_METHOD_OTHER);
}
END_TEST

START_TEST(parses_a_head)
{
    struct parsed_head parsed;
    struct slice block = SLICE("GET /a?b HTTP/1.1\r\nHost:h\r\nX-A: \t b c\t \r\n"
                               "x-a: \x80\xff\r\nEmpty:\r\n\r\n");
    ck_assert_uint_eq(parsed_head_read(&parsed, block), 0);
    const struct http_head *head = &parsed.head;
    ck_assert_int_eq(head->method, HTTP_GET);
    UNIT_SLICE_EQ(head->method_text, "GET");
    UNIT_SLICE_EQ(head->target, "/a?b");
    UNIT_SLICE_EQ(head->request_line, "GET /a?b HTTP/1.1");
    ck_assert_uint_eq(head->minor, 1);
    ck_assert_uint_eq(head->fields.count, 4);
    ck_assert_uint_eq(head->fields.first[HTTP_FIELD_HOST], 1);
    ck_assert_int_eq(parsed.lines[0].id, HTTP_FIELD_HOST);
    UNIT_SLICE_EQ(parsed.lines[0].value, "h");
    UNIT_SLICE_EQ(parsed.lines[1].name, "X-A");
    UNIT_SLICE_EQ(parsed.lines[1].value, "b c");
    UNIT_SLICE_EQ(parsed.lines[2].value, "\x80\xff");
    UNIT_SLICE_EQ(parsed.lines[3].value, "");
    ck_assert_ptr_nonnull(parsed.lines[3].value.ptr);
}
END_TEST

START_TEST(forgets_the_head_before)
{
    struct parsed_head parsed;
    parsed_head_read(&parsed, SLICE("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert_uint_eq(parsed_head_read(&parsed, SLICE("GET / HTTP/1.0\r\n\r\n")), 0);
    ck_assert_uint_eq(parsed.head.fields.count, 0);
    ck_assert_uint_eq(parsed.head.fields.first[HTTP_FIELD_HOST], 0);
    ck_assert_uint_eq(parsed.head.minor, 0);
}
END_TEST

static const struct {
    const char *text;
    unsigned status;
} heads[] = {
    {"GET / HTTP/1.1\r\n\r\n", 0},
    {"\r\nGET / HTTP/1.1\r\n\r\n", 0},
    {"BREW / HTTP/1.1\r\n\r\n", 0},
    {"GET / HTTP/1.2\r\n\r\n", 0},
    {"GET / HTTP/1.9\r\n\r\n", 0},
    {"GET / HTTP/1.1\r\nVia: a\r\nVia: b\r\nCookie: a\r\nCookie: b\r\n\r\n", 0},
    {"GET / HTTP/1.1\r\nX: a\r\nX: a\r\n\r\n", 0},
    /* versions (RFC 9112, 2.3; RFC 9110, 15.6.6) */
    {"GET / HTTP/2.0\r\n\r\n", 505},
    {"PRI * HTTP/2.0\r\n\r\n", 505},
    {"GET / HTTP/0.9\r\n\r\n", 505},
    {"GET / HTTP/3.1\r\nbroken\r\n\r\n", 505},
    {"GET / HTTP/2\r\n\r\n", 400},
    {"GET / HTTP/11.1\r\n\r\n", 400},
    {"GET / HTTP/1.10\r\n\r\n", 400},
    {"GET / HTTP/1.\r\n\r\n", 400},
    {"GET / HTTP/1,1\r\n\r\n", 400},
    {"GET / HTTP/x.1\r\n\r\n", 400},
    {"GET / HTTP/1.x\r\n\r\n", 400},
    {"GET / http/1.1\r\n\r\n", 400},
    {"GET / HTTQ/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1 \r\n\r\n", 400},
    {"GET /\r\n\r\n", 400},
    {"GET / \r\n\r\n", 400},
    /* request line (RFC 9112, 3) */
    {"\r\n\r\n", 400},
    {"\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400},
    {" GET / HTTP/1.1\r\n\r\n", 400},
    {"GET  / HTTP/1.1\r\n\r\n", 400},
    {"GET /  HTTP/1.1\r\n\r\n", 400},
    {"GET  HTTP/1.1\r\n\r\n", 400},
    {"GET\t/ HTTP/1.1\r\n\r\n", 400},
    {"GET /\tHTTP/1.1\r\n\r\n", 400},
    {"GET /a b HTTP/1.1\r\n\r\n", 400},
    {"GET\r\n\r\n", 400},
    {"GET \r\n\r\n", 400},
    {"G(T / HTTP/1.1\r\n\r\n", 400},
    {"G\xc3T / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\n\r\n", 400},
    {"GET / HTTP/1.1\n\nA: b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\r\n\r\n", 400},
    {"GET /\x01 HTTP/1.1\r\n\r\n", 400},
    /* field lines (RFC 9112, 5; RFC 9110, 5) */
    {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost\t: h\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nA: b\r\n \r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n: b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nA\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nA b: c\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nA(: c\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nA\xe4: c\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nA: b\n\r\n", 400},
    {"GET / HTTP/1.1\r\nA: b\n\nC: d\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nA: \x01\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nA: \x7f\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n", 400},
    {"GET / HTTP/1.1\r\nA: b\r\n", 400},
    {"GET / HTTP/1.1\r\nA: b", 400},
    {"GET / HTTP/1.1\r\nA", 400},
    {"GET / HTTP/1.1\r\n\r\nX", 400},
    {"", 400},
    /* singletons (RFC 9110, 5.3; RFC 9112, 3.2) */
    {"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400},
    {"GET / HTTP/1.0\r\nHost: h\r\nhOST: g\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nContent-Length: 1\r\nX: y\r\ncontent-length: 1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nRange: bytes=0-\r\nRange: bytes=1-\r\n\r\n", 400},
};

START_TEST(judges_heads)
{
    struct parsed_head parsed;
    unsigned status = parsed_head_read(&parsed, slice_str(heads[_i].text));
    ck_assert_msg(status == heads[_i].status, "%u for \"%s\"", status, heads[_i].text);
    ck_assert_int_eq(parsed.why != NULL, status != 0);
}
END_TEST

START_TEST(refuses_a_nul)
{
    struct parsed_head parsed;
    ck_assert_uint_eq(parsed_head_read(&parsed, SLICE("GET /\0 HTTP/1.1\r\n\r\n")), 400);
    ck_assert_uint_eq(
        parsed_head_read(&parsed, SLICE("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n")), 400);
    ck_assert_uint_eq(
        parsed_head_read(&parsed, SLICE("GET / HTTP/1.1\r\nA\0: c\r\n\r\n")), 400);
}
END_TEST

START_TEST(refuses_too_many_fields)
{
    const char *why;
    struct http_field lines[4];
    const struct http_fields none = {.lines = lines, .capacity = 4};
    struct http_fields fields = none;
    struct slice four = SLICE("A:1\r\nB:2\r\nC:3\r\nD:4\r\n\r\n");
    struct slice five = SLICE("A:1\r\nB:2\r\nC:3\r\nD:4\r\nE:5\r\n\r\n");
    ck_assert_uint_eq(http_head_parse_fields(&fields, four, &limits, &why), 0);
    fields = none;
    ck_assert_uint_eq(http_head_parse_fields(&fields, five, &limits, &why), 431);
    ck_assert_uint_eq(fields.count, 4);
}
END_TEST

START_TEST(keeps_the_request_line_of_a_refused_head)
{
    struct parsed_head parsed;
    parsed_head_read(&parsed, SLICE("GET /x HTTP/1.1\r\n bad\r\n\r\n"));
    UNIT_SLICE_EQ(parsed.head.request_line, "GET /x HTTP/1.1");
    UNIT_SLICE_EQ(parsed.head.target, "/x");
    ck_assert_str_eq(parsed.why, "white space at the start of a field line");
}
END_TEST

UNIT_SUITE(http_head)
{
    UNIT_LOOP(scans_alike_in_any_split, 0, COUNT(scans));
    UNIT_TEST(counts_all_lines_of_a_head);
    UNIT_TEST(finds_a_nul_at_once);
    UNIT_TEST(knows_methods);
    UNIT_TEST(parses_a_head);
    UNIT_TEST(forgets_the_head_before);
    UNIT_LOOP(judges_heads, 0, COUNT(heads));
    UNIT_TEST(refuses_a_nul);
    UNIT_TEST(refuses_too_many_fields);
    UNIT_TEST(keeps_the_request_line_of_a_refused_head);
}
