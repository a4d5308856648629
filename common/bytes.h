/*
 * bytes.h - copies that do not wait.
 */
#ifndef COMMON_BYTES_H
#define COMMON_BYTES_H

#include <string.h>

/*
 * memcpy, always called. A build for size puts an instruction of the processor in its
 * place, which begins slowly, and who reads the copy at once waits for all of it. For the
 * copies of each request; the compiler leaves memmove alone.
 */
static inline void *bytes_copy(void *to, const void *from, size_t len)
{
    return memmove(to, from, len);
}

#endif
