#include "server/master.h"
#include "server/tally.h"
#include "tests/unit/unit.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct master *master;
static struct slot *slot;
static struct board_slot *board;

static void begin(void)
{
    master = calloc(1, sizeof(*master));
    shm_create(&master->shm);
    shm_prepare(&master->shm, SLOT_FIRST_WORKER);
    slots_init(&master->slots, NULL, master, 1);
    slot = slots_empty(&master->slots);
    slot->state = SLOT_READY;
    slot->pid = 1000;
    board = shm_board(&master->shm, slot->number);
    tally_begin(&master->tally, 0);
}

static void end(void)
{
    shm_destroy(&master->shm);
    free(master);
}

static void serve_until(int64_t now_ms, uint64_t requests)
{
    BOARD_ADD(board, requests, requests);
    master->slots.now_ms = now_ms;
    tally_tick(master);
}

static void check_rate(int64_t now_ms, uint64_t wanted)
{
    ck_assert_uint_eq(tally_rate(master, now_ms), wanted * 1000);
    ck_assert_uint_eq(tally_slot_rate(master, slot, now_ms), wanted * 1000);
}

START_TEST(counts_the_pace_of_the_last_seconds)
{
    begin();
    BOARD_ADD(board, requests, 7);
    check_rate(10, 7); /* no second has passed: a young window is a whole one */
    serve_until(1000, 3);
    check_rate(1000, 10);
    serve_until(1500, 90); /* no tick */
    check_rate(2000, 50);
    serve_until(2000, 0);
    check_rate(2000, 90);
    serve_until(3000, 0);
    check_rate(3000, 0);
    end();
}
END_TEST

START_TEST(keeps_what_the_dead_have_done)
{
    begin();
    serve_until(1000, 10);
    BOARD_ADD(board, bytes_sent, 500);
    tally_bury(master, slot, SIGSEGV);
    slot->pid = 0;
    slot->state = SLOT_BACKOFF;
    ck_assert_uint_eq(tally_total(master).requests, 10);
    ck_assert_uint_eq(tally_total(master).sent, 500);
    ck_assert_uint_eq(master->tally.restarts, 1);
    ck_assert_uint_eq(slot->past.restarts, 1);
    ck_assert_str_eq(slot->past.cause, "exited on signal 11 (SIGSEGV)");
    ck_assert_str_eq(master->tally.cause, "slot 2 exited on signal 11 (SIGSEGV)");
    ck_assert_uint_eq(tally_rate(master, 1000), 10000);
    end();
}
END_TEST

static const struct {
    enum slot_state state;
    bool candidate;
} expected[] = {{SLOT_DRAINING, false}, {SLOT_STOPPING, false}, {SLOT_STARTING, true}};

START_TEST(counts_no_death_that_was_asked_for)
{
    begin();
    slot->state = expected[_i].state;
    slot->candidate = expected[_i].candidate;
    serve_until(1000, 10);
    tally_bury(master, slot, 0);
    ck_assert_uint_eq(master->tally.restarts, 0);
    ck_assert_uint_eq(slot->past.restarts, 0);
    ck_assert_uint_eq(master->tally.retired.requests, 10);
    end();
}
END_TEST

UNIT_SUITE(tally)
{
    UNIT_TEST(counts_the_pace_of_the_last_seconds);
    UNIT_TEST(keeps_what_the_dead_have_done);
    UNIT_LOOP(counts_no_death_that_was_asked_for, 0, 3);
}
