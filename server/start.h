/*
 * start.h - from a configuration to a running server.
 */
#ifndef SERVER_START_H
#define SERVER_START_H

#include "config/build.h"
#include "config/diagnose.h"

/*
 * Loads, locks the pid file, opens logs and sockets, goes into the background if it is
 * to, and serves until it is stopped. What is wrong is said on standard error. `banner`:
 * of the built-in configuration, which needs no pid file; else NULL. Returns the exit
 * status of the program.
 */
int start_server(const struct config_source *source, const char *banner);

/* Loads and prints every message on standard error (quiet: errors only). NULL when there
 * was an error. Also prints what file checks find, when `check_files`. */
struct config *start_load(const struct config_source *source, bool check_files,
                          bool quiet);

#endif
