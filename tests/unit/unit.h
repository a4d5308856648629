/*
 * unit.h - how a unit test file joins the test program of its folder.
 *
 *     START_TEST(splits_at_the_separator) { ... } END_TEST
 *
 *     UNIT_SUITE(slice)
 *     {
 *         UNIT_TEST(splits_at_the_separator);
 *     }
 *
 * Every tests/unit/<folder>/test_<file>.c is linked into build/<flavour>/unit-<folder>,
 * with main.c and only the archives that the folder may use.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include "common/slice.h"
#include <check.h>

void unit_register(const char *name, void (*fill)(TCase *unit_case));

#define UNIT_SUITE(name)                                                                 \
    static void name##_fill(TCase *unit_case);                                           \
    __attribute__((constructor)) static void name##_register(void)                       \
    {                                                                                    \
        unit_register(#name, name##_fill);                                               \
    }                                                                                    \
    static void name##_fill(TCase *unit_case)

#define UNIT_TEST(function) tcase_add_test(unit_case, function)

/* Runs function with _i from first to last - 1: one row of a table a test. */
#define UNIT_LOOP(function, first, last)                                                 \
    tcase_add_loop_test(unit_case, function, first, last)

/* Makes a directory of the test's own, which every user may search; the program removes
 * them all at its end, those of tests that failed too. */
#define UNIT_TEMP_SIZE 32
void unit_temp(char path[UNIT_TEMP_SIZE]);

/* The bytes of a slice against a string. */
#define UNIT_SLICE_EQ(got, str)                                                          \
    do {                                                                                 \
        struct slice unit_got = (got);                                                   \
        ck_assert_msg(slice_eq(unit_got, slice_str(str)), "\"%.*s\" is not \"%s\"",      \
                      SLICE_ARG(unit_got), (str));                                       \
    } while (0)

#endif
