/*
 * builtin_config.h - the configuration of `tinyhttpd DIR`.
 */
#ifndef SERVER_BUILTIN_CONFIG_H
#define SERVER_BUILTIN_CONFIG_H

#include "config/build.h"
#include <stdbool.h>

#define BUILTIN_PORT 8080

struct builtin {
    char *directory; /* absolute */
    char *prefix;    /* the same, with a slash at the end */
    char *text;      /* the configuration */
    char *banner;    /* one line: what is served where, and how to stop */
};

/*
 * `listen` is an address as the directive takes it; NULL or a bare port mean localhost,
 * so that a folder is shown to the network only when that is asked for. Returns NULL, or
 * what is wrong with the directory or the address. builtin_free() in either case.
 */
const char *builtin_make(struct builtin *out, const char *directory, const char *listen);
void builtin_free(struct builtin *builtin);

#endif
