/*
 * blame.h - whose fault a worker's death was, and what follows from that.
 *
 * The request that a worker was at when it crashed, exited with an error or hung is
 * noted, and put in quarantine when it has been noted too often (quarantine.h).
 */
#ifndef SERVER_BLAME_H
#define SERVER_BLAME_H

struct master;
struct slot;

/* A worker died, and its record still is as it left it. `status` is wait's. */
void blame_request(struct master *master, const struct slot *slot, int status);

/* Call each turn of the master's loop: ends what is over. */
void blame_step(struct master *master);

/* Another configuration is in force. */
void blame_nobody(struct master *master);

#endif
