#include "tests/unit/server/serve.h"

/* --- what a head is answered with --------------------------------------------------- */

static const char site[] = "server {"
                           "  location / { }"
                           "  location /say { return 200 said; }"
                           "  location /hidden/ { internal; return 200 hidden; }"
                           "  location /small { client_max_body_size 10;"
                           "    return 200 small; }"
                           "  location /any { client_max_body_size 0;"
                           "    return 200 any; }"
                           "}";

static const struct {
    const char *head;
    unsigned status;
    bool closes;
    const char *allow;
} rows[] = {
    {"GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 200, false, ""},
    {"GET /none HTTP/1.1\r\nHost: a\r\n\r\n", 404, false, ""},
    {"GET /say HTTP/1.1\r\nHost: a\r\n\r\n", 200, false, ""},
    {"GET /say HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200, false, ""},
    {"GET /hidden/ HTTP/1.1\r\nHost: a\r\n\r\n", 404, false, ""},
    /* methods */
    {"POST /say HTTP/1.1\r\nHost: a\r\n\r\n", 200, false, ""},
    {"OPTIONS /say HTTP/1.1\r\nHost: a\r\n\r\n", 200, false, ""},
    {"POST /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 405, false, "GET, HEAD, OPTIONS"},
    {"DELETE /none HTTP/1.1\r\nHost: a\r\n\r\n", 405, false, "GET, HEAD, OPTIONS"},
    {"OPTIONS /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 204, false, "GET, HEAD, OPTIONS"},
    {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 204, false, "GET, HEAD, OPTIONS"},
    {"TRACE /say HTTP/1.1\r\nHost: a\r\n\r\n", 405, false, "GET, HEAD, OPTIONS"},
    {"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405, true, "GET, HEAD, OPTIONS"},
    {"BREW /say HTTP/1.1\r\nHost: a\r\n\r\n", 501, false, ""},
    {"get /say HTTP/1.1\r\nHost: a\r\n\r\n", 501, false, ""},
    /* bodies */
    {"POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n", 200, false, ""},
    {"POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", 413, true, ""},
    {"POST /any HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999\r\n\r\n", 200, false,
     ""},
    {"POST /say HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n", 413, true, ""},
    {"BREW /say HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n", 501, true, ""},
    {"OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n", 204, true,
     "GET, HEAD, OPTIONS"},
    /* refused */
    {"GET / HTTP/1.1\r\n\r\n", 400, true, ""},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, true, ""},
    {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, true, ""},
    {"GET /../x HTTP/1.1\r\nHost: a\r\n\r\n", 400, true, ""},
    {"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, true, ""},
    {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, true, ""},
    {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x, chunked\r\n\r\n", 501, true, ""},
    {"GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417, true, ""},
    {"GET\r\n\r\n", 400, true, ""},
};

START_TEST(answers)
{
    serve_start(site);
    serve_file("html/a.txt", "content of a");
    ck_assert_msg(serve_ask(rows[_i].head) == rows[_i].status, "%s%s", rows[_i].head,
                  serve.head.data);
    ck_assert_int_eq(serve.request->response.close, rows[_i].closes);
    ck_assert_str_eq(serve_field("Allow"), rows[_i].allow);
    ck_assert_str_eq(serve_field("Connection"), rows[_i].closes ? "close" : "");
    serve_stop();
}
END_TEST

/* Field by field the same, but for the date. */
START_TEST(head_gets_the_fields_of_get_and_no_content)
{
    static const char *const targets[] = {"/a.txt", "/none", "/say"};
    char get[1024], head[64];
    serve_start(site);
    serve_file("html/a.txt", "content of a");
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", targets[i]);
        serve_ask(head);
        ck_assert_uint_gt(strlen(serve.body.data), 0);
        snprintf(get, sizeof(get), "%s", serve.head.data);
        snprintf(head, sizeof(head), "HEAD %s HTTP/1.1\r\nHost: a\r\n\r\n", targets[i]);
        serve_ask(head);
        ck_assert_str_eq(serve.head.data, get);
        ck_assert_str_eq(serve.body.data, "");
    }
    serve_stop();
}
END_TEST

START_TEST(serves_a_file)
{
    serve_start(site);
    serve_file("html/a.txt", "content of a");
    ASK("GET", "/a.txt");
    ck_assert_str_eq(serve.body.data, "content of a");
    ck_assert_str_eq(serve_field("Content-Length"), "12");
    ck_assert_str_eq(serve_field("Server"), "tinyhttpd/" TINYHTTPD_VERSION);
    serve_stop();
}
END_TEST

/* --- refusals of the connection ----------------------------------------------------- */

START_TEST(refuses_for_the_connection)
{
    serve_start("error_log stderr info; server { server_name s; }");
    request_refuse(serve_create(), 408, "client timed out", SLICE("GET /x HT"));
    serve_queue(true);
    ck_assert_int_eq(strncmp(serve.head.data, "HTTP/1.1 408 ", 13), 0);
    ck_assert_str_eq(serve_field("Connection"), "close");
    assert_slice(serve.request->head.request_line, "GET /x HT");
    ck_assert_ptr_nonnull(strstr(serve_text(&serve.error_log), "[info]"));
    ck_assert_ptr_nonnull(strstr(serve_text(&serve.error_log),
                                 "*57 refused with 408: client timed out, "
                                 "client: 127.0.0.1, server: s, request: \"GET /x HT\""));
    serve_stop();
}
END_TEST

START_TEST(refuses_what_is_no_http_with_its_bytes_in_the_log)
{
    serve_start("error_log stderr info; server { }");
    serve_begin("\x16\x03\x01\r\n\r\n");
    ck_assert_uint_eq(serve.request->response.status, 400);
    ck_assert_ptr_nonnull(strstr(serve_text(&serve.error_log), "\\x16\\x03\\x01\""));
    serve_stop();
}
END_TEST

START_TEST(refuses_in_place_of_an_answer_that_was_there)
{
    serve_start("server { location / { add_header X-Once 1 always; return 200 x; } }");
    serve_begin("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    ck_assert_uint_eq(serve.request->response.status, 200);
    ck_assert_int_eq(serve.request->framing.body, HTTP_BODY_CHUNKED);
    request_refuse(serve.request, 413, "too much", SLICE("POST /other"));
    assert_slice(serve.request->head.request_line, "POST / HTTP/1.1");
    serve_queue(true);
    ck_assert_int_eq(strncmp(serve.head.data, "HTTP/1.1 413 ", 13), 0);
    ck_assert_ptr_nonnull(strstr(serve.body.data, "413"));
    const char *once = strstr(serve.head.data, "X-Once");
    ck_assert_ptr_nonnull(once);
    ck_assert_ptr_null(strstr(once + 1, "X-Once"));
    ck_assert_int_eq(serve.request->framing.body, HTTP_BODY_NONE);
    serve_stop();
}
END_TEST

START_TEST(refuses_with_an_error_page)
{
    serve_start("server { error_page 400 /bad; location = /bad { return 200 page; } }");
    ck_assert_uint_eq(serve_ask("GET / HTTP/1.1\r\n\r\n"), 400);
    ck_assert_str_eq(serve.body.data, "page");
    ck_assert_str_eq(serve_field("Connection"), "close");
    ck_assert_uint_eq(serve_ask("OPTIONS * HTTP/1.1\r\n\r\n"), 400);
    ck_assert_str_eq(serve.body.data, "page");
    serve_stop();
}
END_TEST

START_TEST(refuses_a_large_body_with_an_error_page)
{
    serve_start("server { error_page 413 /large; location = /large { return 200 page; }"
                " client_max_body_size 1; }");
    ck_assert_uint_eq(
        serve_ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"), 413);
    ck_assert_str_eq(serve.body.data, "page");
    ck_assert_str_eq(serve_field("Connection"), "close");
    serve_stop();
}
END_TEST

/* The first answer was an error's page; what is refused then has a page of its own. */
START_TEST(refuses_in_place_of_an_error_page)
{
    serve_start("server { error_page 404 408 /page; location = /page { return 200 page; }"
                " location / { return 404; } }");
    serve_begin("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    ck_assert_uint_eq(serve.request->response.status, 404);
    request_refuse(serve.request, 408, "too slow", SLICE_NULL);
    serve_queue(true);
    ck_assert_uint_eq(serve.request->response.status, 408);
    ck_assert_str_eq(serve.body.data, "page");
    serve_stop();
}
END_TEST

START_TEST(takes_limits_from_the_default_server)
{
    serve_start("server { client_header_buffer_size 3k; "
                "large_client_header_buffers 5 2k; max_headers 7; }");
    struct http_limits limits = request_limits(&serve.client);
    ck_assert_uint_eq(limits.line, 3072);
    ck_assert_uint_eq(limits.section, 5 * 2048);
    ck_assert_uint_eq(limits.fields, 7);
    serve_stop();
}
END_TEST

START_TEST(counts_field_lines)
{
    serve_start("server { max_headers 2; return 204; }");
    ck_assert_uint_eq(serve_ask("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\n\r\n"), 204);
    ck_assert_uint_eq(serve_ask("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n\r\n"),
                      431);
    serve_stop();
}
END_TEST

/* --- life --------------------------------------------------------------------------- */

START_TEST(uses_requests_again)
{
    serve_start("server { return 200 x; }");
    ASK("GET", "/one");
    struct request *first = serve.request;
    serve_end();
    ck_assert_uint_eq(serve.service.free_count, 1);
    ASK("GET", "/two");
    ck_assert_ptr_eq(serve.request, first);
    ck_assert_uint_eq(serve.service.free_count, 0);
    assert_slice(serve.request->path, "/two");
    serve_stop();
}
END_TEST

START_TEST(keeps_a_bounded_pool)
{
    enum { COUNT = SERVICE_POOL_MAX + 3 };
    static struct request *requests[COUNT];
    serve_start("server { access_log off; }");
    for (int i = 0; i < COUNT; i++) {
        requests[i] = request_create(&serve.service, &serve.client);
    }
    for (int i = 0; i < COUNT; i++) {
        request_end(requests[i]);
    }
    ck_assert_uint_eq(serve.service.free_count, SERVICE_POOL_MAX);
    serve_stop();
}
END_TEST

/* A common request fits the first chunk, which is kept. */
START_TEST(allocates_nothing_on_the_way)
{
    serve_start("server { location / { } }");
    serve_file("html/a.txt", "content");
    static const char head[] = "GET /a.txt HTTP/1.1\r\nHost: a.example\r\n"
                               "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
                               "Accept: text/html,application/xhtml+xml\r\n"
                               "Accept-Language: en\r\nAccept-Encoding: gzip, br\r\n"
                               "Referer: http://a.example/\r\nCookie: a=b; c=d\r\n\r\n";
    serve_ask(head); /* opens the file and renders its head */
    serve_ask(head); /* makes the field section known */
    serve_ask(head);
    if (!TORTURE) {
        ck_assert_uint_lt(arena_footprint(serve.request->arena), 2 * 4096);
    }
    size_t before = arena_footprint(serve.request->arena);
    for (int i = 0; i < 20; i++) {
        serve_ask(head);
    }
    ck_assert_uint_eq(arena_footprint(serve.request->arena), before);
    serve_stop();
}
END_TEST

START_TEST(logs_what_was_never_answered_as_the_clients_doing)
{
    serve_start("http { log_format f $status; access_log x.log f; server {"
                " error_page 403 /page; location = /page { return 200 page; }"
                " location / { return 403; } } }");
    serve_begin("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    ck_assert_uint_eq(serve.request->response.status, 403);
    serve_end();
    ck_assert_ptr_nonnull(strstr(serve_text(&serve.access_log), " 499\n"));
    serve_stop();
}
END_TEST

START_TEST(says_where_a_message_belongs)
{
    serve_start("error_log stderr; server { server_name s; return 204; }");
    serve_begin("GET /x?y HTTP/1.1\r\nHost: h:80\r\nReferer: http://r/\r\n\r\n");
    request_log(serve.request, LOG_LEVEL_ERROR, 2, "open \"%s\" failed", "/x\n");
    ck_assert_ptr_nonnull(
        strstr(serve_text(&serve.error_log),
               "#1: *57 open \"/x\\x0A\" failed (2: No such file or directory), "
               "client: 127.0.0.1, server: s, request: \"GET /x?y HTTP/1.1\", "
               "host: \"h:80\", referrer: \"http://r/\"\n"));
    serve_stop();
}
END_TEST

START_TEST(shows_itself_on_the_scoreboard)
{
    static struct board_slot board;
    char text[1024];
    serve_start("server { return 204; }");
    serve.service.board = &board;
    serve_begin("GET /shown HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert(board_describe(&board, text, sizeof(text)));
    ck_assert_ptr_nonnull(strstr(text, "/shown"));
    ck_assert_ptr_nonnull(strstr(text, "test.conf:1"));
    serve_end();
    ck_assert(!board_describe(&board, text, sizeof(text)));
    serve_stop();
}
END_TEST

START_TEST(leaves_the_scoreboard_to_a_later_request)
{
    static struct board_slot board;
    char text[1024];
    serve_start("server { return 204; }");
    serve.service.board = &board;
    struct client other = serve.client;
    other.number++;
    serve_begin("GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
    struct request *second = request_create(&serve.service, &other);
    request_begin(second, SLICE("GET /second HTTP/1.1\r\nHost: a\r\n\r\n"), 3);
    serve_end();
    ck_assert(board_describe(&board, text, sizeof(text)));
    ck_assert_ptr_nonnull(strstr(text, "/second"));
    request_end(second);
    serve_stop();
}
END_TEST

UNIT_SUITE(request)
{
    UNIT_LOOP(answers, 0, sizeof(rows) / sizeof(rows[0]));
    UNIT_TEST(head_gets_the_fields_of_get_and_no_content);
    UNIT_TEST(serves_a_file);
    UNIT_TEST(refuses_for_the_connection);
    UNIT_TEST(refuses_what_is_no_http_with_its_bytes_in_the_log);
    UNIT_TEST(refuses_in_place_of_an_answer_that_was_there);
    UNIT_TEST(refuses_with_an_error_page);
    UNIT_TEST(refuses_a_large_body_with_an_error_page);
    UNIT_TEST(refuses_in_place_of_an_error_page);
    UNIT_TEST(takes_limits_from_the_default_server);
    UNIT_TEST(counts_field_lines);
    UNIT_TEST(uses_requests_again);
    UNIT_TEST(keeps_a_bounded_pool);
    UNIT_TEST(allocates_nothing_on_the_way);
    UNIT_TEST(logs_what_was_never_answered_as_the_clients_doing);
    UNIT_TEST(says_where_a_message_belongs);
    UNIT_TEST(shows_itself_on_the_scoreboard);
    UNIT_TEST(leaves_the_scoreboard_to_a_later_request);
}
