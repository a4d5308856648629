/*
 * notify.h - tells a service manager how the server does: sd_notify(3) without its
 * library.
 *
 * The manager names a datagram socket in NOTIFY_SOCKET: a path, or "@name" for an
 * abstract one. Each message is one datagram of "NAME=value" lines, sent without waiting;
 * one that does not get there is lost, and nobody is told. A zeroed struct tells nobody
 * anything.
 */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

#include "common/sockaddr.h"
#include <stdint.h>

struct master;

struct notify {
    struct sockaddr_any address; /* its length is 0: nobody listens */
    int fd;
    int64_t every_ms; /* between two signs of life; 0: none is wanted */
    int64_t due_ms;   /* of the next, monotonic; 0: none before the first "ready" */
};

/*
 * Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that no
 * child finds them. They are for a process in the foreground: one that is about to leave
 * it (`foreground` false), and one whose pid is not WATCHDOG_PID, heeds none.
 */
void notify_init(struct notify *notify, bool foreground);
void notify_close(struct notify *notify);

/* It serves, since now or again. The status is what happened and, of `details`, the first
 * line. Also after a reload that was rejected: there is no word for failure. */
void notify_ready(struct notify *notify, struct slice status, struct slice details);

/* A reload begins; a "ready" must follow. */
void notify_reloading(const struct notify *notify);

/* One line for people. */
void notify_status(const struct notify *notify, struct slice status);

void notify_stopping(const struct notify *notify);

/* From now on this process is the service, and may take a while to its next sign of life.
 * The manager may believe none but the one it knows: there is no way back. */
void notify_main_pid(const struct notify *notify, pid_t pid);

/* In a child that will run another program: leaves it the variables that notify_init()
 * took, but for the pid. */
void notify_hand_over(const struct notify *notify);

/* Call each turn of the master's loop: once it is due, says that the server is alive, if
 * that is true of the master and at least one worker. */
void notify_watchdog(struct master *master);

/* The next deadline, or 0. */
int64_t notify_deadline(const struct notify *notify);

#endif
