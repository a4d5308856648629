#include "tests/unit/server/crowd.h"

/* In what order requests were logged; each is a line with its "x=N." in it. */
static void expect_logged(size_t count)
{
    const char *at = serve_text(&serve.access_log);
    for (size_t i = 0; i < count; i++) {
        char target[32];
        snprintf(target, sizeof(target), "x=%zu. ", i);
        at = strstr(at, target);
        ck_assert_msg(at != NULL, "not in its place: %s", target);
    }
}

START_TEST(answers_all_that_came_in_a_turn)
{
    if (!TORTURE) {
        begin(5);
        ask_each(5);
        read_all();
        for (size_t i = 0; i < 5; i++) {
            live_receive(&clients[i]);
            ck_assert_uint_eq(clients[i].got.len, 0);
            ck_assert(conns[i]->arrived);
        }
        answer_all();
        for (size_t i = 0; i < 5; i++) {
            live_receive(&clients[i]);
            ck_assert_uint_gt(clients[i].got.len, 0);
            ck_assert(!conns[i]->arrived);
            ck_assert_int_eq(conns[i]->state, CONN_IDLE);
        }
        expect_each(5);
        expect_logged(5);
        end(5);
    }
}
END_TEST

START_TEST(answers_more_than_it_keeps)
{
    begin(MOST);
    ask_each(MOST);
    expect_each(MOST);
    end(MOST);
}
END_TEST

/* Of as many bytes as a read takes, and some: the buffer has room for two reads. */
START_TEST(answers_more_bytes_than_it_keeps)
{
    static char pipeline[CONN_BUFFER_SIZE], head[200];
    size_t len = sizeof(head) - 1, count = TORTURE ? 8 : sizeof(pipeline) / len;
    snprintf(head, sizeof(head), "GET /?x=many. HTTP/1.1\r\nHost: a\r\nX: %159s\r\n\r\n",
             "");
    ck_assert_uint_eq(strlen(head), len);
    for (size_t i = 0; i < count; i++) {
        memcpy(pipeline + i * len, head, len);
    }
    begin(4);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(write(clients[i].fd, pipeline, count * len),
                         (ssize_t)(count * len));
    }
    for (size_t i = 0; i < 4; i++) {
        live_until(&clients[i], live_count(&clients[i], "\r\n\r\nmany.") == count);
    }
    end(4);
}
END_TEST

/* Each of a batch in its own way: refused, silent, begun, with a body to come, gone. */
START_TEST(lets_each_go_its_own_way)
{
    begin(7);
    ask(&clients[0], "/?x=0.");
    ck_assert_int_eq(write(clients[1].fd, "GET\r\n\r\n", 7), 7);
    ask(&clients[2], "/gone");
    ck_assert_int_eq(write(clients[3].fd, "GET /?x=3. HT", 13), 13);
    const char *post = "POST /?x=4. HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n";
    ck_assert_int_eq(write(clients[4].fd, post, strlen(post)), (ssize_t)strlen(post));
    shutdown(clients[5].fd, SHUT_WR);
    ask(&clients[6], "/?x=6.");
    live_expect(&clients[0], "\r\n\r\n0.");
    live_expect(&clients[1], "HTTP/1.1 400 ");
    live_expect_end(&clients[2]);
    live_expect_end(&clients[5]);
    live_expect(&clients[6], "\r\n\r\n6.");
    ck_assert_uint_eq(clients[2].got.len + clients[5].got.len, 0);
    live_send(&clients[3], "TP/1.1\r\nHost: a\r\n\r\n");
    live_expect(&clients[3], "\r\n\r\n3.");
    live_send(&clients[4], "ab");
    live_expect(&clients[4], "\r\n\r\n4.");
    end(7);
}
END_TEST

/* It can be sent no answer, and that is nobody else's loss. */
START_TEST(outlives_a_client_that_leaves_before_its_answer)
{
    if (!TORTURE) {
        begin(3);
        ask_each(3);
        read_all();
        close(clients[1].fd);
        answer_all();
        conns_sweep(&live.conns);
        ck_assert_uint_eq(live.conns.count, 2);
        clients[1] = live_connect();
        live_expect(&clients[0], "\r\n\r\n0.");
        live_expect(&clients[2], "\r\n\r\n2.");
        expect_logged(3);
        end(3);
    }
}
END_TEST

/* Or the first of many pipelines would wait for the answers to the last. */
START_TEST(sends_before_it_has_found_too_many)
{
    if (!TORTURE) {
        begin(2);
        ask_as_often_as_is_kept();
        ask(&clients[1], "/missing");
        read_all();
        log_set_sink(serve_take_access, NULL);
        answer_all();
        expect_sent_before_found("x=0. ");
        end(2);
    }
}
END_TEST

/* It may take long, or for ever: then its request is to be the one that is blamed. */
START_TEST(sends_a_file_before_it_finds_more)
{
    if (!TORTURE) {
        begin(3);
        live_file("html/file", 200000);
        ask(&clients[0], "/?x=0.");
        ask(&clients[1], "/file");
        ask(&clients[2], "/missing");
        read_all();
        log_set_sink(serve_take_access, NULL);
        answer_all();
        expect_sent_before_found("x=0. ");
        live_until(&clients[1], clients[1].got.len > 200000);
        end(3);
    }
}
END_TEST

START_TEST(answers_before_others_are_sent_more)
{
    if (!TORTURE) {
        begin(2);
        live_file("html/file", 4000000);
        ask(&clients[0], "/file");
        live_until(&clients[0], conns[0]->state == CONN_SEND);
        while (ev_turn(live.loop, 0) > 0) {
            /* until the socket is full */
        }
        ask(&clients[1], "/?x=1.");
        read_all();
        ck_assert(conns[1]->arrived);
        conns[0]->source.ready(&conns[0]->source, EV_OUT);
        ck_assert(!conns[1]->arrived);
        live_expect(&clients[1], "\r\n\r\n1.");
        end(2);
    }
}
END_TEST

/* --- between a read and its answer -------------------------------------------------- */

static void make_idle(struct conn *conn)
{
    conn->since_ms -= CONN_IDLE_MIN_MS + CONN_HEAD_MIN_MS;
}

START_TEST(sends_nobody_away_whom_it_has_heard)
{
    if (!TORTURE) {
        begin(3);
        for (size_t i = 0; i < 2; i++) {
            ask(&clients[i], "/?x=first.");
            live_expect(&clients[i], "first.");
        }
        for (size_t i = 0; i < 3; i++) {
            live_settle(&clients[i]);
            buf_clear(&clients[i].got);
            make_idle(conns[i]);
        }
        ck_assert_ptr_eq(conns_least_wanted(&live.conns), conns[0]);
        ask(&clients[0], "/?x=0.");
        read_all();
        ck_assert_ptr_eq(conns_least_wanted(&live.conns), conns[1]);
        ask(&clients[1], "/?x=1.");
        read_all();
        ck_assert_ptr_eq(conns_least_wanted(&live.conns), conns[2]);
        ask(&clients[2], "/?x=2.");
        read_all();
        ck_assert_ptr_null(conns_least_wanted(&live.conns));
        conns_drop_waiting(&live.conns, 0);
        ck_assert_uint_eq(live.conns.count, 3);
        conns_answer(&live.conns);
        expect_each(3);
        end(3);
    }
}
END_TEST

static void write_padded(struct live_client *client, const char *begin, size_t len)
{
    int room = 1 << 20;
    char *bytes = calloc(1, len + 1);
    memcpy(bytes, begin, strlen(begin));
    setsockopt(client->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    ck_assert_int_eq(write(client->fd, bytes, len), (ssize_t)len);
    free(bytes);
}

/* All who wait, and the one whose rest is read in order to be dropped. */
START_TEST(has_room_for_what_is_dropped_meanwhile)
{
    if (!TORTURE) {
        begin(2);
        write_padded(&clients[0], "GET\r\n\r\n", CONN_BUFFER_SIZE - 1);
        write_padded(&clients[1], "GET\r\n\r\n", (size_t)2 * CONN_BUFFER_SIZE);
        read_all();
        answer_all();
        ck_assert_int_eq(conns[0]->state, CONN_LINGER);
        ck_assert_int_eq(conns[1]->state, CONN_LINGER);
        live_expect(&clients[0], "HTTP/1.1 400 ");
        live_expect(&clients[1], "HTTP/1.1 400 ");
        end(2);
    }
}
END_TEST

/* A new client that has sent this; `leaves`: and is gone. */
static bool opens_with(const char *text, bool leaves)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    ck_assert_int_eq(write(pair[1], text, strlen(text)), (ssize_t)strlen(text));
    if (leaves) {
        close(pair[1]);
    }
    const struct sockaddr *peer = &serve.client.peer.sa;
    bool came = conn_open(&live, pair[0], peer, serve.config->sockets[0], true);
    answer_all();
    if (!leaves) {
        close(pair[1]);
    }
    return came;
}

START_TEST(tells_whether_anything_came_with_a_connection)
{
    begin(ARRIVALS_MAX - 1);
    ck_assert(!opens_with("", false));
    ck_assert(opens_with("", true));
    ck_assert(opens_with("GET", false));
    if (!TORTURE) { /* even if it is the last that is kept */
        ask_each(ARRIVALS_MAX - 1);
        read_all();
        ck_assert_uint_eq(live.conns.arrivals.count, ARRIVALS_MAX - 1);
        ck_assert(opens_with("GET /?x=last. HTTP/1.1\r\nHost: a\r\n\r\n", false));
        expect_each(ARRIVALS_MAX - 1);
    }
    end(ARRIVALS_MAX - 1);
}
END_TEST

static bool only_one_has_an_answer;

static void look_at_the_other(void *context, uint32_t file, struct slice line)
{
    live_receive(&clients[1]);
    only_one_has_an_answer = only_one_has_an_answer || clients[1].got.len == 0;
    serve_take_access(context, file, line);
}

/* The last bytes of the first may wait for its end, and a file takes long. */
START_TEST(ends_a_connection_before_others_are_sent_to)
{
    if (!TORTURE) {
        begin(2);
        ck_assert_int_eq(write(clients[0].fd, "x\r\n\r\n", 5), 5); /* refused: it ends */
        ask(&clients[1], "/?x=1.");
        read_all();
        live.service.access_sink = look_at_the_other;
        answer_all();
        ck_assert(only_one_has_an_answer);
        live_expect(&clients[0], " 400 ");
        live_expect_end(&clients[0]);
        live_expect(&clients[1], "\r\n\r\n1.");
        end(2);
    }
}
END_TEST

/* Who sends a byte of a head now and then is no younger for it. */
START_TEST(does_not_forget_how_long_a_head_takes)
{
    begin(3);
    make_idle(conns[1]);
    ck_assert_int_eq(write(clients[0].fd, "G", 1), 1);
    live_settle(&clients[0]);
    ck_assert_ptr_eq(live.conns.heads.next, &conns[0]->link);
    make_idle(conns[0]);
    ck_assert_ptr_eq(conns_least_wanted(&live.conns), conns[0]);
    end(3);
}
END_TEST

UNIT_SUITE(conn_arrivals)
{
    UNIT_TEST(answers_all_that_came_in_a_turn);
    UNIT_TEST(answers_more_than_it_keeps);
    UNIT_TEST(answers_more_bytes_than_it_keeps);
    UNIT_TEST(lets_each_go_its_own_way);
    UNIT_TEST(outlives_a_client_that_leaves_before_its_answer);
    UNIT_TEST(sends_before_it_has_found_too_many);
    UNIT_TEST(sends_a_file_before_it_finds_more);
    UNIT_TEST(answers_before_others_are_sent_more);
    UNIT_TEST(sends_nobody_away_whom_it_has_heard);
    UNIT_TEST(has_room_for_what_is_dropped_meanwhile);
    UNIT_TEST(ends_a_connection_before_others_are_sent_to);
    UNIT_TEST(tells_whether_anything_came_with_a_connection);
    UNIT_TEST(does_not_forget_how_long_a_head_takes);
}
