/*
 * logger.h - the one process that writes log files.
 *
 * It drains the rings of all slots into the files, many lines a write, naps a moment when
 * it has caught up, and sleeps when nothing comes. It obeys its channel only: files
 * handed over, and MESSAGE_STOP, on which it leaves once every ring is empty. When the
 * master is gone it stays until the workers are.
 */
#ifndef SERVER_LOGGER_H
#define SERVER_LOGGER_H

#include "server/logfiles.h"
#include "server/shm.h"
#include <sys/types.h>

struct logger_setup {
    const struct shm *shm;
    struct log_files *files; /* as inherited */
    int channel;
};

/* Runs the process, privileges dropped already, and returns its exit status. */
int logger_run(const struct logger_setup *setup);

#endif
