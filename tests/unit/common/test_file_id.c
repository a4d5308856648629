#include "common/file_id.h"
#include "tests/unit/unit.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static char dir[UNIT_TEMP_SIZE];
static char path[64];
static char other[64];

static void make(const char *name)
{
    close(open(name, O_CREAT | O_EXCL | O_WRONLY, 0600));
}

static void begin(void)
{
    unit_temp(dir);
    snprintf(path, sizeof(path), "%s/a", dir);
    snprintf(other, sizeof(other), "%s/b", dir);
    make(path);
}

static bool exists(const char *name)
{
    return access(name, F_OK) == 0;
}

START_TEST(removes_its_own)
{
    struct file_id id;
    ck_assert(file_id_read(path, &id));
    ck_assert(file_id_is_at(&id, path));
    file_id_unlink(&id, path);
    ck_assert(!exists(path));
    ck_assert(!file_id_is_at(&id, path));
    ck_assert(!file_id_read(path, &id));
}
END_TEST

START_TEST(leaves_what_took_its_place)
{
    struct file_id id;
    make(other);
    ck_assert(file_id_read(path, &id));
    ck_assert_int_eq(rename(other, path), 0);
    ck_assert(!file_id_is_at(&id, path));
    file_id_unlink(&id, path);
    ck_assert(exists(path));
}
END_TEST

START_TEST(does_not_follow_a_link)
{
    struct file_id id;
    ck_assert(file_id_read(path, &id));
    ck_assert_int_eq(rename(path, other), 0);
    ck_assert_int_eq(symlink(other, path), 0);
    file_id_unlink(&id, path);
    ck_assert(exists(other) && exists(path));
}
END_TEST

UNIT_SUITE(file_id)
{
    tcase_add_checked_fixture(unit_case, begin, NULL);
    UNIT_TEST(removes_its_own);
    UNIT_TEST(leaves_what_took_its_place);
    UNIT_TEST(does_not_follow_a_link);
}
