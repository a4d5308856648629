#include "common/clock.h"
#include "common/fdutil.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "server/ev_backend.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#define ROOM_MAX 256

/* To bound each wait by itself costs the kernel a timer that starts and is stopped again.
 * The bound seldom comes nearer, so one timer is among the descriptors and stays set. */
struct ev_backend {
    int fd;
    int timer;
    int64_t ends_ms; /* when the timer ends a wait; 0: it is not set */
    struct epoll_event ready[ROOM_MAX];
};

const char *ev_backend_name(void)
{
    return "epoll";
}

struct ev_backend *ev_backend_create(void)
{
    struct ev_backend *backend = xcalloc(1, sizeof(*backend));
    backend->fd = epoll_create1(EPOLL_CLOEXEC);
    backend->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET}; /* of no source */
    if (backend->fd < 0 || backend->timer < 0 ||
        epoll_ctl(backend->fd, EPOLL_CTL_ADD, backend->timer, &event) != 0) {
        log_fatal(errno, "cannot create an event loop");
    }
    return backend;
}

void ev_backend_destroy(struct ev_backend *backend)
{
    fd_close(backend->timer);
    fd_close(backend->fd);
    free(backend);
}

static uint32_t to_epoll(unsigned interest)
{
    return ((interest & EV_IN) != 0 ? (uint32_t)EPOLLIN : 0) |
           ((interest & EV_OUT) != 0 ? (uint32_t)EPOLLOUT : 0) |
           ((interest & EV_EDGE) != 0 ? (uint32_t)EPOLLET | EPOLLRDHUP | EPOLLPRI : 0) |
           ((interest & EV_EXCLUSIVE) != 0 ? (uint32_t)EPOLLEXCLUSIVE : 0);
}

static unsigned from_epoll(uint32_t events)
{
    return ((events & EPOLLIN) != 0 ? (unsigned)EV_IN : 0) |
           ((events & EPOLLOUT) != 0 ? (unsigned)EV_OUT : 0) |
           ((events & (EPOLLRDHUP | EPOLLPRI)) != 0 ? (unsigned)EV_BEYOND : 0) |
           ((events & (EPOLLERR | EPOLLHUP)) != 0 ? (unsigned)EV_ERROR : 0);
}

static int control(struct ev_backend *backend, int operation, struct ev_source *source,
                   unsigned interest)
{
    struct epoll_event event = {.events = to_epoll(interest), .data.ptr = source};
    return epoll_ctl(backend->fd, operation, source->fd, &event);
}

int ev_backend_add(struct ev_backend *backend, struct ev_source *source,
                   unsigned interest)
{
    return control(backend, EPOLL_CTL_ADD, source, interest);
}

int ev_backend_modify(struct ev_backend *backend, struct ev_source *source,
                      unsigned interest)
{
    return control(backend, EPOLL_CTL_MOD, source, interest);
}

void ev_backend_remove(struct ev_backend *backend, struct ev_source *source)
{
    control(backend, EPOLL_CTL_DEL, source, 0);
}

void ev_backend_forget(struct ev_backend *backend, struct ev_source *source)
{
    /* The kernel drops a description from the set when its last descriptor closes. */
    (void)backend;
    (void)source;
}

/* Sees to it that the next wait ends. Returns its own bound. */
static int bound(struct ev_backend *backend, int timeout_ms)
{
    int64_t ends_ms = clock_now_ms() + timeout_ms;
    if (timeout_ms > 0 && (backend->ends_ms == 0 || ends_ms < backend->ends_ms)) {
        struct itimerspec when = {.it_value = {.tv_sec = timeout_ms / 1000,
                                               .tv_nsec = timeout_ms % 1000 * NS_PER_MS}};
        timerfd_settime(backend->timer, 0, &when, NULL);
        backend->ends_ms = ends_ms;
    }
    return timeout_ms > 0 ? -1 : timeout_ms;
}

int ev_backend_wait(struct ev_backend *backend, struct ev_event *events, int room,
                    int timeout_ms)
{
    int most = room < ROOM_MAX ? room : ROOM_MAX;
    int count = epoll_wait(backend->fd, backend->ready, most, bound(backend, timeout_ms));
    int of_sources = count < 0 ? count : 0;
    for (int i = 0; i < count; i++) {
        struct ev_source *source = backend->ready[i].data.ptr;
        if (source == NULL) {
            backend->ends_ms = 0;
            continue;
        }
        events[of_sources].source = source;
        events[of_sources++].events = from_epoll(backend->ready[i].events);
    }
    return of_sources;
}
