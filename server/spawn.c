#include "server/spawn.h"
#include "common/fdutil.h"
#include "common/xalloc.h"
#include "server/blame.h"
#include "server/channel.h"
#include "server/death.h"
#include "server/hook.h"
#include "server/logger.h"
#include "server/master.h"
#include "server/recycle.h"
#include "server/signals.h"
#include "server/title.h"
#include "server/worker_process.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_UNFIT       78 /* it said why, and will not do better at once */
#define REFUSED_EVERY_MS 10000

/* --- in the child ------------------------------------------------------------------- */

struct child {
    struct master *master;
    struct slot *slot;
    struct generation *generation;
    int channel;
    pid_t parent;
};

static void keep_only(const struct child *child, const int *others, size_t count)
{
    const int *wake = child->master->shm.wake;
    int *keep = xcalloc(count + 3, sizeof(int));
    memcpy(keep, others, count * sizeof(int));
    keep[count] = child->channel;
    keep[count + 1] = wake[0];
    keep[count + 2] = wake[1];
    fd_close_others(keep, count + 3);
    free(keep);
}

/* Says why it cannot become ready, and ends. */
static void be_unfit(const struct child *child, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

static void be_unfit(const struct child *child, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    channel_vtext(child->channel, MESSAGE_FAILED, LOG_LEVEL_EMERG, format, args);
    va_end(args);
    exit(EXIT_UNFIT);
}

static void drop_privileges(const struct child *child, const struct main_settings *set)
{
    const char *failed =
        privileges_apply(&child->generation->credentials, set, child->parent);
    if (failed != NULL) {
        be_unfit(child, "%s failed (%d: %s)", failed, errno, strerror(errno));
    }
}

static void allow_failure(const struct child *child)
{
    const char *why = hook_start(child->slot->number);
    if (why != NULL) {
        be_unfit(child, "%s", why);
    }
}

static void take_identity(const struct child *child, const char *role)
{
    struct board_slot *board = shm_board(&child->master->shm, child->slot->number);
    atomic_store(&board->pid, getpid());
    log_set_identity(role, child->slot->number);
    log_set_default(child->generation->config->error_log);
}

static int be_worker(const struct child *child, struct ringlog *log)
{
    const struct master *master = child->master;
    const struct generation *generation = child->generation;
    const struct config *config = generation->config;
    title_set("worker process (generation %u)", generation->number);
    take_identity(child, "worker");
    keep_only(child, generation->fds, config->socket_count);
    drop_privileges(child, &config->set);
    allow_failure(child);
    struct worker_setup setup = {
        .config = config,
        .fds = generation->fds,
        .channel = child->channel,
        .master = child->parent,
        .log = log,
        .board = shm_board(&master->shm, child->slot->number),
        .shm = &master->shm,
        .connection_counter = &shm_head(&master->shm)->connections,
        .connections_max = generation->connections_max,
        .slot = child->slot->number,
        .generation = generation->number,
    };
    return worker_run(&setup);
}

static int be_logger(const struct child *child)
{
    struct master *master = child->master;
    signals_install_logger();
    signals_unblock();
    title_set("logger process");
    take_identity(child, "logger");
    int *fds = xcalloc(master->logs.count + 1, sizeof(int));
    for (size_t i = 0; i < master->logs.count; i++) {
        fds[i] = logfiles_fd(&master->logs, (uint32_t)i);
    }
    keep_only(child, fds, master->logs.count);
    free(fds);
    drop_privileges(child, NULL);
    logfiles_forget_news(&master->logs);
    struct logger_setup setup = {
        .shm = &master->shm, .files = &master->logs, .channel = child->channel};
    return logger_run(&setup);
}

static void run_child(const struct child *child) __attribute__((noreturn));

static void run_child(const struct child *child)
{
    struct ringlog log = child->master->log;
    log.ring = shm_ring(&child->master->shm, child->slot->number);
    log.config = child->generation->config;
    log.gave_up = false;
    log_set_sink(ringlog_write, &log);
    exit(child->slot->number == SLOT_LOGGER ? be_logger(child) : be_worker(child, &log));
}

/* --- in the master ------------------------------------------------------------------ */

static struct generation *generation_of(const struct master *master,
                                        const struct slot *slot)
{
    if (slot->generation != NULL) {
        return slot->generation;
    }
    return master->current != NULL
               ? master->current
               : LIST_ITEM(master->generations.prev, struct generation, link);
}

/* Every slot tries again each second, and all are refused alike. A start or a reload that
 * fails of it always says so. */
static void tell_refusal(struct slots *slots, const struct slot *slot, const char *call)
{
    int64_t before = slots->refused_ms;
    if (!slot->candidate && before != 0 && slots->now_ms - before < REFUSED_EVERY_MS) {
        return;
    }
    slots->refused_ms = slots->now_ms;
    log_errno(NULL, LOG_LEVEL_ALERT, errno, "%s for a child failed", call);
}

/* The child's pid, and in slot->channel the master's end; -1 when refused, which the log
 * says. */
static pid_t fork_child(struct master *master, struct slot *slot,
                        struct generation *generation)
{
    struct child child = {
        .master = master, .slot = slot, .generation = generation, .parent = getpid()};
    const char *failed;
    pid_t pid = channel_fork(&child.channel, &failed);
    if (pid == 0) {
        run_child(&child);
    }
    if (pid < 0) {
        tell_refusal(&master->slots, slot, failed);
    } else {
        slot->channel = child.channel;
    }
    return pid;
}

static bool spawn(struct slots *slots, struct slot *slot)
{
    struct master *master = slots->context;
    struct generation *generation = generation_of(master, slot);
    struct board_slot *board = shm_board(&master->shm, slot->number);
    shm_prepare(&master->shm, slot->number);
    board_reset(board, generation->number);
    recycle_draw(master, slot);
    pid_t pid = fork_child(master, slot, generation);
    if (pid < 0) {
        return false;
    }
    slot->pid = pid;
    atomic_store(&board->pid, pid);
    if (slot->number == SLOT_LOGGER) {
        logfiles_forget_news(&master->logs);
    }
    log_write(NULL, LOG_LEVEL_INFO, "%s process %ld started (slot %u, generation %u)",
              slot->number == SLOT_LOGGER ? "logger" : "worker", (long)pid, slot->number,
              generation->number);
    return true;
}

static unsigned drain_bits(const struct master *master, const struct slot *slot)
{
    bool take_queued = slot->generation != NULL && slot->generation->take_queued;
    bool last = master->phase == MASTER_DRAINING && !master->listeners.handed_over;
    return (take_queued ? DRAIN_TAKE_QUEUED : 0u) | (last ? DRAIN_LAST : 0u);
}

/* Over the channel, or by signal when that is full. The logger obeys no signal: its
 * deadline has the last word. */
static void ask(struct slots *slots, struct slot *slot, enum slot_event what)
{
    bool drain = what == SLOT_DRAIN;
    unsigned value = drain ? drain_bits(slots->context, slot) : 0;
    if (channel_tell(slot->channel, drain ? MESSAGE_DRAIN : MESSAGE_STOP, value) < 0) {
        kill(slot->pid, drain ? SIGQUIT : SIGTERM);
    }
}

static void kill_child(struct slots *slots, struct slot *slot)
{
    (void)slots;
    log_write(NULL, LOG_LEVEL_NOTICE, "sending SIGKILL to process %ld (slot %u)",
              (long)slot->pid, slot->number);
    kill(slot->pid, SIGKILL);
}

static void vacated(struct slots *slots, struct slot *slot)
{
    if (slot->generation != NULL) {
        generation_lose_child(slots->context, slot->generation);
    }
}

const struct slot_ops spawn_ops = {
    .spawn = spawn, .ask = ask, .kill = kill_child, .vacated = vacated};

bool spawn_logger(struct master *master)
{
    struct slot *slot = &master->slots.items[SLOT_LOGGER];
    slot->candidate = true;
    return slots_start(&master->slots, slot);
}

/* What a worker that was told to leave took with it, when it was killed over it. */
static void count_cut(struct master *master, const struct slot *slot)
{
    if (slot->state == SLOT_STOPPING && slot->killed) {
        master->connections_cut += death_connections(master, slot);
    }
}

void spawn_bury(struct master *master, struct slot *slot, int status,
                const struct rusage *usage)
{
    spawn_listen(master, slot); /* its last words */
    death_record(master, slot, status, usage);
    tally_bury(master, slot, status);
    blame_request(master, slot, status);
    count_cut(master, slot);
    fd_close(slot->channel);
    slot->channel = -1;
    slot->pid = 0;
    atomic_store(&shm_board(&master->shm, slot->number)->pid, 0);
    slot_handle(&master->slots, slot, SLOT_DIED);
}

static void fail_start(struct master *master, struct slot *slot, const char *why)
{
    slot->unfit = true;
    if (slot->candidate && slot->generation->state == GENERATION_CANDIDATE) {
        verdict_say(&master->reload.verdict, "a new worker cannot start: %s", why);
    }
    log_write(NULL, LOG_LEVEL_EMERG, "process %ld (slot %u) cannot start: %s",
              (long)slot->pid, slot->number, why);
}

static void become_ready(struct master *master, struct slot *slot)
{
    slot_handle(&master->slots, slot, SLOT_TOLD_READY);
    if (slot->number == SLOT_LOGGER) {
        master_logger_ready(master);
    } else if (!slot->candidate && slot->state == SLOT_READY) {
        channel_tell(slot->channel, MESSAGE_GO, 0);
    }
}

struct listening {
    struct master *master;
    struct slot *slot;
};

static void hear(void *context, const struct message *message, int fd)
{
    const struct listening *listening = context;
    struct master *master = listening->master;
    struct slot *slot = listening->slot;
    fd_close(fd);
    switch (message->type) {
    case MESSAGE_READY:
        become_ready(master, slot);
        break;
    case MESSAGE_FAILED:
        fail_start(master, slot, message->text);
        break;
    case MESSAGE_NOTE:
        log_write(NULL, (enum log_level)message->value, "%s", message->text);
        break;
    case MESSAGE_REOPEN:
        master->reopen_asked = true;
        break;
    case MESSAGE_SYNCED:
        master->reopening.done = message->value;
        break;
    case MESSAGE_CUT:
        master->connections_cut += message->value;
        break;
    default:
        break;
    }
}

void spawn_listen(struct master *master, struct slot *slot)
{
    struct listening listening = {master, slot};
    channel_listen(&slot->channel, hear, &listening);
}
