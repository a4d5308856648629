#include "common/arena.h"
#include "common/cache_line.h"
#include "common/flavour.h"
#include "common/xalloc.h"
#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef __has_feature
#define __has_feature(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define POISON(ptr, size)   __asan_poison_memory_region((ptr), (size))
#define UNPOISON(ptr, size) __asan_unpoison_memory_region((ptr), (size))
#define REDZONE             alignof(max_align_t)
#else
#define POISON(ptr, size)   ((void)(ptr), (void)(size))
#define UNPOISON(ptr, size) ((void)(ptr), (void)(size))
#define REDZONE             0
#endif

/* One malloc. `data` is cut from the front; `used` stays a multiple of the alignment. */
struct chunk {
    struct chunk *next;
    size_t room;
    size_t used;
    alignas(max_align_t) char data[];
};

struct arena {
    size_t chunk_room;
    struct chunk *shared; /* the newest first, which is the one that is cut */
    struct chunk *single; /* those that hold one large allocation each */
    size_t footprint;
};

struct arena *arena_create(size_t chunk)
{
    assert(chunk > sizeof(struct chunk));
    struct arena *arena = xcalloc(1, sizeof(*arena));
    /* Room for nothing sends every allocation to a chunk of its own. */
    arena->chunk_room = TORTURE ? 0 : chunk - sizeof(struct chunk);
    arena->footprint = sizeof(*arena);
    return arena;
}

static struct chunk *add_chunk(struct arena *arena, struct chunk **list, size_t room)
{
    struct chunk *chunk = xmalloc(sizeof(*chunk) + room);
    chunk->next = *list;
    chunk->room = room;
    chunk->used = 0;
    *list = chunk;
    arena->footprint += sizeof(*chunk) + room;
    POISON(chunk->data, room);
    return chunk;
}

/* Frees the list down to, and without, the chunk `keep`. */
static void free_chunks(struct arena *arena, struct chunk **list,
                        const struct chunk *keep)
{
    while (*list != keep) {
        struct chunk *chunk = *list;
        *list = chunk->next;
        arena->footprint -= sizeof(*chunk) + chunk->room;
        UNPOISON(chunk->data, chunk->room);
        free(chunk);
    }
}

void arena_destroy(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    free_chunks(arena, &arena->single, NULL);
    free_chunks(arena, &arena->shared, NULL);
    free(arena);
}

static struct chunk *first_chunk(const struct arena *arena)
{
    struct chunk *chunk = arena->shared;
    while (chunk != NULL && chunk->next != NULL) {
        chunk = chunk->next;
    }
    return chunk;
}

void arena_reset(struct arena *arena)
{
    struct chunk *first = first_chunk(arena);
    free_chunks(arena, &arena->single, NULL);
    free_chunks(arena, &arena->shared, first);
    if (first != NULL) {
        first->used = 0;
        POISON(first->data, first->room);
    }
}

/* The bytes that `size` occupies in a chunk, so that the next allocation is aligned. */
static size_t cut_size(size_t size)
{
    const size_t unit = alignof(max_align_t);
    return (size + unit - 1) / unit * unit + REDZONE;
}

/* Of a new chunk, or of one of its own. */
static __attribute__((noinline)) void *alloc_new(struct arena *arena, size_t size)
{
    size_t cut = cut_size(size);
    bool shares = cut <= arena->chunk_room;
    struct chunk *chunk = shares ? add_chunk(arena, &arena->shared, arena->chunk_room)
                                 : add_chunk(arena, &arena->single, size);
    chunk->used = shares ? cut : 0;
    UNPOISON(chunk->data, size);
    return chunk->data;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    assert(size < SIZE_MAX / 2);
    size_t cut = cut_size(size);
    struct chunk *chunk = arena->shared;
    if (chunk == NULL || cut > chunk->room - chunk->used) {
        return alloc_new(arena, size);
    }
    char *memory = chunk->data + chunk->used;
    chunk->used += cut;
    UNPOISON(memory, size);
    return memory;
}

void *arena_zero(struct arena *arena, size_t size)
{
    return memset(arena_alloc(arena, size), 0, size);
}

void *arena_zero_line(struct arena *arena, size_t size)
{
    char *memory = arena_zero(arena, size + CACHE_LINE - 1);
    char *line = memory + (-(uintptr_t)memory & (CACHE_LINE - 1));
    POISON(line + size, (size_t)(memory + CACHE_LINE - 1 - line));
    return line;
}

char *arena_cstr(struct arena *arena, struct slice bytes)
{
    char *copy = arena_alloc(arena, bytes.len + 1);
    if (bytes.len != 0) {
        memcpy(copy, bytes.ptr, bytes.len);
    }
    copy[bytes.len] = '\0';
    return copy;
}

struct slice arena_slice(struct arena *arena, struct slice bytes)
{
    if (bytes.ptr == NULL) {
        return bytes;
    }
    return slice_of(arena_cstr(arena, bytes), bytes.len);
}

struct slice arena_join(struct arena *arena, struct slice a, struct slice b)
{
    char *joined = arena_alloc(arena, a.len + b.len + 1);
    if (a.len != 0) {
        memcpy(joined, a.ptr, a.len);
    }
    if (b.len != 0) {
        memcpy(joined + a.len, b.ptr, b.len);
    }
    joined[a.len + b.len] = '\0';
    return slice_of(joined, a.len + b.len);
}

char *arena_strdup(struct arena *arena, const char *str)
{
    return arena_cstr(arena, slice_str(str));
}

COLD char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    assert(len >= 0);
    size_t size = (size_t)len + 1;
    char *text = arena_alloc(arena, size);
    vsnprintf(text, size, format, args);
    return text;
}

COLD char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

size_t arena_footprint(const struct arena *arena)
{
    return arena->footprint;
}
