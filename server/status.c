#include "server/status.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/escape.h"
#include "server/master.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

static const char *const phases[] = {
    [MASTER_STARTING] = "starting",  [MASTER_SERVING] = "serving",
    [MASTER_DRAINING] = "draining",  [MASTER_STOPPING] = "stopping",
    [MASTER_FINISHING] = "stopping", [MASTER_DONE] = "stopping",
};

static const char *const slot_states[SLOT_STATE_COUNT] = {
    [SLOT_EMPTY] = "empty",       [SLOT_STARTING] = "starting",
    [SLOT_READY] = "ready",       [SLOT_DRAINING] = "draining",
    [SLOT_STOPPING] = "stopping", [SLOT_BACKOFF] = "backing off",
    [SLOT_FAILED] = "failed",
};

/* --- a request ---------------------------------------------------------------------- */

/* NULL where there is nothing. */
static const char *from_client(struct arena *arena, struct slice text)
{
    if (text.len == 0) {
        return NULL;
    }
    struct buf escaped = {0};
    escape_log(&escaped, text);
    const char *kept = arena_cstr(arena, buf_slice(&escaped));
    buf_free(&escaped);
    return kept;
}

/* Without the version, which everybody knows. */
static struct slice method_and_target(const char *line)
{
    struct slice text = slice_str(line);
    size_t space = slice_rfind(text, ' ');
    bool has_version = slice_starts(slice_from(text, space), SLICE(" HTTP/"));
    return has_version ? slice_of(text.ptr, space) : text;
}

static const struct status_request *gather_request(const struct board_slot *board,
                                                   struct arena *arena, int64_t now)
{
    struct board_request from;
    if (!board_copy_request(board, &from)) {
        return NULL;
    }
    struct status_request *request = arena_alloc(arena, sizeof(*request));
    *request = (struct status_request){
        .peer = from_client(arena, slice_str(from.peer)),
        .line = from_client(arena, method_and_target(from.line)),
        .host = from_client(arena, slice_str(from.host)),
        .phase = board_phase_name(from.phase),
        .location = from_client(arena, slice_str(from.location)),
        .age = board_age_ms(&from, now),
    };
    return request;
}

/* --- workers ------------------------------------------------------------------------ */

static void read_board(struct status_worker *out, const struct board_slot *board,
                       const struct slot *slot, int64_t now)
{
    uint64_t most = slot->generation == NULL ? 0 : slot->generation->connections_max;
    out->connections = board_count(&board->connections, most);
    out->reading = board_count(&board->doing[BOARD_READING], most);
    out->writing = board_count(&board->doing[BOARD_WRITING], most);
    out->waiting = board_count(&board->doing[BOARD_WAITING], most);
    out->accepted = atomic_load(&board->accepted);
    out->requests = atomic_load(&board->requests);
    out->sent = atomic_load(&board->bytes_sent);
    out->accept_errors = atomic_load(&board->accept_errors);
    int64_t beat = atomic_load(&board->beat_ns) / NS_PER_MS;
    out->beat = beat >= 0 && beat <= now ? now - beat : 0;
}

static void gather_worker(const struct master *master, const struct slot *slot,
                          struct arena *arena, struct status_worker *out)
{
    int64_t now = clock_read_ns() / NS_PER_MS;
    const struct board_slot *board = shm_board(&master->shm, slot->number);
    *out = (struct status_worker){
        .slot = slot->number,
        .pid = (uint64_t)slot->pid,
        .generation = slot->generation == NULL ? 0 : slot->generation->number,
        .state = slot_states[slot->state],
        .uptime = -1,
        .beat = -1,
        .restarts = slot->past.restarts,
        .last_restart_age = -1,
        .log_drops = ring_drops(shm_ring(&master->shm, slot->number)),
    };
    if (slot->past.restarts != 0) {
        out->last_restart = slot->past.cause;
        out->last_restart_age = now - slot->past.died_ms;
    }
    if (slot->pid != 0) { /* else the record is a dead one's */
        out->uptime = now - slot->started_ms;
        out->rate = tally_slot_rate(master, slot, now);
        out->request = gather_request(board, arena, now);
        read_board(out, board, slot, now);
    }
}

static void gather_workers(const struct master *master, struct arena *arena,
                           struct status *out)
{
    out->workers = arena_alloc(arena, (slots_occupied(&master->slots) + 1) *
                                          sizeof(struct status_worker));
    for (unsigned i = SLOT_FIRST_WORKER; i < master->slots.used; i++) {
        const struct slot *slot = &master->slots.items[i];
        if (slot->state != SLOT_EMPTY) {
            struct status_worker *worker = &out->workers[out->worker_count++];
            gather_worker(master, slot, arena, worker);
            out->connections += worker->connections;
            out->reading += worker->reading;
            out->writing += worker->writing;
            out->waiting += worker->waiting;
        }
    }
}

/* --- listeners ---------------------------------------------------------------------- */

/* Of a listening socket, the system keeps the queue in these two. */
static void count_queue(const struct listener *listener, struct status_listener *out)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);
    if (listener->addr.u.sa.sa_family != AF_UNIX &&
        getsockopt(listener->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0) {
        out->counted = true;
        out->queue = info.tcpi_unacked;
        out->backlog = info.tcpi_sacked;
    }
}

static void gather_listeners(const struct master *master, struct arena *arena,
                             struct status *out)
{
    const struct listeners *all = &master->listeners;
    out->listeners = arena_alloc(arena, (all->count + 1) * sizeof(*out->listeners));
    out->listener_count = all->count;
    for (size_t i = 0; i < all->count; i++) {
        char text[SOCKADDR_TEXT_MAX];
        struct status_listener *listener = &out->listeners[i];
        *listener = (struct status_listener){
            .address =
                arena_cstr(arena, sockaddr_format(&all->items[i]->addr, true, text))};
        count_queue(all->items[i], listener);
    }
}

/* --- the server --------------------------------------------------------------------- */

static uint64_t count_draining(const struct master *master)
{
    uint64_t count = 0;
    LIST_EACH(link, next, &master->generations)
    {
        const struct generation *generation = LIST_ITEM(link, struct generation, link);
        count += generation->state == GENERATION_RETIRED && generation->children != 0;
    }
    return count;
}

static uint64_t count_drops(const struct master *master)
{
    uint64_t drops = atomic_load(&shm_head(&master->shm)->log_lost);
    unsigned ready = atomic_load(&shm_head(&master->shm)->slots);
    for (unsigned i = 0; i < ready && i < SLOT_MAX; i++) {
        drops += ring_drops(shm_ring(&master->shm, i));
    }
    return drops;
}

/* The verdict to come takes the place of the last one only at its end. */
static void gather_verdict(const struct master *master, struct arena *arena,
                           struct status *out)
{
    const struct verdict *verdict = &master->reload.verdict;
    struct buf text = {0};
    if (verdict->result != VERDICT_NONE) {
        verdict_format(verdict, &text);
    } else {
        buf_append_slice(&text, buf_slice(&verdict->summary));
    }
    while (text.len != 0 && text.data[text.len - 1] == '\n') {
        text.len--;
    }
    out->verdict = verdict_name(verdict->result);
    out->verdict_text = text.len == 0 ? NULL : arena_cstr(arena, buf_slice(&text));
    buf_free(&text);
}

static void gather_totals(const struct master *master, int64_t now, struct status *out)
{
    const struct tally *tally = &master->tally;
    struct tally_counts total = tally_total(master);
    out->accepted = total.accepted;
    out->requests = total.requests;
    out->sent = total.sent;
    out->accept_errors = total.accept_errors;
    out->rate = tally_rate(master, now);
    out->log_drops = count_drops(master);
    out->restarts = tally->restarts;
    if (tally->restarts != 0) {
        out->last_restart = tally->cause;
        out->last_restart_age = now - tally->died_ms;
    }
}

static void gather_quarantine(const struct master *master, struct status *out)
{
    int64_t latest = 0;
    for (unsigned i = 0; i < QUARANTINE_MAX; i++) {
        const struct quarantined *held = &master->quarantine.held[i];
        out->quarantined += held->until_ms != 0;
        if (held->until_ms > latest) {
            latest = held->until_ms;
            out->quarantined_request = held->what;
        }
    }
}

void status_gather(const struct master *master, struct arena *arena, struct status *out)
{
    int64_t now = clock_read_ns() / NS_PER_MS;
    *out = (struct status){
        .version = TINYHTTPD_VERSION,
        .config = master->source.path,
        .pid = (uint64_t)getpid(),
        .uptime = now - master->tally.started_ms,
        .state = phases[master->phase],
        .generation = master->current == NULL ? 0 : master->current->number,
        .draining = count_draining(master),
        .logger = (uint64_t)master->slots.items[SLOT_LOGGER].pid,
        .last_restart_age = -1,
    };
    gather_totals(master, now, out);
    gather_quarantine(master, out);
    gather_verdict(master, arena, out);
    gather_listeners(master, arena, out);
    gather_workers(master, arena, out);
}
