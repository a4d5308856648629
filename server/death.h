/*
 * death.h - the last line about a child: who it was, what killed it, what it was doing.
 */
#ifndef SERVER_DEATH_H
#define SERVER_DEATH_H

#include "common/buf.h"
#include "server/slots.h"
#include <stdint.h>
#include <sys/resource.h>

struct master;

/* Connections that were open in a child that died, as far as its record is believable. */
uint64_t death_connections(const struct master *master, const struct slot *slot);

/* Parts of a line about a child, which name the same of one that died and one that hangs:
 * "worker process 12 (slot 2, generation 1)", " after 0.250 s", and ", 3 connections
 * FATE, peak memory 4096 KiB, REQUEST". */
void death_who(struct buf *out, const struct master *master, const struct slot *slot);
void death_age(struct buf *out, const struct master *master, const struct slot *slot);
void death_load(struct buf *out, const struct master *master, const struct slot *slot,
                const char *fate, long peak_kib);

/* "exited on signal 11 (SIGSEGV)", and that it hung before. */
void death_cause(struct buf *out, const struct slot *slot, int status);

/* Writes the record from the wait status and the child's scoreboard, which outlives it.
 * At most one line a second and slot; the next one says how many were left out. */
void death_record(struct master *master, struct slot *slot, int status,
                  const struct rusage *usage);

#endif
