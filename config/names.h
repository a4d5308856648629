/*
 * names.h - which server a host name belongs to: exact, longest "*.x", longest "x.*".
 * Three hash tables; a look-up costs one probe a label, whatever the number of names.
 */
#ifndef CONFIG_NAMES_H
#define CONFIG_NAMES_H

#include "common/hash.h"

struct names {
    struct hash exact;
    struct hash leading;  /* "*.example.org" under ".example.org" */
    struct hash trailing; /* "www.*" under "www." */
};

void names_init(struct names *names, struct arena *arena);

/*
 * Adds a lower-case name: "a.b", "*.b", "a.*", ".b" (= "b" and "*.b") or "". Returns
 * NULL, or the value that held the name before and still does.
 */
void *names_add(struct names *names, struct slice name, void *value);

/* `host` is folded to lower case, without port or trailing dot. NULL: no name matches. */
void *names_find(const struct names *names, struct slice host);

#endif
