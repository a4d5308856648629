#include "server/signals.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NO_FLAG SIGNAL_FLAG_COUNT

/* Which flag a signal raises, in the master and in a worker; NO_FLAG: it is ignored. */
static const struct row {
    int number;
    enum signal_flag master;
    enum signal_flag worker;
} rows[] = {
    {SIGCHLD, SIGNAL_CHILD, NO_FLAG},   {SIGTERM, SIGNAL_TERM, SIGNAL_TERM},
    {SIGINT, SIGNAL_STOP, SIGNAL_STOP}, {SIGQUIT, SIGNAL_QUIT, SIGNAL_QUIT},
    {SIGHUP, SIGNAL_RELOAD, NO_FLAG},   {SIGUSR1, SIGNAL_REOPEN, SIGNAL_REOPEN},
    {SIGWINCH, SIGNAL_DRAIN, NO_FLAG},  {SIGUSR2, SIGNAL_UPGRADE, NO_FLAG},
    {SIGALRM, NO_FLAG, NO_FLAG},
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static volatile sig_atomic_t raised[SIGNAL_FLAG_COUNT];
static volatile sig_atomic_t in_worker;
static volatile sig_atomic_t wake = -1;
static sigset_t found_mask;

static void handle(int number)
{
    int saved = errno;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        enum signal_flag flag = in_worker ? rows[i].worker : rows[i].master;
        if (rows[i].number == number && flag != NO_FLAG) {
            raised[flag] = 1;
        }
    }
    if (wake >= 0 && write(wake, "", 1) < 0) {
        /* The pipe is full: the loop has enough to wake up for. */
    }
    errno = saved;
}

static void handled_set(sigset_t *set)
{
    sigemptyset(set);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        sigaddset(set, rows[i].number);
    }
}

static void set_action(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigfillset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void signals_block(void)
{
    sigset_t set;
    handled_set(&set);
    sigprocmask(SIG_BLOCK, &set, &found_mask);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        sigdelset(&found_mask, rows[i].number);
    }
    set_action(SIGPIPE, SIG_IGN);
    set_action(SIGXFSZ, SIG_IGN);
}

void signals_install_master(void)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        set_action(rows[i].number, rows[i].master == NO_FLAG ? SIG_IGN : handle);
    }
}

const sigset_t *signals_wait_mask(void)
{
    return &found_mask;
}

void signals_install_worker(int wake_fd)
{
    for (size_t i = 0; i < SIGNAL_FLAG_COUNT; i++) {
        raised[i] = 0;
    }
    in_worker = 1;
    wake = wake_fd;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        bool obeyed = rows[i].worker != NO_FLAG;
        set_action(rows[i].number, obeyed ? handle : SIG_IGN);
    }
}

void signals_install_logger(void)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        set_action(rows[i].number, SIG_IGN);
    }
}

void signals_reset(void)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        set_action(rows[i].number, SIG_DFL);
    }
    signals_unblock();
}

void signals_unblock(void)
{
    sigprocmask(SIG_SETMASK, &found_mask, NULL);
}

/* Clears only what it has seen: a worker's signals are let in, and one that comes between
 * the look and the clearing would be lost. */
bool signals_take(enum signal_flag flag)
{
    if (raised[flag] == 0) {
        return false;
    }
    raised[flag] = 0;
    return true;
}

const char *signals_name(int number)
{
    static const char *const names[] = {
        [SIGHUP] = "SIGHUP",   [SIGINT] = "SIGINT",   [SIGQUIT] = "SIGQUIT",
        [SIGILL] = "SIGILL",   [SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT",
        [SIGBUS] = "SIGBUS",   [SIGFPE] = "SIGFPE",   [SIGKILL] = "SIGKILL",
        [SIGUSR1] = "SIGUSR1", [SIGSEGV] = "SIGSEGV", [SIGUSR2] = "SIGUSR2",
        [SIGPIPE] = "SIGPIPE", [SIGALRM] = "SIGALRM", [SIGTERM] = "SIGTERM",
        [SIGSTOP] = "SIGSTOP", [SIGXCPU] = "SIGXCPU", [SIGXFSZ] = "SIGXFSZ",
        [SIGSYS] = "SIGSYS",
    };
    static char other[24];
    if (number > 0 && (size_t)number < sizeof(names) / sizeof(names[0]) &&
        names[number] != NULL) {
        return names[number];
    }
    snprintf(other, sizeof(other), "signal %d", number);
    return other;
}
