#include "common/fdutil.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "server/ev_backend.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#define ROOM_MAX 256

struct ev_backend {
    int fd;
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
    if (backend->fd < 0) {
        log_fatal(errno, "epoll_create1() failed");
    }
    return backend;
}

void ev_backend_destroy(struct ev_backend *backend)
{
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

int ev_backend_wait(struct ev_backend *backend, struct ev_event *events, int room,
                    int timeout_ms)
{
    int most = room < ROOM_MAX ? room : ROOM_MAX;
    int count = epoll_wait(backend->fd, backend->ready, most, timeout_ms);
    for (int i = 0; i < count; i++) {
        events[i].source = backend->ready[i].data.ptr;
        events[i].events = from_epoll(backend->ready[i].events);
    }
    return count;
}
