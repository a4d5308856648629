/*
 * files.h - a directory for the files of a test, gone after it.
 */
#ifndef TESTS_UNIT_CONFIG_FILES_H
#define TESTS_UNIT_CONFIG_FILES_H

#include "tests/unit/config/load.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char files_directory[64];

static inline void files_begin(void)
{
    load_begin();
    strcpy(files_directory, "/tmp/test-config-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(files_directory));
    ck_assert_int_eq(chmod(files_directory, 0755), 0);
}

static inline int files_remove(const char *path, const struct stat *status, int type,
                               struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static inline void files_end(void)
{
    load_end();
    ck_assert_int_eq(nftw(files_directory, files_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
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
