#include "server/title.h"
#include "tests/unit/unit.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* Words and variables one behind the other, as the kernel lays them out. */
static char area[] = "prog\0-c\0file\0A=1\0BC=23";
static char *words[] = {area, area + 5, area + 8, NULL};
static char *variables[] = {area + 13, area + 17, NULL};

START_TEST(uses_arguments_and_environment)
{
    environ = variables;
    char **copies = title_init(3, words);
    title_set("worker %d", 7);
    ck_assert_str_eq(area, "tinyhttpd: worker 7");
    ck_assert_str_eq(copies[2], "file");
    ck_assert_str_eq(getenv("BC"), "23");
    ck_assert_str_eq(title_command_line(), "prog -c file");
}
END_TEST

START_TEST(cuts_a_long_title_and_clears_a_short_one)
{
    environ = variables;
    title_init(3, words);
    title_set("%s", "a title that is longer than the whole area");
    ck_assert_str_eq(area, "tinyhttpd: a title tha");
    title_set("x");
    ck_assert_str_eq(area, "tinyhttpd: x");
    for (size_t i = 13; i < sizeof(area); i++) {
        ck_assert_int_eq(area[i], '\0');
    }
}
END_TEST

START_TEST(leaves_a_moved_environment_alone)
{
    static char elsewhere[] = "D=4";
    static char *moved[] = {elsewhere, NULL};
    environ = moved;
    title_init(3, words);
    title_set("%s", "longer than the arguments");
    ck_assert_str_eq(area, "tinyhttpd: l");
    ck_assert_str_eq(area + 13, "A=1");
}
END_TEST

START_TEST(does_nothing_unprepared)
{
    title_set("x");
    ck_assert_str_eq(area, "prog");
    ck_assert_str_eq(title_command_line(), "");
}
END_TEST

UNIT_SUITE(title)
{
    UNIT_TEST(uses_arguments_and_environment);
    UNIT_TEST(cuts_a_long_title_and_clears_a_short_one);
    UNIT_TEST(leaves_a_moved_environment_alone);
    UNIT_TEST(does_nothing_unprepared);
}
