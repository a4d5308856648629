#include "tests/unit/server/crowd.h"

/* What connections do when something takes long. */

static void be_busy(void)
{
    int64_t end_ns = clock_read_ns() + 2 * NS_PER_MS;
    while (clock_read_ns() < end_ns) {
        /* as with a request of somebody's */
    }
}

/* A line that takes long. */
static void take_slowly(void *context, uint32_t file, struct slice line)
{
    be_busy();
    serve_take_access(context, file, line);
}

/* Reads and answers; to find out that something is /missing takes long. */
static void find_slowly(void)
{
    read_all();
    log_set_sink(take_slowly, NULL);
    conns_answer(&live.conns);
}

START_TEST(sends_before_an_answer_has_waited_long)
{
    if (!TORTURE) {
        begin(2);
        ask(&clients[0], "/missing");
        ask(&clients[1], "/missing");
        read_all();
        log_set_sink(take_slowly, NULL);
        answer_all();
        expect_sent_before_found(" 404 ");
        end(2);
    }
}
END_TEST

/* Ten milliseconds, of which each takes two. */
START_TEST(lets_the_last_of_a_long_turn_wait)
{
    if (!TORTURE) {
        begin(7);
        for (int i = 0; i < 6; i++) {
            ask(&clients[i], "/missing");
        }
        ask(&clients[6], "/?x=6.");
        find_slowly();
        ck_assert_int_eq(conns[6]->state, CONN_TURN);
        answer_all();
        live_expect(&clients[6], "\r\n\r\n6.");
        end(7);
    }
}
END_TEST

/* Only what is logged of a request that says so takes long. */
static void take_slow_ones_slowly(void *context, uint32_t file, struct slice line)
{
    if (memmem(line.ptr, line.len, "slow", 4) != NULL) {
        be_busy();
    }
    serve_take_access(context, file, line);
}

static bool is_blamed_for_what_others_ask(void)
{
    begin(2);
    ask(&clients[0], "/missing");
    ask(&clients[1], "/?x=1.");
    find_slowly();
    ck_assert(conns[0]->heavy);
    return conns[1]->heavy;
}

static bool is_blamed_for_what_others_are_sent(void)
{
    begin(2);
    ask_as_often_as_is_kept();
    ask(&clients[1], "/?x=1.");
    read_all();
    live.service.access_sink = take_slowly;
    conns_answer(&live.conns);
    live_expect(&clients[1], "\r\n\r\n1.");
    return conns[1]->heavy;
}

/* In the same turn: one that leaves, and what is said of that. */
static bool is_blamed_for_who_leaves(void)
{
    begin(2);
    ck_assert_int_eq(shutdown(clients[0].fd, SHUT_WR), 0);
    ask(&clients[1], "/?x=1.");
    log_set_sink(take_slowly, NULL);
    read_all();
    conns_answer(&live.conns);
    live_expect(&clients[1], "\r\n\r\n1.");
    return conns[1]->heavy;
}

/* In the same turn: the rest of a body, and what is logged with it. */
static bool is_blamed_for_what_others_did_before(void)
{
    begin(2);
    live_send(&clients[0], "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
    ck_assert_int_eq(conns[0]->state, CONN_READ_BODY);
    ck_assert_int_eq(write(clients[0].fd, "x", 1), 1);
    ask(&clients[1], "/?x=1.");
    live.service.access_sink = take_slowly;
    read_all();
    live.service.access_sink = serve_take_access;
    conns_answer(&live.conns);
    live_expect(&clients[1], "\r\n\r\n1.");
    return conns[1]->heavy;
}

static bool is_blamed_for_those_whose_turn_was_before(void)
{
    begin(2);
    ask(&clients[0], "/?slow&x=0.");
    ask(&clients[1], "/?x=1.");
    conns[0]->heavy = conns[1]->heavy = true;
    while (conns[0]->state != CONN_TURN || conns[1]->state != CONN_TURN) {
        read_all();
        conns_answer(&live.conns);
    }
    live.service.access_sink = take_slow_ones_slowly;
    while (conns_take_turns(&live.conns)) {
    }
    expect_each(2);
    return conns[1]->heavy;
}

static bool is_blamed_for_those_answered_before(void)
{
    begin(ARRIVALS_MAX + 1);
    ask_each(ARRIVALS_MAX + 1);
    live.service.access_sink = take_slowly;
    read_all();
    ck_assert(!conns[0]->arrived && conns[ARRIVALS_MAX]->arrived);
    answer_all();
    expect_each(ARRIVALS_MAX + 1);
    return conns[ARRIVALS_MAX]->heavy;
}

static const struct {
    bool (*is_blamed)(void); /* leaves this many clients open */
    size_t clients;
} innocents[] = {
    {is_blamed_for_what_others_ask, 2},
    {is_blamed_for_what_others_are_sent, 2},
    {is_blamed_for_who_leaves, 2},
    {is_blamed_for_what_others_did_before, 2},
    {is_blamed_for_those_whose_turn_was_before, 2},
    {is_blamed_for_those_answered_before, ARRIVALS_MAX + 1},
};

/* In one of five tries: a busy machine may hold anybody up. */
START_TEST(holds_nobody_to_account_for_others)
{
    bool blamed = !TORTURE;
    for (int i = 0; blamed && i < 5; i++) {
        blamed = innocents[_i].is_blamed();
        end(innocents[_i].clients);
    }
    ck_assert(!blamed);
}
END_TEST

/* Closing at once would reset the connection, and with it the answer. */
START_TEST(hears_who_goes_on_after_its_last_request)
{
    if (!TORTURE) {
        begin(1);
        ask_with(&clients[0], "/?x=0.", "Connection: close\r\n");
        read_all();
        be_busy();
        ask(&clients[0], "/?x=more.");
        answer_all();
        ck_assert_int_eq(conns[0]->state, CONN_LINGER);
        expect_each(1);
        live_expect_end(&clients[0]);
        end(1);
    }
}
END_TEST

/* The other one, too, if what was done for it took long. */
static void take_slowly_and_send_more(void *context, uint32_t file, struct slice line)
{
    be_busy();
    if (memmem(line.ptr, line.len, "x=0.", 4) != NULL) {
        ask(&clients[1], "/?x=more.");
    }
    serve_take_access(context, file, line);
}

START_TEST(hears_who_goes_on_while_others_are_sent_to)
{
    if (!TORTURE) {
        begin(2);
        ask_with(&clients[0], "/?x=0.", "Connection: close\r\n");
        ask_with(&clients[1], "/?x=1.", "Connection: close\r\n");
        read_all();
        live.service.access_sink = take_slowly_and_send_more;
        answer_all();
        ck_assert_int_eq(conns[1]->state, CONN_LINGER);
        end(2);
    }
}
END_TEST

START_TEST(ends_a_batch_that_takes_long)
{
    if (!TORTURE) {
        begin(1);
        for (int i = 0; i < 3; i++) {
            ask(&clients[0], "/missing");
        }
        find_slowly();
        ck_assert_uint_eq(conns[0]->client.requests, 1);
        answer_all();
        ck_assert_uint_eq(conns[0]->client.requests, 3);
        end(1);
    }
}
END_TEST

UNIT_SUITE(conn_time)
{
    UNIT_TEST(sends_before_an_answer_has_waited_long);
    UNIT_TEST(ends_a_batch_that_takes_long);
    UNIT_TEST(lets_the_last_of_a_long_turn_wait);
    UNIT_LOOP(holds_nobody_to_account_for_others, 0,
              sizeof(innocents) / sizeof(innocents[0]));
    UNIT_TEST(hears_who_goes_on_after_its_last_request);
    UNIT_TEST(hears_who_goes_on_while_others_are_sent_to);
}
