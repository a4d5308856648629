#include "tests/unit/server/live.h"

static const char site[] =
    "error_log stderr info; http { "
    "large_client_header_buffers 2 1k; client_header_buffer_size 1k; "
    "lingering_timeout 100ms; lingering_time 400ms; client_max_body_size 1000; "
    "server { root html; client_body_timeout 150ms; "
    "location /no { return 403 no; } "
    "location / { return 200 hello; } } }";

#define POST(target, fields) "POST " target " HTTP/1.1\r\nHost: a\r\n" fields "\r\n"
#define NEXT                 "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"

static struct live_client client;

static void begin(void)
{
    live_start(site);
    client = live_connect();
}

static void end(void)
{
    live_leave(&client);
    live_stop();
}

/* --- heads that are refused --------------------------------------------------------- */

static const struct {
    const char *head;
    const char *status;
} bad_heads[] = {
    {"GET /\x01 HTTP/1.1\r\n", "HTTP/1.1 400 "},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400 "},
    {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
     "HTTP/1.1 501 "},
    {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "HTTP/1.1 505 "},
    {"GET /%0 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400 "},
};

/* What follows a refused head may be anything, and is never taken for a request. */
START_TEST(reads_no_request_after_a_refusal)
{
    begin();
    live_send(&client, NEXT);
    live_expect(&client, "hello");
    live_send(&client, bad_heads[_i].head);
    live_send(&client, NEXT);
    live_expect_end(&client);
    ck_assert_uint_eq(live_count(&client, "HTTP/1.1 "), 2);
    ck_assert(live_has(&client, bad_heads[_i].status));
    ck_assert(live_has(&client, "Connection: close"));
    end();
}
END_TEST

static void send_long(const char *front)
{
    char line[4000];
    memset(line, 'x', sizeof(line));
    live_send(&client, front);
    live_send_bytes(&client, slice_of(line, sizeof(line)));
}

START_TEST(refuses_a_long_request_line)
{
    begin();
    send_long("GET /");
    live_expect(&client, "HTTP/1.1 414 ");
    live_expect_end(&client);
    ck_assert_ptr_nonnull(strstr(serve_text(&serve.access_log), "\"GET /xxx"));
    end();
}
END_TEST

START_TEST(refuses_a_long_header_section)
{
    begin();
    send_long("GET / HTTP/1.1\r\nHost: a\r\nX: ");
    live_expect(&client, "HTTP/1.1 431 ");
    live_expect_end(&client);
    end();
}
END_TEST

static const char *const bad_head_requests[] = {
    "HEAD / HTTP/1.1\r\nX: \x01",
    "HEAD / HTTP/1.1\r\nHost : a\r\n\r\n",
    "\r\nHEAD / HTTP/1.1\r\n\x7f",
};

/* RFC 9110, 9.3.2: as far as it can be read, it is a HEAD. */
START_TEST(sends_no_content_to_a_bad_head_request)
{
    begin();
    live_send(&client, bad_head_requests[_i]);
    live_expect_end(&client);
    ck_assert(live_has(&client, "HTTP/1.1 4"));
    ck_assert(slice_ends(buf_slice(&client.got), SLICE("\r\n\r\n")));
    end();
}
END_TEST

/* --- bodies ------------------------------------------------------------------------- */

static const char *const bodies[] = {
    POST("/", "Content-Length: 5\r\n") "abcde",
    POST("/", "Content-Length: 0\r\n"),
    POST("/", "Transfer-Encoding: chunked\r\n") "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: x\r\n"
                                                "\r\n",
    POST("/no", "Transfer-Encoding: chunked\r\n") "0\r\n\r\n",
    POST("/no", "Content-Length: 5\r\n") "GET /",
};

/* The body is dropped, the next request is found behind it. */
START_TEST(goes_on_after_a_body)
{
    begin();
    live_send(&client, bodies[_i]);
    live_send(&client, NEXT);
    live_until(&client, live_count(&client, "HTTP/1.1 ") == 2);
    live_until(&client, live_conn()->state == CONN_IDLE);
    ck_assert(live_has(&client, "HTTP/1.1 200"));
    ck_assert(!live_has(&client, "Connection: close"));
    end();
}
END_TEST

START_TEST(goes_on_when_body_and_next_head_come_together)
{
    begin();
    struct buf all = {0};
    buf_append_str(&all, NEXT);
    buf_append_str(&all, bodies[_i]);
    buf_append_str(&all, NEXT);
    live_send_bytes(&client, buf_slice(&all));
    live_until(&client, live_count(&client, "HTTP/1.1 ") == 3);
    live_until(&client, live_conn()->state == CONN_IDLE);
    buf_free(&all);
    end();
}
END_TEST

START_TEST(does_not_answer_before_the_body_is_there)
{
    begin();
    live_send(&client, POST("/", "Content-Length: 5\r\n") "abcd");
    live_settle(&client);
    ck_assert_uint_eq(client.got.len, 0);
    ck_assert_int_eq(live_conn()->state, CONN_READ_BODY);
    live_send(&client, "e");
    live_expect(&client, "\r\n\r\n");
    end();
}
END_TEST

static const struct {
    const char *request;
    const char *status;
} bad_bodies[] = {
    {POST("/", "Transfer-Encoding: chunked\r\n") "x\r\n", "HTTP/1.1 400 "},
    {POST("/", "Transfer-Encoding: chunked\r\n") "3\r\nabcd\r\n", "HTTP/1.1 400 "},
    {POST("/", "Content-Length: 1001\r\n"), "HTTP/1.1 413 "},
};

START_TEST(refuses_a_bad_body)
{
    begin();
    live_send(&client, bad_bodies[_i].request);
    live_send(&client, NEXT);
    live_expect_end(&client);
    ck_assert_uint_eq(live_count(&client, "HTTP/1.1 "), 1);
    ck_assert(live_has(&client, bad_bodies[_i].status));
    ck_assert(live_has(&client, "Connection: close"));
    end();
}
END_TEST

START_TEST(refuses_chunks_over_the_limit)
{
    begin();
    char chunk[1000];
    memset(chunk, 'x', sizeof(chunk));
    live_send(&client, POST("/", "Transfer-Encoding: chunked\r\n") "3e8\r\n");
    live_send_bytes(&client, slice_of(chunk, sizeof(chunk)));
    live_send(&client, "\r\n");
    live_settle(&client);
    ck_assert_uint_eq(client.got.len, 0); /* as many as are allowed */
    live_send(&client, "1\r\nx");
    live_expect(&client, "HTTP/1.1 413 ");
    live_expect_end(&client);
    end();
}
END_TEST

/* --- 100 Continue ------------------------------------------------------------------- */

#define EXPECT_LENGTH "Expect: 100-continue\r\nContent-Length: 3\r\n"

START_TEST(says_continue_to_who_waits_for_it)
{
    begin();
    live_send(&client, NEXT POST("/no", "Content-Length: 3\r\n") "abc" NEXT);
    live_until(&client, live_count(&client, "HTTP/1.1 ") == 3);
    live_send(&client, POST("/next", EXPECT_LENGTH));
    live_expect(&client, "HTTP/1.1 100 Continue\r\n\r\n");
    live_settle(&client);
    ck_assert_uint_eq(live_count(&client, "HTTP/1.1 "), 4);
    live_send(&client, "abc" NEXT);
    live_until(&client, live_count(&client, "HTTP/1.1 ") == 6);
    end();
}
END_TEST

START_TEST(says_no_continue_when_the_body_is_coming)
{
    if (!TORTURE) {
        begin();
        live_send(&client, POST("/", EXPECT_LENGTH) "a");
        live_settle(&client);
        ck_assert_uint_eq(client.got.len, 0);
        live_send(&client, "bc");
        live_expect(&client, "\r\n\r\n");
        ck_assert(!live_has(&client, " 100 "));
        end();
    }
}
END_TEST

/* The client may send the body all the same or leave it: the connection cannot go on. */
START_TEST(refuses_at_once_who_waits_for_continue)
{
    begin();
    live_send(&client, POST("/no", EXPECT_LENGTH));
    live_expect(&client, "HTTP/1.1 403 ");
    live_expect_end(&client);
    ck_assert(!live_has(&client, " 100 "));
    ck_assert(live_has(&client, "Connection: close"));
    end();
}
END_TEST

/* --- too slow, and gone ------------------------------------------------------------- */

START_TEST(answers_408_to_a_body_that_stops)
{
    begin();
    live_send(&client, POST("/", "Content-Length: 5\r\n") "abcd");
    live_expect(&client, "HTTP/1.1 408 ");
    live_expect_end(&client);
    end();
}
END_TEST

/* Each byte is in time, but the whole is not worth a place. */
START_TEST(answers_408_to_a_body_that_drips)
{
    begin();
    live_send(&client, POST("/", "Content-Length: 900\r\n"));
    int64_t start = clock_read_ns() / NS_PER_MS;
    int64_t last = start;
    while (!live_has(&client, "HTTP/1.1 408 ")) {
        ck_assert_int_lt(clock_read_ns() / NS_PER_MS - start, 10000);
        if (clock_read_ns() / NS_PER_MS - last >= 20) {
            last = clock_read_ns() / NS_PER_MS;
            ck_assert_int_eq(write(client.fd, "x", 1), 1);
        }
        live_turn(5);
        live_receive(&client);
    }
    live_expect_end(&client);
    end();
}
END_TEST

START_TEST(logs_499_when_the_client_leaves_its_body)
{
    begin();
    live_send(&client, POST("/", "Content-Length: 5\r\n") "abcd");
    live_settle(&client);
    shutdown(client.fd, SHUT_WR);
    live_until(&client, live.conns.count == 0);
    ck_assert_ptr_nonnull(strstr(serve_text(&serve.access_log), "\" 499 0 "));
    end();
}
END_TEST

/* --- lingering ---------------------------------------------------------------------- */

/* The client goes on sending what was refused, then reads the answer: no reset. */
START_TEST(lets_a_refused_client_read_its_answer)
{
    begin();
    static char body[TORTURE ? 3000 : 300000];
    live_send(&client, POST("/", "Content-Length: 300000\r\n"));
    for (size_t at = 0; at < sizeof(body);) {
        ssize_t sent = write(client.fd, body + at, sizeof(body) - at);
        ck_assert(sent > 0 || errno == EAGAIN);
        at += sent > 0 ? (size_t)sent : 0;
        live_turn(0);
    }
    live_expect(&client, "HTTP/1.1 413 ");
    ck_assert_int_eq(client.err, 0);
    live_expect_end(&client);
    shutdown(client.fd, SHUT_WR);
    live_until(&client, live.conns.count == 0);
    end();
}
END_TEST

/* It drips on and on, and lingering_time is the end of it. */
START_TEST(lingers_only_so_long)
{
    begin();
    live_send(&client, POST("/", "Content-Length: 300000\r\n"));
    live_expect(&client, "HTTP/1.1 413 ");
    int64_t start = clock_read_ns() / NS_PER_MS;
    while (live.conns.count > 0) {
        ck_assert_int_lt(clock_read_ns() / NS_PER_MS - start, 10000);
        (void)!write(client.fd, "x", 1);
        live_turn(20);
        live_receive(&client);
    }
    ck_assert_int_ge(clock_read_ns() / NS_PER_MS - start, 300);
    end();
}
END_TEST

/* --- memory ------------------------------------------------------------------------- */

/* A head in pieces ends in a buffer of the longest head, not of the next power of two. */
START_TEST(buffers_no_more_than_the_longest_head)
{
    const size_t longest = 3 * 1024 + 2 * sizeof("\r\n");
    char line[900];
    memset(line, 'x', sizeof(line));
    begin();
    live_send(&client, "GET /");
    for (int i = 0; i < 3; i++) {
        for (size_t at = 0; at < sizeof(line); at += 100) {
            live_send_bytes(&client, slice_of(line + at, 100));
            live_settle(&client);
        }
        live_send(&client, i == 0 ? " HTTP/1.1\r\nA: " : "\r\nB: ");
    }
    live_settle(&client);
    const struct buf *bytes = &live_conn()->input->bytes;
    ck_assert_uint_gt(bytes->len, 3 * sizeof(line));
    ck_assert_uint_le(bytes->capacity, longest + 1);
    end();
}
END_TEST

UNIT_SUITE(conn_read)
{
    UNIT_LOOP(reads_no_request_after_a_refusal, 0,
              (int)(sizeof(bad_heads) / sizeof(bad_heads[0])));
    UNIT_TEST(refuses_a_long_request_line);
    UNIT_TEST(refuses_a_long_header_section);
    UNIT_LOOP(sends_no_content_to_a_bad_head_request, 0,
              (int)(sizeof(bad_head_requests) / sizeof(bad_head_requests[0])));
    UNIT_LOOP(goes_on_after_a_body, 0, (int)(sizeof(bodies) / sizeof(bodies[0])));
    UNIT_LOOP(goes_on_when_body_and_next_head_come_together, 0,
              (int)(sizeof(bodies) / sizeof(bodies[0])));
    UNIT_TEST(does_not_answer_before_the_body_is_there);
    UNIT_LOOP(refuses_a_bad_body, 0, (int)(sizeof(bad_bodies) / sizeof(bad_bodies[0])));
    UNIT_TEST(refuses_chunks_over_the_limit);
    UNIT_TEST(says_continue_to_who_waits_for_it);
    UNIT_TEST(says_no_continue_when_the_body_is_coming);
    UNIT_TEST(refuses_at_once_who_waits_for_continue);
    UNIT_TEST(answers_408_to_a_body_that_stops);
    UNIT_TEST(answers_408_to_a_body_that_drips);
    UNIT_TEST(logs_499_when_the_client_leaves_its_body);
    UNIT_TEST(lets_a_refused_client_read_its_answer);
    UNIT_TEST(lingers_only_so_long);
    UNIT_TEST(buffers_no_more_than_the_longest_head);
}
