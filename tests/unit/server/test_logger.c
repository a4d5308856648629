#include "common/clock.h"
#include "server/channel.h"
#include "server/logger.h"
#include "server/logwriter.h"
#include "server/ringlog.h"
#include "tests/unit/server/tempdir.h"
#include "tests/unit/unit.h"
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

static struct shm shm;
static struct log_files files;
static int channel; /* the master's end */

static void begin(void)
{
    tempdir_make();
    shm_create(&shm);
    shm_prepare(&shm, 3);
    files = (struct log_files){0};
    logfiles_take(&files, 0, "a",
                  open(tempdir_path("a"), O_WRONLY | O_APPEND | O_CREAT, 0600));
    logfiles_take(&files, 1, "b",
                  open(tempdir_path("b"), O_WRONLY | O_APPEND | O_CREAT, 0600));
}

static void end(void)
{
    logfiles_clear(&files);
    shm_destroy(&shm);
}

static pid_t start_logger(void)
{
    int ends[2];
    ck_assert_int_eq(channel_pair(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        struct logger_setup setup = {.shm = &shm, .files = &files, .channel = ends[1]};
        _exit(logger_run(&setup));
    }
    close(ends[1]);
    channel = ends[0];
    return pid;
}

/* The next message of the logger, waited for. */
static struct message hear(void)
{
    struct pollfd pollfd = {.fd = channel, .events = POLLIN};
    struct message message = {.type = MESSAGE_COUNT};
    int fd;
    ck_assert_int_eq(poll(&pollfd, 1, 20000), 1);
    channel_recv(channel, &message, &fd);
    return message;
}

static pid_t start_ready_logger(void)
{
    pid_t pid = start_logger();
    ck_assert_uint_eq(hear().type, MESSAGE_READY);
    return pid;
}

static void stop_logger(pid_t pid)
{
    int status;
    channel_tell(channel, MESSAGE_STOP, 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    close(channel);
}

static void put(unsigned slot, uint32_t number, const char *text)
{
    struct slice line = slice_str(text);
    ck_assert(ring_put(shm_ring(&shm, slot), number, &line, 1));
}

/* As a worker in slot 2 has it, with one log. */
static struct ringlog ringlog_of_two(void)
{
    static struct log_file file = {.path = "a", .number = 0};
    static const struct config config = {.log_files = &file, .log_file_count = 1};
    return (struct ringlog){.shm = &shm,
                            .ring = shm_ring(&shm, 2),
                            .config = &config,
                            .standard = RINGLOG_STDERR_NAMED};
}

START_TEST(writes_what_is_in_the_rings)
{
    put(2, 0, "from two\n");
    pid_t pid = start_logger();
    put(3, 1, "from three\n");
    put(2, 0, "again\n");
    ck_assert_uint_eq(hear().type, MESSAGE_READY);
    stop_logger(pid);
    ck_assert_str_eq(tempdir_read("a"), "from two\nagain\n");
    ck_assert_str_eq(tempdir_read("b"), "from three\n");
}
END_TEST

static void await_sleep(void)
{
    while (atomic_load(&shm_head(&shm)->logger_state) != LOGGER_SLEEPING) {
        sched_yield();
    }
}

static void await_reading(const struct ringlog *log)
{
    while (ring_used(log->ring) != 0) {
        sched_yield();
    }
}

/* A sleeping logger is woken by the sink; nothing else tells it. */
START_TEST(is_woken_when_it_sleeps)
{
    pid_t pid = start_logger();
    struct ringlog log = ringlog_of_two();
    await_sleep();
    ringlog_gather(&log, 0, SLICE("more is\n"));
    ringlog_gather(&log, 0, SLICE("to come\n"));
    ck_assert_uint_gt(log.owed, 0);
    int64_t started = clock_read_ns();
    ringlog_settle(&log);
    await_reading(&log);
    await_sleep();
    ringlog_write(&log, 0, SLICE("wake up\n"));
    await_reading(&log);
    ck_assert_int_lt(clock_read_ns() - started, NS_PER_SEC / 2);
    stop_logger(pid);
    ck_assert_str_eq(tempdir_read("a"), "more is\nto come\nwake up\n");
}
END_TEST

/* A turn may write more than the ring holds: the logger is not told only at its end. */
START_TEST(hears_of_much_that_is_gathered)
{
    pid_t pid = start_logger();
    struct ringlog log = ringlog_of_two();
    await_sleep();
    do {
        ringlog_gather(&log, 0, SLICE("one of many\n"));
    } while (log.owed > 0);
    ck_assert_uint_lt(ring_used(log.ring), ring_capacity(log.ring) / 2);
    int64_t started = clock_read_ns();
    await_reading(&log);
    ck_assert_int_lt(clock_read_ns() - started, NS_PER_SEC / 2);
    stop_logger(pid);
}
END_TEST

START_TEST(loses_nothing_when_it_is_killed)
{
    pid_t pid = start_ready_logger();
    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
    ck_assert_int_eq(waitpid(pid, NULL, WUNTRACED), pid);
    put(2, 0, "one\n");
    put(2, 1, "two\n");
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    close(channel);
    put(2, 0, "three\n");
    stop_logger(start_logger());
    ck_assert_str_eq(tempdir_read("a"), "one\nthree\n");
    ck_assert_str_eq(tempdir_read("b"), "two\n");
}
END_TEST

/* One that died between taking a record and writing it. */
START_TEST(takes_again_what_was_not_written)
{
    put(2, 0, "one\n");
    put(2, 0, "two\n");
    uint32_t number;
    struct slice record;
    ck_assert(ring_take(shm_ring(&shm, 2), &number, &record));
    stop_logger(start_logger());
    ck_assert_str_eq(tempdir_read("a"), "one\ntwo\n");
}
END_TEST

START_TEST(takes_files_handed_over)
{
    pid_t pid = start_ready_logger();
    struct message message = {.type = MESSAGE_FILE, .value = 7};
    strcpy(message.text, "c");
    int fd = open(tempdir_path("c"), O_WRONLY | O_APPEND | O_CREAT, 0600);
    ck_assert_int_eq(channel_send(channel, &message, fd), 0);
    close(fd);
    put(2, 7, "new file\n");
    stop_logger(pid);
    ck_assert_str_eq(tempdir_read("c"), "new file\n");
}
END_TEST

/* Records written before the file was given up are written to it still. */
START_TEST(forgets_a_file_after_its_last_line)
{
    put(2, 1, "last\n");
    pid_t pid = start_logger();
    ck_assert_int_eq(channel_tell(channel, MESSAGE_FORGET, 1), 0);
    stop_logger(pid);
    ck_assert_str_eq(tempdir_read("b"), "last\n");
}
END_TEST

START_TEST(tells_of_a_disk_that_takes_nothing)
{
    logfiles_take(&files, 0, "/dev/full", open("/dev/full", O_WRONLY | O_APPEND));
    pid_t pid = start_ready_logger();
    put(2, 0, "lost\n");
    put(2, 1, "kept\n");
    struct message alert = hear();
    ck_assert_uint_eq(alert.type, MESSAGE_NOTE);
    ck_assert_uint_eq(alert.value, LOG_LEVEL_ALERT);
    ck_assert_ptr_nonnull(strstr(alert.text, "/dev/full"));
    stop_logger(pid);
    ck_assert_str_eq(tempdir_read("b"), "kept\n");
}
END_TEST

START_TEST(tells_of_lines_that_were_dropped)
{
    struct ringlog log = ringlog_of_two();
    while (ring_drops(log.ring) < 3) {
        ringlog_write(&log, 0, SLICE("a line of some length that fills the ring\n"));
    }
    ck_assert(log.gave_up);
    pid_t pid = start_ready_logger();
    struct message note = hear();
    ck_assert_uint_eq(note.type, MESSAGE_NOTE);
    ck_assert_ptr_nonnull(strstr(note.text, "3 log lines of slot 2"));
    stop_logger(pid);
    ck_assert_uint_eq(atomic_load(shm_reported(&shm, 2)), 3);
}
END_TEST

START_TEST(leaves_when_the_master_is_gone)
{
    put(2, 0, "before\n");
    pid_t pid = start_ready_logger();
    close(channel);
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_str_eq(tempdir_read("a"), "before\n");
}
END_TEST

UNIT_SUITE(logger)
{
    tcase_add_checked_fixture(unit_case, begin, end);
    UNIT_TEST(writes_what_is_in_the_rings);
    UNIT_TEST(is_woken_when_it_sleeps);
    UNIT_TEST(hears_of_much_that_is_gathered);
    UNIT_TEST(loses_nothing_when_it_is_killed);
    UNIT_TEST(takes_again_what_was_not_written);
    UNIT_TEST(takes_files_handed_over);
    UNIT_TEST(forgets_a_file_after_its_last_line);
    UNIT_TEST(tells_of_a_disk_that_takes_nothing);
    UNIT_TEST(tells_of_lines_that_were_dropped);
    UNIT_TEST(leaves_when_the_master_is_gone);
}
