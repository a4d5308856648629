#include "tests/unit/config/load.h"

/* Of the only server when these directives stand in it. */
static const struct document_root *load_root(const char *lines)
{
    load_in_server(lines);
    return &loading.config->servers[0]->fallback->document_root;
}

static const struct {
    const char *written;
    const char *path;
} roots[] = {
    {"/srv/www", "/srv/www"},     {"/srv/www/", "/srv/www"},     {"/", "/"},
    {"html", LOAD_PREFIX "html"}, {"html/", LOAD_PREFIX "html"},
};

START_TEST(a_root_is_absolute_without_a_slash)
{
    const struct document_root *root =
        load_root(arena_printf(loading.arena, "root %s;", roots[_i].written));
    ck_assert(root->path.is_literal);
    UNIT_SLICE_EQ(root->path.literal, roots[_i].path);
    ck_assert_uint_eq(root->path.count, 1);
    UNIT_SLICE_EQ(root->path.parts[0].text, roots[_i].path);
    ck_assert_uint_eq(root->at.column, 10);
    ck_assert(!root->is_alias);
}
END_TEST

START_TEST(a_root_may_have_variables)
{
    const struct template *root = &load_root("root sites/$host/;")->path;
    ck_assert(!root->is_literal);
    ck_assert_uint_eq(root->count, 3);
    UNIT_SLICE_EQ(root->parts[0].text, LOAD_PREFIX);
    UNIT_SLICE_EQ(root->parts[1].text, "sites/");
    ck_assert_int_eq(root->parts[2].variable, VARIABLE_HOST);
    ck_assert_int_eq(load_root("root $host;")->path.parts[0].variable, VARIABLE_HOST);
}
END_TEST

START_TEST(the_default_root_is_below_the_prefix)
{
    const struct document_root *root = load_root("");
    UNIT_SLICE_EQ(root->path.literal, LOAD_PREFIX "html");
    ck_assert_ptr_null(root->at.source);
}
END_TEST

START_TEST(an_alias_knows_what_it_replaces)
{
    load_in_server("location /a/ { alias /x/; location /a/b/ { } }");
    const struct document_root *root = &load_location("/a/b/c")->document_root;
    ck_assert(root->is_alias);
    UNIT_SLICE_EQ(root->path.literal, "/x/");
    ck_assert_uint_eq(root->alias_length, 3);
}
END_TEST

START_TEST(the_nearest_of_root_and_alias_holds)
{
    load_in_server("root /r; location /a/ { alias /x/; location /a/b/ { root /y; "
                   "location /a/b/c/ { alias z/; } } }");
    const struct document_root *root = &load_location("/a/b/x")->document_root;
    ck_assert(!root->is_alias);
    UNIT_SLICE_EQ(root->path.literal, "/y");
    root = &load_location("/a/b/c/x")->document_root;
    ck_assert(root->is_alias);
    UNIT_SLICE_EQ(root->path.literal, LOAD_PREFIX "z/");
}
END_TEST

static const char *const alias_forms[] = {
    "location /a/ { alias /x/; }",      "location /a { alias /x; }",
    "location = /a { alias /x/; }",     "location = /a/ { alias /x; }",
    "location /a/ { alias /x/$host; }", "location / { alias /x/; }",
};

START_TEST(an_alias_may)
{
    load_in_server(alias_forms[_i]);
}
END_TEST

START_TEST(index_files_add_up)
{
    const struct index_list *index =
        &load_in_server("index a $host.html; index /b;")->index;
    ck_assert_uint_eq(index->count, 3);
    UNIT_SLICE_EQ(index->items[0].literal, "a");
    ck_assert(!index->items[1].is_literal);
    UNIT_SLICE_EQ(index->items[2].literal, "/b");
    index = &load_in_server("")->index;
    ck_assert_uint_eq(index->count, 1);
    UNIT_SLICE_EQ(index->items[0].literal, "index.html");
}
END_TEST

START_TEST(an_absolute_index_is_the_last)
{
    load_warned("server { index /a b; }", "only the last file");
}
END_TEST

START_TEST(reads_files_to_try)
{
    const struct try_files *try = load_in_server("try_files $uri $uri/ / /x;")->try_files;
    ck_assert_ptr_nonnull(try);
    ck_assert_uint_eq(try->count, 3);
    ck_assert(!try->items[0].is_dir);
    ck_assert(try->items[1].is_dir);
    UNIT_SLICE_EQ(try->items[1].path.source, "$uri");
    ck_assert(try->items[2].is_dir);
    ck_assert_uint_eq(try->items[2].path.count, 0);
    ck_assert_int_eq(try->last_kind, TRY_LAST_URI);
    UNIT_SLICE_EQ(try->last.literal, "/x");
}
END_TEST

START_TEST(the_last_may_be_a_status_or_a_name)
{
    const struct try_files *try = load_in_server("try_files $uri =404;")->try_files;
    ck_assert_int_eq(try->last_kind, TRY_LAST_STATUS);
    ck_assert_uint_eq(try->status, 404);
    try = load_in_server("try_files $uri @x; location @x { }")->try_files;
    ck_assert_int_eq(try->last_kind, TRY_LAST_NAMED);
    ck_assert_ptr_eq(try->named, loading.config->servers[0]->all[0]);
}
END_TEST

START_TEST(internal_is_inherited)
{
    load_in_server("location /a/ { internal; location /a/b/ { } } location /c/ { }");
    ck_assert(load_location("/a/b/")->set->internal);
    ck_assert(!load_location("/c/")->set->internal);
}
END_TEST

START_TEST(reads_the_file_cache)
{
    const struct file_cache_settings *cache = &load_in_server("")->open_file_cache;
    ck_assert_uint_eq(cache->max, 16384);
    ck_assert_int_eq(cache->inactive, 60000);
    cache = &load_in_server("open_file_cache inactive=2s max=5;")->open_file_cache;
    ck_assert_uint_eq(cache->max, 5);
    ck_assert_int_eq(cache->inactive, 2000);
    ck_assert_uint_eq(load_in_server("open_file_cache off;")->open_file_cache.max, 0);
}
END_TEST

static const struct {
    const char *lines;
    const char *message;
} refusals[] = {
    {"root '';", "empty path"},
    {"root $document_root/x;", "a variable that depends on the root"},
    {"root /x/$request_filename;", "a variable that depends on the root"},
    {"root $nothing;", "unknown variable"},
    {"location /a { alias /x/; }", "location \"/a\" must end with a slash"},
    {"location /a { alias /x/; }", "\"/a../x\" is answered by \"/x/../x\""},
    {"location ^~ /a { alias /x/; }", "location \"/a\" must end with a slash"},
    {"location /a/ { alias /x; }", "\"alias\" of location \"/a/\" must end with a slash"},
    {"location @a { alias /x; }", "\"alias\" cannot be in a named location"},
    {"location /a { alias /x; root /y; }", "\"root\" is duplicate"},
    {"location /a { root /y; alias /x; }", "\"alias\" is duplicate"},
    {"location /a { root /y; alias /x; }", "\"root\" was given first"},
    {"index '';", "empty file name"},
    {"try_files $uri =x;", "not a status code"},
    {"try_files $uri =1000;", "not a status code"},
    {"try_files $nothing =404;", "unknown variable"},
    {"open_file_cache max=0;", "must be a positive number"},
    {"open_file_cache max=x;", "invalid value \"max=x\""},
    {"open_file_cache inactive=1s;", "needs max=number"},
    {"open_file_cache max=1 off;", "unknown parameter"},
};

START_TEST(refuses_what_does_not_fit)
{
    load_refused_in_server(refusals[_i].lines, refusals[_i].message);
}
END_TEST

UNIT_SUITE(set_files)
{
    load_fixture(unit_case);
    UNIT_LOOP(a_root_is_absolute_without_a_slash, 0, (int)(sizeof roots / sizeof *roots));
    UNIT_TEST(a_root_may_have_variables);
    UNIT_TEST(the_default_root_is_below_the_prefix);
    UNIT_TEST(an_alias_knows_what_it_replaces);
    UNIT_TEST(the_nearest_of_root_and_alias_holds);
    UNIT_LOOP(an_alias_may, 0, (int)(sizeof alias_forms / sizeof *alias_forms));
    UNIT_TEST(index_files_add_up);
    UNIT_TEST(an_absolute_index_is_the_last);
    UNIT_TEST(reads_files_to_try);
    UNIT_TEST(the_last_may_be_a_status_or_a_name);
    UNIT_TEST(internal_is_inherited);
    UNIT_TEST(reads_the_file_cache);
    UNIT_LOOP(refuses_what_does_not_fit, 0, (int)(sizeof refusals / sizeof *refusals));
}
