/*
 * control_address.h - where the master of a pid file listens for commands.
 */
#ifndef SERVER_CONTROL_ADDRESS_H
#define SERVER_CONTROL_ADDRESS_H

#include <sys/socket.h>
#include <sys/un.h>

struct control_address {
    union {
        struct sockaddr sa;
        struct sockaddr_un un;
    } u;
    socklen_t len;
};

/* The path, which is the caller's; NULL with errno ENAMETOOLONG when no socket can have
 * it. */
char *control_address(struct control_address *address, const char *pid_path);

#endif
