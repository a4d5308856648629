#include "server/pidfile.h"
#include "tests/unit/server/tempdir.h"
#include "tests/unit/unit.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[512];

static void begin(void)
{
    tempdir_make();
    strcpy(path, tempdir_path("pid"));
}

/* A process that holds the file until the pipe's other end is closed. */
static pid_t hold_in_child(int *release)
{
    int started[2];
    int ends[2];
    ck_assert_int_eq(pipe(started), 0);
    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct pidfile pidfile = PIDFILE_NONE;
        pid_t holder;
        close(ends[1]);
        bool locked = pidfile_lock(&pidfile, path, &holder) == PIDFILE_OK;
        char byte = locked && pidfile_write(&pidfile) == 0 ? 'y' : 'n';
        if (write(started[1], &byte, 1) == 1 && read(ends[0], &byte, 1) == 0) {
            _exit(0);
        }
        _exit(1);
    }
    char byte = 0;
    ck_assert_int_eq(read(started[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'y');
    close(started[0]);
    close(started[1]);
    close(ends[0]);
    *release = ends[1];
    return pid;
}

static void let_go(pid_t pid, int release)
{
    close(release);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

/* As a command does that looks whether a master runs. */
START_TEST(waits_for_who_only_looks)
{
    begin();
    int fd = open(path, O_CREAT | O_RDONLY | O_CLOEXEC, 0600);
    ck_assert_int_eq(flock(fd, LOCK_SH), 0);
    pid_t looking = fork();
    if (looking == 0) {
        poll(NULL, 0, 15);
        _exit(0);
    }
    close(fd);
    struct pidfile pidfile = PIDFILE_NONE;
    pid_t holder;
    ck_assert_int_eq(pidfile_lock(&pidfile, path, &holder), PIDFILE_OK);
    ck_assert_int_eq(waitpid(looking, NULL, 0), looking);
    pidfile_remove(&pidfile);
}
END_TEST

START_TEST(writes_and_removes_its_own)
{
    begin();
    struct pidfile pidfile = PIDFILE_NONE;
    pid_t holder;
    ck_assert_int_eq(pidfile_lock(&pidfile, path, &holder), PIDFILE_OK);
    ck_assert_int_eq(pidfile_write(&pidfile), 0);
    ck_assert_int_eq(atol(tempdir_read("pid")), getpid());
    pidfile_remove(&pidfile);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(refuses_one_that_is_held_and_names_the_holder)
{
    begin();
    int release;
    pid_t child = hold_in_child(&release);
    struct pidfile pidfile = PIDFILE_NONE;
    pid_t holder = 0;
    ck_assert_int_eq(pidfile_lock(&pidfile, path, &holder), PIDFILE_HELD);
    ck_assert_int_eq(holder, child);
    holder = 0;
    ck_assert_int_eq(pidfile_find(path, &holder), PIDFILE_HELD);
    ck_assert_int_eq(holder, child);
    let_go(child, release);
    ck_assert_int_eq(pidfile_find(path, &holder), PIDFILE_OK);
    ck_assert_int_eq(pidfile_lock(&pidfile, path, &holder), PIDFILE_OK);
    pidfile_remove(&pidfile);
}
END_TEST

static const char *const stale[] = {"1234\n", "", "rubbish", "-1\n", "0\n", "1\n"};

START_TEST(believes_no_number_without_a_lock)
{
    begin();
    tempdir_write("pid", stale[_i]);
    pid_t holder = 0;
    ck_assert_int_eq(pidfile_find(path, &holder), PIDFILE_OK);
    struct pidfile pidfile = PIDFILE_NONE;
    ck_assert_int_eq(pidfile_lock(&pidfile, path, &holder), PIDFILE_OK);
    pidfile_remove(&pidfile);
}
END_TEST

START_TEST(leaves_the_file_of_another_alone)
{
    begin();
    struct pidfile pidfile = PIDFILE_NONE;
    pid_t holder;
    ck_assert_int_eq(pidfile_lock(&pidfile, path, &holder), PIDFILE_OK);
    ck_assert_int_eq(unlink(path), 0);
    tempdir_write("pid", "77\n");
    pidfile_remove(&pidfile);
    ck_assert_str_eq(tempdir_read("pid"), "77\n");
}
END_TEST

START_TEST(follows_no_link_and_opens_no_other_kind)
{
    begin();
    struct pidfile pidfile = PIDFILE_NONE;
    pid_t holder;
    tempdir_link("/etc/passwd", "pid");
    ck_assert_int_eq(pidfile_lock(&pidfile, path, &holder), PIDFILE_ERROR);
    ck_assert_int_eq(errno, ELOOP);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(pidfile_lock(&pidfile, path, &holder), PIDFILE_ERROR);
    ck_assert_int_eq(pidfile_lock(&pidfile, "/nonexistent/dir/pid", &holder),
                     PIDFILE_ERROR);
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(moves_aside_and_back)
{
    begin();
    struct pidfile pidfile = PIDFILE_NONE;
    pid_t holder;
    ck_assert_int_eq(pidfile_lock(&pidfile, path, &holder), PIDFILE_OK);
    ck_assert_int_eq(pidfile_move(&pidfile, NULL), 0); /* it never left */
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_eq(pidfile_move(&pidfile, ".old"), 0);
    ck_assert_int_eq(access(path, F_OK), -1);
    ck_assert_int_eq(access(tempdir_path("pid.old"), F_OK), 0);
    ck_assert_int_eq(pidfile_move(&pidfile, NULL), 0);
    ck_assert_str_eq(pidfile.path, path);
    ck_assert_int_eq(access(path, F_OK), 0);
    pidfile_remove(&pidfile);
}
END_TEST

START_TEST(does_nothing_where_there_is_none)
{
    struct pidfile pidfile = PIDFILE_NONE;
    ck_assert_int_eq(pidfile_write(&pidfile), 0);
    pidfile_remove(&pidfile);
    pid_t holder;
    ck_assert_int_eq(pidfile_find("/nonexistent/pid", &holder), PIDFILE_ERROR);
}
END_TEST

UNIT_SUITE(pidfile)
{
    UNIT_TEST(waits_for_who_only_looks);
    UNIT_TEST(writes_and_removes_its_own);
    UNIT_TEST(refuses_one_that_is_held_and_names_the_holder);
    UNIT_LOOP(believes_no_number_without_a_lock, 0,
              (int)(sizeof(stale) / sizeof(stale[0])));
    UNIT_TEST(leaves_the_file_of_another_alone);
    UNIT_TEST(follows_no_link_and_opens_no_other_kind);
    UNIT_TEST(moves_aside_and_back);
    UNIT_TEST(does_nothing_where_there_is_none);
}
