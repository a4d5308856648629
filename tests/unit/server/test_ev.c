#include "common/clock.h"
#include "server/ev.h"
#include "tests/unit/unit.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One end of a socket pair in the loop, the other in the test's hand. */
struct end {
    struct ev_source source;
    struct ev_loop *loop;
    int other;
    int calls;
    unsigned seen;
    struct end *victim; /* forgotten or taken out when this one is called */
    void (*harm)(struct end *victim);
};

static void note(struct ev_source *source, unsigned events)
{
    struct end *end = (struct end *)(void *)source; /* its first member */
    end->calls++;
    end->seen |= events;
    if (end->victim != NULL) {
        end->harm(end->victim);
    }
}

static struct ev_loop *loop;

static void begin(void)
{
    loop = ev_create();
}

static void finish(void)
{
    ev_destroy(loop);
}

static void open_end(struct end *end)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    *end = (struct end){.source = {.ready = note, .fd = pair[0]}, .other = pair[1]};
    end->loop = loop;
}

static void close_end(struct end *end)
{
    ev_forget(end->loop, &end->source);
    close(end->source.fd);
    close(end->other);
}

static void poke(const struct end *end)
{
    ck_assert_int_eq(write(end->other, "x", 1), 1);
}

static void set(struct end *end, unsigned interest)
{
    ck_assert_int_eq(ev_set(loop, &end->source, interest), 0);
}

START_TEST(calls_what_is_readable)
{
    struct end a, b;
    open_end(&a);
    open_end(&b);
    set(&a, EV_IN);
    set(&b, EV_IN);
    ck_assert_int_eq(ev_turn(loop, 0), 0);
    poke(&b);
    ck_assert_int_eq(ev_turn(loop, 1000), 1);
    ck_assert_int_eq(a.calls, 0);
    ck_assert_int_eq(b.calls, 1);
    ck_assert_uint_eq(b.seen, EV_IN);
    ck_assert_int_eq(ev_turn(loop, 1000), 1); /* level-triggered: nobody read it */
    close_end(&a);
    close_end(&b);
}
END_TEST

START_TEST(follows_a_change_of_interest)
{
    struct end a;
    open_end(&a);
    poke(&a);
    set(&a, EV_OUT);
    ck_assert_int_eq(ev_turn(loop, 1000), 1);
    ck_assert_uint_eq(a.seen, EV_OUT);
    set(&a, EV_IN | EV_OUT);
    ck_assert_int_eq(ev_turn(loop, 1000), 1);
    ck_assert_uint_eq(a.seen, EV_IN | EV_OUT);
    set(&a, 0);
    ck_assert_int_eq(ev_turn(loop, 0), 0);
    set(&a, EV_IN);
    ck_assert_int_eq(ev_turn(loop, 1000), 1);
    close_end(&a);
}
END_TEST

START_TEST(reports_a_hang_up_unasked)
{
    struct end a;
    open_end(&a);
    set(&a, EV_IN);
    close(a.other);
    ck_assert_int_eq(ev_turn(loop, 1000), 1);
    ck_assert_uint_ne(a.seen & EV_ERROR, 0);
    ev_forget(loop, &a.source);
    close(a.source.fd);
}
END_TEST

static void forget(struct end *victim)
{
    ev_forget(victim->loop, &victim->source);
}

static void take_out(struct end *victim)
{
    ev_set(victim->loop, &victim->source, 0);
}

static void ask_for_less(struct end *victim)
{
    ev_set(victim->loop, &victim->source, EV_OUT);
}

/* As when its memory serves a new connection within the turn. */
static void use_again(struct end *victim)
{
    int calls = victim->calls;
    close_end(victim);
    open_end(victim);
    victim->calls = calls;
    poke(victim);
    ck_assert_int_eq(ev_set(loop, &victim->source, EV_IN), 0);
}

static void (*const harms[])(struct end *) = {forget, take_out, use_again, ask_for_less};

/* Both are ready; whichever is called first makes the event of the other one stale. */
START_TEST(does_not_call_what_was_changed_in_the_turn)
{
    struct end a, b;
    open_end(&a);
    open_end(&b);
    a.victim = &b;
    b.victim = &a;
    a.harm = b.harm = harms[_i];
    set(&a, EV_IN);
    set(&b, EV_IN);
    poke(&a);
    poke(&b);
    ck_assert_int_eq(ev_turn(loop, 1000), 1);
    ck_assert_int_eq(a.calls + b.calls, 1);
    close_end(&a);
    close_end(&b);
}
END_TEST

#define MANY 600 /* more than one turn reports */

START_TEST(serves_many_with_none_left_out)
{
    static struct end ends[MANY];
    for (int i = 0; i < MANY; i++) {
        open_end(&ends[i]);
        set(&ends[i], EV_IN);
        poke(&ends[i]);
    }
    for (int i = 0; i < MANY; i += 3) { /* holes, filled from the end */
        ck_assert_int_eq(ev_set(loop, &ends[i].source, 0), 0);
    }
    for (int turn = 0; turn < 8; turn++) {
        ck_assert_int_gt(ev_turn(loop, 1000), 0);
    }
    for (int i = 0; i < MANY; i++) {
        ck_assert_int_eq(ends[i].calls > 0, i % 3 != 0);
        close_end(&ends[i]);
    }
    ck_assert_int_eq(ev_turn(loop, 0), 0);
}
END_TEST

START_TEST(adds_an_exclusive_source_anew)
{
    struct end a;
    open_end(&a);
    set(&a, EV_IN | EV_EXCLUSIVE);
    set(&a, EV_IN | EV_EXCLUSIVE);
    poke(&a);
    ck_assert_int_eq(ev_turn(loop, 1000), 1);
    ck_assert_uint_eq(a.seen, EV_IN);
    set(&a, 0);
    ck_assert_int_eq(ev_turn(loop, 0), 0);
    set(&a, EV_IN | EV_EXCLUSIVE);
    ck_assert_int_eq(ev_turn(loop, 1000), 1);
    close_end(&a);
}
END_TEST

static bool has_edges(void)
{
    return strcmp(ev_backend_name(), "epoll") == 0;
}

START_TEST(calls_for_an_edge_once)
{
    struct end a;
    open_end(&a);
    set(&a, EV_IN | EV_EDGE);
    poke(&a);
    ck_assert_int_eq(ev_turn(loop, 1000), 1);
    ck_assert_uint_eq(a.seen, EV_IN);
    set(&a, EV_IN | EV_EDGE);
    ck_assert_int_eq(ev_turn(loop, 0), has_edges() ? 0 : 1);
    set(&a, EV_IN | EV_EDGE | EV_AGAIN);
    ck_assert_int_eq(ev_turn(loop, 1000), 1); /* it was left unread */
    ck_assert_int_eq(ev_turn(loop, 0), has_edges() ? 0 : 1);
    poke(&a);
    ck_assert_int_eq(ev_turn(loop, 1000), 1); /* more has come */
    set(&a, EV_IN | EV_OUT);
    ck_assert_int_eq(ev_turn(loop, 1000), 1); /* a change tells what is there .. */
    set(&a, EV_IN | EV_EDGE);
    ck_assert_int_eq(ev_turn(loop, 1000), 1); /* .. in both directions */
    close_end(&a);
}
END_TEST

START_TEST(hears_of_again_only_where_edges_are)
{
    struct end a;
    open_end(&a);
    set(&a, EV_AGAIN);
    poke(&a);
    ck_assert_int_eq(ev_turn(loop, 0), 0);
    set(&a, EV_IN | EV_AGAIN);
    ck_assert_int_eq(ev_turn(loop, 1000), 1);
    set(&a, EV_AGAIN);
    ck_assert_int_eq(ev_turn(loop, 0), 0);
    close_end(&a);
}
END_TEST

START_TEST(tells_an_end_that_came_with_bytes)
{
    struct end a;
    open_end(&a);
    set(&a, EV_IN | EV_EDGE);
    poke(&a);
    ck_assert_int_eq(ev_turn(loop, 1000), 1);
    ck_assert_uint_eq(a.seen, EV_IN);
    poke(&a);
    ck_assert_int_eq(shutdown(a.other, SHUT_WR), 0);
    ck_assert_int_eq(ev_turn(loop, 1000), 1);
    ck_assert_uint_eq(a.seen, has_edges() ? EV_IN | EV_BEYOND : EV_IN);
    close_end(&a);
}
END_TEST

/* Another process holds the listener too: closing it here must end its events here. */
START_TEST(leaves_no_event_of_a_shared_source_behind)
{
    struct end a;
    open_end(&a);
    int held_elsewhere = dup(a.source.fd);
    set(&a, EV_IN | EV_EXCLUSIVE);
    ev_forget(loop, &a.source);
    close(a.source.fd);
    poke(&a);
    int64_t start = clock_read_ns();
    ck_assert_int_eq(ev_turn(loop, 30), 0);
    ck_assert_int_ge((clock_read_ns() - start) / NS_PER_MS, 29); /* nothing woke it */
    close(held_elsewhere);
    close(a.other);
}
END_TEST

static int64_t wait_ms(int timeout_ms)
{
    int64_t start = clock_read_ns();
    ck_assert_int_eq(ev_turn(loop, timeout_ms), 0);
    return (clock_read_ns() - start) / NS_PER_MS;
}

START_TEST(waits_no_longer_than_the_nearest_bound)
{
    struct end a;
    open_end(&a);
    set(&a, EV_IN);
    ck_assert_int_ge(wait_ms(30), 29);
    ck_assert_int_ge(wait_ms(30), 29);
    poke(&a);
    ck_assert_int_eq(ev_turn(loop, 60000), 1); /* whose end is far, and stays */
    set(&a, 0);
    for (int i = 0; i < 3; i++) {
        int64_t waited = wait_ms(20);
        ck_assert(waited >= 19 && waited < 10000);
    }
    ck_assert_int_lt(wait_ms(0), 10000);
    close_end(&a);
}
END_TEST

START_TEST(names_its_back_end)
{
    const char *name = ev_backend_name();
    ck_assert(strcmp(name, "epoll") == 0 || strcmp(name, "poll") == 0);
}
END_TEST

UNIT_SUITE(ev)
{
    tcase_add_checked_fixture(unit_case, begin, finish);
    UNIT_TEST(calls_what_is_readable);
    UNIT_TEST(follows_a_change_of_interest);
    UNIT_TEST(reports_a_hang_up_unasked);
    UNIT_LOOP(does_not_call_what_was_changed_in_the_turn, 0,
              (int)(sizeof(harms) / sizeof(harms[0])));
    UNIT_TEST(serves_many_with_none_left_out);
    UNIT_TEST(adds_an_exclusive_source_anew);
    UNIT_TEST(calls_for_an_edge_once);
    UNIT_TEST(hears_of_again_only_where_edges_are);
    UNIT_TEST(tells_an_end_that_came_with_bytes);
    UNIT_TEST(leaves_no_event_of_a_shared_source_behind);
    UNIT_TEST(waits_no_longer_than_the_nearest_bound);
    UNIT_TEST(names_its_back_end);
}
