#include "server/generation.h"
#include "common/xalloc.h"
#include "server/blame.h"
#include "server/channel.h"
#include "server/cpus.h"
#include "server/master.h"
#include "server/report.h"
#include <assert.h>
#include <stdlib.h>

static unsigned pool_size(const struct config *config)
{
    unsigned wanted = config->set.worker_processes;
    wanted = wanted == 0 ? cpus_available() : wanted;
    return wanted < WORKERS_MAX ? wanted : WORKERS_MAX;
}

static void cap_connections(struct generation *generation)
{
    const struct config *config = generation->config;
    bool shortened;
    generation->connections_max =
        privileges_connections(&config->set, config->socket_count, &shortened);
    if (shortened) {
        log_write(NULL, LOG_LEVEL_WARN,
                  "%u worker_connections need more descriptors than the limit allows, "
                  "using %zu: raise it with worker_rlimit_nofile or ulimit -n",
                  config->set.worker_connections, generation->connections_max);
    }
}

static bool prepare(struct master *master, struct generation *generation,
                    struct diagnostics *diag)
{
    struct config *config = generation->config;
    if (!privileges_resolve(&generation->credentials, &config->set, diag)) {
        return false;
    }
    generation->logging = logfiles_hold(&master->logs, config, diag);
    generation->listening =
        generation->logging &&
        listeners_hold(&master->listeners, config, generation->fds, diag);
    cap_connections(generation);
    return generation->listening;
}

static void stop_listening(struct master *master, struct generation *generation)
{
    if (generation->listening) {
        listeners_release(&master->listeners, generation->config);
        generation->listening = false;
    }
}

/* The log of the process may be one that goes. */
static void give_up_files(struct master *master, struct generation *generation)
{
    if (master->log.config == generation->config) {
        master_use_log(master, NULL);
    }
    stop_listening(master, generation);
    if (generation->logging) {
        logfiles_release(&master->logs, generation->config);
    }
}

static void free_memory(struct generation *generation)
{
    privileges_free(&generation->credentials);
    config_destroy(generation->config);
    free(generation->fds);
    free(generation);
}

struct generation *generation_create(struct master *master, struct config *config,
                                     struct diagnostics *diag)
{
    struct generation *generation = xcalloc(1, sizeof(*generation));
    generation->config = config;
    generation->fds = xcalloc(config->socket_count + 1, sizeof(int));
    generation->workers = pool_size(config);
    size_t before = diag->items.count;
    bool prepared = prepare(master, generation, diag);
    report_log(diag, before);
    if (!prepared) {
        give_up_files(master, generation);
        free_memory(generation);
        return NULL;
    }
    generation->number = ++master->last_number;
    list_append(&master->generations, &generation->link);
    return generation;
}

void generation_destroy(struct master *master, struct generation *generation)
{
    give_up_files(master, generation);
    list_remove(&generation->link);
    free_memory(generation);
}

/* The slot is FAILED when the fork failed. */
static struct slot *start_worker(struct master *master, struct generation *generation,
                                 bool candidate)
{
    struct slot *slot = slots_empty(&master->slots);
    slot->generation = generation;
    slot->candidate = candidate;
    slot->drain_ms = generation->config->set.worker_shutdown_timeout;
    generation->children++;
    slots_start(&master->slots, slot);
    return slot;
}

static bool has_room(const struct master *master, unsigned workers)
{
    return slots_occupied(&master->slots) + workers <= SLOT_MAX - SLOT_FIRST_WORKER;
}

bool generation_start(struct master *master, struct generation *generation)
{
    if (!has_room(master, generation->workers)) {
        log_write(NULL, LOG_LEVEL_ERROR, "no room for %u more workers: too many drain",
                  generation->workers);
        return false;
    }
    for (unsigned i = 0; i < generation->workers; i++) {
        if (start_worker(master, generation, true)->state == SLOT_FAILED) {
            return false;
        }
    }
    return true;
}

struct slot *generation_reinforce(struct master *master, struct generation *generation)
{
    if (!has_room(master, 1)) {
        return NULL;
    }
    struct slot *slot = start_worker(master, generation, true);
    if (slot->state == SLOT_FAILED) {
        slot_handle(&master->slots, slot, SLOT_STOP);
        return NULL;
    }
    return slot;
}

static void put_in_force(struct master *master, struct generation *generation)
{
    generation->state = GENERATION_CURRENT;
    master->current = generation;
    blame_nobody(master);
    master_use_log(master, generation->config);
    listeners_adjust(&master->listeners, generation->config);
    SLOTS_EACH(slot, &master->slots)
    {
        if (slot->generation == generation) {
            slot->candidate = false;
            channel_tell(slot->channel, MESSAGE_GO, 0);
        }
    }
}

/* A generation whose drain never ends gives way when others pile up behind it. */
static void limit_draining(struct master *master)
{
    unsigned retired = 0;
    for (struct list *link = master->generations.prev; link != &master->generations;
         link = link->prev) {
        const struct generation *generation = LIST_ITEM(link, struct generation, link);
        retired += generation->state == GENERATION_RETIRED;
        if (generation->state == GENERATION_RETIRED && retired > DRAINING_MAX) {
            slots_handle_all(&master->slots, generation, SLOT_STOP);
            return;
        }
    }
}

void generation_commit(struct master *master, struct generation *generation)
{
    struct generation *before = master->current;
    put_in_force(master, generation);
    if (before != NULL) {
        generation_retire(master, before, generation);
        limit_draining(master);
    }
}

void generation_retire(struct master *master, struct generation *generation,
                       const struct generation *next)
{
    const struct config *next_config = next == NULL ? NULL : next->config;
    generation->state = GENERATION_RETIRED;
    if (generation->listening) {
        generation->take_queued =
            listeners_shut(&master->listeners, generation->config, next_config);
    }
    generation->children++; /* it stays until all has been said */
    slots_handle_all(&master->slots, generation, SLOT_DRAIN);
    stop_listening(master, generation);
    if (next != NULL) {
        generation_lose_child(master, generation);
    }
}

void generation_abandon(struct master *master, struct generation *generation)
{
    generation->state = GENERATION_RETIRED;
    generation->children++;
    slots_handle_all(&master->slots, generation, SLOT_KILL);
    stop_listening(master, generation);
    generation_lose_child(master, generation);
}

void generation_lose_child(struct master *master, struct generation *generation)
{
    assert(generation->children > 0);
    generation->children--;
    if (generation->children == 0 && generation->state == GENERATION_RETIRED) {
        generation_destroy(master, generation);
    }
}

void generation_rest(struct master *master, struct generation *generation)
{
    generation->take_queued = false;
    slots_handle_all(&master->slots, generation, SLOT_DRAIN);
}

void generation_wake(struct master *master, struct generation *generation)
{
    const struct slots *slots = &master->slots;
    if (slots_count(slots, generation, SLOT_READY) != 0 ||
        slots_count(slots, generation, SLOT_STARTING) != 0 ||
        !has_room(master, generation->workers)) {
        return;
    }
    for (unsigned i = 0; i < generation->workers; i++) {
        start_worker(master, generation, false);
    }
}
