/*
 * shm.h - the memory that master, workers and logger share.
 *
 * One mapping, made once before the first fork, with room for SLOT_MAX slots: each has
 * its scoreboard record and its log ring. Pages cost nothing until they are touched. The
 * slots' memory is made ready from the lowest number up, and stays: the ring of a worker
 * that died is drained by the logger and goes on in the hands of its successor.
 */
#ifndef SERVER_SHM_H
#define SERVER_SHM_H

#include "common/flavour.h"
#include "common/ring.h"
#include "config/settings.h"
#include "server/quarantine.h"
#include "server/scoreboard.h"
#include <stdatomic.h>
#include <stdint.h>

/* Generations that may drain while one serves and one starts. */
#define DRAINING_MAX 4

enum {
    SLOT_MASTER = 0, /* has a ring, and is no child */
    SLOT_LOGGER = 1,
    SLOT_FIRST_WORKER = 2,
    SLOT_MAX = SLOT_FIRST_WORKER + WORKERS_MAX * (DRAINING_MAX + 2),
};

#define SHM_RING_BYTES ((size_t)(TORTURE ? 64 : 1024) * 1024)

enum logger_state {
    LOGGER_AWAKE,
    LOGGER_NAPPING, /* wake it only when a ring is half full */
    LOGGER_SLEEPING,
};

/* What concerns all slots. */
struct shm_head {
    _Atomic uint32_t slots; /* made ready */
    _Atomic uint32_t logger_state;
    _Atomic uint64_t connections; /* numbers given to connections so far */
    _Atomic uint64_t log_lost;    /* lines that a logger could not write */
    struct quarantine_list quarantine;
};

struct shm {
    char *base;
    size_t size;
    int wake[2]; /* pipe that ends the logger's sleep: read end, write end */
};

/* Dies when the system refuses. */
void shm_create(struct shm *shm);
void shm_destroy(struct shm *shm);

struct shm_head *shm_head(const struct shm *shm);

/* Makes the slots up to `slot` ready. For the master, before it forks into the slot. */
void shm_prepare(const struct shm *shm, unsigned slot);

/* How many slots are ready: those below. */
unsigned shm_slots(const struct shm *shm);

/* Of a slot made ready. */
struct board_slot *shm_board(const struct shm *shm, unsigned slot);
struct ring *shm_ring(const struct shm *shm, unsigned slot);

/* Drops of the slot's ring that the logger has reported; kept here for its successor. */
_Atomic uint64_t *shm_reported(const struct shm *shm, unsigned slot);

#endif
