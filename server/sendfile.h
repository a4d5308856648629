/*
 * sendfile.h - a stretch of a file to a socket.
 *
 * Both move at most `count` bytes from `offset` of `fd`, whose own position stays as it
 * is. They return the bytes moved, 0 at the end of the file, or -1 with errno (EAGAIN:
 * the socket takes no more now). `more`: other bytes follow soon, so that a packet may
 * wait to be filled.
 */
#ifndef SERVER_SENDFILE_H
#define SERVER_SENDFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Inside the kernel where the system can (sendfile_linux.c); elsewhere as below
 * (sendfile_posix.c). */
ssize_t sendfile_move(int socket, int fd, off_t offset, size_t count, bool more);

/* By way of a buffer: sendfile off (sendfile_copy.c). */
ssize_t sendfile_copy(int socket, int fd, off_t offset, size_t count, bool more);

#endif
