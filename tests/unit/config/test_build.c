#include "common/flavour.h"
#include "tests/unit/config/files.h"
#include <stdlib.h>
#include <sys/stat.h>

START_TEST(blocks_around_a_server_may_be_left_out)
{
    load("server { listen 1; } http { server { listen 2; } } server { listen 3; }");
    const struct config *config = loading.config;
    ck_assert_uint_eq(config->server_count, 3);
    ck_assert_str_eq(config->path, "test.conf");
    ck_assert_str_eq(config->prefix, LOAD_PREFIX);
    ck_assert_int_eq(config->http->match, LOCATION_SERVER);
    ck_assert_int_eq(config->servers[0]->fallback->match, LOCATION_SERVER);
    ck_assert_str_eq(config->servers[0]->fallback->label, "test.conf:1");
}
END_TEST

START_TEST(without_a_server_there_is_nothing_to_serve)
{
    load_refused("", "has no \"server\" block");
    load_refused("http { }", "has no \"server\" block");
    load_refused("rooot;", "unknown directive");
    ck_assert_uint_eq(loading.diag.errors, 1);
}
END_TEST

START_TEST(the_command_line_comes_first)
{
    loading.source.globals = "daemon off; worker_processes 3;";
    ck_assert_uint_eq(load("server { }")->set.worker_processes, 3);
    ck_assert(!loading.config->set.daemon);
    load_refused("daemon on; server { }", "\"daemon\" was given first at command line:1");
}
END_TEST

START_TEST(includes_start_at_the_main_file)
{
    files_write("sub.conf", "server { listen 7; }");
    files_write("mime.types", "types { a/b c; }");
    loading.source.path =
        files_write("main.conf", "http { include mime.types; include s*.conf; }");
    const struct config *config = load(NULL);
    ck_assert_uint_eq(config->server_count, 1);
    ck_assert_str_eq(config->servers[0]->fallback->label,
                     arena_printf(loading.arena, "%s:1", files_path("sub.conf")));
    ck_assert_ptr_nonnull(
        hash_get(&config->http->set->types->by_extension, slice_str("c")));
}
END_TEST

START_TEST(a_missing_file_is_one_error)
{
    loading.source.path = files_path("none.conf");
    load_refused(NULL, "none.conf");
    ck_assert_uint_eq(loading.diag.errors, 1);
}
END_TEST

START_TEST(messages_outlive_the_configuration)
{
    load_refused("server {\n  rooot /x;\n}", "rooot /x;");
    load_warned("server {\n  server_name a a;\n}", "server_name a a;");
    config_destroy(loading.config);
    loading.config = NULL;
    ck_assert_ptr_nonnull(strstr(load_messages(), "server_name a a;"));
}
END_TEST

/* The directives that Debian's files for nginx have, less those of TLS. */
static const char debian_main[] =
    "user www-data;\nworker_processes auto;\npid /run/nginx.pid;\n"
    "error_log stderr;\ninclude modules-enabled/*.conf;\n"
    "events {\n\tworker_connections 768;\n\t# multi_accept on;\n}\n"
    "http {\n\tsendfile on;\n\ttcp_nopush on;\n\ttypes_hash_max_size 2048;\n"
    "\tserver_tokens off;\n\tserver_names_hash_bucket_size 64;\n"
    "\tserver_name_in_redirect off;\n\tinclude mime.types;\n"
    "\tdefault_type application/octet-stream;\n\taccess_log /dev/stdout;\n"
    "\tgzip on;\n\tgzip_vary on;\n\tgzip_proxied any;\n\tgzip_comp_level 6;\n"
    "\tgzip_buffers 16 8k;\n\tgzip_http_version 1.1;\n\tgzip_types text/plain text/css;\n"
    "\tinclude conf.d/*.conf;\n\tinclude sites-enabled/*;\n}\n";

static const char debian_site[] =
    "server {\n\tlisten 80 default_server;\n\tlisten [::]:80 default_server;\n"
    "\troot /var/www/html;\n\tindex index.html index.htm index.nginx-debian.html;\n"
    "\tserver_name _;\n\tlocation / {\n\t\ttry_files $uri $uri/ =404;\n\t}\n}\n";

START_TEST(debians_files_load_with_warnings)
{
    files_write("mime.types", "types {\n    text/html   html htm shtml;\n"
                              "    image/x-icon   ico;\n}\n");
    ck_assert_int_eq(mkdir(files_path("sites-enabled"), 0755), 0);
    files_write("sites-enabled/default", debian_site);
    loading.source.path = files_write("nginx.conf", debian_main);
    const struct config *config = load(NULL);
    ck_assert_uint_eq(config->socket_count, 2);
    ck_assert_uint_eq(config->set.worker_connections, 768);
    ck_assert_ptr_nonnull(load_location("/x")->set->try_files);
    ck_assert_uint_eq(loading.diag.warnings, 10);
}
END_TEST

/* With a malloc for each word it takes minutes: fewer there. */
#define MANY (TORTURE ? 200 : 10000)

#define SERVER_ROOM 80 /* bytes of one below */

START_TEST(many_servers_load)
{
    char *text = calloc(MANY, SERVER_ROOM);
    ck_assert_ptr_nonnull(text);
    char *end = text;
    for (int i = 0; i < MANY; i++) {
        end += snprintf(end, SERVER_ROOM,
                        "server { server_name s%d *.s%d; location /a%d { } }\n", i, i, i);
    }
    load(text);
    free(text);
    const struct listen_address *address = loading.config->sockets[0]->addresses[0];
    char *last = arena_printf(loading.arena, "x.s%d", MANY - 1);
    ck_assert_ptr_eq(names_find(&address->names, slice_str(last)),
                     loading.config->servers[MANY - 1]);
}
END_TEST

UNIT_SUITE(build)
{
    tcase_add_checked_fixture(unit_case, files_begin, load_end);
    UNIT_TEST(blocks_around_a_server_may_be_left_out);
    UNIT_TEST(without_a_server_there_is_nothing_to_serve);
    UNIT_TEST(the_command_line_comes_first);
    UNIT_TEST(includes_start_at_the_main_file);
    UNIT_TEST(a_missing_file_is_one_error);
    UNIT_TEST(messages_outlive_the_configuration);
    UNIT_TEST(debians_files_load_with_warnings);
    UNIT_TEST(many_servers_load);
}
