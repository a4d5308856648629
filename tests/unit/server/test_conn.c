#include "tests/unit/server/live.h"

static const char site[] =
    "error_log stderr info; server { root html; client_header_timeout 150ms; "
    "location /gone { return 444; } "
    "location /twice { return 200 two; keepalive_requests 2; } "
    "location /once { return 200 one; keepalive_timeout 0; } "
    "location /short { return 200 short; keepalive_timeout 80ms; } "
    "location / { return 200 hello; } }";

#define GET(target) "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n"

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

/* --- keep-alive --------------------------------------------------------------------- */

START_TEST(answers_one_request_after_the_other)
{
    begin();
    for (size_t i = 1; i <= 3; i++) {
        live_send(&client, GET("/"));
        live_until(&client, live_count(&client, "\r\n\r\nhello") == i);
    }
    ck_assert_int_eq(live_conn()->state, CONN_IDLE);
    ck_assert_uint_eq(live_conn()->client.requests, 3);
    ck_assert(!client.ended);
    end();
}
END_TEST

START_TEST(owns_nothing_while_idle)
{
    begin();
    live_send(&client, GET("/"));
    live_expect(&client, "hello");
    live_until(&client, live_conn()->state == CONN_IDLE);
    ck_assert_ptr_null(live_conn()->input);
    ck_assert_ptr_null(live_conn()->work);
    ck_assert_uint_le(sizeof(struct conn), 184); /* 192 of the heap */
    end();
}
END_TEST

START_TEST(takes_a_head_in_pieces)
{
    begin();
    const char *head = GET("/");
    for (const char *at = head; *at != '\0'; at++) {
        live_send_bytes(&client, slice_of(at, 1));
    }
    live_expect(&client, "hello");
    ck_assert_uint_eq(live_count(&client, "HTTP/1.1 200"), 1);
    end();
}
END_TEST

#define MANY 100 /* several batches */

START_TEST(answers_pipelined_requests_in_order)
{
    begin();
    struct buf sent = {0};
    for (int i = 0; i < MANY; i++) {
        buf_append_str(&sent, i % 2 == 0 ? GET("/") : GET("/short"));
    }
    buf_append_str(&sent, "GET / HT"); /* and the front of another */
    live_send_bytes(&client, buf_slice(&sent));
    live_until(&client, live_count(&client, "HTTP/1.1 200") == MANY);
    live_until(&client, live_conn()->state == CONN_READ_HEAD);
    const char *at = live_text(&client);
    for (int i = 0; i < MANY; i++) {
        at = strstr(at, "\r\n\r\n") + 4;
        ck_assert_int_eq(*at, i % 2 == 0 ? 'h' : 's');
    }
    live_send(&client, "TP/1.1\r\nHost: a\r\n\r\n");
    live_until(&client, live_count(&client, "HTTP/1.1 200") == MANY + 1);
    buf_free(&sent);
    end();
}
END_TEST

/* However much a client asks for at once, the others have their turn. On a slow machine
 * it may become heavy by a batch, and have its turn once more among those. */
START_TEST(answers_one_batch_a_turn)
{
    if (!TORTURE) {
        begin();
        for (int i = 0; i < MANY; i++) {
            ck_assert_int_eq(write(client.fd, GET("/"), strlen(GET("/"))),
                             (ssize_t)strlen(GET("/")));
        }
        size_t seen = 0, turns = 0;
        for (; seen < MANY; turns++) {
            live_turn(1000);
            live_receive(&client);
            size_t now = live_count(&client, "\r\n\r\nhello");
            ck_assert_uint_le(now - seen, live_conn()->heavy ? 64 : 32);
            ck_assert_uint_lt(turns, 100);
            seen = now;
        }
        ck_assert_uint_ge(turns, 4); /* more where a batch took long */
        end();
    }
}
END_TEST

/* Whose last answers took long waits until the others had their turn; but the rest of a
 * head is awaited as ever. */
START_TEST(lets_a_heavy_client_wait)
{
    begin();
    live_conn()->heavy = true;
    live_send(&client, "GET / HTTP/1.1\r\nHost: a\r\n");
    live_settle(&client);
    ck_assert_int_eq(live_conn()->state, CONN_READ_HEAD);
    ck_assert_int_eq(write(client.fd, "\r\n", 2), 2);
    while (live_conn()->state == CONN_READ_HEAD) {
        live_turn(1000);
    }
    ck_assert_int_eq(live_conn()->state, CONN_TURN);
    ck_assert_ptr_eq(live.conns.heavies.next, &live_conn()->link);
    ck_assert_uint_eq(live_conn()->client.requests, 0);
    live_turn(1000);
    ck_assert_uint_eq(live_conn()->client.requests, 1);
    live_expect(&client, "hello");
    end();
}
END_TEST

/* Once at least: where a request takes long, the others wait. */
START_TEST(sends_the_answers_of_one_read_at_once)
{
    if (!TORTURE) {
        begin();
        size_t at_once = 0;
        for (int tries = 0; at_once != 3 && tries < 20; tries++) {
            live_settle(&client);
            buf_clear(&client.got);
            ck_assert_int_eq(write(client.fd, GET("/") GET("/") GET("/"), 81), 81);
            live_until(&client, client.got.len > 0);
            at_once = live_count(&client, "hello");
        }
        ck_assert_uint_eq(at_once, 3);
        end();
    }
}
END_TEST

static const struct {
    const char *request;
    bool keeps;
} decisions[] = {
    {GET("/"), true},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false},
    {"GET / HTTP/1.0\r\n\r\n", false},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
    {GET("/once"), false},
    {GET("/twice") GET("/twice"), false},
    {GET("/twice") GET("/"), true},
};

START_TEST(decides_whether_to_stay)
{
    begin();
    live_send(&client, decisions[_i].request);
    live_expect(&client, "HTTP/1.1 200");
    if (decisions[_i].keeps) {
        live_until(&client, live_conn()->state == CONN_IDLE);
        ck_assert(!live_has(&client, "Connection: close"));
    } else {
        live_expect_end(&client);
        ck_assert(live_has(&client, "Connection: close"));
    }
    end();
}
END_TEST

START_TEST(draining_answers_the_next_request_and_closes)
{
    begin();
    live_send(&client, GET("/"));
    live_until(&client, live_conn()->state == CONN_IDLE);
    live.service.draining = true;
    live_settle(&client);
    ck_assert_int_eq(live_conn()->state, CONN_IDLE);
    live_send(&client, GET("/") GET("/"));
    live_expect_end(&client);
    ck_assert_uint_eq(live_count(&client, "hello"), 2); /* one before, one after */
    ck_assert_uint_eq(live_count(&client, "Connection: close"), 1);
    end();
}
END_TEST

/* --- endings ------------------------------------------------------------------------ */

START_TEST(closes_an_idle_connection_in_time)
{
    begin();
    live_send(&client, GET("/short"));
    live_expect(&client, "short");
    int64_t since = clock_read_ns() / NS_PER_MS;
    live_expect_end(&client);
    ck_assert_int_ge(clock_read_ns() / NS_PER_MS - since, 60);
    ck_assert_uint_eq(live.conns.count, 0);
    end();
}
END_TEST

START_TEST(closes_silently_when_nothing_was_asked)
{
    begin();
    live_expect_end(&client);
    ck_assert_str_eq(live_text(&client), "");
    ck_assert_uint_eq(serve.access_log.len, 0);
    end();
}
END_TEST

/* A byte a millisecond: too few to reach the limit of a line before the deadline. */
static bool drips(int fd)
{
    static int64_t last_ms;
    if (clock_now_ms() == last_ms) {
        return true;
    }
    last_ms = clock_now_ms();
    return write(fd, "y", 1) == 1;
}

/* The whole head has one deadline, however steadily it drips. */
START_TEST(answers_408_to_a_head_that_drips)
{
    begin();
    live_send(&client, "GET / HTTP/1.1\r\nX: ");
    live_until(&client, live_has(&client, "HTTP/1.1 408") || !drips(client.fd));
    live_expect(&client, "Connection: close");
    live_until(&client, strstr(serve_text(&serve.access_log), "\" 408 ") != NULL);
    end();
}
END_TEST

START_TEST(closes_without_an_answer)
{
    begin();
    live_send(&client, GET("/") GET("/gone") GET("/"));
    live_until(&client, client.ended || client.err != 0);
    ck_assert_uint_eq(live_count(&client, "HTTP/1.1"), 1);
    ck_assert_ptr_nonnull(strstr(serve_text(&serve.access_log), "\" 444 0 "));
    end();
}
END_TEST

START_TEST(ends_with_the_peer)
{
    begin();
    live_send(&client, GET("/"));
    live_expect(&client, "hello");
    shutdown(client.fd, SHUT_RDWR);
    live_until(&client, live.conns.count == 0);
    ck_assert_ptr_nonnull(strstr(serve_text(&serve.error_log),
                                 "the client closed the connection, while waiting for "
                                 "a request, client: 127.0.0.1"));
    end();
}
END_TEST

START_TEST(answers_a_client_that_has_shut_its_side)
{
    begin();
    live_send(&client, GET("/"));
    shutdown(client.fd, SHUT_WR);
    live_expect(&client, "hello");
    live_expect_end(&client);
    ck_assert_ptr_nonnull(strstr(serve_text(&serve.access_log), "\" 200 5 "));
    end();
}
END_TEST

START_TEST(knows_the_one_that_is_idle_longest)
{
    begin();
    struct live_client second = live_connect();
    live_send(&client, GET("/"));
    live_until(&client, live_has(&client, "hello") && !list_empty(&live.conns.idle));
    live_send(&second, GET("/"));
    live_until(&second, live_has(&second, "hello") &&
                            live.conns.idle.next->next != &live.conns.idle);
    ck_assert_ptr_null(conns_least_wanted(&live.conns));
    LIST_EACH(link, next, &live.conns.idle)
    {
        LIST_ITEM(link, struct conn, link)->since_ms -= CONN_IDLE_MIN_MS;
    }
    conn_close(conns_least_wanted(&live.conns), "tested");
    live_expect_end(&client);
    live_settle(&second);
    ck_assert(!second.ended);
    conn_close(conns_least_wanted(&live.conns), "tested");
    ck_assert_ptr_null(conns_least_wanted(&live.conns));
    live_leave(&second);
    end();
}
END_TEST

START_TEST(is_the_newest_of_the_idle_ones_once_answered)
{
    begin();
    struct live_client second = live_connect();
    live_send(&client, GET("/"));
    live_expect(&client, "hello");
    live_send(&second, GET("/"));
    live_expect(&second, "hello");
    live_send(&client, GET("/short"));
    live_expect(&client, "short");
    struct list *idle = &live.conns.idle;
    ck_assert_uint_eq(LIST_ITEM(idle->next, struct conn, link)->client.requests, 1);
    ck_assert_uint_eq(LIST_ITEM(idle->prev, struct conn, link)->client.requests, 2);
    live_leave(&second);
    end();
}
END_TEST

static void expect_doing(const struct board_slot *board, uint32_t reading,
                         uint32_t waiting)
{
    live_settle(&client);
    ck_assert_uint_eq(board->doing[BOARD_READING], reading);
    ck_assert_uint_eq(board->doing[BOARD_WRITING], 0);
    ck_assert_uint_eq(board->doing[BOARD_WAITING], waiting);
}

START_TEST(shows_what_connections_are_doing)
{
    static struct board_slot board;
    live_start(site);
    live.board = &board;
    client = live_connect();
    expect_doing(&board, 1, 0);
    live_send(&client, GET("/"));
    expect_doing(&board, 0, 1);
    live_send(&client, GET("/") "GET /short HT");
    expect_doing(&board, 1, 0);
    live_send(&client, "TP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect_doing(&board, 0, 0);
    end();
}
END_TEST

START_TEST(numbers_and_counts_connections)
{
    static struct board_slot board;
    begin();
    live.board = &board;
    uint64_t number = live_conn()->client.number;
    struct live_client second = live_connect();
    struct conn *newest = LIST_ITEM(live.conns.heads.prev, struct conn, link);
    ck_assert_uint_eq(newest->client.number, number + 1);
    ck_assert_uint_eq(board.connections, 2);
    ck_assert_uint_eq(board.connections_free, 998);
    live_send(&second, GET("/"));
    live_expect(&second, "hello");
    live_settle(&second);
    ck_assert_uint_eq(board.requests, 1);
    ck_assert_uint_eq(board.bytes_sent, second.got.len);
    live_leave(&second);
    live_until(&client, board.connections == 1);
    end();
}
END_TEST

UNIT_SUITE(conn)
{
    UNIT_TEST(answers_one_request_after_the_other);
    UNIT_TEST(owns_nothing_while_idle);
    UNIT_TEST(takes_a_head_in_pieces);
    UNIT_TEST(answers_pipelined_requests_in_order);
    UNIT_TEST(answers_one_batch_a_turn);
    UNIT_TEST(lets_a_heavy_client_wait);
    UNIT_TEST(sends_the_answers_of_one_read_at_once);
    UNIT_LOOP(decides_whether_to_stay, 0,
              (int)(sizeof(decisions) / sizeof(decisions[0])));
    UNIT_TEST(draining_answers_the_next_request_and_closes);
    UNIT_TEST(closes_an_idle_connection_in_time);
    UNIT_TEST(closes_silently_when_nothing_was_asked);
    UNIT_TEST(answers_408_to_a_head_that_drips);
    UNIT_TEST(closes_without_an_answer);
    UNIT_TEST(ends_with_the_peer);
    UNIT_TEST(answers_a_client_that_has_shut_its_side);
    UNIT_TEST(knows_the_one_that_is_idle_longest);
    UNIT_TEST(is_the_newest_of_the_idle_ones_once_answered);
    UNIT_TEST(shows_what_connections_are_doing);
    UNIT_TEST(numbers_and_counts_connections);
}
