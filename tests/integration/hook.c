/*
 * hook.c - a server that fails when a test wants it to, in place of server/hook.c.
 *
 * A request for /hook/WHAT makes its worker fail in that way. A worker that starts reads
 * the file that TINYHTTPD_HOOK names: lines of a slot's number (or *) and WHAT.
 *
 *   abort, segv, exit    dies
 *   loop                 turns on the spot for good
 *   unfit                at the start: says why it cannot start
 *   memory               touches 64 MiB and keeps them
 *
 * Its clocks go wrong by what the file of that name and ".clock" holds, if it is there at
 * the start: two numbers of 64 bits, seconds of the wall clock and of the monotonic one.
 */
#include "server/hook.h"
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define WHAT_MAX     16
#define MEMORY_BYTES ((size_t)64 << 20)

static void turn_on_the_spot(void)
{
    for (volatile int forever = 1; forever;) {
        /* no way out */
    }
}

static void keep_memory(void)
{
    static char *volatile kept; /* or it is taken for lost, or never asked for */
    kept = malloc(MEMORY_BYTES);
    if (kept != NULL) {
        memset(kept, 1, MEMORY_BYTES);
    }
}

static void fail(const char *what)
{
    if (strcmp(what, "abort") == 0) {
        abort();
    } else if (strcmp(what, "segv") == 0) {
        raise(SIGSEGV);
    } else if (strcmp(what, "exit") == 0) {
        _exit(7);
    } else if (strcmp(what, "loop") == 0) {
        turn_on_the_spot();
    } else if (strcmp(what, "memory") == 0) {
        keep_memory();
    }
}

static bool concerns(const char *whom, unsigned slot)
{
    return strcmp(whom, "*") == 0 || strtoul(whom, NULL, 10) == slot;
}

const char *hook_start(unsigned slot)
{
    const char *path = getenv("TINYHTTPD_HOOK");
    FILE *file = path == NULL ? NULL : fopen(path, "re");
    char whom[WHAT_MAX], what[WHAT_MAX];
    const char *why = NULL;
    while (file != NULL && fscanf(file, "%15s %15s", whom, what) == 2) {
        if (concerns(whom, slot) && strcmp(what, "unfit") == 0) {
            why = "the test wants it so";
        } else if (concerns(whom, slot)) {
            fail(what);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return why;
}

void hook_request(struct slice path)
{
    struct slice prefix = SLICE("/hook/");
    if (slice_starts(path, prefix)) {
        char what[WHAT_MAX];
        struct slice rest = slice_from(path, prefix.len);
        snprintf(what, sizeof(what), "%.*s", (int)rest.len, rest.ptr);
        fail(what);
    }
}

/* --- clocks ------------------------------------------------------------------------- */

static const volatile int64_t *map_errors(void)
{
    const char *hook = getenv("TINYHTTPD_HOOK");
    char path[4096];
    snprintf(path, sizeof(path), "%s.clock", hook == NULL ? "" : hook);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *mapped = MAP_FAILED;
    if (fd >= 0) {
        mapped = mmap(NULL, 2 * sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
        close(fd);
    }
    static const int64_t none[2];
    return mapped == MAP_FAILED ? none : mapped;
}

/* In place of libc's. */
int clock_gettime(clockid_t which, struct timespec *time)
{
    static const volatile int64_t *errors;
    if (errors == NULL) {
        errors = map_errors();
    }
    int result = (int)syscall(SYS_clock_gettime, which, time);
    if (which == CLOCK_REALTIME || which == CLOCK_MONOTONIC) {
        time->tv_sec += (time_t)errors[which == CLOCK_MONOTONIC];
    }
    return result;
}
