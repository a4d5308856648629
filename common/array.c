#include "common/array.h"
#include <assert.h>
#include <stdint.h>
#include <string.h>

#define FIRST_CAPACITY 8

/* The old place stays behind in the arena: doubling keeps the waste below one half. */
static void grow(struct array *array, struct arena *arena)
{
    size_t capacity = array->capacity == 0 ? FIRST_CAPACITY : array->capacity * 2;
    assert(capacity <= SIZE_MAX / 2 / array->item_size);
    void *items = arena_alloc(arena, capacity * array->item_size);
    if (array->count != 0) {
        memcpy(items, array->items, array->count * array->item_size);
    }
    array->items = items;
    array->capacity = capacity;
}

void *array_push(struct array *array, struct arena *arena)
{
    assert(array->item_size != 0);
    if (array->count == array->capacity) {
        grow(array, arena);
    }
    array->count++;
    return memset(array_at(array, array->count - 1), 0, array->item_size);
}

void *array_at(const struct array *array, size_t index)
{
    assert(index < array->count);
    return (char *)array->items + index * array->item_size;
}
