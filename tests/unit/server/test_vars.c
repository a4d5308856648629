#include "server/vars.h"
#include "tests/unit/server/serve.h"
#include <unistd.h>

static const char config[] =
    "server { server_name s.example; location / { root /r; limit_rate 7; }"
    " location /al/ { alias /aliased/; } }";

static struct slice value(const char *name)
{
    struct slice member;
    enum variable variable = variable_lookup(slice_str(name), &member);
    ck_assert_msg(variable != VARIABLE_LITERAL, "no variable %s", name);
    return vars_get(serve.request, variable, member);
}

static const char head[] = "POST /a%20b?x=1&Name=v%201&empty=&flag HTTP/1.1\r\n"
                           "Host: H.Example:8080\r\n"
                           "Content-Type: text/x\r\n"
                           "Content-Length: 3\r\n"
                           "User-Agent: agent/1\r\n"
                           "X-Many: one\r\n"
                           "Cookie: a=1; sid=x=y\r\n"
                           "X-Many: two\r\n"
                           "Cookie: b=2\r\n"
                           "X_Under: u\r\n"
                           "X-Empty:\r\n"
                           "Authorization: basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n";

/* NULL: no value. */
static const struct {
    const char *name;
    const char *value;
} rows[] = {
    {"args", "x=1&Name=v%201&empty=&flag"},
    {"query_string", "x=1&Name=v%201&empty=&flag"},
    {"is_args", "?"},
    {"arg_x", "1"},
    {"arg_name", "v%201"},
    {"arg_empty", ""},
    {"arg_flag", NULL},
    {"arg_none", NULL},
    {"body_bytes_sent", "0"},
    {"bytes_sent", "0"},
    {"connection", "57"},
    {"connection_requests", "1"},
    {"content_length", "3"},
    {"content_type", "text/x"},
    {"cookie_a", "1"},
    {"cookie_b", "2"},
    {"cookie_sid", "x=y"},
    {"cookie_c", NULL},
    {"document_root", "/r"},
    {"document_uri", "/a b"},
    {"host", "h.example"},
    {"http_user_agent", "agent/1"},
    {"http_x_many", "one, two"},
    {"http_x_under", "u"},
    {"http_x_empty", ""},
    {"http_cookie", "a=1; sid=x=y; b=2"},
    {"http_none", NULL},
    {"https", ""},
    {"limit_rate", "7"},
    {"pipe", "."},
    {"realpath_root", NULL},
    {"remote_addr", "127.0.0.1"},
    {"remote_port", "40000"},
    {"remote_user", "Aladdin"},
    {"request", "POST /a%20b?x=1&Name=v%201&empty=&flag HTTP/1.1"},
    {"request_completion", ""},
    {"request_filename", "/r/a b"},
    {"request_method", "POST"},
    {"request_uri", "/a%20b?x=1&Name=v%201&empty=&flag"},
    {"scheme", "http"},
    {"server_name", "s.example"},
    {"server_port", "8080"},
    {"server_protocol", "HTTP/1.1"},
    {"status", "405"},
    {"uri", "/a b"},
    {"sent_http_allow", "GET, HEAD, OPTIONS"},
    {"sent_http_content_type", "text/html; charset=utf-8"},
    {"sent_http_location", NULL},
    {"sent_http_etag", NULL},
    {"sent_http_server", "tinyhttpd/" TINYHTTPD_VERSION},
    {"sent_http_none", NULL},
};

START_TEST(has_its_value)
{
    serve_start(config);
    serve_begin(head);
    if (rows[_i].value == NULL) {
        ck_assert_ptr_null(value(rows[_i].name).ptr);
    } else {
        assert_slice(value(rows[_i].name), rows[_i].value);
    }
    serve_stop();
}
END_TEST

/* Whatever state a request is in, every variable can be asked for. */
static void ask_for_all(void)
{
    for (int i = VARIABLE_LITERAL + 1; i < VARIABLE_COUNT; i++) {
        struct slice got = vars_get(serve.request, (enum variable)i, SLICE("x"));
        ck_assert(got.ptr != NULL || got.len == 0);
    }
}

START_TEST(every_variable_can_be_asked_for)
{
    serve_start(config);
    serve_create();
    ask_for_all();
    serve_begin("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ask_for_all();
    serve_begin("\r\n\r\n");
    ask_for_all();
    serve_begin("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    ask_for_all();
    serve_begin("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n");
    ask_for_all();
    serve_stop();
}
END_TEST

START_TEST(knows_what_was_sent)
{
    serve_start("server { return 301 /there; }");
    ASK("GET", "/");
    char text[64];
    snprintf(text, sizeof(text), "%zu", strlen(serve.head.data));
    struct slice sent = value("bytes_sent"), body = value("body_bytes_sent");
    uint64_t sent_bytes, body_bytes;
    ck_assert(slice_to_u64(sent, &sent_bytes) && slice_to_u64(body, &body_bytes));
    ck_assert_uint_eq(body_bytes, strlen(serve.body.data));
    ck_assert_uint_eq(sent_bytes, strlen(serve.head.data) + body_bytes);
    assert_slice(value("request_completion"), "OK");
    assert_slice(value("sent_http_location"), "/there");
    assert_slice(value("sent_http_connection"), "keep-alive");
    assert_slice(value("sent_http_content_length"), serve_field("Content-Length"));
    serve_stop();
}
END_TEST

/* --- $host, $request_uri ------------------------------------------------------------ */

static const struct {
    const char *head;
    const char *host;
    const char *uri;
} origins[] = {
    {"GET /p HTTP/1.0\r\n\r\n", "s.example", "/p"},
    {"GET /p HTTP/1.1\r\nHost:\r\n\r\n", "s.example", "/p"},
    {"GET /p HTTP/1.1\r\nHost: A.b.:1\r\n\r\n", "a.b", "/p"},
    {"GET http://T/p?q HTTP/1.1\r\nHost: a\r\n\r\n", "t", "/p?q"},
    {"GET http://t HTTP/1.1\r\nHost: a\r\n\r\n", "t", "/"},
    {"GET http://t?q HTTP/1.1\r\nHost: a\r\n\r\n", "t", "/?q"},
    {"GET /p? HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "[::1]", "/p?"},
};

START_TEST(knows_where_it_was_sent)
{
    serve_start(config);
    serve_begin(origins[_i].head);
    assert_slice(value("host"), origins[_i].host);
    assert_slice(value("request_uri"), origins[_i].uri);
    serve_stop();
}
END_TEST

/* Later ones may have begun before the line of this one is written. */
START_TEST(knows_which_request_of_the_connection_it_is)
{
    serve_start(config);
    serve.client.requests = 3;
    serve_begin(head);
    serve.client.requests = 5;
    assert_slice(value("connection_requests"), "3");
    serve_stop();
}
END_TEST

static const char *const credentials[] = {
    "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
    "Basic",
    "Basic !",
    "Basic Og==",
    "Basic bm9jb2xvbg==",
};

START_TEST(has_no_user_without_basic_credentials)
{
    char text[256];
    serve_start(config);
    snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: %s\r\n\r\n",
             credentials[_i]);
    serve_begin(text);
    ck_assert_ptr_null(value("remote_user").ptr);
    serve_stop();
}
END_TEST

/* --- times, names, identities ------------------------------------------------------- */

static bool looks_like(struct slice text, const char *pattern)
{
    for (size_t i = 0; i < text.len; i++) {
        bool good = pattern[i] == '0'   ? ascii_isdigit(text.ptr[i])
                    : pattern[i] == 'x' ? hex_value(text.ptr[i]) >= 0
                                        : text.ptr[i] == pattern[i];
        if (!good) {
            return false;
        }
    }
    return text.len == strlen(pattern);
}

START_TEST(tells_times_with_milliseconds)
{
    serve_start(config);
    serve_begin(head);
    serve.request->started_ms = clock_now_ms() - 12034;
    assert_slice(value("request_time"), "12.034");
    serve.request->started_ms = clock_now_ms() + 5;
    assert_slice(value("request_time"), "0.000");
    serve.client.accepted_ms = clock_now_ms() - 1;
    assert_slice(value("connection_time"), "0.001");
    ck_assert(looks_like(value("msec"), "0000000000.000"));
    serve_stop();
}
END_TEST

START_TEST(has_one_id)
{
    serve_start(config);
    serve_begin(head);
    struct slice id = value("request_id");
    ck_assert(looks_like(id, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
    assert_slice(value("request_id"), id.ptr);
    serve_stop();
}
END_TEST

/* More of them than random bytes are fetched for at once. */
START_TEST(has_an_id_that_no_other_has)
{
    static char ids[50][33];
    serve_start(config);
    for (int i = 0; i < 50; i++) {
        serve_begin(head);
        snprintf(ids[i], sizeof(ids[i]), "%s", value("request_id").ptr);
        for (int j = 0; j < i; j++) {
            ck_assert_str_ne(ids[j], ids[i]);
        }
    }
    serve_stop();
}
END_TEST

START_TEST(knows_the_address_that_was_connected_to)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    serve_start("server { listen 127.0.0.1:8080; }");
    serve_begin(head);
    assert_slice(value("server_addr"), "127.0.0.1");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    serve.client.socket = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(
        bind(serve.client.socket, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_slice(value("server_addr"), "127.0.0.2");
    close(serve.client.socket);
    serve_stop();
}
END_TEST

START_TEST(knows_ipv6_and_unix_clients)
{
    serve_start(config);
    serve.client.peer.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                                  .sin6_addr = IN6ADDR_LOOPBACK_INIT,
                                                  .sin6_port = htons(5)};
    serve_begin(head);
    assert_slice(value("remote_addr"), "::1");
    assert_slice(value("remote_port"), "5");
    serve.client.peer.sa.sa_family = AF_UNIX;
    serve_begin(head);
    assert_slice(value("remote_addr"), "unix:");
    ck_assert_ptr_null(value("remote_port").ptr);
    serve_stop();
}
END_TEST

START_TEST(knows_the_root_behind_links)
{
    char text[64];
    serve_start("server { root html; }");
    serve_file("html/x", "");
    serve_begin(head);
    snprintf(text, sizeof(text), "%shtml", serve.prefix);
    assert_slice(value("realpath_root"), text);
    serve_stop();
}
END_TEST

START_TEST(knows_an_alias)
{
    serve_start(config);
    serve_begin("GET /al/x HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_slice(value("document_root"), "/aliased/");
    assert_slice(value("request_filename"), "/aliased/x");
    serve_stop();
}
END_TEST

/* --- templates ---------------------------------------------------------------------- */

START_TEST(ends_a_root_that_names_itself)
{
    struct template_part part = {.variable = VARIABLE_DOCUMENT_ROOT};
    struct template root = {.parts = &part, .count = 1};
    serve_start(config);
    serve_begin(head);
    const struct location *found = serve.request->location;
    struct location location = {.set = found->set, .document_root = {.path = root}};
    serve.request->location = &location;
    assert_slice(vars_expand(serve.request, &root), "");
    part = (struct template_part){.variable = VARIABLE_SCHEME};
    for (int i = 0; i < 20; i++) { /* one after the other is no depth */
        assert_slice(vars_expand(serve.request, &root), "http");
    }
    serve.request->location = found;
    serve_stop();
}
END_TEST

START_TEST(expands_templates)
{
    serve_start("server { return 200 '${uri}x$arg_none-$arg_a$is_args'; }");
    serve_ask("GET /u?a=b HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert_str_eq(serve.body.data, "/ux-b?");
    serve_stop();
}
END_TEST

UNIT_SUITE(vars)
{
    UNIT_LOOP(has_its_value, 0, sizeof(rows) / sizeof(rows[0]));
    UNIT_TEST(every_variable_can_be_asked_for);
    UNIT_TEST(knows_what_was_sent);
    UNIT_LOOP(knows_where_it_was_sent, 0, sizeof(origins) / sizeof(origins[0]));
    UNIT_TEST(knows_which_request_of_the_connection_it_is);
    UNIT_LOOP(has_no_user_without_basic_credentials, 0, 5);
    UNIT_TEST(tells_times_with_milliseconds);
    UNIT_TEST(has_one_id);
    UNIT_TEST(has_an_id_that_no_other_has);
    UNIT_TEST(knows_the_address_that_was_connected_to);
    UNIT_TEST(knows_ipv6_and_unix_clients);
    UNIT_TEST(knows_the_root_behind_links);
    UNIT_TEST(knows_an_alias);
    UNIT_TEST(expands_templates);
    UNIT_TEST(ends_a_root_that_names_itself);
}
