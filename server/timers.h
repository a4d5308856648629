/*
 * timers.h - deadlines for thousands of connections: a wheel, O(1) to set and to clear.
 *
 * Re-arming later is lazy: it only stores the new deadline; the wheel moves the timer
 * when its old place comes up. Resolution TIMER_TICK_MS: a timer never fires early and at
 * most one tick late plus the length of the event turn. Times are clock_now_ms().
 */
#ifndef SERVER_TIMERS_H
#define SERVER_TIMERS_H

#include "common/list.h"
#include <stdint.h>

#define TIMER_TICK_MS 8 /* a power of two: a small build would divide by others */

struct timer;
typedef void timer_fire(struct timer *timer);

/* Embedded in its owner; timer_init before use. */
struct timer {
    struct list link;
    int64_t deadline; /* milliseconds; 0: not set */
    timer_fire *fire;
};

struct timers;

struct timers *timers_create(int64_t now_ms);
void timers_destroy(struct timers *timers); /* timers still set are left alone */

void timer_init(struct timer *timer, timer_fire *fire);
void timer_set(struct timers *timers, struct timer *timer, int64_t deadline_ms);
void timer_clear(struct timers *timers, struct timer *timer);

/* Milliseconds until something may be due (0: now), at most `longest`. */
int timers_wait(const struct timers *timers, int64_t now_ms, int longest);

/* Fires what is due. A callback may set and clear any timer, its own included. */
void timers_run(struct timers *timers, int64_t now_ms);

#endif
