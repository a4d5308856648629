#include "server/shm.h"
#include "common/fdutil.h"
#include "common/log.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE  ((size_t)BOARD_SLOT_BYTES)
#define LINES 128 /* what processors fetch at once, two cache lines */

/* The beginning of a slot. The ring's own beginning is on the same page: a child touches
 * one page less, and each that is touched takes its time at the start. */
struct record {
    alignas(LINES) struct board_slot board;
    _Atomic uint64_t reported;
};
_Static_assert(sizeof(struct record) <= PAGE / 2, "a record leaves room on its page");

static size_t stride(void)
{
    size_t bytes = sizeof(struct record) + ring_footprint(SHM_RING_BYTES);
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

static struct record *record_of(const struct shm *shm, unsigned slot)
{
    assert(slot < SLOT_MAX);
    return (void *)(shm->base + PAGE + slot * stride());
}

void shm_create(struct shm *shm)
{
    shm->size = PAGE + SLOT_MAX * stride();
    void *memory = mmap(NULL, shm->size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        log_fatal(errno, "mmap() of %zu bytes of shared memory failed", shm->size);
    }
    shm->base = memory;
    if (pipe2(shm->wake, O_CLOEXEC | O_NONBLOCK) < 0) {
        log_fatal(errno, "pipe2() failed");
    }
}

void shm_destroy(struct shm *shm)
{
    munmap(shm->base, shm->size);
    fd_close(shm->wake[0]);
    fd_close(shm->wake[1]);
}

struct shm_head *shm_head(const struct shm *shm)
{
    return (void *)shm->base;
}

void shm_prepare(const struct shm *shm, unsigned slot)
{
    struct shm_head *head = shm_head(shm);
    uint32_t ready = atomic_load_explicit(&head->slots, memory_order_relaxed);
    while (ready <= slot) {
        ring_init(shm_ring(shm, ready), SHM_RING_BYTES);
        atomic_store_explicit(&head->slots, ++ready, memory_order_release);
    }
}

/* A child may have written anything there. */
unsigned shm_slots(const struct shm *shm)
{
    uint32_t ready = atomic_load_explicit(&shm_head(shm)->slots, memory_order_acquire);
    return ready < SLOT_MAX ? ready : SLOT_MAX;
}

struct board_slot *shm_board(const struct shm *shm, unsigned slot)
{
    return &record_of(shm, slot)->board;
}

struct ring *shm_ring(const struct shm *shm, unsigned slot)
{
    return (void *)(record_of(shm, slot) + 1);
}

_Atomic uint64_t *shm_reported(const struct shm *shm, unsigned slot)
{
    return &record_of(shm, slot)->reported;
}
