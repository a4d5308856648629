/*
 * files.h - a directory for the files of a test.
 */
#ifndef TESTS_UNIT_CONFIG_FILES_H
#define TESTS_UNIT_CONFIG_FILES_H

#include "tests/unit/config/load.h"
#include <stdio.h>

static char files_directory[UNIT_TEMP_SIZE];

static inline void files_begin(void)
{
    load_begin();
    unit_temp(files_directory);
}

static inline char *files_path(const char *name)
{
    return arena_printf(loading.arena, "%s/%s", files_directory, name);
}

static inline char *files_write(const char *name, const char *content)
{
    char *path = files_path(name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(content, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

#endif
