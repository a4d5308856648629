/*
 * control.h - words to the master that want an answer, over a unix socket.
 *
 * The socket is the pid file's path with ".control" behind it, mode 0600. A connection
 * carries one command, a line, and its answer: lines of text, the last of which is
 * "exit N" with the status for whoever asked. Then the master closes it.
 *
 *     reload   as SIGHUP. exit 1: rejected, with the reasons; 0: applied, and the workers
 *              before have left; 2: applied, but some were cut
 *     reopen   as SIGUSR1. exit 0 once every later line goes to the new files, 1 when a
 *              file could not be opened
 *     upgrade  as SIGUSR2, and on to the end: exit 0 when the new master serves and
 *              this one has begun to leave, 1 when it was given up, with the reason
 *     status   what the server does, as text for people; exit 0
 *     status json
 *              the same as one JSON object
 *     top COLUMNS
 *              a picture of it for a window of that width
 *
 * The master waits for nobody: a client that says nothing for some seconds, or does not
 * read, is dropped. One too many waits for a place.
 */
#ifndef SERVER_CONTROL_H
#define SERVER_CONTROL_H

#include "common/file_id.h"
#include "common/list.h"
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct master;

#define CONTROL_CLIENTS_MAX 64
#define CONTROL_SUFFIX      ".control"

struct control {
    int fd;     /* -1: there is no socket */
    char *path; /* owned */
    struct file_id id;
    struct list clients;
    unsigned count;
    int64_t resume_ms; /* no new client before: descriptors ran out; 0: none did */
};

void control_init(struct control *control);

/* For the master of this pid file, which it has locked: what stands at the path is
 * stale. False, with errno, when there is no socket: signals have to do. */
bool control_open(struct control *control, const char *pid_path);

/* Follows its pid file to another name. */
void control_move(struct control *control, const char *pid_path);

/* Answers those who wait that the server has ended, and removes the path. */
void control_close(struct control *control);

/* The descriptors to wait for, at most CONTROL_CLIENTS_MAX + 1; returns how many. */
nfds_t control_gather(const struct control *control, struct pollfd *polled);

/* Takes what was said, and answers what can be answered by now. */
void control_step(struct master *master);

/* The next deadline, or 0. */
int64_t control_deadline(const struct control *control);

#endif
