#include "server/file_load.h"
#include "tests/unit/server/cached.h"
#include <errno.h>
#include <sys/inotify.h>
#include <sys/resource.h>

/* A file that is sent from its descriptor, every byte the same. */
static void write_large(const char *path, char byte, size_t len)
{
    char *text = malloc(len + 1);
    memset(text, byte, len);
    text[len] = '\0';
    tempdir_write(path, text);
    free(text);
    tempdir_date(path, LONG_AGO, 0);
}

/* Condition, not time: true in the end or the test's own limit strikes. */
static void wait_until_settled(const char *path)
{
    struct file *file;
    do {
        clock_update();
        file = get(path);
        file_release(file);
    } while (file_is_unsettled(file = get(path)) && (file_release(file), true));
    file_release(file);
}

START_TEST(describes_a_small_file)
{
    begin();
    tempdir_write("a", "hello");
    tempdir_date("a", LONG_AGO, 5);
    struct stat st;
    ck_assert_int_eq(stat(tempdir_path("a"), &st), 0);
    struct file *file = get("a");
    ck_assert_int_eq(file->kind, FILE_REGULAR);
    ck_assert_uint_eq(file->size, 5);
    ck_assert_int_eq(file->modified, LONG_AGO);
    ck_assert_str_eq(file->last_modified, "Tue, 14 Nov 2023 22:13:20 GMT");
    ck_assert_str_eq(file->content, "hello");
    ck_assert_int_eq(file->fd, -1);
    char etag[FILE_ETAG_MAX];
    snprintf(etag, sizeof(etag), "\"%lx-5-%llx\"", (unsigned long)st.st_ino,
             LONG_AGO * 1000000000ULL + 5);
    ck_assert_str_eq(file->etag, etag);
    file_release(file);
    end();
}
END_TEST

START_TEST(sends_large_files_from_their_descriptor)
{
    begin();
    write_large("big", 'x', FILE_CONTENT_MAX + 1);
    struct file *file = get("big");
    ck_assert_ptr_null(file->content);
    ck_assert_int_ge(file->fd, 0);
    ck_assert_uint_eq(file->size, FILE_CONTENT_MAX + 1);
    file_release(file);
    write_large("edge", 'x', FILE_CONTENT_MAX);
    file = get("edge");
    ck_assert_ptr_nonnull(file->content);
    ck_assert_int_eq(file->content[FILE_CONTENT_MAX - 1], 'x');
    file_release(file);
    end();
}
END_TEST

START_TEST(knows_an_empty_file)
{
    begin();
    tempdir_write("empty", "");
    struct file *file = get("empty");
    ck_assert_uint_eq(file->size, 0);
    ck_assert_ptr_nonnull(file->content);
    file_release(file);
    end();
}
END_TEST

START_TEST(never_opens_what_is_not_regular)
{
    begin();
    tempdir_mkdir("dir");
    ck_assert_int_eq(mkfifo(tempdir_path("fifo"), 0644), 0);
    struct file *file = get("dir");
    ck_assert_int_eq(file->kind, FILE_DIRECTORY);
    ck_assert_int_eq(file->fd, -1);
    file_release(file);
    file = get("");
    ck_assert_int_eq(file->kind, FILE_DIRECTORY);
    file_release(file);
    int watch = inotify_init1(IN_NONBLOCK);
    ck_assert_int_ge(inotify_add_watch(watch, tempdir_path("fifo"), IN_OPEN), 0);
    file = get("fifo");
    ck_assert_int_eq(file->kind, FILE_OTHER);
    ck_assert_int_eq(file->fd, -1);
    file_release(file);
    char event[256];
    ck_assert_int_eq(read(watch, event, sizeof(event)), -1);
    ck_assert_int_eq(errno, EAGAIN);
    close(watch);
    end();
}
END_TEST

START_TEST(keeps_what_is_used)
{
    begin();
    write_large("big", 'x', 100000);
    struct file *first = get("big");
    struct file *second = get("big");
    ck_assert_ptr_eq(first, second);
    ck_assert_int_eq(first->references, 3);
    file_release(first);
    file_release(second);
    end();
}
END_TEST

START_TEST(is_private_when_off)
{
    begin();
    set.open_file_cache.max = 0;
    write_large("big", 'x', 100000);
    struct file *first = get("big");
    struct file *second = get("big");
    ck_assert_ptr_ne(first, second);
    ck_assert_int_eq(first->references, 1);
    file_release(first);
    file_release(second);
    end();
}
END_TEST

START_TEST(waits_for_min_uses)
{
    begin();
    set.open_file_cache_min_uses = 2;
    write_large("big", 'x', 100000);
    struct file *file = get("big");
    ck_assert_int_eq(file->references, 1);
    file_release(file);
    file = get("big");
    ck_assert_int_eq(file->references, 2);
    file_release(file);
    end();
}
END_TEST

/* However long the entry is valid: the size that is sent is the size that is there. */
START_TEST(sees_a_file_grow_and_shrink_in_place)
{
    begin();
    write_large("big", 'x', 100000);
    struct file *old = get("big");
    char etag[FILE_ETAG_MAX];
    strcpy(etag, old->etag);
    ck_assert_int_eq(truncate(tempdir_path("big"), 50000), 0);
    struct file *new = get("big");
    ck_assert_uint_eq(new->size, 50000);
    ck_assert_str_ne(new->etag, etag);
    ck_assert_str_eq(old->etag, etag); /* an answer under way keeps its own */
    file_release(old);
    file_release(new);
    ck_assert_int_eq(truncate(tempdir_path("big"), 200000), 0);
    new = get("big");
    ck_assert_uint_eq(new->size, 200000);
    file_release(new);
    end();
}
END_TEST

START_TEST(looks_by_name_only_after_valid)
{
    begin();
    tempdir_write("a", "old");
    tempdir_date("a", LONG_AGO, 0);
    file_release(get("a"));
    tempdir_write("b", "new, longer");
    tempdir_date("b", LONG_AGO, 0);
    ck_assert_int_eq(rename(tempdir_path("b"), tempdir_path("a")), 0);
    struct file *file = get("a");
    ck_assert_str_eq(file->content, "old");
    file_release(file);
    set.open_file_cache_valid = 0;
    file = get("a");
    ck_assert_str_eq(file->content, "new, longer");
    ck_assert_uint_eq(file->size, 11);
    file_release(file);
    end();
}
END_TEST

START_TEST(keeps_the_entry_of_an_unchanged_file)
{
    begin();
    set.open_file_cache_valid = 0;
    write_large("big", 'x', 100000);
    struct file *first = get("big");
    struct file *second = get("big");
    ck_assert_ptr_eq(first, second);
    file_release(second);
    ck_assert_int_eq(chmod(tempdir_path("big"), 0600), 0); /* ctime alone */
    second = get("big");
    ck_assert_ptr_ne(first, second);
    file_release(first);
    file_release(second);
    ck_assert_int_eq(unlink(tempdir_path("big")), 0);
    ck_assert_int_eq(get_error("big"), ENOENT);
    end();
}
END_TEST

/* Two writes within the grain of the clock: the second is seen, and until then the ETag
 * is weak. */
START_TEST(does_not_trust_a_file_that_just_changed)
{
    begin();
    tempdir_write("a", "one");
    struct file *file = get("a");
    ck_assert_int_eq(strncmp(file->etag, "W/\"", 3), 0);
    struct timespec mtime = file->mtime;
    file_release(file);
    int fd = open(tempdir_path("a"), O_WRONLY);
    ck_assert_int_eq(write(fd, "two", 3), 3);
    struct timespec times[2] = {{0, UTIME_OMIT}, mtime};
    ck_assert_int_eq(futimens(fd, times), 0);
    close(fd);
    wait_until_settled("a");
    file = get("a");
    ck_assert_str_eq(file->content, "two");
    ck_assert_int_eq(file->etag[0], '"');
    file_release(file);
    end();
}
END_TEST

START_TEST(dates_no_file_in_the_future)
{
    begin();
    tempdir_write("a", "x");
    tempdir_date("a", 4000000000, 0);
    struct file *file = get("a");
    ck_assert_int_le(file->modified, time(NULL));
    ck_assert_int_eq(file->mtime.tv_sec, 4000000000);
    ck_assert_int_eq(file->etag[0], '"');
    file_release(file);
    tempdir_write("b", "x");
    tempdir_date("b", 0, 0);
    file = get("b");
    ck_assert_int_eq(file->modified, -1);
    ck_assert_str_eq(file->last_modified, "");
    file_release(file);
    end();
}
END_TEST

/* A root may be a link to another directory from one turn to the next. */
START_TEST(follows_a_root_that_is_replaced)
{
    begin();
    tempdir_mkdir("one");
    tempdir_mkdir("other");
    tempdir_write("one/a", "one");
    tempdir_write("other/b", "other");
    tempdir_link("one", "root");
    struct file *file;
    ck_assert_int_eq(filecache_open(cache, tempdir_path("root"), "a", &set, &file), 0);
    file_release(file);
    ck_assert_int_eq(unlink(tempdir_path("root")), 0);
    tempdir_link("other", "root");
    filecache_end_turn(cache);
    ck_assert_int_eq(filecache_open(cache, tempdir_path("root"), "b", &set, &file), 0);
    ck_assert_str_eq(file->content, "other");
    file_release(file);
    end();
}
END_TEST

START_TEST(holds_no_more_than_max)
{
    begin();
    set.open_file_cache.max = 10;
    char name[16];
    for (int i = 0; i < 300; i++) { /* past the first growth of the table */
        snprintf(name, sizeof(name), "f%d", i % 30);
        write_large(name, 'x', 20000);
        file_release(get(name));
    }
    ck_assert_uint_eq(filecache_shrink(cache), 10);
    ck_assert_uint_eq(filecache_shrink(cache), 0);
    end();
}
END_TEST

START_TEST(finds_each_of_many)
{
    begin();
    set.open_file_cache.max = 1000;
    char name[16];
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        tempdir_write(name, name);
        tempdir_date(name, LONG_AGO, 0);
        file_release(get(name));
    }
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        struct file *file = get(name);
        ck_assert_str_eq(file->content, name);
        ck_assert_int_eq(file->references, 2);
        file_release(file);
    }
    end();
}
END_TEST

START_TEST(drops_the_least_recently_used)
{
    begin();
    set.open_file_cache.max = 2;
    write_large("a", 'a', 20000);
    write_large("b", 'b', 20000);
    write_large("c", 'c', 20000);
    struct file *a = get("a");
    struct file *b = get("b");
    file_release(get("a"));
    file_release(get("c"));
    ck_assert_int_eq(a->references, 2);
    ck_assert_int_eq(b->references, 1);
    file_release(a);
    file_release(b);
    end();
}
END_TEST

START_TEST(drops_what_is_not_used)
{
    begin();
    write_large("a", 'a', 20000);
    struct file *a = get("a");
    int64_t start = clock_now_ms();
    while (clock_now_ms() - start < 5) {
        clock_update();
    }
    write_large("b", 'b', 20000);
    set.open_file_cache.inactive = 1;
    file_release(get("b"));
    ck_assert_int_eq(a->references, 1);
    file_release(a);
    end();
}
END_TEST

START_TEST(bounds_the_bytes_in_memory)
{
    begin();
    set.open_file_cache.max = 100000;
    size_t each = FILE_CONTENT_MAX + KEPT_HEAD_ROOM;
    write_large("a", 'x', FILE_CONTENT_MAX);
    struct file *first = get("a");
    char name[16];
    for (size_t i = 0; i < FILECACHE_CONTENT_TOTAL / each; i++) {
        snprintf(name, sizeof(name), "link-%zu", i);
        ck_assert_int_eq(link(tempdir_path("a"), tempdir_path(name)), 0);
        file_release(get(name));
    }
    ck_assert_int_eq(first->references, 1);
    file_release(first);
    end();
}
END_TEST

START_TEST(tells_roots_apart)
{
    begin();
    tempdir_mkdir("r");
    tempdir_write("r/a", "inner");
    tempdir_write("a", "outer");
    file_release(get("a"));
    struct file *file;
    ck_assert_int_eq(filecache_open(cache, tempdir_path("r"), "a", &set, &file), 0);
    ck_assert_str_eq(file->content, "inner");
    file_release(file);
    end();
}
END_TEST

/* Out of descriptors: those that nothing is sent from are given back first. */
START_TEST(makes_room_when_descriptors_run_out)
{
    begin();
    write_large("a", 'a', 20000);
    write_large("b", 'b', 20000);
    struct file *a = get("a");
    rlim_t end_of_room = (rlim_t)a->fd + 1;
    file_release(a);
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit tight = {end_of_room, limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);
    struct file *b = get("b");
    ck_assert_int_ge(b->fd, 0);
    file_release(b);
    tempdir_mkdir("dir");
    int dir = filecache_open_dir(cache, tempdir_path("dir"), "");
    ck_assert_int_ge(dir, 0);
    close(dir);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    end();
}
END_TEST

START_TEST(opens_directories_for_listing)
{
    begin();
    tempdir_mkdir("dir");
    int fd = filecache_open_dir(cache, tempdir, "dir/");
    ck_assert_int_ge(fd, 0);
    close(fd);
    fd = filecache_open_dir(cache, tempdir, "");
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(filecache_open_dir(cache, tempdir, "gone"), -1);
    ck_assert_int_eq(errno, ENOENT);
    end();
}
END_TEST

START_TEST(knows_files_over_4_gib)
{
    begin();
    tempdir_write("huge", "");
    if (truncate(tempdir_path("huge"), (off_t)5 << 30) == 0) {
        struct file *file = get("huge");
        ck_assert_uint_eq(file->size, (uint64_t)5 << 30);
        file_release(file);
    }
    end();
}
END_TEST

UNIT_SUITE(filecache)
{
    UNIT_TEST(describes_a_small_file);
    UNIT_TEST(sends_large_files_from_their_descriptor);
    UNIT_TEST(knows_an_empty_file);
    UNIT_TEST(never_opens_what_is_not_regular);
    UNIT_TEST(keeps_what_is_used);
    UNIT_TEST(is_private_when_off);
    UNIT_TEST(waits_for_min_uses);
    UNIT_TEST(sees_a_file_grow_and_shrink_in_place);
    UNIT_TEST(looks_by_name_only_after_valid);
    UNIT_TEST(keeps_the_entry_of_an_unchanged_file);
    UNIT_TEST(does_not_trust_a_file_that_just_changed);
    UNIT_TEST(dates_no_file_in_the_future);
    UNIT_TEST(follows_a_root_that_is_replaced);
    UNIT_TEST(holds_no_more_than_max);
    UNIT_TEST(finds_each_of_many);
    UNIT_TEST(drops_the_least_recently_used);
    UNIT_TEST(drops_what_is_not_used);
    UNIT_TEST(bounds_the_bytes_in_memory);
    UNIT_TEST(tells_roots_apart);
    UNIT_TEST(makes_room_when_descriptors_run_out);
    UNIT_TEST(opens_directories_for_listing);
    UNIT_TEST(knows_files_over_4_gib);
}
