#include "server/filecache.h"
#include "tests/unit/server/served_file.h"
#include <sys/resource.h>

static const char config[] =
    "server { root www; etag on;"
    " location /utf8/ { charset utf-8; }"
    " location /one-range/ { max_ranges 1; } location /no-range/ { max_ranges 0; }"
    " location /no-etag/ { etag off; }"
    " location /quiet/ { log_not_found off; }"
    " location /cached/ { expires 1h; add_header X-Mine yes; }"
    " location = /alias { alias www/a.txt; }"
    " location /alias-file { alias www/a.txt; }"
    " location /pages/ { error_page 404 /404.html; error_page 412 416 /range.html; }"
    "}";

static void begin(void)
{
    serve_start(config);
    ck_assert_int_eq(mkdir(served_path("www"), 0755), 0);
    served_file("www/a.txt", "0123456789", 0);
    served_file("www/empty.txt", "", 0);
    served_file("www/404.html", "my own page", 0);
    served_file("www/dir x/page.html", "<p>", 0);
}

START_TEST(sends_a_file)
{
    begin();
    ck_assert_uint_eq(ASK("GET", "/a.txt"), 200);
    ck_assert_str_eq(serve.body.data, "0123456789");
    ck_assert_str_eq(serve_field("Content-Type"), "text/plain");
    ck_assert_str_eq(serve_field("Content-Length"), "10");
    ck_assert_str_eq(serve_field("Last-Modified"), "Tue, 14 Nov 2023 22:13:20 GMT");
    ck_assert_str_eq(serve_field("Accept-Ranges"), "bytes");
    ck_assert_str_eq(serve_field("Vary"), "");
    ck_assert_int_eq(serve_field("ETag")[0], '"');
    serve_stop();
}
END_TEST

START_TEST(sends_an_empty_file)
{
    begin();
    ck_assert_uint_eq(ASK("GET", "/empty.txt"), 200);
    ck_assert_str_eq(serve.body.data, "");
    ck_assert_str_eq(serve_field("Content-Length"), "0");
    ck_assert_uint_eq(served_get("/empty.txt", "Range: bytes=0-0\r\n"), 416);
    ck_assert_str_eq(serve_field("Content-Range"), "bytes */0");
    ck_assert_uint_eq(served_get("/empty.txt", "Range: bytes=-5\r\n"), 200);
    serve_stop();
}
END_TEST

/* The same fields, but for Date, and no content. */
START_TEST(answers_head_as_get)
{
    begin();
    char get[1024];
    ASK("GET", "/a.txt");
    strcpy(get, strstr(serve.head.data, "Content-Type"));
    ck_assert_uint_eq(ASK("HEAD", "/a.txt"), 200);
    ck_assert_str_eq(strstr(serve.head.data, "Content-Type"), get);
    ck_assert_str_eq(serve.body.data, "");
    serve_stop();
}
END_TEST

START_TEST(adds_a_charset_to_text)
{
    begin();
    served_file("www/utf8/a.html", "x", 0);
    served_file("www/utf8/a.png", "x", 0);
    ASK("GET", "/utf8/a.html");
    ck_assert_str_eq(serve_field("Content-Type"), "text/html; charset=utf-8");
    ASK("GET", "/utf8/a.png");
    ck_assert_str_eq(serve_field("Content-Type"), "image/png");
    serve_stop();
}
END_TEST

static const struct {
    const char *target;
    unsigned status;
    const char *log; /* what the error log says; NULL: nothing */
} refusals[] = {
    {"/gone", 404, "www/gone\" failed (2: No such file or directory)"},
    {"/a.txt/", 404, "www/a.txt/\" failed (20: Not a directory)"},
    {"/a.txt/x", 404, "(20: Not a directory)"},
    {"/alias-file/", 404, "(20: Not a directory)"},
    {"/quiet/gone", 404, NULL},
    {"/dir%20x/", 403, "directory index of \""},
    {"/out", 403, "(18: Invalid cross-device link)"},
    {"/fifo", 403, "www/fifo\" is not a regular file"},
    {"/loop", 403, "(40: Too many levels of symbolic links)"},
};

START_TEST(refuses)
{
    begin();
    ck_assert_int_eq(symlink("/etc/passwd", served_path("www/out")), 0);
    ck_assert_int_eq(symlink("loop", served_path("www/loop")), 0);
    ck_assert_int_eq(mkfifo(served_path("www/fifo"), 0644), 0);
    char head[128];
    snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n",
             refusals[_i].target);
    ck_assert_uint_eq(serve_ask(head), refusals[_i].status);
    const char *log = serve_text(&serve.error_log);
    if (refusals[_i].log == NULL) {
        ck_assert_str_eq(log, "");
    } else {
        ck_assert_msg(strstr(log, refusals[_i].log) != NULL, "log: %s", log);
    }
    serve_stop();
}
END_TEST

START_TEST(answers_503_without_descriptors)
{
    begin();
    struct rlimit limit, none;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){3, limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    unsigned status = ASK("GET", "/a.txt");
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_uint_eq(status, 503);
    ck_assert(served_log_has("[crit]"));
    ck_assert(served_log_has("(24: Too many open files)"));
    serve_stop();
}
END_TEST

START_TEST(redirects_to_the_slash)
{
    begin();
    ck_assert_uint_eq(ASK("GET", "/dir%20x"), 301);
    ck_assert_str_eq(serve_field("Location"), "/dir%20x/");
    ck_assert_uint_eq(ASK("GET", "/dir%20x?a=b&c"), 301);
    ck_assert_str_eq(serve_field("Location"), "/dir%20x/?a=b&c");
    serve_stop();
}
END_TEST

START_TEST(serves_a_file_that_an_alias_names)
{
    begin();
    ck_assert_uint_eq(ASK("GET", "/alias"), 200);
    ck_assert_str_eq(serve.body.data, "0123456789");
    serve_stop();
}
END_TEST

/* --- conditions --------------------------------------------------------------------- */

START_TEST(answers_304_with_what_a_200_would_say)
{
    begin();
    served_file("www/cached/a.txt", "x", 0);
    ASK("GET", "/cached/a.txt");
    char etag[80], field[128];
    strcpy(etag, serve_field("ETag"));
    snprintf(field, sizeof(field), "If-None-Match: %s\r\n", etag);
    ck_assert_uint_eq(served_get("/cached/a.txt", field), 304);
    ck_assert_str_eq(serve_field("ETag"), etag);
    ck_assert_str_eq(serve_field("Last-Modified"), ""); /* the ETag says it (15.4.5) */
    ck_assert_str_eq(serve_field("Cache-Control"), "max-age=3600");
    ck_assert_str_ne(serve_field("Expires"), "");
    ck_assert_str_eq(serve_field("X-Mine"), "yes");
    ck_assert_str_eq(serve_field("Content-Type"), "");
    ck_assert_str_eq(serve_field("Content-Length"), "");
    ck_assert_str_eq(serve.body.data, "");
    serve_stop();
}
END_TEST

static const struct {
    const char *target;
    const char *fields;
    unsigned status;
} conditions[] = {
    {"/a.txt", "If-None-Match: *\r\n", 304},
    {"/a.txt", "If-None-Match: \"other\"\r\n", 200},
    {"/a.txt", "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 304},
    {"/a.txt", "If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n", 200},
    {"/a.txt",
     "If-None-Match: \"x\"\r\nIf-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 200},
    {"/a.txt", "If-Match: \"other\"\r\n", 412},
    {"/a.txt", "If-Match: *\r\n", 200},
    {"/a.txt", "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n", 412},
    {"/a.txt", "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 200},
    {"/a.txt", "Range: bytes=0-1\r\nIf-Range: \"other\"\r\n", 200},
    {"/a.txt", "Range: bytes=0-1\r\nIf-Range: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 206},
    {"/a.txt", "Range: bytes=90-\r\nIf-None-Match: *\r\n", 304},
    {"/gone", "If-None-Match: *\r\n", 404},
    {"/gone", "If-Match: *\r\n", 404},
};

START_TEST(judges_conditions)
{
    begin();
    unsigned status = served_get(conditions[_i].target, conditions[_i].fields);
    ck_assert_msg(status == conditions[_i].status, "%s: %u", conditions[_i].fields,
                  status);
    serve_stop();
}
END_TEST

START_TEST(sends_no_etag_when_off)
{
    begin();
    served_file("www/no-etag/a.txt", "x", 0);
    ck_assert_uint_eq(ASK("GET", "/no-etag/a.txt"), 200);
    ck_assert_str_eq(serve_field("ETag"), "");
    ck_assert_str_ne(serve_field("Last-Modified"), "");
    serve_stop();
}
END_TEST

/* An error page is no version of what was asked for. */
START_TEST(sends_an_error_page_without_validators)
{
    begin();
    ck_assert_uint_eq(
        served_get("/pages/gone", "Range: bytes=0-1\r\nIf-Match: \"x\"\r\n"), 404);
    ck_assert_str_eq(serve.body.data, "my own page");
    ck_assert_str_eq(serve_field("ETag"), "");
    ck_assert_str_eq(serve_field("Last-Modified"), "");
    ck_assert_str_eq(serve_field("Accept-Ranges"), "");
    serve_stop();
}
END_TEST

/* --- ranges ------------------------------------------------------------------------- */

static const struct {
    const char *target;
    const char *range;
    unsigned status;
    const char *content_range;
    const char *body;
} ranges[] = {
    {"/a.txt", "bytes=0-0", 206, "bytes 0-0/10", "0"},
    {"/a.txt", "bytes=2-4", 206, "bytes 2-4/10", "234"},
    {"/a.txt", "bytes=7-", 206, "bytes 7-9/10", "789"},
    {"/a.txt", "bytes=-3", 206, "bytes 7-9/10", "789"},
    {"/a.txt", "bytes=-99", 206, "bytes 0-9/10", "0123456789"},
    {"/a.txt", "bytes=8-99", 206, "bytes 8-9/10", "89"},
    {"/a.txt", "bytes=0-1,2-3", 206, "bytes 0-3/10", "0123"},
    {"/a.txt", "bytes=10-", 416, "bytes */10", NULL},
    {"/a.txt", "bytes=-0", 416, "bytes */10", NULL},
    {"/a.txt", "lines=0-1", 200, "", "0123456789"},
    {"/a.txt", "bytes=4-2", 200, "", "0123456789"},
    {"/one-range/a.txt", "bytes=0-0", 206, "bytes 0-0/10", "0"},
    {"/one-range/a.txt", "bytes=0-0,5-5", 200, "", "0123456789"},
    {"/no-range/a.txt", "bytes=0-0", 200, "", "0123456789"},
};

START_TEST(sends_a_range)
{
    begin();
    served_file("www/one-range/a.txt", "0123456789", 0);
    served_file("www/no-range/a.txt", "0123456789", 0);
    char field[64];
    snprintf(field, sizeof(field), "Range: %s\r\n", ranges[_i].range);
    unsigned status = served_get(ranges[_i].target, field);
    ck_assert_msg(status == ranges[_i].status, "%s: %u", ranges[_i].range, status);
    ck_assert_str_eq(serve_field("Content-Range"), ranges[_i].content_range);
    if (ranges[_i].body != NULL) {
        char length[24];
        snprintf(length, sizeof(length), "%zu", strlen(ranges[_i].body));
        ck_assert_str_eq(serve.body.data, ranges[_i].body);
        ck_assert_str_eq(serve_field("Content-Length"), length);
        ck_assert_str_eq(serve_field("Content-Type"), "text/plain");
    }
    bool has_none = strcmp(ranges[_i].target, "/no-range/a.txt") == 0;
    bool is_error = ranges[_i].status == 416;
    ck_assert_str_eq(serve_field("Accept-Ranges"), has_none || is_error ? "" : "bytes");
    serve_stop();
}
END_TEST

START_TEST(ignores_a_range_of_head)
{
    begin();
    ck_assert_uint_eq(
        serve_ask("HEAD /a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=0-0\r\n\r\n"), 200);
    ck_assert_str_eq(serve_field("Content-Length"), "10");
    serve_stop();
}
END_TEST

/* The boundary as the field names it; NULL when there is none. */
static const char *boundary(void)
{
    static const char front[] = "multipart/byteranges; boundary=";
    static char value[64];
    const char *type = serve_field("Content-Type");
    if (strncmp(type, front, strlen(front)) != 0) {
        return NULL;
    }
    snprintf(value, sizeof(value), "%.60s", type + strlen(front));
    return value;
}

START_TEST(sends_several_ranges)
{
    begin();
    ck_assert_uint_eq(served_get("/a.txt", "Range: bytes=0-0,4-5,-1\r\n"), 206);
    const char *mark = boundary();
    ck_assert_ptr_nonnull(mark);
    char expected[1024], length[24];
    snprintf(
        expected, sizeof(expected),
        "\r\n--%s\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-0/10\r\n\r\n0"
        "\r\n--%s\r\nContent-Type: text/plain\r\nContent-Range: bytes 4-5/10\r\n\r\n45"
        "\r\n--%s\r\nContent-Type: text/plain\r\nContent-Range: bytes 9-9/10\r\n\r\n9"
        "\r\n--%s--\r\n",
        mark, mark, mark, mark);
    ck_assert_str_eq(serve.body.data, expected);
    snprintf(length, sizeof(length), "%zu", strlen(expected));
    ck_assert_str_eq(serve_field("Content-Length"), length);
    ck_assert_str_eq(serve_field("Content-Range"), "");
    char before[64];
    strcpy(before, mark);
    served_get("/a.txt", "Range: bytes=0-0,4-5\r\n");
    ck_assert_str_ne(boundary(), before);
    serve_stop();
}
END_TEST

START_TEST(names_the_charset_in_the_parts)
{
    begin();
    served_file("www/utf8/a.txt", "0123456789", 0);
    ck_assert_uint_eq(served_get("/utf8/a.txt", "Range: bytes=0-0,4-5\r\n"), 206);
    ck_assert_uint_eq(strlen(boundary()), 32);
    ck_assert_ptr_nonnull(
        strstr(serve.body.data, "\r\nContent-Type: text/plain; charset=utf-8\r\n"));
    serve_stop();
}
END_TEST

START_TEST(sends_ranges_of_a_file_over_4_gib)
{
    begin();
    serve_file("www/huge", "");
    if (truncate(served_path("www/huge"), (off_t)5 << 30) == 0) {
        ck_assert_uint_eq(served_get("/huge", "Range: bytes=5368709116-\r\n"), 206);
        ck_assert_str_eq(serve_field("Content-Range"),
                         "bytes 5368709116-5368709119/5368709120");
        ck_assert_uint_eq(serve.body.len, 4 + 1);
        ASK("HEAD", "/huge");
        ck_assert_str_eq(serve_field("Content-Length"), "5368709120");
    }
    serve_stop();
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof((table)[0]))

UNIT_SUITE(handler_file)
{
    UNIT_TEST(sends_a_file);
    UNIT_TEST(sends_an_empty_file);
    UNIT_TEST(answers_head_as_get);
    UNIT_TEST(adds_a_charset_to_text);
    UNIT_LOOP(refuses, 0, COUNT(refusals));
    UNIT_TEST(answers_503_without_descriptors);
    UNIT_TEST(redirects_to_the_slash);
    UNIT_TEST(serves_a_file_that_an_alias_names);
    UNIT_TEST(answers_304_with_what_a_200_would_say);
    UNIT_LOOP(judges_conditions, 0, COUNT(conditions));
    UNIT_TEST(sends_no_etag_when_off);
    UNIT_TEST(sends_an_error_page_without_validators);
    UNIT_LOOP(sends_a_range, 0, COUNT(ranges));
    UNIT_TEST(ignores_a_range_of_head);
    UNIT_TEST(sends_several_ranges);
    UNIT_TEST(names_the_charset_in_the_parts);
    UNIT_TEST(sends_ranges_of_a_file_over_4_gib);
}
