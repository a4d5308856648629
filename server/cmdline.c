#include "server/cmdline.h"
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char cmdline_help[] =
    "usage: tinyhttpd [-hqTtVv] [-c file] [-e file] [-g directives] [-p prefix]\n"
    "                 [-s signal | -s status [--json] | top]\n"
    "       tinyhttpd [-g directives] DIR [[ADDRESS:]PORT]\n"
    "\n"
    "  DIR            serve this directory in the foreground, on localhost:8080 or the\n"
    "                 address that follows (*:80 is every address of the machine)\n"
    "  -c file        configuration file (default: " TINYHTTPD_SYSCONFDIR
    "/tinyhttpd/tinyhttpd.conf)\n"
    "  -e file        error log where the configuration names none; stderr\n"
    "  -g directives  of the main context, beside those of the file\n"
    "  -h             this help\n"
    "  -p prefix      directory that relative paths start from "
    "(default: " TINYHTTPD_PREFIX "/share/tinyhttpd)\n"
    "  -q             only errors, with -t and -s\n"
    "  -s signal      to the running master: stop, quit, reload, reopen, upgrade\n"
    "  -s status      what it and its workers do; with --json for programs\n"
    "  top            the same, live in a terminal (a directory of that name: ./top)\n"
    "  -t             test the configuration, changing nothing\n"
    "  -T             as -t, and print the effective configuration\n"
    "  -v             version\n"
    "  -V             version, and how it was built\n";

static const struct cmdline_word words[] = {
    {"stop", SIGINT, false},   {"quit", SIGQUIT, false},   {"reload", SIGHUP, true},
    {"reopen", SIGUSR1, true}, {"upgrade", SIGUSR2, true}, {"status", 0, true},
};

static const struct cmdline_word *find_word(const char *name)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(name, words[i].name) == 0) {
            return &words[i];
        }
    }
    return NULL;
}

/* Options without an argument: each stands for an action, but for -q. */
static const struct {
    char letter;
    enum cmdline_action action;
} actions[] = {
    {'t', ACTION_TEST},  {'T', ACTION_DUMP}, {'v', ACTION_VERSION},
    {'V', ACTION_BUILD}, {'h', ACTION_HELP}, {'s', ACTION_SIGNAL},
};

static void set_action(struct cmdline *out, int letter)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (actions[i].letter == letter) {
            out->action = actions[i].action;
        }
    }
}

#define OPTION_JSON 256

static const struct option long_options[] = {
    {"json", no_argument, NULL, OPTION_JSON},
    {NULL, 0, NULL, 0},
};

static const char **option_place(struct cmdline *out, int letter)
{
    switch (letter) {
    case 'c':
        return &out->config;
    case 'p':
        return &out->prefix;
    case 'g':
        return &out->globals;
    case 'e':
        return &out->error_log;
    default:
        return NULL;
    }
}

/* One option as getopt found it. */
static bool take_option(struct cmdline *out, int letter, char *error, size_t room)
{
    if (letter == OPTION_JSON) {
        out->json = true;
        return true;
    }
    const char **place = option_place(out, letter);
    if (place != NULL) {
        *place = optarg;
        return true;
    }
    if (letter == 's' && (out->word = find_word(optarg)) == NULL) {
        snprintf(
            error, room,
            "invalid signal \"%s\": expected stop, quit, reload, reopen, upgrade, status",
            optarg);
        return false;
    }
    if (letter == '?' || letter == ':') {
        snprintf(error, room,
                 letter == ':' ? "option -%c needs an argument" : "invalid option -%c",
                 optopt);
        return false;
    }
    out->quiet = out->quiet || letter == 'q';
    set_action(out, letter);
    return true;
}

static bool take_top(struct cmdline *out, char **rest, char *error, size_t room)
{
    if (rest[1] != NULL || out->action != ACTION_SERVE) {
        snprintf(error, room,
                 rest[1] != NULL
                     ? "\"%s\" follows top (a directory of that name is ./top)"
                     : "top and an option that does something else",
                 rest[1]);
        return false;
    }
    out->action = ACTION_TOP;
    return true;
}

static bool take_directory(struct cmdline *out, char **rest, char *error, size_t room)
{
    if (rest[0] == NULL) {
        return true;
    }
    if (strcmp(rest[0], "top") == 0) {
        return take_top(out, rest, error, room);
    }
    if (rest[1] != NULL && rest[2] != NULL) {
        snprintf(error, room, "\"%s\" follows directory and address", rest[2]);
        return false;
    }
    if (out->config != NULL) {
        snprintf(error, room,
                 "-c names a configuration, \"%s\" a directory to serve "
                 "without one: give one of them",
                 rest[0]);
        return false;
    }
    out->directory = rest[0];
    out->listen = rest[1];
    return true;
}

bool cmdline_parse(int argc, char **argv, struct cmdline *out, char *error, size_t room)
{
    *out = (struct cmdline){.action = ACTION_SERVE};
    optind = 1;
    opterr = 0;
    int letter;
    while ((letter = getopt_long(argc, argv, ":c:p:g:e:s:tTqvVh", long_options, NULL)) !=
           -1) {
        if (letter == '?' && (optopt == 0 || optopt == OPTION_JSON)) {
            snprintf(error, room, "invalid option \"%s\"", argv[optind - 1]);
            return false;
        }
        if (!take_option(out, letter, error, room)) {
            return false;
        }
    }
    bool is_status = out->word != NULL && strcmp(out->word->name, "status") == 0;
    if (out->json && !is_status) {
        snprintf(error, room, "--json goes with -s status");
        return false;
    }
    return take_directory(out, argv + optind, error, room);
}
