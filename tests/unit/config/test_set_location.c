#include "common/cache_line.h"
#include "tests/unit/config/load.h"

static const struct {
    const char *words;
    enum location_match match;
    const char *pattern;
} forms[] = {
    {"/a", LOCATION_PREFIX, "/a"},         {"= /a", LOCATION_EXACT, "/a"},
    {"=/a", LOCATION_EXACT, "/a"},         {"^~ /a", LOCATION_PREFIX_FINAL, "/a"},
    {"^~/a", LOCATION_PREFIX_FINAL, "/a"}, {"@a", LOCATION_NAMED, "@a"},
    {"\"/a b\"", LOCATION_PREFIX, "/a b"},
};

START_TEST(reads_each_form)
{
    load_in_server(arena_printf(loading.arena, "location %s { }", forms[_i].words));
    const struct server *server = loading.config->servers[0];
    ck_assert_uint_eq(server->location_count, 1);
    const struct location *location = server->all[0];
    ck_assert_int_eq(location->match, forms[_i].match);
    UNIT_SLICE_EQ(location->pattern, forms[_i].pattern);
    ck_assert_ptr_eq(location->server, server);
    ck_assert_str_eq(location->label, "test.conf:1");
}
END_TEST

static void check_lines(const struct location *location, const char *root)
{
    struct slice path = location->document_root.path.literal;
    ck_assert_uint_eq((uintptr_t)location % CACHE_LINE, 0);
    ck_assert_uint_eq((uintptr_t)location->label % CACHE_LINE, 0);
    ck_assert_ptr_eq(path.ptr, location->label + strlen(location->label) + 1);
    ck_assert_str_eq(path.ptr, root);
    ck_assert_uint_eq(path.len, strlen(root));
}

START_TEST(what_a_request_reads_lies_together)
{
    load("server {\nroot /srv/www/;\nlocation /a/ { alias /srv/a/; }\nlocation /b/ { "
         "}\n}");
    const struct server *server = loading.config->servers[0];
    check_lines(server->fallback, "/srv/www");
    check_lines(server->all[0], "/srv/a/");
    ck_assert_ptr_eq(server->all[1]->document_root.path.literal.ptr,
                     server->fallback->document_root.path.literal.ptr);
    ck_assert_str_eq(server->all[1]->label, "test.conf:4");
}
END_TEST

START_TEST(all_are_found_by_path)
{
    load("server {\nlocation / { }\nlocation /a/ { location /a/b/ { location = /a/b/c { "
         "} } "
         "}\nlocation @n { }\n}");
    const struct server *server = loading.config->servers[0];
    ck_assert_uint_eq(server->location_count, 5);
    UNIT_SLICE_EQ(load_location("/x")->pattern, "/");
    UNIT_SLICE_EQ(load_location("/a/x")->pattern, "/a/");
    UNIT_SLICE_EQ(load_location("/a/b/x")->pattern, "/a/b/");
    ck_assert_int_eq(load_location("/a/b/c")->match, LOCATION_EXACT);
    ck_assert_ptr_nonnull(hash_get(&server->named, slice_str("@n")));
}
END_TEST

START_TEST(exact_and_prefix_of_one_path_differ)
{
    load("server { location = /a { } location /a { } }");
    ck_assert_int_eq(load_location("/a")->match, LOCATION_EXACT);
    ck_assert_int_eq(load_location("/ab")->match, LOCATION_PREFIX);
}
END_TEST

START_TEST(a_path_without_its_slash_is_told)
{
    load_warned("server { location images { } }", "never matches");
}
END_TEST

static const struct {
    const char *lines;
    const char *message;
} refusals[] = {
    {"location ~ x { }", "regular expressions in \"location\" are not supported yet"},
    {"location ~* x { }", "regular expressions in \"location\" are not supported yet"},
    {"location ~x { }", "regular expressions in \"location\" are not supported yet"},
    {"location ~ x { rooot y; }", "did you mean \"root\"?"},
    {"location % /x { }", "only =, ^~, ~ or ~* may stand before a path"},
    {"location = { }", "empty path"},
    {"location @ { }", "\"@\" without a name"},
    {"location /a { } location /a { }", "duplicate location \"/a\""},
    {"location /a { } location ^~ /a { }", "duplicate location \"/a\""},
    {"location = /a { } location = /a { }", "it was given first at test.conf:1"},
    {"location @a { } location @a { }", "duplicate location \"@a\""},
    {"location /a/ { location /b { } }", "it is outside of location \"/a/\""},
    {"location = /a { location /a/b { } }", "nothing can be nested in location \"/a\""},
    {"location @a { location /b { } }", "nothing can be nested in location \"@a\""},
    {"location /a/ { location @b { } }", "a named location stands in the server"},
    {"location / { location /a { } } location /a { }", "duplicate location \"/a\""},
};

START_TEST(refuses_what_does_not_fit)
{
    load_refused_in_server(refusals[_i].lines, refusals[_i].message);
}
END_TEST

START_TEST(a_refused_location_hides_nothing)
{
    load_refused_in_server(
        "location ~ x { location /a { autoindex x; } } location /a { }",
        "invalid value \"x\" for \"autoindex\"");
    ck_assert_uint_eq(loading.diag.errors, 2);
}
END_TEST

UNIT_SUITE(set_location)
{
    load_fixture(unit_case);
    UNIT_LOOP(reads_each_form, 0, (int)(sizeof forms / sizeof *forms));
    UNIT_TEST(what_a_request_reads_lies_together);
    UNIT_TEST(all_are_found_by_path);
    UNIT_TEST(exact_and_prefix_of_one_path_differ);
    UNIT_TEST(a_path_without_its_slash_is_told);
    UNIT_LOOP(refuses_what_does_not_fit, 0, (int)(sizeof refusals / sizeof *refusals));
    UNIT_TEST(a_refused_location_hides_nothing);
}
