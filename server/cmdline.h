/*
 * cmdline.h - the options of the program; tinyhttpd(8) describes them.
 */
#ifndef SERVER_CMDLINE_H
#define SERVER_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses of the program. */
enum exit_status {
    EXIT_OK = 0,
    EXIT_FAILED = 1,          /* configuration or run time */
    EXIT_USAGE = 2,           /* the command line itself */
    EXIT_ALREADY_RUNNING = 3, /* a master holds the pid file */
    EXIT_NO_MASTER = 3,       /* to a question: nobody holds it */
    EXIT_WORKERS_FAILED = 4,  /* workers did not become ready */
};

enum cmdline_action {
    ACTION_SERVE,
    ACTION_TEST,   /* -t */
    ACTION_DUMP,   /* -T */
    ACTION_SIGNAL, /* -s */
    ACTION_TOP,    /* the word */
    ACTION_VERSION,
    ACTION_BUILD, /* -V */
    ACTION_HELP,
};

/* What -s takes. */
struct cmdline_word {
    const char *name;
    int signal;    /* 0: it cannot be told by one */
    bool is_asked; /* over the control socket, and the answer waited for */
};

/* Pointers are the arguments themselves; NULL where an option was not given. */
struct cmdline {
    enum cmdline_action action;
    const char *config;
    const char *prefix;
    const char *globals;
    const char *error_log;
    const char *directory; /* DIR: serve this one, with the built-in configuration */
    const char *listen;    /* .. on this address instead of localhost:8080 */
    const struct cmdline_word *word; /* for ACTION_SIGNAL */
    bool quiet;
    bool json; /* --json, of -s status */
};

/* Returns false when the arguments make no sense; `error` says why then. */
bool cmdline_parse(int argc, char **argv, struct cmdline *out, char *error, size_t room);

extern const char cmdline_help[];

#endif
