/*
 * served_file.h - serve.h with old files, links and questions with fields of their own.
 */
#ifndef TESTS_UNIT_SERVER_SERVED_FILE_H
#define TESTS_UNIT_SERVER_SERVED_FILE_H

#include "tests/unit/server/serve.h"
#include <fcntl.h>

#define LONG_AGO 1700000000 /* Tue, 14 Nov 2023 22:13:20 GMT */

static inline const char *served_path(const char *path)
{
    static char name[256];
    snprintf(name, sizeof(name), "%s%s", serve.prefix, path);
    return name;
}

/* A file whose time stamp is old enough for a strong ETag. */
static inline void served_file(const char *path, const char *content, long age)
{
    serve_file(path, content);
    struct timespec times[2] = {{0, UTIME_OMIT}, {LONG_AGO - age, 0}};
    ck_assert_int_eq(utimensat(AT_FDCWD, served_path(path), times, 0), 0);
}

/* "GET target" with more field lines, each ended by CRLF. */
static inline unsigned served_get(const char *target, const char *fields)
{
    static char head[4096];
    snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", target, fields);
    return serve_ask(head);
}

static inline bool served_log_has(const char *text)
{
    return strstr(serve_text(&serve.error_log), text) != NULL;
}

#endif
