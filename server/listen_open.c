#include "server/listen_open.h"
#include "common/fdutil.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIX_MODE     0666
#define DEFER_SECONDS 5
#define IS_UNIX(addr) ((addr)->u.sa.sa_family == AF_UNIX)

static bool fail(struct listen_problem *problem, const char *doing)
{
    problem->doing = doing;
    problem->error = errno;
    return false;
}

static void set_option(int fd, int level, int name, int value)
{
    setsockopt(fd, level, name, &value, sizeof(value));
}

static void set_unless_zero(int fd, int level, int name, int value)
{
    if (value != 0) {
        set_option(fd, level, name, value);
    }
}

/* Accepted sockets inherit these: set once here instead of once a connection. */
static void set_tcp_options(int fd, const struct listen_socket *socket)
{
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, socket->deferred ? DEFER_SECONDS : 0);
    set_unless_zero(fd, IPPROTO_TCP, TCP_FASTOPEN, socket->fastopen);
    if (socket->so_keepalive != SO_KEEPALIVE_DEFAULT) {
        set_option(fd, SOL_SOCKET, SO_KEEPALIVE, socket->so_keepalive == SO_KEEPALIVE_ON);
    }
    set_unless_zero(fd, IPPROTO_TCP, TCP_KEEPIDLE, socket->keepidle);
    set_unless_zero(fd, IPPROTO_TCP, TCP_KEEPINTVL, socket->keepintvl);
    set_unless_zero(fd, IPPROTO_TCP, TCP_KEEPCNT, socket->keepcnt);
}

static void set_options(int fd, const struct listen_socket *socket)
{
    set_unless_zero(fd, SOL_SOCKET, SO_RCVBUF, socket->rcvbuf);
    set_unless_zero(fd, SOL_SOCKET, SO_SNDBUF, socket->sndbuf);
    if (!IS_UNIX(&socket->addr)) {
        set_tcp_options(fd, socket);
    }
}

void listen_adjust(int fd, const struct listen_socket *socket)
{
    set_options(fd, socket);
    listen(fd, socket->backlog);
}

void listen_share_port(int fd, bool on)
{
    set_option(fd, SOL_SOCKET, SO_REUSEPORT, on);
}

/* What is at the path may be replaced when it is a socket that nobody answers on. */
static bool is_replaceable(const struct sockaddr_any *addr,
                           struct listen_problem *problem)
{
    struct stat st;
    if (lstat(addr->u.un.sun_path, &st) < 0) {
        return errno == ENOENT || fail(problem, "stat()");
    }
    if (!S_ISSOCK(st.st_mode)) {
        snprintf(problem->text, sizeof(problem->text),
                 "the path is there and is not a socket");
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return fail(problem, "socket()");
    }
    bool stale = connect(fd, &addr->u.sa, addr->len) < 0 && errno == ECONNREFUSED;
    fd_close(fd);
    if (!stale) {
        errno = EADDRINUSE;
        return fail(problem, "bind()");
    }
    return true;
}

/* Binds beside the path, readies the socket, and moves it there. */
static bool bind_unix(int fd, const struct listen_socket *socket,
                      struct listener *listener, struct listen_problem *problem)
{
    if (!is_replaceable(&socket->addr, problem)) {
        return false;
    }
    const char *path = socket->addr.u.un.sun_path;
    struct sockaddr_any beside = {.u.un.sun_family = AF_UNIX};
    int len = snprintf(beside.u.un.sun_path, sizeof(beside.u.un.sun_path), "%.95s.%ld",
                       path, (long)getpid());
    beside.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len + 1);
    unlink(beside.u.un.sun_path); /* left by a process of the same number that crashed */
    if (bind(fd, &beside.u.sa, beside.len) < 0) {
        return fail(problem, "bind()");
    }
    if (chmod(beside.u.un.sun_path, UNIX_MODE) < 0 || listen(fd, socket->backlog) < 0 ||
        !file_id_read(beside.u.un.sun_path, &listener->id) ||
        rename(beside.u.un.sun_path, path) < 0) {
        fail(problem, "bind()");
        unlink(beside.u.un.sun_path);
        return false;
    }
    return true;
}

static bool bind_inet(int fd, const struct listen_socket *socket, bool share_port,
                      struct listen_problem *problem)
{
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (socket->addr.u.sa.sa_family == AF_INET6) {
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, socket->ipv6only);
    }
    if (share_port) {
        listen_share_port(fd, true);
    }
    if (bind(fd, &socket->addr.u.sa, socket->addr.len) < 0) {
        return fail(problem, "bind()");
    }
    if (listen(fd, socket->backlog) < 0) {
        return fail(problem, "listen()");
    }
    if (share_port) {
        listen_share_port(fd, false);
    }
    return true;
}

bool listen_open(struct listener *listener, const struct listen_socket *listen_socket,
                 bool share_port, struct listen_problem *problem)
{
    *problem = (struct listen_problem){0};
    struct listener made = {.addr = listen_socket->addr,
                            .ipv6only = listen_socket->ipv6only};
    made.fd = socket(listen_socket->addr.u.sa.sa_family,
                     SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made.fd < 0) {
        return fail(problem, "socket()");
    }
    set_options(made.fd, listen_socket);
    bool bound = IS_UNIX(&made.addr)
                     ? bind_unix(made.fd, listen_socket, &made, problem)
                     : bind_inet(made.fd, listen_socket, share_port, problem);
    if (!bound) {
        fd_close(made.fd);
        return false;
    }
    *listener = made;
    return true;
}

/* A socket filter as the kernel reads it; <linux/filter.h> is not everywhere. */
struct filter_step {
    uint16_t code;
    uint8_t if_true;
    uint8_t if_false;
    uint32_t value;
};
struct filter_program {
    unsigned short count;
    struct filter_step *steps;
};
#define FILTER_LOAD   0x30 /* BPF_LD | BPF_B | BPF_ABS: the byte at `value` */
#define FILTER_TEST   0x45 /* BPF_JMP | BPF_JSET | BPF_K: has it one of these bits? */
#define FILTER_RETURN 0x06 /* BPF_RET | BPF_K: keep `value` bytes of the packet */

/* RFC 9293, 3.1; a packet begins with this header here. */
#define TCP_FLAGS_AT 13
#define TCP_SYN      0x02

/* Keeps no byte of a SYN: a client that begins to connect gets no answer, tries again,
 * and finds the successor or a closed port. One that has begun can go on. */
void listen_shut(const struct listener *listener)
{
    if (listener->lent) {
        return; /* the filter would stay with the socket, for whoever has it next */
    }
    if (IS_UNIX(&listener->addr)) {
        listen_unlink(listener);
        return;
    }
    struct filter_step steps[] = {
        {.code = FILTER_LOAD, .value = TCP_FLAGS_AT},
        {.code = FILTER_TEST, .value = TCP_SYN, .if_false = 1},
        {.code = FILTER_RETURN, .value = 0},
        {.code = FILTER_RETURN, .value = UINT32_MAX},
    };
    struct filter_program program = {.count = sizeof(steps) / sizeof(steps[0]),
                                     .steps = steps};
    setsockopt(listener->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

void listen_remember_path(struct listener *listener)
{
    if (IS_UNIX(&listener->addr)) {
        file_id_read(listener->addr.u.un.sun_path, &listener->id);
    }
}

void listen_unlink(const struct listener *listener)
{
    if (IS_UNIX(&listener->addr)) {
        file_id_unlink(&listener->id, listener->addr.u.un.sun_path);
    }
}
