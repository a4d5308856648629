#include "server/shm.h"
#include "tests/unit/unit.h"
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t resident_pages(void)
{
    size_t total = 0;
    size_t resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%zu %zu", &total, &resident), 2);
    fclose(file);
    return resident;
}

START_TEST(readies_slots_from_the_lowest_up)
{
    struct shm shm;
    shm_create(&shm);
    ck_assert_uint_eq(atomic_load(&shm_head(&shm)->slots), 0);
    shm_prepare(&shm, 3);
    ck_assert_uint_eq(atomic_load(&shm_head(&shm)->slots), 4);
    shm_prepare(&shm, 1);
    ck_assert_uint_eq(atomic_load(&shm_head(&shm)->slots), 4);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_uint_eq(ring_capacity(shm_ring(&shm, i)), SHM_RING_BYTES);
        ck_assert_uint_eq((uintptr_t)shm_board(&shm, i) % BOARD_SLOT_BYTES, 0);
    }
    shm_destroy(&shm);
}
END_TEST

static struct slice number_of(unsigned slot)
{
    static char text[16];
    snprintf(text, sizeof(text), "%u", slot);
    return slice_str(text);
}

START_TEST(keeps_slots_apart)
{
    struct shm shm;
    shm_create(&shm);
    shm_prepare(&shm, SLOT_MAX - 1);
    for (unsigned i = 0; i < SLOT_MAX; i++) {
        struct slice number = number_of(i);
        memset(shm_board(&shm, i), (int)(i % 251), sizeof(struct board_slot));
        atomic_store(&shm_board(&shm, i)->requests, i);
        atomic_store(shm_reported(&shm, i), i + 1);
        ck_assert(ring_put(shm_ring(&shm, i), i, &number, 1));
    }
    for (unsigned i = 0; i < SLOT_MAX; i++) {
        uint32_t target;
        struct slice record;
        ck_assert_uint_eq(atomic_load(&shm_board(&shm, i)->requests), i);
        ck_assert_uint_eq(atomic_load(shm_reported(&shm, i)), i + 1);
        ck_assert(ring_take(shm_ring(&shm, i), &target, &record));
        ck_assert_uint_eq(target, i);
        ck_assert(slice_eq(record, number_of(i)));
    }
    shm_destroy(&shm);
}
END_TEST

START_TEST(takes_no_memory_until_it_is_used)
{
    size_t before = resident_pages();
    struct shm shm;
    shm_create(&shm);
    shm_prepare(&shm, 3);
    ck_assert_uint_lt(resident_pages() - before, 256);
    shm_destroy(&shm);
}
END_TEST

START_TEST(is_shared_with_a_child_and_outlives_it)
{
    struct shm shm;
    shm_create(&shm);
    shm_prepare(&shm, 2);
    pid_t pid = fork();
    if (pid == 0) {
        struct slice line = SLICE("from the child\n");
        bool put = ring_put(shm_ring(&shm, 2), 7, &line, 1);
        atomic_store(&shm_board(&shm, 2)->accepted, 42);
        _exit(put ? 0 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(atomic_load(&shm_board(&shm, 2)->accepted), 42);
    uint32_t target;
    struct slice record;
    ck_assert(ring_take(shm_ring(&shm, 2), &target, &record));
    ck_assert_uint_eq(target, 7);
    ck_assert(slice_eq(record, SLICE("from the child\n")));
    shm_destroy(&shm);
}
END_TEST

UNIT_SUITE(shm)
{
    UNIT_TEST(readies_slots_from_the_lowest_up);
    UNIT_TEST(keeps_slots_apart);
    UNIT_TEST(takes_no_memory_until_it_is_used);
    UNIT_TEST(is_shared_with_a_child_and_outlives_it);
}
