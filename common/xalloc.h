/*
 * xalloc.h - allocation for what cannot be done without: start-up and small structures.
 *
 * These never return NULL: when memory is out they write one line to standard error and
 * abort. What a client can drive to be large is capped by the caller before it asks.
 */
#ifndef COMMON_XALLOC_H
#define COMMON_XALLOC_H

#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *ptr, size_t size);
char *xstrdup(const char *str);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Gives the system what is free, wherever in the heap. Takes time by the free blocks. */
void xtrim(void);

#endif
