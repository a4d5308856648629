#include "server/shm.h"
#include "tests/unit/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t pages_in_use(const struct shm *shm)
{
    size_t pages = shm->size / (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *in_use = calloc(pages, 1);
    size_t count = 0;
    ck_assert_int_eq(mincore(shm->base, shm->size, in_use), 0);
    for (size_t i = 0; i < pages; i++) {
        count += in_use[i] & 1;
    }
    free(in_use);
    return count;
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

START_TEST(takes_a_page_for_each_slot_and_one_for_all)
{
    struct shm shm;
    shm_create(&shm);
    ck_assert_uint_eq(pages_in_use(&shm), 0);
    shm_prepare(&shm, 3);
    for (unsigned i = 0; i < 4; i++) {
        board_reset(shm_board(&shm, i), 1);
        atomic_store(shm_reported(&shm, i), 1);
    }
    ck_assert_uint_le(pages_in_use(&shm), 1 + 4);
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
    UNIT_TEST(takes_a_page_for_each_slot_and_one_for_all);
    UNIT_TEST(is_shared_with_a_child_and_outlives_it);
}
