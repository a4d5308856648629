#include "server/conn.h"
#include "common/clock.h"
#include "common/fdutil.h"
#include "common/flavour.h"
#include "common/xalloc.h"
#include "server/conn_parts.h"
#include "server/http_status.h"
#include <assert.h>
#include <stdlib.h>

#define POOL_MAX 64

/* What those who wait for their turn may take of a turn of the loop. */
#define TURNS_NS (10 * NS_PER_MS)

/* --- events and deadlines ----------------------------------------------------------- */

/* The earlier answers or the 100 Continue go first: the client may be waiting for them.
 */
static void read_body(struct conn *conn)
{
    if (!outq_empty(&conn->work->out)) {
        conn_push(conn);
    }
    if (conn->state == CONN_READ_BODY) {
        conn_read_body(conn);
    }
}

static void time_out_head(struct conn *conn)
{
    if (conn->input != NULL) {
        conn_refuse_slow_head(conn);
    } else {
        conn_time_out(conn, "timed out");
    }
}

static void time_out(struct conn *conn)
{
    conn_time_out(conn, "timed out");
}

static void end_pause(struct conn *conn)
{
    conn_enter(conn, CONN_SEND);
    conn_send(conn);
}

static void end_idle(struct conn *conn)
{
    conn_close(conn, "keepalive_timeout is over");
}

static void end_lingering(struct conn *conn)
{
    conn_close(conn, "lingering is over");
}

static void (*const on_event[CONN_STATE_COUNT])(struct conn *) = {
    [CONN_READ_BODY] = read_body,
    [CONN_SEND] = conn_send,
    [CONN_LINGER] = conn_drop,
};

static void (*const on_deadline[CONN_STATE_COUNT])(struct conn *) = {
    [CONN_READ_HEAD] = time_out_head, [CONN_READ_BODY] = conn_refuse_slow_body,
    [CONN_SEND] = time_out,           [CONN_PAUSE] = end_pause,
    [CONN_IDLE] = end_idle,           [CONN_LINGER] = end_lingering,
};

static void run(struct conn *conn, void (*action)(struct conn *))
{
    assert(action != NULL);
    BOARD_SET(conn->worker->board, working, conn->client.number);
    action(conn);
    conn_update(conn);
    BOARD_SET(conn->worker->board, working, 0);
}

static void ready(struct ev_source *source, unsigned events)
{
    /* An error shows in the call that the state makes. */
    struct conn *conn = LIST_ITEM(source, struct conn, source);
    conn->beyond = (events & EV_BEYOND) != 0;
    if (conn->state == CONN_READ_HEAD || conn->state == CONN_IDLE) {
        conn_gather(conn, false);
    } else {
        conns_answer(&conn->worker->conns); /* before others, who may take long */
        run(conn, on_event[conn->state]);
    }
}

static void fire(struct timer *timer)
{
    struct conn *conn = LIST_ITEM(timer, struct conn, timer);
    run(conn, on_deadline[conn->state]);
}

/* One at least, so that nobody waits for ever. */
static void take_turns(const struct list *waiting, int64_t end_ns)
{
    const struct list *newest = waiting->prev;
    bool more = !list_empty(waiting);
    while (more) {
        struct list *oldest = waiting->next;
        more = oldest != newest;
        run(LIST_ITEM(oldest, struct conn, link), conn_take_turn);
        more = more && clock_read_ns() < end_ns;
    }
}

bool conns_take_turns(struct conns *conns)
{
    assert(conns->arrivals.count == 0);
    if (list_empty(&conns->turns) && list_empty(&conns->heavies)) {
        return false;
    }
    int64_t end_ns = clock_read_ns() + TURNS_NS;
    take_turns(&conns->turns, end_ns);
    take_turns(&conns->heavies, end_ns);
    return !list_empty(&conns->turns) || !list_empty(&conns->heavies);
}

/* --- memory ------------------------------------------------------------------------- */

/* The newest, which is in the processor's cache; NULL: none. */
static struct list *take_from(struct conn_pool *pool)
{
    if (pool->count == 0) {
        return NULL;
    }
    struct list *link = pool->list.prev;
    list_remove(link);
    pool->count--;
    return link;
}

/* False: there are enough, free it. */
static bool keep_in(struct conn_pool *pool, struct list *link)
{
    if (TORTURE || pool->count >= POOL_MAX) {
        return false;
    }
    list_append(&pool->list, link);
    pool->count++;
    return true;
}

static struct conn *take_conn(struct conns *conns)
{
    struct list *kept = take_from(&conns->pool);
    return kept != NULL ? LIST_ITEM(kept, struct conn, link)
                        : xmalloc(sizeof(struct conn));
}

static struct conn_work *take_work(struct conns *conns)
{
    struct list *kept = take_from(&conns->works);
    return kept != NULL ? LIST_ITEM(kept, struct conn_work, link)
                        : xmalloc(sizeof(struct conn_work));
}

void conn_begin_work(struct conn *conn)
{
    if (conn->work == NULL) {
        conn->work = take_work(&conn->worker->conns);
        *conn->work = (struct conn_work){.reading = NULL};
        list_init(&conn->work->requests);
    }
}

void conn_end_work(struct conn *conn)
{
    struct conn_work *work = conn->work;
    if (work == NULL) {
        return;
    }
    assert(conn_current(conn) == NULL);
    conn->work = NULL;
    if (!keep_in(&conn->worker->conns.works, &work->link)) {
        free(work);
    }
}

void conns_sweep(struct conns *conns)
{
    LIST_EACH(link, next, &conns->closing)
    {
        list_remove(link);
        if (!keep_in(&conns->pool, link)) {
            free(LIST_ITEM(link, struct conn, link));
        }
    }
}

static void free_pools(struct conns *conns)
{
    struct list *link;
    while ((link = take_from(&conns->pool)) != NULL) {
        free(LIST_ITEM(link, struct conn, link));
    }
    while ((link = take_from(&conns->works)) != NULL) {
        free(LIST_ITEM(link, struct conn_work, link));
    }
}

/* --- birth -------------------------------------------------------------------------- */

void conns_init(struct conns *conns)
{
    *conns = (struct conns){.count = 0};
    arrivals_init(&conns->arrivals);
    list_init(&conns->busy);
    list_init(&conns->heads);
    list_init(&conns->idle);
    list_init(&conns->turns);
    list_init(&conns->heavies);
    list_init(&conns->closing);
    list_init(&conns->pool.list);
    list_init(&conns->works.list);
}

static uint64_t next_number(struct worker *worker)
{
    static _Atomic uint64_t own;
    _Atomic uint64_t *counter =
        worker->connection_counter != NULL ? worker->connection_counter : &own;
    return atomic_fetch_add_explicit(counter, 1, memory_order_relaxed) + 1;
}

/* An IPv4 address inside an IPv6 socket, as it stands in the configuration. */
static void unmap(struct sockaddr_any *addr)
{
    if (addr->u.sa.sa_family != AF_INET6 ||
        !IN6_IS_ADDR_V4MAPPED(&addr->u.in6.sin6_addr)) {
        return;
    }
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = addr->u.in6.sin6_port};
    memcpy(&in.sin_addr, &addr->u.in6.sin6_addr.s6_addr[12], sizeof(in.sin_addr));
    addr->u.in = in;
    addr->len = sizeof(in);
}

/* Addresses that share a wildcard's socket are told apart by the one that was dialled. */
static const struct listen_address *choose_address(const struct listen_socket *listener,
                                                   int fd)
{
    const struct listen_address *wildcard =
        listener->addresses[listener->address_count - 1];
    struct sockaddr_any local = {.len = sizeof(local.u)};
    if (listener->address_count == 1 || getsockname(fd, &local.u.sa, &local.len) != 0) {
        return wildcard;
    }
    unmap(&local);
    for (size_t i = 0; i + 1 < listener->address_count; i++) {
        if (sockaddr_eq(&listener->addresses[i]->addr, &local)) {
            return listener->addresses[i];
        }
    }
    return wildcard;
}

static void copy_peer(struct client *client, const struct sockaddr *peer)
{
    size_t size = peer->sa_family == AF_INET    ? sizeof(client->peer.in)
                  : peer->sa_family == AF_INET6 ? sizeof(client->peer.in6)
                                                : sizeof(peer->sa_family);
    memcpy(&client->peer, peer, size);
}

static struct conn *create(struct worker *worker, int fd, const struct sockaddr *peer,
                           const struct listen_socket *listener)
{
    struct conn *conn = take_conn(&worker->conns);
    int64_t now = clock_now_ms();
    *conn = (struct conn){
        .source = {.ready = ready, .fd = fd},
        .worker = worker,
        .client = {.number = next_number(worker),
                   .socket = fd,
                   .accepted_ms = now,
                   .address = choose_address(listener, fd)},
        .since_ms = now,
        .state = CONN_READ_HEAD,
        .shown = BOARD_DOING_COUNT,
        .stepped = true,
        .after = CONN_KEEP,
    };
    conn->set = conn->client.address->default_server->fallback->set;
    copy_peer(&conn->client, peer);
    timer_init(&conn->timer, fire);
    list_init(&conn->link);
    return conn;
}

/* One more, or one fewer, is open. */
static void publish_count(struct worker *worker)
{
    size_t count = worker->conns.count;
    size_t most = worker->connections_max;
    BOARD_SET(worker->board, connections, (uint32_t)count);
    BOARD_SET(worker->board, connections_free,
              (uint32_t)(most > count ? most - count : 0));
}

bool conn_open(struct worker *worker, int fd, const struct sockaddr *peer,
               const struct listen_socket *listener, bool early)
{
    struct conn *conn = create(worker, fd, peer, listener);
    worker->conns.count++;
    publish_count(worker);
    BOARD_ADD(worker->board, accepted, 1);
    if (!early) {
        conn_update(conn);
        return false;
    }
    bool came = conn_gather(conn, true); /* it is not made to wait for its turn */
    return came || conn->state == CONN_CLOSING;
}

/* --- death -------------------------------------------------------------------------- */

static void log_close(const struct conn *conn, const char *reason)
{
    const struct log *log = conn->set->error_log;
    if (!log_wants(log, LOG_LEVEL_INFO)) {
        return;
    }
    struct sockaddr_any peer = {.len = sizeof(peer.u.in6)};
    memcpy(&peer.u.in6, &conn->client.peer, sizeof(peer.u.in6));
    char address[SOCKADDR_TEXT_MAX];
    const struct log_pair client =
        LOG_PLAIN("client", sockaddr_format(&peer, false, address));
    log_event(&(struct log_event){.log = log,
                                  .level = LOG_LEVEL_INFO,
                                  .connection = conn->client.number,
                                  .context = &client,
                                  .context_count = 1},
              "%s, while %s", reason, conn_doing(conn));
}

static void abandon(const struct conn *conn, struct request *request)
{
    uint64_t sent = conn->work->out.sent;
    if (request->send_end > 0 && sent > request->send_begin) {
        request->bytes_sent = sent - request->send_begin;
    } else if (conn->peer_closed) {
        request->response.status = HTTP_CLIENT_CLOSED;
    }
    list_remove(&request->link);
    request_end(request);
}

static void abandon_requests(struct conn *conn)
{
    struct request *request;
    while ((request = conn_current(conn)) != NULL) {
        if (request == conn->work->reading) {
            conn->work->reading = NULL;
        }
        abandon(conn, request);
    }
}

void conn_close(struct conn *conn, const char *reason)
{
    struct worker *worker = conn->worker;
    assert(!conn->arrived);
    log_close(conn, reason);
    abandon_requests(conn);
    conn_free_input(conn);
    timer_clear(worker->timers, &conn->timer);
    ev_forget(worker->loop, &conn->source);
    fd_close(conn->source.fd);
    conn_enter(conn, CONN_CLOSING);
    conn_settle(conn);
    worker->conns.count--;
    publish_count(worker);
    accept_resume(worker);
}

/* The list's oldest of which nothing came in this turn, if it is old enough. */
static struct conn *oldest(const struct list *list, int64_t min_age_ms)
{
    for (struct list *link = list->next; link != list; link = link->next) {
        struct conn *conn = LIST_ITEM(link, struct conn, link);
        if (!conn->arrived) {
            return clock_now_ms() - conn->since_ms >= min_age_ms ? conn : NULL;
        }
    }
    return NULL;
}

struct conn *conns_least_wanted(const struct conns *conns)
{
    struct conn *idle = oldest(&conns->idle, CONN_IDLE_MIN_MS);
    return idle != NULL ? idle : oldest(&conns->heads, CONN_HEAD_MIN_MS);
}

static bool waits(const struct conn *conn)
{
    return !conn->arrived && (conn->state == CONN_IDLE ||
                              (conn->state == CONN_READ_HEAD && conn->input == NULL));
}

static void drop_waiting(struct list *list, int64_t since_ms)
{
    LIST_EACH(link, next, list)
    {
        struct conn *conn = LIST_ITEM(link, struct conn, link);
        if (waits(conn) && conn->since_ms <= since_ms) {
            conn_close(conn, "the server stops");
        }
    }
}

void conns_drop_waiting(struct conns *conns, int64_t min_age_ms)
{
    int64_t since_ms = clock_now_ms() - min_age_ms;
    drop_waiting(&conns->heads, since_ms);
    drop_waiting(&conns->idle, since_ms);
}

static void close_all(struct list *list)
{
    while (!list_empty(list)) {
        conn_close(LIST_ITEM(list->next, struct conn, link), "the worker stops");
    }
}

void conns_clear(struct conns *conns)
{
    close_all(&conns->busy);
    close_all(&conns->heads);
    close_all(&conns->idle);
    close_all(&conns->turns);
    close_all(&conns->heavies);
    conns_sweep(conns);
    free_pools(conns);
    arrivals_clear(&conns->arrivals);
}
