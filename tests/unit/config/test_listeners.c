#include "tests/unit/config/load.h"

static const char *text_of(const struct sockaddr_any *addr)
{
    static char text[SOCKADDR_TEXT_MAX];
    sockaddr_format(addr, true, text);
    return text;
}

static void ck_socket(size_t index, const char *text, size_t addresses)
{
    ck_assert_uint_lt(index, loading.config->socket_count);
    const struct listen_socket *socket = loading.config->sockets[index];
    ck_assert_str_eq(text_of(&socket->addr), text);
    ck_assert_uint_eq(socket->address_count, addresses);
    const struct listen_address *last = socket->addresses[addresses - 1];
    ck_assert_str_eq(text_of(&last->addr), text);
}

START_TEST(without_listen_it_is_the_default_port)
{
    load("server { }");
    ck_assert_uint_eq(loading.config->socket_count, 1);
    ck_socket(0, "0.0.0.0:8080", 1);
    loading.source.privileged = true;
    load("server { }");
    ck_socket(0, "0.0.0.0:80", 1);
}
END_TEST

START_TEST(one_socket_an_address)
{
    load("server { listen 1; listen [::]:1; listen 127.0.0.1:2; } server { listen 1; } "
         "server { listen unix:/x; }");
    ck_assert_uint_eq(loading.config->socket_count, 4);
    ck_socket(0, "0.0.0.0:1", 1);
    ck_socket(1, "[::]:1", 1);
    ck_socket(2, "127.0.0.1:2", 1);
    ck_socket(3, "unix:/x", 1);
}
END_TEST

START_TEST(specific_addresses_share_the_wildcards_socket)
{
    load("server { listen 127.0.0.1:1; } server { listen *:1; } "
         "server { listen 127.0.0.2:1; listen 127.0.0.1:2; } "
         "server { listen [::1]:1; } server { listen [::]:1; }");
    ck_assert_uint_eq(loading.config->socket_count, 3);
    ck_socket(0, "0.0.0.0:1", 3);
    ck_socket(1, "127.0.0.1:2", 1);
    ck_socket(2, "[::]:1", 2);
    const struct listen_socket *socket = loading.config->sockets[0];
    ck_assert_str_eq(text_of(&socket->addresses[0]->addr), "127.0.0.1:1");
    ck_assert_ptr_eq(socket->addresses[0]->default_server, loading.config->servers[0]);
    ck_assert_str_eq(text_of(&socket->addresses[1]->addr), "127.0.0.2:1");
    ck_assert_ptr_eq(socket->addresses[2]->default_server, loading.config->servers[1]);
}
END_TEST

START_TEST(a_dual_stack_socket_takes_ipv4_addresses)
{
    load("server { listen [::]:1 ipv6only=off; } server { listen 127.0.0.1:1; }");
    ck_assert_uint_eq(loading.config->socket_count, 1);
    ck_socket(0, "[::]:1", 2);
    ck_assert(!loading.config->sockets[0]->ipv6only);
    load_refused("server { listen [::]:1 ipv6only=off; } server { listen 1; }",
                 "0.0.0.0:1 is listened on by [::]:1 ipv6only=off already");
}
END_TEST

START_TEST(the_default_server_is_the_first_or_the_marked)
{
    load("server { listen 1; listen 2; } server { listen 1 default_server; listen 2; }");
    const struct config *config = loading.config;
    ck_assert_ptr_eq(config->sockets[0]->addresses[0]->default_server,
                     config->servers[1]);
    ck_assert_ptr_eq(config->sockets[1]->addresses[0]->default_server,
                     config->servers[0]);
    load_refused("server { listen 1 default_server; } server { listen 1 default; }",
                 "a duplicate default server for 0.0.0.0:1");
    ck_assert_ptr_nonnull(strstr(loading.messages.data, "the first is at test.conf:1"));
}
END_TEST

START_TEST(options_may_stand_in_any_server_but_once)
{
    load("server { listen 1; } server { listen 1 backlog=5; } server { listen 1; }");
    ck_assert_int_eq(loading.config->sockets[0]->backlog, 5);
    load_refused("server { listen 1 backlog=5; } server { listen 1 rcvbuf=8k; }",
                 "duplicate listen options for 0.0.0.0:1");
}
END_TEST

START_TEST(options_without_a_socket_are_told)
{
    load_warned("server { listen 127.0.0.1:1 backlog=5; } server { listen 1; }",
                "socket options of 127.0.0.1:1 have no effect");
    ck_assert_int_eq(loading.config->sockets[0]->backlog, 1024);
}
END_TEST

START_TEST(a_server_listens_once_on_an_address)
{
    load_refused("server { listen 1; listen *:1; }", "a duplicate listen 0.0.0.0:1");
}
END_TEST

START_TEST(the_first_holder_of_a_name_keeps_it)
{
    load_warned("server { server_name a b; }\nserver { server_name B; }",
                "test.conf:2:22: conflicting server name \"b\" on 0.0.0.0:8080, ignored");
    ck_assert_ptr_nonnull(strstr(loading.messages.data, "the server at test.conf:1"));
    const struct listen_address *address = loading.config->sockets[0]->addresses[0];
    ck_assert_ptr_eq(names_find(&address->names, slice_str("b")),
                     loading.config->servers[0]);
}
END_TEST

START_TEST(names_belong_to_their_address)
{
    load("server { listen 1; server_name a; } server { listen 2; server_name a; }");
    ck_assert_uint_eq(loading.diag.warnings, 0);
    const struct config *config = loading.config;
    ck_assert_ptr_eq(names_find(&config->sockets[1]->addresses[0]->names, slice_str("a")),
                     config->servers[1]);
}
END_TEST

UNIT_SUITE(listeners)
{
    load_fixture(unit_case);
    UNIT_TEST(without_listen_it_is_the_default_port);
    UNIT_TEST(one_socket_an_address);
    UNIT_TEST(specific_addresses_share_the_wildcards_socket);
    UNIT_TEST(a_dual_stack_socket_takes_ipv4_addresses);
    UNIT_TEST(the_default_server_is_the_first_or_the_marked);
    UNIT_TEST(options_may_stand_in_any_server_but_once);
    UNIT_TEST(options_without_a_socket_are_told);
    UNIT_TEST(a_server_listens_once_on_an_address);
    UNIT_TEST(the_first_holder_of_a_name_keeps_it);
    UNIT_TEST(names_belong_to_their_address);
}
