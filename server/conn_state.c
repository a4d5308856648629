#include "common/clock.h"
#include "server/conn_parts.h"
#include <assert.h>

/* A body may come slower than this on average only as long as client_body_timeout. */
#define BODY_RATE_MIN 500 /* bytes a second */

#define STEP(state) (1U << (state))

static const struct {
    const char *doing;
    unsigned leaves_to;     /* STEP() of each state that may follow */
    enum board_doing shown; /* BOARD_DOING_COUNT: not at all */
    bool works;             /* has conn->work; the others own none between events */
} states[CONN_STATE_COUNT] = {
    [CONN_READ_HEAD] = {"reading a request head",
                        STEP(CONN_READ_BODY) | STEP(CONN_SEND) | STEP(CONN_TURN) |
                            STEP(CONN_CLOSING),
                        BOARD_READING, false},
    [CONN_READ_BODY] = {"reading a request body", STEP(CONN_SEND) | STEP(CONN_CLOSING),
                        BOARD_READING, true},
    [CONN_SEND] = {"sending to the client",
                   STEP(CONN_PAUSE) | STEP(CONN_IDLE) | STEP(CONN_LINGER) |
                       STEP(CONN_CLOSING),
                   BOARD_WRITING, true},
    [CONN_PAUSE] = {"sending at a limited rate", STEP(CONN_SEND) | STEP(CONN_CLOSING),
                    BOARD_WRITING, true},
    [CONN_IDLE] = {"waiting for a request",
                   STEP(CONN_READ_HEAD) | STEP(CONN_TURN) | STEP(CONN_CLOSING),
                   BOARD_WAITING, false},
    [CONN_TURN] = {"waiting for its turn", STEP(CONN_READ_HEAD) | STEP(CONN_CLOSING),
                   BOARD_WRITING, false},
    [CONN_LINGER] = {"waiting for the client to close", STEP(CONN_CLOSING), BOARD_WAITING,
                     true},
    [CONN_CLOSING] = {"closing", 0, BOARD_DOING_COUNT, false},
};

const char *conn_doing(const struct conn *conn)
{
    return states[conn->state].doing;
}

static struct list *home(const struct conn *conn)
{
    struct conns *conns = &conn->worker->conns;
    switch (conn->state) {
    case CONN_READ_HEAD:
        return &conns->heads;
    case CONN_IDLE:
        return &conns->idle;
    case CONN_TURN:
        return conn->heavy ? &conns->heavies : &conns->turns;
    case CONN_CLOSING:
        return &conns->closing;
    default:
        return &conns->busy;
    }
}

/* A pause is a part of sending: its time and bytes go on counting. */
static bool begins_anew(enum conn_state from, enum conn_state next)
{
    return from != CONN_PAUSE && next != CONN_PAUSE;
}

void conn_enter(struct conn *conn, enum conn_state next)
{
    assert((states[conn->state].leaves_to & STEP(next)) != 0);
    bool anew = begins_anew(conn->state, next);
    int64_t now_ms = clock_now_ms();
    if (anew) {
        conn->since_ms = now_ms;
    }
    if (conn->work != NULL) {
        conn->work->progress_ms = now_ms;
        conn->work->progress = anew ? 0 : conn->work->progress;
    }
    conn->state = (uint8_t)next;
    conn->stepped = true;
}

static void count(const struct conn *conn, uint32_t change)
{
    if (conn->shown != BOARD_DOING_COUNT) {
        BOARD_ADD(conn->worker->board, doing[conn->shown], change);
    }
}

static void show(struct conn *conn, enum board_doing doing)
{
    if (conn->shown != doing) {
        count(conn, (uint32_t)-1);
        conn->shown = (uint8_t)doing;
        count(conn, 1);
    }
}

void conn_settle(struct conn *conn)
{
    if (!conn->stepped) {
        return;
    }
    conn->stepped = false;
    list_remove(&conn->link);
    list_append(home(conn), &conn->link);
    show(conn, states[conn->state].shown);
    assert(conn->work != NULL || !states[conn->state].works);
    if (!states[conn->state].works) {
        conn_end_work(conn);
    }
}

void conn_moved(struct conn *conn, uint64_t count)
{
    if (count > 0) {
        conn->work->progress += count;
        conn->work->progress_ms = clock_now_ms();
    }
}

static unsigned interest(const struct conn *conn)
{
    switch (conn->state) {
    case CONN_READ_HEAD:
    case CONN_IDLE:
        return conn_is_unix(conn) ? EV_IN : EV_IN | EV_EDGE;
    case CONN_LINGER:
        return EV_IN;
    case CONN_READ_BODY:
        return outq_empty(&conn->work->out) ? EV_IN : EV_IN | EV_OUT;
    case CONN_SEND:
        return EV_OUT;
    default:
        return 0;
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Between two reads, and for the whole at the least rate. */
static int64_t body_deadline(const struct conn *conn)
{
    int64_t timeout = conn->set->client_body_timeout;
    int64_t earned = (int64_t)(conn->work->progress * 1000 / BODY_RATE_MIN);
    return earlier(conn->work->progress_ms, conn->since_ms + earned) + timeout;
}

static int64_t deadline(const struct conn *conn)
{
    switch (conn->state) {
    case CONN_READ_HEAD:
        return conn->since_ms +
               conn->client.address->default_server->set.client_header_timeout;
    case CONN_READ_BODY:
        return body_deadline(conn);
    case CONN_SEND:
        return conn->work->progress_ms + conn->set->send_timeout;
    case CONN_PAUSE:
        return conn_pause_end(conn);
    case CONN_IDLE:
        return conn->since_ms + conn->set->keepalive_timeout.idle;
    default:
        assert(conn->state == CONN_LINGER);
        return earlier(conn->work->progress_ms + conn->set->lingering_timeout,
                       conn->since_ms + conn->set->lingering_time);
    }
}

void conn_update(struct conn *conn)
{
    if (conn->state == CONN_IDLE && conn->input != NULL) {
        conn_enter(conn, CONN_TURN);
    }
    conn_settle(conn);
    if (conn->state == CONN_CLOSING) {
        return;
    }
    if (conn->state == CONN_TURN) {
        timer_clear(conn->worker->timers, &conn->timer);
    } else {
        timer_set(conn->worker->timers, &conn->timer, deadline(conn));
    }
    unsigned again = conn->drained ? 0 : EV_AGAIN;
    conn->drained = false;
    if (ev_set(conn->worker->loop, &conn->source, interest(conn) | again) != 0) {
        conn_close(conn, "no room in the event loop");
    }
}
