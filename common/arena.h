/*
 * arena.h - memory that is given back all at once.
 *
 * Three lifetimes use it: the configuration (replaced whole by a reload), a connection,
 * a request (reset between requests). Nothing is freed one by one. Allocation never
 * fails (see xalloc.h). Free space is poisoned under AddressSanitizer, and in the torture
 * build every allocation is a malloc of its own, so that any use past a reset is seen.
 */
#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

#include "common/slice.h"
#include <stdarg.h>
#include <stddef.h>

struct arena;

/* chunk: bytes asked of malloc at a time; larger requests get a chunk of their own. */
struct arena *arena_create(size_t chunk);
void arena_destroy(struct arena *arena); /* NULL is allowed */

/* Forgets every allocation and keeps the first chunk for the next use. */
void arena_reset(struct arena *arena);

/* Aligned for any type; the content is undefined (arena_alloc) or zero (arena_zero). */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_zero(struct arena *arena, size_t size);

/* Zero, and begins where a line of the cache does (cache_line.h). */
void *arena_zero_line(struct arena *arena, size_t size);

/* A copy of the bytes, of both in a row, with a NUL after the last that the length does
 * not count. */
struct slice arena_slice(struct arena *arena, struct slice bytes);
struct slice arena_join(struct arena *arena, struct slice a, struct slice b);
char *arena_strdup(struct arena *arena, const char *str);
char *arena_cstr(struct arena *arena, struct slice bytes);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Bytes held from malloc, for tests: that a reset gives back what it should. */
size_t arena_footprint(const struct arena *arena);

#endif
