#include "tests/unit/server/live.h"

static const char site[] =
    "error_log stderr info; server { root html; send_timeout 150ms; open_file_cache off;"
    "location /paced/ { limit_rate 40000; } "
    "location /late/ { limit_rate 10000; limit_rate_after 30000; } "
    "location /reset/ { reset_timedout_connection on; } "
    "location /hasty/ { lingering_close off; keepalive_timeout 0; } "
    "location /chunks/ { sendfile_max_chunk 1000; } "
    "location /copied/ { sendfile off; } "
    "location /small { return 200 small; } }";

#define GET(target) "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n"
#define BIG         400000 /* more than the socket takes */

static struct live_client client;

/* One file, and a client that may read slowly. */
static void begin(const char *path, size_t size)
{
    live_start(site);
    serve_file("html/index.html", "");
    live_file(path, size);
    client = live_connect();
    int room = 1; /* the least that the system gives */
    setsockopt(live_conn()->source.fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
}

static void end(void)
{
    live_leave(&client);
    live_stop();
}

static size_t body_len(void)
{
    const char *head_end = strstr(live_text(&client), "\r\n\r\n");
    return head_end == NULL ? 0
                            : client.got.len - (size_t)(head_end + 4 - client.got.data);
}

static int64_t now_ms(void)
{
    return clock_read_ns() / NS_PER_MS;
}

/* Of what is queued now. */
static uint64_t sent(void)
{
    const struct conn_work *work = live_conn()->work;
    return work == NULL ? 0 : work->out.sent;
}

/* Turns until the server cannot send more to a client that does not read. */
static void stall(void)
{
    uint64_t before;
    do {
        before = sent();
        for (int i = 0; i < 3; i++) {
            live_turn(0);
        }
    } while (live_conn()->state != CONN_SEND || sent() != before);
}

START_TEST(sends_a_large_file_whole)
{
    begin("html/big", BIG);
    live_send(&client, GET("/big") GET("/small"));
    live_until(&client, live_has(&client, "\r\n\r\nsmall"));
    ck_assert_uint_gt(client.got.len, BIG);
    ck_assert_int_eq(live_conn()->state, CONN_IDLE);
    ck_assert_ptr_nonnull(strstr(serve_text(&serve.access_log), "\" 200 400000 "));
    end();
}
END_TEST

/* A client that asks on and on without reading is not read from either, and what it has
 * asked already waits behind the file. */
START_TEST(takes_no_more_requests_while_it_cannot_send)
{
    begin("html/copied/a", 60000);
    live_send(&client, GET("/copied/a") GET("/small") GET("/small"));
    stall();
    ck_assert_int_eq(live_conn()->state, CONN_SEND);
    ck_assert_uint_eq(live_conn()->client.requests, 1);
    live_until(&client, live_count(&client, "\r\n\r\nsmall") == 2);
    end();
}
END_TEST

START_TEST(gives_up_on_a_client_that_does_not_read)
{
    begin("html/big", BIG);
    live_send(&client, GET("/big"));
    stall();
    int64_t start = now_ms();
    while (live.conns.count > 0) {
        ck_assert_int_lt(now_ms() - start, 10000);
        live_turn(20);
    }
    ck_assert_int_ge(now_ms() - start, 100);
    ck_assert_ptr_nonnull(
        strstr(serve_text(&serve.error_log), "timed out, while sending to the client"));
    ck_assert_ptr_null(strstr(serve_text(&serve.access_log), "\" 200 400000 "));
    ck_assert_ptr_null(strstr(serve_text(&serve.access_log), "\" 499 "));
    end();
}
END_TEST

START_TEST(lets_no_client_have_all_of_the_loop)
{
    begin("html/chunks/a", 10000);
    ck_assert_int_gt(write(client.fd, GET("/chunks/a"), strlen(GET("/chunks/a"))), 0);
    uint64_t before = 0;
    while (live.conns.count > 0 && live_conn()->state != CONN_IDLE) {
        live_turn(1000);
        live_receive(&client);
        uint64_t now = sent();
        ck_assert(now <= before + 1000);
        before = now;
    }
    live_until(&client, body_len() == 10000);
    end();
}
END_TEST

/* 20000 bytes at 40000 a second: half a second, and never ahead by more than a little. */
START_TEST(keeps_to_the_rate)
{
    begin("html/paced/a", 20000);
    int64_t start = now_ms();
    live_send(&client, GET("/paced/a"));
    while (body_len() < 20000) {
        int64_t elapsed = now_ms() - start;
        ck_assert_int_lt(elapsed, LIVE_PATIENCE_MS);
        ck_assert_int_le((int64_t)body_len(), 40 * (elapsed + 50 + 20));
        live_turn(20);
        live_receive(&client);
    }
    ck_assert_int_ge(now_ms() - start, 420);
    live_until(&client, live_conn()->state == CONN_IDLE);
    end();
}
END_TEST

START_TEST(paces_in_small_steps)
{
    begin("html/paced/a", 20000);
    live_send(&client, GET("/paced/a"));
    int steps = 0;
    while (body_len() < 20000) {
        size_t before = client.got.len;
        live_turn(5);
        live_receive(&client);
        steps += client.got.len != before;
    }
    ck_assert_int_ge(steps, 4);
    end();
}
END_TEST

START_TEST(begins_to_pace_after_a_while)
{
    begin("html/late/a", 31000);
    int64_t start = now_ms();
    live_send(&client, GET("/late/a"));
    live_until(&client, body_len() > 28000);
    ck_assert_int_lt(now_ms() - start, TORTURE ? 5000 : 500);
    live_until(&client, body_len() == 31000);
    end();
}
END_TEST

START_TEST(closes_when_a_file_becomes_shorter)
{
    begin("html/big", BIG);
    live_send(&client, GET("/big"));
    stall();
    char name[64];
    snprintf(name, sizeof(name), "%shtml/big", serve.prefix);
    ck_assert_int_eq(truncate(name, 100), 0);
    live_expect_end(&client);
    ck_assert_uint_lt(body_len(), BIG);
    ck_assert_ptr_nonnull(strstr(serve_text(&serve.error_log), "[error]"));
    ck_assert_ptr_nonnull(strstr(serve_text(&serve.error_log),
                                 "became shorter while it was sent, client: 127.0.0.1, "
                                 "server: , request: \"GET /big HTTP/1.1\""));
    end();
}
END_TEST

START_TEST(counts_what_a_client_took_before_it_left)
{
    begin("html/big", BIG);
    live_send(&client, GET("/big"));
    live_until(&client, body_len() > 0);
    close(client.fd);
    client.fd = open("/dev/null", O_RDONLY);
    while (live.conns.count > 0) {
        live_turn(20);
    }
    const char *log = serve_text(&serve.access_log);
    ck_assert_ptr_nonnull(strstr(log, "\" 200 "));
    ck_assert_ptr_null(strstr(log, "\" 200 0 "));
    ck_assert_ptr_null(strstr(log, "\" 200 400000 "));
    end();
}
END_TEST

/* It asked for more than it stayed for: 499 to all that it saw nothing of. */
START_TEST(logs_499_where_the_client_left_before_its_answer)
{
    begin("html/a", 1);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_gt(write(client.fd, GET("/small"), strlen(GET("/small"))), 0);
    }
    stall();
    close(client.fd);
    client.fd = open("/dev/null", O_RDONLY);
    while (live.conns.count > 0) {
        live_turn(20);
    }
    const char *log = serve_text(&serve.access_log);
    ck_assert_ptr_nonnull(strstr(log, "\" 200 "));
    /* read byte by byte, the requests come one at a time, and each gets its first byte */
    ck_assert(TORTURE || strstr(log, "\" 499 0 ") != NULL);
    end();
}
END_TEST

/* lingering_close off: closed at once, and the end is still in order. */
START_TEST(closes_without_lingering)
{
    begin("html/hasty/a", 10);
    live_send(&client, GET("/hasty/a"));
    live_expect_end(&client);
    ck_assert_uint_eq(live.conns.count, 0);
    end();
}
END_TEST

/* The client may have sent more, since it was not told before: half-close first. */
START_TEST(lingers_when_the_server_is_the_one_to_close)
{
    begin("html/a", 10);
    live.service.draining = true;
    live_send(&client, GET("/a"));
    live_expect_end(&client);
    ck_assert_int_eq(live_conn()->state, CONN_LINGER);
    shutdown(client.fd, SHUT_WR);
    live_until(&client, live.conns.count == 0);
    end();
}
END_TEST

#define LAST "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static const struct {
    const char *bytes;
    bool lingers;
} lasts[] = {
    {LAST, false},
    {LAST "\r\n", true},
    {LAST GET("/a"), true},
    {"GET /hasty/ HTTP/1.0\r\n\r\n" GET("/a"), false},
};

/* RFC 9112, 9.6: a client that sends more after its last request reads the answer too. */
START_TEST(lingers_when_more_comes_behind_the_last_request)
{
    begin("html/a", 10);
    ck_assert_int_gt(write(client.fd, lasts[_i].bytes, strlen(lasts[_i].bytes)), 0);
    live_until(&client, live_has(&client, "Connection: close"));
    live_settle(&client);
    ck_assert_uint_eq(live.conns.count, lasts[_i].lingers ? 1 : 0);
    if (lasts[_i].lingers) {
        live_expect_end(&client);
        ck_assert_int_eq(live_conn()->state, CONN_LINGER);
    }
    ck_assert_uint_eq(live_count(&client, "HTTP/1.1 "), 1);
    end();
}
END_TEST

/* Its last answer takes long, and meanwhile it sends more. */
START_TEST(lingers_when_more_comes_during_the_last_answer)
{
    begin("html/a", BIG);
    live_send(&client, LAST);
    stall();
    ck_assert_int_gt(write(client.fd, "\r\n", 2), 0);
    live_until(&client, body_len() == BIG);
    live_expect_end(&client);
    ck_assert_int_eq(live_conn()->state, CONN_LINGER);
    end();
}
END_TEST

static const struct {
    const char *request;
    bool waits;
    bool draining;
} ends[] = {
    {GET("/a"), false, false},
    {GET("/a"), true, true},
    {LAST, false, false},
    {GET("/hasty/a"), false, false},
};

/* The last bytes wait for the end where it is sure that they are not lost with it. */
START_TEST(holds_the_last_bytes_for_the_end_where_it_is_in_order)
{
    begin("html/a", BIG);
    live_file("html/hasty/a", BIG);
    live.service.draining = ends[_i].draining;
    live_send(&client, ends[_i].request);
    stall();
    ck_assert_int_eq(live_conn()->work->out.ends, ends[_i].waits);
    end();
}
END_TEST

UNIT_SUITE(conn_send)
{
    UNIT_TEST(sends_a_large_file_whole);
    UNIT_TEST(takes_no_more_requests_while_it_cannot_send);
    UNIT_TEST(gives_up_on_a_client_that_does_not_read);
    UNIT_TEST(lets_no_client_have_all_of_the_loop);
    UNIT_TEST(keeps_to_the_rate);
    UNIT_TEST(paces_in_small_steps);
    UNIT_TEST(begins_to_pace_after_a_while);
    UNIT_TEST(closes_when_a_file_becomes_shorter);
    UNIT_TEST(counts_what_a_client_took_before_it_left);
    UNIT_TEST(logs_499_where_the_client_left_before_its_answer);
    UNIT_TEST(closes_without_lingering);
    UNIT_TEST(lingers_when_the_server_is_the_one_to_close);
    UNIT_TEST(lingers_when_more_comes_during_the_last_answer);
    UNIT_LOOP(lingers_when_more_comes_behind_the_last_request, 0,
              (int)(sizeof(lasts) / sizeof(lasts[0])));
    UNIT_LOOP(holds_the_last_bytes_for_the_end_where_it_is_in_order, 0,
              (int)(sizeof(ends) / sizeof(ends[0])));
}
