#include "server/timers.h"
#include "tests/unit/unit.h"
#include <stdlib.h>

#define START   INT64_C(1000003)                        /* not on a tick */
#define TO_TICK (TIMER_TICK_MS - START % TIMER_TICK_MS) /* from START to the next one */
#define HORIZON (4096 * TIMER_TICK_MS)

struct watch {
    struct timer timer; /* first member */
    int fired;
    int64_t again; /* deadline to set when it fires; 0: none */
    struct timer *clears;
};

static struct timers *timers;
static int64_t now;
static int64_t fired_at;

static void on_fire(struct timer *timer)
{
    struct watch *watch = (struct watch *)(void *)timer;
    ck_assert_int_eq(timer->deadline, 0);
    watch->fired++;
    fired_at = now;
    if (watch->again != 0) {
        timer_set(timers, timer, watch->again);
    }
    if (watch->clears != NULL) {
        timer_clear(timers, watch->clears);
    }
}

static void begin(void)
{
    now = START;
    fired_at = 0;
    timers = timers_create(now);
}

static struct watch watch_at(void)
{
    return (struct watch){.fired = 0};
}

/* Lives the time up to `until` as the loop does: waits as long as told, then runs. */
static void live_until(int64_t until)
{
    while (now < until) {
        int wait = timers_wait(timers, now, 1000);
        ck_assert_int_ge(wait, 0);
        ck_assert_int_le(wait, 1000);
        now += wait > 0 ? wait : 1;
        now = now > until ? until : now;
        timers_run(timers, now);
    }
}

static const int64_t delays[] = {1,
                                 TO_TICK - 1,
                                 TO_TICK,
                                 TO_TICK + 1,
                                 500,
                                 40000,
                                 HORIZON - TIMER_TICK_MS,
                                 HORIZON,
                                 HORIZON + TIMER_TICK_MS,
                                 75000,
                                 3600000};

START_TEST(fires_on_time_and_never_early)
{
    begin();
    struct watch watch = watch_at();
    timer_init(&watch.timer, on_fire);
    timer_set(timers, &watch.timer, START + delays[_i]);
    live_until(START + delays[_i] - 1);
    ck_assert_int_eq(watch.fired, 0);
    live_until(START + delays[_i] + 2 * TIMER_TICK_MS);
    ck_assert_int_eq(watch.fired, 1);
    ck_assert_int_ge(fired_at, START + delays[_i]);
    ck_assert_int_lt(fired_at, START + delays[_i] + TIMER_TICK_MS);
    timers_destroy(timers);
}
END_TEST

START_TEST(moves_later_and_earlier)
{
    begin();
    struct watch watch = watch_at();
    timer_init(&watch.timer, on_fire);
    timer_set(timers, &watch.timer, START + 100);
    timer_set(timers, &watch.timer, START + 50000);
    live_until(START + 49999);
    ck_assert_int_eq(watch.fired, 0);
    timer_set(timers, &watch.timer, START + 90000);
    timer_set(timers, &watch.timer, START + 50100);
    live_until(START + 50120);
    ck_assert_int_eq(watch.fired, 1);
    live_until(START + 100000);
    ck_assert_int_eq(watch.fired, 1);
    timers_destroy(timers);
}
END_TEST

START_TEST(clears)
{
    begin();
    struct watch watch = watch_at();
    timer_init(&watch.timer, on_fire);
    timer_clear(timers, &watch.timer);
    timer_set(timers, &watch.timer, START + 100);
    timer_clear(timers, &watch.timer);
    timer_clear(timers, &watch.timer);
    ck_assert_int_eq(timers_wait(timers, now, 777), 777);
    live_until(START + 1000);
    ck_assert_int_eq(watch.fired, 0);
    timers_destroy(timers);
}
END_TEST

START_TEST(waits_no_longer_than_needed)
{
    begin();
    struct watch watch = watch_at();
    timer_init(&watch.timer, on_fire);
    ck_assert_int_eq(timers_wait(timers, now, 1000), 1000);
    timer_set(timers, &watch.timer, START + 250);
    int wait = timers_wait(timers, now, 1000);
    ck_assert_int_ge(wait, 250);
    ck_assert_int_le(wait, 250 + TIMER_TICK_MS);
    ck_assert_int_eq(timers_wait(timers, now, 100), 100);
    ck_assert_int_eq(timers_wait(timers, now + 5000, 1000), 0);
    timers_destroy(timers);
}
END_TEST

START_TEST(lets_a_callback_set_itself_again)
{
    begin();
    struct watch watch = watch_at();
    timer_init(&watch.timer, on_fire);
    watch.again = START + 200;
    timer_set(timers, &watch.timer, START + 100);
    live_until(START + 150);
    ck_assert_int_eq(watch.fired, 1);
    watch.again = 0;
    live_until(START + 300);
    ck_assert_int_eq(watch.fired, 2);
    timers_destroy(timers);
}
END_TEST

/* Both are due in one slot: whichever comes first clears the other. */
START_TEST(lets_a_callback_clear_a_neighbour_that_is_due)
{
    begin();
    struct watch a = watch_at(), b = watch_at();
    timer_init(&a.timer, on_fire);
    timer_init(&b.timer, on_fire);
    a.clears = &b.timer;
    b.clears = &a.timer;
    timer_set(timers, &a.timer, START + 100);
    timer_set(timers, &b.timer, START + 100);
    live_until(START + 1000);
    ck_assert_int_eq(a.fired + b.fired, 1);
    timers_destroy(timers);
}
END_TEST

START_TEST(fires_a_deadline_that_has_passed_already)
{
    begin();
    struct watch watch = watch_at();
    timer_init(&watch.timer, on_fire);
    live_until(START + 5000);
    timer_set(timers, &watch.timer, START);
    ck_assert_int_le(timers_wait(timers, now, 1000), TIMER_TICK_MS);
    live_until(START + 5000 + 2 * TIMER_TICK_MS);
    ck_assert_int_eq(watch.fired, 1);
    timers_destroy(timers);
}
END_TEST

/* The machine slept, or the process was stopped, for longer than the wheel is round. */
START_TEST(catches_up_after_a_long_sleep)
{
    enum { COUNT = 100 };
    static struct watch watches[COUNT + 1];
    begin();
    for (int i = 0; i <= COUNT; i++) {
        watches[i] = watch_at();
        timer_init(&watches[i].timer, on_fire);
        timer_set(timers, &watches[i].timer, START + 1 + i * (3 * HORIZON / COUNT - 1));
    }
    now = START + 3 * HORIZON;
    timer_set(timers, &watches[COUNT].timer, now + 500);
    timers_run(timers, now);
    for (int i = 0; i < COUNT; i++) {
        ck_assert_int_eq(watches[i].fired, 1);
    }
    ck_assert_int_eq(watches[COUNT].fired, 0);
    live_until(START + 3 * HORIZON + 520);
    ck_assert_int_eq(watches[COUNT].fired, 1);
    timers_destroy(timers);
}
END_TEST

/* As a machine that was suspended: longer than the wheel is, with nothing in it. */
START_TEST(sleeps_long_without_a_timer)
{
    begin();
    for (int i = 0; i < 3; i++) {
        now += 3 * HORIZON;
        timers_run(timers, now);
    }
    struct watch watch = watch_at();
    timer_init(&watch.timer, on_fire);
    timer_set(timers, &watch.timer, now + 50);
    now += 3 * HORIZON;
    timers_run(timers, now);
    ck_assert_int_eq(watch.fired, 1);
    timers_destroy(timers);
}
END_TEST

/* Against the simplest model there is: a row of deadlines. */
START_TEST(agrees_with_a_plain_row_of_deadlines)
{
    enum { COUNT = 200, STEPS = 3000 };
    static struct watch watches[COUNT];
    int64_t expected[COUNT] = {0};
    unsigned seed = 12345;
    begin();
    for (int i = 0; i < COUNT; i++) {
        watches[i] = watch_at();
        timer_init(&watches[i].timer, on_fire);
    }
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1103515245 + 12345;
        int i = (int)(seed >> 8) % COUNT;
        int64_t delay = 1 + (int64_t)(seed >> 4) % ((step & 7) == 0 ? 100000 : 900);
        if ((seed >> 20) % 5 == 0) {
            timer_clear(timers, &watches[i].timer);
            expected[i] = 0;
        } else {
            timer_set(timers, &watches[i].timer, now + delay);
            expected[i] = now + delay;
        }
        now += (seed >> 12) % 37;
        timers_run(timers, now);
        for (int j = 0; j < COUNT; j++) {
            if (watches[j].fired > 0) {
                ck_assert(expected[j] != 0 && expected[j] <= now);
                expected[j] = watches[j].fired = 0;
            }
            ck_assert(expected[j] == 0 || expected[j] > now - TIMER_TICK_MS);
        }
    }
    timers_destroy(timers);
}
END_TEST

UNIT_SUITE(timers)
{
    UNIT_LOOP(fires_on_time_and_never_early, 0,
              (int)(sizeof(delays) / sizeof(delays[0])));
    UNIT_TEST(moves_later_and_earlier);
    UNIT_TEST(clears);
    UNIT_TEST(waits_no_longer_than_needed);
    UNIT_TEST(lets_a_callback_set_itself_again);
    UNIT_TEST(lets_a_callback_clear_a_neighbour_that_is_due);
    UNIT_TEST(fires_a_deadline_that_has_passed_already);
    UNIT_TEST(catches_up_after_a_long_sleep);
    UNIT_TEST(sleeps_long_without_a_timer);
    UNIT_TEST(agrees_with_a_plain_row_of_deadlines);
}
