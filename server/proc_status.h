/*
 * proc_status.h - what /proc tells of a child.
 */
#ifndef SERVER_PROC_STATUS_H
#define SERVER_PROC_STATUS_H

#include <sys/types.h>

/* The number behind a label of proc_pid_status(5), sizes in KiB; 0: there is none. */
long proc_status_number(pid_t pid, const char *label);

#endif
