#include "server/listen_inherit.h"
#include "common/fdutil.h"
#include "common/log.h"
#include "common/xalloc.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_FD 3

static int read_option(int fd, int level, int name)
{
    int value = 0;
    socklen_t len = sizeof(value);
    return getsockopt(fd, level, name, &value, &len) < 0 ? 0 : value;
}

/* NULL when the descriptor is what it should be. */
static const char *judge(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0) {
        return "is not open";
    }
    if (!S_ISSOCK(st.st_mode)) {
        return "is no socket";
    }
    if (read_option(fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM) {
        return "is no stream socket";
    }
    if (read_option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 0) {
        return "is a socket that does not listen";
    }
    return NULL;
}

static bool read_address(int fd, struct sockaddr_any *out)
{
    *out = (struct sockaddr_any){.len = sizeof(out->u)};
    if (getsockname(fd, &out->u.sa, &out->len) < 0) {
        return false;
    }
    sa_family_t family = out->u.sa.sa_family;
    return family == AF_INET || family == AF_INET6 || family == AF_UNIX;
}

const char *listen_inherit_add(struct inheritance *all, int fd)
{
    struct inherited_socket made = {.fd = fd, .ipv6only = true, .lent = true};
    const char *problem = judge(fd);
    if (problem != NULL) {
        return problem;
    }
    if (!read_address(fd, &made.addr)) {
        return "is a socket of an unknown address family";
    }
    if (made.addr.u.sa.sa_family == AF_INET6) {
        made.ipv6only = read_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) != 0;
    }
    if (fd_set_cloexec(fd, true) < 0 || fd_set_nonblock(fd, true) < 0) {
        return strerror(errno);
    }
    all->items = xrealloc(all->items, (all->count + 1) * sizeof(made));
    all->items[all->count++] = made;
    return NULL;
}

/* A whole number without a sign; -1 for anything else. */
static long read_number(const char *text)
{
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9') {
        return -1;
    }
    errno = 0;
    long number = strtol(text, &end, 10);
    return *end == '\0' && errno == 0 && number <= INT_MAX - FIRST_FD ? number : -1;
}

static bool add_announced(struct inheritance *all, const char *announced)
{
    long count = read_number(announced);
    if (count < 0) {
        log_write(NULL, LOG_LEVEL_EMERG, "LISTEN_FDS is \"%s\", which is no number",
                  announced);
        return false;
    }
    for (int fd = FIRST_FD; fd < FIRST_FD + count; fd++) {
        const char *problem = listen_inherit_add(all, fd);
        if (problem != NULL) {
            log_write(NULL, LOG_LEVEL_EMERG,
                      "descriptor %d, which LISTEN_FDS=%ld announces, %s", fd, count,
                      problem);
            return false;
        }
    }
    return true;
}

bool listen_inherit_activated(struct inheritance *all)
{
    static const char *const names[] = {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"};
    const char *announced = getenv(names[0]);
    bool ours = announced != NULL && read_number(getenv(names[1])) == getpid();
    bool added = !ours || add_announced(all, announced);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unsetenv(names[i]);
    }
    return added;
}

/* A unix socket is bound beside its path and renamed: it does not know its address. */
static const char *add_handed(struct inheritance *all, struct slice text)
{
    struct slice number, address = text;
    uint64_t fd;
    struct sockaddr_any addr;
    slice_split(&address, '=', &number);
    bool lent = slice_starts(address, SLICE("lent:"));
    address = slice_from(address, lent ? 5 : 0);
    if (!slice_to_u64(number, &fd) || fd > INT_MAX ||
        sockaddr_parse(&addr, address, 0) != NULL) {
        return "makes no sense";
    }
    const char *problem = listen_inherit_add(all, (int)fd);
    if (problem != NULL) {
        return problem;
    }
    struct inherited_socket *made = &all->items[all->count - 1];
    made->lent = lent;
    if (addr.u.sa.sa_family == AF_UNIX) {
        made->addr = addr;
    }
    return sockaddr_eq(&made->addr, &addr) ? NULL : "has another address";
}

bool listen_inherit_handed(struct inheritance *all, const char *list)
{
    struct slice rest = slice_str(list);
    struct slice text;
    while (slice_split(&rest, ';', &text)) {
        const char *problem = text.len == 0 ? NULL : add_handed(all, text);
        if (problem != NULL) {
            log_write(NULL, LOG_LEVEL_EMERG, "the listening socket \"%.*s\" %s",
                      SLICE_ARG(text), problem);
            return false;
        }
    }
    return true;
}

struct inherited_socket *listen_inherit_find(const struct inheritance *all,
                                             const struct sockaddr_any *addr)
{
    for (size_t i = 0; i < all->count; i++) {
        if (!all->items[i].taken && sockaddr_eq(&all->items[i].addr, addr)) {
            return &all->items[i];
        }
    }
    return NULL;
}

void listen_inherit_give_back(const struct inheritance *all, int fd)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i].fd == fd) {
            all->items[i].taken = false;
        }
    }
}

bool listen_inherit_covers(const struct inheritance *all, const struct sockaddr_any *addr)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct inherited_socket *each = &all->items[i];
        if (!each->taken && !each->ipv6only && sockaddr_is_wildcard(&each->addr) &&
            addr->u.sa.sa_family == AF_INET &&
            sockaddr_port(&each->addr) == sockaddr_port(addr)) {
            return true;
        }
    }
    return false;
}

void listen_inherit_close_rest(struct inheritance *all)
{
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct inherited_socket *each = &all->items[i];
        if (each->taken) {
            all->items[kept++] = *each;
            continue;
        }
        char text[SOCKADDR_TEXT_MAX];
        log_write(NULL, LOG_LEVEL_WARN,
                  "no \"listen\" is for %.*s, which came as descriptor %d: closed",
                  SLICE_ARG(sockaddr_format(&each->addr, true, text)), each->fd);
        fd_close(each->fd);
    }
    all->count = kept;
}

void listen_inherit_clear(struct inheritance *all)
{
    for (size_t i = 0; i < all->count; i++) {
        fd_close(all->items[i].fd);
    }
    free(all->items);
    *all = (struct inheritance){0};
}
