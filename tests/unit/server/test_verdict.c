#include "server/verdict.h"
#include "tests/unit/server/tempdir.h"
#include "tests/unit/unit.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

static struct verdict verdict;
static struct buf text;

static void begin(void)
{
    verdict = (struct verdict){0};
    text = (struct buf){0};
    tempdir_make();
}

static void end(void)
{
    verdict_clear(&verdict);
    buf_free(&text);
}

START_TEST(puts_the_summary_before_the_lines)
{
    verdict_say(&verdict, "listener added: %s", "127.0.0.1:81");
    verdict_say_text(&verdict, SLICE("a\nb\n"));
    verdict_end(&verdict, VERDICT_APPLIED, 7, "reloaded: generation %d", 7);
    verdict_format(&verdict, &text);
    UNIT_SLICE_EQ(buf_slice(&text),
                  "reloaded: generation 7\nlistener added: 127.0.0.1:81\na\nb\n");
    ck_assert_uint_eq(verdict.generation, 7);
}
END_TEST

START_TEST(begins_anew_after_an_end)
{
    verdict_say(&verdict, "wrong");
    verdict_end(&verdict, VERDICT_REJECTED, 1, "rejected");
    verdict_end(&verdict, VERDICT_APPLIED, 2, "applied"); /* with nothing to say */
    verdict_format(&verdict, &text);
    UNIT_SLICE_EQ(buf_slice(&text), "applied\n");
}
END_TEST

START_TEST(is_bounded)
{
    for (int i = 0; i < 10000; i++) {
        verdict_say(&verdict, "one line of many");
    }
    ck_assert_uint_le(verdict.lines.len, VERDICT_TEXT_MAX);
    ck_assert_uint_gt(verdict.lines.len, VERDICT_TEXT_MAX - 100);
}
END_TEST

START_TEST(says_errors_with_their_place_and_no_warnings)
{
    struct arena *arena = arena_create(4096);
    struct diagnostics diag;
    diag_init(&diag, arena);
    struct source source = {.path = "a.conf", .text = SLICE("sever;\n")};
    struct position at = {.source = &source, .line = 1, .column = 1, .length = 5};
    diag_warn(&diag, at, NULL, "odd");
    diag_error(&diag, at, NULL, "unknown");
    verdict_say_errors(&verdict, &diag);
    buf_append_char(&verdict.lines, '\0');
    ck_assert_ptr_nonnull(strstr(verdict.lines.data, "a.conf:1:1: unknown"));
    ck_assert_ptr_nonnull(strstr(verdict.lines.data, "^~~~~"));
    ck_assert_ptr_null(strstr(verdict.lines.data, "odd"));
    arena_destroy(arena);
}
END_TEST

START_TEST(replaces_its_file_as_a_whole)
{
    verdict_end(&verdict, VERDICT_REJECTED, 3, "no");
    verdict.number = 5;
    ck_assert_int_eq(verdict_save(&verdict, tempdir_path("status")), 0);
    const char *saved = tempdir_read("status");
    ck_assert_ptr_eq(strstr(saved, "result: rejected\nnumber: 5\ngeneration: 3\ntime: "),
                     saved);
    ck_assert_ptr_nonnull(strstr(saved, "\nno\n"));
    ck_assert_int_eq(access(tempdir_path("status.new"), F_OK), -1);
    ck_assert_int_eq(verdict_save(&verdict, tempdir_path("none/status")), -1);
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

UNIT_SUITE(verdict)
{
    tcase_add_checked_fixture(unit_case, begin, end);
    UNIT_TEST(puts_the_summary_before_the_lines);
    UNIT_TEST(begins_anew_after_an_end);
    UNIT_TEST(is_bounded);
    UNIT_TEST(says_errors_with_their_place_and_no_warnings);
    UNIT_TEST(replaces_its_file_as_a_whole);
}
