#include "server/reload.h"
#include "common/fdutil.h"
#include "config/build.h"
#include "config/compare.h"
#include "server/channel.h"
#include "server/master.h"
#include "server/report.h"
#include "server/signals.h"
#include "server/spawn.h"
#include "server/title.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK_MS        5000
#define READY_MS        10000
#define COMMIT_EVERY_MS 500
#define PAUSE_MAX_MS    ((int64_t)COMMIT_EVERY_MS << DRAINING_MAX)

void reload_init(struct reload *reload)
{
    *reload = (struct reload){.channel = -1};
}

static unsigned serving_number(const struct master *master)
{
    return master->current == NULL ? 0 : master->current->number;
}

/* With a verdict, which is in the file beside the pid file when anybody is told of it. */
static void finish(struct master *master)
{
    struct reload *reload = &master->reload;
    reload->state = RELOAD_IDLE;
    reload->deadline_ms = 0;
    reload->verdict.number = reload->begun;
    if (master->status_path != NULL &&
        verdict_save(&reload->verdict, master->status_path) < 0) {
        log_errno(NULL, LOG_LEVEL_ERROR, errno, "\"%s\" cannot be written",
                  master->status_path);
    }
}

/* To the log and who manages us, and with the next look at them those who asked. */
static void announce(struct master *master, enum log_level level)
{
    const struct verdict *verdict = &master->reload.verdict;
    log_write(NULL, level, "%.*s", SLICE_ARG(buf_slice(&verdict->summary)));
    notify_ready(&master->notify, buf_slice(&verdict->summary),
                 buf_slice(&verdict->lines));
}

static void reject(struct master *master, const char *why)
{
    verdict_end(&master->reload.verdict, VERDICT_REJECTED, serving_number(master),
                "reload rejected, generation %u goes on: %s", serving_number(master),
                why);
    finish(master);
    announce(master, LOG_LEVEL_ERROR);
}

/* It may have asked for the reload, and waits for the end of it. */
static void tell_manager(struct notify *manager, const char *why)
{
    struct buf text = {0};
    buf_printf(&text, "reload rejected: %s", why);
    notify_reloading(manager);
    notify_ready(manager, buf_slice(&text), SLICE(""));
    buf_free(&text);
}

const char *reload_request(struct master *master)
{
    const char *why = NULL;
    if (master->phase != MASTER_STARTING && master->phase != MASTER_SERVING) {
        why = "the server is stopping";
    } else if (upgrade_is_busy(&master->upgrade)) {
        why = "an upgrade is under way";
        tell_manager(&master->notify, why);
    }
    if (why != NULL) {
        log_write(NULL, LOG_LEVEL_ERROR, "reload rejected: %s", why);
        return why;
    }
    master->reload.wanted = true;
    return NULL;
}

/* --- the check ---------------------------------------------------------------------- */

/* Errors only: the master finds the warnings itself. */
static void send_errors(int channel, const struct diagnostics *diag)
{
    ARRAY_EACH(struct diagnosis, diagnosis, &diag->items)
    {
        if (diagnosis->level == LOG_LEVEL_EMERG) {
            struct buf text = {0};
            diag_format_short(diagnosis, &text);
            channel_text(channel, MESSAGE_NOTE, LOG_LEVEL_EMERG, "%.*s",
                         SLICE_ARG(buf_slice(&text)));
            buf_free(&text);
        }
    }
}

static void check(const struct master *master, int channel) __attribute__((noreturn));

static void check(const struct master *master, int channel)
{
    title_set("master process checks a configuration");
    signals_reset();
    fd_close_others(&channel, 1);
    fd_set_nonblock(channel, false);
    struct arena *arena = arena_create(4096);
    struct diagnostics diag;
    diag_init(&diag, arena);
    struct config *config = config_load(&master->source, &diag);
    if (config == NULL) {
        send_errors(channel, &diag);
    }
    _exit(config == NULL ? EXIT_FAILURE : EXIT_SUCCESS);
}

static void begin_check(struct master *master)
{
    struct reload *reload = &master->reload;
    const char *failed;
    reload->wanted = false;
    reload->begun++;
    notify_reloading(&master->notify);
    pid_t pid = channel_fork(&reload->channel, &failed);
    if (pid == 0) {
        check(master, reload->channel);
    }
    if (pid < 0) {
        log_errno(NULL, LOG_LEVEL_ALERT, errno, "%s for a check failed", failed);
        reject(master, "it cannot be checked");
        return;
    }
    reload->state = RELOAD_CHECKING;
    reload->checker = pid;
    reload->deadline_ms = master->slots.now_ms + CHECK_MS;
}

static void hear(void *context, const struct message *message, int fd)
{
    struct reload *reload = context;
    fd_close(fd);
    if (message->type == MESSAGE_NOTE && reload->state == RELOAD_CHECKING) {
        log_write(NULL, (enum log_level)message->value, "%s", message->text);
        verdict_say(&reload->verdict, "%s", message->text);
    }
}

void reload_listen(struct master *master)
{
    channel_listen(&master->reload.channel, hear, &master->reload);
}

void reload_reaped(struct master *master, pid_t pid, int status)
{
    struct reload *reload = &master->reload;
    if (pid != reload->checker) {
        return;
    }
    reload_listen(master);
    fd_close(reload->channel);
    reload->channel = -1;
    reload->checker = 0;
    reload->check_status = status;
}

/* --- the new generation ------------------------------------------------------------- */

/* What a reload cannot change is kept, and said. */
static void warn_fixed(const struct master *master, const struct config *config)
{
    const struct main_settings *now = &master->current->config->set;
    const struct main_settings *next = &config->set;
    const struct {
        const char *name;
        bool changed;
    } fixed[] = {
        {"pid", strcmp(now->pid, next->pid) != 0},
        {"daemon", now->daemon != next->daemon},
        {"master_process", now->master_process != next->master_process},
    };
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (fixed[i].changed) {
            log_write(NULL, LOG_LEVEL_WARN,
                      "\"%s\" changed: takes effect at the next start", fixed[i].name);
        }
    }
}

static struct generation *load(struct master *master)
{
    struct arena *arena = arena_create(4096);
    struct diagnostics diag;
    diag_init(&diag, arena);
    struct generation *generation = NULL;
    struct config *config = config_load(&master->source, &diag);
    report_log(&diag, 0);
    if (config != NULL) {
        warn_fixed(master, config);
        generation = generation_create(master, config, &diag);
    }
    if (generation == NULL) {
        verdict_say_errors(&master->reload.verdict, &diag);
    }
    arena_destroy(arena);
    return generation;
}

static bool start(struct master *master, struct generation *generation)
{
    struct reload *reload = &master->reload;
    reload->state = RELOAD_STARTING;
    reload->candidate = generation;
    reload->deadline_ms = master->slots.now_ms + READY_MS;
    return generation_start(master, generation);
}

static void give_up_candidate(struct master *master)
{
    struct generation *candidate = master->reload.candidate;
    master->reload.candidate = NULL;
    generation_abandon(master, candidate);
}

bool reload_start_first(struct master *master, struct generation *generation)
{
    return start(master, generation) && spawn_logger(master);
}

static void end_check(struct master *master)
{
    int status = master->reload.check_status;
    if (WIFSIGNALED(status)) {
        log_write(NULL, LOG_LEVEL_ERROR, "the check of the configuration died of %s",
                  signals_name(WTERMSIG(status)));
        reject(master, "the check of the configuration died");
        return;
    }
    if (status != 0) {
        reject(master, "the configuration is not valid");
        return;
    }
    struct generation *generation = load(master);
    if (generation == NULL) {
        reject(master, "the configuration cannot be put in force");
        return;
    }
    if (!start(master, generation)) {
        give_up_candidate(master);
        reject(master, "not every new worker could be forked");
    }
}

/* --- waiting for it ----------------------------------------------------------------- */

static bool is_first(const struct master *master)
{
    return master->current == NULL;
}

static void fail(struct master *master, const char *why)
{
    if (!is_first(master)) {
        give_up_candidate(master);
        reject(master, why);
        return;
    }
    master->reload.state = RELOAD_IDLE;
    master->reload.deadline_ms = 0;
    log_write(NULL, LOG_LEVEL_EMERG, "start failed: %s", why);
    notify_status(&master->notify, slice_str(why));
    give_up_candidate(master);
    master_start_failed(master);
}

/* For the verdict and, a line each, for the log. */
static void say_changes(struct master *master, const struct config *next)
{
    struct buf changes = {0};
    compare_configs(master->current->config, next, &changes);
    verdict_say_text(&master->reload.verdict, buf_slice(&changes));
    struct slice rest = buf_slice(&changes), line;
    while (slice_split(&rest, '\n', &line) && line.len != 0) {
        log_write(NULL, LOG_LEVEL_NOTICE, "reload: %.*s", SLICE_ARG(line));
    }
    buf_free(&changes);
}

static void commit(struct master *master)
{
    struct reload *reload = &master->reload;
    struct generation *generation = reload->candidate;
    bool first = is_first(master);
    reload->candidate = NULL;
    if (!first) {
        reload->committed_ms = master->slots.now_ms;
        say_changes(master, generation->config);
    }
    generation_commit(master, generation);
    verdict_end(&reload->verdict, VERDICT_APPLIED, generation->number,
                "%s: generation %u, %u workers", first ? "started" : "reloaded",
                generation->number, generation->workers);
    finish(master);
    if (first) {
        master_started(master);
    }
    announce(master, LOG_LEVEL_NOTICE);
}

static bool logger_is(const struct master *master, enum slot_state state)
{
    return master->slots.items[SLOT_LOGGER].state == state;
}

static void watch_candidate(struct master *master)
{
    const struct generation *candidate = master->reload.candidate;
    const struct slots *slots = &master->slots;
    if (slots_count(slots, candidate, SLOT_FAILED) != 0 ||
        logger_is(master, SLOT_FAILED)) {
        fail(master, "a new worker did not become ready");
    } else if (slots_count(slots, candidate, SLOT_READY) == candidate->workers &&
               (!is_first(master) || logger_is(master, SLOT_READY))) {
        if (upgrade_is_pending(&master->upgrade) && !upgrade_take_over(master)) {
            fail(master, "the old master's place cannot be taken");
            return;
        }
        commit(master);
    } else if (slots->now_ms >= master->reload.deadline_ms) {
        fail(master, "the new workers took too long to become ready");
    }
}

static void watch_check(struct master *master)
{
    struct reload *reload = &master->reload;
    if (reload->checker == 0) {
        end_check(master);
    } else if (master->slots.now_ms >= reload->deadline_ms) {
        kill(reload->checker, SIGKILL);
        reload->deadline_ms = master->slots.now_ms + CHECK_MS;
        log_write(NULL, LOG_LEVEL_ERROR, "the check of the configuration took too long");
    }
}

/* Each generation that drains doubles the pause: many reloads in a row must not push out
 * what the first of them left behind. */
static int64_t next_begin_ms(const struct master *master)
{
    int64_t pause = COMMIT_EVERY_MS;
    LIST_EACH(link, next, &master->generations)
    {
        const struct generation *generation = LIST_ITEM(link, struct generation, link);
        bool drains = generation->state == GENERATION_RETIRED;
        pause = drains && pause < PAUSE_MAX_MS ? 2 * pause : pause;
    }
    return master->reload.committed_ms + pause;
}

static void begin_when_due(struct master *master)
{
    struct reload *reload = &master->reload;
    if (!reload->wanted || reload->checker != 0 || master->phase != MASTER_SERVING) {
        return;
    }
    reload->deadline_ms = next_begin_ms(master);
    if (reload->committed_ms == 0 || master->slots.now_ms >= reload->deadline_ms) {
        begin_check(master);
    }
}

void reload_step(struct master *master)
{
    switch (master->reload.state) {
    case RELOAD_CHECKING:
        watch_check(master);
        break;
    case RELOAD_STARTING:
        watch_candidate(master);
        break;
    default:
        begin_when_due(master);
        break;
    }
}

int64_t reload_deadline(const struct reload *reload)
{
    if (reload->deadline_ms == 0 && reload->wanted) { /* it was not looked at yet */
        return reload->committed_ms + COMMIT_EVERY_MS;
    }
    return reload->deadline_ms;
}

void reload_cancel(struct master *master)
{
    struct reload *reload = &master->reload;
    reload->wanted = false;
    reload->deadline_ms = 0;
    if (reload->checker != 0) {
        kill(reload->checker, SIGKILL);
    }
    if (reload->state == RELOAD_STARTING) {
        give_up_candidate(master);
    }
    reload->state = RELOAD_IDLE;
}
