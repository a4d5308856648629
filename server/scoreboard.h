/*
 * scoreboard.h - what each child is doing, in memory shared with the master.
 *
 * One page-aligned record a slot, written by its child only, read by the master also
 * after the child died of anything. The reader trusts no length or text in it: strings
 * are bounded by their arrays and escaped when logged.
 */
#ifndef SERVER_SCOREBOARD_H
#define SERVER_SCOREBOARD_H

#include "common/slice.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define BOARD_SLOT_BYTES 4096

/* What a connection is about, as it is counted here. */
enum board_doing {
    BOARD_READING, /* a request head or body */
    BOARD_WRITING, /* an answer */
    BOARD_WAITING, /* for the next request, or for the client to close */
    BOARD_DOING_COUNT,
};

/* What is done for a request: "while ..". */
enum board_phase {
    BOARD_PHASE_NONE,
    BOARD_PHASE_ROUTING,
    BOARD_PHASE_RETURNING,
    BOARD_PHASE_TRYING_FILES,
    BOARD_PHASE_CHECKING_METHOD,
    BOARD_PHASE_LOOKING_FOR_INDEX,
    BOARD_PHASE_LISTING,
    BOARD_PHASE_OPENING_FILE,
    BOARD_PHASE_SENDING,
    BOARD_PHASE_COUNT,
};

/* The request on the processor right now. */
struct board_request {
    _Atomic uint32_t active; /* 1 while the rest is meaningful */
    uint64_t connection;
    uint64_t fingerprint; /* see quarantine.h; 0: not known yet, or refused */
    int64_t started_ms;   /* monotonic */
    char peer[64];
    char line[512]; /* request line, cut */
    char host[128];
    char location[256]; /* "file:line" of the location */
    uint32_t phase;     /* enum board_phase */
};

struct board_slot {
    _Atomic pid_t pid;
    _Atomic uint32_t generation;
    _Atomic int64_t beat_ns;      /* monotonic, each event turn */
    _Atomic uint32_t connections; /* open now */
    _Atomic uint32_t connections_free;
    _Atomic uint32_t doing[BOARD_DOING_COUNT]; /* of the open ones */
    _Atomic uint64_t accepted;
    _Atomic uint64_t requests;
    _Atomic uint64_t bytes_sent;
    _Atomic uint64_t accept_errors;
    _Atomic uint32_t draining;
    _Atomic uint64_t working; /* number of the connection being worked on; 0: none */
    struct board_request request;
};

/* For the master, before a child has the slot. The others of its generation may be
 * reading it: a store a member. */
void board_reset(struct board_slot *slot, uint32_t generation);

/* For the child. Cheap: plain stores. `slot` NULL is allowed and records nothing. */
void board_request_begin(struct board_slot *slot, uint64_t connection, struct slice peer,
                         struct slice line);
void board_request_fingerprint(struct board_slot *slot, uint64_t fingerprint);
void board_request_host(struct board_slot *slot, struct slice host);
void board_request_location(struct board_slot *slot, const char *label);
void board_request_phase(struct board_slot *slot, enum board_phase phase);
void board_request_end(struct board_slot *slot);

/* For the child: moves one of its counters, which nobody else writes. */
#define BOARD_SET(slot, counter, value)                                                  \
    do {                                                                                 \
        if ((slot) != NULL) {                                                            \
            atomic_store_explicit(&(slot)->counter, (value), memory_order_relaxed);      \
        }                                                                                \
    } while (0)
#define BOARD_ADD(slot, counter, amount)                                                 \
    BOARD_SET(slot, counter,                                                             \
              atomic_load_explicit(&(slot)->counter, memory_order_relaxed) + (amount))

/* For the master: a copy of the request under way, each text ended within its array;
 * false when none is. The child may be writing it: texts may be mixed of two requests. */
bool board_copy_request(const struct board_slot *slot, struct board_request *out);

/* In words; NULL for none, and for a number that is no phase. */
const char *board_phase_name(uint32_t phase);

/* How long a request has been under way; 0 when its record makes no sense. */
int64_t board_age_ms(const struct board_request *request, int64_t now_ms);

/* For the master: a count that a child published, and no more than it can have. */
uint64_t board_count(const _Atomic uint32_t *counter, uint64_t most);

/* For the master: one line of text about the request under way, escaped and bounded;
 * false when none was. `out` has room for `room` bytes, NUL included. */
bool board_describe(const struct board_slot *slot, char *out, size_t room);

#endif
