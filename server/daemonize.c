#include "server/daemonize.h"
#include "common/fdutil.h"
#include "server/cmdline.h"
#include "server/signals.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAEMON_UMASK 027

/* The foreground: obeys signals again, so that a wait too long can be broken off. */
static void wait_for_verdict(int fd, pid_t child) __attribute__((noreturn));

static void wait_for_verdict(int fd, pid_t child)
{
    unsigned char code;
    ssize_t got;
    signals_reset();
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    do {
        got = read(fd, &code, 1);
    } while (got < 0 && errno == EINTR);
    if (got != 1) {
        dprintf(STDERR_FILENO, "tinyhttpd: [emerg] the server died while it started\n");
    }
    _exit(got == 1 ? code : EXIT_FAILED);
}

/* The second fork leaves a process that leads no session and so cannot get a terminal. */
static void leave_session(void)
{
    setsid();
    pid_t pid = fork();
    if (pid != 0) {
        _exit(pid < 0 ? EXIT_FAILED : EXIT_OK);
    }
}

void daemonize_surroundings(void)
{
    if (chdir("/") < 0) {
        dprintf(STDERR_FILENO, "tinyhttpd: [warn] chdir() to \"/\" failed\n");
    }
    umask(DAEMON_UMASK);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        if (null > STDERR_FILENO) {
            fd_close(null);
        }
    }
}

int daemonize(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return -1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        fd_close(ends[0]);
        fd_close(ends[1]);
        return -1;
    }
    if (pid > 0) {
        fd_close(ends[1]);
        wait_for_verdict(ends[0], pid);
    }
    fd_close(ends[0]);
    leave_session();
    daemonize_surroundings();
    return ends[1];
}

void daemonize_report(int *fd, int code)
{
    if (*fd >= 0) {
        unsigned char byte = (unsigned char)code;
        fd_write_all(*fd, &byte, 1);
        fd_close(*fd);
        *fd = -1;
    }
}
