#include "common/clock.h"
#include "common/ring.h"
#include "tests/unit/unit.h"
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CAPACITY 1024

static struct ring *ring;

/* On the heap and of the exact size, so that the sanitizer guards both ends. */
static void make_ring(size_t capacity)
{
    size_t size = ring_footprint(capacity);
    void *memory = aligned_alloc(64, size);
    ck_assert_ptr_nonnull(memory);
    memset(memory, 0, size);
    ring = ring_init(memory, capacity);
}

static bool put(uint32_t target, const char *text)
{
    return ring_put(ring, target, &(struct slice){text, strlen(text)}, 1);
}

static void expect(uint32_t target, const char *text)
{
    uint32_t got_target = ~target;
    struct slice record;
    ck_assert(ring_take(ring, &got_target, &record));
    ck_assert_uint_eq(got_target, target);
    UNIT_SLICE_EQ(record, text);
}

static void expect_empty(void)
{
    uint32_t target;
    struct slice record;
    ck_assert(!ring_take(ring, &target, &record));
}

START_TEST(gives_back_in_order)
{
    make_ring(CAPACITY);
    expect_empty();
    ck_assert_uint_eq(ring_used(ring), 0);
    ck_assert(put(1, "one"));
    const struct slice parts[] = {SLICE("t"), SLICE_NULL, SLICE("wo")};
    ck_assert(ring_put(ring, UINT32_MAX, parts, 3));
    ck_assert(put(0, ""));
    ck_assert_uint_gt(ring_used(ring), 0);
    expect(1, "one");
    expect(UINT32_MAX, "two");
    expect(0, "");
    expect_empty();
    ring_release(ring);
    ck_assert_uint_eq(ring_used(ring), 0);
    free(ring);
}
END_TEST

START_TEST(holds_what_was_taken_until_the_release)
{
    make_ring(CAPACITY);
    while (put(7, "0123456789abcdef")) {
    }
    uint32_t target;
    struct slice first;
    ck_assert(ring_take(ring, &target, &first));
    ck_assert(!put(7, "fedcba9876543210"));
    UNIT_SLICE_EQ(first, "0123456789abcdef");
    ring_release(ring);
    ck_assert(put(7, "fedcba9876543210"));
    free(ring);
}
END_TEST

START_TEST(takes_again_what_a_dead_consumer_held)
{
    make_ring(CAPACITY);
    put(1, "one");
    put(2, "two");
    expect(1, "one");
    ring_release(ring);
    expect(2, "two");
    ring_rewind(ring);
    expect(2, "two");
    expect_empty();
    free(ring);
}
END_TEST

START_TEST(takes_the_longest_record_at_every_place)
{
    make_ring(CAPACITY);
    char longest[CAPACITY / 4 + 2];
    memset(longest, 'x', sizeof(longest));
    ck_assert_uint_eq(ring_record_max(ring), CAPACITY / 4);
    struct slice fits = slice_of(longest, CAPACITY / 4);
    struct slice too_long = slice_of(longest, CAPACITY / 4 + 1);
    for (int i = 0; i < 300; i++) {
        ck_assert(!ring_put(ring, 0, &too_long, 1));
        ck_assert(ring_put(ring, 0, &fits, 1));
        uint32_t target;
        struct slice record;
        ck_assert(ring_take(ring, &target, &record));
        ck_assert(slice_eq(record, fits));
        ring_release(ring);
        ck_assert(put(0, "step"));
        expect(0, "step");
        ring_release(ring);
    }
    free(ring);
}
END_TEST

START_TEST(refuses_parts_whose_sum_overflows)
{
    make_ring(CAPACITY);
    const struct slice parts[] = {{"ab", 2}, {"", SIZE_MAX}};
    ck_assert(!ring_put(ring, 0, parts, 2));
    expect_empty();
    free(ring);
}
END_TEST

START_TEST(counts_drops)
{
    make_ring(CAPACITY);
    ck_assert_uint_eq(ring_drops(ring), 0);
    ring_count_drop(ring);
    ring_count_drop(ring);
    ck_assert_uint_eq(ring_drops(ring), 2);
    ck_assert_uint_eq(ring_capacity(ring), CAPACITY);
    free(ring);
}
END_TEST

static void drain(void)
{
    uint32_t target;
    struct slice record;
    while (ring_take(ring, &target, &record)) {
    }
    ring_release(ring);
}

/* The content starts where the footprint of nothing ends. */
static unsigned char *content(void)
{
    return (unsigned char *)ring + ring_footprint(0);
}

START_TEST(drops_a_damaged_record_and_goes_on)
{
    static const uint32_t lengths[] = {5000, CAPACITY / 4 + 1, UINT32_MAX - 1, 24};
    for (size_t i = 0; i < 4; i++) {
        make_ring(CAPACITY);
        put(1, "first");
        put(1, "second");
        expect(1, "first");
        memcpy(content() + 16, &lengths[i], sizeof(lengths[i]));
        expect_empty();
        ck_assert_uint_eq(ring_damaged(ring), 1);
        ring_release(ring);
        ck_assert_uint_eq(ring_used(ring), 0);
        ck_assert(put(2, "third"));
        expect(2, "third");
        free(ring);
    }
}
END_TEST

START_TEST(gives_back_the_room_of_damaged_records)
{
    make_ring(CAPACITY);
    put(1, "damaged");
    memset(content(), 0xaa, 4);
    expect_empty();
    ck_assert_uint_eq(ring_used(ring), 0);
    free(ring);
}
END_TEST

START_TEST(goes_on_from_a_head_that_was_scribbled_on)
{
    static const uint64_t heads[] = {1, 12, 33, CAPACITY + 1, UINT64_MAX / 2, UINT64_MAX};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        make_ring(CAPACITY);
        put(1, "one");
        /* The first word of the second cache line. */
        memcpy((char *)ring + 64, &heads[i], sizeof(heads[i]));
        drain();
        ck_assert_uint_ge(ring_damaged(ring), 1);
        ck_assert(put(2, "two"));
        expect(2, "two");
        expect_empty();
        free(ring);
    }
}
END_TEST

START_TEST(keeps_held_records_when_it_drops_others)
{
    make_ring(CAPACITY);
    put(1, "held");
    put(1, "damaged");
    uint32_t target;
    struct slice held;
    ck_assert(ring_take(ring, &target, &held));
    memset(content() + 16, 0xaa, 4);
    expect_empty();
    while (put(2, "0123456789abcdef")) {
    }
    UNIT_SLICE_EQ(held, "held");
    ring_release(ring);
    expect(2, "0123456789abcdef");
    free(ring);
}
END_TEST

/* --- a fuzzed ring ------------------------------------------------------------------ */

static uint64_t random_state;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void scribble(unsigned char *memory, size_t size)
{
    static const uint64_t words[] = {0,
                                     1,
                                     7,
                                     UINT64_MAX,
                                     UINT32_MAX,
                                     CAPACITY,
                                     CAPACITY - 8,
                                     CAPACITY * 2,
                                     CAPACITY / 4,
                                     (uint64_t)1 << 63};
    size_t word_count = sizeof(words) / sizeof(words[0]);
    for (uint64_t left = next_random() % 4; left > 0; left--) {
        uint64_t word = next_random();
        if (word % 3 != 0) {
            word = words[word % word_count];
        }
        size_t len = next_random() % 2 == 0 ? 8 : 4;
        memcpy(memory + next_random() % (size / 8) * 8, &word, len);
    }
}

static void check_inside(struct slice record)
{
    const char *start = (const char *)content();
    ck_assert(record.ptr >= start && record.len <= CAPACITY);
    ck_assert(record.ptr + record.len <= start + CAPACITY);
    unsigned sum = 0;
    for (size_t i = 0; i < record.len; i++) {
        sum += (unsigned char)record.ptr[i];
    }
    ck_assert_uint_le(sum, 255 * record.len);
}

/* Takes all there is, which must come to an end. */
static void drain_scribbled(void)
{
    uint32_t target;
    struct slice record;
    int count = 0;
    while (ring_take(ring, &target, &record)) {
        check_inside(record);
        ck_assert_int_le(++count, CAPACITY / 8);
    }
    ring_release(ring);
}

START_TEST(survives_scribbling_anywhere)
{
    random_state = UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)_i;
    make_ring(CAPACITY);
    size_t size = ring_footprint(CAPACITY);
    char text[CAPACITY / 4];
    memset(text, 'x', sizeof(text));
    for (int round = 0; round < 5000; round++) {
        for (uint64_t left = next_random() % 5; left > 0; left--) {
            struct slice part = slice_of(text, next_random() % sizeof(text));
            ring_put(ring, (uint32_t)round, &part, 1);
        }
        scribble((unsigned char *)ring, size);
        ck_assert_uint_le(ring_used(ring), CAPACITY);
        drain_scribbled();
        if (round % 100 == 99) { /* a ring that lost its capacity stays empty */
            memset(ring, 0, size);
            ring_init(ring, CAPACITY);
        }
    }
    free(ring);
}
END_TEST

START_TEST(recovers_from_scribbled_content)
{
    random_state = UINT64_C(0x2545f4914f6cdd1d) + (uint64_t)_i;
    make_ring(CAPACITY);
    for (int round = 0; round < 5000; round++) {
        for (uint64_t left = next_random() % 5; left > 0; left--) {
            put(1, "some text of some length");
        }
        scribble(content(), CAPACITY);
        drain_scribbled();
        ck_assert_uint_eq(ring_used(ring), 0);
        ck_assert(put(2, "after"));
        expect(2, "after");
        ring_release(ring);
    }
    free(ring);
}
END_TEST

/* --- a producer killed at any point ------------------------------------------------- */

#define ROUNDS     40
#define TEXT_MAX   1000
#define PATIENCE   (30 * NS_PER_SEC)
#define BIG_ENOUGH 4096

static _Atomic uint64_t *published; /* shared: records whose ring_put has returned */

static size_t text_of(uint64_t number, char text[TEXT_MAX])
{
    size_t len = number * 37 % TEXT_MAX;
    for (size_t i = 0; i < len; i++) {
        text[i] = (char)(number * 131 + i * 7);
    }
    return len;
}

/* Lets the reader catch up and then some, so that it looks just when a record is put. */
static void wait_for_reader(uint64_t number)
{
    while (ring_used(ring) != 0) {
        sched_yield();
    }
    for (volatile uint64_t spins = number * 7919 % 4096; spins > 0; spins--) {
    }
}

static void produce(uint64_t number, bool paced)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed assertion leaves nobody behind */
    for (;; number++) {
        if (paced) {
            wait_for_reader(number);
        }
        char text[TEXT_MAX];
        const struct slice parts[] = {
            {(const char *)&number, sizeof(number)},
            {text, text_of(number, text)},
        };
        while (!ring_put(ring, (uint32_t)number, parts, 2)) {
            sched_yield();
        }
        atomic_store(published, number + 1);
    }
}

/* What the next record must be, made before it comes: the reader then waits for the
 * producer instead of lagging behind, and sees every instant of a put. */
static struct {
    uint64_t number;
    char text[TEXT_MAX];
    size_t len;
} expected;

static void expect_number(uint64_t number)
{
    expected.number = number;
    expected.len = text_of(number, expected.text);
}

static bool consume(void)
{
    uint32_t target;
    struct slice record;
    if (!ring_take(ring, &target, &record)) {
        return false;
    }
    uint64_t got;
    ck_assert_uint_ge(record.len, sizeof(got));
    memcpy(&got, record.ptr, sizeof(got));
    ck_assert_uint_eq(got, expected.number);
    ck_assert_uint_eq(target, (uint32_t)got);
    struct slice text = slice_from(record, sizeof(got));
    ck_assert(slice_eq(text, slice_of(expected.text, expected.len)));
    ring_release(ring);
    expect_number(got + 1);
    return true;
}

static bool consume_patiently(void)
{
    int64_t deadline = clock_read_ns() + PATIENCE;
    for (unsigned polls = 1; !consume(); polls++) {
        if (clock_read_ns() > deadline) {
            return false;
        }
        if (polls % 256 == 0) { /* there may be one processor only */
            sched_yield();
        }
    }
    return true;
}

/* Consumes `count` records, kills the producer, and takes what it left. A lazy reader
 * lets the ring fill up. */
static void consume_and_kill(pid_t producer, uint64_t count, bool lazy)
{
    for (uint64_t left = count; left > 0; left--) {
        if (lazy && left % 8 == 0) {
            sched_yield();
        }
        ck_assert(consume_patiently());
    }
    kill(producer, SIGKILL);
    int status;
    ck_assert_int_eq(waitpid(producer, &status, 0), producer);
    while (consume()) {
    }
}

START_TEST(loses_and_tears_nothing_when_the_producer_is_killed)
{
    size_t size = ring_footprint(BIG_ENOUGH);
    unsigned char *memory = mmap(NULL, size + sizeof(*published), PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(memory != MAP_FAILED);
    ring = ring_init(memory, BIG_ENOUGH);
    published = (void *)(memory + size);
    random_state = (uint64_t)clock_read_ns() | 1;
    expect_number(0);
    for (int round = 0; round < ROUNDS; round++) {
        pid_t producer = fork();
        if (producer == 0) {
            produce(expected.number, round % 2 == 0);
        }
        consume_and_kill(producer, next_random() % 500, round % 2 != 0);
        /* It may have died between the record's publication and its own note of it. */
        uint64_t noted = atomic_load(published);
        ck_assert_uint_ge(expected.number, noted);
        ck_assert_uint_le(expected.number, noted + 1);
    }
    ck_assert_uint_eq(ring_damaged(ring), 0);
    munmap(memory, size + sizeof(*published));
}
END_TEST

UNIT_SUITE(ring)
{
    UNIT_TEST(gives_back_in_order);
    UNIT_TEST(holds_what_was_taken_until_the_release);
    UNIT_TEST(takes_again_what_a_dead_consumer_held);
    UNIT_TEST(takes_the_longest_record_at_every_place);
    UNIT_TEST(refuses_parts_whose_sum_overflows);
    UNIT_TEST(counts_drops);
    UNIT_TEST(drops_a_damaged_record_and_goes_on);
    UNIT_TEST(gives_back_the_room_of_damaged_records);
    UNIT_TEST(goes_on_from_a_head_that_was_scribbled_on);
    UNIT_TEST(keeps_held_records_when_it_drops_others);
    UNIT_LOOP(survives_scribbling_anywhere, 0, 4);
    UNIT_LOOP(recovers_from_scribbled_content, 0, 4);
    UNIT_TEST(loses_and_tears_nothing_when_the_producer_is_killed);
}
