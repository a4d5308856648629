/*
 * conn_parts.h - what the files of a connection share among themselves; conn.h is what
 * the rest of the server sees.
 *
 * conn.c           birth and death, and which function an event or a deadline calls
 * conn_state.c     the legal steps, and what each state waits for and until when
 * conn_arrivals.c  what came in one turn of the loop, handled together
 * conn_read.c      what arrives: heads, bodies, and what nobody wants any more
 * conn_send.c      what leaves: the order of answers, their pace, and what follows them
 *
 * Any of these functions may close the connection: look at its state after a call.
 */
#ifndef SERVER_CONN_PARTS_H
#define SERVER_CONN_PARTS_H

#include "server/conn.h"
#include "server/worker.h"

static inline bool conn_is_unix(const struct conn *conn)
{
    return conn->client.peer.sa.sa_family == AF_UNIX;
}

/* --- conn.c ------------------------------------------------------------------------- */

/* Before the first request is queued or read: sees to conn->work. */
void conn_begin_work(struct conn *conn);

/* All requests have ended; gives conn->work back. */
void conn_end_work(struct conn *conn);

/* --- conn_state.c ------------------------------------------------------------------- */

/* The one setter of conn->state. Asserts that the table in conn.h allows the step. */
void conn_enter(struct conn *conn, enum conn_state next);

/* Puts the connection where its state belongs: list and scoreboard. Once an event, not at
 * each step, because most end it in the state in which they began. */
void conn_settle(struct conn *conn);

/* `count` bytes were read or sent: the deadlines that depend on it move. */
void conn_moved(struct conn *conn, uint64_t count);

/* Settles, and tells event loop and timers what the state asks for; after every event. An
 * idle connection of which something is left over has to wait its turn. */
void conn_update(struct conn *conn);

/* "reading a request head": for "... while %s". */
const char *conn_doing(const struct conn *conn);

/* --- conn_arrivals.c ---------------------------------------------------------------- */

void arrivals_init(struct arrivals *arrivals);
void arrivals_clear(struct arrivals *arrivals);

/* Where a read may put CONN_BUFFER_SIZE bytes. */
char *arrivals_room(const struct arrivals *arrivals);

/* READ_HEAD, IDLE: reads once. What came is answered by conns_answer(), which is called
 * here when there is no more room; in its turn, or, with `has_turn`, at once. Returns
 * whether anything came; if not, updates the connection. */
bool conn_gather(struct conn *conn, bool has_turn);

/* --- conn_read.c -------------------------------------------------------------------- */

/* Reads once into the worker's buffer. Empty: nothing came, or the connection is closed
 * now. */
struct slice conn_receive(struct conn *conn);

/* READ_HEAD, READ_BODY, IDLE: uses what came. In state SEND then, an answer is to be
 * sent. The caller has begun a lap of the clock; complete heads end it: it tells how
 * long they took. */
void conn_take(struct conn *conn, struct slice fresh, bool has_turn);

/* READ_BODY: reads once, uses it and sends the answer. */
void conn_read_body(struct conn *conn);

/* TURN: goes on with what was left over. */
void conn_take_turn(struct conn *conn);

/* The request that is being read took too long: 408. */
void conn_refuse_slow_head(struct conn *conn);
void conn_refuse_slow_body(struct conn *conn);

/* LINGER: reads and drops. */
void conn_drop(struct conn *conn);

void conn_free_input(struct conn *conn);

/* --- conn_send.c -------------------------------------------------------------------- */

/* Queues the final answer of a request that was not queued yet, and decides what follows
 * it. Sends nothing. */
void conn_queue(struct conn *conn, struct request *request);

/* What was sent, and what it came to. */
struct conn_sent {
    uint64_t bytes;
    enum outq_result result;
    int err; /* errno of OUTQ_ERROR */
};

/* SEND: sends as much as socket, pace and fairness allow. Changes nothing but `out`. */
struct conn_sent conn_transmit(struct conn *conn);

/* Ends and logs the requests whose answers have gone. Leaves SEND when all have, when the
 * pace asks for a pause, and when sending failed. */
void conn_follow_up(struct conn *conn, const struct conn_sent *sent);

/* Both. */
void conn_send(struct conn *conn);

/* READ_BODY: sends what is queued, without a change of state. */
void conn_push(struct conn *conn);

/* When limit_rate lets the next bytes go. */
int64_t conn_pause_end(const struct conn *conn);

/* The peer broke the connection, as errno `err` says. */
void conn_broken(struct conn *conn, int err);

/* Closes what has timed out, with a reset where reset_timedout_connection says so. */
void conn_time_out(struct conn *conn, const char *reason);

/* The request whose bytes leave next, or the one that is read; NULL: none. */
struct request *conn_current(const struct conn *conn);

#endif
