#include "server/filecache.h"
#include "server/http_date.h"
#include "server/kept_head.h"
#include "server/respond.h"
#include "tests/unit/server/served_file.h"

/* With this a head is longer than the room in front of content. */
#define FORTY "0123456789012345678901234567890123456789"
#define LONG  FORTY FORTY FORTY FORTY FORTY FORTY FORTY FORTY

static const char config[] =
    "server { root www; add_header X-Host $host; }"
    "server { server_name plain; root www;"
    " location /charset/ { alias www/; charset utf-8; }"
    " location /type/ { alias www/; types { } default_type a/b; }"
    " location /long/ { alias www/; types { } default_type a/" LONG "; }"
    " location /like/ { alias www/; } location /alike/ { alias www/; }"
    " location /etag/ { alias www/; etag off; }"
    " location /ranges/ { alias www/; max_ranges 0; }"
    " location /gzip/ { alias www/; gzip_static on; }"
    " location /alive/ { alias www/; keepalive_timeout 5s 5s; }"
    " location /tokens/ { alias www/; server_tokens off; }"
    " location /each/ { alias www/; add_header X-Args $args; }"
    " location /server/ { alias www/; add_header Server $args; }"
    " location /expires/ { alias www/; expires epoch; }"
    " location /moved/ { alias www/; return 302 /x?$args;"
    "                    error_page 302 =200 /like/a.txt; }"
    " location /error/ { error_page 404 /a.txt; }"
    " location /secret/ { return 403; error_page 403 /a.txt; }"
    " location /found { return 302 /there?$args; }"
    " location = /a.html { alias www/a.txt; } }";

#define REQUEST(target, rest) "GET " target " HTTP/1.1\r\nHost: plain\r\n" rest "\r\n"

#define UNMODIFIED "If-None-Match: *\r\n"
#define GZIP       "Accept-Encoding: gzip\r\n"

/* Each is asked for in between the others: whatever one leaves behind, none may differ
 * from what it is with nothing kept. */
static const char *const requests[] = {
    REQUEST("/a.txt", ""),
    REQUEST("/b.txt", ""),
    REQUEST("/a.html", ""),
    REQUEST("/charset/a.txt", ""),
    REQUEST("/type/a.txt", ""),
    REQUEST("/long/a.txt", ""),
    REQUEST("/like/a.txt", ""),
    REQUEST("/etag/a.txt", ""),
    REQUEST("/ranges/a.txt", ""),
    REQUEST("/alive/a.txt", ""),
    REQUEST("/tokens/a.txt", ""),
    REQUEST("/each/a.txt?one", ""),
    REQUEST("/each/a.txt?other", ""),
    REQUEST("/server/a.txt?one", ""),
    REQUEST("/server/a.txt?other", ""),
    REQUEST("/expires/a.txt", ""),
    REQUEST("/error/none", ""),
    REQUEST("/secret/", ""),
    REQUEST("/moved/?one", ""),
    REQUEST("/moved/?other", ""),
    REQUEST("/a.txt", "Range: bytes=0-3\r\n"),
    REQUEST("/a.txt", "Range: bytes=0-99\r\n"),
    REQUEST("/a.txt", UNMODIFIED),
    REQUEST("/a.txt", UNMODIFIED "Connection: close\r\n"),
    REQUEST("/b.txt", UNMODIFIED),
    REQUEST("/charset/a.txt", UNMODIFIED),
    REQUEST("/like/a.txt", UNMODIFIED),
    REQUEST("/etag/a.txt", UNMODIFIED),
    REQUEST("/etag/a.txt", "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n"),
    REQUEST("/a.txt", "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n"),
    REQUEST("/gzip/a.txt", ""),
    REQUEST("/gzip/a.txt", GZIP),
    REQUEST("/gzip/a.txt", UNMODIFIED),
    REQUEST("/gzip/a.txt", UNMODIFIED GZIP),
    REQUEST("/alive/a.txt", UNMODIFIED),
    REQUEST("/tokens/a.txt", UNMODIFIED),
    REQUEST("/each/a.txt?one", UNMODIFIED),
    REQUEST("/server/a.txt?one", UNMODIFIED),
    REQUEST("/expires/a.txt", UNMODIFIED),
    REQUEST("/error/none", UNMODIFIED),
    "HEAD /a.txt HTTP/1.1\r\nHost: plain\r\n" UNMODIFIED "\r\n",
    "GET /a.txt HTTP/1.0\r\nHost: plain\r\n" UNMODIFIED "\r\n",
    REQUEST("/a.txt", "Connection: close\r\n"),
    "HEAD /a.txt HTTP/1.1\r\nHost: plain\r\n\r\n",
    "GET /a.txt HTTP/1.0\r\nHost: plain\r\n\r\n",
    "GET /a.txt HTTP/1.0\r\nHost: plain\r\nConnection: keep-alive\r\n\r\n",
    "GET /a.txt HTTP/1.1\r\nHost: other\r\n\r\n",
    REQUEST("/none", ""),
    REQUEST("/none", "Connection: close\r\n"),
    REQUEST("/b.txt/", ""),
    REQUEST("/", ""),
    REQUEST("/alive/none", ""),
    REQUEST("/tokens/none", ""),
    REQUEST("/server/none?one", ""),
    REQUEST("/expires/none", ""),
    REQUEST("/moved/none?one", ""),
    REQUEST("/found?one", ""),
    REQUEST("/found?other", ""),
    "HEAD /none HTTP/1.1\r\nHost: plain\r\n\r\n",
    "POST /a.txt HTTP/1.1\r\nHost: plain\r\nContent-Length: 0\r\n\r\n",
    "GET /none HTTP/1.0\r\nHost: plain\r\n\r\n",
};
#define REQUESTS (sizeof(requests) / sizeof(requests[0]))

static void forget_all(void)
{
    serve_end();
    filecache_destroy(serve.service.files);
    serve.service.files = filecache_create();
}

static void begin(void)
{
    serve_start(config);
    ck_assert_int_eq(mkdir(served_path("www"), 0755), 0);
    served_file("www/a.txt", "0123456789", 0);
    served_file("www/a.txt.gz", "gzipped", 0);
    served_file("www/b.txt", "0123", 5);
}

/* On a connection that stays open if the request asks for it. */
static void ask_as_it_says(const char *request)
{
    serve_begin(request);
    serve_queue(serve.request->framing.keep_alive);
}

/* The head of the answer, its date covered. */
static void ask(const char *request, char head[1024])
{
    ask_as_it_says(request);
    snprintf(head, 1024, "%s", serve.head.data);
    char *date = strstr(head, "\r\nDate: ");
    ck_assert_ptr_nonnull(date);
    memset(date + 8, '*', 29);
}

START_TEST(changes_no_answer)
{
    char alone[REQUESTS][1024], between[1024];
    begin();
    for (size_t i = 0; i < REQUESTS; i++) {
        forget_all();
        ask(requests[i], alone[i]);
    }
    forget_all();
    for (size_t i = 0; i < REQUESTS * REQUESTS * 2; i++) {
        size_t number = i % 2 == 0 ? i / 2 % REQUESTS : i / 2 / REQUESTS;
        ask(requests[number], between);
        ck_assert_str_eq(between, alone[number]);
    }
    serve_stop();
}
END_TEST

static bool is_kept(void)
{
    kept_head_release(serve.request);
    return kept_head_get(serve.request, respond_product(serve.request)).ptr != NULL;
}

static void ask_twice(const char *request)
{
    serve_ask(request);
    serve_ask(request);
}

/* In any location that answers so. */
START_TEST(keeps_the_head_of_a_common_answer)
{
    begin();
    serve_ask(REQUEST("/charset/a.txt", ""));
    ck_assert(is_kept());
    ask_twice(REQUEST("/type/a.txt", ""));
    ck_assert(is_kept());
    serve_begin(REQUEST("/charset/a.txt", "")); /* the file has one, now another one */
    serve.request->keep_alive = true;
    ck_assert(!is_kept());
    serve_begin(REQUEST("/like/a.txt", ""));
    serve.request->keep_alive = true;
    ck_assert(!is_kept());
    ask_twice(REQUEST("/like/a.txt", ""));
    serve_begin(REQUEST("/alike/a.txt", ""));
    serve.request->keep_alive = true;
    ck_assert(is_kept());
    serve_begin(REQUEST("/like/a.txt", UNMODIFIED)); /* the whole one is no use to it */
    serve.request->keep_alive = true;
    ck_assert(!is_kept());
    serve_ask(REQUEST("/like/a.txt", UNMODIFIED));
    ck_assert(is_kept());
    serve_ask(REQUEST("/like/a.txt", ""));
    serve_begin(REQUEST("/charset/a.txt", UNMODIFIED)); /* a 304 names no charset */
    serve.request->keep_alive = true;
    ck_assert(is_kept());
    serve_ask(REQUEST("/none", ""));
    ck_assert(is_kept());
    serve_begin(REQUEST("/", "")); /* 403 has another page */
    serve.request->keep_alive = true;
    ck_assert(!is_kept());
    serve_stop();
}
END_TEST

static const char *const last_ones[] = {
    REQUEST("/a.txt", "Connection: close\r\n"),
    "GET /a.txt HTTP/1.0\r\nHost: plain\r\n\r\n",
};

static bool uses_kept_head(const char *request)
{
    ask_as_it_says(request);
    return serve.request->head_place != NULL;
}

/* Of two kinds that alternate the first one's. */
START_TEST(keeps_what_comes_most_in_a_row)
{
    begin();
    ck_assert(uses_kept_head(REQUEST("/a.txt", "")));
    for (int i = 0; i < 10; i++) {
        ck_assert(!uses_kept_head(last_ones[i % 2]));
        ck_assert_str_eq(serve_field("Connection"), "close");
        ck_assert(uses_kept_head(REQUEST("/a.txt", "")));
    }
    ck_assert(!uses_kept_head(last_ones[0]));
    ck_assert(uses_kept_head(last_ones[0]));
    ck_assert(uses_kept_head(last_ones[1]));
    ck_assert_str_eq(serve_field("Connection"), "close");
    ck_assert(
        !uses_kept_head("GET /a.txt HTTP/1.0\r\nHost: plain\r\nConnection: keep-alive"
                        "\r\n\r\n"));
    ck_assert_str_eq(serve_field("Connection"), "keep-alive");
    serve_stop();
}
END_TEST

static void wait_for_another_date(void)
{
    char before[HTTP_DATE_LEN];
    memcpy(before, clock_http_date().ptr, sizeof(before));
    while (memcmp(clock_http_date().ptr, before, sizeof(before)) == 0) {
        clock_update();
    }
}

START_TEST(says_the_date_of_now)
{
    begin();
    serve_ask(requests[0]);
    wait_for_another_date();
    serve_ask(requests[0]);
    assert_slice(clock_http_date(), serve_field("Date"));
    serve_stop();
}
END_TEST

static bool is_one_piece(const char *request)
{
    serve_ask(request);
    const struct segment *head = serve.queue.first;
    ck_assert_ptr_nonnull(head->next);
    return head->memory + head->left == head->next->memory;
}

START_TEST(lies_in_front_of_content_in_memory)
{
    begin();
    serve_file("www/large.txt", "");
    ck_assert_int_eq(truncate(served_path("www/large.txt"), FILE_CONTENT_MAX + 1), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert(is_one_piece(REQUEST("/like/a.txt", "")));
        ck_assert_str_eq(serve.body.data, "0123456789");
        ck_assert(is_one_piece(REQUEST("/none", "")));
        ck_assert(!is_one_piece(REQUEST("/long/a.txt", "")));
        ck_assert_str_eq(serve.body.data, "0123456789");
        ck_assert(!is_one_piece(REQUEST("/found?one", "")));
        serve_ask(REQUEST("/large.txt", ""));
        ck_assert_ptr_null(serve.queue.first->next->memory);
    }
    serve_stop();
}
END_TEST

/* An answer that stays on its way while others are found; `sent` is its head. */
static struct request *ask_and_hold(const char *request, struct buf *sent)
{
    serve_ask(request);
    struct request *early = serve.request;
    buf_append(sent, early->head_segment.memory, early->head_length);
    serve.request = NULL;
    return early;
}

START_TEST(stands_still_while_it_is_sent)
{
    begin();
    struct buf sent = {0};
    struct request *early = ask_and_hold(REQUEST("/like/a.txt", ""), &sent);
    struct slice head = slice_of(early->head_segment.memory, early->head_length);

    serve_ask(REQUEST("/like/a.txt", ""));
    ck_assert_ptr_eq(serve.request->head_segment.memory, head.ptr);
    wait_for_another_date();
    serve_ask(REQUEST("/like/a.txt", ""));
    assert_slice(clock_http_date(), serve_field("Date"));
    ask_twice(REQUEST("/charset/a.txt", ""));
    ck_assert_str_eq(serve_field("Content-Type"), "text/plain; charset=utf-8");
    assert_slice(clock_http_date(), serve_field("Date"));
    ck_assert_mem_eq(head.ptr, sent.data, sent.len);

    serve_end();
    request_end(early);
    serve_ask(REQUEST("/like/a.txt", ""));
    ck_assert_ptr_eq(serve.request->head_segment.memory, head.ptr);
    assert_slice(clock_http_date(), serve_field("Date"));
    buf_free(&sent);
    serve_stop();
}
END_TEST

/* Also when its file is in the cache no more. */
START_TEST(stays_as_long_as_its_answer)
{
    begin();
    struct buf sent = {0};
    struct request *early = ask_and_hold(REQUEST("/like/a.txt", ""), &sent);
    forget_all();
    serve_ask(REQUEST("/like/a.txt", ""));
    ck_assert_mem_eq(early->head_segment.memory, sent.data, sent.len);
    request_end(early);
    buf_free(&sent);
    serve_stop();
}
END_TEST

/* The media type makes the head as long as is asked for. */
static void begin_with_head_of(size_t len)
{
    char text[1024];
    int type = 1;
    for (size_t head = 0; head != len; type += (int)(len - head)) {
        snprintf(text, sizeof(text),
                 "server { server_name plain; root www; types { } default_type %0*d; }",
                 type, 0);
        serve_start(text);
        mkdir(served_path("www"), 0755);
        served_file("www/a.txt", "0123456789", 0);
        serve_ask(REQUEST("/a.txt", ""));
        head = serve.request->head_length;
        if (head != len) {
            serve_stop();
        }
    }
}

START_TEST(fills_the_room_and_no_more)
{
    begin_with_head_of(KEPT_HEAD_ROOM);
    ck_assert(is_one_piece(REQUEST("/a.txt", "")));
    serve_stop();
    begin_with_head_of(KEPT_HEAD_ROOM + 1);
    ck_assert(!is_one_piece(REQUEST("/a.txt", "")));
    serve_stop();
}
END_TEST

UNIT_SUITE(kept_head)
{
    UNIT_TEST(changes_no_answer);
    UNIT_TEST(keeps_the_head_of_a_common_answer);
    UNIT_TEST(keeps_what_comes_most_in_a_row);
    UNIT_TEST(says_the_date_of_now);
    UNIT_TEST(lies_in_front_of_content_in_memory);
    UNIT_TEST(stands_still_while_it_is_sent);
    UNIT_TEST(stays_as_long_as_its_answer);
    UNIT_TEST(fills_the_room_and_no_more);
}
