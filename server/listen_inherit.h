/*
 * listen_inherit.h - listening sockets that came with the process.
 *
 * A service manager that bound them passes them on as descriptors 3 and up (socket
 * activation, sd_listen_fds(3)); in an upgrade, the old master passes on its own. A
 * `listen` line whose address is that of such a socket takes it instead of binding. The
 * manager holds its sockets too, and has them when this process is gone: so their door is
 * never shut, and the path of a unix socket stays as it is.
 */
#ifndef SERVER_LISTEN_INHERIT_H
#define SERVER_LISTEN_INHERIT_H

#include "common/sockaddr.h"
#include <stdbool.h>
#include <stddef.h>

struct inherited_socket {
    struct sockaddr_any addr;
    int fd;
    bool ipv6only; /* true where that says nothing */
    bool taken;
    bool lent; /* a service manager holds it too, and has it when this process is gone */
};

struct inheritance {
    struct inherited_socket *items;
    size_t count;
};

/*
 * Adds a descriptor that should be a listening stream socket, and sets close-on-exec and
 * O_NONBLOCK. Returns NULL, or a phrase that says what is wrong with it ("is no socket");
 * nothing is done then.
 */
const char *listen_inherit_add(struct inheritance *all, int fd);

/*
 * Adds what LISTEN_FDS announces, if LISTEN_PID is this process: call before any fork.
 * Takes the variables out of the environment. False: one is not what it should be, which
 * the log says.
 */
bool listen_inherit_activated(struct inheritance *all);

/*
 * Adds what a master leaves to the one that follows it: "5=127.0.0.1:80;6=unix:/run/x",
 * with "=lent:" for those that are a service manager's. What is not a listening socket of
 * that address is refused: false, and the log says which.
 */
bool listen_inherit_handed(struct inheritance *all, const char *list);

/* The socket of this address that nobody has taken, or NULL. */
struct inherited_socket *listen_inherit_find(const struct inheritance *all,
                                             const struct sockaddr_any *addr);

/* A configuration that took it is gone. It stays open, for another that wants it. */
void listen_inherit_give_back(const struct inheritance *all, int fd);

/* Whether one that nobody has taken gets the connections to an IPv4 address of its port
 * as well, so that this cannot be bound. */
bool listen_inherit_covers(const struct inheritance *all,
                           const struct sockaddr_any *addr);

/* Closes those that nobody has taken, with a warning each. */
void listen_inherit_close_rest(struct inheritance *all);

/* Closes all. */
void listen_inherit_clear(struct inheritance *all);

#endif
