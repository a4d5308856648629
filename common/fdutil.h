/*
 * fdutil.h - small things done with descriptors.
 *
 * Functions return 0 or a descriptor, or -1 with errno set. All retry EINTR.
 */
#ifndef COMMON_FDUTIL_H
#define COMMON_FDUTIL_H

#include "common/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

int fd_set_nonblock(int fd, bool on);
int fd_set_cloexec(int fd, bool on);

/* Opens /dev/null as each of 0, 1 and 2 that is closed, so that nothing else becomes one
 * of them. Where there is none the root directory takes its place: it refuses reads and
 * writes. */
int fd_open_standard(void);

/* Closes unless negative, and keeps errno. */
void fd_close(int fd);

/* Writes everything to a blocking descriptor (waits with poll on EAGAIN). */
int fd_write_all(int fd, const void *bytes, size_t len);

/*
 * Appends the whole content of a file to *out, at most out->limit bytes (EFBIG past it).
 * What is not a regular file is refused (EISDIR for a directory, EINVAL else) without
 * waiting on it: the open is O_NONBLOCK.
 */
int fd_read_file(const char *path, struct buf *out);

/* Closes every descriptor from `first` up (close_range, else /proc or a loop). */
void fd_close_from(int first);

/* Closes every descriptor but 0, 1, 2 and the `count` in `keep`, which it sorts. */
void fd_close_others(int *keep, size_t count);

/*
 * One message over a SOCK_SEQPACKET or SOCK_DGRAM unix socket with up to FD_PASS_MAX
 * descriptors. fd_recv stores the number of bytes and returns the number of descriptors
 * taken (0..max, each with close-on-exec), -1 with errno (EAGAIN: nothing there), or -1
 * with errno ECONNRESET at end of stream. *len is the room on entry. A message or a set
 * of descriptors larger than the room is lost: EMSGSIZE.
 */
#define FD_PASS_MAX 64
int fd_send(int socket, const void *bytes, size_t len, const int *fds, size_t count);
int fd_recv(int socket, void *bytes, size_t *len, int *fds, size_t max);

#endif
