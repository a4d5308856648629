/*
 * listen_open.h - one listening socket, with the options of its `listen` directive.
 */
#ifndef SERVER_LISTEN_OPEN_H
#define SERVER_LISTEN_OPEN_H

#include "config/settings.h"
#include "server/listeners.h"

struct listen_problem {
    const char *doing; /* "bind()"; NULL: `text` says all */
    int error;
    char text[160];
};

/*
 * Binds and listens, without waiting. share_port: beside another socket of this process
 * on the same port, both of which have SO_REUSEPORT for that moment. Returns false and
 * the problem; *listener is untouched then.
 */
bool listen_open(struct listener *listener, const struct listen_socket *socket,
                 bool share_port, struct listen_problem *problem);

/* The options that a bound socket can change, for one that is kept by a reload. */
void listen_adjust(int fd, const struct listen_socket *socket);

/* Lets other sockets of this user bind the port of this one. */
void listen_share_port(int fd, bool on);

/* Nobody begins to connect from now on; what is in the queue stays, and who had begun may
 * still get there. The queue of a lent socket stays open. */
void listen_shut(const struct listener *listener);

/* For one that came from an old master: its path is this one's to remove from now on. */
void listen_remember_path(struct listener *listener);

/* Removes the path of a unix socket, if it is still this one's. */
void listen_unlink(const struct listener *listener);

#endif
