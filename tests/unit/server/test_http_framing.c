#include "server/http_framing.h"
#include "tests/unit/server/parsed_head.h"
#include "tests/unit/unit.h"
#include <stdio.h>

#define COUNT(table) (int)(sizeof(table) / sizeof(*(table)))

/* The framing of a request with these lines after its request line. */
static unsigned frame(struct http_framing *framing, const char *request_line,
                      const char *lines, const char **why)
{
    static char text[1024];
    struct parsed_head parsed;
    struct http_target target;
    snprintf(text, sizeof(text), "%s\r\n%s\r\n", request_line, lines);
    ck_assert_uint_eq(parsed_head_read(&parsed, slice_str(text)), 0);
    ck_assert_uint_eq(
        http_target_parse(&target, parsed.head.target, parsed.head.method, why), 0);
    return http_framing(framing, &parsed.head, &target, why);
}

#define GET_11 "GET / HTTP/1.1"
#define GET_10 "GET / HTTP/1.0"
#define HOST   "Host: h\r\n"
#define TE     "Transfer-Encoding: "
#define CL     "Content-Length: "

static const struct {
    const char *request_line, *lines;
    const char *host, *port;
} hosts[] = {
    {GET_11, "Host: Example.com\r\n", "Example.com", NULL},
    {GET_11, "Host: h:8080\r\n", "h", "8080"},
    {GET_11, "Host: h:\r\n", "h", NULL},
    {GET_11, "Host: [::1]:80\r\n", "[::1]", "80"},
    {GET_11, "Host:\r\n", "", NULL},
    {GET_10, "", "", NULL},
    {GET_10, "Host: h\r\n", "h", NULL},
    {"OPTIONS * HTTP/1.1", HOST, "h", NULL},
    {"GET http://a:1/ HTTP/1.1", "Host: b:2\r\n", "a", "1"},
    {"GET http://a/ HTTP/1.1", "Host: b:2\r\n", "a", NULL},
    {"GET http://a/ HTTP/1.1", "Host:\r\n", "a", NULL},
    {"GET http://a/ HTTP/1.0", "", "a", NULL},
    {"CONNECT a:443 HTTP/1.1", "Host: b\r\n", "a", "443"},
};

START_TEST(finds_the_host)
{
    struct http_framing framing;
    const char *why;
    ck_assert_uint_eq(frame(&framing, hosts[_i].request_line, hosts[_i].lines, &why), 0);
    UNIT_SLICE_EQ(framing.host, hosts[_i].host);
    ck_assert_ptr_nonnull(framing.host.ptr);
    if (hosts[_i].port == NULL) {
        ck_assert_ptr_null(framing.port.ptr);
    } else {
        UNIT_SLICE_EQ(framing.port, hosts[_i].port);
    }
}
END_TEST

static const struct {
    const char *request_line, *lines;
    enum http_body body;
    uint64_t length;
} bodies[] = {
    {GET_11, HOST, HTTP_BODY_NONE, 0},
    {GET_11, HOST CL "0\r\n", HTTP_BODY_NONE, 0},
    {GET_11, HOST CL "5\r\n", HTTP_BODY_LENGTH, 5},
    {GET_11, HOST CL "005\r\n", HTTP_BODY_LENGTH, 5},
    {GET_11, HOST CL " \t5\t \r\n", HTTP_BODY_LENGTH, 5},
    {GET_10, CL "7\r\n", HTTP_BODY_LENGTH, 7},
    {GET_11, HOST CL "9223372036854775807\r\n", HTTP_BODY_LENGTH, INT64_MAX},
    {GET_11, HOST TE "chunked\r\n", HTTP_BODY_CHUNKED, 0},
    {GET_11, HOST TE "CHUNKED\r\n", HTTP_BODY_CHUNKED, 0},
    {GET_11, HOST TE ", chunked ,\r\n", HTTP_BODY_CHUNKED, 0},
    {GET_11, HOST TE "\r\n" TE "chunked\r\n", HTTP_BODY_CHUNKED, 0},
};

START_TEST(finds_the_body)
{
    struct http_framing framing;
    const char *why;
    ck_assert_uint_eq(frame(&framing, bodies[_i].request_line, bodies[_i].lines, &why),
                      0);
    ck_assert_int_eq(framing.body, bodies[_i].body);
    ck_assert_uint_eq(framing.content_length, bodies[_i].length);
}
END_TEST

static const struct {
    const char *request_line, *lines;
    unsigned status;
} refused[] = {
    /* Host (RFC 9112, 3.2) */
    {GET_11, "", 400},
    {"GET http://a/ HTTP/1.1", "", 400},
    {GET_11, "Host: u@h\r\n", 400},
    {GET_11, "Host: h:x\r\n", 400},
    {GET_11, "Host: h:65536\r\n", 400},
    {GET_11, "Host: :80\r\n", 400},
    {GET_11, "Host: a, b\r\n", 400},
    {GET_11, "Host: a/b\r\n", 400},
    {GET_10, "Host: a b\r\n", 400},
    {"GET http://a/ HTTP/1.1", "Host: a b\r\n", 400},
    /* Content-Length (RFC 9112, 6.3; RFC 9110, 8.6) */
    {GET_11, HOST CL "\r\n", 400},
    {GET_11, HOST CL "+5\r\n", 400},
    {GET_11, HOST CL "-5\r\n", 400},
    {GET_11, HOST CL "5, 5\r\n", 400},
    {GET_11, HOST CL "5,\r\n", 400},
    {GET_11, HOST CL "5 5\r\n", 400},
    {GET_11, HOST CL "0x5\r\n", 400},
    {GET_11, HOST CL "5a\r\n", 400},
    {GET_11, HOST CL "5.0\r\n", 400},
    {GET_11, HOST CL "\"5\"\r\n", 400},
    {GET_11, HOST CL "9223372036854775808\r\n", 400},
    {GET_11, HOST CL "18446744073709551616\r\n", 400},
    {GET_11, HOST CL "99999999999999999999999999\r\n", 400},
    /* Transfer-Encoding (RFC 9112, 6.1, 6.3, 7) */
    {GET_10, TE "chunked\r\n", 400},
    {GET_11, HOST TE "chunked\r\n" CL "5\r\n", 400},
    {GET_11, HOST CL "5\r\ntransfer-ENCODING: chunked\r\n", 400},
    {GET_11, HOST CL "5\r\n" TE "\r\n", 400},
    {GET_11, HOST TE "\r\n", 400},
    {GET_11, HOST TE ",\r\n", 400},
    {GET_11, HOST TE "identity\r\n", 400},
    {GET_11, HOST TE "gzip\r\n", 400},
    {GET_11, HOST TE "xchunked\r\n", 400},
    {GET_11, HOST TE "chunked, identity\r\n", 400},
    {GET_11, HOST TE "chunked, gzip\r\n", 400},
    {GET_11, HOST TE "chunked\r\n" TE "gzip\r\n", 400},
    {GET_11, HOST TE "chunked, chunked\r\n", 400},
    {GET_11, HOST TE "chunked\r\n" TE "Chunked\r\n", 400},
    {GET_11, HOST TE "chunked;a=b\r\n", 400},
    {GET_11, HOST TE "chunked;a=b, chunked\r\n", 400},
    {GET_11, HOST TE "chunked x\r\n", 400},
    {GET_11, HOST TE "\"chunked\"\r\n", 400},
    {GET_11, HOST TE "(a), chunked\r\n", 400},
    {GET_11, HOST TE "gzip, chunked\r\n", 501},
    {GET_11, HOST TE "identity, chunked\r\n", 501},
    {GET_11, HOST TE "gzip;a=\"x,y\"\r\n" TE "chunked\r\n", 501},
    /* Expect (RFC 9110, 10.1.1) */
    {GET_11, HOST "Expect: 200-ok\r\n", 417},
    {GET_11, HOST "Expect: 100-continue, x\r\n", 417},
    {GET_11, HOST "Expect: 100-continue;x=y\r\n", 417},
    {GET_11, HOST "Expect: 100-continue\r\nExpect: x\r\n", 417},
};

START_TEST(refuses_the_rest)
{
    struct http_framing framing;
    const char *why = NULL;
    unsigned status = frame(&framing, refused[_i].request_line, refused[_i].lines, &why);
    ck_assert_msg(status == refused[_i].status, "%u: %s", status, refused[_i].lines);
    ck_assert_ptr_nonnull(why);
    ck_assert(!framing.keep_alive);
}
END_TEST

static const struct {
    const char *request_line, *lines;
    bool keep_alive;
} connections[] = {
    {GET_11, HOST, true},
    {GET_11, HOST "Connection: close\r\n", false},
    {GET_11, HOST "Connection: x, CLOSE\r\n", false},
    {GET_11, HOST "Connection: closed\r\n", true},
    {GET_11, HOST "Connection: keep-alive, close\r\n", false},
    {GET_11, HOST "Connection: keep-alive\r\nConnection: close\r\n", false},
    {GET_11, HOST "Connection: upgrade\r\n", true},
    {"GET / HTTP/1.2", HOST, true},
    {GET_10, "", false},
    {GET_10, "Connection: x\r\n", false},
    {GET_10, "Connection: Keep-Alive\r\n", true},
    {GET_10, "Connection: keep-alive, close\r\n", false},
    {GET_10, "Keep-Alive: 300\r\n", false},
};

START_TEST(decides_persistence)
{
    struct http_framing framing;
    const char *why;
    ck_assert_uint_eq(
        frame(&framing, connections[_i].request_line, connections[_i].lines, &why), 0);
    ck_assert_int_eq(framing.keep_alive, connections[_i].keep_alive);
}
END_TEST

static const struct {
    const char *request_line, *lines;
    bool expect;
} expectations[] = {
    {GET_11, HOST CL "5\r\n", false},
    {GET_11, HOST CL "5\r\nExpect: 100-continue\r\n", true},
    {GET_11, HOST TE "chunked\r\nExpect: 100-Continue\r\n", true},
    {GET_11, HOST CL "0\r\nExpect: 100-continue\r\n", false},
    {GET_11, HOST "Expect: 100-continue\r\n", false},
    {GET_10, CL "5\r\nExpect: 100-continue\r\n", false},
    {GET_11, HOST CL "5\r\nExpect:\r\n", false},
};

START_TEST(reads_expectations)
{
    struct http_framing framing;
    const char *why;
    ck_assert_uint_eq(
        frame(&framing, expectations[_i].request_line, expectations[_i].lines, &why), 0);
    ck_assert_int_eq(framing.expect_continue, expectations[_i].expect);
}
END_TEST

UNIT_SUITE(http_framing)
{
    UNIT_LOOP(finds_the_host, 0, COUNT(hosts));
    UNIT_LOOP(finds_the_body, 0, COUNT(bodies));
    UNIT_LOOP(refuses_the_rest, 0, COUNT(refused));
    UNIT_LOOP(decides_persistence, 0, COUNT(connections));
    UNIT_LOOP(reads_expectations, 0, COUNT(expectations));
}
