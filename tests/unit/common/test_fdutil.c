#include "common/fdutil.h"
#include "tests/unit/unit.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static size_t count_open(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 256; fd++) {
        count += is_open(fd);
    }
    return count;
}

START_TEST(sets_and_clears_flags)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fd_set_nonblock(ends[0], true), 0);
    ck_assert_int_ne(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fd_set_nonblock(ends[0], false), 0);
    ck_assert_int_eq(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fd_set_cloexec(ends[0], true), 0);
    ck_assert_int_eq(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(fd_set_cloexec(ends[0], false), 0);
    ck_assert_int_eq(fcntl(ends[0], F_GETFD), 0);
    fd_close(ends[0]);
    fd_close(ends[1]);
    ck_assert_int_eq(fd_set_nonblock(ends[0], true), -1);
    ck_assert_int_eq(errno, EBADF);
}
END_TEST

START_TEST(closes_and_keeps_errno)
{
    int fd = open("/dev/null", O_RDONLY);
    errno = ENOENT;
    fd_close(fd);
    fd_close(fd);
    fd_close(-1);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert(!is_open(fd));
}
END_TEST

/* Reads until the other end closes, and leaves with success when all bytes are right. */
static void read_pattern(int fd, size_t expected)
{
    unsigned char bytes[64]; /* slower than the writer, which has to wait */
    size_t count = 0;
    ssize_t got;
    while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
        for (ssize_t i = 0; i < got; i++, count++) {
            if (bytes[i] != (unsigned char)(count % 251)) {
                _exit(EXIT_FAILURE);
            }
        }
    }
    _exit(count == expected ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* More than a pipe holds, to a descriptor that answers EAGAIN when it is full. */
START_TEST(writes_all_of_it)
{
    static unsigned char bytes[200000];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char)(i % 251);
    }
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fd_set_nonblock(ends[1], true), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        read_pattern(ends[0], sizeof(bytes));
    }
    close(ends[0]);
    ck_assert_int_eq(fd_write_all(ends[1], bytes, sizeof(bytes)), 0);
    close(ends[1]);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(fd_write_all(ends[1], "x", 1), -1);
    ck_assert_int_eq(errno, EBADF);
}
END_TEST

static void make_file(const char *path, size_t size)
{
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
    ck_assert_int_ge(fd, 0);
    for (size_t i = 0; i < size; i++) {
        char c = (char)('a' + i % 26);
        ck_assert_int_eq(write(fd, &c, 1), 1);
    }
    close(fd);
}

START_TEST(reads_a_file_up_to_the_limit)
{
    char dir[UNIT_TEMP_SIZE], path[64];
    unit_temp(dir);
    snprintf(path, sizeof(path), "%s/file", dir);
    make_file(path, 20000);
    struct buf out = {.limit = 20003};
    buf_append_str(&out, "abc");
    ck_assert_int_eq(fd_read_file(path, &out), 0);
    ck_assert_uint_eq(out.len, 20003);
    ck_assert_int_eq(out.data[3], 'a');
    ck_assert_int_eq(out.data[20002], 'a' + 19999 % 26);
    buf_clear(&out);
    buf_append_str(&out, "abcd");
    ck_assert_int_eq(fd_read_file(path, &out), -1);
    ck_assert_int_eq(errno, EFBIG);
    UNIT_SLICE_EQ(buf_slice(&out), "abcd");
    buf_free(&out);
}
END_TEST

START_TEST(reads_only_regular_files)
{
    size_t before = count_open();
    struct buf out = {0};
    ck_assert_int_eq(fd_read_file("/", &out), -1);
    ck_assert_int_eq(errno, EISDIR);
    ck_assert_int_eq(fd_read_file("/dev/null", &out), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(fd_read_file("/nonexistent", &out), -1);
    ck_assert_int_eq(errno, ENOENT);
    char dir[UNIT_TEMP_SIZE], fifo[64];
    unit_temp(dir);
    snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    ck_assert_int_eq(fd_read_file(fifo, &out), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_uint_eq(count_open(), before);
    ck_assert_uint_eq(out.len, 0);
}
END_TEST

/* From here on, close_range(2) answers as on a kernel that does not know it. */
static void forbid_close_range(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]),
                                 .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        _exit(2);
    }
}

static int close_from_100(bool without_close_range)
{
    if (without_close_range) {
        forbid_close_range();
    }
    dup2(STDERR_FILENO, 99);
    for (int fd = 100; fd < 200; fd += 3) {
        dup2(STDERR_FILENO, fd);
    }
    fd_close_from(100);
    for (int fd = 100; fd < 256; fd++) {
        if (is_open(fd)) {
            return EXIT_FAILURE;
        }
    }
    return is_open(99) && is_open(STDERR_FILENO) ? EXIT_SUCCESS : EXIT_FAILURE;
}

START_TEST(closes_from_a_number_up)
{
    pid_t child = fork();
    if (child == 0) {
        _exit(close_from_100(_i == 1));
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

static int pair[2];

static void make_pair(int type)
{
    ck_assert_int_eq(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, pair), 0);
}

static const int types[] = {SOCK_SEQPACKET, SOCK_DGRAM};

START_TEST(passes_descriptors)
{
    make_pair(types[_i]);
    int pipe_ends[2];
    ck_assert_int_eq(pipe(pipe_ends), 0);
    ck_assert_int_eq(fd_send(pair[0], "hello", 5, pipe_ends, 2), 0);
    ck_assert_int_eq(fd_send(pair[0], "x", 1, NULL, 0), 0);
    char bytes[16];
    size_t len = sizeof(bytes);
    int fds[FD_PASS_MAX];
    ck_assert_int_eq(fd_recv(pair[1], bytes, &len, fds, FD_PASS_MAX), 2);
    ck_assert(slice_eq(slice_of(bytes, len), SLICE("hello")));
    ck_assert_int_eq(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(write(fds[1], "!", 1), 1);
    char c = 0;
    ck_assert_int_eq(read(pipe_ends[0], &c, 1), 1);
    ck_assert_int_eq(c, '!');
    len = sizeof(bytes);
    ck_assert_int_eq(fd_recv(pair[1], bytes, &len, fds, FD_PASS_MAX), 0);
    ck_assert_uint_eq(len, 1);
}
END_TEST

START_TEST(passes_as_many_as_it_says)
{
    make_pair(SOCK_SEQPACKET);
    int fds[FD_PASS_MAX];
    for (size_t i = 0; i < FD_PASS_MAX; i++) {
        fds[i] = STDERR_FILENO;
    }
    ck_assert_int_eq(fd_send(pair[0], "x", 1, fds, FD_PASS_MAX), 0);
    char c;
    size_t len = 1;
    int got = fd_recv(pair[1], &c, &len, fds, FD_PASS_MAX);
    ck_assert_int_eq(got, FD_PASS_MAX);
}
END_TEST

START_TEST(refuses_what_does_not_fit_and_leaks_nothing)
{
    make_pair(SOCK_SEQPACKET);
    const int sent[] = {pair[0], pair[1], STDERR_FILENO};
    char bytes[4];
    int fds[2];
    size_t before = count_open();
    ck_assert_int_eq(fd_send(pair[0], "abc", 3, sent, 3), 0);
    size_t len = sizeof(bytes);
    ck_assert_int_eq(fd_recv(pair[1], bytes, &len, fds, 2), -1);
    ck_assert_int_eq(errno, EMSGSIZE);
    ck_assert_int_eq(fd_send(pair[0], "abcde", 5, sent, 2), 0);
    ck_assert_int_eq(fd_recv(pair[1], bytes, &len, fds, 2), -1);
    ck_assert_int_eq(errno, EMSGSIZE);
    ck_assert_uint_eq(count_open(), before);
}
END_TEST

START_TEST(tells_nothing_from_the_end)
{
    make_pair(SOCK_SEQPACKET);
    char c;
    size_t len = 1;
    ck_assert_int_eq(fd_recv(pair[1], &c, &len, NULL, 0), -1);
    ck_assert_int_eq(errno, EAGAIN);
    close(pair[0]);
    ck_assert_int_eq(fd_recv(pair[1], &c, &len, NULL, 0), -1);
    ck_assert_int_eq(errno, ECONNRESET);
    ck_assert_int_eq(fd_send(pair[1], "x", 1, NULL, 0), -1);
    ck_assert_int_eq(errno, EPIPE);
}
END_TEST

/* In a child: the test program needs its descriptors. Exits 0 when what should be open
 * is, and nothing else. */
static void close_others_of_four(void)
{
    for (int fd = 100; fd < 108; fd++) {
        dup2(STDERR_FILENO, fd);
    }
    int keep[] = {105, 101, 100, 105};
    fd_close_others(keep, 4);
    bool as_wanted = fcntl(STDERR_FILENO, F_GETFD) >= 0;
    for (int fd = STDERR_FILENO + 1; fd < 200; fd++) {
        bool kept = fd == 100 || fd == 101 || fd == 105;
        as_wanted = as_wanted && (fcntl(fd, F_GETFD) >= 0) == kept;
    }
    _exit(as_wanted ? 0 : 1);
}

START_TEST(closes_all_but_a_few)
{
    pid_t pid = fork();
    if (pid == 0) {
        close_others_of_four();
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* In a child, for the same reason. */
static void open_standard_without(int closed)
{
    close(closed);
    size_t before = count_open();
    bool opened = fd_open_standard() == 0;
    _exit(opened && is_open(closed) && count_open() == before + 1 ? 0 : 1);
}

START_TEST(opens_each_standard_descriptor)
{
    pid_t pid = fork();
    if (pid == 0) {
        open_standard_without(_i);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    size_t before = count_open();
    ck_assert_int_eq(fd_open_standard(), 0);
    ck_assert_uint_eq(count_open(), before);
}
END_TEST

UNIT_SUITE(fdutil)
{
    UNIT_TEST(sets_and_clears_flags);
    UNIT_TEST(closes_and_keeps_errno);
    UNIT_LOOP(opens_each_standard_descriptor, 0, 3);
    UNIT_TEST(writes_all_of_it);
    UNIT_TEST(reads_a_file_up_to_the_limit);
    UNIT_TEST(reads_only_regular_files);
    UNIT_LOOP(closes_from_a_number_up, 0, 2);
    UNIT_LOOP(passes_descriptors, 0, 2);
    UNIT_TEST(closes_all_but_a_few);
    UNIT_TEST(passes_as_many_as_it_says);
    UNIT_TEST(refuses_what_does_not_fit_and_leaks_nothing);
    UNIT_TEST(tells_nothing_from_the_end);
}
