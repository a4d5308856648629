/*
 * tempdir.h - a directory of the test's own, filled by name.
 */
#ifndef TESTS_UNIT_SERVER_TEMPDIR_H
#define TESTS_UNIT_SERVER_TEMPDIR_H

#include "tests/unit/unit.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char tempdir[UNIT_TEMP_SIZE]; /* no slash at its end */

static inline void tempdir_make(void)
{
    unit_temp(tempdir);
}

/* "<tempdir>/<path>"; good until the fourth call after it. */
static inline const char *tempdir_path(const char *path)
{
    static char names[4][512];
    static unsigned next;
    char *name = names[next++ % 4];
    snprintf(name, sizeof(names[0]), "%s/%s", tempdir, path);
    return name;
}

static inline void tempdir_write(const char *path, const char *text)
{
    FILE *file = fopen(tempdir_path(path), "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

/* The content of a file of up to 64 KB; good until the next call. */
static inline const char *tempdir_read(const char *path)
{
    static char text[65537];
    FILE *file = fopen(tempdir_path(path), "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static inline void tempdir_mkdir(const char *path)
{
    ck_assert_int_eq(mkdir(tempdir_path(path), 0755), 0);
}

static inline void tempdir_link(const char *target, const char *path)
{
    ck_assert_int_eq(symlink(target, tempdir_path(path)), 0);
}

/* Sets the modification time; a long gone one makes an ETag strong. */
static inline void tempdir_date(const char *path, time_t seconds, long nanoseconds)
{
    struct timespec times[2] = {{0, UTIME_OMIT}, {seconds, nanoseconds}};
    ck_assert_int_eq(utimensat(AT_FDCWD, tempdir_path(path), times, 0), 0);
}

#endif
