#include "server/commands.h"
#include "common/fdutil.h"
#include "config/dump.h"
#include "server/ev.h"
#include "server/pidfile.h"
#include "server/privileges.h"
#include "server/report.h"
#include "server/start.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

static int signal_holder(const char *path, int number)
{
    pid_t holder = 0;
    switch (pidfile_find(path, &holder)) {
    case PIDFILE_ERROR:
        return fail("tinyhttpd: [error] pid file \"%s\" cannot be read: %s\n", path,
                    strerror(errno));
    case PIDFILE_OK:
        return fail("tinyhttpd: [error] no master runs: nobody holds the pid file "
                    "\"%s\"%s\n",
                    path, "");
    default:
        break;
    }
    if (holder == 0) {
        return fail("tinyhttpd: [error] the pid file \"%s\" is held, %s\n", path,
                    "but has no pid yet");
    }
    if (kill(holder, number) < 0) {
        return fail("tinyhttpd: [error] the master of \"%s\" was not signalled: %s\n",
                    path, strerror(errno));
    }
    return EXIT_OK;
}

int command_signal(const struct config_source *source, const struct cmdline *cmdline)
{
    struct config *config = start_load(source, false, true);
    if (config == NULL) {
        return EXIT_FAILED;
    }
    int status = signal_holder(config->set.pid, cmdline->signal);
    config_destroy(config);
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
