#include "tests/unit/config/load.h"

START_TEST(a_name_may_stand_behind_its_use)
{
    load("server { location / { try_files $uri @x; } location @x { } }");
    const struct location *named = load_location("/")->set->try_files->named;
    ck_assert_ptr_nonnull(named);
    UNIT_SLICE_EQ(named->pattern, "@x");
}
END_TEST

START_TEST(each_server_has_its_own)
{
    load("http { error_page 404 @x; error_page 500 /y; "
         "server { listen 1; location @x { } location /a { } } "
         "server { listen 2; location @x { } } }");
    for (size_t i = 0; i < 2; i++) {
        const struct server *server = loading.config->servers[i];
        const struct error_pages *pages = &server->fallback->set->error_page;
        ck_assert_ptr_eq(pages->items[0].named,
                         hash_get(&server->named, slice_str("@x")));
        ck_assert_ptr_nonnull(pages->items[0].named);
        ck_assert_ptr_null(pages->items[1].named);
    }
    ck_assert_ptr_nonnull(load_location("/a")->set->error_page.items[0].named);
}
END_TEST

START_TEST(an_unknown_name_is_an_error_where_it_is_written)
{
    load_refused("server { location / { try_files $uri @x; } }",
                 "test.conf:1:38: \"try_files\": there is no location \"@x\"");
    load_refused("server { error_page 404 @x; location / { } }",
                 "\"error_page\": there is no location \"@x\"");
    ck_assert_uint_eq(loading.diag.errors, 1);
    load_refused("server { location / { error_page 404 @x; } }",
                 "\"error_page\": there is no location \"@x\"");
}
END_TEST

START_TEST(one_inherited_from_http_is_a_warning)
{
    load_warned("http { error_page 404 @x; server { location / { } } "
                "server { listen 2; location @x { } } }",
                "a server has no location \"@x\"");
    ck_assert_uint_eq(loading.diag.warnings, 1);
    ck_assert_ptr_null(load_location("/")->set->error_page.items[0].named);
}
END_TEST

UNIT_SUITE(named)
{
    load_fixture(unit_case);
    UNIT_TEST(a_name_may_stand_behind_its_use);
    UNIT_TEST(each_server_has_its_own);
    UNIT_TEST(an_unknown_name_is_an_error_where_it_is_written);
    UNIT_TEST(one_inherited_from_http_is_a_warning);
}
