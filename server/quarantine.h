/*
 * quarantine.h - requests that kill workers are refused for a time.
 *
 * A worker leaves on the scoreboard which request it is at. The master counts, by
 * fingerprint (method, path, server), the workers that crashed, exited with an error or
 * hung in it; as many within a window as request_quarantine says, and the fingerprint
 * goes to a list in shared memory: workers answer it with 503 until its time is over. A
 * death by a SIGKILL from outside blames nobody.
 */
#ifndef SERVER_QUARANTINE_H
#define SERVER_QUARANTINE_H

#include "common/slice.h"
#include "config/settings.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define QUARANTINE_MAX 16 /* held at the same time; then the oldest goes */

/* Shared with the workers. 0 stands in an unused place. */
struct quarantine_list {
    _Atomic uint32_t count;
    _Atomic uint64_t fingerprints[QUARANTINE_MAX];
};

/* Never 0. The server is told apart by its address: one configuration, forked. */
uint64_t quarantine_fingerprint(unsigned method, const struct server *server,
                                struct slice path);

/* For a worker, at each request. NULL: nothing is held. */
bool quarantine_holds(const struct quarantine_list *list, uint64_t fingerprint);

/* --- for the master ----------------------------------------------------------------- */

#define SUSPECTS_MAX         32
#define QUARANTINED_WHAT_MAX 256

/* Fingerprints that were there when a worker died. */
struct suspect {
    uint64_t fingerprint; /* 0: unused */
    unsigned deaths;
    int64_t died_ms[QUARANTINE_DEATHS_MAX]; /* oldest first */
};

struct quarantined {
    int64_t until_ms; /* 0: unused */
    char what[QUARANTINED_WHAT_MAX];
};

struct quarantine {
    struct quarantine_list *list;
    struct suspect suspects[SUSPECTS_MAX];
    struct quarantined held[QUARANTINE_MAX]; /* by the places of the list */
    struct quarantined pushed_out;           /* by a newer one, and not told yet */
};

/* Holds nothing. The list must outlive it. */
void quarantine_init(struct quarantine *quarantine, struct quarantine_list *list);

/* A worker died of that request at `now_ms` (monotonic). True: this was one too many, and
 * it is held from now on; `what` is kept to tell of it. */
bool quarantine_note(struct quarantine *quarantine, const struct quarantine_settings *set,
                     uint64_t fingerprint, struct slice what, int64_t now_ms);

/* Lets one go whose time is over, or who had to give its place to another: what it was,
 * or NULL. */
const char *quarantine_release(struct quarantine *quarantine, int64_t now_ms);

/* Forgets all: another configuration may be the cure. */
void quarantine_clear(struct quarantine *quarantine);

#endif
