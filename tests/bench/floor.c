/*
 * floor PORT keep|close [PROCESSES CONNECTIONS] - the least that a server can do which
 * uses these calls: one recv and one send a request, and its share of an epoll_wait;
 * with "close", an accept4 and a close besides. The yardstick of scripts/bench. It does
 * not read a request, knows no file and logs nothing: whatever arrives is answered with
 * the bytes that our server sends for a file of 1 KiB. Processes share that many
 * connections equally.
 */
#include <arpa/inet.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY 1024

static const char head[] = "HTTP/1.1 200 OK\r\n"
                           "Date: Thu, 26 Nov 2026 11:22:24 GMT\r\n"
                           "Server: tinyhttpd/0.1.0\r\n"
                           "Content-Type: text/plain\r\n"
                           "Content-Length: 1024\r\n"
                           "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\n";
static const char close_field[] = "Connection: close\r\n";
static const char rest[] = "ETag: \"aac511-400-17979cfe362a0000\"\r\n"
                           "Accept-Ranges: bytes\r\n\r\n";

static char answer[sizeof(head) + sizeof(close_field) + sizeof(rest) + BODY];
static size_t answer_len;
static char bytes[16384];

/* One process. At its share of connections it leaves the listener to the others. */
static struct {
    int epoll, listener;
    int held, share;
    bool closes; /* after each answer */
} self;

static int fail(const char *what)
{
    perror(what);
    return 1;
}

static void add(const char *text, size_t len)
{
    memcpy(answer + answer_len, text, len);
    answer_len += len;
}

static void compose(void)
{
    add(head, sizeof(head) - 1);
    if (self.closes) {
        add(close_field, sizeof(close_field) - 1);
    }
    add(rest, sizeof(rest) - 1);
    memset(answer + answer_len, 'x', BODY);
    answer_len += BODY;
}

static int listen_on(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((in_port_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    bool bound = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    return bound && listen(fd, 511) == 0 ? fd : -1;
}

static void watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(self.epoll, EPOLL_CTL_ADD, fd, &event);
}

static void drop(int fd)
{
    close(fd);
    if (self.held-- == self.share) {
        watch(self.listener);
    }
}

/* False: the connection is to be closed. */
static bool serve(int fd)
{
    return recv(fd, bytes, sizeof(bytes), 0) > 0 &&
           send(fd, answer, answer_len, MSG_NOSIGNAL) > 0 && !self.closes;
}

static void take_one(void)
{
    int fd = accept4(self.listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) {
        return;
    }
    watch(fd);
    if (++self.held == self.share) {
        epoll_ctl(self.epoll, EPOLL_CTL_DEL, self.listener, NULL);
    }
}

static int run(void)
{
    self.epoll = epoll_create1(0);
    if (self.epoll < 0) {
        return fail("epoll_create1");
    }
    watch(self.listener);
    for (;;) {
        struct epoll_event events[256];
        int count = epoll_wait(self.epoll, events, 256, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == self.listener) {
                take_one();
            } else if (!serve(fd)) {
                drop(fd);
            }
        }
    }
}

/* The caller, and as many children as it takes. */
static bool spawn(int processes, int connections)
{
    self.share = (connections + processes - 1) / processes;
    for (int i = 1; i < processes; i++) {
        pid_t pid = fork();
        if (pid <= 0) {
            return pid == 0;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    self.listener = listen_on(argc > 1 ? atoi(argv[1]) : 8080);
    self.share = INT_MAX;
    self.closes = argc > 2 && strcmp(argv[2], "close") == 0;
    if (self.listener < 0) {
        return fail("listen");
    }
    compose();
    int processes = argc > 4 ? atoi(argv[3]) : 1;
    if (processes > 1 && !spawn(processes, atoi(argv[4]))) {
        return fail("fork");
    }
    return run();
}
