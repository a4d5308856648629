/*
 * slots.h - every child lives in a slot, and a table says what happens to it when.
 *
 * state      ready   died       drain     stop      kill  deadline
 * EMPTY      -       -          -         -         -     -
 * STARTING   READY   BACKOFF *  STOPPING  STOPPING  kill  kill: it took too long
 * READY      -       BACKOFF *  DRAINING  STOPPING  kill  -
 * DRAINING   -       EMPTY      again     STOPPING  kill  STOPPING
 * STOPPING   -       EMPTY      -         kill      kill  kill
 * BACKOFF    -       -          EMPTY     EMPTY     EMPTY fork again
 * FAILED     -       -          EMPTY     EMPTY     EMPTY -
 *
 * * FAILED while its generation is a candidate: start or reload end then. EMPTY once the
 * server stops, but for the logger, which is replaced to the end. "kill" sends SIGKILL
 * and waits for the death in STOPPING.
 *
 * Nothing here makes a system call: what is to be done to processes is done by the
 * functions of struct slot_ops. Times are monotonic milliseconds.
 */
#ifndef SERVER_SLOTS_H
#define SERVER_SLOTS_H

#include "server/shm.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum slot_state {
    SLOT_EMPTY,
    SLOT_STARTING,
    SLOT_READY,
    SLOT_DRAINING,
    SLOT_STOPPING,
    SLOT_BACKOFF,
    SLOT_FAILED,
    SLOT_STATE_COUNT,
};

enum slot_event {
    SLOT_TOLD_READY,
    SLOT_DIED,
    SLOT_DRAIN,    /* finish what you have */
    SLOT_STOP,     /* leave at once; a second time: kill */
    SLOT_KILL,     /* no word to it */
    SLOT_DEADLINE, /* the slot's own came */
    SLOT_EVENT_COUNT,
};

struct generation;

#define SLOT_CAUSE_MAX 96

/* What is told of a slot besides its state, since its generation has it. */
struct slot_past {
    unsigned restarts; /* after deaths that nobody asked for */
    int64_t died_ms;   /* the last of them */
    char cause[SLOT_CAUSE_MAX];
    uint64_t former; /* requests at the last two ticks of the tally */
    uint64_t latest;
};

struct slot {
    enum slot_state state;
    unsigned number;
    pid_t pid;   /* 0: no process */
    int channel; /* -1: none */
    struct generation *generation;
    bool candidate;        /* its generation is not in force yet */
    bool unfit;            /* died saying that it cannot become ready */
    bool killed;           /* SIGKILL was ours */
    int64_t beat_ns;       /* its heartbeat, as it was seen last */
    int64_t beat_seen_ms;  /* when it moved there, at the earliest that is believable */
    int64_t hung_ms;       /* when it was found to hang; 0: it does not */
    uint64_t requests_max; /* its share, 0: no limit */
    int64_t drain_ms;      /* how long it may drain; 0: no bound */
    int64_t started_ms;    /* last fork */
    int64_t deadline_ms;   /* 0: none */
    unsigned failures;     /* deaths in a row that came early */
    int64_t complained_ms;
    unsigned suppressed; /* deaths not logged since */
    struct slot_past past;
};

struct slots;

/* How the table acts on the world. */
struct slot_ops {
    /* Forks. False: the system refuses for now. */
    bool (*spawn)(struct slots *slots, struct slot *slot);
    /* Asks the child to drain or to stop. */
    void (*ask)(struct slots *slots, struct slot *slot, enum slot_event what);
    void (*kill)(struct slots *slots, struct slot *slot);
    /* The slot is EMPTY now; its generation has one child less. */
    void (*vacated)(struct slots *slots, struct slot *slot);
};

/* At most FORKS_PER_SECOND respawns, after a burst of a full pool. */
struct fork_bucket {
    int64_t tokens_milli; /* thousandths of a fork */
    int64_t filled_ms;
    unsigned burst;
};

struct slots {
    struct slot items[SLOT_MAX];
    unsigned used; /* from here on they are EMPTY, and their memory is not touched */
    const struct slot_ops *ops;
    void *context;
    struct fork_bucket bucket;
    int64_t refused_ms; /* when it was last said that the system refuses a child */
    int64_t now_ms;     /* set by the loop before anything happens */
    uint32_t random;
    bool stopping; /* dead workers are not replaced */
};

#define SLOT_START_MS        10000 /* from fork to ready */
#define SLOT_STOP_MS         2500  /* from TERM to KILL */
#define SLOT_DRAIN_EXCESS_MS 500   /* past its own bound, until TERM */
#define SLOT_BACKOFF_MAX_MS  30000
#define FORKS_PER_SECOND     20

/* `slots` is all zero. */
void slots_init(struct slots *slots, const struct slot_ops *ops, void *context,
                unsigned burst);

/* The lowest worker's slot that is EMPTY; NULL when there is none. */
struct slot *slots_empty(struct slots *slots);

/* Forks for the first time into an empty slot. False: fork failed, the slot is FAILED. */
bool slots_start(struct slots *slots, struct slot *slot);

void slot_handle(struct slots *slots, struct slot *slot, enum slot_event event);

/* Whether the child was told to leave. */
bool slot_was_asked(const struct slot *slot);

/* The same event for every slot with this generation (NULL: any). The logger's slot is
 * left out. */
void slots_handle_all(struct slots *slots, const struct generation *generation,
                      enum slot_event event);

/* Slots of a generation (NULL: any) in this state; the logger's is left out. */
unsigned slots_count(const struct slots *slots, const struct generation *generation,
                     enum slot_state state);

/* Workers that exist in any form. */
unsigned slots_occupied(const struct slots *slots);

struct slot *slots_by_pid(struct slots *slots, pid_t pid);

/* The next deadline, or 0; and what is due now. */
int64_t slots_deadline(const struct slots *slots);
void slots_run_due(struct slots *slots);

/* How long after the n-th early death in a row the next fork waits, without jitter. */
int64_t slots_delay(unsigned failures);

/* For what has to differ from child to child. */
uint32_t slots_random(struct slots *slots);

#define SLOTS_EACH(slot, slots)                                                          \
    for (struct slot *slot = (slots)->items; slot < (slots)->items + (slots)->used;      \
         slot++)

#endif
