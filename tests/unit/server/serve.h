/*
 * serve.h - requests without a socket: a configuration from text, a client made by hand,
 * and the bytes that a connection would send.
 */
#ifndef TESTS_UNIT_SERVER_SERVE_H
#define TESTS_UNIT_SERVER_SERVE_H

#include "common/clock.h"
#include "common/flavour.h"
#include "config/build.h"
#include "server/request.h"
#include "tests/unit/unit.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* One at a time: Check gives each test a process of its own. */
static struct serve {
    char prefix[UNIT_TEMP_SIZE + 1]; /* a directory of its own, with a slash */
    struct arena *arena;
    struct diagnostics diag;
    struct config *config;
    struct service service;
    struct client client;
    struct outq queue;
    struct request *request;
    struct buf head;       /* of the last answer, with a NUL */
    struct buf body;       /* its content, with a NUL */
    struct buf access_log; /* "<file index> <line>" */
    struct buf error_log;
} serve;

static inline void serve_take_access(void *context, uint32_t file, struct slice line)
{
    (void)context;
    buf_append_u64(&serve.access_log, file);
    buf_append_char(&serve.access_log, ' ');
    buf_append_slice(&serve.access_log, line);
}

static inline void serve_take_error(void *context, uint32_t file, struct slice line)
{
    (void)context;
    (void)file;
    buf_append_slice(&serve.error_log, line);
}

static inline void serve_explain(void)
{
    struct buf text = {0};
    ARRAY_EACH(struct diagnosis, diagnosis, &serve.diag.items)
    {
        diag_format(diagnosis, &text);
    }
    fwrite(text.data, 1, text.len, stderr);
    buf_free(&text);
}

static inline void serve_start(const char *config)
{
    clock_update();
    unit_temp(serve.prefix);
    strcat(serve.prefix, "/");
    serve.arena = arena_create(4096);
    diag_init(&serve.diag, serve.arena);
    struct config_source source = {
        .path = "test.conf", .text = config, .prefix = serve.prefix};
    serve.config = config_load(&source, &serve.diag);
    if (serve.config == NULL) {
        serve_explain();
        ck_abort_msg("the configuration does not load");
    }
    service_init(&serve.service, serve.config);
    serve.service.access_sink = serve_take_access;
    log_set_sink(serve_take_error, NULL);
    log_set_identity("worker", 1);
    serve.client = (struct client){
        .number = 57,
        .requests = 1,
        .socket = -1,
        .accepted_ms = clock_now_ms(),
        .address = serve.config->sockets[0]->addresses[0],
    };
    serve.client.peer.in.sin_family = AF_INET;
    serve.client.peer.in.sin_port = htons(40000);
    serve.client.peer.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

/* Ends the request under way, if there is one. */
static inline void serve_end(void)
{
    if (serve.request != NULL) {
        request_end(serve.request);
        serve.request = NULL;
    }
}

static inline void serve_stop(void)
{
    serve_end();
    service_clear(&serve.service);
    config_destroy(serve.config);
    arena_destroy(serve.arena);
    buf_free(&serve.head);
    buf_free(&serve.body);
    buf_free(&serve.access_log);
    buf_free(&serve.error_log);
}

/* A file beneath the prefix; `path` may name one new directory. */
static inline void serve_file(const char *path, const char *content)
{
    char name[256];
    snprintf(name, sizeof(name), "%s%s", serve.prefix, path);
    char *slash = strrchr(name, '/');
    *slash = '\0';
    mkdir(name, 0755);
    *slash = '/';
    FILE *file = fopen(name, "w");
    ck_assert_ptr_nonnull(file);
    fputs(content, file);
    fclose(file);
}

static inline struct request *serve_create(void)
{
    serve_end();
    serve.request = request_create(&serve.service, &serve.client);
    return serve.request;
}

/* Begins a request with these bytes. */
static inline struct request *serve_begin(const char *head)
{
    struct request *request = serve_create();
    size_t lines = 0;
    for (const char *at = head; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    request_begin(request, slice_str(head), lines);
    return request;
}

static inline void serve_append_segment(struct buf *out, const struct segment *segment)
{
    if (segment->memory != NULL) {
        buf_append(out, segment->memory, (size_t)segment->left);
        return;
    }
    ck_assert(buf_reserve(out, (size_t)segment->left));
    ssize_t got =
        pread(segment->fd, out->data + out->len, (size_t)segment->left, segment->offset);
    ck_assert_int_eq(got, (ssize_t)segment->left);
    out->len += (size_t)got;
}

/* Queues the answer and takes it apart, as if it had been sent. */
static inline void serve_queue(bool keep_alive)
{
    struct request *request = serve.request;
    serve.queue = (struct outq){0};
    request_queue(request, &serve.queue, keep_alive);
    buf_clear(&serve.head);
    buf_clear(&serve.body);
    struct buf *out = &serve.head;
    for (struct segment *at = serve.queue.first; at != NULL; at = at->next) {
        serve_append_segment(out, at);
        out = &serve.body;
    }
    request->bytes_sent = request->send_end - request->send_begin;
    request->complete = true;
    buf_append_char(&serve.head, '\0');
    buf_append_char(&serve.body, '\0');
}

/* The whole way: head bytes in, head and body out; returns the status. */
static inline unsigned serve_ask(const char *head)
{
    serve_begin(head);
    serve_queue(true);
    return serve.request->response.status;
}

/* The value of a field of the last answer, "" when it has none. */
static inline const char *serve_field(const char *name)
{
    static char value[1024];
    char start[128];
    snprintf(start, sizeof(start), "\r\n%s: ", name);
    const char *at = strstr(serve.head.data, start);
    value[0] = '\0';
    if (at != NULL) {
        at += strlen(start);
        snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r"), at);
    }
    return value;
}

static inline const char *serve_text(struct buf *log)
{
    buf_append_char(log, '\0');
    log->len--;
    return log->data;
}

#define ASK(method, target) serve_ask(method " " target " HTTP/1.1\r\nHost: a\r\n\r\n")
#define assert_slice(value, text)                                                        \
    do {                                                                                 \
        struct slice got_ = (value);                                                     \
        ck_assert_msg(slice_eq(got_, slice_str(text)), "got \"%.*s\", expected \"%s\"",  \
                      SLICE_ARG(got_), (text));                                          \
    } while (0)

#endif
