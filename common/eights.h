/*
 * eights.h - questions to eight bytes at once.
 *
 * Each answer has the top bit of every byte that it concerns; whether there is one at all
 * is exact, and so is the first, but behind it others may be named wrongly.
 */
#ifndef COMMON_EIGHTS_H
#define COMMON_EIGHTS_H

#include "common/slice.h"
#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EIGHTS_ONES UINT64_C(0x0101010101010101)
#define EIGHTS_TOPS (EIGHTS_ONES << 7)

static inline uint64_t eights_load(const char *at)
{
    uint64_t eight;
    memcpy(&eight, at, sizeof(eight));
    return le64toh(eight); /* the first byte is the lowest, whatever the machine */
}

/* Seven bytes or fewer, with letters behind them. */
static inline uint64_t eights_load_part(const char *at, size_t len)
{
    uint64_t eight = EIGHTS_ONES * 'a';
    while (len > 0) {
        eight = eight << 8 | (unsigned char)at[--len];
    }
    return eight;
}

/* The place of the first byte of an answer that has one. */
static inline size_t eights_first(uint64_t answer)
{
    return (size_t)__builtin_ctzll(answer) / 8;
}

/* Bytes below `least`, which is 128 at most. */
static inline uint64_t eights_below(uint64_t eight, unsigned char least)
{
    return (eight - EIGHTS_ONES * least) & ~eight & EIGHTS_TOPS;
}

static inline uint64_t eights_equal(uint64_t eight, unsigned char byte)
{
    return eights_below(eight ^ (EIGHTS_ONES * byte), 1);
}

/* Control characters of US-ASCII: one more than DEL, and 32 less than the others, has the
 * top bit. */
static inline uint64_t eights_controls(uint64_t eight)
{
    uint64_t after = (eight & ~EIGHTS_TOPS) + EIGHTS_ONES;
    return ((eight - EIGHTS_ONES * ' ') | after) & ~eight & EIGHTS_TOPS;
}

/* Capital letters among bytes below 128, each answer exact. */
static inline uint64_t eights_capitals(uint64_t eight)
{
    return (eight + EIGHTS_ONES * (128 - 'A')) & ~(eight + EIGHTS_ONES * (127 - 'Z')) &
           EIGHTS_TOPS;
}

static inline uint64_t eights_quotes(uint64_t eight)
{
    return eights_equal(eight, '"') | eights_equal(eight, '\\');
}

/* Bytes of 128 and more. */
static inline uint64_t eights_high(uint64_t eight)
{
    return eight & EIGHTS_TOPS;
}

/* Controls, and bytes of 128 and more. */
static inline uint64_t eights_unprintable(uint64_t eight)
{
    return ((eight - EIGHTS_ONES * ' ') | (eight + EIGHTS_ONES) | eight) & EIGHTS_TOPS;
}

/* How many bytes at the front of `text` the question `special` does not concern. The last
 * eight may be looked at twice. */
static inline size_t eights_span(struct slice text, uint64_t (*special)(uint64_t))
{
    size_t len = 0;
    uint64_t found = 0;
    for (; text.len - len >= 8; len += 8) {
        found = special(eights_load(text.ptr + len));
        if (found != 0) {
            return len + eights_first(found);
        }
    }
    if (len == text.len) {
        return len;
    }
    if (len > 0) {
        len = text.len - 8;
        found = special(eights_load(text.ptr + len));
    } else {
        found = special(eights_load_part(text.ptr, text.len));
    }
    return found != 0 ? len + eights_first(found) : text.len;
}

#endif
