#include "server/http_range.h"
#include "tests/unit/unit.h"
#include <inttypes.h>
#include <stdio.h>

#define COUNT(table) (int)(sizeof(table) / sizeof(*(table)))

#define IGNORED       "ignored"
#define UNSATISFIABLE "unsatisfiable"

/* The outcome in words: "0-4,7-9". */
static void describe(const char *value, uint64_t size, size_t max, char *out, size_t room)
{
    struct http_range ranges[HTTP_RANGE_MAX];
    size_t count = 0, used = 0;
    switch (http_range_parse(slice_str(value), size, max, ranges, &count)) {
    case HTTP_RANGE_IGNORE:
        snprintf(out, room, IGNORED);
        return;
    case HTTP_RANGE_UNSATISFIABLE:
        snprintf(out, room, UNSATISFIABLE);
        return;
    case HTTP_RANGE_PARTIAL:
        break;
    }
    for (size_t i = 0; i < count; i++) {
        used += (size_t)snprintf(out + used, room - used, "%s%" PRIu64 "-%" PRIu64,
                                 i == 0 ? "" : ",", ranges[i].first, ranges[i].last);
        ck_assert_uint_lt(used, room);
    }
}

static const struct {
    const char *value;
    uint64_t size;
    size_t max;
    const char *outcome;
} cases[] = {
    {"bytes=0-4", 100, 9, "0-4"},
    {"bytes=0-0", 100, 9, "0-0"},
    {"BYTES=99-", 100, 9, "99-99"},
    {"bytes=5-", 100, 9, "5-99"},
    {"bytes=0-99", 100, 9, "0-99"},
    {"bytes=0-100", 100, 9, "0-99"},
    {"bytes=0-18446744073709551615", 100, 9, "0-99"},
    {"bytes=0-99999999999999999999999", 100, 9, "0-99"},
    {"bytes=0004-05", 100, 9, "4-5"},
    {"bytes=-5", 100, 9, "95-99"},
    {"bytes=-100", 100, 9, "0-99"},
    {"bytes=-101", 100, 9, "0-99"},
    {"bytes=-99999999999999999999999", 100, 9, "0-99"},
    {"bytes=4294967296-", 4294967300, 9, "4294967296-4294967299"},
    {"bytes=0-0", UINT64_MAX, 9, "0-0"},
    {"bytes=-1", UINT64_MAX, 9, "18446744073709551614-18446744073709551614"},
    /* unsatisfiable (RFC 9110, 14.1.2, 15.5.17) */
    {"bytes=100-", 100, 9, UNSATISFIABLE},
    {"bytes=100-200,300-", 100, 9, UNSATISFIABLE},
    {"bytes=99999999999999999999999-", 100, 9, UNSATISFIABLE},
    {"bytes=-0", 100, 9, UNSATISFIABLE},
    {"bytes=0-", 0, 9, UNSATISFIABLE},
    {"bytes=0-0", 0, 9, UNSATISFIABLE},
    {"bytes=-0", 0, 9, UNSATISFIABLE},
    {"bytes=-5", 0, 9, IGNORED},
    {"bytes=0-1,200-", 100, 1, "0-1"},
    {"bytes=200-,0-1", 100, 1, "0-1"},
    /* several */
    {"bytes=0-1,5-6", 100, 9, "0-1,5-6"},
    {"bytes=50-60,0-9", 100, 9, "50-60,0-9"},
    {"bytes=0-1 ,\t5-6", 100, 9, "0-1,5-6"},
    {"bytes=,0-1,, ,5-6,", 100, 9, "0-1,5-6"},
    {"bytes=0-9,10-19", 100, 9, "0-19"},
    {"bytes=0-9,11-19", 100, 9, "0-9,11-19"},
    {"bytes=10-19,0-9", 100, 9, "0-19"},
    {"bytes=0-9,5-14", 100, 9, "0-14"},
    {"bytes=0-9,2-3", 100, 9, "0-9"},
    {"bytes=2-3,0-9", 100, 9, "0-9"},
    {"bytes=5-5,5-5", 100, 9, "5-5"},
    {"bytes=0-1,50-51,4-5,2-3", 100, 9, "0-5,50-51"},
    {"bytes=90-91,0-1,50-51,4-5,2-3,-1", 100, 9, "90-91,0-5,50-51,99-99"},
    {"bytes=6-7,0-1,3-4,2-2,5-5", 100, 9, "0-7"},
    {"bytes=0-0,-1", 1, 9, IGNORED}, /* two bytes of one */
    {"bytes=0-49,40-99", 100, 9, IGNORED},
    {"bytes=0-49,50-99", 100, 9, "0-99"},
    {"bytes=0-,0-", 100, 9, IGNORED},
    {"bytes=0-0,2-2,4-4", 100, 3, "0-0,2-2,4-4"},
    {"bytes=0-0,2-2,4-4", 100, 2, IGNORED},
    {"bytes=0-1", 100, 0, IGNORED},
    {"bytes=100-", 100, 0, IGNORED},
    /* other units and syntax errors (RFC 9110, 14.2) */
    {"", 100, 9, IGNORED},
    {"bytes", 100, 9, IGNORED},
    {"bytes=", 100, 9, IGNORED},
    {"bytes=,", 100, 9, IGNORED},
    {"items=0-1", 100, 9, IGNORED},
    {"byte=0-1", 100, 9, IGNORED},
    {"bytes =0-1", 100, 9, IGNORED},
    {"bytes:0-1", 100, 9, IGNORED},
    {"bytes=0", 100, 9, IGNORED},
    {"bytes=-", 100, 9, IGNORED},
    {"bytes=--1", 100, 9, IGNORED},
    {"bytes=5-4", 100, 9, IGNORED},
    {"bytes=200-100", 100, 9, IGNORED},
    {"bytes=0-1,5-4", 100, 9, IGNORED},
    {"bytes=0-1-2", 100, 9, IGNORED},
    {"bytes=0 - 1", 100, 9, IGNORED},
    {"bytes=0-1;5-6", 100, 9, IGNORED},
    {"bytes=+0-1", 100, 9, IGNORED},
    {"bytes=0x0-1", 100, 9, IGNORED},
    {"bytes=a-b", 100, 9, IGNORED},
    {"bytes=0-1 5-6", 100, 9, IGNORED},
};

START_TEST(reads_ranges)
{
    char outcome[256];
    describe(cases[_i].value, cases[_i].size, cases[_i].max, outcome, sizeof(outcome));
    ck_assert_str_eq(outcome, cases[_i].outcome);
}
END_TEST

/* A field of `count` ranges of one byte, two bytes apart. */
static const char *many(size_t count)
{
    static char value[4096];
    size_t used = (size_t)snprintf(value, sizeof(value), "bytes=");
    for (size_t i = 0; i < count; i++) {
        used += (size_t)snprintf(value + used, sizeof(value) - used, "%zu-%zu,", i * 2,
                                 i * 2);
    }
    return value;
}

START_TEST(never_answers_more_than_its_own_limit)
{
    struct http_range ranges[HTTP_RANGE_MAX];
    size_t count = 0;
    ck_assert_int_eq(http_range_parse(slice_str(many(HTTP_RANGE_MAX)), 100000, SIZE_MAX,
                                      ranges, &count),
                     HTTP_RANGE_PARTIAL);
    ck_assert_uint_eq(count, HTTP_RANGE_MAX);
    ck_assert_uint_eq(ranges[HTTP_RANGE_MAX - 1].first, 2 * (HTTP_RANGE_MAX - 1));
    ck_assert_int_eq(http_range_parse(slice_str(many(HTTP_RANGE_MAX + 1)), 100000,
                                      SIZE_MAX, ranges, &count),
                     HTTP_RANGE_IGNORE);
}
END_TEST

UNIT_SUITE(http_range)
{
    UNIT_LOOP(reads_ranges, 0, COUNT(cases));
    UNIT_TEST(never_answers_more_than_its_own_limit);
}
