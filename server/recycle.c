#include "server/recycle.h"
#include "server/channel.h"
#include "server/master.h"
#include "server/proc_status.h"
#include <stdio.h>
#include <string.h>

#define LOOK_MS  1000
#define REST_MS  30000
#define WHY_MAX  128
#define YOUNG_MS 5000 /* what is too large at once would be replaced for ever */

void recycle_draw(struct master *master, struct slot *slot)
{
    const struct generation *generation = slot->generation;
    uint64_t most = generation == NULL ? 0 : generation->config->set.worker_max_requests;
    slot->requests_max = most + most * (slots_random(&master->slots) % 1001) / 5000;
}

/* These say why, where it is so. */
static bool has_done_its_requests(const struct master *master, const struct slot *slot,
                                  char why[WHY_MAX])
{
    uint64_t done = atomic_load(&shm_board(&master->shm, slot->number)->requests);
    if (slot->requests_max == 0 || done < slot->requests_max) {
        return false;
    }
    snprintf(why, WHY_MAX, "has answered %llu requests, which was to be %llu",
             (unsigned long long)done, (unsigned long long)slot->requests_max);
    return true;
}

static bool is_too_large(const struct master *master, const struct slot *slot,
                         char why[WHY_MAX])
{
    uint64_t most = slot->generation->config->set.worker_max_rss;
    if (most == 0 || master->slots.now_ms - slot->started_ms < YOUNG_MS) {
        return false;
    }
    uint64_t kib = (uint64_t)proc_status_number(slot->pid, "VmRSS");
    if (kib <= most / 1024) {
        return false;
    }
    snprintf(why, WHY_MAX, "holds %llu KiB of memory, worker_max_rss is %llu KiB",
             (unsigned long long)kib, (unsigned long long)(most / 1024));
    return true;
}

static bool is_worn(const struct master *master, const struct slot *slot,
                    char why[WHY_MAX])
{
    return slot->state == SLOT_READY && slot->generation == master->current &&
           (has_done_its_requests(master, slot, why) || is_too_large(master, slot, why));
}

/* The oldest: where workers are worn faster than replaced, each still has its turn. */
static struct slot *find_worn(struct master *master)
{
    struct slot *worn = NULL;
    char why[WHY_MAX];
    for (unsigned i = SLOT_FIRST_WORKER; i < master->slots.used; i++) {
        struct slot *slot = &master->slots.items[i];
        bool older = worn == NULL || slot->started_ms < worn->started_ms;
        worn = older && is_worn(master, slot, why) ? slot : worn;
    }
    if (worn != NULL) {
        log_write(NULL, LOG_LEVEL_NOTICE,
                  "worker process %ld (slot %u) %s: a successor starts", (long)worn->pid,
                  worn->number, why);
    }
    return worn;
}

static void begin(struct master *master, struct slot *worn)
{
    struct recycle *recycle = &master->recycle;
    recycle->successor = generation_reinforce(master, master->current);
    if (recycle->successor == NULL) {
        recycle->rest_ms = master->slots.now_ms + REST_MS;
        return;
    }
    recycle->worn = worn;
    recycle->worn_pid = worn->pid;
}

static void take_over(struct master *master, struct slot *successor)
{
    struct slot *worn = master->recycle.worn;
    successor->candidate = false;
    if (worn->state != SLOT_READY || worn->pid != master->recycle.worn_pid) {
        slot_handle(&master->slots, successor, SLOT_STOP); /* it has one already */
        return;
    }
    log_write(NULL, LOG_LEVEL_NOTICE, "worker process %ld (slot %u) takes over from %ld",
              (long)successor->pid, successor->number, (long)worn->pid);
    successor->past.restarts = worn->past.restarts;
    successor->past.died_ms = worn->past.died_ms;
    memcpy(successor->past.cause, worn->past.cause, sizeof(worn->past.cause));
    channel_tell(successor->channel, MESSAGE_GO, 0);
    slot_handle(&master->slots, worn, SLOT_DRAIN);
}

static void give_up(struct master *master, struct slot *successor)
{
    log_write(NULL, LOG_LEVEL_ERROR,
              "the successor in slot %u could not start: worker "
              "process %ld stays for now",
              successor->number, (long)master->recycle.worn_pid);
    slot_handle(&master->slots, successor, SLOT_STOP);
    master->recycle.rest_ms = master->slots.now_ms + REST_MS;
}

/* A reload or a stop may have taken the successor along. */
static void follow(struct master *master, struct slot *successor)
{
    bool ours = successor->candidate && successor->generation == master->current;
    if (ours && successor->state == SLOT_STARTING) {
        return;
    }
    master->recycle.successor = NULL;
    if (ours && successor->state == SLOT_READY) {
        take_over(master, successor);
    } else if (ours && successor->state == SLOT_FAILED) {
        give_up(master, successor);
    }
}

/* Those that drain without end do not pile up. */
static bool is_crowded(const struct master *master)
{
    const struct generation *current = master->current;
    return slots_count(&master->slots, current, SLOT_DRAINING) >= current->workers;
}

static bool may_begin(const struct master *master)
{
    int64_t now = master->slots.now_ms;
    return master->phase == MASTER_SERVING && master->reload.state == RELOAD_IDLE &&
           !upgrade_is_busy(&master->upgrade) && now >= master->recycle.rest_ms &&
           now - master->recycle.looked_ms >= LOOK_MS && !is_crowded(master);
}

void recycle_step(struct master *master)
{
    struct recycle *recycle = &master->recycle;
    if (recycle->successor != NULL) {
        follow(master, recycle->successor);
        return;
    }
    if (!may_begin(master)) {
        return;
    }
    recycle->looked_ms = master->slots.now_ms;
    struct slot *worn = find_worn(master);
    if (worn != NULL) {
        begin(master, worn);
    }
}
