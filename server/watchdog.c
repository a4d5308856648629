#include "server/watchdog.h"
#include "common/buf.h"
#include "common/clock.h"
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

/*
 * When the heart moved to where it stands: what it says itself where that lies between
 * two looks of the master, else the later one. A worker that writes where it should not
 * may have moved the hearts of all.
 */
static void see_heart(const struct master *master, struct slot *slot, int64_t former_ms)
{
    int64_t beat_ns = atomic_load(&shm_board(&master->shm, slot->number)->beat_ns);
    int64_t beat_ms = beat_ns / NS_PER_MS, now = master->slots.now_ms;
    if (beat_ns != slot->beat_ns) {
        slot->beat_ns = beat_ns;
        slot->beat_seen_ms = beat_ms >= former_ms && beat_ms <= now ? beat_ms : now;
    }
}

static void judge(const struct master *master, struct slot *slot, int64_t timeout_ms)
{
    int64_t still_ms = master->slots.now_ms - slot->beat_seen_ms;
    if (timeout_ms != 0 &&
        (slot->hung_ms != 0 || (still_ms >= timeout_ms && !is_traced(slot->pid)))) {
        end_hung(master, slot, still_ms);
    }
}

static bool has_heart(const struct slot *slot)
{
    return slot->number >= SLOT_FIRST_WORKER &&
           (slot->state == SLOT_READY || slot->state == SLOT_DRAINING);
}

/* 0: there is to be no verdict, for good or as long as hearts have had no chance. */
static int64_t timeout(const struct master *master)
{
    bool quiet = master->slots.now_ms < master->watchdog.quiet_until_ms;
    if (quiet || master->current == NULL) {
        return 0;
    }
    int64_t timeout_ms = master->current->config->set.worker_hang_timeout;
    return timeout_ms == 0 || timeout_ms > LEAST_MS ? timeout_ms : LEAST_MS;
}

void watchdog_look(struct master *master)
{
    struct watchdog *dog = &master->watchdog;
    int64_t now = master->slots.now_ms, former = dog->looked_ms;
    if (now - former < ROUND_MS) {
        return;
    }
    if (now - former > GAP_MS) {
        dog->quiet_until_ms = now + GAP_MS;
    }
    dog->looked_ms = now;
    int64_t timeout_ms = timeout(master);
    SLOTS_EACH(slot, &master->slots)
    {
        if (has_heart(slot)) {
            see_heart(master, slot, former);
            judge(master, slot, timeout_ms);
        }
    }
}
