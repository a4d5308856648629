#include "server/http_respond.h"
#include "tests/unit/unit.h"

static struct buf out;
static struct arena *arena;
static struct response response;
static struct http_respond_info info;

static void setup(void)
{
    arena = arena_create(1024);
    out = (struct buf){0};
    response = (struct response){
        .status = 200,
        .fields = ARRAY_OF(struct response_field),
    };
    info = (struct http_respond_info){
        .date = SLICE("Sun, 06 Nov 1994 08:49:37 GMT"),
        .minor = 1,
        .keep_alive = true,
    };
}

static const char *render(void)
{
    http_respond_head(&out, &response, &info);
    buf_append_char(&out, '\0');
    return out.data;
}

static void finish(void)
{
    buf_free(&out);
    arena_destroy(arena);
}

static void add(const char *name, struct slice value)
{
    struct response_field *field = array_push(&response.fields, arena);
    *field = (struct response_field){slice_str(name), value};
}

START_TEST(writes_all_fields_in_order)
{
    setup();
    info.server = SLICE("tinyhttpd");
    info.keep_alive = false;
    response.content_type = SLICE("text/html");
    response.charset = SLICE("utf-8");
    response.content_length = UINT64_MAX;
    response.last_modified = SLICE("Mon, 07 Nov 1994 08:49:37 GMT");
    response.etag = SLICE("\"x\"");
    response.accept_ranges = true;
    response.location = SLICE("/there");
    add("X-One", SLICE("1"));
    add("X-Two", SLICE(""));
    ck_assert_str_eq(render(), "HTTP/1.1 200 OK\r\n"
                               "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                               "Server: tinyhttpd\r\n"
                               "Content-Type: text/html; charset=utf-8\r\n"
                               "Content-Length: 18446744073709551615\r\n"
                               "Last-Modified: Mon, 07 Nov 1994 08:49:37 GMT\r\n"
                               "Connection: close\r\n"
                               "ETag: \"x\"\r\n"
                               "Accept-Ranges: bytes\r\n"
                               "Location: /there\r\n"
                               "X-One: 1\r\n"
                               "X-Two: \r\n"
                               "\r\n");
    finish();
}
END_TEST

START_TEST(says_no_more_than_needed)
{
    setup();
    ck_assert_str_eq(render(), "HTTP/1.1 200 OK\r\n"
                               "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                               "Content-Length: 0\r\n"
                               "\r\n");
    finish();
}
END_TEST

START_TEST(appends_to_what_is_there)
{
    setup();
    buf_append_str(&out, "before");
    ck_assert_int_eq(strncmp(render(), "beforeHTTP/1.1 200 OK\r\n", 23), 0);
    finish();
}
END_TEST

static const unsigned bodiless[] = {100, 103, 204, 304};

START_TEST(gives_no_length_where_there_is_no_content)
{
    setup();
    response.status = bodiless[_i];
    response.content_type = SLICE("text/html");
    ck_assert_ptr_null(strstr(render(), "Content-"));
    finish();
}
END_TEST

START_TEST(leaves_out_a_date_that_is_known)
{
    setup();
    response.last_modified = SLICE("Mon, 07 Nov 1994 08:49:37 GMT");
    response.date_known = true;
    ck_assert_ptr_null(strstr(render(), "Last-Modified"));
    finish();
}
END_TEST

START_TEST(names_a_status_without_a_reason)
{
    setup();
    response.status = 299;
    ck_assert_int_eq(strncmp(render(), "HTTP/1.1 299 \r\n", 15), 0);
    finish();
}
END_TEST

START_TEST(tells_old_clients_that_the_connection_stays)
{
    setup();
    info.minor = 0;
    ck_assert_ptr_nonnull(strstr(render(), "\r\nConnection: keep-alive\r\n"));
    finish();
}
END_TEST

START_TEST(tells_how_long_it_waits)
{
    setup();
    info.keepalive_header = 20;
    ck_assert_ptr_nonnull(
        strstr(render(), "\r\nConnection: keep-alive\r\nKeep-Alive: timeout=20\r\n"));
    finish();
}
END_TEST

START_TEST(tells_no_time_when_it_closes)
{
    setup();
    info.keepalive_header = 20;
    info.keep_alive = false;
    ck_assert_ptr_null(strstr(render(), "Keep-Alive"));
    finish();
}
END_TEST

static const struct slice breaking[] = {
    SLICE_INIT("a\r\nSet-Cookie: b"),
    SLICE_INIT("a\rb"),
    SLICE_INIT("a\nb"),
    SLICE_INIT("a\0b"),
    SLICE_INIT("a\x7f"),
};

START_TEST(leaves_out_what_would_break_the_head)
{
    setup();
    response.content_type = breaking[_i];
    response.etag = breaking[_i];
    response.last_modified = breaking[_i];
    response.location = breaking[_i];
    info.server = breaking[_i];
    add("X-Value", breaking[_i]);
    add("X Name", SLICE("v"));
    add("", SLICE("v"));
    ck_assert_str_eq(render(), "HTTP/1.1 200 OK\r\n"
                               "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                               "Content-Length: 0\r\n"
                               "\r\n");
    finish();
}
END_TEST

START_TEST(leaves_out_a_breaking_charset_only)
{
    setup();
    response.content_type = SLICE("text/plain");
    response.charset = SLICE("x\r\ny");
    ck_assert_ptr_nonnull(strstr(render(), "\r\nContent-Type: text/plain\r\n"));
    finish();
}
END_TEST

START_TEST(continues)
{
    ck_assert(slice_eq(http_respond_continue(), SLICE("HTTP/1.1 100 Continue\r\n\r\n")));
}
END_TEST

UNIT_SUITE(http_respond)
{
    UNIT_TEST(writes_all_fields_in_order);
    UNIT_TEST(says_no_more_than_needed);
    UNIT_TEST(appends_to_what_is_there);
    UNIT_LOOP(gives_no_length_where_there_is_no_content, 0, 4);
    UNIT_TEST(leaves_out_a_date_that_is_known);
    UNIT_TEST(names_a_status_without_a_reason);
    UNIT_TEST(tells_old_clients_that_the_connection_stays);
    UNIT_TEST(tells_how_long_it_waits);
    UNIT_TEST(tells_no_time_when_it_closes);
    UNIT_LOOP(leaves_out_what_would_break_the_head, 0, 5);
    UNIT_TEST(leaves_out_a_breaking_charset_only);
    UNIT_TEST(continues);
}
