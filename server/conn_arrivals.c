#include "common/clock.h"
#include "common/xalloc.h"
#include "server/conn_parts.h"
#include <assert.h>
#include <stdlib.h>

/* Two reads that wait, and one of what a connection drops meanwhile. */
#define BUFFER_SIZE ((size_t)3 * CONN_BUFFER_SIZE)

/* Answers are sent before more are found when the first has waited for this long, and
 * when they are this many, which may be those of one pipeline: what each takes is to stay
 * in the processor's cache. */
#define TOGETHER_NS  NS_PER_MS
#define TOGETHER_MAX ARRIVALS_MAX

void arrivals_init(struct arrivals *arrivals)
{
    *arrivals = (struct arrivals){.buffer = xmalloc(BUFFER_SIZE)};
}

void arrivals_clear(struct arrivals *arrivals)
{
    assert(arrivals->count == 0);
    free(arrivals->buffer);
    arrivals->buffer = NULL;
}

char *arrivals_room(const struct arrivals *arrivals)
{
    assert(arrivals->len + CONN_BUFFER_SIZE <= BUFFER_SIZE);
    return arrivals->buffer + arrivals->len;
}

static bool is_full(const struct arrivals *arrivals)
{
    return arrivals->count == ARRIVALS_MAX || arrivals->len >= CONN_BUFFER_SIZE;
}

bool conn_gather(struct conn *conn, bool has_turn)
{
    struct arrivals *arrivals = &conn->worker->conns.arrivals;
    struct slice bytes = conn_receive(conn);
    if (bytes.len == 0) {
        conn_update(conn);
        return false;
    }
    conn->arrived = true;
    arrivals->items[arrivals->count++] =
        (struct arrival){.conn = conn, .bytes = bytes, .has_turn = has_turn};
    arrivals->len += bytes.len;
    if (is_full(arrivals)) {
        conns_answer(&conn->worker->conns);
    }
    return true;
}

/* Answers that are sent together. */
struct round {
    unsigned count;
    int64_t began_ns;
};

static struct round begin_round(void)
{
    clock_lap_ns();
    return (struct round){.began_ns = clock_lap_began_ns()};
}

/* Nothing is found while a file is to be sent, which may take long, so that its request
 * is the one on the scoreboard. */
static bool is_over(const struct round *round, const struct conn *last)
{
    return round->count >= TOGETHER_MAX ||
           clock_lap_began_ns() - round->began_ns >= TOGETHER_NS ||
           (last != NULL && last->work->out.files > 0);
}

/* A connection that has nothing to send is done with. */
static void find_answers(struct arrival *arrival, struct round *round)
{
    struct conn *conn = arrival->conn;
    uint64_t before = conn->client.requests;
    conn->arrived = false;
    BOARD_SET(conn->worker->board, working, conn->client.number);
    conn_take(conn, arrival->bytes, arrival->has_turn);
    if (conn->state == CONN_SEND) {
        round->count += (unsigned)(conn->client.requests - before);
    } else {
        conn_update(conn);
        arrival->conn = NULL;
    }
}

static void follow_up(struct arrival *arrival, const struct conn_sent *sent)
{
    struct conn *conn = arrival->conn;
    BOARD_SET(conn->worker->board, working, conn->client.number);
    conn_follow_up(conn, sent);
    conn_update(conn);
    arrival->conn = NULL;
}

/* The last bytes of one that ends may wait for the end: they do not wait for others. */
static void send_answers(struct arrival *first, const struct arrival *end)
{
    struct conn_sent sent[ARRIVALS_MAX];
    for (struct arrival *arrival = first; arrival < end; arrival++) {
        struct conn *conn = arrival->conn;
        if (conn != NULL) {
            BOARD_SET(conn->worker->board, working, conn->client.number);
            sent[arrival - first] = conn_transmit(conn);
            if (conn->work->out.ends) {
                follow_up(arrival, &sent[arrival - first]);
            }
        }
    }
    for (struct arrival *arrival = first; arrival < end; arrival++) {
        if (arrival->conn != NULL) {
            follow_up(arrival, &sent[arrival - first]);
        }
    }
}

void conns_answer(struct conns *conns)
{
    struct arrivals *arrivals = &conns->arrivals;
    if (arrivals->count == 0) {
        return;
    }
    struct worker *worker = arrivals->items[0].conn->worker;
    struct arrival *unsent = arrivals->items, *end = unsent + arrivals->count;
    struct round round = begin_round();
    for (struct arrival *arrival = unsent; arrival < end; arrival++) {
        find_answers(arrival, &round);
        if (arrival + 1 < end && is_over(&round, arrival->conn)) {
            send_answers(unsent, arrival + 1);
            unsent = arrival + 1;
            round = begin_round();
        }
    }
    send_answers(unsent, end);
    BOARD_SET(worker->board, working, 0);
    arrivals->count = 0;
    arrivals->len = 0;
}
