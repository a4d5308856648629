#include "tests/unit/config/files.h"
#include <ftw.h>
#include <unistd.h>

#define NOBODY 65534

/* Loads with "@" standing for the directory of the test, and checks the files. */
static const char *check(const char *text)
{
    struct buf full = {0};
    buf_printf(&full, "error_log stderr; pid %s/pid; ", files_directory);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '@') {
            buf_append_str(&full, files_directory);
        } else {
            buf_append_char(&full, *c);
        }
    }
    buf_append_char(&full, '\0');
    config_check_files(load(full.data), &loading.diag);
    buf_free(&full);
    return load_messages();
}

static void ck_message(const char *text, size_t errors, size_t warnings, const char *part)
{
    const char *messages = check(text);
    ck_assert_msg(loading.diag.errors == errors && loading.diag.warnings == warnings,
                  "%s", messages);
    ck_assert_msg(strstr(messages, part) != NULL, "%s", messages);
}

START_TEST(what_is_there_is_not_told)
{
    ck_assert_int_eq(mkdir(files_path("www"), 0755), 0);
    files_write("icon", "");
    ck_assert_str_eq(check("server { root @/www; access_log @/log; "
                           "location = /i { alias @/icon; } "
                           "location /a/ { alias @/www/; } }"),
                     "");
}
END_TEST

START_TEST(a_missing_root_is_a_warning_at_its_line)
{
    ck_message("server { access_log off;\n  root @/none;\n  location / { } }", 0, 1,
               "test.conf:2:3: ");
    ck_assert_ptr_nonnull(
        strstr(loading.messages.data, "/none\" cannot be served: No such"));
    ck_message("server { access_log off; location /a/ { alias @/none/; } }", 0, 1,
               "/none/");
}
END_TEST

START_TEST(a_root_that_is_a_file_is_a_warning)
{
    files_write("file", "");
    ck_message("server { access_log off; root @/file; }", 0, 1, "is not a directory");
}
END_TEST

START_TEST(a_path_is_told_once)
{
    ck_message("server { access_log off; root @/none; location /a { root @/none; } }", 0,
               1, "test.conf:1:");
}
END_TEST

START_TEST(what_only_a_request_knows_is_not_checked)
{
    ck_assert_str_eq(check("server { access_log off; root @/$host; }"), "");
    ck_assert_str_eq(check("server { access_log off; }"), "");
}
END_TEST

START_TEST(a_missing_log_directory_is_an_error_at_its_line)
{
    ck_message("server {\n access_log @/none/log; }", 1, 0,
               "test.conf:2:13: access_log: ");
    ck_message("server {\n error_log @/none/log; access_log off; }", 1, 0,
               "test.conf:2:12: error_log: ");
    files_write("file", "");
    ck_message("server {\n access_log @/file/log; }", 1, 0, "Not a directory");
}
END_TEST

START_TEST(a_log_that_is_a_directory_is_an_error)
{
    ck_message("server { access_log @; }", 1, 0, "is a directory");
}
END_TEST

START_TEST(a_missing_pid_directory_is_an_error)
{
    loading.source.error_log = "stderr";
    load("server { access_log off; }\npid /no/such/place/pid;");
    config_check_files(loading.config, &loading.diag);
    ck_assert_ptr_nonnull(strstr(load_messages(), "test.conf:2:1: the pid file: "));
}
END_TEST

static unsigned count(const char *text, const char *part)
{
    unsigned found = 0;
    for (; (text = strstr(text, part)) != NULL; text++) {
        found++;
    }
    return found;
}

/* Runs as somebody who may not enter the directory. */
START_TEST(what_cannot_be_seen_is_said_to_be_unchecked)
{
    char *text = arena_printf(loading.arena,
                              "error_log stderr; pid %s/x/pid; server { root %s/x/www; "
                              "access_log %s/x/y/log; }",
                              files_directory, files_directory, files_directory);
    ck_assert_int_eq(mkdir(files_path("x"), 0), 0);
    const struct config *config = load(text);
    bool is_root = geteuid() == 0;
    ck_assert_int_eq(is_root ? seteuid(NOBODY) : 0, 0);
    config_check_files(config, &loading.diag);
    ck_assert_int_eq(is_root ? seteuid(0) : 0, 0);
    ck_assert_int_eq(chmod(files_path("x"), 0755), 0);
    ck_assert_uint_eq(loading.diag.errors, 0);
    ck_assert_uint_eq(loading.diag.warnings, 3);
    ck_assert_uint_eq(count(load_messages(), "could not be checked"), 3);
}
END_TEST

static int entries;

static int count_entry(const char *path, const struct stat *status, int type,
                       struct FTW *where)
{
    (void)path;
    (void)status;
    (void)type;
    (void)where;
    entries++;
    return 0;
}

START_TEST(nothing_is_made)
{
    check("server { access_log @/access; error_log @/error; }");
    ck_assert_int_eq(nftw(files_directory, count_entry, 8, FTW_PHYS), 0);
    ck_assert_int_eq(entries, 1);
}
END_TEST

UNIT_SUITE(check)
{
    tcase_add_checked_fixture(unit_case, files_begin, load_end);
    UNIT_TEST(what_is_there_is_not_told);
    UNIT_TEST(a_missing_root_is_a_warning_at_its_line);
    UNIT_TEST(a_root_that_is_a_file_is_a_warning);
    UNIT_TEST(a_path_is_told_once);
    UNIT_TEST(what_only_a_request_knows_is_not_checked);
    UNIT_TEST(a_missing_log_directory_is_an_error_at_its_line);
    UNIT_TEST(a_log_that_is_a_directory_is_an_error);
    UNIT_TEST(a_missing_pid_directory_is_an_error);
    UNIT_TEST(what_cannot_be_seen_is_said_to_be_unchecked);
    UNIT_TEST(nothing_is_made);
}
