#include "server/accept.h"
#include "common/clock.h"
#include "common/fdutil.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "server/filecache.h"
#include "server/worker.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define AHEAD_PAUSE_MS  10   /* at most: a stopped worker must not hold up the others */
#define FULL_PAUSE_MS   100  /* then look again for one that has been idle long enough */
#define BACKOFF_MIN_MS  100  /* doubled .. */
#define BACKOFF_MAX_MS  1000 /* .. up to this */
#define LOOK_AGAIN_MS   1000
#define COMPLAIN_MS     10000
#define BEAT_FRESH_NS   (2 * NS_PER_SEC)
#define SHARE_TOLERANCE 4  /* connections, or an eighth */
#define UNREAD          15 /* connections, after one that had sent nothing yet */

/* --- pausing ------------------------------------------------------------------------ */

static void listen_all(struct worker *worker)
{
    struct acceptors *accept = &worker->accept;
    for (size_t i = 0; i < accept->count; i++) {
        int rc = ev_set(worker->loop, &accept->items[i].source, EV_IN | EV_EXCLUSIVE);
        if (rc != 0) {
            log_fatal(errno, "cannot wait for connections");
        }
    }
}

static void ignore_all(struct worker *worker)
{
    struct acceptors *accept = &worker->accept;
    for (size_t i = 0; i < accept->count; i++) {
        ev_set(worker->loop, &accept->items[i].source, 0);
    }
}

static void pause_for(struct worker *worker, enum accept_pause reason, int64_t ms)
{
    worker->accept.pause = reason;
    ignore_all(worker);
    timer_set(worker->timers, &worker->accept.resume, clock_now_ms() + ms);
}

static void end_pause(struct worker *worker)
{
    timer_clear(worker->timers, &worker->accept.resume);
    worker->accept.pause = ACCEPT_RUNNING;
    listen_all(worker);
}

void accept_resume(struct worker *worker)
{
    struct acceptors *accept = &worker->accept;
    if (accept->closed || accept->pause == ACCEPT_RUNNING) {
        return;
    }
    end_pause(worker);
}

/* One line at most each COMPLAIN_MS. */
static bool may_complain(struct acceptors *accept)
{
    int64_t now = clock_now_ms();
    if (accept->complained_ms != 0 && now - accept->complained_ms < COMPLAIN_MS) {
        return false;
    }
    accept->complained_ms = now;
    return true;
}

/* --- the balance between workers ---------------------------------------------------- */

/* Only a worker that could take the connection counts: a stopped or full one would be the
 * least loaded for ever. */
static bool takes_connections(const struct worker *worker, const struct board_slot *peer)
{
    return atomic_load(&peer->generation) == worker->generation &&
           peer != worker->board && atomic_load(&peer->pid) != 0 &&
           atomic_load(&peer->draining) == 0 &&
           atomic_load(&peer->connections_free) > 0 &&
           atomic_load(&peer->beat_ns) > clock_now_ns() - BEAT_FRESH_NS;
}

static bool is_full(const struct worker *worker)
{
    return worker->conns.count >= worker->connections_max;
}

/* The open connections of the least loaded; UINT32_MAX: there is none. */
static uint32_t least_loaded(const struct worker *worker)
{
    uint32_t least = UINT32_MAX;
    unsigned slots = worker->shm == NULL ? 0 : shm_slots(worker->shm);
    for (unsigned i = SLOT_FIRST_WORKER; i < slots; i++) {
        const struct board_slot *peer = shm_board(worker->shm, i);
        if (takes_connections(worker, peer)) {
            uint32_t open = atomic_load(&peer->connections);
            least = open < least ? open : least;
        }
    }
    return least;
}

/* Of the least loaded, with the connection that it just took. */
static bool is_ahead(const struct worker *worker, uint32_t least)
{
    uint32_t eighth = least / 8;
    uint32_t margin = eighth > SHARE_TOLERANCE ? eighth : SHARE_TOLERANCE;
    return worker->conns.count + 1 > (size_t)least + margin;
}

/* Full, with nobody to send away, while another worker has room: a wake-up would come
 * here in place of there. */
static bool is_in_the_way(const struct worker *worker)
{
    return is_full(worker) && conns_least_wanted(&worker->conns) == NULL &&
           least_loaded(worker) != UINT32_MAX;
}

static void resume_by_time(struct timer *timer)
{
    struct worker *worker = LIST_ITEM(timer, struct worker, accept.resume);
    worker->accept.owed = worker->accept.pause == ACCEPT_AHEAD;
    if (is_in_the_way(worker)) {
        pause_for(worker, ACCEPT_FULL, FULL_PAUSE_MS);
    } else {
        end_pause(worker);
    }
}

/* A client wakes one worker only. When that one dies, hangs or finds itself full before
 * it takes the connection, the others find it here. */
static void look_again(struct timer *timer)
{
    struct worker *worker = LIST_ITEM(timer, struct worker, accept.again);
    if (worker->accept.pause == ACCEPT_RUNNING) {
        listen_all(worker);
    }
    timer_set(worker->timers, timer, clock_now_ms() + LOOK_AGAIN_MS);
}

/* --- when accept fails -------------------------------------------------------------- */

enum failure {
    FAILURE_NONE_WAITING, /* another worker was faster */
    FAILURE_RETRY,
    FAILURE_PEER,      /* that connection is lost; the next may be well */
    FAILURE_EXHAUSTED, /* the process or the system has no more to give */
    FAILURE_BUG,
};

static const struct {
    int err;
    enum failure kind;
} failures[] = {
    {EAGAIN, FAILURE_NONE_WAITING}, {EINTR, FAILURE_RETRY},
    {ECONNABORTED, FAILURE_PEER},   {EPROTO, FAILURE_PEER},
    {EPERM, FAILURE_PEER}, /* a firewall rule */
    {ENETDOWN, FAILURE_PEER},       {ENETUNREACH, FAILURE_PEER},
    {EHOSTDOWN, FAILURE_PEER},      {EHOSTUNREACH, FAILURE_PEER},
    {ENOPROTOOPT, FAILURE_PEER},    {EOPNOTSUPP, FAILURE_PEER},
    {ETIMEDOUT, FAILURE_PEER},      {EMFILE, FAILURE_EXHAUSTED},
    {ENFILE, FAILURE_EXHAUSTED},    {ENOBUFS, FAILURE_EXHAUSTED},
    {ENOMEM, FAILURE_EXHAUSTED},    {EBADF, FAILURE_BUG},
    {EINVAL, FAILURE_BUG},          {ENOTSOCK, FAILURE_BUG},
};

/* What nobody foresaw pauses, so that it cannot spin. */
static enum failure classify(int err)
{
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (failures[i].err == err) {
            return failures[i].kind;
        }
    }
    return FAILURE_EXHAUSTED;
}

static void back_off(struct worker *worker, int err)
{
    struct acceptors *accept = &worker->accept;
    if (may_complain(accept)) {
        log_errno(NULL, LOG_LEVEL_CRIT, err,
                  "accept() failed, %zu connections are open: pausing",
                  worker->conns.count);
    }
    int doubled = accept->backoff_ms * 2;
    accept->backoff_ms = doubled < BACKOFF_MIN_MS   ? BACKOFF_MIN_MS
                         : doubled > BACKOFF_MAX_MS ? BACKOFF_MAX_MS
                                                    : doubled;
    pause_for(worker, ACCEPT_EXHAUSTED, accept->backoff_ms);
}

/* --- accepting ---------------------------------------------------------------------- */

enum outcome {
    TOOK_ONE,
    TOOK_NONE,   /* nobody waits there any more */
    TOOK_FAILED, /* one was lost, others may wait */
    TOOK_PAUSE,  /* out of descriptors: errno says of what */
};

static int accept_fd(const struct acceptor *acceptor, struct sockaddr_any *peer)
{
    for (;;) {
        peer->len = sizeof(peer->u);
        int fd = accept4(acceptor->source.fd, &peer->u.sa, &peer->len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0 || classify(errno) != FAILURE_RETRY) {
            return fd;
        }
    }
}

static enum outcome fail(struct worker *worker, int err)
{
    enum failure kind = classify(err);
    if (kind == FAILURE_NONE_WAITING) {
        return TOOK_NONE;
    }
    if (kind == FAILURE_BUG) {
        log_fatal(err, "accept() failed");
    }
    BOARD_ADD(worker->board, accept_errors, 1);
    return kind == FAILURE_PEER ? TOOK_FAILED : TOOK_PAUSE;
}

/* Only now that there is a new one: had another worker been faster, nobody would have to
 * go. */
static void make_place(struct worker *worker)
{
    struct conn *least = is_full(worker) ? conns_least_wanted(&worker->conns) : NULL;
    if (least != NULL) {
        conn_close(least, "its place was needed");
    }
}

/* The next one is the others', if there are any that could take it: this worker goes
 * behind them, or away when it is ahead. As soon as it took one: the client may come with
 * another as soon as it has its answer. */
static void step_aside(struct acceptor *acceptor)
{
    struct worker *worker = acceptor->worker;
    uint32_t least = least_loaded(worker);
    if (worker->accept.closed || least == UINT32_MAX) {
        return;
    }
    if (is_ahead(worker, least)) {
        pause_for(worker, ACCEPT_AHEAD, AHEAD_PAUSE_MS);
    } else if (ev_set(worker->loop, &acceptor->source, EV_IN | EV_EXCLUSIVE) != 0) {
        log_fatal(errno, "cannot wait for connections");
    }
}

/* Some may close then. */
static void answer_if_full(struct worker *worker)
{
    if (is_full(worker)) {
        conns_answer(&worker->conns);
    }
}

/* Of connections that are about to close, or that the file cache can spare. */
static bool free_descriptors(struct worker *worker)
{
    size_t before = worker->conns.count;
    conns_answer(&worker->conns);
    return worker->conns.count < before || filecache_shrink(worker->service.files) > 0;
}

/* A request that is there as soon as its connection is taken spares the event loop some
 * work. Where workers are faster than the clients it is not there yet: then the next
 * few are left to the event loop, before one is tried again. */
static void open_one(struct acceptor *acceptor, int fd, const struct sockaddr *peer)
{
    struct worker *worker = acceptor->worker;
    struct acceptors *accept = &worker->accept;
    bool early = accept->unread == 0 || accept->closed ||
                 worker->conns.count + 1 >= worker->connections_max;
    bool came = conn_open(worker, fd, peer, acceptor->listener, early);
    if (!early) {
        accept->unread--;
    } else if (!came) {
        accept->unread = UNREAD;
    }
}

static enum outcome take(struct acceptor *acceptor)
{
    struct worker *worker = acceptor->worker;
    struct sockaddr_any peer;
    int fd = accept_fd(acceptor, &peer);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
        int err = errno;
        bool freed = free_descriptors(worker);
        errno = err;
        fd = freed ? accept_fd(acceptor, &peer) : -1;
    }
    if (fd < 0) {
        return fail(worker, errno);
    }
    worker->accept.backoff_ms = 0;
    worker->accept.owed = false;
    step_aside(acceptor);
    make_place(worker);
    open_one(acceptor, fd, &peer.u.sa);
    answer_if_full(worker);
    if (!worker->accept.closed && is_in_the_way(worker)) {
        pause_for(worker, ACCEPT_FULL, FULL_PAUSE_MS);
    }
    return TOOK_ONE;
}

/* Never accepts in order to close: without a place the clients wait in the queue, where
 * another worker can take them. */
static bool has_place(struct worker *worker)
{
    if (!is_full(worker) || conns_least_wanted(&worker->conns) != NULL) {
        return true;
    }
    if (may_complain(&worker->accept)) {
        log_write(NULL, LOG_LEVEL_WARN,
                  "all %zu worker_connections are in use: clients have to wait",
                  worker->connections_max);
    }
    return false;
}

static void ready(struct ev_source *source, unsigned events)
{
    (void)events;
    struct acceptor *acceptor = LIST_ITEM(source, struct acceptor, source);
    struct worker *worker = acceptor->worker;
    answer_if_full(worker);
    if (!worker->accept.owed && is_full(worker) && least_loaded(worker) != UINT32_MAX) {
        pause_for(worker, ACCEPT_AHEAD, AHEAD_PAUSE_MS);
        return;
    }
    if (!has_place(worker)) {
        pause_for(worker, ACCEPT_FULL, FULL_PAUSE_MS);
        return;
    }
    if (take(acceptor) == TOOK_PAUSE) {
        back_off(worker, errno);
    }
}

/* --- start and stop ----------------------------------------------------------------- */

void accept_start(struct worker *worker, const int *fds, size_t count)
{
    struct acceptors *accept = &worker->accept;
    *accept = (struct acceptors){
        .items = xcalloc(count, sizeof(*accept->items)),
        .count = count,
    };
    timer_init(&accept->resume, resume_by_time);
    timer_init(&accept->again, look_again);
    for (size_t i = 0; i < count; i++) {
        accept->items[i] = (struct acceptor){
            .source = {.ready = ready, .fd = fds[i]},
            .worker = worker,
            .listener = worker->config->sockets[i],
        };
    }
    look_again(&accept->again);
}

static void take_queued_ones(struct acceptor *acceptor)
{
    enum outcome outcome;
    do {
        outcome = take(acceptor);
    } while (outcome == TOOK_ONE || outcome == TOOK_FAILED);
}

void accept_stop(struct worker *worker, bool take_queued)
{
    struct acceptors *accept = &worker->accept;
    if (accept->closed) {
        return;
    }
    accept->closed = true;
    timer_clear(worker->timers, &accept->resume);
    timer_clear(worker->timers, &accept->again);
    for (size_t i = 0; i < accept->count; i++) {
        struct acceptor *acceptor = &accept->items[i];
        if (take_queued) {
            take_queued_ones(acceptor);
        }
        ev_forget(worker->loop, &acceptor->source);
        fd_close(acceptor->source.fd);
    }
    free(accept->items);
    accept->items = NULL;
    accept->count = 0;
}
