#include "server/master.h"
#include "server/watchdog.h"
#include "tests/unit/unit.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_MS 4000

static struct master *master;
static struct slot *slot;
static struct config config;
static struct generation generation = {.config = &config};

/* A worker whose heart is ours. */
static void begin(void)
{
    master = calloc(1, sizeof(*master));
    shm_create(&master->shm);
    shm_prepare(&master->shm, SLOT_FIRST_WORKER);
    slots_init(&master->slots, NULL, master, 1);
    config.set.worker_hang_timeout = TIMEOUT_MS;
    master->current = &generation;
    slot = slots_empty(&master->slots);
    slot->state = SLOT_READY;
    slot->pid = fork();
    if (slot->pid == 0) {
        for (;;) {
            pause();
        }
    }
}

static void end(void)
{
    if (slot->pid != 0) {
        kill(slot->pid, SIGKILL);
        waitpid(slot->pid, NULL, 0);
    }
    shm_destroy(&master->shm);
    free(master);
}

static void beat(int64_t beat_ms)
{
    atomic_store(&shm_board(&master->shm, slot->number)->beat_ns, beat_ms * 1000000);
}

/* What the watchdog thinks of it at that time. */
static bool hangs_at(int64_t now_ms)
{
    master->slots.now_ms = now_ms;
    watchdog_look(master);
    return slot->hung_ms != 0;
}

START_TEST(a_heart_that_stands_still_hangs)
{
    begin();
    beat(900);
    for (int64_t now_ms = 1000; now_ms < 900 + TIMEOUT_MS; now_ms += 1000) {
        ck_assert(!hangs_at(now_ms));
    }
    ck_assert(hangs_at(1000 + TIMEOUT_MS));
    int status;
    ck_assert_int_eq(waitpid(slot->pid, &status, 0), slot->pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    slot->pid = 0;
    end();
}
END_TEST

START_TEST(a_heart_that_beats_does_not)
{
    begin();
    for (int64_t now_ms = 1000; now_ms < 20000; now_ms += 1000) {
        beat(now_ms - 900);
        ck_assert(!hangs_at(now_ms));
    }
    end();
}
END_TEST

/* A worker that writes where it should not can reach the hearts of all. */
START_TEST(a_heart_is_not_believed_what_time_it_is)
{
    const int64_t scribbled[] = {0, -1, INT64_MIN / 1000000, INT64_MAX / 1000000};
    int64_t now_ms = 10000;
    begin();
    master->watchdog.looked_ms = now_ms - 1000;
    for (size_t i = 0; i < sizeof(scribbled) / sizeof(scribbled[0]); i++) {
        beat(now_ms - 900);
        ck_assert(!hangs_at(now_ms));
        beat(scribbled[i]);
        ck_assert(!hangs_at(now_ms + 1000));
        now_ms += 2000;
    }
    end();
}
END_TEST

/* At the start, or when the whole tree was stopped: their hearts had no chance, but are
 * looked at. */
START_TEST(hearts_have_time_after_the_master_did_not_run)
{
    begin();
    beat(900);
    ck_assert(!hangs_at(61000));
    beat(61900);
    for (int64_t now_ms = 62000; now_ms < 61900 + TIMEOUT_MS; now_ms += 1000) {
        ck_assert(!hangs_at(now_ms));
    }
    ck_assert(hangs_at(62000 + TIMEOUT_MS));
    end();
}
END_TEST

UNIT_SUITE(watchdog)
{
    UNIT_TEST(a_heart_that_stands_still_hangs);
    UNIT_TEST(a_heart_that_beats_does_not);
    UNIT_TEST(a_heart_is_not_believed_what_time_it_is);
    UNIT_TEST(hearts_have_time_after_the_master_did_not_run);
}
