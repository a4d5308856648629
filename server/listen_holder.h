/*
 * listen_holder.h - who holds an address that is in use, where the system tells.
 */
#ifndef SERVER_LISTEN_HOLDER_H
#define SERVER_LISTEN_HOLDER_H

#include "common/sockaddr.h"
#include <sys/types.h>

#define HOLDER_TEXT_MAX 64

/*
 * The process that listens on the address (or on one that covers it), as
 * "process 123 (name)" in `text`; false when it cannot be told: another user's process,
 * or a system without /proc. Looks at every process once: for error messages only.
 */
bool listen_holder_find(const struct sockaddr_any *addr, char text[HOLDER_TEXT_MAX]);

#endif
