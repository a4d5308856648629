#include "tests/unit/server/cached.h"
#include <errno.h>

START_TEST(remembers_errors_only_when_told)
{
    begin();
    ck_assert_int_eq(get_error("a"), ENOENT);
    tempdir_write("a", "x");
    file_release(get("a"));
    set.open_file_cache_errors = true;
    ck_assert_int_eq(get_error("b"), ENOENT);
    tempdir_write("b", "x");
    ck_assert_int_eq(get_error("b"), ENOENT);
    set.open_file_cache_valid = 0;
    file_release(get("b"));
    end();
}
END_TEST

/* Whoever asks for many names that are not there takes no room from those that are. */
START_TEST(keeps_files_whatever_is_asked_for)
{
    begin();
    set.open_file_cache_errors = true;
    tempdir_write("a", "old");
    tempdir_date("a", LONG_AGO, 0);
    file_release(get("a"));
    for (int i = 0; i < 1000; i++) {
        char name[16];
        snprintf(name, sizeof(name), "none%d", i);
        ck_assert_int_eq(get_error(name), ENOENT);
    }
    tempdir_write("new", "new");
    ck_assert_int_eq(rename(tempdir_path("new"), tempdir_path("a")), 0);
    struct file *file = get("a");
    ck_assert_str_eq(file->content, "old");
    file_release(file);
    tempdir_write("none1", "x"); /* forgotten, unlike the newest */
    file_release(get("none1"));
    tempdir_write("none999", "x");
    ck_assert_int_eq(get_error("none999"), ENOENT);
    end();
}
END_TEST

/* A name that seemed to lead outside may have been looked up while a link was replaced.
 */
START_TEST(remembers_no_way_outside)
{
    begin();
    set.open_file_cache_errors = true;
    tempdir_link("/etc/passwd", "a");
    ck_assert_int_eq(get_error("a"), EXDEV);
    ck_assert_int_eq(unlink(tempdir_path("a")), 0);
    tempdir_write("a", "x");
    file_release(get("a"));
    end();
}
END_TEST

START_TEST(remembers_no_long_name_that_is_not_there)
{
    begin();
    set.open_file_cache_errors = true;
    tempdir_mkdir("d");
    char name[600] = "";
    while (strlen(name) < 512) {
        strcat(name, "d/../");
    }
    strcat(name, "a");
    ck_assert_int_eq(get_error(name), ENOENT);
    tempdir_write("a", "x");
    file_release(get(name));
    end();
}
END_TEST

START_TEST(says_why_it_cannot_open)
{
    begin();
    tempdir_write("a", "x");
    tempdir_link("/etc/passwd", "out");
    ck_assert_int_eq(get_error("a/"), ENOTDIR);
    ck_assert_int_eq(get_error("gone/a"), ENOENT);
    ck_assert_int_eq(get_error("out"), EXDEV);
    char name[300];
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    ck_assert_int_eq(get_error(name), ENAMETOOLONG);
    static char path[10000];
    memset(path, '/', sizeof(path) - 1);
    ck_assert_int_eq(get_error(path), ENAMETOOLONG);
    if (geteuid() != 0) {
        ck_assert_int_eq(chmod(tempdir_path("a"), 0), 0);
        ck_assert_int_eq(get_error("a"), EACCES);
    }
    end();
}
END_TEST

UNIT_SUITE(filecache_errors)
{
    UNIT_TEST(remembers_errors_only_when_told);
    UNIT_TEST(keeps_files_whatever_is_asked_for);
    UNIT_TEST(remembers_no_way_outside);
    UNIT_TEST(remembers_no_long_name_that_is_not_there);
    UNIT_TEST(says_why_it_cannot_open);
}
