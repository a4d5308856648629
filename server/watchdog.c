#include "server/watchdog.h"
#include "common/buf.h"
#include "server/death.h"
#include "server/master.h"
#include "server/proc_status.h"
#include <signal.h>

#define ROUND_MS 1000
#define GAP_MS   3000 /* longer between two rounds: the master did not run */
#define LEAST_MS 3000 /* three missed beats */
#define ABORT_MS 2000 /* from SIGABRT to SIGKILL */

static bool is_traced(pid_t pid)
{
    return proc_status_number(pid, "TracerPid") != 0;
}

static void report(const struct master *master, const struct slot *slot, int64_t still_ms)
{
    struct buf text = {0};
    death_who(&text, master, slot);
    buf_append_str(&text, " hangs");
    death_age(&text, master, slot);
    buf_printf(&text, ": no sign of life for %lld.%03lld s", (long long)(still_ms / 1000),
               (long long)(still_ms % 1000));
    death_load(&text, master, slot, "open", proc_status_number(slot->pid, "VmHWM"));
    log_write(NULL, LOG_LEVEL_ALERT, "%.*s", SLICE_ARG(buf_slice(&text)));
    buf_free(&text);
}

static void end_hung(const struct master *master, struct slot *slot, int64_t still_ms)
{
    int64_t now = master->slots.now_ms;
    if (slot->hung_ms == 0) {
        report(master, slot, still_ms);
        slot->hung_ms = now;
        kill(slot->pid, SIGABRT);
    } else if (now - slot->hung_ms >= ABORT_MS && !slot->killed) {
        slot->killed = true;
        kill(slot->pid, SIGKILL);
    }
}

/* Since the heart was seen to stand where it stands, by the master's own clock: a worker
 * that writes where it should not may have moved the hearts of all. */
static int64_t still_time(const struct master *master, struct slot *slot)
{
    int64_t beat_ns = atomic_load(&shm_board(&master->shm, slot->number)->beat_ns);
    if (beat_ns != slot->beat_ns) {
        slot->beat_ns = beat_ns;
        slot->beat_seen_ms = master->slots.now_ms;
    }
    return master->slots.now_ms - slot->beat_seen_ms;
}

static void look_at(const struct master *master, struct slot *slot, int64_t timeout_ms)
{
    int64_t still_ms = still_time(master, slot);
    if (slot->hung_ms != 0 || (still_ms >= timeout_ms && !is_traced(slot->pid))) {
        end_hung(master, slot, still_ms);
    }
}

/* False when it is not time for a round, or the last one is too long ago. */
static bool begin_round(struct watchdog *dog, int64_t now)
{
    int64_t gap = now - dog->looked_ms;
    if (gap < ROUND_MS) {
        return false;
    }
    if (gap > GAP_MS) {
        dog->quiet_until_ms = now + GAP_MS;
    }
    dog->looked_ms = now;
    return now >= dog->quiet_until_ms;
}

void watchdog_look(struct master *master)
{
    if (!begin_round(&master->watchdog, master->slots.now_ms) ||
        master->current == NULL) {
        return;
    }
    int64_t timeout_ms = master->current->config->set.worker_hang_timeout;
    if (timeout_ms == 0) {
        return;
    }
    timeout_ms = timeout_ms < LEAST_MS ? LEAST_MS : timeout_ms;
    for (unsigned i = SLOT_FIRST_WORKER; i < master->slots.used; i++) {
        struct slot *slot = &master->slots.items[i];
        if (slot->state == SLOT_READY || slot->state == SLOT_DRAINING) {
            look_at(master, slot, timeout_ms);
        }
    }
}
