/*
 * listeners.h - the listening sockets: bound once, shared by all workers, kept by address
 * over reloads.
 *
 * The master holds every socket; workers get them by fork. A reload asks for the sockets
 * of its configuration: those whose address is there already are used again, the rest is
 * bound in one attempt, and nothing of what serves is touched before the reload commits.
 *
 * A unix socket is bound beside its path and renamed over it, so that there is no moment
 * without; a path that is no socket, or whose socket somebody answers on, is refused.
 */
#ifndef SERVER_LISTENERS_H
#define SERVER_LISTENERS_H

#include "common/buf.h"
#include "common/file_id.h"
#include "config/diagnose.h"
#include "config/settings.h"
#include "server/listen_inherit.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct listener {
    struct sockaddr_any addr;
    int fd;
    bool ipv6only;
    bool lent;         /* by a service manager, which has it when this process is gone */
    unsigned users;    /* configurations that listen there */
    struct file_id id; /* of a unix socket's path, to remove no other one's */
};

struct listeners {
    struct listener **items;
    size_t count;
    struct inheritance inherited; /* taken before anything is bound */
    bool handed_over;             /* another master serves on the same sockets */
};

/*
 * Fills fds[i] with the socket of config->sockets[i], which stays the listeners' own.
 * Returns false when one cannot be had (reported to `diag` at its directive); nothing is
 * held for this configuration then.
 */
bool listeners_hold(struct listeners *all, const struct config *config, int *fds,
                    struct diagnostics *diag);

/* The configuration is in force: sets the options that a bound socket can change. */
void listeners_adjust(const struct listeners *all, const struct config *config);

/* The configuration is gone, or was never committed: closes what no other one uses. */
void listeners_release(struct listeners *all, const struct config *config);

/*
 * For a generation about to drain: its sockets that `next` (NULL: none) does not use take
 * no new connections, so that workers can serve what is queued and be done. Returns
 * whether there are any. The caller releases the configuration afterwards.
 */
bool listeners_shut(const struct listeners *all, const struct config *config,
                    const struct config *next);

/* In a child that will run another program: leaves all sockets to it, in words for
 * listen_inherit_handed(). */
void listeners_list(const struct listeners *all, struct buf *out);

/* While another master serves on the same sockets they are closed here, and no more: none
 * is shut, and no path removed. */
void listeners_hand_over(struct listeners *all, bool handed_over);

/* Closes all, and removes the paths of unix sockets. */
void listeners_clear(struct listeners *all);

#endif
