#include "config/listeners.h"

#define PORT_PRIVILEGED   80
#define PORT_UNPRIVILEGED 8080

/* An address:port and what the lines of all servers say of it. */
struct listener {
    char text[SOCKADDR_TEXT_MAX];
    struct listen_address *address;
    struct listen_socket options;           /* of the line that gives any */
    const struct listen_line *options_from; /* NULL: none does */
    const struct listen_line *default_from; /* NULL: none does, the first server is it */
    const struct server *last_server;       /* that listens here */
    struct listener *home; /* whose socket it uses; itself, or a wildcard */
    struct array guests;   /* struct listen_address *, of a wildcard */
    struct listener *next;
};

struct listeners {
    struct listener *first;
    struct listener **end;
    struct hash by_text;
};

/* --- one line of a server ----------------------------------------------------------- */

static struct listener *find_or_add(struct build *build, struct listeners *all,
                                    const struct listen_line *line)
{
    char text[SOCKADDR_TEXT_MAX];
    struct slice key = sockaddr_format(&line->socket.addr, true, text);
    struct listener *listener = hash_get(&all->by_text, key);
    if (listener != NULL) {
        return listener;
    }
    listener = arena_zero(build->scratch, sizeof *listener);
    memcpy(listener->text, text, sizeof text);
    listener->options = line->socket;
    listener->guests = ARRAY_OF(struct listen_address *);
    listener->address = arena_zero(build->arena, sizeof *listener->address);
    listener->address->addr = line->socket.addr;
    listener->address->at = line->at;
    names_init(&listener->address->names, build->arena);
    hash_put(&all->by_text, slice_of(listener->text, key.len), listener);
    *all->end = listener;
    all->end = &listener->next;
    return listener;
}

static const char *see(struct build *build, struct position at)
{
    return arena_printf(build->scratch, "the first is at %s", build_label(build, at));
}

static void take_options(struct build *build, struct listener *listener,
                         const struct listen_line *line)
{
    if (!line->has_options) {
        return;
    }
    if (listener->options_from != NULL) {
        diag_error(build->diag, line->at, see(build, listener->options_from->at),
                   "duplicate listen options for %s", listener->text);
        return;
    }
    listener->options_from = line;
    listener->options = line->socket;
}

static void take_default(struct build *build, struct listener *listener,
                         const struct listen_line *line, struct server *server)
{
    listener->address->several = listener->address->default_server != NULL;
    if (!listener->address->several) {
        listener->address->default_server = server;
    }
    if (!line->is_default) {
        return;
    }
    if (listener->default_from != NULL) {
        diag_error(build->diag, line->at, see(build, listener->default_from->at),
                   "a duplicate default server for %s", listener->text);
        return;
    }
    listener->default_from = line;
    listener->address->default_server = server;
}

static void take_names(struct build *build, struct listener *listener,
                       const struct server_draft *draft)
{
    ARRAY_EACH(const struct word, name, &draft->names)
    {
        const struct server *holder =
            names_add(&listener->address->names, name->text, draft->server);
        if (holder == NULL) {
            continue;
        }
        const char *help =
            arena_printf(build->scratch, "requests for it go to the server at %s",
                         holder->fallback->label);
        diag_warn(build->diag, name->at, help,
                  "conflicting server name \"%.*s\" on %s, ignored",
                  SLICE_ARG(name->text), listener->text);
    }
}

static void take_line(struct build *build, struct listeners *all,
                      const struct listen_line *line, const struct server_draft *draft)
{
    struct listener *listener = find_or_add(build, all, line);
    if (listener->last_server == draft->server) {
        diag_error(build->diag, line->at, NULL, "a duplicate listen %s", listener->text);
        return;
    }
    listener->last_server = draft->server;
    take_options(build, listener, line);
    take_default(build, listener, line, draft->server);
    take_names(build, listener, draft);
}

static struct listen_line default_line(const struct build *build, struct position at)
{
    struct listen_line line = {.at = at};
    struct sockaddr_in *in = &line.socket.addr.u.in;
    in->sin_family = AF_INET;
    line.socket.addr.len = sizeof *in;
    sockaddr_set_port(&line.socket.addr,
                      build->source->privileged ? PORT_PRIVILEGED : PORT_UNPRIVILEGED);
    line.socket.at = at;
    line.socket.backlog = BACKLOG_DEFAULT;
    line.socket.ipv6only = true;
    return line;
}

/* A server without a name answers to the empty one, one without `listen` on the default
 * port. */
static void complete(struct build *build, struct server_draft *draft)
{
    struct server *server = draft->server;
    if (draft->names.count == 0) {
        struct word *name = array_push(&draft->names, build->scratch);
        name->text = slice_str("");
        name->at = server->at;
    }
    server->name = ((struct word *)array_at(&draft->names, 0))->text;
    if (slice_starts(server->name, slice_str("."))) {
        server->name = slice_from(server->name, 1);
    }
    if (draft->listens.count == 0) {
        struct listen_line *line = array_push(&draft->listens, build->scratch);
        *line = default_line(build, server->at);
    }
}

static void take_server(struct build *build, struct listeners *all,
                        struct server_draft *draft)
{
    complete(build, draft);
    ARRAY_EACH(const struct listen_line, line, &draft->listens)
    {
        take_line(build, all, line, draft);
    }
}

/* --- sockets ------------------------------------------------------------------------ */

/* The listener of the wildcard address of a family on the port of another, or NULL. */
static struct listener *find_wildcard(const struct listeners *all, sa_family_t family,
                                      const struct sockaddr_any *addr)
{
    struct sockaddr_any wildcard = {0};
    wildcard.u.sa.sa_family = family;
    wildcard.len =
        family == AF_INET ? sizeof wildcard.u.in : (socklen_t)sizeof wildcard.u.in6;
    sockaddr_set_port(&wildcard, sockaddr_port(addr));
    char text[SOCKADDR_TEXT_MAX];
    return hash_get(&all->by_text, sockaddr_format(&wildcard, true, text));
}

/* "[::]" with ipv6only=off takes IPv4 connections too. */
static struct listener *find_dual(const struct listeners *all,
                                  const struct sockaddr_any *addr)
{
    struct listener *dual = find_wildcard(all, AF_INET6, addr);
    return dual != NULL && !dual->options.ipv6only ? dual : NULL;
}

static struct listener *find_home(const struct listeners *all, struct listener *listener)
{
    const struct sockaddr_any *addr = &listener->address->addr;
    sa_family_t family = addr->u.sa.sa_family;
    if (family == AF_UNIX || sockaddr_is_wildcard(addr)) {
        return listener;
    }
    struct listener *home = find_wildcard(all, family, addr);
    if (home == NULL && family == AF_INET) {
        home = find_dual(all, addr);
    }
    return home != NULL ? home : listener;
}

static void check_dual(struct build *build, const struct listeners *all,
                       const struct listener *listener)
{
    const struct sockaddr_any *addr = &listener->address->addr;
    if (addr->u.sa.sa_family != AF_INET || !sockaddr_is_wildcard(addr)) {
        return;
    }
    const struct listener *dual = find_dual(all, addr);
    if (dual != NULL) {
        const char *help =
            arena_printf(build->scratch, "leave out this one, or ipv6only=off at %s",
                         build_label(build, dual->address->at));
        diag_error(build->diag, listener->address->at, help,
                   "%s is listened on by %s ipv6only=off already", listener->text,
                   dual->text);
    }
}

static void warn_of_options(struct build *build, const struct listener *listener)
{
    if (listener->options_from != NULL) {
        const char *help = arena_printf(build->scratch, "give them to the line at %s",
                                        build_label(build, listener->home->address->at));
        diag_warn(build->diag, listener->options_from->at, help,
                  "the socket options of %s have no effect: %s takes its connections",
                  listener->text, listener->home->text);
    }
}

static void choose_homes(struct build *build, const struct listeners *all)
{
    for (struct listener *each = all->first; each != NULL; each = each->next) {
        each->home = find_home(all, each);
        if (each->home == each) {
            check_dual(build, all, each);
            continue;
        }
        warn_of_options(build, each);
        struct listen_address **guest = array_push(&each->home->guests, build->scratch);
        *guest = each->address;
    }
}

static struct listen_socket *create_socket(struct build *build,
                                           const struct listener *listener)
{
    struct listen_socket *socket = arena_zero(build->arena, sizeof *socket);
    *socket = listener->options;
    socket->address_count = listener->guests.count + 1;
    socket->addresses = build_extend(build, listener->guests.items,
                                     listener->guests.count, sizeof *socket->addresses);
    socket->addresses[listener->guests.count] = listener->address;
    return socket;
}

static void create_sockets(struct build *build, const struct listeners *all)
{
    struct array sockets = ARRAY_OF(struct listen_socket *);
    for (const struct listener *each = all->first; each != NULL; each = each->next) {
        if (each->home == each) {
            struct listen_socket **slot = array_push(&sockets, build->arena);
            *slot = create_socket(build, each);
        }
    }
    build->config->sockets = sockets.items;
    build->config->socket_count = sockets.count;
}

void listeners_build(struct build *build)
{
    struct listeners all = {0};
    all.end = &all.first;
    hash_init(&all.by_text, build->scratch);
    for (struct server_draft *draft = build->drafts; draft != NULL; draft = draft->next) {
        take_server(build, &all, draft);
    }
    choose_homes(build, &all);
    create_sockets(build, &all);
}
