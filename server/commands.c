#include "server/commands.h"
#include "common/fdutil.h"
#include "config/dump.h"
#include "server/control_ask.h"
#include "server/ev.h"
#include "server/pidfile.h"
#include "server/privileges.h"
#include "server/report.h"
#include "server/signals.h"
#include "server/start.h"
#include "server/top.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOP_ONCE "top 100" /* columns */

/* Whether the workers' user exists can be seen without becoming it. */
static bool check_user(const struct config *config)
{
    struct arena *arena = arena_create(4096);
    struct diagnostics diag;
    struct credentials credentials;
    diag_init(&diag, arena);
    bool known = privileges_resolve(&credentials, &config->set, &diag);
    report_print(&diag, true);
    privileges_free(&credentials);
    arena_destroy(arena);
    return known;
}

static void say_what_was_not_checked(void)
{
    dprintf(STDERR_FILENO,
            "tinyhttpd: [notice] a test binds no address and opens no log: whether they "
            "are free and can be written is seen at the start\n");
    if (geteuid() != 0) {
        dprintf(STDERR_FILENO,
                "tinyhttpd: [notice] not run as root: the \"user\" directive and ports "
                "below 1024 were not checked\n");
    }
}

static bool dump(const struct config *config)
{
    struct buf text = {0};
    dump_config(config, &text);
    bool written = fd_write_all(STDOUT_FILENO, text.data, text.len) == 0;
    buf_free(&text);
    return written;
}

int command_test(const struct config_source *source, const struct cmdline *cmdline)
{
    struct config *config = start_load(source, true, cmdline->quiet);
    bool ok = config != NULL && check_user(config);
    if (ok && !cmdline->quiet) {
        dprintf(STDERR_FILENO, "tinyhttpd: the configuration file %s syntax is ok\n",
                source->path);
        say_what_was_not_checked();
    }
    if (!ok || !cmdline->quiet) {
        dprintf(STDERR_FILENO, "tinyhttpd: configuration file %s test %s\n", source->path,
                ok ? "is successful" : "failed");
    }
    if (ok && cmdline->action == ACTION_DUMP) {
        ok = dump(config);
    }
    config_destroy(config);
    return ok ? EXIT_OK : EXIT_FAILED;
}

static int fail(const char *format, const char *path, const char *why)
{
    dprintf(STDERR_FILENO, format, path, why);
    return EXIT_FAILED;
}

/* The master of the pid file. 0: there is none, -1: nobody knows, which was said. */
static pid_t find_master(const char *path)
{
    pid_t holder = 0;
    enum pidfile_result result = pidfile_find(path, &holder);
    if (result == PIDFILE_ERROR && errno != ENOENT) {
        fail("tinyhttpd: [error] pid file \"%s\" cannot be read: %s\n", path,
             strerror(errno));
        return -1;
    }
    if (result != PIDFILE_HELD) {
        fail("tinyhttpd: [error] no master runs: nobody holds the pid file \"%s\"%s\n",
             path, "");
        return 0;
    }
    if (holder == 0) {
        fail("tinyhttpd: [error] the pid file \"%s\" is held, %s\n", path,
             "but has no pid yet");
    }
    return holder;
}

static int send_signal(const char *path, pid_t holder, int number)
{
    /* Every container has a process 1, and so has the system around it. */
    if (holder == 1 && control_pid(path) != 1) {
        return fail("tinyhttpd: [error] the pid file \"%s\" is held %s\n", path,
                    "by process 1 of another PID namespace");
    }
    if (kill(holder, number) < 0) {
        return fail("tinyhttpd: [error] the master of \"%s\" was not signalled: %s\n",
                    path, strerror(errno));
    }
    return EXIT_OK;
}

/* What is said of a configuration that the master would reject, it need not be asked. */
static bool is_loadable(const struct config_source *source)
{
    struct config *config = start_load(source, false, true);
    config_destroy(config);
    if (config == NULL) {
        dprintf(STDERR_FILENO, "tinyhttpd: [error] reload rejected: the configuration is "
                               "not valid, the server goes on with the one it has\n");
    }
    return config != NULL;
}

/* No signal asks for this. */
static int ask_status(const char *path, const char *question)
{
    int status = control_ask(path, question, false);
    return status >= 0
               ? status
               : fail("tinyhttpd: [error] the master of \"%s\" cannot be asked: %s\n",
                      path, strerror(errno));
}

/* By the word when it wants an answer, else by the signal. */
static int tell_master(const char *path, const struct config_source *source,
                       const struct cmdline *cmdline)
{
    const struct cmdline_word *word = cmdline->word;
    pid_t holder = find_master(path);
    if (holder <= 0) {
        return word->is_asked && holder == 0 ? EXIT_NO_MASTER : EXIT_FAILED;
    }
    if (word->signal == SIGHUP && !is_loadable(source)) {
        return EXIT_FAILED;
    }
    if (word->signal == 0) {
        return ask_status(path, cmdline->json ? "status json" : word->name);
    }
    int status = word->is_asked ? control_ask(path, word->name, cmdline->quiet) : -1;
    if (status >= 0) {
        return status;
    }
    if (word->is_asked) {
        dprintf(STDERR_FILENO, "tinyhttpd: [warn] the master has no control socket: "
                               "signalled, without an answer\n");
    }
    return send_signal(path, holder, word->signal);
}

/* NULL: there is none, which was said. */
static char *find_pid_path(const struct config_source *source)
{
    char *path = config_find_pid(source);
    if (path == NULL) {
        config_destroy(start_load(source, false, true)); /* says why */
    }
    return path;
}

int command_signal(const struct config_source *source, const struct cmdline *cmdline)
{
    signals_reset(); /* whoever waits for an answer may give up */
    char *path = find_pid_path(source);
    if (path == NULL) {
        return EXIT_FAILED;
    }
    int status = tell_master(path, source, cmdline);
    free(path);
    return status;
}

int command_top(const struct config_source *source)
{
    bool live = isatty(STDOUT_FILENO);
    if (!live) {
        signals_reset();
    }
    char *path = find_pid_path(source);
    if (path == NULL) {
        return EXIT_FAILED;
    }
    pid_t holder = find_master(path);
    int status = holder == 0 ? EXIT_NO_MASTER : EXIT_FAILED;
    if (holder > 0) {
        status = live ? top_run(path) : ask_status(path, TOP_ONCE);
    }
    free(path);
    return status;
}

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "an unknown compiler"
#endif

int command_version(bool details)
{
    dprintf(STDERR_FILENO, "tinyhttpd version: tinyhttpd/%s\n", TINYHTTPD_VERSION);
    if (details) {
        dprintf(STDERR_FILENO,
                "built by %s\n"
                "event back end: %s\n"
                "configuration: %s/tinyhttpd/tinyhttpd.conf\n"
                "prefix: %s/share/tinyhttpd/\n"
                "state: %s\n",
                COMPILER, ev_backend_name(), TINYHTTPD_SYSCONFDIR, TINYHTTPD_PREFIX,
                TINYHTTPD_LOCALSTATEDIR);
    }
    return EXIT_OK;
}

int command_help(void)
{
    fd_write_all(STDOUT_FILENO, cmdline_help, strlen(cmdline_help));
    return EXIT_OK;
}
