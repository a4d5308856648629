/*
 * crowd.h - a worker of live.h with many clients at once, whose requests are read,
 * answered and sent in one turn.
 */
#ifndef TESTS_UNIT_SERVER_CROWD_H
#define TESTS_UNIT_SERVER_CROWD_H

#include "tests/unit/server/live.h"

static const char site[] =
    "error_log stderr info; "
    "server { access_log a; root html; location / { return 200 $arg_x; } "
    "location /missing { } location /gone { return 444; } location /file { } } ";

#define MOST 40 /* more than are answered together */

static struct live_client clients[MOST];
static struct conn *conns[MOST];

/* As many clients, which have asked for nothing. */
static inline void begin(size_t count)
{
    live_start(site);
    for (size_t i = 0; i < count; i++) {
        clients[i] = live_connect();
        conns[i] = LIST_ITEM(live.conns.heads.prev, struct conn, link);
        ck_assert_ptr_eq(conns[i]->worker, &live);
    }
}

static inline void end(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        live_leave(&clients[i]);
    }
    live_stop();
}

/* With more lines of its head, each with its end. */
static inline void ask_with(struct live_client *client, const char *target,
                            const char *fields)
{
    char head[256];
    int len = snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", target,
                       fields);
    ck_assert_int_eq(write(client->fd, head, (size_t)len), len);
}

static inline void ask(struct live_client *client, const char *target)
{
    ask_with(client, target, "");
}

static inline void ask_each(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char target[32];
        snprintf(target, sizeof(target), "/?x=%zu.", i);
        ask(&clients[i], target);
    }
}

static inline void expect_each(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char content[32];
        snprintf(content, sizeof(content), "\r\n\r\n%zu.", i);
        live_expect(&clients[i], content);
        ck_assert_uint_eq(live_count(&clients[i], "HTTP/1.1 "), 1);
    }
}

/* Reads what came, as the events of a turn do. */
static inline void read_all(void)
{
    ck_assert_int_gt(ev_turn(live.loop, 1000), 0);
}

/* Where the machine is slow, some have to wait for their turn. */
static inline void answer_all(void)
{
    conns_answer(&live.conns);
    while (conns_take_turns(&live.conns)) {
    }
}

/* A pipeline of the first client, "x=0." */
static inline void ask_as_often_as_is_kept(void)
{
    for (int i = 0; i < ARRIVALS_MAX; i++) {
        ask(&clients[0], "/?x=0.");
    }
}

/* The access line with this in it was written before the last error line, where both go
 * to one place: its answer was sent before it was found that /missing is missing. */
static inline void expect_sent_before_found(const char *answered)
{
    const char *sent = strstr(serve_text(&serve.access_log), answered);
    ck_assert_ptr_nonnull(sent);
    ck_assert_ptr_nonnull(strstr(sent, "/missing\" failed"));
}

#endif
