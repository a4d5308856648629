#include "server/master.h"
#include "tests/unit/unit.h"

static struct master master;

static void be_in(enum master_phase phase)
{
    master = (struct master){.phase = phase};
    list_init(&master.generations);
    reload_init(&master.reload);
}

START_TEST(a_request_is_due_at_once)
{
    be_in(MASTER_SERVING);
    ck_assert_int_eq(reload_deadline(&master.reload), 0);
    reload_request(&master);
    ck_assert(master.reload.wanted);
    ck_assert_int_ne(reload_deadline(&master.reload), 0);
}
END_TEST

START_TEST(a_request_during_the_start_is_remembered)
{
    be_in(MASTER_STARTING);
    reload_request(&master);
    ck_assert(master.reload.wanted);
}
END_TEST

/* A deadline that nothing acts on would keep the master's loop awake until the end. */
START_TEST(a_server_that_stops_is_not_reloaded)
{
    be_in((enum master_phase)_i);
    reload_request(&master);
    ck_assert(!master.reload.wanted);
    ck_assert_int_eq(reload_deadline(&master.reload), 0);
}
END_TEST

START_TEST(a_stop_forgets_the_request)
{
    be_in(MASTER_SERVING);
    reload_request(&master);
    reload_cancel(&master);
    ck_assert(!master.reload.wanted);
    ck_assert_int_eq(reload_deadline(&master.reload), 0);
}
END_TEST

START_TEST(generations_that_drain_make_the_next_one_wait)
{
    struct generation drains[DRAINING_MAX + 2] = {0};
    be_in(MASTER_SERVING);
    master.slots.now_ms = master.reload.committed_ms = 1000;
    reload_request(&master);
    int64_t pause = reload_deadline(&master.reload) - 1000;
    for (size_t i = 0; i < DRAINING_MAX + 2; i++) {
        drains[i].state = GENERATION_RETIRED;
        list_append(&master.generations, &drains[i].link);
        reload_step(&master);
        pause *= i < DRAINING_MAX ? 2 : 1;
        ck_assert_int_eq(reload_deadline(&master.reload), 1000 + pause);
    }
}
END_TEST

UNIT_SUITE(reload)
{
    UNIT_TEST(a_request_is_due_at_once);
    UNIT_TEST(a_request_during_the_start_is_remembered);
    UNIT_LOOP(a_server_that_stops_is_not_reloaded, MASTER_DRAINING, MASTER_DONE + 1);
    UNIT_TEST(a_stop_forgets_the_request);
    UNIT_TEST(generations_that_drain_make_the_next_one_wait);
}
