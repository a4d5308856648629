#include "server/start.h"
#include "common/clock.h"
#include "common/fdutil.h"
#include "server/cmdline.h"
#include "server/daemonize.h"
#include "server/master.h"
#include "server/report.h"
#include "server/runfiles.h"
#include "server/title.h"
#include "server/worker_process.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define ARENA_CHUNK 4096

struct config *start_load(const struct config_source *source, bool check_files,
                          bool quiet)
{
    struct arena *arena = arena_create(ARENA_CHUNK);
    struct diagnostics diag;
    diag_init(&diag, arena);
    struct config *config = config_load(source, &diag);
    if (config != NULL && check_files) {
        config_check_files(config, &diag);
    }
    report_print(&diag, quiet);
    if (config != NULL && diag.errors != 0) {
        config_destroy(config);
        config = NULL;
    }
    arena_destroy(arena);
    return config;
}

/* What fails is said on the terminal with source line and caret, and with one line in the
 * error log, if that could be opened. */
static struct generation *prepare(struct master *master, struct config *config)
{
    struct arena *arena = arena_create(ARENA_CHUNK);
    struct diagnostics diag;
    diag_init(&diag, arena);
    master_use_log(master, config);
    master->log.standard = RINGLOG_STDERR_NEVER;
    struct generation *generation = generation_create(master, config, &diag);
    master->log.standard = RINGLOG_STDERR_ALSO;
    if (generation != NULL) {
        listen_inherit_close_rest(&master->listeners.inherited);
    }
    report_print(&diag, false);
    arena_destroy(arena);
    return generation;
}

/* The end of process 1 would be that of its PID namespace: of the container, or of the
 * system. */
static bool wants_background(const struct main_settings *set)
{
    return set->daemon && getpid() != 1;
}

static bool go_to_background(struct master *master)
{
    master->ready_fd = daemonize();
    if (master->ready_fd < 0) {
        log_errno(NULL, LOG_LEVEL_EMERG, errno, "cannot go to the background");
        return false;
    }
    master->daemonized = true;
    return true;
}

static void reopen(void *context)
{
    logfiles_reopen(&((struct master *)context)->logs);
}

/* master_process off: one process, no logger, every line written where it arises. */
static int serve_alone(struct master *master, const struct generation *generation)
{
    struct worker_setup setup = {
        .config = generation->config,
        .fds = generation->fds,
        .channel = -1,
        .log = &master->log,
        .board = shm_board(&master->shm, SLOT_MASTER),
        .connection_counter = &shm_head(&master->shm)->connections,
        .connections_max = generation->connections_max,
        .generation = generation->number,
        .reopen = reopen,
        .reopen_context = master,
    };
    control_close(&master->control); /* nobody would answer there */
    title_set("master process %s", title_command_line());
    log_set_identity("worker", SLOT_MASTER);
    if (master->banner != NULL) {
        fd_write_all(STDOUT_FILENO, master->banner, strlen(master->banner));
    }
    daemonize_report(&master->ready_fd, EXIT_OK);
    notify_ready(&master->notify, SLICE("one process serves"), (struct slice){0});
    return worker_run(&setup);
}

/* The place of an old master is taken once the workers are ready. It goes on in the
 * background or foreground as it was. */
static bool stay(struct master *master, const struct main_settings *set)
{
    if (!set->master_process) {
        log_write(NULL, LOG_LEVEL_EMERG,
                  "upgrade: with \"master_process off\" nobody would take over");
        return false;
    }
    master->daemonized = set->daemon;
    master->log.standard = set->daemon ? RINGLOG_STDERR_NAMED : RINGLOG_STDERR_ALSO;
    if (set->daemon) {
        daemonize_surroundings();
    }
    return true;
}

static bool settle(struct master *master, const struct main_settings *set)
{
    if (upgrade_is_pending(&master->upgrade)) {
        return stay(master, set);
    }
    if (set->daemon && !wants_background(set)) {
        log_write(NULL, LOG_LEVEL_NOTICE, "process 1 stays in the foreground");
    }
    return (!wants_background(set) || go_to_background(master)) &&
           runfiles_publish(master) == 0;
}

static int serve(struct master *master, struct generation *generation)
{
    const struct main_settings *set = &generation->config->set;
    notify_init(&master->notify, !wants_background(set));
    if (!settle(master, set)) {
        return EXIT_FAILED;
    }
    if (!set->master_process) {
        return serve_alone(master, generation);
    }
    master_run(master, generation);
    return master->status;
}

int start_server(const struct config_source *source, const char *banner)
{
    struct config *config = start_load(source, false, false);
    if (config == NULL) {
        return EXIT_FAILED;
    }
    clock_update(); /* the first that anything is logged with */
    struct master *master = master_create(source);
    master->banner = banner;
    master->is_builtin = banner != NULL;
    privileges_raise_limits();
    bool inherited =
        upgrade_inherit(master) && listen_inherit_activated(&master->listeners.inherited);
    bool locks = banner == NULL && !upgrade_is_pending(&master->upgrade);
    int status = locks ? runfiles_lock(master, config->set.pid) : EXIT_OK;
    if (!inherited) {
        status = EXIT_FAILED;
    }
    if (status == EXIT_OK) {
        struct generation *generation = prepare(master, config);
        status = generation == NULL ? EXIT_FAILED : serve(master, generation);
    } else {
        config_destroy(config);
    }
    int ready_fd = master->ready_fd; /* when it has not been told of success */
    master_destroy(master);
    daemonize_report(&ready_fd, status);
    return status;
}
