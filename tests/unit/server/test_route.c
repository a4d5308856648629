#include "tests/unit/server/serve.h"

static const char config[] = "server { listen 8080; server_name first;"
                             "  location / { return 200 first; } }"
                             "server { listen 8080; server_name a.example *.b.example;"
                             "  location / { return 200 /; }"
                             "  location /sub/ { return 200 /sub/; }"
                             "  location /sub/deep { return 200 /sub/deep; }"
                             "  location = /sub/ { return 200 =; }"
                             "  location = /only { return 200 only; } }"
                             "server { listen 8080; server_name www.*;"
                             "  return 200 www; }"
                             "server { listen 8080; server_name off.example;"
                             "  merge_slashes off; location //x { return 200 //x; } }";

static const struct {
    const char *target;
    const char *host;
    const char *body;
} rows[] = {
    {"/", "nobody", "first"},
    {"/", "first", "first"},
    {"/", "a.example", "/"},
    {"/", "A.EXAMPLE.:8080", "/"},
    {"/", "x.y.b.example", "/"},
    {"/", "b.example", "first"},
    {"/anything", "www.anything.org", "www"},
    {"/sub", "a.example", "/"},
    {"/sub/", "a.example", "="},
    {"/sub/x", "a.example", "/sub/"},
    {"/sub/deeper/y", "a.example", "/sub/deep"},
    {"/sub/d", "a.example", "/sub/"},
    {"/only", "a.example", "only"},
    {"/only/", "a.example", "/"},
    {"/%73ub/x?/only", "a.example", "/sub/"},
    {"//sub///x", "a.example", "/sub/"},
    {"/sub/../only", "a.example", "only"},
    {"/x/%2e%2E/only", "a.example", "only"},
    {"http://a.example/only", "first", "only"},
    {"http://a.example", "first", "/"},
    {"//x", "off.example", "//x"},
};

START_TEST(chooses)
{
    char head[256];
    serve_start(config);
    snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", rows[_i].target,
             rows[_i].host);
    ck_assert_uint_eq(serve_ask(head), 200);
    ck_assert_str_eq(serve.body.data, rows[_i].body);
    serve_stop();
}
END_TEST

START_TEST(takes_the_default_server_without_a_host)
{
    serve_start(config);
    ck_assert_uint_eq(serve_ask("GET / HTTP/1.0\r\n\r\n"), 200);
    ck_assert_str_eq(serve.body.data, "first");
    serve_stop();
}
END_TEST

START_TEST(falls_back_to_the_servers_own_settings)
{
    serve_start("server { location /x { } add_header X-From server; return 204; }");
    ck_assert_uint_eq(ASK("GET", "/y"), 204);
    ck_assert_int_eq(serve.request->location->match, LOCATION_SERVER);
    ck_assert_str_eq(serve_field("X-From"), "server");
    serve_stop();
}
END_TEST

START_TEST(falls_back_after_an_internal_redirect_too)
{
    serve_start("server { location /a { try_files /none /b; } }");
    ck_assert_uint_eq(ASK("GET", "/a"), 404);
    ck_assert_int_eq(serve.request->location->match, LOCATION_SERVER);
    serve_stop();
}
END_TEST

UNIT_SUITE(route)
{
    UNIT_LOOP(chooses, 0, sizeof(rows) / sizeof(rows[0]));
    UNIT_TEST(takes_the_default_server_without_a_host);
    UNIT_TEST(falls_back_to_the_servers_own_settings);
    UNIT_TEST(falls_back_after_an_internal_redirect_too);
}
