/*
 * The content is a row of records, each a header and its bytes, padded to eight. A record
 * never wraps, because the consumer hands out pointers into the ring: one that does not
 * fit before the end is preceded by a skip header, which sends the reader to the start.
 * Head and tail count bytes since the beginning and are never reduced; their place in the
 * content is the count modulo the capacity.
 */
#include "common/ring.h"
#include "common/cache_line.h"
#include <assert.h>
#include <stdalign.h>
#include <string.h>

#define CAPACITY_MIN 64
#define CAPACITY_MAX ((uint64_t)1 << 30)
#define UNIT         sizeof(struct header)
#define LENGTH_SKIP  UINT32_MAX

/* Atomics, because a reader must not see a length change after it was checked. */
struct header {
    _Atomic uint32_t length;
    _Atomic uint32_t target;
};

struct ring {
    _Atomic uint64_t capacity; /* written once */

    /* The producer's line. */
    alignas(CACHE_LINE) _Atomic uint64_t head;
    _Atomic uint64_t drops;

    /* The consumer's line. `taken` bytes past the tail are in its hands. */
    alignas(CACHE_LINE) _Atomic uint64_t tail;
    _Atomic uint64_t taken;
    _Atomic uint64_t damaged;

    alignas(CACHE_LINE) unsigned char content[];
};

/*
 * The largest capacity that this process or an ancestor gave out, in memory that no other
 * process reaches: a ring that claims more was scribbled on.
 */
static uint64_t largest_capacity;

static uint64_t load(const _Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

static void store(_Atomic uint64_t *word, uint64_t value)
{
    atomic_store_explicit(word, value, memory_order_relaxed);
}

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + UNIT - 1) / UNIT * UNIT;
}

size_t ring_footprint(size_t capacity)
{
    return sizeof(struct ring) + capacity;
}

struct ring *ring_init(void *memory, size_t capacity)
{
    _Static_assert(sizeof(struct header) == 8, "records are padded to the header's size");
    assert((uintptr_t)memory % CACHE_LINE == 0);
    assert(capacity >= CAPACITY_MIN && capacity <= CAPACITY_MAX);
    assert((capacity & (capacity - 1)) == 0);
    struct ring *ring = memory;
    store(&ring->capacity, capacity);
    largest_capacity = capacity > largest_capacity ? capacity : largest_capacity;
    return ring;
}

/* The capacity, or 0 when it was scribbled on: such a ring is full and empty at once. */
static uint64_t checked_capacity(const struct ring *ring)
{
    uint64_t capacity = load(&ring->capacity);
    bool is_power = (capacity & (capacity - 1)) == 0;
    return is_power && capacity <= largest_capacity ? capacity : 0;
}

size_t ring_capacity(const struct ring *ring)
{
    return (size_t)checked_capacity(ring);
}

size_t ring_record_max(const struct ring *ring)
{
    return ring_capacity(ring) / 4;
}

size_t ring_used(const struct ring *ring)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    uint64_t capacity = checked_capacity(ring);
    uint64_t used = head - tail;
    return (size_t)(used < capacity ? used : capacity);
}

void ring_count_drop(struct ring *ring)
{
    store(&ring->drops, load(&ring->drops) + 1);
}

uint64_t ring_drops(const struct ring *ring)
{
    return load(&ring->drops);
}

uint64_t ring_damaged(const struct ring *ring)
{
    return load(&ring->damaged);
}

static uint64_t total_length(const struct slice *parts, size_t count, uint64_t max)
{
    uint64_t length = 0;
    for (size_t i = 0; i < count && length <= max; i++) {
        length = parts[i].len <= max ? length + parts[i].len : max + 1;
    }
    return length;
}

static void write_header(struct ring *ring, uint64_t offset, uint32_t length,
                         uint32_t target)
{
    struct header *header = (void *)(ring->content + offset);
    atomic_store_explicit(&header->length, length, memory_order_relaxed);
    atomic_store_explicit(&header->target, target, memory_order_relaxed);
}

static void write_parts(unsigned char *at, const struct slice *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len != 0) {
            memcpy(at, parts[i].ptr, parts[i].len);
            at += parts[i].len;
        }
    }
}

bool ring_put(struct ring *ring, uint32_t target, const struct slice *parts, size_t count)
{
    uint64_t capacity = checked_capacity(ring);
    uint64_t length = total_length(parts, count, capacity / 4);
    if (capacity == 0 || length > capacity / 4) {
        return false;
    }
    uint64_t head = round_up(load(&ring->head));
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    uint64_t offset = head & (capacity - 1);
    uint64_t needed = UNIT + round_up(length);
    uint64_t skip = capacity - offset < needed ? capacity - offset : 0;
    uint64_t used = head - tail;
    if (used > capacity || capacity - used < skip + needed) {
        return false;
    }
    if (skip != 0) {
        write_header(ring, offset, LENGTH_SKIP, 0);
        offset = 0;
    }
    write_header(ring, offset, (uint32_t)length, target);
    write_parts(ring->content + offset + UNIT, parts, count);
    atomic_store_explicit(&ring->head, head + skip + needed, memory_order_release);
    return true;
}

/* Gives up what is in the ring, but not the space of records still in the caller's hands:
 * that is left to ring_release. */
static bool discard(struct ring *ring, uint64_t head)
{
    bool records_held = load(&ring->taken) != 0;
    store(&ring->taken, round_up(head) - load(&ring->tail));
    store(&ring->damaged, load(&ring->damaged) + 1);
    if (!records_held) {
        ring_release(ring);
    }
    return false;
}

/* One step of the reader: the span at the cursor, checked against what is there. */
struct span {
    uint64_t offset;
    uint64_t bytes; /* with header and padding; 0: nothing that makes sense */
    uint32_t length;
    uint32_t target;
};

static struct span read_span(struct ring *ring, uint64_t capacity, uint64_t cursor,
                             uint64_t available)
{
    struct span span = {.offset = cursor & (capacity - 1)};
    struct header *header = (void *)(ring->content + span.offset);
    span.length = atomic_load_explicit(&header->length, memory_order_relaxed);
    span.target = atomic_load_explicit(&header->target, memory_order_relaxed);
    uint64_t to_end = capacity - span.offset;
    uint64_t bytes =
        span.length == LENGTH_SKIP ? to_end : UNIT + round_up((uint64_t)span.length);
    if (bytes <= to_end && bytes <= available) {
        span.bytes = bytes;
    }
    return span;
}

bool ring_take(struct ring *ring, uint32_t *target, struct slice *record)
{
    uint64_t capacity = checked_capacity(ring);
    if (capacity == 0) {
        return false;
    }
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    uint64_t cursor = load(&ring->tail) + load(&ring->taken);
    while (cursor != head) {
        if (head - cursor > capacity || cursor % UNIT != 0) {
            return discard(ring, head);
        }
        struct span span = read_span(ring, capacity, cursor, head - cursor);
        if (span.bytes == 0) {
            return discard(ring, head);
        }
        cursor += span.bytes;
        store(&ring->taken, cursor - load(&ring->tail));
        if (span.length != LENGTH_SKIP) {
            *target = span.target;
            *record =
                slice_of((const char *)ring->content + span.offset + UNIT, span.length);
            return true;
        }
    }
    return false;
}

void ring_release(struct ring *ring)
{
    uint64_t tail = load(&ring->tail) + load(&ring->taken);
    store(&ring->taken, 0);
    atomic_store_explicit(&ring->tail, tail, memory_order_release);
}

void ring_rewind(struct ring *ring)
{
    store(&ring->taken, 0);
}
