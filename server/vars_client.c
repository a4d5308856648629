#include "server/vars_client.h"
#include "common/clock.h"
#include "server/vars_text.h"
#include <limits.h>
#include <unistd.h>

struct slice vars_connection(struct request *request)
{
    return vars_number(request, request->client->number);
}

struct slice vars_connection_requests(struct request *request)
{
    return vars_number(request, request->ordinal);
}

struct slice vars_connection_time(struct request *request)
{
    return vars_seconds(request, clock_now_ms() - request->client->accepted_ms);
}

struct slice vars_pipe(struct request *request)
{
    return request->pipelined ? SLICE("p") : SLICE(".");
}

struct slice vars_remote_addr(struct request *request)
{
    return request->peer;
}

struct slice vars_remote_port(struct request *request)
{
    const struct client *client = request->client;
    switch (client->peer.sa.sa_family) {
    case AF_INET:
        return vars_number(request, ntohs(client->peer.in.sin_port));
    case AF_INET6:
        return vars_number(request, ntohs(client->peer.in6.sin6_port));
    default:
        return SLICE_NULL;
    }
}

/* The address that the client connected to; where the socket cannot tell, the one that is
 * listened on. */
static struct sockaddr_any local_address(const struct request *request)
{
    struct sockaddr_any addr = {.len = sizeof(addr.u)};
    if (getsockname(request->client->socket, &addr.u.sa, &addr.len) != 0) {
        return request->client->address->addr;
    }
    return addr;
}

struct slice vars_server_addr(struct request *request)
{
    char text[SOCKADDR_TEXT_MAX];
    struct sockaddr_any addr = local_address(request);
    return arena_slice(request->arena, sockaddr_format(&addr, false, text));
}

struct slice vars_server_port(struct request *request)
{
    uint16_t port = sockaddr_port(&request->client->address->addr);
    return port != 0 ? vars_number(request, port) : SLICE_NULL;
}

struct slice vars_server_name(struct request *request)
{
    return request->server->name;
}

struct slice vars_scheme(struct request *request)
{
    (void)request;
    return SLICE("http");
}

/* "on" behind TLS, of which this server knows nothing. */
struct slice vars_https(struct request *request)
{
    (void)request;
    return SLICE("");
}

struct slice vars_hostname(struct request *request)
{
    char name[HOST_NAME_MAX + 1] = "";
    if (gethostname(name, sizeof(name) - 1) != 0) {
        return SLICE_NULL;
    }
    return arena_slice(request->arena, slice_str(name));
}

struct slice vars_pid(struct request *request)
{
    return vars_number(request, (uint64_t)getpid());
}

struct slice vars_msec(struct request *request)
{
    const struct timespec *now = clock_wall();
    return vars_seconds(request, now->tv_sec * INT64_C(1000) + now->tv_nsec / NS_PER_MS);
}

struct slice vars_time_iso8601(struct request *request)
{
    (void)request;
    return clock_iso8601();
}

struct slice vars_time_local(struct request *request)
{
    (void)request;
    return clock_access_log();
}
