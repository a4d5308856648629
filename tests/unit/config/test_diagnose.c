#include "config/diagnose.h"
#include "tests/unit/unit.h"

static struct arena *arena;
static struct diagnostics diag;
static struct buf printed;

static void setup(void)
{
    arena = arena_create(4096);
    diag_init(&diag, arena);
}

static void teardown(void)
{
    buf_free(&printed);
    arena_destroy(arena);
}

/* What a diagnosis of the word of `length` bytes at line:column of `text` prints as. */
static const char *show(struct slice text, unsigned line, unsigned column,
                        unsigned length)
{
    struct source source = {.path = "a.conf", .text = text};
    diag_error(&diag, (struct position){&source, line, column, length}, NULL, "bad");
    diag_format(array_at(&diag.items, 0), &printed);
    buf_append_char(&printed, '\0');
    return printed.data;
}

START_TEST(prints_line_caret_and_help)
{
    struct source source = {
        .path = "site.conf",
        .text = SLICE("a;\n    servr_name example.org;\n"),
    };
    diag_error(&diag, (struct position){&source, 2, 5, 10},
               "did you mean \"server_name\"?\nor not", "unknown directive \"%s\"",
               "servr_name");
    diag_format(array_at(&diag.items, 0), &printed);
    buf_append_char(&printed, '\0');
    ck_assert_str_eq(
        printed.data,
        "tinyhttpd: [emerg] site.conf:2:5: unknown directive \"servr_name\"\n"
        "     2 |     servr_name example.org;\n"
        "       |     ^~~~~~~~~~\n"
        "    help: did you mean \"server_name\"?\n"
        "          or not\n");
}
END_TEST

START_TEST(prints_without_a_source)
{
    diag_warn(&diag, (struct position){0}, NULL, "no file");
    diag_format(array_at(&diag.items, 0), &printed);
    buf_append_char(&printed, '\0');
    ck_assert_str_eq(printed.data, "tinyhttpd: [warn] no file\n");
    ck_assert_uint_eq(diag.warnings, 1);
    ck_assert_uint_eq(diag.errors, 0);
}
END_TEST

START_TEST(short_form_is_one_line)
{
    struct source source = {.path = "a.conf", .text = SLICE("x y;")};
    diag_error(&diag, (struct position){&source, 1, 3, 1}, "help", "odd\nword");
    diag_format_short(array_at(&diag.items, 0), &printed);
    buf_append_char(&printed, '\0');
    ck_assert_str_eq(printed.data, "a.conf:1:3: odd\\x0aword");
}
END_TEST

START_TEST(tabs_keep_the_caret_under_the_word)
{
    ck_assert_str_eq(show(SLICE("\tab\troot x;"), 1, 5, 4),
                     "tinyhttpd: [emerg] a.conf:1:5: bad\n"
                     "     1 |     ab  root x;\n"
                     "       |         ^~~~\n");
}
END_TEST

START_TEST(control_bytes_are_escaped_and_utf8_is_not)
{
    ck_assert_str_eq(show(SLICE("\x1b[m\xff \xc3\xa9t\xc3\xa9 x\r\n"), 1, 12, 1),
                     "tinyhttpd: [emerg] a.conf:1:12: bad\n"
                     "     1 | \\x1b[m\\xff \xc3\xa9t\xc3\xa9 x\n"
                     "       |                ^\n");
}
END_TEST

START_TEST(caret_may_stand_behind_the_line)
{
    ck_assert_str_eq(show(SLICE("root /x\nindex a;"), 1, 8, 1),
                     "tinyhttpd: [emerg] a.conf:1:8: bad\n"
                     "     1 | root /x\n"
                     "       |        ^\n");
}
END_TEST

START_TEST(place_outside_of_the_text_is_harmless)
{
    ck_assert_str_eq(show(SLICE("x"), 9, 9, 9), "tinyhttpd: [emerg] a.conf:9:9: bad\n"
                                                "     9 | \n"
                                                "       | ^\n");
}
END_TEST

START_TEST(long_line_is_cut_around_the_caret)
{
    char line[10000];
    memset(line, 'a', sizeof(line));
    memcpy(line + 5000, "HERE", 4);
    const char *text = show(slice_of(line, sizeof(line)), 1, 5001, 4);
    const char *quoted = strchr(text, '\n') + 1;
    ck_assert_ptr_nonnull(strstr(quoted, " | ...aaaa"));
    ck_assert_ptr_nonnull(strstr(quoted, "aaaa...\n"));
    const char *caret_line = strchr(quoted, '\n') + 1;
    ck_assert_int_eq(strstr(quoted, "HERE") - quoted,
                     strstr(caret_line, "^~~~") - caret_line);
    ck_assert_uint_lt(strlen(text), 300);
}
END_TEST

START_TEST(messages_outlive_their_source)
{
    char text[] = "root /x;";
    char path[] = "gone.conf";
    struct source source = {.path = path, .text = slice_str(text)};
    diag_error(&diag, (struct position){&source, 1, 1, 4}, NULL, "bad");
    memset(text, '#', sizeof(text) - 1);
    memset(path, '#', sizeof(path) - 1);
    diag_format(array_at(&diag.items, 0), &printed);
    buf_append_char(&printed, '\0');
    ck_assert_ptr_nonnull(
        strstr(printed.data, "gone.conf:1:1: bad\n     1 | root /x;\n"));
}
END_TEST

START_TEST(errors_are_capped_and_counted)
{
    for (int i = 0; i < DIAG_ERRORS_MAX + 7; i++) {
        diag_error(&diag, (struct position){0}, NULL, "error %d", i);
    }
    diag_warn(&diag, (struct position){0}, NULL, "still told");
    ck_assert_uint_eq(diag.errors, DIAG_ERRORS_MAX + 7);
    ck_assert_uint_eq(diag.items.count, DIAG_ERRORS_MAX + 1);
}
END_TEST

static const char *const names[] = {
    "root",   "server",     "server_name", "server_tokens",
    "listen", "log_format", "location",    "a_b_c",
};

static const struct {
    const char *word;
    const char *nearest;
} near[] = {
    {"servr_name", "server_name"},
    {"server-name", "server_name"},
    {"sevrer", "server"},
    {"lsiten", "listen"},
    {"orot", "root"},
    {"a-b-c", "a_b_c"},
    {"rooot", "root"},
    {"Root", "root"},
    {"ROOT", "root"},
    {"log-formt", "log_format"},
    {"locaton", "location"},
    {"foot", "root"},
    {"bar", NULL},
    {"", NULL},
    {"proxy_pass", NULL},
    {"server", "server"},
    {"so", NULL},
};

START_TEST(finds_the_nearest_name)
{
    const char *found =
        diag_nearest(slice_str(near[_i].word), names, sizeof(names) / sizeof(names[0]));
    ck_assert_pstr_eq(found, near[_i].nearest);
}
END_TEST

START_TEST(no_name_is_near_a_huge_word)
{
    char word[5000];
    memset(word, 'r', sizeof(word));
    ck_assert_ptr_null(diag_nearest(slice_of(word, sizeof(word)), names,
                                    sizeof(names) / sizeof(names[0])));
}
END_TEST

UNIT_SUITE(diagnose)
{
    tcase_add_checked_fixture(unit_case, setup, teardown);
    UNIT_TEST(prints_line_caret_and_help);
    UNIT_TEST(prints_without_a_source);
    UNIT_TEST(short_form_is_one_line);
    UNIT_TEST(tabs_keep_the_caret_under_the_word);
    UNIT_TEST(control_bytes_are_escaped_and_utf8_is_not);
    UNIT_TEST(caret_may_stand_behind_the_line);
    UNIT_TEST(place_outside_of_the_text_is_harmless);
    UNIT_TEST(long_line_is_cut_around_the_caret);
    UNIT_TEST(messages_outlive_their_source);
    UNIT_TEST(errors_are_capped_and_counted);
    UNIT_LOOP(finds_the_nearest_name, 0, (int)(sizeof(near) / sizeof(near[0])));
    UNIT_TEST(no_name_is_near_a_huge_word);
}
