#include "server/listeners.h"
#include "common/fdutil.h"
#include "common/xalloc.h"
#include "server/listen_holder.h"
#include "server/listen_open.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct listener *find(const struct listeners *all, const struct sockaddr_any *addr)
{
    for (size_t i = 0; i < all->count; i++) {
        if (sockaddr_eq(&all->items[i]->addr, addr)) {
            return all->items[i];
        }
    }
    return NULL;
}

static void report(const struct listeners *all, const struct listen_socket *socket,
                   const struct listen_problem *problem, struct diagnostics *diag)
{
    char text[SOCKADDR_TEXT_MAX];
    struct slice address = sockaddr_format(&socket->addr, true, text);
    if (problem->doing == NULL) {
        diag_error(diag, socket->at, NULL, "cannot listen on %.*s: %s",
                   SLICE_ARG(address), problem->text);
        return;
    }
    char holder[HOLDER_TEXT_MAX];
    bool known =
        problem->error == EADDRINUSE && listen_holder_find(&socket->addr, holder);
    const char *help = NULL;
    if (listen_inherit_covers(&all->inherited, &socket->addr)) {
        help = "the socket of [::] that came with the process takes IPv4 as well: listen "
               "on that address, with ipv6only=off";
    }
    diag_error(diag, socket->at, help, "%s to %.*s failed (%d: %s)%s%s", problem->doing,
               SLICE_ARG(address), problem->error, strerror(problem->error),
               known ? ", held by " : "", known ? holder : "");
}

/* Sockets of ours on the port, which a new one can be bound beside: a wildcard that
 * becomes one address, or the other way round. Returns whether there are any. */
static bool share_port(const struct listeners *all, const struct sockaddr_any *addr,
                       bool on)
{
    bool found = false;
    uint16_t port = sockaddr_port(addr);
    for (size_t i = 0; i < all->count; i++) {
        if (port != 0 && sockaddr_port(&all->items[i]->addr) == port) {
            listen_share_port(all->items[i]->fd, on);
            found = true;
        }
    }
    return found;
}

static bool open_beside(const struct listeners *all, struct listener *made,
                        const struct listen_socket *socket,
                        struct listen_problem *problem)
{
    if (listen_open(made, socket, false, problem)) {
        return true;
    }
    if (problem->error != EADDRINUSE || !share_port(all, &socket->addr, true)) {
        return false;
    }
    bool opened = listen_open(made, socket, true, problem);
    share_port(all, &socket->addr, false);
    return opened;
}

/* Its options are those of the directive from now on. */
static bool adopt(struct inherited_socket *came, struct listener *made,
                  const struct listen_socket *socket, struct diagnostics *diag)
{
    if (came->addr.u.sa.sa_family == AF_INET6 && came->ipv6only != socket->ipv6only) {
        char text[SOCKADDR_TEXT_MAX];
        diag_error(diag, socket->at, NULL,
                   "%.*s came with the process and is ipv6only=%s: say so here",
                   SLICE_ARG(sockaddr_format(&came->addr, true, text)),
                   came->ipv6only ? "on" : "off");
        return false;
    }
    came->taken = true;
    listen_adjust(came->fd, socket);
    *made = (struct listener){.addr = socket->addr,
                              .fd = came->fd,
                              .ipv6only = socket->ipv6only,
                              .lent = came->lent};
    if (!came->lent) {
        came->fd = -1; /* this one's alone, as if it had been bound here */
        listen_remember_path(made);
    }
    return true;
}

static bool inherit_or_open(const struct listeners *all, struct listener *made,
                            const struct listen_socket *socket, struct diagnostics *diag)
{
    struct inherited_socket *came = listen_inherit_find(&all->inherited, &socket->addr);
    if (came != NULL) {
        return adopt(came, made, socket, diag);
    }
    struct listen_problem problem;
    bool opened = open_beside(all, made, socket, &problem);
    if (!opened) {
        report(all, socket, &problem, diag);
    }
    return opened;
}

static struct listener *add(struct listeners *all, const struct listen_socket *socket,
                            struct diagnostics *diag)
{
    struct listener made;
    if (!inherit_or_open(all, &made, socket, diag)) {
        return NULL;
    }
    struct listener *listener = xmalloc(sizeof(*listener));
    *listener = made;
    all->items = xrealloc(all->items, (all->count + 1) * sizeof(struct listener *));
    all->items[all->count++] = listener;
    return listener;
}

static struct listener *hold(struct listeners *all, const struct listen_socket *socket,
                             struct diagnostics *diag)
{
    struct listener *listener = find(all, &socket->addr);
    if (listener == NULL) {
        listener = add(all, socket, diag);
    } else if (listener->ipv6only != socket->ipv6only) {
        diag_error(diag, socket->at, NULL,
                   "ipv6only of a listening socket cannot change in a reload: restart");
        return NULL;
    }
    return listener;
}

static void let_go(const struct listeners *all, const struct listener *listener)
{
    if (listener->lent) {
        listen_inherit_give_back(&all->inherited, listener->fd);
        return;
    }
    if (!all->handed_over) {
        listen_unlink(listener);
    }
    fd_close(listener->fd);
}

static void drop(struct listeners *all, struct listener *listener)
{
    if (--listener->users != 0) {
        return;
    }
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i] == listener) {
            all->items[i] = all->items[--all->count];
        }
    }
    let_go(all, listener);
    free(listener);
}

bool listeners_hold(struct listeners *all, const struct config *config, int *fds,
                    struct diagnostics *diag)
{
    bool ok = true;
    size_t held = 0;
    for (; ok && held < config->socket_count; held += ok) {
        struct listener *listener = hold(all, config->sockets[held], diag);
        ok = listener != NULL;
        if (ok) {
            listener->users++;
            fds[held] = listener->fd;
        }
    }
    while (!ok && held-- > 0) {
        drop(all, find(all, &config->sockets[held]->addr));
    }
    return ok;
}

void listeners_adjust(const struct listeners *all, const struct config *config)
{
    for (size_t i = 0; i < config->socket_count; i++) {
        const struct listen_socket *socket = config->sockets[i];
        listen_adjust(find(all, &socket->addr)->fd, socket);
    }
}

void listeners_release(struct listeners *all, const struct config *config)
{
    for (size_t i = 0; i < config->socket_count; i++) {
        struct listener *listener = find(all, &config->sockets[i]->addr);
        if (listener != NULL) {
            drop(all, listener);
        }
    }
}

static bool listens_on(const struct config *config, const struct sockaddr_any *addr)
{
    for (size_t i = 0; config != NULL && i < config->socket_count; i++) {
        if (sockaddr_eq(&config->sockets[i]->addr, addr)) {
            return true;
        }
    }
    return false;
}

bool listeners_shut(const struct listeners *all, const struct config *config,
                    const struct config *next)
{
    bool any = false;
    for (size_t i = 0; !all->handed_over && i < config->socket_count; i++) {
        struct listener *listener = find(all, &config->sockets[i]->addr);
        if (listener != NULL && !listens_on(next, &listener->addr)) {
            listen_shut(listener);
            any = true;
        }
    }
    return any;
}

void listeners_list(const struct listeners *all, struct buf *out)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct listener *listener = all->items[i];
        char text[SOCKADDR_TEXT_MAX];
        fd_set_cloexec(listener->fd, false);
        buf_printf(out, "%s%d=%s%.*s", i == 0 ? "" : ";", listener->fd,
                   listener->lent ? "lent:" : "",
                   SLICE_ARG(sockaddr_format(&listener->addr, true, text)));
    }
}

void listeners_hand_over(struct listeners *all, bool handed_over)
{
    all->handed_over = handed_over;
}

void listeners_clear(struct listeners *all)
{
    for (size_t i = 0; i < all->count; i++) {
        let_go(all, all->items[i]);
        free(all->items[i]);
    }
    listen_inherit_clear(&all->inherited);
    free(all->items);
    *all = (struct listeners){0};
}
