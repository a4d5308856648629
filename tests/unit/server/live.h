/*
 * live.h - a worker without a process: its loop, timers and connections, run by hand, and
 * clients at the other ends of socket pairs. On top of serve.h: configuration, files,
 * logs.
 *
 * Nothing waits for a time: the loop turns until a condition holds.
 */
#ifndef TESTS_UNIT_SERVER_LIVE_H
#define TESTS_UNIT_SERVER_LIVE_H

#include "server/conn.h"
#include "server/worker.h"
#include "tests/unit/server/serve.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#define LIVE_PATIENCE_MS (TORTURE ? 50000 : 20000)

static struct worker live;

/* A client, and what it has received. */
struct live_client {
    int fd;
    struct buf got;
    bool ended; /* end of stream */
    int err;    /* of the last read that failed, but for EAGAIN */
};

static inline void live_start(const char *config)
{
    serve_start(config);
    signal(SIGPIPE, SIG_IGN);
    live = (struct worker){
        .config = serve.config,
        .loop = ev_create(),
        .timers = timers_create(clock_now_ms()),
        .connections_max = 1000,
    };
    service_init(&live.service, serve.config);
    live.service.access_sink = serve_take_access;
    conns_init(&live.conns);
}

static inline void live_stop(void)
{
    conns_clear(&live.conns);
    service_clear(&live.service);
    timers_destroy(live.timers);
    ev_destroy(live.loop);
    serve_stop();
}

/* One turn of the loop, as a worker makes it, of at most `longest` milliseconds. */
static inline void live_turn(int longest)
{
    int wait = conns_take_turns(&live.conns)
                   ? 0
                   : timers_wait(live.timers, clock_now_ms(), longest);
    ev_turn(live.loop, wait);
    conns_answer(&live.conns);
    timers_run(live.timers, clock_now_ms());
    conns_sweep(&live.conns);
}

static inline struct live_client live_connect(void)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    conn_open(&live, pair[0], &serve.client.peer.sa, serve.config->sockets[0], true);
    conns_answer(&live.conns);
    return (struct live_client){.fd = pair[1]};
}

static inline void live_receive(struct live_client *client)
{
    char chunk[16384];
    ssize_t got;
    while ((got = read(client->fd, chunk, sizeof(chunk))) > 0) {
        buf_append(&client->got, chunk, (size_t)got);
    }
    client->ended = client->ended || got == 0;
    if (got < 0 && errno != EAGAIN) {
        client->err = errno;
    }
}

/* Turns and receives until the condition holds. */
#define live_until(client, condition)                                                    \
    do {                                                                                 \
        int64_t end_ = clock_read_ns() / NS_PER_MS + LIVE_PATIENCE_MS;                   \
        live_receive(client);                                                            \
        while (!(condition)) {                                                           \
            ck_assert_msg(clock_read_ns() / NS_PER_MS < end_, "never: %s, got \"%s\"",   \
                          #condition, live_text(client));                                \
            live_turn(5);                                                                \
            live_receive(client);                                                        \
        }                                                                                \
    } while (0)

static inline const char *live_text(struct live_client *client)
{
    return serve_text(&client->got);
}

static inline bool live_has(struct live_client *client, const char *text)
{
    return strstr(live_text(client), text) != NULL;
}

static inline size_t live_count(struct live_client *client, const char *text)
{
    size_t count = 0;
    for (const char *at = live_text(client); (at = strstr(at, text)) != NULL; at++) {
        count++;
    }
    return count;
}

static inline void live_expect(struct live_client *client, const char *text)
{
    live_until(client, live_has(client, text));
}

/* The server's end: in order, not by a reset. */
static inline void live_expect_end(struct live_client *client)
{
    live_until(client, client->ended || client->err != 0);
    ck_assert_int_eq(client->err, 0);
}

/* Sends everything, letting the server read meanwhile. */
static inline void live_send_bytes(struct live_client *client, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = write(client->fd, bytes.ptr, bytes.len);
        ck_assert(sent > 0 || errno == EAGAIN);
        bytes = slice_from(bytes, sent > 0 ? (size_t)sent : 0);
        live_turn(0);
    }
}

static inline void live_send(struct live_client *client, const char *text)
{
    live_send_bytes(client, slice_str(text));
}

/* Until the server has read everything and waits. */
static inline void live_settle(struct live_client *client)
{
    for (int quiet = 0; quiet < 3;) {
        size_t before = client->got.len;
        int calls = conns_take_turns(&live.conns);
        calls += ev_turn(live.loop, 0);
        conns_answer(&live.conns);
        conns_sweep(&live.conns);
        live_receive(client);
        quiet = calls == 0 && client->got.len == before ? quiet + 1 : 0;
    }
}

static inline void live_leave(struct live_client *client)
{
    close(client->fd);
    buf_free(&client->got);
}

/* The only connection. */
static inline struct conn *live_conn(void)
{
    ck_assert_uint_eq(live.conns.count, 1);
    struct list *const lists[] = {&live.conns.idle, &live.conns.heads, &live.conns.turns,
                                  &live.conns.heavies, &live.conns.busy};
    size_t i = 0;
    while (list_empty(lists[i])) {
        i++;
    }
    return LIST_ITEM(lists[i]->next, struct conn, link);
}

/* A file of `size` bytes beneath html/. */
static inline void live_file(const char *path, size_t size)
{
    char *content = malloc(size + 1);
    memset(content, 'x', size);
    content[size] = '\0';
    serve_file(path, content);
    free(content);
}

#endif
