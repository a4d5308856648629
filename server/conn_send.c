#include "common/clock.h"
#include "server/conn_parts.h"
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* limit_rate is paid out in steps of this length, not in whole seconds; a low one in
 * steps of a packet, because thousands of slow clients would take all of the worker's
 * time in turns of a few bytes. */
#define RATE_STEP_MS    50
#define RATE_STEP_BYTES 1400

/* So long ago, a read that left nothing still says that nothing is there. */
#define EARLY_NS NS_PER_MS

struct request *conn_current(const struct conn *conn)
{
    const struct conn_work *work = conn->work;
    if (work == NULL || list_empty(&work->requests)) {
        return work == NULL ? NULL : work->reading;
    }
    return LIST_ITEM(work->requests.next, struct request, link);
}

/* --- what follows an answer --------------------------------------------------------- */

static bool keeps_alive(const struct conn *conn, const struct request *request)
{
    return request->framing.keep_alive && !request->response.close &&
           !request->response.silent && !conn->worker->service.draining &&
           request->set->keepalive_timeout.idle > 0 &&
           conn->client.requests < request->set->keepalive_requests;
}

/*
 * True when closing with what the client sends unread could reset the connection before
 * it has read the answer (RFC 9112, 9.6): the rest of a head or body that was refused, or
 * more requests, since it had asked for the connection to stay.
 */
static bool may_be_sending(const struct request *request)
{
    return request->response.close || request->framing.keep_alive;
}

static enum conn_after choose_after(const struct request *request)
{
    const struct location_settings *set = request->set;
    if (request->keep_alive) {
        return CONN_KEEP;
    }
    if (request->response.silent) {
        return set->reset_timedout_connection ? CONN_CLOSE_RESET : CONN_CLOSE;
    }
    if (set->lingering_close == LINGERING_OFF) {
        return CONN_CLOSE;
    }
    bool linger = set->lingering_close == LINGERING_ALWAYS || may_be_sending(request);
    return linger ? CONN_CLOSE_LINGER : CONN_CLOSE_LAST;
}

/* Listeners have TCP_NODELAY and connections inherit it, so only `tcp_nodelay off` costs
 * a call, once. */
static void apply_nodelay(struct conn *conn)
{
    bool delay = !conn->set->tcp_nodelay;
    if (delay != conn->delay && !conn_is_unix(conn)) {
        int nodelay = !delay;
        setsockopt(conn->source.fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, sizeof(nodelay));
        conn->delay = delay;
    }
}

void conn_queue(struct conn *conn, struct request *request)
{
    assert(conn->after == CONN_KEEP);
    request->keep_alive = keeps_alive(conn, request);
    conn->set = request->set;
    apply_nodelay(conn);
    conn->after = (uint8_t)choose_after(request);
    /* Closed without a shutdown, a socket with bytes unread drops what waits in it. */
    conn->work->out.ends = conn->after == CONN_CLOSE_LINGER;
    request->send_begin = conn->work->out.queued;
    if (!request->response.silent) {
        request_queue(request, &conn->work->out, request->keep_alive);
    }
    request->send_end = conn->work->out.queued;
    list_append(&conn->work->requests, &request->link);
}

static void reset_on_close(const struct conn *conn)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(conn->source.fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

void conn_time_out(struct conn *conn, const char *reason)
{
    if (conn->set->reset_timedout_connection) {
        reset_on_close(conn);
    }
    conn_close(conn, reason);
}

/* What was read in this turn is no older than the turn. */
static bool is_early(void)
{
    return clock_read_ns() - clock_now_ns() < EARLY_NS;
}

/* To close a socket with bytes unread resets the connection, and so do bytes that come
 * later: a client that sends more after its last request would lose the answer to it. */
static bool goes_on_sending(const struct conn *conn)
{
    int unread = 0;
    if (conn->more || (conn->drained && is_early())) { /* there is nothing to ask */
        return conn->more;
    }
    return ioctl(conn->source.fd, FIONREAD, &unread) == 0 && unread > 0;
}

static void start_lingering(struct conn *conn)
{
    conn_enter(conn, CONN_LINGER);
    conn_free_input(conn);
    shutdown(conn->source.fd, SHUT_WR);
    conn_drop(conn);
}

/* Every answer is sent. */
static void finish(struct conn *conn)
{
    switch ((enum conn_after)conn->after) {
    case CONN_KEEP:
        conn_enter(conn, CONN_IDLE);
        return;
    case CONN_CLOSE_LAST:
        if (!goes_on_sending(conn)) {
            break;
        }
        /* fall through */
    case CONN_CLOSE_LINGER:
        start_lingering(conn);
        return;
    case CONN_CLOSE_RESET:
        reset_on_close(conn);
        break;
    case CONN_CLOSE:
        break;
    }
    conn_close(conn, "answered");
}

/* --- sending ------------------------------------------------------------------------ */

/* Ends the requests whose last byte has gone. */
static void retire(struct conn *conn)
{
    while (!list_empty(&conn->work->requests)) {
        struct request *request = conn_current(conn);
        if (conn->work->out.sent < request->send_end) {
            return;
        }
        list_remove(&request->link);
        request->bytes_sent = request->send_end - request->send_begin;
        request->complete = !request->response.silent;
        request_end(request);
    }
}

static void account(struct conn *conn, uint64_t sent)
{
    conn_moved(conn, sent);
    BOARD_ADD(conn->worker->board, bytes_sent, sent);
    retire(conn);
}

static void log_failure(struct conn *conn, int err, const char *message)
{
    const struct request *request = conn_current(conn);
    if (request != NULL) {
        request_log(request, LOG_LEVEL_ERROR, err, "%s", message);
    }
}

void conn_broken(struct conn *conn, int err)
{
    conn->peer_closed = true;
    conn_close(conn, err == ETIMEDOUT ? "the client is gone"
                                      : "the client reset the connection");
}

static bool is_peers_doing(int err)
{
    return err == EPIPE || err == ECONNRESET || err == ETIMEDOUT || err == ENOTCONN ||
           err == EHOSTUNREACH || err == ENETUNREACH;
}

static void fail(struct conn *conn, enum outq_result result, int err)
{
    if (result == OUTQ_CUT) {
        log_failure(conn, 0, "the file became shorter while it was sent");
        conn_close(conn, "a file became shorter");
        return;
    }
    if (is_peers_doing(err)) {
        conn_broken(conn, err);
        return;
    }
    log_failure(conn, err, "sending failed");
    conn_close(conn, "sending failed");
}

static struct conn_sent flush(struct conn *conn, uint64_t limit)
{
    struct outq *out = &conn->work->out;
    uint64_t before = out->sent;
    enum outq_result result =
        outq_flush(out, conn->source.fd, limit, conn->set->sendfile);
    return (struct conn_sent){.bytes = out->sent - before,
                              .result = result,
                              .err = result == OUTQ_ERROR ? errno : 0};
}

/* On OUTQ_CUT and OUTQ_ERROR the connection is closed then. */
static void note(struct conn *conn, const struct conn_sent *sent)
{
    account(conn, sent->bytes);
    if (sent->result == OUTQ_CUT || sent->result == OUTQ_ERROR) {
        fail(conn, sent->result, sent->err);
    }
}

void conn_push(struct conn *conn)
{
    struct conn_sent sent = flush(conn, conn->set->sendfile_max_chunk);
    note(conn, &sent);
}

/* --- pace --------------------------------------------------------------------------- */

static uint64_t rate_step(uint64_t rate)
{
    uint64_t bytes = rate * RATE_STEP_MS / 1000;
    uint64_t least = rate < RATE_STEP_BYTES ? rate : RATE_STEP_BYTES;
    return bytes > least ? bytes : least;
}

/* Bytes that limit_rate lets go now, a step ahead of time. */
static uint64_t rate_room(const struct conn *conn)
{
    const struct location_settings *set = conn->set;
    uint64_t elapsed = (uint64_t)(clock_now_ms() - conn->since_ms);
    uint64_t credit = set->limit_rate_after + rate_step(set->limit_rate) +
                      set->limit_rate * elapsed / 1000;
    return credit > conn->work->progress ? credit - conn->work->progress : 0;
}

/* When there is room for a whole step. */
int64_t conn_pause_end(const struct conn *conn)
{
    const struct location_settings *set = conn->set;
    uint64_t paced = conn->work->progress > set->limit_rate_after
                         ? conn->work->progress - set->limit_rate_after
                         : 0;
    uint64_t due = (paced * 1000 + set->limit_rate - 1) / set->limit_rate;
    return conn->since_ms + (int64_t)due;
}

static bool paused(const struct conn *conn)
{
    return conn->set->limit_rate != 0 && rate_room(conn) == 0;
}

/* How much one flush may send (0: no bound): the pace, and a bound that lets the other
 * connections have their turn. */
static uint64_t send_limit(const struct conn *conn)
{
    uint64_t chunk = conn->set->sendfile_max_chunk;
    if (conn->set->limit_rate == 0) {
        return chunk;
    }
    uint64_t room = rate_room(conn);
    return chunk == 0 || room < chunk ? room : chunk;
}

struct conn_sent conn_transmit(struct conn *conn)
{
    assert(conn->state == CONN_SEND);
    if (paused(conn)) {
        return (struct conn_sent){.result = OUTQ_LIMIT};
    }
    return flush(conn, send_limit(conn));
}

void conn_follow_up(struct conn *conn, const struct conn_sent *sent)
{
    note(conn, sent);
    if (sent->result == OUTQ_EMPTY) {
        finish(conn);
    } else if (sent->result == OUTQ_LIMIT && paused(conn)) {
        conn_enter(conn, CONN_PAUSE);
    }
}

void conn_send(struct conn *conn)
{
    struct conn_sent sent = conn_transmit(conn);
    conn_follow_up(conn, &sent);
}
