/*
 * site.h - the site that a fuzz target serves: a few files in a directory of its own,
 * made once and removed at the end, and what the server logs about requests for them.
 */
#ifndef TESTS_FUZZ_SITE_H
#define TESTS_FUZZ_SITE_H

#include "common/clock.h"
#include "config/build.h"
#include "server/request.h"
#include "tests/fuzz/invariant.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SITE_MTIME 784111777 /* long gone, so that entity tags are strong */

static char site_prefix[32]; /* with a slash */

static inline const char *site_path(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s%s", site_prefix, name);
    return path;
}

static inline void site_date(const char *name)
{
    struct timespec times[2] = {{0, UTIME_OMIT}, {SITE_MTIME, 0}};
    INVARIANT(utimensat(AT_FDCWD, site_path(name), times, 0) == 0);
}

static inline void site_directory(const char *name)
{
    INVARIANT(mkdir(site_path(name), 0755) == 0);
}

/* `size` bytes of text that tell where they stand. */
static inline void site_file(const char *name, size_t size)
{
    FILE *file = fopen(site_path(name), "w");
    INVARIANT(file != NULL);
    for (size_t i = 0; i < size; i++) {
        putc(i % 64 == 63 ? '\n' : (int)('0' + i % 64), file);
    }
    fclose(file);
    site_date(name);
}

static inline void site_remove(void)
{
    char command[64];
    snprintf(command, sizeof(command), "rm -r %s", site_prefix);
    INVARIANT(system(command) == 0);
}

static inline void site_begin(void)
{
    strcpy(site_prefix, "/tmp/fuzz-XXXXXX");
    INVARIANT(mkdtemp(site_prefix) != NULL && chmod(site_prefix, 0755) == 0);
    strcat(site_prefix, "/");
    atexit(site_remove);
}

/* A line of an error log holds no byte that a terminal or a reader of lines obeys. */
static inline void site_take_error(void *context, uint32_t file, struct slice line)
{
    (void)context;
    (void)file;
    INVARIANT(line.len > 0 && line.ptr[line.len - 1] == '\n');
    for (size_t i = 0; i + 1 < line.len; i++) {
        INVARIANT((unsigned char)line.ptr[i] >= ' ' && line.ptr[i] != 0x7f);
    }
}

/* NULL when it does not load; `diag` has been given an arena. */
static inline struct config *site_load(const char *text, struct diagnostics *diag)
{
    struct config_source source = {
        .path = "fuzz.conf", .text = text, .prefix = site_prefix};
    return config_load(&source, diag);
}

static inline struct sockaddr_in site_peer(void)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(40000),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

#endif
