#include "config/values.h"
#include "tests/unit/unit.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *text;
    bool good;
    bool value;
} flags[] = {
    {"on", true, true}, {"off", true, false}, {"ON", true, true},  {"yes", false, false},
    {"", false, false}, {"1", false, false},  {"o", false, false},
};

START_TEST(flags_are_on_and_off)
{
    bool value = !flags[_i].value;
    const char *problem = value_flag(slice_str(flags[_i].text), &value);
    ck_assert_int_eq(problem == NULL, flags[_i].good);
    ck_assert_int_eq(value, flags[_i].good ? flags[_i].value : !flags[_i].value);
}
END_TEST

/* Numbers of 64 bits and what is refused ("problem" begins so). */
struct number_row {
    const char *text;
    uint64_t value;
    const char *problem;
};

static void check_number(const struct number_row *row,
                         const char *(*parse)(struct slice, uint64_t *))
{
    uint64_t value = 4711;
    const char *problem = parse(slice_str(row->text), &value);
    if (row->problem == NULL) {
        ck_assert_ptr_null(problem);
        ck_assert_uint_eq(value, row->value);
        return;
    }
    ck_assert_ptr_nonnull(problem);
    ck_assert(slice_starts(slice_str(problem), slice_str(row->problem)));
    ck_assert_uint_eq(value, 4711);
}

static const struct number_row numbers[] = {
    {"0", 0, NULL},
    {"17", 17, NULL},
    {"18446744073709551615", UINT64_MAX, NULL},
    {"18446744073709551616", 0, "it is too large"},
    {"", 0, "it must be a number"},
    {"-1", 0, "it must be a number"},
    {"+1", 0, "it must be a number"},
    {" 1", 0, "it must be a number"},
    {"1k", 0, "it must be a number"},
};

START_TEST(numbers_are_digits)
{
    check_number(&numbers[_i], value_number);
}
END_TEST

static const struct number_row sizes[] = {
    {"0", 0, NULL},
    {"1", 1, NULL},
    {"8k", 8192, NULL},
    {"8K", 8192, NULL},
    {"1m", 1 << 20, NULL},
    {"2M", 2 << 20, NULL},
    {"3g", UINT64_C(3) << 30, NULL},
    {"8589934591g", UINT64_C(8589934591) << 30, NULL},
    {"8589934592g", 0, "it is too large"},
    {"9223372036854775807", INT64_MAX, NULL},
    {"9223372036854775808", 0, "it is too large"},
    {"99999999999999999999k", 0, "it is too large"},
    {"", 0, "it must be a size"},
    {"k", 0, "it must be a size"},
    {"1kb", 0, "it must be a size"},
    {"1t", 0, "it must be a size"},
    {"-1", 0, "it must be a size"},
    {"1 k", 0, "it must be a size"},
};

START_TEST(sizes_have_a_unit)
{
    check_number(&sizes[_i], value_size);
}
END_TEST

static const struct number_row times[] = {
    {"0", 0, NULL},
    {"15", 15000, NULL},
    {"15s", 15000, NULL},
    {"100ms", 100, NULL},
    {"2m", 120000, NULL},
    {"1h30m", 5400000, NULL},
    {"1h 30m", 5400000, NULL},
    {"1h30", 3630000, NULL},
    {"1d", 86400000, NULL},
    {"1w", 604800000, NULL},
    {"1M", UINT64_C(2592000000), NULL},
    {"1y", UINT64_C(31536000000), NULL},
    {"1y1M1w1d1h1m1s1ms", UINT64_C(34822861001), NULL},
    {"290y", UINT64_C(290) * 31536000000, NULL},
    {"293y", 0, "it is too large"},
    {"292y300d", 0, "it is too large"},
    {"99999999999999999999s", 0, "it is too large"},
    {"", 0, "it must be a time"},
    {"s", 0, "it must be a time"},
    {"1x", 0, "it must be a time"},
    {"1mm", 0, "it must be a time"},
    {"1H", 0, "it must be a time"},
    {"-1s", 0, "it must be a time"},
    {"1s1m", 0, "it must be a time"},
    {"1s1s", 0, "it must be a time"},
    {"1s30", 0, "it must be a time"},
    {"1ms1", 0, "it must be a time"},
    {"1 h", 0, "it must be a time"},
    {" 1h", 0, "it must be a time"},
    {"1.5h", 0, "it must be a time"},
};

static const char *parse_time(struct slice text, uint64_t *value)
{
    int64_t milliseconds = (int64_t)*value;
    const char *problem = value_time(text, &milliseconds);
    *value = (uint64_t)milliseconds;
    return problem;
}

START_TEST(times_have_descending_units)
{
    check_number(&times[_i], parse_time);
}
END_TEST

UNIT_SUITE(values)
{
    UNIT_LOOP(flags_are_on_and_off, 0, COUNT(flags));
    UNIT_LOOP(numbers_are_digits, 0, COUNT(numbers));
    UNIT_LOOP(sizes_have_a_unit, 0, COUNT(sizes));
    UNIT_LOOP(times_have_descending_units, 0, COUNT(times));
}
