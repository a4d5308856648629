#include "common/fdutil.h"
#include "common/xalloc.h"
#include "server/builtin_config.h"
#include "server/cmdline.h"
#include "server/commands.h"
#include "server/program.h"
#include "server/signals.h"
#include "server/start.h"
#include "server/title.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_CONFIG TINYHTTPD_SYSCONFDIR "/tinyhttpd/tinyhttpd.conf"
#define DEFAULT_PREFIX TINYHTTPD_PREFIX "/share/tinyhttpd/"

/* Absolute: the daemon changes its working directory, and reloads later. */
static char *absolute_path(const char *path, const char *base)
{
    if (path[0] == '/') {
        return xstrdup(path);
    }
    char here[PATH_MAX];
    if (base == NULL && getcwd(here, sizeof(here)) == NULL) {
        return xstrdup(path);
    }
    return base != NULL ? xasprintf("%s%s", base, path) : xasprintf("%s/%s", here, path);
}

static char *make_prefix(const struct cmdline *cmdline)
{
    if (cmdline->prefix == NULL) {
        return xstrdup(DEFAULT_PREFIX);
    }
    char *path = absolute_path(cmdline->prefix, NULL);
    size_t len = strlen(path);
    char *prefix = xasprintf("%s%s", path, path[len - 1] == '/' ? "" : "/");
    free(path);
    return prefix;
}

static int act(const struct cmdline *cmdline, const struct config_source *source,
               const char *banner)
{
    switch (cmdline->action) {
    case ACTION_TEST:
    case ACTION_DUMP:
        return command_test(source, cmdline);
    case ACTION_SIGNAL:
        return command_signal(source, cmdline);
    case ACTION_TOP:
        return command_top(source);
    case ACTION_VERSION:
    case ACTION_BUILD:
        return command_version(cmdline->action == ACTION_BUILD);
    case ACTION_HELP:
        return command_help();
    default:
        return start_server(source, banner);
    }
}

static struct config_source common_source(const struct cmdline *cmdline)
{
    return (struct config_source){
        .globals = cmdline->globals,
        .error_log = cmdline->error_log,
        .privileged = geteuid() == 0,
    };
}

static int act_on_directory(const struct cmdline *cmdline)
{
    struct builtin builtin;
    const char *problem = builtin_make(&builtin, cmdline->directory, cmdline->listen);
    int status = EXIT_FAILED;
    if (problem != NULL) {
        dprintf(STDERR_FILENO, "tinyhttpd: [emerg] cannot serve \"%s\"%s%s: %s\n",
                cmdline->directory, cmdline->listen == NULL ? "" : " on ",
                cmdline->listen == NULL ? "" : cmdline->listen, problem);
    } else {
        struct config_source source = common_source(cmdline);
        source.path = "built-in configuration";
        source.text = builtin.text;
        source.prefix = builtin.prefix;
        status = act(cmdline, &source, builtin.banner);
    }
    builtin_free(&builtin);
    return status;
}

/* Whoever starts the program for the first time has no configuration yet. */
static bool has_configuration(const struct cmdline *cmdline, const char *path)
{
    bool needed = cmdline->action <= ACTION_TOP && cmdline->config == NULL;
    if (!needed || access(path, F_OK) == 0) {
        return true;
    }
    dprintf(STDERR_FILENO,
            "tinyhttpd: [emerg] there is no %s\n"
            "       help: serve a directory without one: tinyhttpd DIR\n"
            "             or name the configuration: tinyhttpd -c FILE\n",
            path);
    return false;
}

static int act_on_configuration(const struct cmdline *cmdline)
{
    char *prefix = make_prefix(cmdline);
    const char *base = cmdline->prefix == NULL ? NULL : prefix;
    const char *config = cmdline->config == NULL ? DEFAULT_CONFIG : cmdline->config;
    char *path = absolute_path(config, base);
    struct config_source source = common_source(cmdline);
    source.path = path;
    source.prefix = prefix;
    int status =
        has_configuration(cmdline, path) ? act(cmdline, &source, NULL) : EXIT_FAILED;
    free(path);
    free(prefix);
    return status;
}

int main(int argc, char **argv)
{
    signals_block();
    fd_open_standard();
    char **words = title_init(argc, argv);
    program_init(words);
    struct cmdline cmdline;
    char error[256];
    if (!cmdline_parse(argc, words, &cmdline, error, sizeof(error))) {
        dprintf(STDERR_FILENO, "tinyhttpd: [emerg] %s\n%s", error, cmdline_help);
        return EXIT_USAGE;
    }
    return cmdline.directory != NULL ? act_on_directory(&cmdline)
                                     : act_on_configuration(&cmdline);
}
