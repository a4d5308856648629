#include "server/slots.h"
#include "tests/unit/unit.h"
#include <stdlib.h>

/* The world that the table acts on: it records what it was asked. */
static struct world {
    unsigned forks;
    unsigned drains;
    unsigned stops;
    unsigned kills;
    unsigned vacated;
    bool fork_fails;
} world;

static bool spawn(struct slots *slots, struct slot *slot)
{
    (void)slots;
    if (world.fork_fails) {
        return false;
    }
    slot->pid = (pid_t)(1000 + world.forks++);
    return true;
}

static void ask(struct slots *slots, struct slot *slot, enum slot_event what)
{
    (void)slots;
    (void)slot;
    world.drains += what == SLOT_DRAIN;
    world.stops += what == SLOT_STOP;
}

static void kill_it(struct slots *slots, struct slot *slot)
{
    (void)slots;
    (void)slot;
    world.kills++;
}

static void vacated(struct slots *slots, struct slot *slot)
{
    (void)slots;
    (void)slot;
    world.vacated++;
}

static const struct slot_ops ops = {
    .spawn = spawn, .ask = ask, .kill = kill_it, .vacated = vacated};

static struct slots *slots;
static struct slot *slot;

static void begin(void)
{
    world = (struct world){0};
    slots = calloc(1, sizeof(*slots));
    slots_init(slots, &ops, NULL, 4);
    slots->now_ms = 1000;
    slots->bucket.filled_ms = 1000;
    slot = slots_empty(slots);
    slot->drain_ms = 30000;
}

static void end(void)
{
    free(slots);
}

static void start_ready(void)
{
    ck_assert(slots_start(slots, slot));
    ck_assert_int_eq(slot->state, SLOT_STARTING);
    slot_handle(slots, slot, SLOT_TOLD_READY);
    ck_assert_int_eq(slot->state, SLOT_READY);
}

static void advance(int64_t ms)
{
    slots->now_ms += ms;
    slots_run_due(slots);
}

START_TEST(becomes_ready_when_told)
{
    begin();
    start_ready();
    ck_assert_int_eq(slots_deadline(slots), 0);
    advance(1000000);
    ck_assert_int_eq(slot->state, SLOT_READY);
    end();
}
END_TEST

START_TEST(replaces_the_dead_at_once)
{
    begin();
    start_ready();
    slot_handle(slots, slot, SLOT_DIED);
    ck_assert_int_eq(slot->state, SLOT_BACKOFF);
    ck_assert_int_eq(slots_deadline(slots), slots->now_ms);
    slots_run_due(slots);
    ck_assert_int_eq(slot->state, SLOT_STARTING);
    ck_assert_int_eq(slot->beat_seen_ms, slots->now_ms); /* it is young, its heart too */
    ck_assert_uint_eq(world.forks, 2);
    end();
}
END_TEST

START_TEST(waits_longer_from_death_to_death)
{
    static const int64_t delays[] = {0, 0, 100, 200, 400, 800, 1600, 3200, 6400, 12800};
    for (unsigned n = 0; n < sizeof(delays) / sizeof(delays[0]); n++) {
        ck_assert_int_eq(slots_delay(n), delays[n]);
    }
    ck_assert_int_eq(slots_delay(11), SLOT_BACKOFF_MAX_MS);
    ck_assert_int_eq(slots_delay(1000000), SLOT_BACKOFF_MAX_MS);
}
END_TEST

/* Dies at once whenever it runs, for ten seconds. */
START_TEST(governs_a_crash_loop)
{
    begin();
    start_ready();
    int64_t until = slots->now_ms + 10000;
    slot_handle(slots, slot, SLOT_DIED);
    while (slots->now_ms < until) {
        advance(1);
        if (slot->state == SLOT_STARTING) {
            slot_handle(slots, slot, SLOT_DIED);
        }
    }
    ck_assert_uint_le(world.forks - 1, 8);
    ck_assert_uint_ge(world.forks - 1, 6);
    end();
}
END_TEST

START_TEST(forgives_after_a_steady_life)
{
    begin();
    start_ready();
    slot->failures = 7;
    slots->now_ms += 60000;
    slot_handle(slots, slot, SLOT_DIED);
    ck_assert_uint_eq(slot->failures, 0);
    ck_assert_int_eq(slots_deadline(slots), slots->now_ms);
    end();
}
END_TEST

START_TEST(retries_an_unfit_worker_at_the_ceiling)
{
    begin();
    ck_assert(slots_start(slots, slot));
    slot->unfit = true;
    slot_handle(slots, slot, SLOT_DIED);
    int64_t wait = slots_deadline(slots) - slots->now_ms;
    ck_assert_int_ge(wait, SLOT_BACKOFF_MAX_MS * 8 / 10);
    ck_assert_int_le(wait, SLOT_BACKOFF_MAX_MS * 12 / 10);
    end();
}
END_TEST

START_TEST(retries_a_refused_fork_within_seconds)
{
    begin();
    start_ready();
    world.fork_fails = true;
    slot_handle(slots, slot, SLOT_DIED);
    for (int i = 0; i < 30; i++) {
        advance(1000);
        ck_assert_int_eq(slot->state, SLOT_BACKOFF);
    }
    world.fork_fails = false;
    advance(1300);
    ck_assert_int_eq(slot->state, SLOT_STARTING);
    end();
}
END_TEST

START_TEST(fails_a_candidate_instead)
{
    begin();
    slot->candidate = true;
    ck_assert(slots_start(slots, slot));
    slot_handle(slots, slot, SLOT_DIED);
    ck_assert_int_eq(slot->state, SLOT_FAILED);
    slot_handle(slots, slot, SLOT_KILL);
    ck_assert_int_eq(slot->state, SLOT_EMPTY);
    ck_assert_uint_eq(world.vacated, 1);
    world.fork_fails = true;
    ck_assert(!slots_start(slots, slot));
    ck_assert_int_eq(slot->state, SLOT_FAILED);
    end();
}
END_TEST

START_TEST(kills_what_does_not_start)
{
    begin();
    ck_assert(slots_start(slots, slot));
    advance(SLOT_START_MS - 1);
    ck_assert_uint_eq(world.kills, 0);
    advance(1);
    ck_assert_uint_eq(world.kills, 1);
    slot_handle(slots, slot, SLOT_DIED);
    ck_assert_int_eq(slot->state, SLOT_BACKOFF);
    end();
}
END_TEST

START_TEST(escalates_from_drain_to_kill)
{
    begin();
    start_ready();
    slot_handle(slots, slot, SLOT_DRAIN);
    ck_assert_int_eq(slot->state, SLOT_DRAINING);
    advance(1000);
    slot_handle(slots, slot, SLOT_DRAIN); /* told again, with no more time for it */
    ck_assert_uint_eq(world.drains, 2);
    advance(29000 + SLOT_DRAIN_EXCESS_MS - 1);
    ck_assert_uint_eq(world.stops, 0);
    advance(1);
    ck_assert_uint_eq(world.stops, 1);
    ck_assert_int_eq(slot->state, SLOT_STOPPING);
    advance(SLOT_STOP_MS);
    ck_assert_uint_eq(world.kills, 1);
    slot_handle(slots, slot, SLOT_DIED);
    ck_assert_int_eq(slot->state, SLOT_EMPTY);
    ck_assert_uint_eq(world.vacated, 1);
    end();
}
END_TEST

START_TEST(drains_without_bound_where_none_is_set)
{
    begin();
    slot->drain_ms = 0;
    start_ready();
    slot_handle(slots, slot, SLOT_DRAIN);
    ck_assert_int_eq(slots_deadline(slots), 0);
    end();
}
END_TEST

START_TEST(kills_at_the_second_stop)
{
    begin();
    start_ready();
    slot_handle(slots, slot, SLOT_STOP);
    ck_assert_uint_eq(world.kills, 0);
    slot_handle(slots, slot, SLOT_STOP);
    ck_assert_uint_eq(world.kills, 1);
    ck_assert(slot->killed);
    end();
}
END_TEST

START_TEST(ignores_words_that_come_late)
{
    begin();
    start_ready();
    slot_handle(slots, slot, SLOT_STOP);
    slot_handle(slots, slot, SLOT_TOLD_READY);
    slot_handle(slots, slot, SLOT_DRAIN);
    ck_assert_int_eq(slot->state, SLOT_STOPPING);
    ck_assert_uint_eq(world.kills, 0);
    ck_assert_uint_eq(world.drains, 0);
    end();
}
END_TEST

START_TEST(replaces_only_the_logger_while_it_stops)
{
    begin();
    start_ready();
    struct slot *logger = &slots->items[SLOT_LOGGER];
    ck_assert(slots_start(slots, logger));
    slots->stopping = true;
    slot_handle(slots, slot, SLOT_DIED);
    ck_assert_int_eq(slot->state, SLOT_EMPTY);
    slot_handle(slots, logger, SLOT_DIED);
    ck_assert_int_eq(logger->state, SLOT_BACKOFF);
    end();
}
END_TEST

START_TEST(takes_the_lowest_empty_slot_until_there_is_none)
{
    begin();
    for (unsigned i = SLOT_FIRST_WORKER; i < SLOT_MAX; i++) {
        struct slot *one = slots_empty(slots);
        ck_assert_uint_eq(one->number, i);
        ck_assert_int_eq(one->channel, -1);
        ck_assert_uint_eq(slots->used, i + 1);
        one->state = SLOT_READY;
    }
    ck_assert_ptr_null(slots_empty(slots));
    slots->items[SLOT_FIRST_WORKER + 1].state = SLOT_EMPTY;
    slots->items[SLOT_FIRST_WORKER + 2].state = SLOT_EMPTY;
    ck_assert_ptr_eq(slots_empty(slots), &slots->items[SLOT_FIRST_WORKER + 1]);
    ck_assert_uint_eq(slots->used, SLOT_MAX);
    end();
}
END_TEST

/* A whole pool of 12 dies at once, a burst of 4 is allowed, then 20 a second. */
START_TEST(limits_the_forks_of_all_slots)
{
    begin();
    for (unsigned i = 0; i < 12; i++) {
        struct slot *one = slots_empty(slots);
        ck_assert(slots_start(slots, one));
        slot_handle(slots, one, SLOT_TOLD_READY);
    }
    slots_handle_all(slots, NULL, SLOT_DIED);
    slots_run_due(slots);
    ck_assert_uint_eq(slots_count(slots, NULL, SLOT_STARTING), 4);
    for (int i = 0; i < 110; i++) {
        advance(1);
    }
    ck_assert_uint_eq(slots_count(slots, NULL, SLOT_STARTING), 6);
    for (int i = 0; i < 390; i++) {
        advance(1);
    }
    ck_assert_uint_eq(slots_count(slots, NULL, SLOT_STARTING), 12);
    end();
}
END_TEST

START_TEST(counts_and_finds)
{
    begin();
    struct generation *one = (struct generation *)(void *)slots;
    slot->generation = one;
    start_ready();
    ck_assert_uint_eq(slots_count(slots, one, SLOT_READY), 1);
    ck_assert_uint_eq(slots_occupied(slots), 1);
    ck_assert_ptr_eq(slots_by_pid(slots, slot->pid), slot);
    ck_assert_ptr_null(slots_by_pid(slots, 4));
    end();
}
END_TEST

/* The table has an action for each event in each state: none of them asserts. */
START_TEST(survives_any_order_of_events)
{
    srand(7);
    begin();
    for (int i = 0; i < 20000; i++) {
        if (slot->state == SLOT_EMPTY) {
            slot->candidate = rand() % 4 == 0;
            world.fork_fails = rand() % 8 == 0;
            slots_start(slots, slot);
        }
        slots->now_ms += rand() % 500;
        enum slot_event event = (enum slot_event)(rand() % SLOT_EVENT_COUNT);
        bool running = slot->state != SLOT_BACKOFF && slot->state != SLOT_FAILED;
        if (running || event != SLOT_DIED) {
            slot_handle(slots, slot, event);
        }
    }
    end();
}
END_TEST

UNIT_SUITE(slots)
{
    UNIT_TEST(becomes_ready_when_told);
    UNIT_TEST(replaces_the_dead_at_once);
    UNIT_TEST(waits_longer_from_death_to_death);
    UNIT_TEST(governs_a_crash_loop);
    UNIT_TEST(forgives_after_a_steady_life);
    UNIT_TEST(retries_an_unfit_worker_at_the_ceiling);
    UNIT_TEST(retries_a_refused_fork_within_seconds);
    UNIT_TEST(fails_a_candidate_instead);
    UNIT_TEST(kills_what_does_not_start);
    UNIT_TEST(escalates_from_drain_to_kill);
    UNIT_TEST(drains_without_bound_where_none_is_set);
    UNIT_TEST(kills_at_the_second_stop);
    UNIT_TEST(ignores_words_that_come_late);
    UNIT_TEST(replaces_only_the_logger_while_it_stops);
    UNIT_TEST(takes_the_lowest_empty_slot_until_there_is_none);
    UNIT_TEST(limits_the_forks_of_all_slots);
    UNIT_TEST(counts_and_finds);
    UNIT_TEST(survives_any_order_of_events);
}
