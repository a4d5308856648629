#include "common/decimal.h"
#include "tests/unit/unit.h"

static const struct {
    uint64_t value;
    const char *digits;
} written[] = {{0, "0"},       {7, "7"},         {10, "10"},
               {99, "99"},     {100, "100"},     {101, "101"},
               {1000, "1000"}, {10203, "10203"}, {UINT64_MAX, "18446744073709551615"}};

START_TEST(writes_numbers)
{
    char room[DECIMAL_MAX];
    UNIT_SLICE_EQ(decimal_format(written[_i].value, room), written[_i].digits);
}
END_TEST

UNIT_SUITE(decimal)
{
    UNIT_LOOP(writes_numbers, 0, sizeof(written) / sizeof(written[0]));
}
