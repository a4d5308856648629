#include "server/slots.h"
#include <assert.h>

#define EARLY_MS       10000 /* a death before this counts */
#define STEADY_MS      60000 /* a life this long forgives all */
#define FORK_RETRY_MS  1000  /* at most, when the system refuses */
#define FIRST_DELAY_MS 100
#define JITTER_PERCENT 20

#define TO(state) (1u << (state))

/* Where each state may lead. */
static const unsigned steps[SLOT_STATE_COUNT] = {
    [SLOT_EMPTY] = TO(SLOT_STARTING) | TO(SLOT_FAILED),
    [SLOT_STARTING] =
        TO(SLOT_READY) | TO(SLOT_BACKOFF) | TO(SLOT_FAILED) | TO(SLOT_STOPPING),
    [SLOT_READY] =
        TO(SLOT_DRAINING) | TO(SLOT_STOPPING) | TO(SLOT_BACKOFF) | TO(SLOT_FAILED),
    [SLOT_DRAINING] = TO(SLOT_STOPPING) | TO(SLOT_EMPTY),
    [SLOT_STOPPING] = TO(SLOT_STOPPING) | TO(SLOT_EMPTY),
    [SLOT_BACKOFF] = TO(SLOT_STARTING) | TO(SLOT_BACKOFF) | TO(SLOT_EMPTY),
    [SLOT_FAILED] = TO(SLOT_EMPTY),
};

#define NO_DEADLINE (-1)

/* The one way from state to state; `delay_ms` is until the deadline of the new one. */
static void enter(struct slots *slots, struct slot *slot, enum slot_state state,
                  int64_t delay_ms)
{
    assert((steps[slot->state] & TO(state)) != 0);
    slot->state = state;
    slot->deadline_ms = delay_ms == NO_DEADLINE ? 0 : slots->now_ms + delay_ms;
    if (slot->deadline_ms == 0 && delay_ms == 0) {
        slot->deadline_ms = 1; /* due at once, at the very start of the clock too */
    }
}

static void vacate(struct slots *slots, struct slot *slot)
{
    enter(slots, slot, SLOT_EMPTY, NO_DEADLINE);
    slots->ops->vacated(slots, slot);
    slot->generation = NULL;
}

int64_t slots_delay(unsigned failures)
{
    int64_t delay = FIRST_DELAY_MS;
    if (failures <= 1) {
        return 0;
    }
    for (unsigned n = 2; n < failures && delay < SLOT_BACKOFF_MAX_MS; n++) {
        delay *= 2;
    }
    return delay < SLOT_BACKOFF_MAX_MS ? delay : SLOT_BACKOFF_MAX_MS;
}

uint32_t slots_random(struct slots *slots)
{
    slots->random = slots->random * 1664525u + 1013904223u;
    return slots->random >> 16;
}

/* Workers that died together do not come back together. */
static int64_t jitter(struct slots *slots, int64_t delay)
{
    int64_t percent = slots_random(slots) % (2 * JITTER_PERCENT + 1);
    return delay * (100 - JITTER_PERCENT + percent) / 100;
}

static void back_off(struct slots *slots, struct slot *slot, int64_t delay)
{
    enter(slots, slot, SLOT_BACKOFF, jitter(slots, delay));
}

/* --- actions of the table ----------------------------------------------------------- */

static void ignore(struct slots *slots, struct slot *slot)
{
    (void)slots;
    (void)slot;
}

static void become_ready(struct slots *slots, struct slot *slot)
{
    enter(slots, slot, SLOT_READY, NO_DEADLINE);
}

static void replace(struct slots *slots, struct slot *slot)
{
    if (slot->candidate) {
        enter(slots, slot, SLOT_FAILED, NO_DEADLINE);
        return;
    }
    int64_t life = slots->now_ms - slot->started_ms;
    if (life >= STEADY_MS) {
        slot->failures = 0;
    }
    if (life < EARLY_MS) {
        slot->failures++;
    }
    bool hopeless = slot->unfit;
    slot->unfit = false;
    back_off(slots, slot, hopeless ? SLOT_BACKOFF_MAX_MS : slots_delay(slot->failures));
    if (slots->stopping && slot->number != SLOT_LOGGER) {
        vacate(slots, slot);
    }
}

static void kill_now(struct slots *slots, struct slot *slot)
{
    slot->killed = true;
    slots->ops->kill(slots, slot);
    enter(slots, slot, SLOT_STOPPING, NO_DEADLINE);
}

/* It stays where it is: its death is a failed start. */
static void give_up_start(struct slots *slots, struct slot *slot)
{
    slot->killed = true;
    slot->deadline_ms = 0;
    slots->ops->kill(slots, slot);
}

static void drain(struct slots *slots, struct slot *slot)
{
    slots->ops->ask(slots, slot, SLOT_DRAIN);
    enter(slots, slot, SLOT_DRAINING,
          slot->drain_ms == 0 ? NO_DEADLINE : slot->drain_ms + SLOT_DRAIN_EXCESS_MS);
}

/* It may be the last to serve by now; the time that it has stays. */
static void drain_again(struct slots *slots, struct slot *slot)
{
    slots->ops->ask(slots, slot, SLOT_DRAIN);
}

static void stop(struct slots *slots, struct slot *slot)
{
    slots->ops->ask(slots, slot, SLOT_STOP);
    enter(slots, slot, SLOT_STOPPING, SLOT_STOP_MS);
}

static bool take_token(struct slots *slots, int64_t *wait_ms)
{
    struct fork_bucket *bucket = &slots->bucket;
    int64_t most = (int64_t)bucket->burst * 1000;
    bucket->tokens_milli += (slots->now_ms - bucket->filled_ms) * FORKS_PER_SECOND;
    bucket->filled_ms = slots->now_ms;
    if (bucket->tokens_milli > most) {
        bucket->tokens_milli = most;
    }
    if (bucket->tokens_milli < 1000) {
        *wait_ms = (1000 - bucket->tokens_milli) / FORKS_PER_SECOND + 1;
        return false;
    }
    bucket->tokens_milli -= 1000;
    return true;
}

static bool fork_into(struct slots *slots, struct slot *slot)
{
    slot->killed = slot->unfit = false;
    slot->hung_ms = 0;
    slot->started_ms = slot->beat_seen_ms = slots->now_ms;
    if (!slots->ops->spawn(slots, slot)) {
        return false;
    }
    enter(slots, slot, SLOT_STARTING, SLOT_START_MS);
    return true;
}

static void fork_again(struct slots *slots, struct slot *slot)
{
    int64_t wait_ms;
    if (!take_token(slots, &wait_ms)) {
        enter(slots, slot, SLOT_BACKOFF, wait_ms);
        return;
    }
    if (!fork_into(slots, slot)) {
        slot->failures = slot->failures < 2 ? 2 : slot->failures + 1;
        int64_t delay = slots_delay(slot->failures);
        back_off(slots, slot, delay < FORK_RETRY_MS ? delay : FORK_RETRY_MS);
    }
}

typedef void slot_action(struct slots *slots, struct slot *slot);

static slot_action *const table[SLOT_STATE_COUNT][SLOT_EVENT_COUNT] = {
    [SLOT_EMPTY] = {[SLOT_TOLD_READY] = ignore,
                    [SLOT_DIED] = ignore,
                    [SLOT_DRAIN] = ignore,
                    [SLOT_STOP] = ignore,
                    [SLOT_KILL] = ignore,
                    [SLOT_DEADLINE] = ignore},
    [SLOT_STARTING] = {[SLOT_TOLD_READY] = become_ready,
                       [SLOT_DIED] = replace,
                       [SLOT_DRAIN] = stop,
                       [SLOT_STOP] = stop,
                       [SLOT_KILL] = kill_now,
                       [SLOT_DEADLINE] = give_up_start},
    [SLOT_READY] = {[SLOT_TOLD_READY] = ignore,
                    [SLOT_DIED] = replace,
                    [SLOT_DRAIN] = drain,
                    [SLOT_STOP] = stop,
                    [SLOT_KILL] = kill_now,
                    [SLOT_DEADLINE] = ignore},
    [SLOT_DRAINING] = {[SLOT_TOLD_READY] = ignore,
                       [SLOT_DIED] = vacate,
                       [SLOT_DRAIN] = drain_again,
                       [SLOT_STOP] = stop,
                       [SLOT_KILL] = kill_now,
                       [SLOT_DEADLINE] = stop},
    [SLOT_STOPPING] = {[SLOT_TOLD_READY] = ignore,
                       [SLOT_DIED] = vacate,
                       [SLOT_DRAIN] = ignore,
                       [SLOT_STOP] = kill_now,
                       [SLOT_KILL] = kill_now,
                       [SLOT_DEADLINE] = kill_now},
    [SLOT_BACKOFF] = {[SLOT_TOLD_READY] = ignore,
                      [SLOT_DIED] = ignore,
                      [SLOT_DRAIN] = vacate,
                      [SLOT_STOP] = vacate,
                      [SLOT_KILL] = vacate,
                      [SLOT_DEADLINE] = fork_again},
    [SLOT_FAILED] = {[SLOT_TOLD_READY] = ignore,
                     [SLOT_DIED] = ignore,
                     [SLOT_DRAIN] = vacate,
                     [SLOT_STOP] = vacate,
                     [SLOT_KILL] = vacate,
                     [SLOT_DEADLINE] = ignore},
};

void slot_handle(struct slots *slots, struct slot *slot, enum slot_event event)
{
    slot_action *action = table[slot->state][event];
    assert(action != NULL);
    action(slots, slot);
}

/* --- all slots ---------------------------------------------------------------------- */

static struct slot *take_next(struct slots *slots)
{
    struct slot *slot = &slots->items[slots->used];
    slot->number = slots->used++;
    slot->channel = -1;
    return slot;
}

void slots_init(struct slots *slots, const struct slot_ops *ops, void *context,
                unsigned burst)
{
    slots->ops = ops;
    slots->context = context;
    slots->bucket.burst = burst;
    slots->bucket.tokens_milli = (int64_t)burst * 1000;
    while (slots->used < SLOT_FIRST_WORKER) {
        take_next(slots);
    }
}

struct slot *slots_empty(struct slots *slots)
{
    SLOTS_EACH(slot, slots)
    {
        if (slot->number >= SLOT_FIRST_WORKER && slot->state == SLOT_EMPTY) {
            return slot;
        }
    }
    return slots->used < SLOT_MAX ? take_next(slots) : NULL;
}

bool slots_start(struct slots *slots, struct slot *slot)
{
    assert(slot->state == SLOT_EMPTY);
    slot->failures = 0;
    slot->complained_ms = 0;
    slot->suppressed = 0;
    slot->past = (struct slot_past){0};
    if (!fork_into(slots, slot)) {
        enter(slots, slot, SLOT_FAILED, NO_DEADLINE);
        return false;
    }
    return true;
}

static bool is_worker_of(const struct slots *slots, const struct slot *slot,
                         const struct generation *generation)
{
    return slot >= slots->items + SLOT_FIRST_WORKER && slot->state != SLOT_EMPTY &&
           (generation == NULL || slot->generation == generation);
}

void slots_handle_all(struct slots *slots, const struct generation *generation,
                      enum slot_event event)
{
    SLOTS_EACH(slot, slots)
    {
        if (is_worker_of(slots, slot, generation)) {
            slot_handle(slots, slot, event);
        }
    }
}

unsigned slots_count(const struct slots *slots, const struct generation *generation,
                     enum slot_state state)
{
    unsigned count = 0;
    for (unsigned i = SLOT_FIRST_WORKER; i < slots->used; i++) {
        const struct slot *slot = &slots->items[i];
        count += slot->state == state && is_worker_of(slots, slot, generation);
    }
    return count;
}

unsigned slots_occupied(const struct slots *slots)
{
    unsigned count = 0;
    for (unsigned i = SLOT_FIRST_WORKER; i < slots->used; i++) {
        count += slots->items[i].state != SLOT_EMPTY;
    }
    return count;
}

bool slot_was_asked(const struct slot *slot)
{
    return slot->state == SLOT_DRAINING || slot->state == SLOT_STOPPING;
}

struct slot *slots_by_pid(struct slots *slots, pid_t pid)
{
    SLOTS_EACH(slot, slots)
    {
        if (slot->pid == pid && slot->state != SLOT_EMPTY) {
            return slot;
        }
    }
    return NULL;
}

int64_t slots_deadline(const struct slots *slots)
{
    int64_t earliest = 0;
    for (unsigned i = 0; i < slots->used; i++) {
        int64_t deadline = slots->items[i].deadline_ms;
        if (deadline != 0 && (earliest == 0 || deadline < earliest)) {
            earliest = deadline;
        }
    }
    return earliest;
}

void slots_run_due(struct slots *slots)
{
    SLOTS_EACH(slot, slots)
    {
        if (slot->deadline_ms != 0 && slot->deadline_ms <= slots->now_ms) {
            slot_handle(slots, slot, SLOT_DEADLINE);
        }
    }
}
