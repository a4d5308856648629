#include "server/worker_process.h"
#include "common/clock.h"
#include "common/fdutil.h"
#include "common/xalloc.h"
#include "server/channel.h"
#include "server/filecache.h"
#include "server/signals.h"
#include "server/title.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define TURN_MAX_MS  1000 /* the heartbeat's longest pause */
#define STOP_MS      800  /* for answers under way at a fast stop */
#define ORPHAN_MS    10000
#define TRIM_MS      5000 /* from one giving back of free memory to the next, at least */
#define LAST_IDLE_MS 1000 /* a request may be on its way when the whole server stops */

enum leaving {
    LEAVING_NOT,
    LEAVING_DRAINED, /* when no connection is left */
    LEAVING_STOPPED, /* when what had come is read and no answer is being sent */
};

/* The worker and what ties it to its process. */
struct process {
    struct worker worker;
    const struct worker_setup *setup;
    struct ev_source channel;
    struct ev_source wake;
    int wake_end; /* the signal handler's end of the pipe */
    struct timer trim;
    bool moved; /* something happened since the last trim */
    enum leaving leaving;
    bool looked;      /* at all that had come before it was to leave */
    bool last;        /* no other worker will serve after this one */
    int64_t leave_ms; /* at the latest; 0: no bound */
    bool accepting;
};

/* --- leaving ------------------------------------------------------------------------ */

static void bound(struct process *process, int64_t longest_ms)
{
    int64_t deadline = clock_now_ms() + longest_ms;
    if (process->leave_ms == 0 || deadline < process->leave_ms) {
        process->leave_ms = deadline;
    }
}

static void stop_accepting(struct process *process, bool take_queued)
{
    if (process->accepting) {
        accept_stop(&process->worker, take_queued);
    }
    process->accepting = false;
}

/* The bound is worker_shutdown_timeout, where there is one. */
static void drain(struct process *process, unsigned how)
{
    struct worker *worker = &process->worker;
    process->last = process->last || (how & DRAIN_LAST) != 0;
    if (process->leaving != LEAVING_NOT) {
        return;
    }
    worker->service.draining = true;
    BOARD_SET(worker->board, draining, 1);
    title_set("worker process is shutting down (generation %u)", worker->generation);
    stop_accepting(process, (how & DRAIN_TAKE_QUEUED) != 0);
    process->leaving = LEAVING_DRAINED;
    int64_t timeout = worker->config->set.worker_shutdown_timeout;
    if (timeout != 0) {
        bound(process, timeout);
    }
}

static void stop(struct process *process)
{
    drain(process, 0);
    process->leaving = LEAVING_STOPPED;
    bound(process, STOP_MS);
}

static bool is_sending(const struct worker *worker)
{
    if (!list_empty(&worker->conns.turns) || !list_empty(&worker->conns.heavies)) {
        return true;
    }
    LIST_EACH(link, next, &worker->conns.busy)
    {
        if (LIST_ITEM(link, struct conn, link)->state == CONN_SEND) {
            return true;
        }
    }
    return false;
}

static bool may_leave(const struct process *process)
{
    switch (process->leaving) {
    case LEAVING_DRAINED:
        return process->worker.conns.count == 0;
    case LEAVING_STOPPED:
        return process->looked && !is_sending(&process->worker);
    default:
        return false;
    }
}

static void leave(struct process *process)
{
    uint32_t cut = (uint32_t)process->worker.conns.count;
    process->worker.quitting = true;
    if (cut != 0 && process->channel.fd >= 0) {
        channel_tell(process->channel.fd, MESSAGE_CUT, cut);
    }
}

static void leave_when_done(struct process *process)
{
    struct worker *worker = &process->worker;
    if (process->last) {
        conns_drop_waiting(&worker->conns, LAST_IDLE_MS);
    }
    if (may_leave(process)) {
        leave(process);
    } else if (process->leave_ms != 0 && clock_now_ms() >= process->leave_ms) {
        log_write(NULL, LOG_LEVEL_NOTICE, "time to leave is over, %zu connections cut",
                  worker->conns.count);
        leave(process);
    }
}

/* --- the master's word, and signals ------------------------------------------------- */

static void go(struct process *process)
{
    struct worker *worker = &process->worker;
    if (!process->accepting && process->leaving == LEAVING_NOT) {
        process->accepting = true;
        process->setup->log->standard = RINGLOG_STDERR_NAMED;
        accept_start(worker, process->setup->fds, worker->config->socket_count);
    }
}

static void obey(struct process *process, const struct message *message, int fd)
{
    switch (message->type) {
    case MESSAGE_GO:
        go(process);
        break;
    case MESSAGE_DRAIN:
        drain(process, message->value);
        break;
    case MESSAGE_STOP:
        stop(process);
        break;
    default:
        channel_settle(message, fd);
        break;
    }
}

static void lose_master(struct process *process)
{
    ev_forget(process->worker.loop, &process->channel);
    fd_close(process->channel.fd);
    process->channel.fd = -1;
    log_write(NULL, LOG_LEVEL_ALERT, "the master process is gone: draining");
    drain(process, DRAIN_TAKE_QUEUED | DRAIN_LAST);
    bound(process, ORPHAN_MS);
}

static void channel_ready(struct ev_source *source, unsigned events)
{
    struct process *process = LIST_ITEM(source, struct process, channel);
    struct message message;
    int fd;
    enum channel_result result;
    (void)events;
    while ((result = channel_recv(source->fd, &message, &fd)) == CHANNEL_MESSAGE) {
        obey(process, &message, fd);
    }
    if (result == CHANNEL_CLOSED) {
        lose_master(process);
    }
}

static void reopen_logs(const struct process *process)
{
    const struct worker_setup *setup = process->setup;
    if (process->channel.fd >= 0) {
        channel_tell(process->channel.fd, MESSAGE_REOPEN, 0);
    } else if (setup->reopen != NULL) {
        setup->reopen(setup->reopen_context);
    }
}

static bool is_alone(const struct process *process)
{
    return process->setup->channel < 0 || getppid() != process->setup->master;
}

/* With a master alive this worker alone drains: the queue is left to the others. */
static void quit(struct process *process)
{
    drain(process, is_alone(process) ? DRAIN_TAKE_QUEUED | DRAIN_LAST : 0);
}

/* What sigterm says is for the whole server. */
static void terminate(struct process *process)
{
    if (process->setup->channel < 0 && process->leaving == LEAVING_NOT &&
        process->worker.config->set.sigterm == STOP_GRACEFULLY) {
        quit(process);
    } else {
        stop(process);
    }
}

static void wake_ready(struct ev_source *source, unsigned events)
{
    struct process *process = LIST_ITEM(source, struct process, wake);
    char bytes[64];
    (void)events;
    while (read(source->fd, bytes, sizeof(bytes)) == sizeof(bytes)) {
        /* the flags say the rest */
    }
    if (signals_take(SIGNAL_TERM)) {
        terminate(process);
    }
    if (signals_take(SIGNAL_STOP)) {
        stop(process);
    }
    if (signals_take(SIGNAL_QUIT)) {
        quit(process);
    }
    if (signals_take(SIGNAL_REOPEN)) {
        reopen_logs(process);
    }
}

/* --- memory ------------------------------------------------------------------------- */

static void trim(struct timer *timer)
{
    struct process *process = LIST_ITEM(timer, struct process, trim);
    int64_t began_ns = clock_read_ns();
    if (process->moved) {
        xtrim();
    }
    process->moved = false;
    /* A hundredth of the time at most, however many blocks are free. */
    int64_t pause_ms = TRIM_MS + (clock_read_ns() - began_ns) / 10000;
    timer_set(process->worker.timers, timer, clock_now_ms() + pause_ms);
}

/* --- set-up ------------------------------------------------------------------------- */

static void watch(struct process *process, struct ev_source *source, int fd,
                  ev_ready *ready)
{
    *source = (struct ev_source){.fd = fd, .ready = ready};
    if (fd >= 0 && ev_set(process->worker.loop, source, EV_IN) != 0) {
        log_fatal(errno, "cannot watch a descriptor of the worker");
    }
}

static void watch_signals(struct process *process)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        log_fatal(errno, "pipe2() failed");
    }
    process->wake_end = ends[1];
    watch(process, &process->wake, ends[0], wake_ready);
    signals_install_worker(ends[1]);
}

static void set_up(struct process *process, const struct worker_setup *setup)
{
    struct worker *worker = &process->worker;
    process->setup = setup;
    clock_update();
    worker->config = setup->config;
    worker->loop = ev_create();
    worker->timers = timers_create(clock_now_ms());
    worker->board = setup->board;
    worker->shm = setup->shm;
    worker->connection_counter = setup->connection_counter;
    worker->connections_max = setup->connections_max;
    worker->slot = setup->slot;
    worker->generation = setup->generation;
    service_init(&worker->service, setup->config);
    worker->service.board = setup->board;
    worker->service.quarantine =
        setup->shm == NULL ? NULL : &shm_head(setup->shm)->quarantine;
    worker->service.access_sink = ringlog_gather;
    worker->service.access_context = setup->log;
    log_set_sink(ringlog_gather, setup->log);
    conns_init(&worker->conns);
    BOARD_SET(worker->board, connections_free, (uint32_t)setup->connections_max);
    watch(process, &process->channel, setup->channel, channel_ready);
    watch_signals(process);
    timer_init(&process->trim, trim);
    timer_set(worker->timers, &process->trim, clock_now_ms() + TRIM_MS);
}

static void tear_down(struct process *process)
{
    struct worker *worker = &process->worker;
    stop_accepting(process, false);
    conns_clear(&worker->conns);
    service_clear(&worker->service);
    timers_destroy(worker->timers);
    ev_destroy(worker->loop);
    log_set_sink(ringlog_write, process->setup->log);
    ringlog_settle(process->setup->log);
    fd_close(process->wake.fd);
    signals_install_worker(-1);
    fd_close(process->wake_end);
}

static int longest_wait(const struct process *process)
{
    if (process->leave_ms == 0) {
        return TURN_MAX_MS;
    }
    if (!process->looked) {
        return 0;
    }
    int64_t left = process->leave_ms - clock_now_ms();
    return left < 0 ? 0 : left < TURN_MAX_MS ? (int)left : TURN_MAX_MS;
}

static void turn(struct process *process)
{
    struct worker *worker = &process->worker;
    bool waiting = conns_take_turns(&worker->conns);
    int wait =
        waiting ? 0 : timers_wait(worker->timers, clock_now_ms(), longest_wait(process));
    filecache_end_turn(worker->service.files);
    ringlog_settle(process->setup->log);
    process->looked = process->leaving != LEAVING_NOT;
    size_t held = worker->conns.count;
    int called = ev_turn(worker->loop, wait);
    conns_answer(&worker->conns);
    BOARD_SET(worker->board, beat_ns, clock_now_ns());
    timers_run(worker->timers, clock_now_ms());
    conns_sweep(&worker->conns);
    process->moved = process->moved || called != 0 || worker->conns.count != held;
    leave_when_done(process);
}

int worker_run(const struct worker_setup *setup)
{
    struct process process = {0};
    set_up(&process, setup);
    signals_unblock();
    if (setup->channel < 0) {
        go(&process);
    } else if (channel_tell(setup->channel, MESSAGE_READY, 0) < 0) {
        log_fatal(errno, "the master does not listen");
    }
    while (!process.worker.quitting) {
        turn(&process);
    }
    tear_down(&process);
    return 0;
}
