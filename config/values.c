#include "config/values.h"
#include "common/clock.h"

#define TOO_LARGE "it is too large"

const char *value_flag(struct slice text, bool *value)
{
    bool on = slice_eq_nocase(text, SLICE("on"));
    if (!on && !slice_eq_nocase(text, SLICE("off"))) {
        return "it must be \"on\" or \"off\"";
    }
    *value = on;
    return NULL;
}

static bool all_digits(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_isdigit(text.ptr[i])) {
            return false;
        }
    }
    return text.len > 0;
}

const char *value_number(struct slice text, uint64_t *value)
{
    if (!all_digits(text)) {
        return "it must be a number, written in digits only";
    }
    return slice_to_u64(text, value) ? NULL : TOO_LARGE;
}

/* log2 of the unit that ends a size; -1 when `c` is none. */
static int size_shift(char c)
{
    switch (ascii_lower(c)) {
    case 'k':
        return 10;
    case 'm':
        return 20;
    case 'g':
        return 30;
    default:
        return -1;
    }
}

const char *value_size(struct slice text, uint64_t *value)
{
    int shift = text.len > 0 ? size_shift(text.ptr[text.len - 1]) : -1;
    struct slice digits = shift < 0 ? text : slice_of(text.ptr, text.len - 1);
    uint64_t count = 0;
    if (!all_digits(digits)) {
        return "it must be a size: digits, then k, m, g or nothing";
    }
    /* Sizes become off_t and int64_t: the sign bit stays free. */
    if (!slice_to_u64(digits, &count) ||
        count > (uint64_t)INT64_MAX >> (shift < 0 ? 0 : shift)) {
        return TOO_LARGE;
    }
    *value = shift < 0 ? count : count << shift;
    return NULL;
}

/* --- times -------------------------------------------------------------------------- */

#define MINUTE (60 * UINT64_C(1000))
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* Kept so small that it fits as nanoseconds, too: 292 years. */
#define TIME_MAX ((uint64_t)(INT64_MAX / NS_PER_MS))

static const struct unit {
    struct slice name;
    uint64_t milliseconds;
} units[] = {
    {SLICE_INIT("y"), 365 * DAY}, {SLICE_INIT("M"), 30 * DAY}, {SLICE_INIT("w"), 7 * DAY},
    {SLICE_INIT("d"), DAY},       {SLICE_INIT("h"), HOUR},     {SLICE_INIT("m"), MINUTE},
    {SLICE_INIT("s"), 1000},      {SLICE_INIT("ms"), 1},
};

#define UNIT_COUNT   (sizeof(units) / sizeof(units[0]))
#define UNIT_SECONDS (UNIT_COUNT - 2)

static size_t count_digits(struct slice text)
{
    size_t count = 0;
    while (count < text.len && ascii_isdigit(text.ptr[count])) {
        count++;
    }
    return count;
}

/* Takes letters off the front: the index of their unit, UNIT_COUNT when they name none.
 * No letters at all are seconds. */
static size_t take_unit(struct slice *text)
{
    size_t len = 0;
    while (len < text->len && !ascii_isdigit(text->ptr[len]) && text->ptr[len] != ' ') {
        len++;
    }
    struct slice name = slice_of(text->ptr, len);
    *text = slice_from(*text, len);
    size_t index = len == 0 ? UNIT_SECONDS : 0;
    while (len > 0 && index < UNIT_COUNT && !slice_eq(units[index].name, name)) {
        index++;
    }
    return index;
}

const char *value_time(struct slice text, int64_t *milliseconds)
{
    static const char expected[] =
        "it must be a time such as 30s or 1h30m: units y M w d h m s ms, in this order";
    uint64_t sum = 0;
    size_t next_unit = 0;
    do {
        uint64_t count = 0;
        struct slice digits = slice_of(text.ptr, count_digits(text));
        text = slice_from(text, digits.len);
        size_t unit = take_unit(&text);
        if (digits.len == 0 || unit < next_unit || unit == UNIT_COUNT) {
            return expected;
        }
        if (!slice_to_u64(digits, &count) ||
            count > (TIME_MAX - sum) / units[unit].milliseconds) {
            return TOO_LARGE;
        }
        sum += count * units[unit].milliseconds;
        next_unit = unit + 1;
        text = slice_trim(text);
    } while (text.len > 0);
    *milliseconds = (int64_t)sum;
    return NULL;
}
