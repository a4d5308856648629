/*
 * commands.h - what the program does besides serving: one function an option. Each
 * returns the exit status.
 */
#ifndef SERVER_COMMANDS_H
#define SERVER_COMMANDS_H

#include "config/build.h"
#include "server/cmdline.h"

/* -t, and -T, which prints the effective configuration on standard output. */
int command_test(const struct config_source *source, const struct cmdline *cmdline);

/* -s: signals the master that holds the pid file, and nobody else. */
int command_signal(const struct config_source *source, const struct cmdline *cmdline);

/* top: live where standard output is a terminal, else once. */
int command_top(const struct config_source *source);

/* -v and -V, on standard error as nginx does. */
int command_version(bool details);

int command_help(void);

#endif
