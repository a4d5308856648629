#include "tests/unit/config/load.h"

START_TEST(scalars_are_inherited_when_unset)
{
    load("http { autoindex on; send_timeout 5; max_headers 7; server { send_timeout 6; "
         "location /a/ { send_timeout 7; location /a/b/ { } } location /c { } } }");
    const struct server *server = loading.config->servers[0];
    ck_assert_uint_eq(server->set.max_headers, 7);
    ck_assert(server->fallback->set->autoindex);
    ck_assert_int_eq(loading.config->http->set->send_timeout, 5000);
    ck_assert_int_eq(server->fallback->set->send_timeout, 6000);
    ck_assert_int_eq(load_location("/a/x")->set->send_timeout, 7000);
    ck_assert_int_eq(load_location("/a/b/x")->set->send_timeout, 7000);
    ck_assert_int_eq(load_location("/c")->set->send_timeout, 6000);
    ck_assert(load_location("/a/b/x")->set->autoindex);
}
END_TEST

START_TEST(what_follows_a_block_is_inherited_too)
{
    load("http { server { location / { } autoindex on; } etag off; }");
    ck_assert(load_location("/")->set->autoindex);
    ck_assert(!load_location("/")->set->etag);
}
END_TEST

START_TEST(lists_replace)
{
    load("http { add_header A a; add_header B b; index a b; error_page 404 /x; "
         "types { a/b c; } "
         "server { location /own { add_header C c; index c; error_page 500 /y; "
         "types { d/e f; } } location /none { } } }");
    const struct location_settings *none = load_location("/none")->set;
    ck_assert_uint_eq(none->add_header.count, 2);
    ck_assert_uint_eq(none->index.count, 2);
    ck_assert_uint_eq(none->error_page.items[0].codes[0], 404);
    ck_assert_ptr_nonnull(hash_get(&none->types->by_extension, slice_str("c")));
    const struct location_settings *own = load_location("/own")->set;
    ck_assert_uint_eq(own->add_header.count, 1);
    ck_assert_uint_eq(own->index.count, 1);
    ck_assert_uint_eq(own->error_page.count, 1);
    ck_assert_uint_eq(own->error_page.items[0].codes[0], 500);
    ck_assert_ptr_null(hash_get(&own->types->by_extension, slice_str("c")));
}
END_TEST

START_TEST(try_files_and_return_are_not_inherited)
{
    load("server { try_files $uri =404; return 204; location /a { } }");
    const struct location *fallback = loading.config->servers[0]->fallback;
    ck_assert_ptr_nonnull(fallback->set->try_files);
    ck_assert_ptr_nonnull(fallback->set->return_rule);
    ck_assert_ptr_null(load_location("/a")->set->try_files);
    ck_assert_ptr_null(load_location("/a")->set->return_rule);
}
END_TEST

START_TEST(access_logs_can_be_switched_off)
{
    load("http { access_log /x; server { location /a { access_log off; location /a/b { } "
         "} "
         "location /c { } } }");
    ck_assert_uint_eq(load_location("/a")->set->access_log.count, 0);
    ck_assert_uint_eq(load_location("/a/b")->set->access_log.count, 0);
    ck_assert_uint_eq(load_location("/c")->set->access_log.count, 1);
}
END_TEST

START_TEST(locations_with_the_same_settings_share_them)
{
    const struct server *server =
        load("http { etag off; server { root /x; "
             "location /a/ { alias /y/; } location /b { root /z; } "
             "location /c { send_timeout 7s; etag on; } "
             "location /d { etag on; location /d/e { send_timeout 7s; } } } "
             "server { listen 2; } }")
            ->servers[0];
    const struct location_settings *all = server->fallback->set;
    ck_assert_ptr_eq(load_location("/a/x")->set, all);
    ck_assert_ptr_eq(load_location("/b")->set, all);
    ck_assert_ptr_eq(loading.config->servers[1]->fallback->set, all);
    ck_assert_ptr_eq(loading.config->http->set, all);
    ck_assert_int_eq(load_location("/c")->set->send_timeout, 7000);
    ck_assert_ptr_eq(load_location("/d/e")->set, load_location("/c")->set);
    ck_assert_int_eq(load_location("/d")->set->send_timeout, all->send_timeout);
    ck_assert_ptr_ne(load_location("/d")->set, all);
    UNIT_SLICE_EQ(load_location("/a/x")->document_root.path.literal, "/y/");
    UNIT_SLICE_EQ(load_location("/b")->document_root.path.literal, "/z");
}
END_TEST

START_TEST(defaults_are_nginxs)
{
    const struct location_settings *set = load_in_server("");
    ck_assert_int_eq(set->keepalive_timeout.idle, 75000);
    ck_assert_int_eq(set->keepalive_timeout.header, 0);
    ck_assert_uint_eq(set->keepalive_requests, 1000);
    ck_assert_uint_eq(set->client_max_body_size, 1 << 20);
    ck_assert_int_eq(set->lingering_close, LINGERING_ON);
    ck_assert_int_eq(set->lingering_time, 30000);
    ck_assert_int_eq(set->lingering_timeout, 5000);
    ck_assert_uint_eq(set->sendfile_max_chunk, 2 << 20);
    ck_assert_int_eq(set->if_modified_since, IMS_EXACT);
    ck_assert_int_eq(set->server_tokens, TOKENS_ON);
    ck_assert_int_eq(set->expires.kind, EXPIRES_OFF);
    ck_assert_str_eq(set->default_type, "text/plain");
    ck_assert_uint_eq(set->max_ranges, 64);
    ck_assert(set->etag && set->sendfile && set->tcp_nodelay && set->port_in_redirect);
    ck_assert(set->log_not_found && set->autoindex_exact_size);
    ck_assert(!set->autoindex && !set->absolute_redirect && !set->internal);
    ck_assert(!set->server_name_in_redirect);
    ck_assert(set->open_file_cache_errors); /* unlike nginx, which has no cache */
    ck_assert_int_eq(set->open_file_cache_valid, 1000);
    ck_assert_uint_eq(set->limit_rate, 0);
    const struct server_settings *server = &loading.config->servers[0]->set;
    ck_assert_int_eq(server->client_header_timeout, 60000);
    ck_assert_uint_eq(server->client_header_buffer_size, 1024);
    ck_assert_uint_eq(server->large_client_header_buffers.count, 4);
    ck_assert_uint_eq(server->large_client_header_buffers.size, 8192);
    ck_assert_uint_eq(server->max_headers, 100);
    ck_assert(server->merge_slashes);
}
END_TEST

UNIT_SUITE(inherit)
{
    load_fixture(unit_case);
    UNIT_TEST(scalars_are_inherited_when_unset);
    UNIT_TEST(what_follows_a_block_is_inherited_too);
    UNIT_TEST(lists_replace);
    UNIT_TEST(try_files_and_return_are_not_inherited);
    UNIT_TEST(access_logs_can_be_switched_off);
    UNIT_TEST(locations_with_the_same_settings_share_them);
    UNIT_TEST(defaults_are_nginxs);
}
