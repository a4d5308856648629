/*
 * array.h - a growing row of equal elements in an arena.
 *
 *     struct array names = ARRAY_OF(struct slice);
 *     struct slice *name = array_push(&names, arena);
 *     ARRAY_EACH(struct slice, name, &names) { ... }
 *
 * Elements move when the array grows: keep indices, not pointers, across a push.
 */
#ifndef COMMON_ARRAY_H
#define COMMON_ARRAY_H

#include "common/arena.h"
#include <stddef.h>

struct array {
    void *items;
    size_t count;
    size_t capacity;
    size_t item_size; /* bytes; 0 only in an array that was never initialised */
};

#define ARRAY_OF(type)                                                                   \
    (struct array)                                                                       \
    {                                                                                    \
        .item_size = sizeof(type)                                                        \
    }

#define ARRAY_EACH(type, item, array)                                                    \
    for (type *item = (array)->items;                                                    \
         (array)->count != 0 && item < (type *)(array)->items + (array)->count; item++)

/* A new, zeroed element at the end. */
void *array_push(struct array *array, struct arena *arena);

/* The element at `index`, which must be below the count (asserted). */
void *array_at(const struct array *array, size_t index);

#endif
