/*
 * listeners.h - from `listen` and `server_name` lines to addresses, names and sockets.
 */
#ifndef CONFIG_LISTENERS_H
#define CONFIG_LISTENERS_H

#include "config/scope.h"

/* Fills config->sockets from the drafts of all servers. */
void listeners_build(struct build *build);

#endif
