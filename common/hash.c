#include "common/hash.h"
#include "common/cache_line.h"
#include "common/flavour.h"
#include <assert.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define FIRST_SLOTS 8

/* What a search reads of every slot that it passes: together they stay in the processor's
 * cache when the slots of a large table do not. */
struct hash_mark {
    uint32_t sum;
    uint32_t key_size; /* with one byte more than it has; 0: the slot is free */
};

/* A short key lies in it: there is no other place to read. */
struct hash_slot {
    void *value;
    union {
        const char *far;
        char near[24];
    } key;
};

_Static_assert(CACHE_LINE % sizeof(struct hash_slot) == 0 || sizeof(void *) != 8,
               "no slot is in two lines of the cache");

/*
 * The key of the hash function. Drawn before main, so that a master and the workers that
 * it forks agree on it, and constant afterwards.
 */
static uint64_t seed[2];

__attribute__((constructor)) static void draw_seed(void)
{
    /* Not blocking: a start early in the boot must not hang for want of entropy. */
    if (getrandom(seed, sizeof(seed), GRND_NONBLOCK) == (ssize_t)sizeof(seed)) {
        return;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    seed[0] = (uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec;
    seed[1] = (uint64_t)(uintptr_t)&now << 16 ^ (uint64_t)getpid();
}

static uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void mix(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32) + v[3];
    v[2] += v[1];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static inline void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    mix(v);
    v[0] ^= word;
}

/*
 * SipHash-1-3 (Aumasson and Bernstein): a keyed function, because clients choose the keys
 * that are looked up and, in the limit zones, those that are stored. The words are read
 * in the order of the machine: the values never leave it.
 */
uint32_t hash_bytes(const void *bytes, size_t len)
{
    const char *at = bytes;
    uint64_t v[4] = {
        seed[0] ^ UINT64_C(0x736f6d6570736575),
        seed[1] ^ UINT64_C(0x646f72616e646f6d),
        seed[0] ^ UINT64_C(0x6c7967656e657261),
        seed[1] ^ UINT64_C(0x7465646279746573),
    };
    size_t left = len;
    for (; left >= sizeof(uint64_t); left -= sizeof(uint64_t), at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        absorb(v, word);
    }
    uint64_t last = (uint64_t)len << 56;
    for (size_t i = 0; i < left; i++) {
        last |= (uint64_t)(unsigned char)at[i] << (8 * i);
    }
    absorb(v, last);
    v[2] ^= 0xff;
    mix(v);
    mix(v);
    mix(v);
    uint64_t sum = v[0] ^ v[1] ^ v[2] ^ v[3];
    return (uint32_t)(sum ^ sum >> 32);
}

void hash_init(struct hash *hash, struct arena *arena)
{
    *hash = (struct hash){.arena = arena};
}

static struct slice key_of(const struct hash *hash, size_t index)
{
    size_t len = hash->marks[index].key_size - 1;
    const struct hash_slot *slot = &hash->slots[index];
    return slice_of(len <= sizeof(slot->key.near) ? slot->key.near : slot->key.far, len);
}

/* The slot that holds `key`, or the free one where it belongs. */
static size_t find(const struct hash *hash, struct slice key, uint32_t sum)
{
    size_t index = sum & hash->mask;
    for (;;) {
        const struct hash_mark *mark = &hash->marks[index];
        if (mark->key_size == 0 ||
            (mark->sum == sum && slice_eq(key_of(hash, index), key))) {
            return index;
        }
        index = (index + 1) & hash->mask;
    }
}

void *hash_get(const struct hash *hash, struct slice key)
{
    if (hash->count == 0) {
        return NULL;
    }
    return hash->slots[find(hash, key, hash_bytes(key.ptr, key.len))].value;
}

/* Twice as many slots, where all find their place anew. */
static COLD void grow(struct hash *hash)
{
    struct hash old = *hash;
    size_t old_slots = old.slots == NULL ? 0 : old.mask + 1;
    size_t slots = old.slots == NULL ? FIRST_SLOTS : old_slots * 2;
    hash->marks = arena_zero(hash->arena, slots * sizeof(*hash->marks));
    hash->slots = arena_zero_line(hash->arena, slots * sizeof(*hash->slots));
    hash->mask = slots - 1;
    for (size_t i = 0; i < old_slots; i++) {
        if (old.marks[i].key_size != 0) {
            size_t index = find(hash, key_of(&old, i), old.marks[i].sum);
            hash->marks[index] = old.marks[i];
            hash->slots[index] = old.slots[i];
        }
    }
}

static void set_key(struct hash *hash, size_t index, struct slice key, uint32_t sum)
{
    struct hash_slot *slot = &hash->slots[index];
    hash->marks[index] = (struct hash_mark){sum, (uint32_t)key.len + 1};
    if (key.len > sizeof(slot->key.near)) {
        slot->key.far = key.ptr;
    } else if (key.len > 0) {
        memcpy(slot->key.near, key.ptr, key.len);
    }
    hash->count++;
}

COLD void *hash_put(struct hash *hash, struct slice key, void *value)
{
    assert(value != NULL && key.len < UINT32_MAX);
    if (hash->slots == NULL || (hash->count + 1) * 4 > (hash->mask + 1) * 3) {
        grow(hash);
    }
    uint32_t sum = hash_bytes(key.ptr, key.len);
    size_t index = find(hash, key, sum);
    if (hash->marks[index].key_size == 0) {
        set_key(hash, index, key, sum);
    }
    void *before = hash->slots[index].value;
    hash->slots[index].value = value;
    return before;
}
