/*
 * sockaddr.h - an address of a socket: IPv4, IPv6 or a path, parsed and printed.
 *
 * Text forms are those of the `listen` directive: "127.0.0.1:80", "[::1]:80", "*:80",
 * "80", "unix:/run/x.sock". No name is looked up, except "localhost", which is 127.0.0.1.
 */
#ifndef COMMON_SOCKADDR_H
#define COMMON_SOCKADDR_H

#include "common/slice.h"
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct sockaddr_any {
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    } u;
    socklen_t len;
};

/* Room for the longest text form and its NUL: a path, or an IPv6 address and a port. */
#define SOCKADDR_TEXT_MAX 128

/*
 * Parses one address. A missing port becomes default_port. Returns NULL, or a phrase that
 * says what is wrong ("invalid port", "host not found", "path too long").
 */
const char *sockaddr_parse(struct sockaddr_any *out, struct slice text,
                           uint16_t default_port);

/* The text form, with or without the port; returns the slice of `text`. A peer without a
 * name on a unix socket prints as "unix:". */
struct slice sockaddr_format(const struct sockaddr_any *addr, bool with_port,
                             char text[SOCKADDR_TEXT_MAX]);

bool sockaddr_eq(const struct sockaddr_any *a, const struct sockaddr_any *b);
bool sockaddr_is_wildcard(const struct sockaddr_any *addr); /* 0.0.0.0 or :: */
uint16_t sockaddr_port(const struct sockaddr_any *addr);    /* 0 for a unix socket */
void sockaddr_set_port(struct sockaddr_any *addr, uint16_t port);

#endif
