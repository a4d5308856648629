#include "common/clock.h"
#include "common/flavour.h"
#include "common/xalloc.h"
#include "server/conn_parts.h"
#include "server/http_respond.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Answers gathered before they are sent together. */
#define BATCH_REQUESTS 32
#define BATCH_BYTES    65536

/* A batch ends when it has taken this long, and the next one of this client waits for
 * its turn; and so does each that comes later than that in a turn of the loop. */
#define HEAVY_NS (2 * NS_PER_MS)
#define TURN_NS  (10 * NS_PER_MS)

/* A buffer for more than this is as long as a head may be. */
#define LARGE_HEAD 4096

/* Bytes a read in the torture build: heads one by one, the rest in odd pieces. */
#define TORTURE_HEAD 1
#define TORTURE_REST 61

/* What has arrived and was not used yet, while an event is handled: in the buffer of the
 * worker, or in conn->input. */
struct intake {
    struct slice bytes;
    struct http_scanner scanner;
    int64_t began_ms;
    bool pipelined;
    bool has_turn; /* it need not wait */
};

void conn_free_input(struct conn *conn)
{
    if (conn->input != NULL) {
        buf_free(&conn->input->bytes);
        free(conn->input);
        conn->input = NULL;
    }
}

/* --- what is left over between events ----------------------------------------------- */

/* Doubling ends at the longest head, not at twice that; and a large head gets all of it
 * at once, because each step leaves a hole in the heap that the next one cannot use. */
static void append_bytes(struct conn *conn, struct slice more)
{
    struct buf *bytes = &conn->input->bytes;
    struct http_limits limits = request_limits(&conn->client);
    size_t head_most = limits.line + limits.section + 2 * sizeof("\r\n");
    size_t needed = bytes->len + more.len;
    bytes->limit = needed > head_most ? needed : head_most;
    if (needed > LARGE_HEAD) {
        buf_reserve(bytes, bytes->limit - bytes->len);
    }
    buf_append_slice(bytes, more);
}

static struct intake begin_intake(struct conn *conn, struct slice fresh)
{
    struct conn_input *input = conn->input;
    if (input == NULL) {
        return (struct intake){.bytes = fresh, .began_ms = clock_now_ms()};
    }
    append_bytes(conn, fresh);
    return (struct intake){
        .bytes = buf_slice(&input->bytes),
        .scanner = input->scanner,
        .began_ms = input->began_ms,
        .pipelined = input->pipelined,
    };
}

/* What is left is always the tail of what there was. */
static void keep_rest(struct conn *conn, const struct intake *intake)
{
    if (intake->bytes.len == 0) {
        conn_free_input(conn);
        return;
    }
    if (conn->input == NULL) {
        conn->input = xcalloc(1, sizeof(*conn->input));
        append_bytes(conn, intake->bytes);
    } else {
        struct buf *bytes = &conn->input->bytes;
        buf_consume(bytes, bytes->len - intake->bytes.len);
    }
    conn->input->scanner = intake->scanner;
    conn->input->began_ms = intake->began_ms;
    conn->input->pipelined = intake->pipelined;
}

/* --- heads -------------------------------------------------------------------------- */

static struct request *create_request(struct conn *conn, int64_t began_ms)
{
    conn_begin_work(conn);
    conn->client.requests++;
    BOARD_ADD(conn->worker->board, requests, 1);
    struct request *request = request_create(&conn->worker->service, &conn->client);
    request->started_ms = began_ms;
    return request;
}

static void refuse_head(struct conn *conn, const struct intake *intake, unsigned status,
                        const char *why)
{
    struct request *request = create_request(conn, intake->began_ms);
    request_refuse(request, status, why, intake->bytes);
    conn_queue(conn, request);
}

static const struct {
    unsigned status;
    const char *why;
} scan_refusals[] = {
    [HTTP_SCAN_TOO_LONG_METHOD] = {501, "method too long"},
    [HTTP_SCAN_TOO_LONG_LINE] = {414, "request line too long"},
    [HTTP_SCAN_TOO_LONG_SECTION] = {431, "header section too long"},
    [HTTP_SCAN_BAD] = {400, "a byte that no request head has"},
};

/* The answer is not final before the body is read: it may be refused yet. */
static bool wants_body(const struct request *request)
{
    const struct http_framing *framing = &request->framing;
    bool some = framing->body == HTTP_BODY_CHUNKED ||
                (framing->body == HTTP_BODY_LENGTH && framing->content_length > 0);
    return some && !request->response.close && !request->response.silent;
}

/* RFC 9110, 10.1.1: said before the body, unless the body is coming already. */
static void queue_continue(struct conn *conn, struct request *request)
{
    struct segment *segment = arena_zero(request->arena, sizeof(*segment));
    struct slice text = http_respond_continue();
    *segment = (struct segment){.memory = text.ptr, .fd = -1, .left = text.len};
    outq_add(&conn->work->out, segment);
}

static void begin_body(struct conn *conn, struct request *request, bool body_came)
{
    conn->work->reading = request;
    conn->set = request->set;
    request->body_left = request->framing.content_length;
    conn_enter(conn, CONN_READ_BODY);
    if (request->framing.expect_continue && !body_came) {
        queue_continue(conn, request);
    }
    conn_push(conn);
}

/* A client that waits for 100 Continue and is refused may send the body or leave it, so
 * where its next request would begin cannot be told. */
static void answer(struct conn *conn, struct request *request, bool body_came)
{
    bool wanted = wants_body(request);
    if (wanted && request->framing.expect_continue && request->response.status >= 400) {
        request->response.close = true;
        wanted = false;
    }
    if (wanted) {
        begin_body(conn, request, body_came);
    } else {
        conn_queue(conn, request);
    }
}

static bool has_to_wait(const struct conn *conn, const struct intake *intake)
{
    return !intake->has_turn &&
           (conn->heavy || clock_lap_began_ns() - clock_now_ns() >= TURN_NS);
}

/* Takes one head off the front. False: the rest of it, or its turn, has yet to come. */
static bool take_head(struct conn *conn, struct intake *intake)
{
    struct http_limits limits = request_limits(&conn->client);
    size_t len;
    enum http_scan scan = http_head_scan(&intake->scanner, intake->bytes, &limits, &len);
    if (scan == HTTP_SCAN_MORE) {
        return false;
    }
    if (scan != HTTP_SCAN_COMPLETE) {
        refuse_head(conn, intake, scan_refusals[scan].status, scan_refusals[scan].why);
        return true;
    }
    if (has_to_wait(conn, intake)) {
        intake->scanner = (struct http_scanner){0};
        conn_enter(conn, CONN_TURN);
        return false;
    }
    intake->has_turn = true;
    struct request *request = create_request(conn, intake->began_ms);
    request->pipelined = intake->pipelined;
    request_begin(request, slice_of(intake->bytes.ptr, len), intake->scanner.lines);
    intake->bytes = slice_from(intake->bytes, len);
    intake->scanner = (struct http_scanner){0};
    intake->began_ms = clock_now_ms();
    intake->pipelined = true;
    conn->more = intake->bytes.len > 0;
    answer(conn, request, conn->more);
    return true;
}

/* Memory goes on gathering; a file, a pace or a last answer is sent first. */
static bool batch_is_full(const struct conn *conn, unsigned count)
{
    return clock_read_ns() - clock_lap_began_ns() >= HEAVY_NS ||
           count >= BATCH_REQUESTS || conn->after != CONN_KEEP ||
           conn->work->out.files > 0 ||
           conn->work->out.queued - conn->work->out.sent >= BATCH_BYTES ||
           conn->set->limit_rate != 0;
}

/* A batch a turn, or the answers to one read may take all of the worker's time. Returns
 * whether the last head was complete. */
static bool take_heads(struct conn *conn, struct intake *intake)
{
    bool complete = true;
    unsigned count = 0;
    while (intake->bytes.len > 0 && conn->state == CONN_READ_HEAD &&
           (count == 0 || !batch_is_full(conn, count))) {
        complete = take_head(conn, intake);
        if (!complete) {
            break;
        }
        count++;
    }
    if (count > 0) {
        conn->heavy = clock_lap_ns() >= HEAVY_NS;
    }
    if (conn->state == CONN_READ_HEAD && conn_current(conn) != NULL) {
        conn_enter(conn, CONN_SEND);
    }
    return complete;
}

/* --- bodies ------------------------------------------------------------------------- */

enum body_verdict {
    BODY_MORE,
    BODY_DONE,
    BODY_BAD,
    BODY_TOO_LARGE,
};

static enum body_verdict feed_length(struct request *request, struct slice *bytes)
{
    uint64_t left = request->body_left;
    size_t taken = bytes->len < left ? bytes->len : (size_t)left;
    *bytes = slice_from(*bytes, taken);
    request->body_left -= taken;
    request->body_received += taken;
    return request->body_left == 0 ? BODY_DONE : BODY_MORE;
}

static enum body_verdict feed_chunked(struct request *request, struct slice *bytes,
                                      const char **why)
{
    uint64_t most = request->set->client_max_body_size;
    while (bytes->len > 0) {
        struct slice content = SLICE_NULL;
        enum http_chunked_state state =
            http_chunked_feed(&request->chunked, bytes, &content, why);
        request->body_received += content.len;
        if (most != 0 && request->body_received > most) {
            return BODY_TOO_LARGE;
        }
        if (state == HTTP_CHUNKED_DONE) {
            return BODY_DONE;
        }
        if (state == HTTP_CHUNKED_BAD) {
            return BODY_BAD;
        }
    }
    return BODY_MORE;
}

/* Content is not kept: nothing that this server serves has a use for it. */
static enum body_verdict feed(struct conn *conn, struct intake *intake, const char **why)
{
    struct request *request = conn->work->reading;
    size_t before = intake->bytes.len;
    enum body_verdict verdict = request->framing.body == HTTP_BODY_LENGTH
                                    ? feed_length(request, &intake->bytes)
                                    : feed_chunked(request, &intake->bytes, why);
    size_t used = before - intake->bytes.len;
    request->length += used;
    conn_moved(conn, used);
    return verdict;
}

/* The answer that was found before the body, or a refusal, is final now. */
static void end_body(struct conn *conn)
{
    struct request *request = conn->work->reading;
    conn->work->reading = NULL;
    conn_queue(conn, request);
    conn_enter(conn, CONN_SEND);
}

static bool take_body(struct conn *conn, struct intake *intake)
{
    const char *why = NULL;
    switch (feed(conn, intake, &why)) {
    case BODY_MORE:
        return false;
    case BODY_DONE:
        break;
    case BODY_BAD:
        request_refuse(conn->work->reading, 400, why, SLICE_NULL);
        break;
    case BODY_TOO_LARGE:
        request_refuse(conn->work->reading, 413, "body larger than client_max_body_size",
                       SLICE_NULL);
        break;
    }
    intake->began_ms = clock_now_ms();
    conn->more = intake->bytes.len > 0;
    end_body(conn);
    return true;
}

/* --- what came ---------------------------------------------------------------------- */

/* One step with what there is. False: something has to happen first. */
static bool take_step(struct conn *conn, struct intake *intake)
{
    switch (conn->state) {
    case CONN_IDLE:
        conn_enter(conn, CONN_READ_HEAD);
        return true;
    case CONN_READ_HEAD:
        return take_heads(conn, intake);
    case CONN_READ_BODY:
        return take_body(conn, intake);
    default:
        return false;
    }
}

void conn_take(struct conn *conn, struct slice fresh, bool has_turn)
{
    struct intake intake = begin_intake(conn, fresh);
    intake.has_turn = has_turn;
    while (intake.bytes.len > 0 && take_step(conn, &intake)) {
    }
    if (conn->state != CONN_CLOSING) {
        keep_rest(conn, &intake);
    }
}

/* --- reading ------------------------------------------------------------------------ */

static size_t read_size(const struct conn *conn)
{
    if (!TORTURE) {
        return CONN_BUFFER_SIZE;
    }
    bool head = conn->state == CONN_READ_HEAD || conn->state == CONN_IDLE;
    return head ? TORTURE_HEAD : TORTURE_REST;
}

static ssize_t receive(const struct conn *conn, char *buffer)
{
    for (;;) {
        ssize_t got = recv(conn->source.fd, buffer, read_size(conn), 0);
        if (got >= 0 || errno != EINTR) {
            return got;
        }
    }
}

/* A read takes all that it has room for, but no end, nothing across an urgent mark, and
 * of a unix socket nothing behind descriptors that were passed. */
static bool took_all(const struct conn *conn, size_t len)
{
    return len < read_size(conn) && !conn->beyond && !conn_is_unix(conn);
}

struct slice conn_receive(struct conn *conn)
{
    char *buffer = arrivals_room(&conn->worker->conns.arrivals);
    ssize_t got = receive(conn, buffer);
    if (got > 0) {
        conn->drained = took_all(conn, (size_t)got);
        return slice_of(buffer, (size_t)got);
    }
    if (got == 0) {
        conn->peer_closed = true;
        conn_close(conn, "the client closed the connection");
    } else if (errno != EAGAIN) {
        conn_broken(conn, errno);
    }
    return SLICE_NULL;
}

static void take_and_send(struct conn *conn, struct slice fresh, bool has_turn)
{
    clock_lap_ns();
    conn_take(conn, fresh, has_turn);
    if (conn->state == CONN_SEND) {
        conn_send(conn);
    }
}

void conn_read_body(struct conn *conn)
{
    struct slice bytes = conn_receive(conn);
    if (bytes.len > 0) {
        take_and_send(conn, bytes, false);
    }
}

void conn_take_turn(struct conn *conn)
{
    conn_enter(conn, CONN_READ_HEAD);
    take_and_send(conn, SLICE_NULL, true);
}

void conn_drop(struct conn *conn)
{
    conn_moved(conn, conn_receive(conn).len);
}

/* --- too slow ----------------------------------------------------------------------- */

void conn_refuse_slow_head(struct conn *conn)
{
    struct intake intake = begin_intake(conn, SLICE_NULL);
    refuse_head(conn, &intake, 408, "the head did not come in time");
    conn_enter(conn, CONN_SEND);
    conn_send(conn);
}

void conn_refuse_slow_body(struct conn *conn)
{
    request_refuse(conn->work->reading, 408, "the body did not come in time", SLICE_NULL);
    end_body(conn);
    conn_send(conn);
}
