#include "common/xalloc.h"
#include "server/ev_backend.h"
#include <assert.h>
#include <poll.h>
#include <stdlib.h>

#define FIRST_CAPACITY 64

/*
 * Two dense rows side by side: what poll(2) reads, and whose it is. source->place is the
 * index in them. A source that leaves is replaced by the last one.
 */
struct ev_backend {
    struct pollfd *fds;
    struct ev_source **sources;
    size_t count;
    size_t capacity;
    size_t start; /* where the next look for ready ones begins, so that none starves */
};

const char *ev_backend_name(void)
{
    return "poll";
}

struct ev_backend *ev_backend_create(void)
{
    return xcalloc(1, sizeof(struct ev_backend));
}

void ev_backend_destroy(struct ev_backend *backend)
{
    free(backend->fds);
    free(backend->sources);
    free(backend);
}

/* Exclusive waiting has no counterpart: all processes wake, and one gets it. Nor have
 * edges: who waits for them is told of levels, which is more often but never too late. */
static short to_poll(unsigned interest)
{
    int events =
        ((interest & EV_IN) != 0 ? POLLIN : 0) | ((interest & EV_OUT) != 0 ? POLLOUT : 0);
    return (short)events;
}

static unsigned from_poll(short events)
{
    return ((events & POLLIN) != 0 ? (unsigned)EV_IN : 0) |
           ((events & POLLOUT) != 0 ? (unsigned)EV_OUT : 0) |
           ((events & (POLLERR | POLLHUP | POLLNVAL)) != 0 ? (unsigned)EV_ERROR : 0);
}

static void grow(struct ev_backend *backend)
{
    size_t capacity = backend->capacity == 0 ? FIRST_CAPACITY : backend->capacity * 2;
    backend->fds = xrealloc(backend->fds, capacity * sizeof(*backend->fds));
    backend->sources = xrealloc(backend->sources, capacity * sizeof(*backend->sources));
    backend->capacity = capacity;
}

int ev_backend_add(struct ev_backend *backend, struct ev_source *source,
                   unsigned interest)
{
    if (backend->count == backend->capacity) {
        grow(backend);
    }
    size_t place = backend->count++;
    backend->fds[place] = (struct pollfd){.fd = source->fd, .events = to_poll(interest)};
    backend->sources[place] = source;
    source->place = (uint32_t)place;
    return 0;
}

int ev_backend_modify(struct ev_backend *backend, struct ev_source *source,
                      unsigned interest)
{
    assert(backend->sources[source->place] == source);
    backend->fds[source->place].events = to_poll(interest);
    return 0;
}

void ev_backend_remove(struct ev_backend *backend, struct ev_source *source)
{
    assert(backend->sources[source->place] == source);
    size_t last = --backend->count;
    backend->fds[source->place] = backend->fds[last];
    backend->sources[source->place] = backend->sources[last];
    backend->sources[source->place]->place = source->place;
}

void ev_backend_forget(struct ev_backend *backend, struct ev_source *source)
{
    ev_backend_remove(backend, source);
}

int ev_backend_wait(struct ev_backend *backend, struct ev_event *events, int room,
                    int timeout_ms)
{
    int ready = poll(backend->fds, backend->count, timeout_ms);
    if (ready <= 0) {
        return ready;
    }
    int most = ready < room ? ready : room;
    int found = 0;
    size_t at = backend->start < backend->count ? backend->start : 0;
    while (found < most) {
        if (backend->fds[at].revents != 0) {
            events[found].source = backend->sources[at];
            events[found++].events = from_poll(backend->fds[at].revents);
        }
        at = at + 1 < backend->count ? at + 1 : 0;
    }
    backend->start = at;
    return found;
}
