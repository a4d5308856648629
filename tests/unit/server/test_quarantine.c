#include "server/quarantine.h"
#include "tests/unit/unit.h"

static struct quarantine quarantine;
static struct quarantine_list list;
static const struct quarantine_settings set = {.deaths = 3, .window = 1000, .time = 500};

static void begin(void)
{
    quarantine_init(&quarantine, &list);
}

static bool note(uint64_t fingerprint, int64_t now_ms)
{
    return quarantine_note(&quarantine, &set, fingerprint, SLICE("it"), now_ms);
}

static void hold(uint64_t fingerprint, int64_t now_ms)
{
    note(fingerprint, now_ms);
    note(fingerprint, now_ms);
    ck_assert(note(fingerprint, now_ms));
}

START_TEST(tells_requests_apart)
{
    const struct server servers[2] = {0};
    uint64_t one = quarantine_fingerprint(1, &servers[0], SLICE("/a"));
    ck_assert_uint_eq(one, quarantine_fingerprint(1, &servers[0], SLICE("/a")));
    ck_assert_uint_ne(one, quarantine_fingerprint(2, &servers[0], SLICE("/a")));
    ck_assert_uint_ne(one, quarantine_fingerprint(1, &servers[1], SLICE("/a")));
    ck_assert_uint_ne(one, quarantine_fingerprint(1, &servers[0], SLICE("/b")));
}
END_TEST

START_TEST(holds_after_so_many_deaths)
{
    ck_assert(!note(7, 100));
    ck_assert(!note(7, 200));
    ck_assert(!quarantine_holds(&list, 7));
    ck_assert(note(7, 300));
    ck_assert(quarantine_holds(&list, 7));
    ck_assert(!quarantine_holds(&list, 8));
    ck_assert(!quarantine_holds(NULL, 7));
}
END_TEST

START_TEST(counts_within_the_window)
{
    note(7, 100);
    note(7, 1100);
    ck_assert(!note(7, 1101)); /* the first is too long ago */
    ck_assert(note(7, 1102));
}
END_TEST

START_TEST(counts_each_for_itself)
{
    for (uint64_t fingerprint = 1; fingerprint <= 3; fingerprint++) {
        ck_assert(!note(fingerprint, 100));
        ck_assert(!note(fingerprint, 100));
    }
    ck_assert(note(2, 100));
    ck_assert(!quarantine_holds(&list, 1));
}
END_TEST

START_TEST(releases_when_the_time_is_over)
{
    hold(7, 100);
    ck_assert_ptr_null(quarantine_release(&quarantine, 599));
    ck_assert_str_eq(quarantine_release(&quarantine, 600), "it");
    ck_assert(!quarantine_holds(&list, 7));
    ck_assert_uint_eq(list.count, 0);
    ck_assert(!note(7, 600)); /* it starts anew */
}
END_TEST

START_TEST(is_not_held_twice)
{
    hold(7, 100);
    for (int i = 0; i < 5; i++) { /* workers that had begun it before */
        ck_assert(!note(7, 110));
    }
    ck_assert_uint_eq(list.count, 1);
}
END_TEST

START_TEST(gives_the_place_of_the_oldest_away)
{
    for (unsigned i = 0; i <= QUARANTINE_MAX; i++) {
        hold(100 + i, i);
    }
    ck_assert_uint_eq(list.count, QUARANTINE_MAX);
    ck_assert_str_eq(quarantine_release(&quarantine, 0), "it");
    ck_assert_ptr_null(quarantine_release(&quarantine, 0));
    ck_assert(!quarantine_holds(&list, 100));
    ck_assert(quarantine_holds(&list, 101));
    ck_assert(quarantine_holds(&list, 100 + QUARANTINE_MAX));
}
END_TEST

START_TEST(forgets_the_quietest_suspect)
{
    for (unsigned i = 0; i <= SUSPECTS_MAX; i++) {
        note(100 + i, 1 + i);
        note(100 + i, 1 + i);
    }
    ck_assert(!note(100, 50)); /* was forgotten, and took the place of 101 */
    ck_assert(note(102, 50));
}
END_TEST

START_TEST(clears)
{
    hold(7, 100);
    note(8, 100);
    note(8, 100);
    quarantine_clear(&quarantine);
    ck_assert(!quarantine_holds(&list, 7));
    ck_assert(!note(8, 100));
}
END_TEST

UNIT_SUITE(quarantine)
{
    tcase_add_checked_fixture(unit_case, begin, NULL);
    UNIT_TEST(tells_requests_apart);
    UNIT_TEST(holds_after_so_many_deaths);
    UNIT_TEST(counts_within_the_window);
    UNIT_TEST(counts_each_for_itself);
    UNIT_TEST(releases_when_the_time_is_over);
    UNIT_TEST(is_not_held_twice);
    UNIT_TEST(gives_the_place_of_the_oldest_away);
    UNIT_TEST(forgets_the_quietest_suspect);
    UNIT_TEST(clears);
}
