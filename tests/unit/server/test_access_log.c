#include "server/access_log.h"
#include "tests/unit/server/serve.h"

/* Asks for "/" and gives what was logged. */
static const char *log_of(const char *config, const char *head)
{
    serve_start(config);
    serve_ask(head);
    serve_end();
    return serve_text(&serve.access_log);
}

static const char plain[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
static const char nasty[] = "GET /?\\x HTTP/1.1\r\nHost: a\r\n"
                            "User-Agent: \"\\\xc3\xa4\t\xff\r\nReferer:\r\n\r\n";

#define FORMATS(format, server)                                                          \
    "http { log_format f " format "; access_log x.log f; server { " server " } }"

START_TEST(writes_the_combined_format)
{
    char expected[256];
    const char *line = log_of(
        "http { access_log x.log; server { return 200 four; } }",
        "GET /p?q HTTP/1.1\r\nHost: a\r\nUser-Agent: agent\r\nAuthorization: Basic "
        "QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
    struct slice now = clock_access_log();
    snprintf(expected, sizeof(expected),
             "0 127.0.0.1 - Aladdin [%.*s] \"GET /p?q HTTP/1.1\" 200 4 \"-\" \"agent\"\n",
             SLICE_ARG(now));
    ck_assert_str_eq(strchr(line, ' '), strchr(expected, ' '));
    serve_stop();
}
END_TEST

static const struct {
    const char *config;
    const char *line;
} escapes[] = {
    {FORMATS("'$http_user_agent|$http_referer|$http_none|ä\"'", "return 204;"),
     "\\x22\\x5C\\xC3\\xA4\\x09\\xFF||-|ä\"\n"},
    {FORMATS("escape=json '$http_user_agent|$http_referer|$http_none|'", "return 204;"),
     "\\\"\\\\\xc3\xa4\\t\xef\xbf\xbd|||\n"},
    {FORMATS("escape=none '$http_user_agent|$http_referer|$http_none|'", "return 204;"),
     "\"\\\xc3\xa4\\x09\xff|||\n"},
};

START_TEST(escapes_as_the_format_says)
{
    const char *line = log_of(escapes[_i].config, nasty);
    ck_assert_str_eq(strchr(line, ' ') + 1, escapes[_i].line);
    serve_stop();
}
END_TEST

static const char pieces[] =
    "-a$-bc$-def$-ghij$-klmno$-pqrstu$-vwxyzA$-BCDEFGH$-IJKLMNOP";

/* The pieces, where "$" stands for the status, behind that many dots. */
static const char *with_status(int dots, const char *status)
{
    static struct buf text;
    buf_clear(&text);
    for (int i = 0; i < dots; i++) {
        buf_append_char(&text, '.');
    }
    for (const char *at = pieces; *at != '\0'; at++) {
        buf_append(&text, at, *at != '$');
        buf_append_str(&text, *at == '$' ? status : "");
    }
    buf_append(&text, "", 1);
    return text.data;
}

/* In a fresh buffer: what stands in front moves them over the end of its first room. */
START_TEST(writes_pieces_of_every_length)
{
    struct buf config = {0};
    buf_printf(&config, FORMATS("'%s'", "return 204;"), with_status(_i, "$status"));
    serve_start(config.data);
    serve_ask(plain);
    buf_free(&serve.service.scratch);
    serve_end();
    const char *line = serve_text(&serve.access_log);
    struct slice logged = slice_str(strchr(line, ' ') + 1);
    ck_assert(slice_ends_byte(logged, '\n'));
    logged.len--;
    UNIT_SLICE_EQ(logged, with_status(_i, "204"));
    buf_free(&config);
    serve_stop();
}
END_TEST

START_TEST(writes_to_every_log_of_the_location)
{
    const char *lines = log_of("http { log_format f f$status; log_format g g$status;"
                               " access_log a f; access_log b g; access_log c f;"
                               " server { location / { return 204; } } }",
                               plain);
    int f_first, f_second, g, end;
    ck_assert_int_eq(
        sscanf(lines, "%d f204\n%d f204\n%d g204\n%n", &f_first, &f_second, &g, &end), 3);
    ck_assert_str_eq(lines + end, "");
    const struct log_file *files = serve.config->log_files;
    ck_assert_ptr_nonnull(strstr(files[f_first].path, "/a"));
    ck_assert_ptr_nonnull(strstr(files[f_second].path, "/c"));
    ck_assert_ptr_nonnull(strstr(files[g].path, "/b"));
    serve_stop();
}
END_TEST

START_TEST(writes_nothing_when_off)
{
    ck_assert_str_eq(log_of("server { access_log off; return 204; }", plain), "");
    serve_stop();
}
END_TEST

static const struct {
    const char *target;
    bool logged;
} conditions[] = {{"/?log=1", true},
                  {"/?log=0", false},
                  {"/?log=", false},
                  {"/", false},
                  {"/?log=00", true}};

START_TEST(writes_on_a_condition)
{
    char head[128];
    snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n",
             conditions[_i].target);
    const char *line = log_of("http { log_format f x; access_log a f if=$arg_log;"
                              " server { return 204; } }",
                              head);
    ck_assert_int_eq(line[0] != '\0', conditions[_i].logged);
    serve_stop();
}
END_TEST

START_TEST(logs_where_the_request_ended)
{
    const char *line = log_of("http { log_format f $uri; access_log off; server {"
                              " location / { error_page 404 /e; }"
                              " location = /e { access_log x f; return 200 e; } } }",
                              "GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert_str_eq(strchr(line, ' '), " /e\n");
    serve_stop();
}
END_TEST

/* What follows the value is whole, whatever the client sent. */
START_TEST(cuts_values_of_a_line_that_is_too_long)
{
    struct buf head = {0};
    buf_append_str(&head, "GET / HTTP/1.1\r\nHost: a\r\nX-Long: ");
    for (int i = 0; i < 9000; i++) {
        buf_append_char(&head, '"');
    }
    buf_append_str(&head, "\r\n\r\n");
    const char *line = log_of(
        FORMATS("escape=json '{\"a\":\"$http_x_long\",\"s\":$status}'", "return 204;"),
        serve_text(&head));
    const char *text = strchr(line, ' ') + 1;
    const size_t frame = strlen("{\"a\":\"\",\"s\":204}\n");
    ck_assert_uint_eq(strlen(text), frame + 2 * (ACCESS_LINE_MAX / 4));
    ck_assert_str_eq(strrchr(text, '\\'), "\\\"\",\"s\":204}\n");
    serve_stop();
    buf_free(&head);
}
END_TEST

START_TEST(cuts_a_format_that_is_too_long)
{
    struct buf config = {0};
    buf_append_str(&config, "http { log_format f '");
    for (int i = 0; i < ACCESS_LINE_MAX + 1; i++) {
        buf_append_str(&config, i % 1024 == 1023 ? "f' '" : "f");
    }
    buf_append_str(&config, "'; access_log x.log f; server { return 204; } }");
    const char *text = strchr(log_of(serve_text(&config), plain), ' ') + 1;
    ck_assert_uint_eq(strlen(text), ACCESS_LINE_MAX);
    ck_assert_int_eq(text[ACCESS_LINE_MAX - 1], '\n');
    serve_stop();
    buf_free(&config);
}
END_TEST

UNIT_SUITE(access_log)
{
    UNIT_TEST(writes_the_combined_format);
    UNIT_LOOP(escapes_as_the_format_says, 0, sizeof(escapes) / sizeof(escapes[0]));
    UNIT_LOOP(writes_pieces_of_every_length, 0, 130);
    UNIT_TEST(writes_to_every_log_of_the_location);
    UNIT_TEST(writes_nothing_when_off);
    UNIT_LOOP(writes_on_a_condition, 0, sizeof(conditions) / sizeof(conditions[0]));
    UNIT_TEST(logs_where_the_request_ended);
    UNIT_TEST(cuts_values_of_a_line_that_is_too_long);
    UNIT_TEST(cuts_a_format_that_is_too_long);
}
