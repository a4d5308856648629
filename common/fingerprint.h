/*
 * fingerprint.h - a quick hash of words and texts, where a collision does little harm.
 *
 * A word at a time, multiplied by the golden ratio of 2^64 as Knuth does it. It has no
 * key, so who chooses the texts can make them collide at will: compare the texts as well,
 * or let it matter little when one is taken for another. Maps take hash.h.
 */
#ifndef COMMON_FINGERPRINT_H
#define COMMON_FINGERPRINT_H

#include "common/eights.h"

#define FINGERPRINT_NONE  0u
#define FINGERPRINT_RATIO 0x9e3779b97f4a7c15u

static inline uint64_t fingerprint_word(uint64_t print, uint64_t word)
{
    print = (print ^ word) * FINGERPRINT_RATIO;
    return print ^ print >> 32; /* the high bits of a word reach no low ones otherwise */
}

/* The last word is that of the last eight bytes: which ones, its length says. */
static inline uint64_t fingerprint_text(uint64_t print, struct slice text)
{
    print = fingerprint_word(print, text.len);
    if (text.len < sizeof(uint64_t)) {
        return fingerprint_word(print, eights_load_part(text.ptr, text.len));
    }
    size_t last = text.len - sizeof(uint64_t);
    for (size_t at = 0; at < last; at += sizeof(uint64_t)) {
        print = fingerprint_word(print, eights_load(text.ptr + at));
    }
    return fingerprint_word(print, eights_load(text.ptr + last));
}

#endif
