/*
 * clock.h - the time, read once an event turn and kept with its formatted forms.
 *
 * Deadlines use the monotonic clock and are never moved by a step of the wall clock; only
 * dates that people and peers read use the wall clock. One instance per process, updated
 * by clock_update() after every wait; its strings are re-made only when the second
 * changes. A stopwatch tells how long a step takes within a turn.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include "common/slice.h"
#include <stdint.h>
#include <time.h>

#define NS_PER_MS  INT64_C(1000000)
#define NS_PER_SEC INT64_C(1000000000)

/* The monotonic clock now, in nanoseconds, straight from the system. */
int64_t clock_read_ns(void);

/* Ends a lap of the stopwatch and begins the next one, as clock_update() does. Returns
 * how long it was. */
int64_t clock_lap_ns(void);
int64_t clock_lap_began_ns(void); /* the one under way; does not read the clock */

/* Reads both clocks; call when a process starts and after each wait for events. */
void clock_update(void);

/* As of the last clock_update(). */
int64_t clock_now_ns(void);              /* monotonic, nanoseconds */
int64_t clock_now_ms(void);              /* monotonic, milliseconds */
const struct timespec *clock_wall(void); /* since the epoch */

/* Formatted wall clock, as of the last clock_update(); NUL-terminated, static. */
struct slice clock_http_date(void);  /* IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT */
struct slice clock_error_log(void);  /* local: 1994/11/06 09:49:37 */
struct slice clock_access_log(void); /* local: 06/Nov/1994:09:49:37 +0100 */
struct slice clock_iso8601(void);    /* local: 1994-11-06T09:49:37+01:00 */

#endif
