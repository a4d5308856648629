#include "common/arena.h"
#include "common/cache_line.h"
#include "common/flavour.h"
#include "tests/unit/unit.h"
#include <stdalign.h>
#include <string.h>

#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define IS_POISONED(ptr) __asan_address_is_poisoned(ptr)
#define SANITIZED        1
#else
#define IS_POISONED(ptr) ((void)(ptr), 0)
#define SANITIZED        0
#endif

#define CHUNK 1024

START_TEST(aligns_for_any_type_and_keeps_apart)
{
    struct arena *arena = arena_create(CHUNK);
    unsigned char *parts[200];
    for (size_t i = 0; i < 200; i++) {
        parts[i] = arena_alloc(arena, i);
        ck_assert_uint_eq((uintptr_t)parts[i] % alignof(max_align_t), 0);
        memset(parts[i], (int)i, i);
    }
    for (size_t i = 0; i < 200; i++) {
        for (size_t at = 0; at < i; at++) {
            ck_assert_uint_eq(parts[i][at], i);
        }
    }
    arena_destroy(arena);
}
END_TEST

START_TEST(begins_a_line_of_the_cache)
{
    struct arena *arena = arena_create(CHUNK);
    for (size_t i = 0; i < 200; i++) {
        memset(arena_alloc(arena, i), 1, i);
        unsigned char *line = arena_zero_line(arena, i + 1);
        ck_assert_uint_eq((uintptr_t)line % CACHE_LINE, 0);
        for (size_t at = 0; at <= i; at++) {
            ck_assert_uint_eq(line[at], 0);
        }
        memset(line, 1, i + 1);
    }
    arena_destroy(arena);
}
END_TEST

START_TEST(gives_large_requests_their_own_chunk)
{
    struct arena *arena = arena_create(CHUNK);
    arena_alloc(arena, 16);
    size_t before = arena_footprint(arena);
    char *large = arena_zero(arena, 10 * CHUNK);
    large[10 * CHUNK - 1] = 1;
    ck_assert_uint_ge(arena_footprint(arena), before + 10 * CHUNK);
    ck_assert_uint_lt(arena_footprint(arena), before + 11 * CHUNK);
    arena_reset(arena);
    ck_assert_uint_le(arena_footprint(arena), before);
    arena_destroy(arena);
}
END_TEST

START_TEST(holds_no_more_after_many_rounds)
{
    struct arena *arena = arena_create(CHUNK);
    size_t first = 0;
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 30; i++) {
            memset(arena_alloc(arena, 100), round, 100);
        }
        if (round == 0) {
            first = arena_footprint(arena);
        }
        ck_assert_uint_eq(arena_footprint(arena), first);
        arena_reset(arena);
    }
    ck_assert_uint_le(arena_footprint(arena), 2 * CHUNK);
    arena_destroy(arena);
}
END_TEST

START_TEST(zeroes_what_was_used_before)
{
    struct arena *arena = arena_create(CHUNK);
    memset(arena_alloc(arena, 500), 0xff, 500);
    arena_reset(arena);
    const unsigned char *bytes = arena_zero(arena, 500);
    for (size_t i = 0; i < 500; i++) {
        ck_assert_uint_eq(bytes[i], 0);
    }
    arena_destroy(arena);
}
END_TEST

START_TEST(copies_with_a_nul)
{
    struct arena *arena = arena_create(CHUNK);
    struct slice copy = arena_slice(arena, slice_of("abcdef", 3));
    UNIT_SLICE_EQ(copy, "abc");
    ck_assert_int_eq(copy.ptr[3], '\0');
    ck_assert_ptr_null(arena_slice(arena, SLICE_NULL).ptr);
    ck_assert_ptr_nonnull(arena_slice(arena, SLICE("")).ptr);
    ck_assert_str_eq(arena_cstr(arena, SLICE_NULL), "");
    ck_assert_str_eq(arena_strdup(arena, "xyz"), "xyz");
    arena_destroy(arena);
}
END_TEST

START_TEST(prints_more_than_a_chunk)
{
    struct arena *arena = arena_create(CHUNK);
    ck_assert_str_eq(arena_printf(arena, "%d:%s", 80, "x"), "80:x");
    const char *wide = arena_printf(arena, "%3000d", 1);
    ck_assert_uint_eq(strlen(wide), 3000);
    arena_destroy(arena);
}
END_TEST

START_TEST(poisons_what_is_not_allocated)
{
    struct arena *arena = arena_create(CHUNK);
    char *one = arena_alloc(arena, 13);
    char *two = arena_alloc(arena, 13);
    ck_assert(!IS_POISONED(one + 12));
    ck_assert(!IS_POISONED(two));
    ck_assert_int_eq(IS_POISONED(one + 13), SANITIZED);
    ck_assert_int_eq(IS_POISONED(two + 13), SANITIZED);
    char *line = arena_zero_line(arena, 40);
    ck_assert(!IS_POISONED(line + 39));
    ck_assert_int_eq(IS_POISONED(line + 40), SANITIZED);
    arena_reset(arena);
    ck_assert_int_eq(IS_POISONED(one), SANITIZED);
    ck_assert_int_eq(IS_POISONED(two), SANITIZED);
    arena_destroy(arena);
    arena_destroy(NULL);
}
END_TEST

START_TEST(torture_moves_every_allocation)
{
    struct arena *arena = arena_create(CHUNK);
    size_t before = arena_footprint(arena);
    arena_alloc(arena, 1);
    size_t one = arena_footprint(arena) - before;
    arena_alloc(arena, 1);
    ck_assert_uint_eq(arena_footprint(arena) - before, TORTURE ? 2 * one : one);
    arena_destroy(arena);
}
END_TEST

UNIT_SUITE(arena)
{
    UNIT_TEST(aligns_for_any_type_and_keeps_apart);
    UNIT_TEST(begins_a_line_of_the_cache);
    UNIT_TEST(gives_large_requests_their_own_chunk);
    UNIT_TEST(holds_no_more_after_many_rounds);
    UNIT_TEST(zeroes_what_was_used_before);
    UNIT_TEST(copies_with_a_nul);
    UNIT_TEST(prints_more_than_a_chunk);
    UNIT_TEST(poisons_what_is_not_allocated);
    UNIT_TEST(torture_moves_every_allocation);
}
