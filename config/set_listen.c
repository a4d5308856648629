/* listen: an address, and parameters that each have a row below. */
#include "config/scope.h"
#include "config/setters.h"
#include "config/values.h"

#define PORT_DEFAULT 80

struct parameter {
    const char *name;   /* ends in '=' when a value follows */
    const char *advice; /* why it is refused; NULL: it is read */
    /* Returns NULL, or what is wrong with the value. */
    const char *(*read)(struct listen_line *line, struct slice value);
    bool is_socket_option; /* may be given once for an address */
};

static const char *read_default(struct listen_line *line, struct slice value)
{
    (void)value;
    line->is_default = true;
    return NULL;
}

static const char *read_nothing(struct listen_line *line, struct slice value)
{
    (void)line;
    (void)value;
    return NULL;
}

static const char *read_deferred(struct listen_line *line, struct slice value)
{
    (void)value;
    line->socket.deferred = true;
    return line->socket.addr.u.sa.sa_family == AF_UNIX ? "not for a unix socket" : NULL;
}

static const char *read_positive(struct slice value, int *place)
{
    uint64_t number;
    const char *problem = value_number(value, &number);
    if (problem == NULL && (number == 0 || number > INT32_MAX)) {
        problem = "must be a positive number";
    }
    if (problem == NULL) {
        *place = (int)number;
    }
    return problem;
}

static const char *read_buffer(struct slice value, int *place)
{
    uint64_t size;
    const char *problem = value_size(value, &size);
    if (problem == NULL && (size == 0 || size > INT32_MAX)) {
        problem = "out of range";
    }
    if (problem == NULL) {
        *place = (int)size;
    }
    return problem;
}

static const char *read_backlog(struct listen_line *line, struct slice value)
{
    return read_positive(value, &line->socket.backlog);
}

static const char *read_fastopen(struct listen_line *line, struct slice value)
{
    return read_positive(value, &line->socket.fastopen);
}

static const char *read_rcvbuf(struct listen_line *line, struct slice value)
{
    return read_buffer(value, &line->socket.rcvbuf);
}

static const char *read_sndbuf(struct listen_line *line, struct slice value)
{
    return read_buffer(value, &line->socket.sndbuf);
}

static const char *read_ipv6only(struct listen_line *line, struct slice value)
{
    if (line->socket.addr.u.sa.sa_family != AF_INET6) {
        return "only for an IPv6 address";
    }
    return value_flag(value, &line->socket.ipv6only);
}

/* One of [idle]:[interval]:[count]; an empty one keeps the system's value. The times are
 * kept in seconds, as the socket option takes them. */
static const char *read_probe(struct slice part, bool is_time, int *place)
{
    if (part.len == 0) {
        return NULL;
    }
    if (!is_time) {
        return read_positive(part, place);
    }
    int64_t milliseconds;
    const char *problem = value_time(part, &milliseconds);
    if (problem == NULL && (milliseconds < 1000 || milliseconds / 1000 > INT16_MAX)) {
        problem = "out of range";
    }
    if (problem == NULL) {
        *place = (int)(milliseconds / 1000);
    }
    return problem;
}

static const char *read_probes(struct listen_socket *socket, struct slice value)
{
    int *const places[] = {&socket->keepidle, &socket->keepintvl, &socket->keepcnt};
    struct slice part;
    size_t count = 0;
    while (slice_split(&value, ':', &part)) {
        const char *problem =
            count < 3 ? read_probe(part, count < 2, places[count]) : "too many parts";
        if (problem != NULL) {
            return problem;
        }
        count++;
    }
    bool none = socket->keepidle == 0 && socket->keepintvl == 0 && socket->keepcnt == 0;
    return count < 3 || none ? "expected on, off or [idle]:[interval]:[count]" : NULL;
}

static const char *read_so_keepalive(struct listen_line *line, struct slice value)
{
    bool on;
    if (value_flag(value, &on) == NULL) {
        line->socket.so_keepalive = on ? SO_KEEPALIVE_ON : SO_KEEPALIVE_OFF;
        return NULL;
    }
    line->socket.so_keepalive = SO_KEEPALIVE_ON;
    return read_probes(&line->socket, value);
}

#define NO_TLS                                                                           \
    "end TLS in front of this server, with hitch, stunnel or haproxy, and listen here "  \
    "for plain HTTP"
#define NO_HTTP2                                                                         \
    "this server speaks HTTP/1.1; a proxy in front may speak HTTP/2 or 3 with clients"

static const struct parameter parameters[] = {
    {"default_server", NULL, read_default, false},
    {"default", NULL, read_default, false},
    {"bind", NULL, read_nothing, false},
    {"reuseport", NULL, read_nothing, false},
    {"deferred", NULL, read_deferred, true},
    {"backlog=", NULL, read_backlog, true},
    {"rcvbuf=", NULL, read_rcvbuf, true},
    {"sndbuf=", NULL, read_sndbuf, true},
    {"fastopen=", NULL, read_fastopen, true},
    {"ipv6only=", NULL, read_ipv6only, true},
    {"so_keepalive=", NULL, read_so_keepalive, true},
    {"ssl", NO_TLS, NULL, false},
    {"http2", NO_HTTP2, NULL, false},
    {"spdy", NO_HTTP2, NULL, false},
    {"quic", NO_HTTP2, NULL, false},
    {"proxy_protocol", "the PROXY protocol is not supported yet", NULL, false},
    {"multipath", "Multipath TCP is not supported", NULL, false},
    {"setfib=", "routing tables are FreeBSD's; leave it out", NULL, false},
    {"accept_filter=", "accept filters are FreeBSD's; \"deferred\" is like them", NULL,
     false},
};

static const struct parameter *find_parameter(struct slice text)
{
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        struct slice name = slice_str(parameters[i].name);
        bool takes_value = name.ptr[name.len - 1] == '=';
        if (takes_value ? slice_starts(text, name) : slice_eq(text, name)) {
            return &parameters[i];
        }
    }
    return NULL;
}

static bool read_parameter(struct build *build, const struct directive *row,
                           const struct word *word, struct listen_line *line)
{
    const struct parameter *parameter = find_parameter(word->text);
    if (parameter == NULL) {
        return build_refuse(build, row, word, "unknown parameter");
    }
    if (parameter->advice != NULL) {
        diag_error(build->diag, word->at, parameter->advice,
                   "\"listen\" does not support \"%.*s\"", SLICE_ARG(word->text));
        return false;
    }
    struct slice value = slice_from(word->text, strlen(parameter->name));
    const char *problem = parameter->read(line, value);
    line->has_options = line->has_options || parameter->is_socket_option;
    if (slice_eq(word->text, slice_str("reuseport")) &&
        build_first_time(build, "listen reuseport")) {
        diag_warn(build->diag, word->at,
                  "all workers share one socket: a worker that dies takes no waiting "
                  "connection with it",
                  "\"reuseport\" has no effect");
    }
    return problem == NULL || build_refuse(build, row, word, problem);
}

static bool is_relative(const struct sockaddr_any *addr)
{
    return addr->u.sa.sa_family == AF_UNIX && addr->u.un.sun_path[0] != '/';
}

bool set_listen(struct build *build, const struct directive *row,
                const struct statement *statement, void *target)
{
    (void)target;
    struct listen_line line = {.at = statement->name.at};
    line.socket.at = line.at;
    line.socket.ipv6only = true;
    line.socket.backlog = BACKLOG_DEFAULT;
    const char *problem =
        sockaddr_parse(&line.socket.addr, statement->args[0].text, PORT_DEFAULT);
    if (problem == NULL && is_relative(&line.socket.addr)) {
        problem = "the path of a unix socket begins with \"/\"";
    }
    if (problem != NULL) {
        return build_refuse(build, row, &statement->args[0], problem);
    }
    bool ok = true;
    for (size_t i = 1; i < statement->arg_count; i++) {
        ok = read_parameter(build, row, &statement->args[i], &line) && ok;
    }
    if (ok) {
        struct listen_line *slot =
            array_push(&build->scope->draft->listens, build->scratch);
        *slot = line;
    }
    return ok;
}
