#include "server/ev.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "server/ev_backend.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define EVENTS_A_TURN 256

struct ev_loop {
    struct ev_backend *backend;
    struct ev_event events[EVENTS_A_TURN]; /* of this turn; source NULL: dropped */
};

struct ev_loop *ev_create(void)
{
    struct ev_loop *loop = xcalloc(1, sizeof(*loop));
    loop->backend = ev_backend_create();
    return loop;
}

void ev_destroy(struct ev_loop *loop)
{
    ev_backend_destroy(loop->backend);
    free(loop);
}

static void drop_pending(struct ev_loop *loop, struct ev_source *source)
{
    if (source->pending != 0) {
        loop->events[source->pending - 1].source = NULL;
        source->pending = 0;
    }
}

static void take_out(struct ev_loop *loop, struct ev_source *source)
{
    ev_backend_remove(loop->backend, source);
    source->interest = 0;
}

static int put_in(struct ev_loop *loop, struct ev_source *source, unsigned interest)
{
    if (ev_backend_add(loop->backend, source, interest) != 0) {
        return -1;
    }
    source->interest = (uint8_t)interest;
    return 0;
}

static int change(struct ev_loop *loop, struct ev_source *source, unsigned interest)
{
    if (ev_backend_modify(loop->backend, source, interest) != 0) {
        return -1;
    }
    source->interest = (uint8_t)interest;
    return 0;
}

int ev_set(struct ev_loop *loop, struct ev_source *source, unsigned interest)
{
    bool again = (interest & EV_AGAIN) != 0 && (interest & EV_EDGE) != 0;
    interest &= ~(unsigned)EV_AGAIN;
    assert((interest & EV_EDGE) == 0 || interest == (EV_IN | EV_EDGE));
    if (interest == source->interest && !again && (interest & EV_EXCLUSIVE) == 0) {
        return 0;
    }
    if (interest == 0) {
        drop_pending(loop, source);
        take_out(loop, source);
        return 0;
    }
    /* An exclusive source cannot be modified, and asking again is how it moves behind. */
    if (source->interest != 0 && ((interest | source->interest) & EV_EXCLUSIVE) != 0) {
        take_out(loop, source);
    }
    return source->interest == 0 ? put_in(loop, source, interest)
                                 : change(loop, source, interest);
}

void ev_forget(struct ev_loop *loop, struct ev_source *source)
{
    drop_pending(loop, source);
    if (source->interest == 0) {
        return;
    }
    /* Other processes hold an exclusive one too: closing it here would leave it in the
     * kernel's set, with events that nobody can take. */
    if ((source->interest & EV_EXCLUSIVE) != 0) {
        ev_backend_remove(loop->backend, source);
    } else {
        ev_backend_forget(loop->backend, source);
    }
    source->interest = 0;
}

static void mark_pending(struct ev_loop *loop, int count)
{
    for (int i = 0; i < count; i++) {
        assert(loop->events[i].source->pending == 0);
        loop->events[i].source->pending = (uint16_t)(i + 1);
    }
}

/* Calls one, unless it was dropped or wants something else by now. */
static int call(struct ev_event *event)
{
    struct ev_source *source = event->source;
    if (source == NULL) {
        return 0;
    }
    source->pending = 0;
    unsigned events = event->events & (source->interest | EV_ERROR | EV_BEYOND);
    if ((events & ~(unsigned)EV_BEYOND) == 0) {
        return 0;
    }
    source->ready(source, events);
    return 1;
}

int ev_turn(struct ev_loop *loop, int timeout_ms)
{
    int count = ev_backend_wait(loop->backend, loop->events, EVENTS_A_TURN, timeout_ms);
    clock_update();
    if (count < 0) {
        if (errno != EINTR) {
            log_fatal(errno, "cannot wait for events");
        }
        return -1;
    }
    mark_pending(loop, count);
    int calls = 0;
    for (int i = 0; i < count; i++) {
        calls += call(&loop->events[i]);
    }
    return calls;
}
