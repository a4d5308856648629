#include "server/timers.h"
#include "common/xalloc.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS UINT64_C(4096) /* about 33 s ahead; what is due later waits at the end */
#define DUE   SLOTS          /* one more: what has come up and is looked at now */
#define WORD  UINT64_C(64)

/*
 * A tick is a stretch of TIMER_TICK_MS, and each has a slot: tick modulo SLOTS. A timer
 * sits in the slot of its deadline or of an earlier tick, never of a later one.
 * `occupied` has a bit for each slot that is not empty.
 */
struct timers {
    uint64_t next; /* the first tick that was not looked at */
    uint64_t occupied[DUE / WORD + 1];
    struct list slots[DUE + 1];
};

struct timers *timers_create(int64_t now_ms)
{
    struct timers *timers = xmalloc(sizeof(*timers));
    timers->next = (uint64_t)now_ms / TIMER_TICK_MS;
    memset(timers->occupied, 0, sizeof(timers->occupied));
    return timers;
}

void timers_destroy(struct timers *timers)
{
    free(timers);
}

void timer_init(struct timer *timer, timer_fire *fire)
{
    list_init(&timer->link);
    timer->deadline = 0;
    timer->fire = fire;
}

/* The tick at whose end the deadline has passed. */
static uint64_t tick_of(int64_t deadline_ms)
{
    return ((uint64_t)deadline_ms + TIMER_TICK_MS - 1) / TIMER_TICK_MS;
}

/* Bounds a tick to what the wheel can hold now. */
static uint64_t reach(const struct timers *timers, uint64_t tick)
{
    uint64_t last = timers->next + SLOTS - 1;
    uint64_t sooner = tick < last ? tick : last;
    return sooner > timers->next ? sooner : timers->next;
}

static void set_occupied(struct timers *timers, uint64_t slot, bool on)
{
    uint64_t bit = UINT64_C(1) << (slot % WORD);
    if (on) {
        timers->occupied[slot / WORD] |= bit;
    } else {
        timers->occupied[slot / WORD] &= ~bit;
    }
}

static bool is_occupied(const struct timers *timers, uint64_t slot)
{
    return (timers->occupied[slot / WORD] >> (slot % WORD) & 1) != 0;
}

/* The list of a slot means nothing until the slot is occupied: a wheel takes no memory
 * that it does not use. */
static void place(struct timers *timers, struct timer *timer)
{
    uint64_t slot = reach(timers, tick_of(timer->deadline)) % SLOTS;
    if (!is_occupied(timers, slot)) {
        list_init(&timers->slots[slot]);
        set_occupied(timers, slot, true);
    }
    list_append(&timers->slots[slot], &timer->link);
}

static void unplace(struct timers *timers, struct timer *timer)
{
    struct list *neighbour = timer->link.next;
    list_remove(&timer->link);
    if (list_empty(neighbour)) { /* so it is the slot: the timer was alone there */
        set_occupied(timers, (uint64_t)(neighbour - timers->slots), false);
    }
}

void timer_set(struct timers *timers, struct timer *timer, int64_t deadline_ms)
{
    assert(timer->fire != NULL && deadline_ms > 0);
    bool sooner = deadline_ms < timer->deadline;
    timer->deadline = deadline_ms;
    if (list_empty(&timer->link)) {
        place(timers, timer);
    } else if (sooner) {
        unplace(timers, timer);
        place(timers, timer);
    }
}

void timer_clear(struct timers *timers, struct timer *timer)
{
    timer->deadline = 0;
    if (!list_empty(&timer->link)) {
        unplace(timers, timer);
    }
}

/* Ticks from `next` to the first slot in use, or SLOTS when there is none. */
static uint64_t ticks_ahead(const struct timers *timers)
{
    uint64_t start = timers->next % SLOTS;
    for (uint64_t ahead = 0; ahead < SLOTS;) {
        uint64_t slot = (start + ahead) % SLOTS;
        uint64_t word = timers->occupied[slot / WORD] >> (slot % WORD);
        if (word != 0) {
            return ahead + (unsigned)__builtin_ctzll(word);
        }
        ahead += WORD - slot % WORD;
    }
    return SLOTS;
}

int timers_wait(const struct timers *timers, int64_t now_ms, int longest)
{
    uint64_t ahead = ticks_ahead(timers);
    if (ahead >= SLOTS) {
        return longest;
    }
    int64_t wait = (int64_t)((timers->next + ahead) * TIMER_TICK_MS) - now_ms;
    if (wait <= 0) {
        return 0;
    }
    return wait < longest ? (int)wait : longest;
}

static void move_all(struct list *from, struct list *to)
{
    list_init(to);
    if (!list_empty(from)) {
        *to = *from;
        to->prev->next = to;
        to->next->prev = to;
        list_init(from);
    }
}

/* Fires what is due among the timers of a slot that has come up, and moves on what was
 * set to a later time meanwhile. */
static void run_slot(struct timers *timers, uint64_t slot, int64_t now_ms)
{
    struct list *due = &timers->slots[DUE];
    move_all(&timers->slots[slot], due);
    set_occupied(timers, slot, false);
    while (!list_empty(due)) {
        struct timer *timer = LIST_ITEM(due->next, struct timer, link);
        list_remove(&timer->link);
        if (timer->deadline > now_ms) {
            place(timers, timer);
            continue;
        }
        timer->deadline = 0;
        timer->fire(timer);
    }
}

void timers_run(struct timers *timers, int64_t now_ms)
{
    uint64_t now = (uint64_t)now_ms / TIMER_TICK_MS;
    while (timers->next <= now) {
        uint64_t ahead = ticks_ahead(timers);
        uint64_t tick = timers->next + ahead;
        bool due = ahead < SLOTS && tick <= now;
        timers->next = due ? tick + 1 : now + 1;
        if (due) {
            run_slot(timers, tick % SLOTS, now_ms);
        }
    }
}
