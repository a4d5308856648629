#include "server/headers.h"
#include "server/http_date.h"
#include "server/respond.h"
#include "tests/unit/server/serve.h"
#include <utime.h>

static void start(const char *settings)
{
    char config[1024];
    snprintf(config, sizeof(config), "server { location / { %s } }", settings);
    serve_start(config);
    serve_file("html/a.html", "<p>a");
}

/* --- add_header --------------------------------------------------------------------- */

static const struct {
    const char *settings;
    unsigned status;
    bool added;
} statuses[] = {
    {"return 200 x;", 200, true},     {"return 201 x;", 201, true},
    {"return 202 x;", 202, false},    {"return 204;", 204, true},
    {"return 206 x;", 206, true},     {"return 301 /x;", 301, true},
    {"return 302 /x;", 302, true},    {"return 303 /x;", 303, true},
    {"return 307 /x;", 307, true},    {"return 308 /x;", 308, true},
    {"return 400;", 400, false},      {"return 404;", 404, false},
    {"return 404 text;", 404, false}, {"return 500;", 500, false},
};

START_TEST(adds_by_status)
{
    char settings[128];
    snprintf(settings, sizeof(settings),
             "add_header X-Some 1; add_header X-All 2 always; %s", statuses[_i].settings);
    start(settings);
    ck_assert_uint_eq(ASK("GET", "/"), statuses[_i].status);
    ck_assert_str_eq(serve_field("X-Some"), statuses[_i].added ? "1" : "");
    ck_assert_str_eq(serve_field("X-All"), "2");
    serve_stop();
}
END_TEST

START_TEST(adds_to_a_304)
{
    start("add_header X-Some 1;");
    ASK("GET", "/a.html");
    char head[2048];
    snprintf(head, sizeof(head),
             "GET /a.html HTTP/1.1\r\nHost: a\r\nIf-Modified-Since: %s\r\n\r\n",
             serve_field("Last-Modified"));
    ck_assert_uint_eq(serve_ask(head), 304);
    ck_assert_str_eq(serve_field("X-Some"), "1");
    ck_assert_str_eq(serve_field("Content-Type"), "");
    ck_assert_str_eq(serve_field("Content-Length"), "");
    serve_stop();
}
END_TEST

START_TEST(expands_values_and_leaves_out_empty_ones)
{
    start("add_header X-Uri $uri; add_header X-None $arg_none; return 200 x;");
    ASK("GET", "/u");
    ck_assert_str_eq(serve_field("X-Uri"), "/u");
    ck_assert_ptr_null(strstr(serve.head.data, "X-None"));
    serve_stop();
}
END_TEST

START_TEST(never_breaks_the_head)
{
    start("add_header X-Uri $uri; return 200 x;");
    ASK("GET", "/a%0d%0aX-Evil:%20yes");
    ck_assert_ptr_null(strstr(serve.head.data, "X-Uri"));
    ck_assert_ptr_null(strstr(serve.head.data, "X-Evil"));
    serve_stop();
}
END_TEST

START_TEST(replaces_what_can_come_once)
{
    start("add_header content-type text/x-own; add_header ETag '\"mine\"';"
          " add_header Last-Modified ''; charset utf-8;");
    ASK("GET", "/a.html");
    ck_assert_str_eq(serve_field("Content-Type"), "text/x-own");
    ck_assert_str_eq(serve_field("ETag"), "\"mine\"");
    ck_assert_str_eq(serve_field("Last-Modified"), "");
    ck_assert_ptr_null(strstr(serve.head.data, "content-type"));
    serve_stop();
}
END_TEST

START_TEST(leaves_framing_to_the_server)
{
    start("add_header Connection upgrade; add_header Date now; return 200 x;");
    ASK("GET", "/");
    ck_assert_str_eq(serve_field("Connection"), "");
    ck_assert_str_ne(serve_field("Date"), "now");
    serve_stop();
}
END_TEST

START_TEST(joins_vary)
{
    start("add_header Vary 'accept-encoding, Origin'; add_header Vary Cookie;"
          " return 200 x;");
    struct request *request = serve_create();
    respond_field(request, SLICE("Vary"), SLICE("Accept-Encoding"));
    request_begin(request, SLICE("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 3);
    serve_queue(true);
    ck_assert_str_eq(serve_field("Vary"), "Accept-Encoding, Origin, Cookie");
    serve_stop();
}
END_TEST

/* --- expires ------------------------------------------------------------------------ */

/* Seconds from Date to Expires. */
static int64_t age(void)
{
    int64_t date, expires;
    ck_assert(http_date_parse(slice_str(serve_field("Date")), 0, &date));
    ck_assert(http_date_parse(slice_str(serve_field("Expires")), 0, &expires));
    return expires - date;
}

static const struct {
    const char *expires;
    int64_t seconds;
    const char *control;
} lives[] = {
    {"30m", 1800, "max-age=1800"},
    {"0", 0, "max-age=0"},
    {"-1", -1, "no-cache"},
    {"-1h", -3600, "no-cache"},
};

START_TEST(expires_from_now)
{
    char settings[64];
    snprintf(settings, sizeof(settings), "expires %s;", lives[_i].expires);
    start(settings);
    ASK("GET", "/a.html");
    ck_assert_int_eq(age(), lives[_i].seconds);
    ck_assert_str_eq(serve_field("Cache-Control"), lives[_i].control);
    serve_stop();
}
END_TEST

static const struct {
    const char *settings;
    const char *expires;
    const char *control;
} fixed[] = {
    {"expires epoch;", "Thu, 01 Jan 1970 00:00:01 GMT", "no-cache"},
    {"expires max;", "Thu, 31 Dec 2037 23:55:55 GMT", "max-age=315360000"},
    {"expires off;", "", ""},
    {"expires 1h; return 404;", "", ""},
    {"", "", ""},
};

START_TEST(expires_at_fixed_times)
{
    start(fixed[_i].settings);
    ASK("GET", "/a.html");
    ck_assert_str_eq(serve_field("Expires"), fixed[_i].expires);
    ck_assert_str_eq(serve_field("Cache-Control"), fixed[_i].control);
    serve_stop();
}
END_TEST

START_TEST(expires_from_the_files_date)
{
    char path[128], control[64];
    start("expires modified 1h;");
    snprintf(path, sizeof(path), "%shtml/a.html", serve.prefix);
    time_t changed = clock_wall()->tv_sec - 600;
    ck_assert_int_eq(utime(path, &(struct utimbuf){changed, changed}), 0);
    ASK("GET", "/a.html");
    snprintf(control, sizeof(control), "max-age=%lld", (long long)age());
    ck_assert_str_eq(serve_field("Cache-Control"), control);
    ck_assert_int_ge(age(), 2998);
    ck_assert_int_le(age(), 3000);
    changed -= 7200;
    ck_assert_int_eq(utime(path, &(struct utimbuf){changed, changed}), 0);
    serve_end();
    service_clear(&serve.service); /* and with it the file cache */
    service_init(&serve.service, serve.config);
    ASK("GET", "/a.html");
    ck_assert_str_eq(serve_field("Cache-Control"), "no-cache");
    serve_stop();
}
END_TEST

START_TEST(expires_at_a_time_of_day)
{
    int64_t expires;
    start("expires @15h30m;");
    ASK("GET", "/a.html");
    ck_assert_int_gt(age(), 0);
    ck_assert_int_le(age(), 25 * 3600);
    ck_assert(http_date_parse(slice_str(serve_field("Expires")), 0, &expires));
    time_t moment = (time_t)expires;
    struct tm tm;
    localtime_r(&moment, &tm);
    ck_assert_int_eq(tm.tm_hour * 60 + tm.tm_min, 15 * 60 + 30);
    serve_stop();
}
END_TEST

/* --- charset ------------------------------------------------------------------------ */

static const struct {
    const char *settings;
    const char *target;
    const char *type;
} charsets[] = {
    {"charset utf-8;", "/a.html", "text/html; charset=utf-8"},
    {"charset koi8-r; return 200 x;", "/x", "text/plain; charset=koi8-r"},
    {"charset koi8-r; return 404;", "/x", "text/html; charset=utf-8"},
    {"charset utf-8; return 200 x;", "/x.png", "image/png"},
    {"", "/a.html", "text/html"},
    {"charset utf-8; add_header Content-Type 'text/plain; Charset=x'; return 200 x;", "/",
     "text/plain; Charset=x"},
};

START_TEST(names_the_charset)
{
    start(charsets[_i].settings);
    ASK("GET", "/none");
    serve_end();
    char head[128];
    snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n",
             charsets[_i].target);
    serve_ask(head);
    ck_assert_str_eq(serve_field("Content-Type"), charsets[_i].type);
    serve_stop();
}
END_TEST

/* --- what the server says of itself ------------------------------------------------- */

START_TEST(says_less_of_itself)
{
    start("server_tokens off; return 200 x;");
    ASK("GET", "/");
    ck_assert_str_eq(serve_field("Server"), "tinyhttpd");
    serve_stop();
}
END_TEST

static const struct {
    const char *value;
    const char *server;
} servers[] = {{"mine", "mine"}, {"''", ""}};

START_TEST(calls_itself_as_add_header_says)
{
    char settings[64];
    snprintf(settings, sizeof(settings), "add_header Server %s; return 200 x;",
             servers[_i].value);
    start(settings);
    ASK("GET", "/");
    ck_assert_str_eq(serve_field("Server"), servers[_i].server);
    serve_stop();
}
END_TEST

START_TEST(tells_how_long_it_keeps_the_connection)
{
    start("keepalive_timeout 75s 20s; return 200 x;");
    ASK("GET", "/");
    ck_assert_str_eq(serve_field("Keep-Alive"), "timeout=20");
    ck_assert_str_eq(serve_field("Connection"), "keep-alive");
    serve_stop();
}
END_TEST

UNIT_SUITE(headers)
{
    UNIT_LOOP(adds_by_status, 0, sizeof(statuses) / sizeof(statuses[0]));
    UNIT_TEST(adds_to_a_304);
    UNIT_TEST(expands_values_and_leaves_out_empty_ones);
    UNIT_TEST(never_breaks_the_head);
    UNIT_TEST(replaces_what_can_come_once);
    UNIT_TEST(leaves_framing_to_the_server);
    UNIT_TEST(joins_vary);
    UNIT_LOOP(expires_from_now, 0, sizeof(lives) / sizeof(lives[0]));
    UNIT_LOOP(expires_at_fixed_times, 0, sizeof(fixed) / sizeof(fixed[0]));
    UNIT_TEST(expires_from_the_files_date);
    UNIT_TEST(expires_at_a_time_of_day);
    UNIT_LOOP(names_the_charset, 0, sizeof(charsets) / sizeof(charsets[0]));
    UNIT_TEST(says_less_of_itself);
    UNIT_LOOP(calls_itself_as_add_header_says, 0, 2);
    UNIT_TEST(tells_how_long_it_keeps_the_connection);
}
