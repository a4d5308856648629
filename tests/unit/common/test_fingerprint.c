#include "common/fingerprint.h"
#include "tests/unit/unit.h"
#include <stdio.h>
#include <string.h>

static uint64_t print_of(const char *text, size_t len)
{
    return fingerprint_text(FINGERPRINT_NONE, slice_of(text, len));
}

/* Every byte counts, wherever the words of eight end; and so does the length. */
START_TEST(tells_texts_apart)
{
    char text[41];
    memset(text, 'a', sizeof(text));
    for (size_t len = 1; len < sizeof(text); len++) {
        uint64_t one = print_of(text, len);
        ck_assert_uint_eq(one, print_of(text, len));
        ck_assert_uint_ne(one, print_of(text, len + 1));
        for (size_t at = 0; at < len; at++) {
            text[at] = 'b';
            ck_assert_uint_ne(one, print_of(text, len));
            text[at] = 'a';
        }
    }
}
END_TEST

START_TEST(counts_what_came_before)
{
    struct slice text = SLICE("text");
    uint64_t one = fingerprint_text(fingerprint_word(FINGERPRINT_NONE, 1), text);
    uint64_t two = fingerprint_text(fingerprint_word(FINGERPRINT_NONE, 2), text);
    ck_assert_uint_ne(one, two);
    ck_assert_uint_ne(one, fingerprint_text(FINGERPRINT_NONE, text));
}
END_TEST

/* Texts that differ in a number only, among 64 places: a good hash leaves a chi-square of
 * 63, and one above 150 has nothing to do with chance. */
START_TEST(spreads_low_bits)
{
    enum { PLACES = 64, TEXTS = 100 * PLACES };
    double counts[PLACES] = {0}, sum = 0;
    for (int i = 0; i < TEXTS; i++) {
        char text[32];
        int len = snprintf(text, sizeof(text), "Host: a\r\nX: %d\r\n\r\n", i);
        counts[print_of(text, (size_t)len) % PLACES]++;
    }
    for (int i = 0; i < PLACES; i++) {
        sum += (counts[i] - 100) * (counts[i] - 100) / 100;
    }
    ck_assert_double_lt(sum, 150);
}
END_TEST

UNIT_SUITE(fingerprint)
{
    UNIT_TEST(tells_texts_apart);
    UNIT_TEST(counts_what_came_before);
    UNIT_TEST(spreads_low_bits);
}
