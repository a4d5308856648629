#include "common/hash.h"
#include "tests/unit/unit.h"
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(finds_what_was_put)
{
    struct arena *arena = arena_create(4096);
    struct hash hash;
    hash_init(&hash, arena);
    int one = 1;
    int two = 2;
    ck_assert_ptr_null(hash_get(&hash, SLICE("a")));
    ck_assert_ptr_null(hash_put(&hash, SLICE("a"), &one));
    ck_assert_ptr_null(hash_put(&hash, SLICE(""), &two));
    ck_assert_ptr_eq(hash_get(&hash, SLICE("a")), &one);
    ck_assert_ptr_eq(hash_get(&hash, SLICE_NULL), &two);
    ck_assert_ptr_null(hash_get(&hash, SLICE("A")));
    ck_assert_ptr_eq(hash_put(&hash, SLICE("a"), &two), &one);
    ck_assert_ptr_eq(hash_get(&hash, SLICE("a")), &two);
    ck_assert_uint_eq(hash.count, 2);
    arena_destroy(arena);
}
END_TEST

static struct slice name_of(struct arena *arena, size_t number)
{
    return slice_str(arena_printf(arena, "www%zu.example.org", number));
}

START_TEST(holds_ten_thousand_names_and_a_quarter_of_room)
{
    struct arena *arena = arena_create(65536);
    struct hash hash;
    hash_init(&hash, arena);
    static int values[10000];
    for (size_t i = 0; i < 10000; i++) {
        ck_assert_ptr_null(hash_put(&hash, name_of(arena, i), &values[i]));
        ck_assert_uint_le(hash.count * 4, (hash.mask + 1) * 3);
    }
    for (size_t i = 0; i < 10000; i++) {
        ck_assert_ptr_eq(hash_get(&hash, name_of(arena, i)), &values[i]);
    }
    ck_assert_ptr_null(hash_get(&hash, name_of(arena, 10000)));
    arena_destroy(arena);
}
END_TEST

START_TEST(tells_keys_of_all_lengths_apart)
{
    static char text[] = "a-name-that-is-longer-than-any-slot-has-room-for.example.org";
    static int values[sizeof(text)];
    struct arena *arena = arena_create(4096);
    struct hash hash;
    hash_init(&hash, arena);
    for (size_t len = 0; len < sizeof(text); len++) {
        ck_assert_ptr_null(hash_put(&hash, slice_of(text, len), &values[len]));
    }
    for (size_t len = 0; len < sizeof(text); len++) {
        char *copy = arena_cstr(arena, slice_of(text, len));
        ck_assert_ptr_eq(hash_get(&hash, slice_of(copy, len)), &values[len]);
        for (size_t at = 0; at < len; at++) {
            copy[at] ^= 1;
            ck_assert_ptr_null(hash_get(&hash, slice_of(copy, len)));
            copy[at] ^= 1;
        }
    }
    arena_destroy(arena);
}
END_TEST

struct candidate {
    uint32_t value;
    uint32_t number;
};

static int compare(const void *a, const void *b)
{
    const struct candidate *one = a;
    const struct candidate *two = b;
    return (one->value > two->value) - (one->value < two->value);
}

/* Among so many keys some pairs share all 32 bits: 28 on average. */
START_TEST(tells_keys_with_the_same_value_apart)
{
    static struct candidate all[500000];
    const size_t count = sizeof(all) / sizeof(all[0]);
    for (uint32_t i = 0; i < count; i++) {
        all[i] = (struct candidate){hash_bytes(&i, sizeof(i)), i};
    }
    qsort(all, count, sizeof(all[0]), compare);
    struct arena *arena = arena_create(4096);
    int pairs = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        if (all[i].value != all[i + 1].value) {
            continue;
        }
        struct slice one = {(const char *)&all[i].number, sizeof(uint32_t)};
        struct slice two = {(const char *)&all[i + 1].number, sizeof(uint32_t)};
        struct hash hash;
        hash_init(&hash, arena);
        hash_put(&hash, one, &pairs);
        ck_assert_ptr_null(hash_get(&hash, two));
        ck_assert_ptr_null(hash_put(&hash, two, arena));
        ck_assert_ptr_eq(hash_get(&hash, one), &pairs);
        ck_assert_ptr_eq(hash_get(&hash, two), arena);
        pairs++;
    }
    ck_assert_int_gt(pairs, 0);
    arena_destroy(arena);
}
END_TEST

/* The number of bits in which the values of two keys differ. */
static int distance(const char *a, const char *b, size_t len)
{
    return __builtin_popcount(hash_bytes(a, len) ^ hash_bytes(b, len));
}

START_TEST(changes_half_the_bits_for_one)
{
    char key[24];
    char other[24];
    for (size_t len = 1; len <= sizeof(key); len++) {
        long bits = 0;
        long flips = 0;
        for (int round = 0; round < 40; round++) {
            for (size_t i = 0; i < len; i++) {
                key[i] = (char)(round * 31 + (int)i);
            }
            for (size_t bit = 0; bit < len * 8; bit++, flips++) {
                memcpy(other, key, len);
                other[bit / 8] = (char)(other[bit / 8] ^ 1 << bit % 8);
                bits += distance(key, other, len);
            }
        }
        /* 16 of 32 on average; the bounds are some ten standard deviations away. */
        ck_assert_int_gt(bits, flips * 14);
        ck_assert_int_lt(bits, flips * 18);
    }
}
END_TEST

START_TEST(counts_the_length)
{
    static const char zeros[16];
    for (size_t a = 0; a <= sizeof(zeros); a++) {
        for (size_t b = 0; b < a; b++) {
            ck_assert_uint_ne(hash_bytes(zeros, a), hash_bytes(zeros, b));
        }
    }
}
END_TEST

START_TEST(agrees_with_a_forked_child)
{
    uint32_t mine = hash_bytes("key", 3);
    pid_t child = fork();
    if (child == 0) {
        _exit(hash_bytes("key", 3) == mine ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* What another run of this program would answer, by way of its own environment. */
static uint32_t value_in_new_process(void)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 3);
        setenv("UNIT_HASH_VALUE", "3", 1);
        execl("/proc/self/exe", "unit-common", (char *)NULL);
        _exit(EXIT_FAILURE);
    }
    close(ends[1]);
    uint32_t value = 0;
    ck_assert_int_eq(read(ends[0], &value, sizeof(value)), sizeof(value));
    close(ends[0]);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return value;
}

/* Runs before main; the lower number of hash.c's constructor is not to be relied on, so
 * it hashes when the suites are filled. */
static void answer_when_asked(void)
{
    if (getenv("UNIT_HASH_VALUE") != NULL) {
        uint32_t value = hash_bytes("key", 3);
        ssize_t written = write(3, &value, sizeof(value));
        _exit(written == (ssize_t)sizeof(value) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
}

START_TEST(differs_from_run_to_run)
{
    uint32_t mine = hash_bytes("key", 3);
    uint32_t first = value_in_new_process();
    uint32_t second = value_in_new_process();
    ck_assert(first != mine || second != mine);
}
END_TEST

UNIT_SUITE(hash)
{
    answer_when_asked();
    UNIT_TEST(finds_what_was_put);
    UNIT_TEST(tells_keys_of_all_lengths_apart);
    UNIT_TEST(holds_ten_thousand_names_and_a_quarter_of_room);
    UNIT_TEST(tells_keys_with_the_same_value_apart);
    UNIT_TEST(changes_half_the_bits_for_one);
    UNIT_TEST(counts_the_length);
    UNIT_TEST(agrees_with_a_forked_child);
    UNIT_TEST(differs_from_run_to_run);
}
