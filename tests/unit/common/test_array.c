#include "common/array.h"
#include "tests/unit/unit.h"

struct pair {
    int first;
    long second;
};

START_TEST(grows_and_keeps_the_order)
{
    struct arena *arena = arena_create(256);
    struct array pairs = ARRAY_OF(struct pair);
    for (int i = 0; i < 1000; i++) {
        struct pair *pair = array_push(&pairs, arena);
        ck_assert_int_eq(pair->first, 0);
        ck_assert_int_eq(pair->second, 0);
        *pair = (struct pair){i, -i};
    }
    ck_assert_uint_eq(pairs.count, 1000);
    for (int i = 0; i < 1000; i++) {
        const struct pair *pair = array_at(&pairs, (size_t)i);
        ck_assert_int_eq(pair->first, i);
        ck_assert_int_eq(pair->second, -i);
    }
    arena_destroy(arena);
}
END_TEST

START_TEST(walks_every_element_once)
{
    struct arena *arena = arena_create(256);
    struct array numbers = ARRAY_OF(int);
    int sum = 0;
    ARRAY_EACH(int, number, &numbers)
    {
        sum += *number + 1000;
    }
    ck_assert_int_eq(sum, 0);
    for (int i = 1; i <= 10; i++) {
        *(int *)array_push(&numbers, arena) = i;
    }
    ARRAY_EACH(int, number, &numbers)
    {
        sum += *number;
    }
    ck_assert_int_eq(sum, 55);
    arena_destroy(arena);
}
END_TEST

START_TEST(zeroes_an_element_that_is_used_again)
{
    struct arena *arena = arena_create(256);
    struct array numbers = ARRAY_OF(int);
    *(int *)array_push(&numbers, arena) = 7;
    numbers.count = 0;
    ck_assert_int_eq(*(int *)array_push(&numbers, arena), 0);
    arena_destroy(arena);
}
END_TEST

UNIT_SUITE(array)
{
    UNIT_TEST(grows_and_keeps_the_order);
    UNIT_TEST(walks_every_element_once);
    UNIT_TEST(zeroes_an_element_that_is_used_again);
}
