/*
 * control_ask.h - a command to the master of a pid file, and its answer (see control.h).
 */
#ifndef SERVER_CONTROL_ASK_H
#define SERVER_CONTROL_ASK_H

#include <stdbool.h>
#include <sys/types.h>

/* Copies the answer to standard output as it comes (quiet: to standard error, if the
 * status is not 0) and waits for its end. Returns the status in it, or -1 with errno when
 * nobody listens. */
int control_ask(const char *pid_path, const char *command, bool quiet);

/* The master's pid as this process sees it, or 0: it is in another PID namespace, or
 * nobody listens. */
pid_t control_pid(const char *pid_path);

/* Asks and does not wait: a descriptor to read the answer from, or -1 with errno. */
int control_connect(const char *pid_path, const char *command);

#endif
