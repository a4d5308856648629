#include "config/dump.h"
#include "tests/unit/config/files.h"

static struct buf text;

static void begin(void)
{
    files_begin();
    text = (struct buf){0};
}

static void end(void)
{
    buf_free(&text);
    load_end();
}

static const char *dump(const char *config)
{
    buf_clear(&text);
    dump_config(load(config), &text);
    buf_append_char(&text, '\0');
    return text.data;
}

static void ck_dump_has(const char *part)
{
    ck_assert_msg(strstr(text.data, part) != NULL, "lacks \"%s\":\n%s", part, text.data);
}

START_TEST(shows_blocks_and_words)
{
    dump("user a b; server{listen 1;location / {index a   b;}}");
    ck_dump_has("user a b;\nserver {\n    listen 1;\n    location / {\n"
                "        index a b;\n    }\n}\n");
}
END_TEST

static const struct {
    const char *written;
    const char *shown;
} words[] = {
    {"$host", "$host"},         {"''", "\"\""},
    {"'a b'", "\"a b\""},       {"'a\"b'", "\"a\\\"b\""},
    {"'a;b{c}'", "\"a;b{c}\""}, {"'a\\tb'", "\"a\\tb\""},
    {"'#a'", "\"#a\""},         {"'it\\'s'", "\"it's\""},
    {"'a\\d'", "\"a\\\\d\""},   {"'${host}x'", "\"${host}x\""},
};

START_TEST(quotes_words_that_need_it)
{
    dump(arena_printf(loading.arena, "server { return 200 %s; }", words[_i].written));
    ck_dump_has(arena_printf(loading.arena, "return 200 %s;\n", words[_i].shown));
    struct slice before =
        arena_slice(loading.arena,
                    loading.config->servers[0]->fallback->set->return_rule->text.source);
    dump(arena_strdup(loading.arena, text.data));
    UNIT_SLICE_EQ(loading.config->servers[0]->fallback->set->return_rule->text.source,
                  before.ptr);
}
END_TEST

START_TEST(shows_what_nobody_wrote_as_comments)
{
    dump("worker_processes 3; http { sendfile off; server { } }");
    ck_dump_has("# daemon on;\n");
    ck_dump_has("    # worker_connections 1024;\n");
    ck_dump_has("    # keepalive_timeout 75s;\n");
    ck_dump_has("# error_log " TINYHTTPD_LOCALSTATEDIR
                "/log/tinyhttpd/error.log notice;\n");
    ck_assert_ptr_null(strstr(text.data, "# worker_processes"));
    ck_assert_ptr_null(strstr(text.data, "# sendfile on"));
}
END_TEST

START_TEST(names_the_files_that_were_included)
{
    files_write("sub.conf", "listen 7;");
    loading.source.path =
        files_write("main.conf", "server { include sub.conf; index x; }");
    dump(NULL);
    ck_dump_has(arena_printf(loading.arena,
                             "# configuration file %s:\nserver {\n"
                             "    # configuration file %s:\n    listen 7;\n"
                             "    # configuration file %s:\n    index x;\n",
                             files_path("main.conf"), files_path("sub.conf"),
                             files_path("main.conf")));
}
END_TEST

START_TEST(a_dump_of_a_dump_is_the_same)
{
    loading.source.globals = NULL;
    loading.source.path = "test.conf";
    char *first =
        arena_strdup(loading.arena,
                     dump("server { add_header X 'a b'; types { a/b c; } location = /x { "
                          "return 301 https://$host$request_uri; } }"));
    ck_assert_str_eq(dump(first), first);
}
END_TEST

UNIT_SUITE(dump)
{
    tcase_add_checked_fixture(unit_case, begin, end);
    UNIT_TEST(shows_blocks_and_words);
    UNIT_LOOP(quotes_words_that_need_it, 0, (int)(sizeof words / sizeof *words));
    UNIT_TEST(shows_what_nobody_wrote_as_comments);
    UNIT_TEST(names_the_files_that_were_included);
    UNIT_TEST(a_dump_of_a_dump_is_the_same);
}
