#include "common/xalloc.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

/* No stdio here: it may want memory itself. */
static _Noreturn void die(void)
{
    static const char message[] = "tinyhttpd: [emerg] out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, message, sizeof(message) - 1);
    (void)ignored;
    abort();
}

static void *or_die(void *memory)
{
    if (memory == NULL) {
        die();
    }
    return memory;
}

/* malloc(0) may answer NULL, which is no failure: ask for one byte instead. */
static size_t at_least_one(size_t size)
{
    return size == 0 ? 1 : size;
}

void *xmalloc(size_t size)
{
    return or_die(malloc(at_least_one(size)));
}

void *xcalloc(size_t count, size_t size)
{
    return or_die(calloc(at_least_one(count), at_least_one(size)));
}

void *xrealloc(void *ptr, size_t size)
{
    return or_die(realloc(ptr, at_least_one(size)));
}

char *xstrdup(const char *str)
{
    return or_die(strdup(str));
}

char *xasprintf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0) {
        die();
    }
    return text;
}

void xtrim(void)
{
#ifdef __GLIBC__
    malloc_trim(0); /* by itself it gives back the end of the heap, if anything */
#endif
}
