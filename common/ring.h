/*
 * ring.h - a single-producer, single-consumer ring of log records in shared memory.
 *
 * A worker writes, the logger reads; neither makes a system call. Head and tail are
 * C11 atomics on cache lines of their own (release on publish, acquire on take). A record
 * becomes visible whole or not at all, so a producer killed at any instant loses no
 * published record and tears none. The consumer trusts nothing it reads: a length that
 * does not fit what is there makes it drop the content, count it, and go on.
 */
#ifndef COMMON_RING_H
#define COMMON_RING_H

#include "common/slice.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring; /* lives in the memory handed to ring_init; no pointer inside */

/* Bytes of memory for a ring with room for `capacity` bytes (a power of two). */
size_t ring_footprint(size_t capacity);

/* Makes an empty ring in zeroed memory, aligned to 64 bytes. To be called by an ancestor
 * of both sides, which remember the largest capacity for themselves. */
struct ring *ring_init(void *memory, size_t capacity);

/* Longest record that can be put: a quarter of the capacity. */
size_t ring_record_max(const struct ring *ring);

/*
 * Producer. Puts one record of `count` parts for the log file `target`. Returns false
 * when there is no room; nothing is written then.
 */
bool ring_put(struct ring *ring, uint32_t target, const struct slice *parts,
              size_t count);

/* Bytes waiting: for "wake the logger early" and for status. Either side. */
size_t ring_used(const struct ring *ring);
size_t ring_capacity(const struct ring *ring);

/* Records that the producer could not put, counted by it; never decreases. */
void ring_count_drop(struct ring *ring);
uint64_t ring_drops(const struct ring *ring);

/*
 * Consumer. Takes the oldest record: *record points into the ring and stays valid until
 * ring_release(). Returns false when the ring is empty. Several records may be taken
 * before one release gives all of them back.
 */
bool ring_take(struct ring *ring, uint32_t *target, struct slice *record);
void ring_release(struct ring *ring);

/* For a consumer that takes over from one that died: what the other took and did not
 * release is taken again. */
void ring_rewind(struct ring *ring);

/* Records dropped by the consumer as damaged. */
uint64_t ring_damaged(const struct ring *ring);

#endif
