#include "tests/unit/config/load.h"

static const struct listen_socket *listen_on(const char *arguments)
{
    load_in_server(arena_printf(loading.arena, "listen %s;", arguments));
    return loading.config->sockets[0];
}

static const struct {
    const char *arguments;
    const char *address;
} addresses[] = {
    {"8081", "0.0.0.0:8081"},
    {"*:8081", "0.0.0.0:8081"},
    {"127.0.0.1", "127.0.0.1:80"},
    {"127.0.0.1:8081", "127.0.0.1:8081"},
    {"localhost:8081", "127.0.0.1:8081"},
    {"[::1]:8081", "[::1]:8081"},
    {"[::]:8081", "[::]:8081"},
    {"unix:/run/x.sock", "unix:/run/x.sock"},
};

START_TEST(reads_an_address)
{
    char text[SOCKADDR_TEXT_MAX];
    const struct listen_socket *socket = listen_on(addresses[_i].arguments);
    UNIT_SLICE_EQ(sockaddr_format(&socket->addr, true, text), addresses[_i].address);
}
END_TEST

START_TEST(reads_parameters)
{
    const struct listen_socket *socket =
        listen_on("[::]:1 default_server bind backlog=5 rcvbuf=8k sndbuf=16k deferred "
                  "ipv6only=off so_keepalive=30m::10 fastopen=3");
    ck_assert_int_eq(socket->backlog, 5);
    ck_assert_int_eq(socket->rcvbuf, 8192);
    ck_assert_int_eq(socket->sndbuf, 16384);
    ck_assert(socket->deferred);
    ck_assert(!socket->ipv6only);
    ck_assert_int_eq(socket->fastopen, 3);
    ck_assert_int_eq(socket->so_keepalive, SO_KEEPALIVE_ON);
    ck_assert_int_eq(socket->keepidle, 1800);
    ck_assert_int_eq(socket->keepintvl, 0);
    ck_assert_int_eq(socket->keepcnt, 10);
}
END_TEST

START_TEST(has_defaults)
{
    const struct listen_socket *socket = listen_on("1");
    ck_assert_int_eq(socket->backlog, 1024);
    ck_assert_int_eq(socket->rcvbuf, 0);
    ck_assert(!socket->deferred);
    ck_assert(socket->ipv6only);
    ck_assert_int_eq(socket->so_keepalive, SO_KEEPALIVE_DEFAULT);
}
END_TEST

START_TEST(keepalive_is_a_flag_too)
{
    ck_assert_int_eq(listen_on("1 so_keepalive=off")->so_keepalive, SO_KEEPALIVE_OFF);
    ck_assert_int_eq(listen_on("1 so_keepalive=on")->so_keepalive, SO_KEEPALIVE_ON);
}
END_TEST

START_TEST(reuseport_is_ignored_with_one_warning)
{
    load_warned("server { listen 1 reuseport; listen 2 reuseport; }", "\"reuseport\"");
    ck_assert_uint_eq(loading.diag.warnings, 1);
}
END_TEST

static const struct {
    const char *lines;
    const char *message;
} refusals[] = {
    {"listen 65536;", "invalid value \"65536\" for \"listen\""},
    {"listen no.such.host:80;", "invalid value \"no.such.host:80\""},
    {"listen unix:x.sock;", "begins with \"/\""},
    {"listen 1 ssl;", "does not support \"ssl\""},
    {"listen 1 ssl;", "end TLS in front"},
    {"listen 1 http2;", "speaks HTTP/1.1"},
    {"listen 1 quic;", "does not support \"quic\""},
    {"listen 1 proxy_protocol;", "not supported yet"},
    {"listen 1 setfib=1;", "FreeBSD"},
    {"listen 1 backlog=x;", "invalid value \"backlog=x\""},
    {"listen 1 backlog=0;", "must be a positive number"},
    {"listen 1 fastopen=0;", "must be a positive number"},
    {"listen 1 rcvbuf=0;", "out of range"},
    {"listen 1 sndbuf=4g;", "out of range"},
    {"listen 1 ipv6only=on;", "only for an IPv6 address"},
    {"listen [::]:1 ipv6only=1;", "invalid value \"ipv6only=1\""},
    {"listen unix:/x deferred;", "not for a unix socket"},
    {"listen 1 so_keepalive=::;", "expected on, off"},
    {"listen 1 so_keepalive=1:2;", "expected on, off"},
    {"listen 1 so_keepalive=1:2:3:4;", "too many parts"},
    {"listen 1 so_keepalive=1:2:0;", "must be a positive number"},
    {"listen 1 so_keepalive=1ms::;", "out of range"},
    {"listen 1 default_servers;", "unknown parameter"},
};

START_TEST(refuses_what_does_not_fit)
{
    load_refused_in_server(refusals[_i].lines, refusals[_i].message);
}
END_TEST

UNIT_SUITE(set_listen)
{
    load_fixture(unit_case);
    UNIT_LOOP(reads_an_address, 0, (int)(sizeof addresses / sizeof *addresses));
    UNIT_TEST(reads_parameters);
    UNIT_TEST(has_defaults);
    UNIT_TEST(keepalive_is_a_flag_too);
    UNIT_TEST(reuseport_is_ignored_with_one_warning);
    UNIT_LOOP(refuses_what_does_not_fit, 0, (int)(sizeof refusals / sizeof *refusals));
}
