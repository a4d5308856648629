#include "server/respond.h"
#include "tests/unit/server/serve.h"

/* --- error_page --------------------------------------------------------------------- */

static const char pages[] =
    "server {"
    "  error_page 404 /pages/404;"
    "  error_page 403 =200 /pages/ok;"
    "  error_page 405 =410 /pages/set;"
    "  error_page 500 = /pages/own;"
    "  error_page 502 504 @named;"
    "  error_page 503 http://other.example/sorry;"
    "  error_page 429 =301 http://other.example/slow;"
    "  error_page 410 /pages/missing;"
    "  error_page 411 /pages/$request_method?from=$uri;"
    "  error_page 416 /page.txt;"
    "  location /pages/404 { internal; return 200 'page of $status for $uri'; }"
    "  location /pages/ok { return 201 ok; }"
    "  location /pages/set { return 200 'set $request_method $status'; }"
    "  location /pages/own { return 202 own; }"
    "  location /pages/GET { return 200 '$args'; }"
    "  location @named { return 200 'named $uri'; }"
    "  location /say404 { return 404 text; }"
    "  location /give403 { return 403; } location /give500 { return 500; }"
    "  location /give502 { return 502; } location /give503 { return 503; }"
    "  location /give504 { return 504; } location /give429 { return 429; }"
    "  location /give410 { return 410; } location /give411 { return 411; }"
    "  location /give444 { return 444; } location /give418 { return 418; }"
    "  location /upload { error_page 405 /page.txt; }"
    "  location / { }"
    "}";

static const struct {
    const char *method;
    const char *target;
    unsigned status;
    const char *body; /* NULL: the built-in page */
    const char *location;
} rows[] = {
    {"GET", "/nowhere", 404, "page of 404 for /pages/404", ""},
    {"GET", "/say404", 404, "text", ""},
    {"GET", "/pages/404", 404, "page of 404 for /pages/404", ""},
    {"GET", "/give403", 201, "ok", ""},
    {"POST", "/page.txt", 410, "set POST 410", ""},
    {"POST", "/upload", 405, "0123456789", ""},
    {"GET", "/give500", 202, "own", ""},
    {"GET", "/give502", 502, "named /give502", ""},
    {"GET", "/give504", 504, "named /give504", ""},
    {"GET", "/give503", 302, NULL, "http://other.example/sorry"},
    {"GET", "/give429", 301, NULL, "http://other.example/slow"},
    {"GET", "/give410", 404, NULL, ""}, /* the page itself is missing */
    {"GET", "/give411", 411, "from=/give411", ""},
    {"GET", "/give418", 418, NULL, ""},
};

START_TEST(follows_error_page)
{
    char head[128];
    serve_start(pages);
    serve_file("html/page.txt", "0123456789");
    snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: a\r\n\r\n", rows[_i].method,
             rows[_i].target);
    ck_assert_uint_eq(serve_ask(head), rows[_i].status);
    ck_assert_str_eq(serve_field("Location"), rows[_i].location);
    if (rows[_i].body != NULL) {
        ck_assert_str_eq(serve.body.data, rows[_i].body);
    } else {
        ck_assert_ptr_nonnull(strstr(serve.body.data, "<!DOCTYPE html>"));
    }
    serve_stop();
}
END_TEST

START_TEST(closes_in_silence)
{
    serve_start(pages);
    serve_begin("GET /give444 HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert(serve.request->response.silent);
    ck_assert(serve.request->response.close);
    ck_assert_uint_eq(serve.request->response.status, 444);
    serve_stop();
}
END_TEST

START_TEST(keeps_head_a_head_on_the_error_page)
{
    serve_start(pages);
    ck_assert_uint_eq(ASK("HEAD", "/give502"), 502);
    ck_assert_str_eq(serve.body.data, "");
    ck_assert_str_eq(serve_field("Content-Length"), "14");
    serve_stop();
}
END_TEST

/* The page of a failed range must not be asked for in ranges again. */
START_TEST(serves_the_page_of_an_error_whole)
{
    serve_start(pages);
    serve_file("html/page.txt", "0123456789");
    ck_assert_uint_eq(
        serve_ask("GET /page.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=99-\r\n\r\n"), 416);
    ck_assert_str_eq(serve.body.data, "0123456789");
    ck_assert_str_eq(serve_field("Content-Range"), "bytes */10");
    serve_stop();
}
END_TEST

START_TEST(falls_back_to_the_built_in_page_without_the_named_location)
{
    serve_start("http { error_page 404 @gone; server { location / { } } }");
    ck_assert_uint_eq(ASK("GET", "/x"), 404);
    ck_assert_ptr_nonnull(strstr(serve.body.data, "<!DOCTYPE html>"));
    serve_stop();
}
END_TEST

START_TEST(keeps_fields_and_drops_content)
{
    serve_start("server { location / { } }");
    struct request *request = serve_create();
    request->head.method = HTTP_GET;
    respond_field(request, SLICE("X-Kept"), SLICE("1"));
    request->response.etag = SLICE("\"old\"");
    respond_add_memory(request, SLICE("half of some file"));
    respond_error(request, 500);
    serve_queue(true);
    ck_assert_str_eq(serve_field("X-Kept"), "1");
    ck_assert_str_eq(serve_field("ETag"), "");
    ck_assert_ptr_null(strstr(serve.body.data, "half"));
    serve_stop();
}
END_TEST

/* --- internal redirects ------------------------------------------------------------- */

START_TEST(ends_a_circle_of_redirects)
{
    serve_start("server { location / { try_files /none /round; }"
                " error_page 500 /round; }");
    ck_assert_uint_eq(ASK("GET", "/x"), 500);
    ck_assert_ptr_nonnull(strstr(serve.body.data, "<!DOCTYPE html>"));
    const char *said =
        strstr(serve_text(&serve.error_log), "more than 10 internal redirects");
    ck_assert_ptr_nonnull(said);
    ck_assert_ptr_null(strstr(said + 1, "more than 10"));
    serve_stop();
}
END_TEST

START_TEST(goes_ten_times)
{
    struct buf text = {0};
    buf_append_str(&text, "server { location = /10 { return 200 end; }");
    for (int i = 0; i < 10; i++) {
        buf_printf(&text, "location = /%d { try_files /none /%d; }", i, i + 1);
    }
    buf_append_str(&text, "}");
    serve_start(serve_text(&text));
    ck_assert_uint_eq(ASK("GET", "/0"), 200);
    ck_assert_str_eq(serve.body.data, "end");
    serve_stop();
    buf_free(&text);
}
END_TEST

static const char *const unsafe[] = {"/a/../../etc", "/..", "/./x", "etc", "", "/x/."};

START_TEST(does_not_redirect_to_what_climbs)
{
    serve_start("server { location / { } }");
    struct request *request = serve_create();
    request_redirect(request, slice_str(unsafe[_i]), SLICE_NULL);
    ck_assert_uint_eq(request->response.status, 400);
    ck_assert(!request->again);
    serve_stop();
}
END_TEST

START_TEST(redirects_to_names_with_dots)
{
    serve_start("server { location / { } }");
    struct request *request = serve_create();
    request_redirect(request, SLICE("/..a/.b/c../..."), SLICE("q"));
    ck_assert(request->again);
    ck_assert(request->internal);
    assert_slice(request->path, "/..a/.b/c../...");
    assert_slice(request->args, "q");
    request->again = false;
    serve_stop();
}
END_TEST

/* --- redirects of the client -------------------------------------------------------- */

static const struct {
    const char *settings;
    const char *target;
    const char *host;
    const char *location;
} moves[] = {
    {"location / { }", "/dir", "h", "/dir/"},
    {"location / { }", "/dir?q=1", "h", "/dir/?q=1"},
    {"location / { absolute_redirect on; }", "/dir", "h.example:81",
     "http://h.example:8080/dir/"},
    {"location / { absolute_redirect on; port_in_redirect off; }", "/dir", "h:81",
     "http://h/dir/"},
    {"location / { absolute_redirect on; server_name_in_redirect on; }", "/dir", "h",
     "http://main.example:8080/dir/"},
    {"return 301 /new;", "/x", "h", "/new"},
    {"absolute_redirect on; return 301 /new;", "/x", "h", "http://h:8080/new"},
    {"return 301 https://$host$request_uri;", "/x?y", "h", "https://h/x?y"},
    {"return https://o.example/;", "/x", "h", "https://o.example/"},
    {"return 307 //o.example/;", "/x", "h", "//o.example/"},
    {"merge_slashes off; return 301 $uri/;", "//evil.example", "h", "/.//evil.example/"},
    {"return 301 $uri;", "/a%0d%0aSet-Cookie:%20x", "h", "/a%0D%0ASet-Cookie:%20x"},
    {"return 301 $uri;", "/%C3%A4%22", "h", "/%C3%A4%22"},
};

START_TEST(redirects_the_client)
{
    char config[256], head[256], made[64];
    snprintf(config, sizeof(config), "server { server_name main.example; %s }",
             moves[_i].settings);
    serve_start(config);
    snprintf(made, sizeof(made), "%shtml", serve.prefix);
    mkdir(made, 0755);
    snprintf(made, sizeof(made), "%shtml/dir", serve.prefix);
    mkdir(made, 0755);
    snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", moves[_i].target,
             moves[_i].host);
    serve_ask(head);
    ck_assert_str_eq(serve_field("Location"), moves[_i].location);
    ck_assert_ptr_null(strstr(serve.head.data, "\r\nSet-Cookie"));
    serve_stop();
}
END_TEST

static const struct {
    const char *address, *location;
} addresses[] = {
    {"127.0.0.1:8080", "http://127.0.0.1:8080/new"},
    {"[::1]:8080", "http://[::1]:8080/new"},
    {"unix:/run/x.sock", "/new"}, /* no URI names it */
};

START_TEST(redirects_to_the_address_without_a_host)
{
    char config[128];
    snprintf(config, sizeof(config),
             "server { listen %s; absolute_redirect on; return 301 /new; }",
             addresses[_i].address);
    serve_start(config);
    serve_ask("GET / HTTP/1.0\r\n\r\n");
    ck_assert_str_eq(serve_field("Location"), addresses[_i].location);
    serve_stop();
}
END_TEST

START_TEST(leaves_out_the_port_that_goes_without_saying)
{
    serve_start("server { listen 80; absolute_redirect on; return 301 /new; }");
    ASK("GET", "/");
    ck_assert_str_eq(serve_field("Location"), "http://a/new");
    serve_stop();
}
END_TEST

/* --- return ------------------------------------------------------------------------- */

static const struct {
    const char *rule;
    unsigned status;
    const char *type;
    const char *length;
    const char *body;
} returns[] = {
    {"return 200;", 200, "", "0", ""},
    {"return 204;", 204, "", "", ""},
    {"return 204 text;", 204, "", "", ""},
    {"return 205 text;", 205, "", "0", ""},
    {"return 200 text;", 200, "text/plain", "4", "text"},
    {"return 200 '';", 200, "text/plain", "0", ""},
    {"return 404 text;", 404, "text/plain", "4", "text"},
    {"default_type application/x-own; return 200 '$arg_a';", 200, "application/x-own",
     "1", "b"},
};

START_TEST(returns_text)
{
    char config[128];
    snprintf(config, sizeof(config), "server { %s }", returns[_i].rule);
    serve_start(config);
    ck_assert_uint_eq(ASK("GET", "/?a=b"), returns[_i].status);
    ck_assert_str_eq(serve_field("Content-Type"), returns[_i].type);
    ck_assert_str_eq(serve_field("Content-Length"), returns[_i].length);
    ck_assert_str_eq(serve.body.data, returns[_i].body);
    serve_stop();
}
END_TEST

/* RFC 9110, 13.2.1: text is a representation too, one without validators. */
static const struct {
    const char *method, *target, *fields;
    unsigned status;
} judged[] = {
    {"GET", "/text", "If-Match: *", 200},
    {"GET", "/text", "If-Match: \"x\"", 412},
    {"POST", "/text", "If-Match: \"x\"", 412},
    {"GET", "/text", "If-None-Match: \"x\"", 200},
    {"GET", "/text", "If-None-Match: *", 304},
    {"HEAD", "/text", "If-None-Match: *", 304},
    {"POST", "/text", "If-None-Match: *", 412},
    {"GET", "/text", "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT", 200},
    {"GET", "/text", "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:20 GMT", 200},
    {"GET", "/gone", "If-None-Match: *", 410},
    {"GET", "/moved", "If-Match: \"x\"", 301},
};

START_TEST(judges_conditions_on_returned_text)
{
    char head[160];
    serve_start("server { location /text { return 200 text; }"
                " location /gone { return 410 text; }"
                " location /moved { return 301 /text; } }");
    snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n",
             judged[_i].method, judged[_i].target, judged[_i].fields);
    ck_assert_uint_eq(serve_ask(head), judged[_i].status);
    serve_stop();
}
END_TEST

START_TEST(returns_text_of_the_type_that_the_path_names)
{
    serve_start("server { return 200 '{}'; }");
    ASK("GET", "/status.json");
    ck_assert_str_eq(serve_field("Content-Type"), "application/json");
    serve_stop();
}
END_TEST

UNIT_SUITE(respond)
{
    UNIT_LOOP(follows_error_page, 0, sizeof(rows) / sizeof(rows[0]));
    UNIT_TEST(closes_in_silence);
    UNIT_TEST(keeps_head_a_head_on_the_error_page);
    UNIT_TEST(serves_the_page_of_an_error_whole);
    UNIT_TEST(falls_back_to_the_built_in_page_without_the_named_location);
    UNIT_TEST(keeps_fields_and_drops_content);
    UNIT_TEST(ends_a_circle_of_redirects);
    UNIT_TEST(goes_ten_times);
    UNIT_LOOP(does_not_redirect_to_what_climbs, 0, sizeof(unsafe) / sizeof(unsafe[0]));
    UNIT_TEST(redirects_to_names_with_dots);
    UNIT_LOOP(redirects_the_client, 0, sizeof(moves) / sizeof(moves[0]));
    UNIT_LOOP(redirects_to_the_address_without_a_host, 0, 3);
    UNIT_TEST(leaves_out_the_port_that_goes_without_saying);
    UNIT_LOOP(returns_text, 0, sizeof(returns) / sizeof(returns[0]));
    UNIT_LOOP(judges_conditions_on_returned_text, 0, sizeof(judged) / sizeof(judged[0]));
    UNIT_TEST(returns_text_of_the_type_that_the_path_names);
}
