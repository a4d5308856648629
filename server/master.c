#include "server/master.h"
#include "common/clock.h"
#include "common/fdutil.h"
#include "common/xalloc.h"
#include "server/blame.h"
#include "server/channel.h"
#include "server/cmdline.h"
#include "server/daemonize.h"
#include "server/runfiles.h"
#include "server/signals.h"
#include "server/spawn.h"
#include "server/title.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS  1000 /* a signal that got lost is made up for */
#define AGAIN_MS 200  /* one stop may reach us twice: to the process and to its group */

struct master *master_create(const struct config_source *source)
{
    struct master *master = xcalloc(1, sizeof(*master));
    master->source = *source;
    master->ready_fd = -1;
    master->pidfile = (struct pidfile)PIDFILE_NONE;
    list_init(&master->generations);
    reload_init(&master->reload);
    control_init(&master->control);
    upgrade_init(&master->upgrade);
    shm_create(&master->shm);
    shm_prepare(&master->shm, SLOT_MASTER);
    quarantine_init(&master->quarantine, &shm_head(&master->shm)->quarantine);
    master->log.shm = &master->shm;
    master->log.files = &master->logs;
    master->log.standard = RINGLOG_STDERR_ALSO;
    slots_init(&master->slots, &spawn_ops, master, WORKERS_MAX);
    master->slots.random = (uint32_t)clock_read_ns();
    log_set_sink(ringlog_write, &master->log);
    return master;
}

void master_destroy(struct master *master)
{
    while (!list_empty(&master->generations)) {
        generation_destroy(master,
                           LIST_ITEM(master->generations.next, struct generation, link));
    }
    log_set_sink(NULL, NULL);
    verdict_clear(&master->reload.verdict);
    listeners_clear(&master->listeners);
    logfiles_clear(&master->logs);
    runfiles_remove(master);
    notify_close(&master->notify);
    shm_destroy(&master->shm);
    free(master);
}

void master_use_log(struct master *master, const struct config *config)
{
    master->log.config = config;
    log_set_default(config == NULL ? NULL : config->error_log);
}

/* --- log files ---------------------------------------------------------------------- */

static struct slot *logger_slot(struct master *master)
{
    return &master->slots.items[SLOT_LOGGER];
}

/* The file of the error log, for what goes to standard error past the log: -1 when there
 * is none but standard error itself. */
static int error_log_fd(const struct master *master)
{
    const struct config *config = master->current->config;
    for (uint32_t i = 0; i < config->error_log->count; i++) {
        const struct log_file *file =
            &config->log_files[config->error_log->targets[i].file];
        if (!logfiles_is_inherited(file->path)) {
            return logfiles_fd(&master->logs, file->number);
        }
    }
    return -1;
}

/* In the background, what libraries and the run time say at a crash goes to the error
 * log. */
static void redirect_stderr(struct master *master)
{
    int fd = master->daemonized ? error_log_fd(master) : -1;
    if (fd < 0) {
        return;
    }
    dup2(fd, STDERR_FILENO);
    const struct message message = {.type = MESSAGE_STANDARD};
    SLOTS_EACH(slot, &master->slots)
    {
        if (slot->channel >= 0) {
            channel_send(slot->channel, &message, fd);
        }
    }
}

static void send_log_news(struct master *master)
{
    const struct slot *logger = logger_slot(master);
    struct reopening *reopening = &master->reopening;
    if (logger->channel >= 0 && logfiles_send_news(&master->logs, logger->channel) &&
        reopening->told != reopening->asked &&
        channel_tell(logger->channel, MESSAGE_SYNC, reopening->asked) == 0) {
        reopening->told = reopening->asked;
    }
}

unsigned master_reopen(struct master *master)
{
    struct reopening *reopening = &master->reopening;
    reopening->failed = logfiles_reopen(&master->logs);
    reopening->asked++;
    send_log_news(master);
    redirect_stderr(master);
    log_write(NULL, LOG_LEVEL_NOTICE, "log files reopened, %zu failed",
              reopening->failed);
    return reopening->asked;
}

/* From now on the master's lines take the way of all others. A new logger was born with
 * the newest files. */
void master_logger_ready(struct master *master)
{
    master->reopening.done = master->reopening.told;
    logger_slot(master)->candidate = false;
    master->log.ring = shm_ring(&master->shm, SLOT_MASTER);
}

/* --- the life of the server --------------------------------------------------------- */

void master_started(struct master *master)
{
    master->phase = MASTER_SERVING;
    redirect_stderr(master);
    master->log.standard = RINGLOG_STDERR_NAMED;
    if (master->banner != NULL) {
        fd_write_all(STDOUT_FILENO, master->banner, strlen(master->banner));
    }
    daemonize_report(&master->ready_fd, EXIT_OK);
}

static void cancel_start(struct master *master)
{
    notify_stopping(&master->notify);
    reload_cancel(master);
    upgrade_cancel(master);
    master->slots.stopping = true;
}

void master_start_failed(struct master *master)
{
    master->status = EXIT_WORKERS_FAILED;
    cancel_start(master);
    master->phase = MASTER_STOPPING;
}

/* Once more: no more patience. */
static void stop_fast(struct master *master)
{
    bool stopping = master->phase == MASTER_STOPPING || master->phase == MASTER_FINISHING;
    bool again = stopping && master->slots.now_ms - master->stop_ms >= AGAIN_MS;
    if (stopping && !again) {
        return;
    }
    master->stop_ms = master->slots.now_ms;
    cancel_start(master);
    slots_handle_all(&master->slots, NULL, again ? SLOT_KILL : SLOT_STOP);
    if (master->phase == MASTER_FINISHING) {
        slot_handle(&master->slots, logger_slot(master), SLOT_KILL);
        return;
    }
    master->phase = MASTER_STOPPING;
}

void master_stop_gracefully(struct master *master)
{
    if (master->phase == MASTER_STARTING) {
        stop_fast(master);
    } else if (master->phase == MASTER_SERVING) {
        cancel_start(master);
        master->phase = MASTER_DRAINING;
        generation_retire(master, master->current, NULL);
        slots_handle_all(&master->slots, NULL, SLOT_DRAIN); /* those before it as well */
    }
}

/* As the configuration says; while it stops gracefully already, fast. */
static void terminate(struct master *master)
{
    bool gracefully = master->current != NULL &&
                      master->current->config->set.sigterm == STOP_GRACEFULLY;
    if (!gracefully) {
        stop_fast(master);
    } else if (master->phase == MASTER_SERVING) {
        master->stop_ms = master->slots.now_ms;
        master_stop_gracefully(master);
    } else if (master->phase != MASTER_DRAINING ||
               master->slots.now_ms - master->stop_ms >= AGAIN_MS) {
        stop_fast(master);
    }
}

/* A server without a file to read has nothing to reload: its terminal hung up. */
static void reload(struct master *master)
{
    if (master->is_builtin) {
        stop_fast(master);
    } else {
        reload_request(master);
    }
}

static void upgrade(struct master *master)
{
    upgrade_begin(master, false);
}

static void reopen(struct master *master)
{
    if (master->phase == MASTER_SERVING) {
        master_reopen(master);
    }
}

/* A terminal says with the same signal that its window changed its size. */
static bool has_terminal(void)
{
    int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    fd_close(fd);
    return fd >= 0;
}

static void drain_workers(struct master *master)
{
    if (master->phase == MASTER_SERVING && !has_terminal()) {
        log_write(NULL, LOG_LEVEL_NOTICE, "SIGWINCH: the workers drain");
        generation_rest(master, master->current);
    }
}

/* In this order, whatever the order of their coming. */
static const struct {
    enum signal_flag flag;
    void (*act)(struct master *master);
} actions[] = {
    {SIGNAL_STOP, stop_fast},
    {SIGNAL_TERM, terminate},
    {SIGNAL_QUIT, master_stop_gracefully},
    {SIGNAL_UPGRADE, upgrade},
    {SIGNAL_RELOAD, reload},
    {SIGNAL_REOPEN, reopen},
    {SIGNAL_DRAIN, drain_workers},
};

static void act_on_signals(struct master *master)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (signals_take(actions[i].flag)) {
            actions[i].act(master);
        }
    }
    if (master->reopen_asked) {
        master->reopen_asked = false;
        reopen(master);
    }
}

/* The logger goes last. */
static void step_phase(struct master *master)
{
    struct slot *logger = logger_slot(master);
    if ((master->phase == MASTER_DRAINING || master->phase == MASTER_STOPPING) &&
        slots_occupied(&master->slots) == 0) {
        log_write(NULL, LOG_LEVEL_NOTICE, "all workers are gone");
        if (logger->state == SLOT_BACKOFF) { /* the rings may have lines yet */
            slot_handle(&master->slots, logger, SLOT_DEADLINE);
        }
        slot_handle(&master->slots, logger, SLOT_STOP);
        master->log.ring = NULL; /* what is said from now on, nobody would take out */
        master->phase = MASTER_FINISHING;
    }
    if (master->phase == MASTER_FINISHING && logger->state == SLOT_EMPTY &&
        master->reload.checker == 0 && !upgrade_has_child(&master->upgrade)) {
        master->phase = MASTER_DONE;
    }
}

/* --- the loop ----------------------------------------------------------------------- */

static void bury(struct master *master, pid_t pid, int status, const struct rusage *usage)
{
    struct slot *slot = slots_by_pid(&master->slots, pid);
    if (WIFSTOPPED(status)) {
        log_write(NULL, LOG_LEVEL_WARN, "process %ld was stopped by %s", (long)pid,
                  signals_name(WSTOPSIG(status)));
    } else if (!WIFCONTINUED(status) && slot != NULL) {
        spawn_bury(master, slot, status, usage);
    } else if (!WIFCONTINUED(status)) {
        reload_reaped(master, pid, status);
        upgrade_reaped(master, pid, status);
    }
}

/* Several deaths may have been told by one signal. */
static void reap(struct master *master)
{
    for (;;) {
        int status;
        struct rusage usage;
        pid_t pid = wait4(-1, &status, WNOHANG | WUNTRACED | WCONTINUED, &usage);
        if (pid > 0) {
            bury(master, pid, status, &usage);
        } else if (pid == 0 || errno != EINTR) {
            return;
        }
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static struct timespec time_to_wait(const struct master *master)
{
    int64_t now = clock_read_ns() / NS_PER_MS;
    int64_t deadline =
        earlier(slots_deadline(&master->slots), reload_deadline(&master->reload));
    deadline = earlier(deadline, control_deadline(&master->control));
    deadline = earlier(deadline, upgrade_deadline(&master->upgrade));
    deadline = earlier(deadline, notify_deadline(&master->notify));
    int64_t wait = deadline == 0 ? TICK_MS : deadline - now;
    wait = wait < 0 ? 0 : wait > TICK_MS ? TICK_MS : wait;
    return (struct timespec){.tv_sec = wait / 1000, .tv_nsec = wait % 1000 * NS_PER_MS};
}

/* Everything that may speak. */
static nfds_t gather(const struct master *master, struct pollfd *polled)
{
    nfds_t count = 0;
    polled[count++] = (struct pollfd){.fd = master->reload.channel, .events = POLLIN};
    polled[count++] = (struct pollfd){.fd = master->upgrade.channel, .events = POLLIN};
    for (unsigned i = 0; i < master->slots.used; i++) {
        const struct slot *slot = &master->slots.items[i];
        if (slot->channel >= 0) {
            polled[count++] = (struct pollfd){.fd = slot->channel, .events = POLLIN};
        }
    }
    return count + control_gather(&master->control, polled + count);
}

static void listen_to_children(struct master *master)
{
    reload_listen(master);
    upgrade_listen(master);
    SLOTS_EACH(slot, &master->slots)
    {
        if (slot->channel >= 0) {
            spawn_listen(master, slot);
        }
    }
}

static void wait_for_news(struct master *master)
{
    struct pollfd polled[2 + SLOT_MAX + 1 + CONTROL_CLIENTS_MAX];
    nfds_t count = gather(master, polled);
    struct timespec wait = time_to_wait(master);
    int ready = ppoll(polled, count, &wait, signals_wait_mask());
    clock_update();
    master->slots.now_ms = clock_now_ms();
    if (ready > 0) {
        listen_to_children(master);
    }
}

static void turn(struct master *master)
{
    wait_for_news(master);
    signals_take(SIGNAL_CHILD);
    reap(master);
    act_on_signals(master);
    reload_step(master);
    upgrade_step(master);
    recycle_step(master);
    blame_step(master);
    slots_run_due(&master->slots);
    watchdog_look(master);
    notify_watchdog(master);
    tally_tick(master);
    send_log_news(master);
    control_step(master);
    step_phase(master);
}

void master_run(struct master *master, struct generation *first)
{
    signals_install_master();
    title_set("master process %s", title_command_line());
    log_set_identity("master", SLOT_MASTER);
    clock_update();
    master->slots.now_ms = clock_now_ms();
    master->slots.bucket.filled_ms = master->slots.now_ms;
    tally_begin(&master->tally, master->slots.now_ms);
    if (!reload_start_first(master, first)) {
        log_write(NULL, LOG_LEVEL_EMERG, "start failed: fork() failed");
    }
    while (master->phase != MASTER_DONE) {
        turn(master);
    }
    log_write(NULL, LOG_LEVEL_NOTICE, "exit");
}
