/*
 * runfiles.h - the files of a running master: its pid file, and beside it the control
 * socket (".control") and the last verdict (".status").
 */
#ifndef SERVER_RUNFILES_H
#define SERVER_RUNFILES_H

#include <stdbool.h>

struct master;

/* Locks the pid file. 0, or the exit status of the program; the log says why. */
int runfiles_lock(struct master *master, const char *pid_path);

/* Writes the pid of this process, and opens the control socket. As above. Without a
 * control socket the server can be led by signals alone, which is said. */
int runfiles_publish(struct master *master);

/* Out of the way of a new master (".oldbin"), or back. */
void runfiles_move(struct master *master, bool aside);

void runfiles_remove(struct master *master);

#endif
