/*
 * ev.h - the event loop: descriptors that become ready call a function.
 *
 * Level-triggered, but for sources that ask for edges: the kernel need not look at those
 * a second time after each event. The loop knows nothing of timers: the caller gives the
 * longest wait. Two back ends, chosen at build time, implement the seven functions of
 * ev_backend.h: ev_epoll.c (Linux) and ev_poll.c (POSIX, where all is level-triggered).
 */
#ifndef SERVER_EV_H
#define SERVER_EV_H

#include <stdbool.h>
#include <stdint.h>

enum {
    EV_IN = 1 << 0,
    EV_OUT = 1 << 1,
    EV_ERROR = 1 << 2,     /* error or hang-up: reported whether asked for or not */
    EV_EXCLUSIVE = 1 << 3, /* with EV_IN on a shared listener: wake one process only */
    /* With EV_IN alone: call when more has come, not while some is there. */
    EV_EDGE = 1 << 4,
    /* To ev_set() only, heeded where EV_EDGE is: not all was read, call anew. */
    EV_AGAIN = 1 << 5,
    /* Reported by epoll only, with EV_EDGE and EV_IN: even a read that takes less than it
     * could leaves something, the end of the stream or bytes behind an urgent mark. */
    EV_BEYOND = 1 << 6,
};

struct ev_source;
typedef void ev_ready(struct ev_source *source, unsigned events);

/* Embedded in whatever owns the descriptor. Zero it, then set `ready` and `fd`. */
struct ev_source {
    ev_ready *ready;
    int fd;
    uint8_t interest; /* what the kernel was told; private to ev.c */
    uint16_t pending; /* place in the events of this turn, from 1; private to ev.c */
    uint32_t place;   /* private to the back end */
};

struct ev_loop;

/* Dies when the system has no descriptor left for it. */
struct ev_loop *ev_create(void);
void ev_destroy(struct ev_loop *loop);

/*
 * Sets what to wait for; 0 takes the source out. No system call when nothing changes, but
 * for EV_AGAIN. After a change a source with EV_EDGE is called for what is there already.
 * Returns 0 or -1 with errno (ENOSPC, ENOMEM). An EV_EXCLUSIVE source is re-added when
 * asked for again, which puts it behind the other waiters of the descriptor.
 */
int ev_set(struct ev_loop *loop, struct ev_source *source, unsigned interest);

/* Forgets a source that is about to be closed, without a system call where closing is
 * enough, and drops its events still pending in this turn. */
void ev_forget(struct ev_loop *loop, struct ev_source *source);

/*
 * One turn: waits at most timeout_ms (-1: no limit), or until an earlier wait would have
 * ended, updates the clock (clock_update), then calls what is ready. A source forgotten
 * or taken out during the turn is not called, and one that changed what it waits for
 * hears of that only. Returns the number of calls, or -1 when interrupted by a signal.
 */
int ev_turn(struct ev_loop *loop, int timeout_ms);

/* "epoll" or "poll": for -V and status. */
const char *ev_backend_name(void);

#endif
