/*
 * spawn.h - children of the master: forked, spoken to, killed, remembered.
 */
#ifndef SERVER_SPAWN_H
#define SERVER_SPAWN_H

#include "server/slots.h"
#include <sys/resource.h>

struct master;

/* How the slots of a master act; slots->context is the struct master. */
extern const struct slot_ops spawn_ops;

/* Starts the logger in its slot. False: fork failed. */
bool spawn_logger(struct master *master);

/* A child was reaped: writes the death record and moves its slot on. */
void spawn_bury(struct master *master, struct slot *slot, int status,
                const struct rusage *usage);

/* Takes what the child has to say. */
void spawn_listen(struct master *master, struct slot *slot);

#endif
