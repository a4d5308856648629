#include "common/clock.h"
#include "tests/unit/unit.h"
#include <stdio.h>
#include <stdlib.h>

/* strftime is the reference that the code does without. */
static void check_form(struct slice got, const struct tm *tm, const char *format)
{
    char expected[64];
    ck_assert_uint_gt(strftime(expected, sizeof(expected), format, tm), 0);
    UNIT_SLICE_EQ(got, expected);
    ck_assert_int_eq(got.ptr[got.len], '\0');
}

static const char *const zones[] = {"UTC0", "XXX-1", "XXX3:30", "XXX-5:45", "XXX0:30"};

START_TEST(formats_as_strftime_does)
{
    setenv("TZ", zones[_i], 1);
    tzset();
    clock_update();
    time_t second = clock_wall()->tv_sec;
    struct tm utc;
    struct tm local;
    gmtime_r(&second, &utc);
    localtime_r(&second, &local);
    check_form(clock_http_date(), &utc, "%a, %d %b %Y %H:%M:%S GMT");
    check_form(clock_error_log(), &local, "%Y/%m/%d %H:%M:%S");
    check_form(clock_access_log(), &local, "%d/%b/%Y:%H:%M:%S %z");
    char iso[64];
    char zone[8];
    strftime(iso, sizeof(iso), "%Y-%m-%dT%H:%M:%S", &local);
    strftime(zone, sizeof(zone), "%z", &local);
    char expected[80];
    snprintf(expected, sizeof(expected), "%s%.3s:%s", iso, zone, zone + 3);
    UNIT_SLICE_EQ(clock_iso8601(), expected);
}
END_TEST

START_TEST(stands_still_between_updates)
{
    clock_update();
    int64_t before = clock_now_ns();
    while (clock_read_ns() - before < 2 * NS_PER_MS) {
        ck_assert_int_eq(clock_now_ns(), before);
    }
    clock_update();
    ck_assert_int_ge(clock_now_ns(), before + 2 * NS_PER_MS);
    ck_assert_int_eq(clock_now_ms(), clock_now_ns() / NS_PER_MS);
}
END_TEST

START_TEST(measures_laps)
{
    clock_update();
    ck_assert_int_eq(clock_lap_began_ns(), clock_now_ns());
    while (clock_read_ns() - clock_lap_began_ns() < 2 * NS_PER_MS) {
    }
    int64_t lap = clock_lap_ns();
    ck_assert_int_ge(lap, 2 * NS_PER_MS);
    ck_assert_int_eq(clock_lap_began_ns(), clock_now_ns() + lap);
    int64_t next = clock_lap_ns();
    ck_assert_int_ge(next, 0);
    ck_assert_int_eq(clock_lap_began_ns(), clock_now_ns() + lap + next);
}
END_TEST

START_TEST(follows_the_change_of_second)
{
    clock_update();
    time_t first = clock_wall()->tv_sec;
    char before[32];
    snprintf(before, sizeof(before), "%s", clock_http_date().ptr);
    do {
        clock_update();
    } while (clock_wall()->tv_sec == first);
    ck_assert_str_ne(clock_http_date().ptr, before);
}
END_TEST

UNIT_SUITE(clock)
{
    UNIT_LOOP(formats_as_strftime_does, 0, sizeof(zones) / sizeof(zones[0]));
    UNIT_TEST(stands_still_between_updates);
    UNIT_TEST(measures_laps);
    UNIT_TEST(follows_the_change_of_second);
}
