#include "server/upgrade.h"
#include "common/fdutil.h"
#include "common/xalloc.h"
#include "server/channel.h"
#include "server/master.h"
#include "server/program.h"
#include "server/runfiles.h"
#include "server/signals.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TAKE_OVER_MS 5000 /* until the old master moved its pid file */

/* A number in a variable that is taken out of the environment; -1: there is none. */
static int take_number(const char *name)
{
    const char *text = getenv(name);
    uint64_t number;
    bool sensible =
        text != NULL && slice_to_u64(slice_str(text), &number) && number < INT32_MAX;
    unsetenv(name);
    return sensible ? (int)number : -1;
}

void upgrade_init(struct upgrade *upgrade)
{
    *upgrade = (struct upgrade){.channel = -1, .parent = -1};
}

bool upgrade_inherit(struct master *master)
{
    struct upgrade *upgrade = &master->upgrade;
    int channel = take_number(UPGRADE_CHANNEL_ENV);
    const char *fds = getenv(UPGRADE_FDS_ENV);
    bool handed = channel >= 0 && fds != NULL;
    bool ok = !handed || listen_inherit_handed(&master->listeners.inherited, fds);
    unsetenv(UPGRADE_FDS_ENV);
    if (handed) {
        fd_set_cloexec(channel, true);
        upgrade->parent = channel;
        upgrade->parent_pid = getppid();
        listeners_hand_over(&master->listeners, true);
    }
    return ok;
}

bool upgrade_is_pending(const struct upgrade *upgrade)
{
    return upgrade->parent >= 0;
}

bool upgrade_is_busy(const struct upgrade *upgrade)
{
    return upgrade->state == UPGRADE_STARTING || upgrade->state == UPGRADE_TRIAL;
}

/* --- the new program ---------------------------------------------------------------- */

static void put_environment(const struct master *master, int channel)
{
    struct buf fds = {0};
    listeners_list(&master->listeners, &fds);
    buf_append_char(&fds, '\0');
    char *number = xasprintf("%d", channel);
    fd_set_cloexec(channel, false);
    setenv(UPGRADE_FDS_ENV, fds.data, 1);
    setenv(UPGRADE_CHANNEL_ENV, number, 1);
    notify_hand_over(&master->notify);
    buf_free(&fds);
    free(number);
}

static void become_program(const struct master *master, int channel)
    __attribute__((noreturn));

static void become_program(const struct master *master, int channel)
{
    const struct program *program = program_get();
    put_environment(master, channel);
    signals_reset();
    if (chdir(program->directory) == 0) {
        execv(program->path, program->words);
    }
    channel_text(channel, MESSAGE_FAILED, LOG_LEVEL_EMERG, "\"%s\" cannot be run: %s",
                 program->path, strerror(errno));
    _exit(EXIT_FAILURE);
}

static const char *objection(const struct master *master)
{
    const struct upgrade *upgrade = &master->upgrade;
    if (master->phase != MASTER_SERVING) {
        return "the server is not serving";
    }
    if (getpid() == 1) {
        return "the end of process 1 would end the new master as well";
    }
    if (upgrade->state != UPGRADE_NONE) {
        return "an upgrade is under way";
    }
    if (upgrade->parent_pid != 0) {
        return "the master before this one is still there";
    }
    if (master->reload.state != RELOAD_IDLE) {
        return "a reload is under way";
    }
    return master->pidfile.path == NULL ? "there is no pid file" : NULL;
}

static const char *start_program(struct master *master)
{
    struct upgrade *upgrade = &master->upgrade;
    const char *failed;
    pid_t pid = channel_fork(&upgrade->channel, &failed);
    if (pid == 0) {
        become_program(master, upgrade->channel);
    }
    if (pid < 0) {
        return strerror(errno);
    }
    upgrade->state = UPGRADE_STARTING;
    upgrade->pid = pid;
    upgrade->deadline_ms = master->slots.now_ms + UPGRADE_READY_MS;
    upgrade->begun++;
    upgrade->why[0] = '\0';
    return NULL;
}

const char *upgrade_begin(struct master *master, bool whole)
{
    const char *why = objection(master);
    why = why == NULL ? start_program(master) : why;
    if (why != NULL) {
        log_write(NULL, LOG_LEVEL_ERROR, "upgrade refused: %s", why);
        return why;
    }
    master->upgrade.whole = whole;
    log_write(NULL, LOG_LEVEL_NOTICE, "upgrade: process %ld starts \"%s\"",
              (long)master->upgrade.pid, program_get()->path);
    return NULL;
}

/* --- this one steps aside, or comes back -------------------------------------------- */

static void step_aside(struct master *master)
{
    struct upgrade *upgrade = &master->upgrade;
    runfiles_move(master, true);
    listeners_hand_over(&master->listeners, true);
    channel_tell(upgrade->channel, MESSAGE_GO, 0);
    log_write(NULL, LOG_LEVEL_NOTICE, "upgrade: master process %ld serves",
              (long)upgrade->pid);
    upgrade->state = upgrade->whole ? UPGRADE_TRIAL : UPGRADE_BESIDE;
    upgrade->deadline_ms = upgrade->whole ? master->slots.now_ms + UPGRADE_TRIAL_MS : 0;
    if (upgrade->whole) {
        generation_rest(master, master->current);
    } else {
        notify_main_pid(&master->notify, upgrade->pid);
    }
}

static void end(struct upgrade *upgrade, bool done)
{
    upgrade->state = UPGRADE_NONE;
    upgrade->deadline_ms = 0;
    upgrade->ended = upgrade->begun;
    upgrade->done = done;
    fd_close(upgrade->channel);
    upgrade->channel = -1;
}

static void describe_death(struct upgrade *upgrade, int status)
{
    if (upgrade->why[0] != '\0') {
        return;
    }
    if (WIFSIGNALED(status)) {
        snprintf(upgrade->why, sizeof(upgrade->why), "the new master died of %s",
                 signals_name(WTERMSIG(status)));
    } else {
        snprintf(upgrade->why, sizeof(upgrade->why), "the new master exited with code %d",
                 WEXITSTATUS(status));
    }
}

/* What waits on the channel says more than the status. */
void upgrade_reaped(struct master *master, pid_t pid, int status)
{
    struct upgrade *upgrade = &master->upgrade;
    if (pid != upgrade->pid) {
        return;
    }
    upgrade_listen(master);
    upgrade->pid = 0;
    if (upgrade->state == UPGRADE_NONE || master->phase != MASTER_SERVING) {
        return;
    }
    bool was_aside = upgrade->state != UPGRADE_STARTING;
    describe_death(upgrade, status);
    if (was_aside) {
        runfiles_move(master, false);
        notify_main_pid(&master->notify, getpid());
        listeners_hand_over(&master->listeners, false);
        generation_wake(master, master->current);
    }
    end(upgrade, false);
    log_write(NULL, LOG_LEVEL_ERROR, "upgrade %s: %s, generation %u goes on",
              was_aside ? "rolled back" : "failed", upgrade->why,
              master->current->number);
}

static void hear(void *context, const struct message *message, int fd)
{
    struct master *master = context;
    struct upgrade *upgrade = &master->upgrade;
    fd_close(fd);
    if (message->type == MESSAGE_FAILED) {
        snprintf(upgrade->why, sizeof(upgrade->why), "%.*s",
                 (int)sizeof(upgrade->why) - 1, message->text);
    } else if (message->type == MESSAGE_READY && upgrade->state == UPGRADE_STARTING) {
        step_aside(master);
    }
}

void upgrade_listen(struct master *master)
{
    channel_listen(&master->upgrade.channel, hear, master);
}

/* --- deadlines ---------------------------------------------------------------------- */

static void give_up(struct upgrade *upgrade)
{
    snprintf(upgrade->why, sizeof(upgrade->why), "the new master was not ready in %d s",
             UPGRADE_READY_MS / 1000);
    kill(upgrade->pid, SIGKILL);
    upgrade->deadline_ms = 0;
}

/* The old master is gone: what it left is this one's alone. */
static void watch_parent(struct master *master)
{
    struct upgrade *upgrade = &master->upgrade;
    if (upgrade->parent_pid != 0 && getppid() != upgrade->parent_pid) {
        upgrade->parent_pid = 0;
        listeners_hand_over(&master->listeners, false);
    }
}

void upgrade_step(struct master *master)
{
    struct upgrade *upgrade = &master->upgrade;
    watch_parent(master);
    if (upgrade->deadline_ms == 0 || upgrade->deadline_ms > master->slots.now_ms) {
        return;
    }
    if (upgrade->state == UPGRADE_STARTING) {
        give_up(upgrade);
    } else {
        notify_main_pid(&master->notify, upgrade->pid);
        end(upgrade, true);
        log_write(NULL, LOG_LEVEL_NOTICE, "upgrade done: this master leaves");
        master_stop_gracefully(master);
    }
}

int64_t upgrade_deadline(const struct upgrade *upgrade)
{
    return upgrade->deadline_ms;
}

bool upgrade_has_child(const struct upgrade *upgrade)
{
    return upgrade->state == UPGRADE_STARTING && upgrade->pid != 0;
}

void upgrade_cancel(struct master *master)
{
    struct upgrade *upgrade = &master->upgrade;
    if (upgrade_has_child(upgrade)) {
        kill(upgrade->pid, SIGKILL);
        upgrade->deadline_ms = 0;
    }
}

/* --- in the new master -------------------------------------------------------------- */

/* An old master that is gone needs no asking. */
static bool ask_old_master(struct upgrade *upgrade)
{
    struct pollfd polled = {.fd = upgrade->parent, .events = POLLIN};
    struct message message;
    int fd = -1;
    channel_tell(upgrade->parent, MESSAGE_READY, 0);
    poll(&polled, 1, TAKE_OVER_MS);
    enum channel_result result = channel_recv(upgrade->parent, &message, &fd);
    fd_close(fd);
    fd_close(upgrade->parent);
    upgrade->parent = -1;
    return result == CHANNEL_CLOSED ||
           (result == CHANNEL_MESSAGE && message.type == MESSAGE_GO);
}

bool upgrade_take_over(struct master *master)
{
    if (!ask_old_master(&master->upgrade)) {
        log_write(NULL, LOG_LEVEL_EMERG, "upgrade: the old master does not answer");
        return false;
    }
    const struct config *config = master->reload.candidate->config;
    return runfiles_lock(master, config->set.pid) == 0 && runfiles_publish(master) == 0;
}
