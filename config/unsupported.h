/*
 * unsupported.h - directives that people's files have and this server does not.
 *
 * Harmless tuning loads with a warning; what would change the meaning of a site if it
 * were ignored is an error, and the row says what to do instead.
 */
#ifndef CONFIG_UNSUPPORTED_H
#define CONFIG_UNSUPPORTED_H

#include "common/slice.h"

enum verdict {
    VERDICT_IGNORE, /* warn once, load */
    VERDICT_REFUSE,
};

struct unsupported {
    const char *patterns; /* separated by spaces: a name, "ssl_*", "*_hash_max_size" */
    enum verdict verdict;
    const char *advice; /* one line */
};

extern const struct unsupported unsupported[];
extern const size_t unsupported_count;

/* The first row that matches, or NULL. */
const struct unsupported *unsupported_find(struct slice name);

#endif
