/*
 * cached.h - a cache of files, and the files beneath a directory of its own.
 */
#ifndef TESTS_UNIT_SERVER_CACHED_H
#define TESTS_UNIT_SERVER_CACHED_H

#include "common/clock.h"
#include "server/filecache.h"
#include "tests/unit/server/tempdir.h"

#define LONG_AGO 1700000000

static struct filecache *cache;
static struct location_settings set;

static inline void begin(void)
{
    tempdir_make();
    clock_update();
    cache = filecache_create();
    set = (struct location_settings){
        .open_file_cache = {.max = 100, .inactive = 60000},
        .open_file_cache_valid = 60000,
        .open_file_cache_min_uses = 1,
    };
}

static inline void end(void)
{
    filecache_destroy(cache);
}

static inline struct file *get(const char *path)
{
    struct file *file;
    int err = filecache_open(cache, tempdir, path, &set, &file);
    ck_assert_msg(err == 0, "%s: %s", path, strerror(err));
    ck_assert_ptr_nonnull(file);
    return file;
}

static inline int get_error(const char *path)
{
    struct file *file;
    int err = filecache_open(cache, tempdir, path, &set, &file);
    ck_assert_ptr_null(file);
    return err;
}

#endif
