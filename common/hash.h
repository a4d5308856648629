/*
 * hash.h - a map from byte strings to pointers, in an arena; built once, read often.
 *
 * Keys are compared byte by byte: fold the case before putting and getting where it does
 * not count. Long keys are not copied: a key has to live as long as the table. There is
 * no removal: a table lives and dies with its arena. Lookup is O(1) whatever the number
 * of keys (a keyed function, linear probing, load at most three quarters).
 */
#ifndef COMMON_HASH_H
#define COMMON_HASH_H

#include "common/arena.h"
#include "common/slice.h"
#include <stddef.h>
#include <stdint.h>

struct hash_mark;
struct hash_slot;

struct hash {
    struct hash_mark *marks; /* of the slots, in their order */
    struct hash_slot *slots;
    size_t count;
    size_t mask; /* slots - 1; a power of two less one, or 0 when empty */
    struct arena *arena;
};

void hash_init(struct hash *hash, struct arena *arena);

/* The value under `key`, or NULL. */
void *hash_get(const struct hash *hash, struct slice key);

/* Stores a non-NULL value. Returns the value that was there before, or NULL. */
void *hash_put(struct hash *hash, struct slice key, void *value);

/* The function itself, for tables that keep their own slots. */
uint32_t hash_bytes(const void *bytes, size_t len);

#endif
