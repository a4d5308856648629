#include "common/xalloc.h"
#include "tests/unit/unit.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(never_answers_null_for_nothing)
{
    void *nothing = xmalloc(0);
    ck_assert_ptr_nonnull(nothing);
    nothing = xrealloc(nothing, 0);
    ck_assert_ptr_nonnull(nothing);
    free(nothing);
    nothing = xcalloc(0, 8);
    ck_assert_ptr_nonnull(nothing);
    free(nothing);
}
END_TEST

START_TEST(zeroes_and_keeps_content)
{
    unsigned char *bytes = xcalloc(4, 4);
    for (size_t i = 0; i < 16; i++) {
        ck_assert_uint_eq(bytes[i], 0);
    }
    bytes[15] = 42;
    bytes = xrealloc(bytes, 100000);
    ck_assert_uint_eq(bytes[15], 42);
    free(bytes);
}
END_TEST

START_TEST(copies_and_prints_strings)
{
    char *copy = xstrdup("abc");
    ck_assert_str_eq(copy, "abc");
    free(copy);
    char *text = xasprintf("%d-%s", 7, "x");
    ck_assert_str_eq(text, "7-x");
    free(text);
}
END_TEST

static void exhaust(int stderr_to)
{
    dup2(stderr_to, STDERR_FILENO);
    volatile size_t size = SIZE_MAX / 4; /* volatile: the compiler knows it is too much */
    void *memory = xmalloc(size);
    free(memory);
    _exit(EXIT_SUCCESS);
}

START_TEST(dies_with_a_message)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        exhaust(ends[1]);
    }
    close(ends[1]);
    char text[4096] = "";
    size_t len = 0;
    ssize_t got;
    while (len < sizeof(text) - 1 &&
           (got = read(ends[0], text + len, sizeof(text) - 1 - len)) > 0) {
        len += (size_t)got;
    }
    close(ends[0]);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    /* AddressSanitizer's malloc dies on its own, with a report of its own. */
    ck_assert(!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS);
    ck_assert(strstr(text, "tinyhttpd: [emerg] out of memory\n") != NULL ||
              strstr(text, "AddressSanitizer") != NULL);
}
END_TEST

UNIT_SUITE(xalloc)
{
    UNIT_TEST(never_answers_null_for_nothing);
    UNIT_TEST(zeroes_and_keeps_content);
    UNIT_TEST(copies_and_prints_strings);
    UNIT_TEST(dies_with_a_message);
}
