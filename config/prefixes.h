/*
 * prefixes.h - which location a path belongs to: a radix tree over exact and prefix
 * patterns. A search costs one walk down the path, whatever the number of patterns.
 */
#ifndef CONFIG_PREFIXES_H
#define CONFIG_PREFIXES_H

#include "common/arena.h"
#include "common/slice.h"

struct prefix_node;

struct prefixes {
    struct prefix_node *root;
    struct arena *arena;
};

void prefixes_init(struct prefixes *prefixes, struct arena *arena);

/* Returns NULL, or the value that this pattern (of the same kind) had already: then
 * nothing is changed. Patterns are not copied. */
void *prefixes_add_exact(struct prefixes *prefixes, struct slice pattern, void *value);
void *prefixes_add_prefix(struct prefixes *prefixes, struct slice pattern, void *value);

/* The exact match, else the longest prefix, else NULL. */
void *prefixes_find(const struct prefixes *prefixes, struct slice path);

#endif
