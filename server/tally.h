/*
 * tally.h - what the master adds up over time: the counters of workers that are gone, so
 * that totals never fall, the deaths of workers, and the pace of requests.
 */
#ifndef SERVER_TALLY_H
#define SERVER_TALLY_H

#include "server/slots.h"
#include <stdint.h>

struct master;

struct tally_counts {
    uint64_t requests;
    uint64_t accepted;
    uint64_t sent; /* bytes */
    uint64_t accept_errors;
};

struct tally {
    int64_t started_ms;
    int64_t former_ms; /* the tick before the last .. */
    int64_t latest_ms; /* .. and the last */
    uint64_t former;   /* requests in all, then */
    uint64_t latest;
    struct tally_counts retired;     /* by workers that are gone */
    uint64_t restarts;               /* of workers that died and were not told to */
    int64_t died_ms;                 /* the last of them */
    char cause[SLOT_CAUSE_MAX + 32]; /* "slot 2 exited on .." */
};

void tally_begin(struct tally *tally, int64_t now_ms);

/* Call each turn of the master's loop; does something once a second. */
void tally_tick(struct master *master);

/* A child died, and its record still is as it left it. */
void tally_bury(struct master *master, struct slot *slot, int status);

/* Since the start, of all workers. */
struct tally_counts tally_total(const struct master *master);

/* Thousandths of a request a second, over the last second or two: in all, and of the
 * worker in a slot. Whoever asks, and how often, changes nothing. */
uint64_t tally_rate(const struct master *master, int64_t now_ms);
uint64_t tally_slot_rate(const struct master *master, const struct slot *slot,
                         int64_t now_ms);

#endif
