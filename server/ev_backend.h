/*
 * ev_backend.h - what the event loop asks of the system: the seven functions that
 * ev_epoll.c and ev_poll.c each implement, one of which the Makefile chooses.
 *
 * ev.c owns source->interest and calls add only for a source that is out (interest 0),
 * modify and remove only for one that is in. `interest` is never 0.
 */
#ifndef SERVER_EV_BACKEND_H
#define SERVER_EV_BACKEND_H

#include "server/ev.h"

struct ev_backend;

/* One source that is ready, and for what: EV_IN, EV_OUT, EV_ERROR, EV_BEYOND. */
struct ev_event {
    struct ev_source *source;
    unsigned events;
};

struct ev_backend *ev_backend_create(void); /* dies when there is no descriptor left */
void ev_backend_destroy(struct ev_backend *backend);

/* 0, or -1 with errno. */
int ev_backend_add(struct ev_backend *backend, struct ev_source *source,
                   unsigned interest);
int ev_backend_modify(struct ev_backend *backend, struct ev_source *source,
                      unsigned interest);

void ev_backend_remove(struct ev_backend *backend, struct ev_source *source);

/* The descriptor is closed next and nobody else holds it: what close(2) does need not be
 * done here. */
void ev_backend_forget(struct ev_backend *backend, struct ev_source *source);

/* Waits at most timeout_ms (-1: no limit), or until an earlier wait would have ended, and
 * stores what is ready, at most `room` events; the rest comes with the next wait. Returns
 * how many, or -1 with errno EINTR. */
int ev_backend_wait(struct ev_backend *backend, struct ev_event *events, int room,
                    int timeout_ms);

#endif
