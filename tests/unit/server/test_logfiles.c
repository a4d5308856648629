#include "common/fdutil.h"
#include "server/channel.h"
#include "server/logfiles.h"
#include "tests/unit/server/tempdir.h"
#include "tests/unit/unit.h"
#include <fcntl.h>
#include <sys/stat.h>

static struct arena *arena;
static struct diagnostics diag;
static struct log_files files;

static void begin(void)
{
    tempdir_make();
    arena = arena_create(4096);
    diag_init(&diag, arena);
    files = (struct log_files){0};
}

static void end(void)
{
    logfiles_clear(&files);
    arena_destroy(arena);
}

/* A configuration that names these files in the directory; NULL ends. */
static struct config config_of(const char *const *names)
{
    struct config config = {0};
    config.log_files = arena_zero(arena, 4 * sizeof(struct log_file));
    for (; names[config.log_file_count] != NULL; config.log_file_count++) {
        const char *name = names[config.log_file_count];
        config.log_files[config.log_file_count].path =
            logfiles_is_inherited(name) ? name : arena_strdup(arena, tempdir_path(name));
    }
    return config;
}

#define CONFIG(...) config_of((const char *const[]){__VA_ARGS__, NULL})

static void say(uint32_t number, const char *text)
{
    ck_assert_int_eq(fd_write_all(logfiles_fd(&files, number), text, strlen(text)), 0);
}

START_TEST(opens_and_numbers)
{
    begin();
    struct config config = CONFIG("a", "b");
    ck_assert(logfiles_hold(&files, &config, &diag));
    ck_assert_uint_ne(config.log_files[0].number, config.log_files[1].number);
    say(config.log_files[0].number, "one\n");
    ck_assert_str_eq(tempdir_read("a"), "one\n");
    struct stat st;
    ck_assert_int_eq(stat(tempdir_path("a"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0137, 0);
    end();
}
END_TEST

START_TEST(keeps_the_number_of_a_path)
{
    begin();
    struct config one = CONFIG("a", "b");
    struct config two = CONFIG("c", "b", "a");
    ck_assert(logfiles_hold(&files, &one, &diag));
    ck_assert(logfiles_hold(&files, &two, &diag));
    ck_assert_uint_eq(two.log_files[1].number, one.log_files[1].number);
    ck_assert_uint_eq(two.log_files[2].number, one.log_files[0].number);
    logfiles_release(&files, &one);
    ck_assert_int_ge(logfiles_fd(&files, one.log_files[0].number), 0);
    logfiles_release(&files, &two);
    ck_assert_int_eq(logfiles_fd(&files, one.log_files[0].number), -1);
    ck_assert(logfiles_hold(&files, &one, &diag));
    ck_assert_uint_eq(two.log_files[1].number, one.log_files[1].number);
    end();
}
END_TEST

START_TEST(holds_nothing_when_one_fails)
{
    begin();
    struct config config = CONFIG("a", "missing/b");
    ck_assert(!logfiles_hold(&files, &config, &diag));
    ck_assert_uint_eq(diag.errors, 1);
    ck_assert_int_eq(logfiles_fd(&files, 0), -1);
    ck_assert_int_eq(logfiles_fd(&files, 1), -1);
    ck_assert_int_eq(logfiles_fd(&files, 99), -1);
    end();
}
END_TEST

START_TEST(reopens_what_was_moved)
{
    begin();
    struct config config = CONFIG("a");
    ck_assert(logfiles_hold(&files, &config, &diag));
    say(0, "before\n");
    ck_assert_int_eq(rename(tempdir_path("a"), tempdir_path("a.1")), 0);
    ck_assert_uint_eq(logfiles_reopen(&files), 0);
    say(0, "after\n");
    ck_assert_str_eq(tempdir_read("a.1"), "before\n");
    ck_assert_str_eq(tempdir_read("a"), "after\n");
    end();
}
END_TEST

START_TEST(keeps_the_old_file_when_it_cannot_reopen)
{
    begin();
    static const struct log_target none;
    static const struct log silent = {.targets = &none, .count = 0};
    log_set_default(&silent);
    tempdir_mkdir("dir");
    struct config config = CONFIG("dir/a");
    ck_assert(logfiles_hold(&files, &config, &diag));
    ck_assert_int_eq(rename(tempdir_path("dir"), tempdir_path("gone")), 0);
    ck_assert_uint_eq(logfiles_reopen(&files), 1);
    say(0, "still\n");
    ck_assert_str_eq(tempdir_read("gone/a"), "still\n");
    end();
}
END_TEST

START_TEST(waits_for_no_reader_of_a_fifo)
{
    begin();
    ck_assert_int_eq(mkfifo(tempdir_path("fifo"), 0600), 0);
    struct config config = CONFIG("fifo");
    ck_assert(logfiles_hold(&files, &config, &diag));
    end();
}
END_TEST

START_TEST(uses_the_inherited_descriptors)
{
    begin();
    struct config config = CONFIG("stderr", "/dev/stdout", "/dev/stderr");
    ck_assert(logfiles_hold(&files, &config, &diag));
    int before = logfiles_fd(&files, 0);
    ck_assert_int_gt(before, STDERR_FILENO);
    ck_assert_uint_eq(logfiles_reopen(&files), 0);
    ck_assert_int_eq(logfiles_fd(&files, 0), before);
    ck_assert(logfiles_is_stderr("stderr") && logfiles_is_stderr("/dev/stderr"));
    ck_assert(!logfiles_is_stderr("/dev/stdout") && logfiles_is_inherited("/dev/stdout"));
    ck_assert(!logfiles_is_inherited("/var/log/x"));
    end();
}
END_TEST

/* The other end of the channel keeps a table of its own, as the logger does. */
static void receive_all(int channel, struct log_files *theirs)
{
    struct message message;
    int fd;
    while (channel_recv(channel, &message, &fd) == CHANNEL_MESSAGE) {
        if (message.type == MESSAGE_FILE) {
            logfiles_take(theirs, message.value, message.text, fd);
        } else {
            logfiles_doom(theirs, message.value);
        }
    }
}

START_TEST(tells_the_news_once)
{
    begin();
    int ends[2];
    struct log_files theirs = {0};
    ck_assert_int_eq(channel_pair(ends), 0);
    struct config config = CONFIG("a", "b");
    ck_assert(logfiles_hold(&files, &config, &diag));
    ck_assert(logfiles_send_news(&files, ends[0]));
    receive_all(ends[1], &theirs);
    ck_assert_uint_eq(theirs.count, 2);
    ck_assert_str_eq(theirs.items[1].path, config.log_files[1].path);
    ck_assert_int_eq(fd_write_all(logfiles_fd(&theirs, 1), "x\n", 2), 0);
    ck_assert_str_eq(tempdir_read("b"), "x\n");
    ck_assert(logfiles_send_news(&files, ends[0]));
    struct message message;
    int fd;
    ck_assert_int_eq(channel_recv(ends[1], &message, &fd), CHANNEL_NOTHING);
    logfiles_release(&files, &config);
    ck_assert(logfiles_send_news(&files, ends[0]));
    receive_all(ends[1], &theirs);
    ck_assert_int_ge(logfiles_fd(&theirs, 0), 0);
    logfiles_close_doomed(&theirs);
    ck_assert_int_eq(logfiles_fd(&theirs, 0), -1);
    logfiles_clear(&theirs);
    close(ends[0]);
    close(ends[1]);
    end();
}
END_TEST

START_TEST(goes_on_when_the_channel_was_full)
{
    begin();
    int ends[2];
    struct log_files theirs = {0};
    ck_assert_int_eq(channel_pair(ends), 0);
    while (channel_tell(ends[0], MESSAGE_FORGET, 50) == 0) {
    }
    struct config config = CONFIG("a");
    ck_assert(logfiles_hold(&files, &config, &diag));
    ck_assert(!logfiles_send_news(&files, ends[0]));
    receive_all(ends[1], &theirs);
    ck_assert(logfiles_send_news(&files, ends[0]));
    receive_all(ends[1], &theirs);
    ck_assert_uint_eq(theirs.count, 1);
    logfiles_clear(&theirs);
    close(ends[0]);
    close(ends[1]);
    end();
}
END_TEST

UNIT_SUITE(logfiles)
{
    UNIT_TEST(opens_and_numbers);
    UNIT_TEST(keeps_the_number_of_a_path);
    UNIT_TEST(holds_nothing_when_one_fails);
    UNIT_TEST(reopens_what_was_moved);
    UNIT_TEST(keeps_the_old_file_when_it_cannot_reopen);
    UNIT_TEST(waits_for_no_reader_of_a_fifo);
    UNIT_TEST(uses_the_inherited_descriptors);
    UNIT_TEST(tells_the_news_once);
    UNIT_TEST(goes_on_when_the_channel_was_full);
}
