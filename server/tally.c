#include "server/tally.h"
#include "common/buf.h"
#include "server/death.h"
#include "server/master.h"
#include <stdio.h>
#include <string.h>

#define TICK_MS 1000

void tally_begin(struct tally *tally, int64_t now_ms)
{
    *tally =
        (struct tally){.started_ms = now_ms, .former_ms = now_ms, .latest_ms = now_ms};
}

static void add(struct tally_counts *counts, const struct board_slot *board)
{
    counts->requests += atomic_load(&board->requests);
    counts->accepted += atomic_load(&board->accepted);
    counts->sent += atomic_load(&board->bytes_sent);
    counts->accept_errors += atomic_load(&board->accept_errors);
}

/* The record of a slot without a process was added to what is retired. */
static bool is_alive(const struct slot *slot)
{
    return slot->number >= SLOT_FIRST_WORKER && slot->state != SLOT_EMPTY &&
           slot->pid != 0;
}

struct tally_counts tally_total(const struct master *master)
{
    struct tally_counts total = master->tally.retired;
    for (unsigned i = SLOT_FIRST_WORKER; i < master->slots.used; i++) {
        if (is_alive(&master->slots.items[i])) {
            add(&total, shm_board(&master->shm, i));
        }
    }
    return total;
}

void tally_tick(struct master *master)
{
    struct tally *tally = &master->tally;
    int64_t now = master->slots.now_ms;
    if (now - tally->latest_ms < TICK_MS) {
        return;
    }
    tally->former_ms = tally->latest_ms;
    tally->former = tally->latest;
    tally->latest_ms = now;
    tally->latest = tally_total(master).requests;
    SLOTS_EACH(slot, &master->slots)
    {
        if (is_alive(slot)) {
            slot->past.former = slot->past.latest;
            slot->past.latest =
                atomic_load(&shm_board(&master->shm, slot->number)->requests);
        }
    }
}

static void note_death(struct slot *slot, int64_t now_ms, int status)
{
    struct slot_past *past = &slot->past;
    struct buf cause = {0};
    death_cause(&cause, slot, status);
    size_t len = cause.len < sizeof(past->cause) ? cause.len : sizeof(past->cause) - 1;
    memcpy(past->cause, cause.data, len);
    past->cause[len] = '\0';
    buf_free(&cause);
    past->died_ms = now_ms;
    past->restarts++;
}

static void note_restart(struct tally *tally, const struct slot *slot)
{
    tally->restarts++;
    tally->died_ms = slot->past.died_ms;
    snprintf(tally->cause, sizeof(tally->cause), "slot %u %s", slot->number,
             slot->past.cause);
}

void tally_bury(struct master *master, struct slot *slot, int status)
{
    if (!slot_was_asked(slot) && !slot->candidate) {
        note_death(slot, master->slots.now_ms, status);
        if (slot->number >= SLOT_FIRST_WORKER) {
            note_restart(&master->tally, slot);
        }
    }
    if (is_alive(slot)) {
        add(&master->tally.retired, shm_board(&master->shm, slot->number));
    }
    slot->past.former = slot->past.latest = 0;
}

/* A younger window than a tick counts as a whole one. */
static uint64_t rate(uint64_t before, uint64_t now, int64_t window_ms)
{
    uint64_t window = window_ms < TICK_MS ? TICK_MS : (uint64_t)window_ms;
    uint64_t requests = now > before ? now - before : 0;
    return requests < UINT64_MAX / 1000000 ? requests * 1000000 / window : 0;
}

uint64_t tally_rate(const struct master *master, int64_t now_ms)
{
    const struct tally *tally = &master->tally;
    return rate(tally->former, tally_total(master).requests, now_ms - tally->former_ms);
}

uint64_t tally_slot_rate(const struct master *master, const struct slot *slot,
                         int64_t now_ms)
{
    const struct board_slot *board = shm_board(&master->shm, slot->number);
    return rate(slot->past.former, atomic_load(&board->requests),
                now_ms - master->tally.former_ms);
}
