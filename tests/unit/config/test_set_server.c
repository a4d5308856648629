#include "tests/unit/config/load.h"
#include <unistd.h>

static const struct server *find_name(const char *name)
{
    const struct listen_address *address = loading.config->sockets[0]->addresses[0];
    return names_find(&address->names, slice_str(name));
}

START_TEST(names_are_folded)
{
    load("server { server_name WWW.Example.ORG. Other; }");
    const struct server *server = loading.config->servers[0];
    UNIT_SLICE_EQ(server->name, "www.example.org");
    ck_assert_ptr_eq(find_name("www.example.org"), server);
    ck_assert_ptr_eq(find_name("other"), server);
    ck_assert_ptr_null(find_name("example.org"));
}
END_TEST

START_TEST(names_add_up)
{
    load("server { server_name a; server_name b .c; }");
    ck_assert_ptr_nonnull(find_name("a"));
    ck_assert_ptr_nonnull(find_name("b"));
    ck_assert_ptr_nonnull(find_name("c"));
    ck_assert_ptr_nonnull(find_name("x.c"));
}
END_TEST

START_TEST(the_first_name_is_the_servers)
{
    UNIT_SLICE_EQ(load("server { }")->servers[0]->name, "");
    UNIT_SLICE_EQ(load("server { server_name .x.org y; }")->servers[0]->name, "x.org");
    UNIT_SLICE_EQ(load("server { server_name _; }")->servers[0]->name, "_");
}
END_TEST

START_TEST(a_server_without_a_name_has_the_empty_one)
{
    load("server { }");
    ck_assert_ptr_eq(find_name(""), loading.config->servers[0]);
}
END_TEST

START_TEST(hostname_is_this_machines)
{
    char host[256] = "";
    ck_assert_int_eq(gethostname(host, sizeof host - 1), 0);
    for (char *c = host; *c != '\0'; c++) {
        *c = ascii_lower(*c);
    }
    UNIT_SLICE_EQ(load("server { server_name $hostname; }")->servers[0]->name, host);
}
END_TEST

START_TEST(reads_pairs)
{
    load("server { large_client_header_buffers 2 16k; keepalive_timeout 5 10; }");
    const struct server *server = loading.config->servers[0];
    ck_assert_uint_eq(server->set.large_client_header_buffers.count, 2);
    ck_assert_uint_eq(server->set.large_client_header_buffers.size, 16384);
    ck_assert_int_eq(server->fallback->set->keepalive_timeout.idle, 5000);
    ck_assert_int_eq(server->fallback->set->keepalive_timeout.header, 10000);
}
END_TEST

static const struct {
    const char *lines;
    const char *message;
} refusals[] = {
    {"server_name *;", "a star stands for whole labels"},
    {"server_name *x.org;", "a star stands for whole labels"},
    {"server_name a.*.org;", "a star stands for whole labels"},
    {"server_name *.a.*;", "a star stands for whole labels"},
    {"server_name a*.b.*;", "a star stands for whole labels"},
    {"server_name *.;", "a star stands for whole labels"},
    {"server_name .;", "a dot is no name"},
    {"server_name ~^x;", "regular expressions in \"server_name\""},
    {"server_name http://x;", "a host name stands alone"},
    {"server_name a ~b /c;", "invalid value \"/c\""},
    {"large_client_header_buffers 0 8k;", "too small"},
    {"large_client_header_buffers 4 8x;", "invalid value \"8x\""},
    {"keepalive_timeout x;", "invalid value \"x\""},
};

START_TEST(refuses_what_does_not_fit)
{
    load_refused_in_server(refusals[_i].lines, refusals[_i].message);
}
END_TEST

UNIT_SUITE(set_server)
{
    load_fixture(unit_case);
    UNIT_TEST(names_are_folded);
    UNIT_TEST(names_add_up);
    UNIT_TEST(the_first_name_is_the_servers);
    UNIT_TEST(a_server_without_a_name_has_the_empty_one);
    UNIT_TEST(hostname_is_this_machines);
    UNIT_TEST(reads_pairs);
    UNIT_LOOP(refuses_what_does_not_fit, 0, (int)(sizeof refusals / sizeof *refusals));
}
