#include "common/flavour.h"
#include "config/parser.h"
#include "tests/unit/unit.h"
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena *arena;
static struct diagnostics diag;
static struct parser parser;
static struct buf text;    /* the tree, as text */
static struct buf printed; /* the messages */
static char directory[UNIT_TEMP_SIZE];

static void setup(void)
{
    arena = arena_create(4096);
    diag_init(&diag, arena);
    unit_temp(directory);
    parser = (struct parser){.arena = arena, .diag = &diag, .base_dir = directory};
}

static void teardown(void)
{
    buf_free(&text);
    buf_free(&printed);
    arena_destroy(arena);
}

static const char *path_of(const char *name)
{
    return arena_printf(arena, "%s/%s", directory, name);
}

static void write_file(const char *name, const char *content)
{
    FILE *file = fopen(path_of(name), "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(content, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void append_tree(const struct statement *statement)
{
    for (; statement != NULL; statement = statement->next) {
        buf_append_slice(&text, statement->name.text);
        for (size_t i = 0; i < statement->arg_count; i++) {
            buf_printf(&text, " %.*s", SLICE_ARG(statement->args[i].text));
        }
        if (statement->is_block) {
            buf_append_char(&text, '{');
            append_tree(statement->first);
            buf_append_char(&text, '}');
        } else {
            buf_append_char(&text, ';');
        }
    }
}

static const char *tree_text(const struct statement *first)
{
    buf_clear(&text);
    append_tree(first);
    buf_append_char(&text, '\0');
    return text.data;
}

static const char *parse(const char *content)
{
    struct source *source = arena_zero(arena, sizeof(*source));
    *source = (struct source){.path = "t.conf", .text = slice_str(content)};
    return tree_text(parser_parse_text(&parser, source));
}

static const char *parse_file(const char *name)
{
    return tree_text(parser_parse_file(&parser, path_of(name), (struct position){0}));
}

/* Every message with its help, one line each, without the excerpts. */
static const char *messages(void)
{
    buf_clear(&printed);
    ARRAY_EACH(struct diagnosis, found, &diag.items)
    {
        buf_printf(&printed, "%u:%u %s\n", found->at.line, found->at.column,
                   found->message);
        if (found->help != NULL) {
            buf_printf(&printed, "- %s\n", found->help);
        }
    }
    buf_append_char(&printed, '\0');
    return printed.data;
}

static const struct {
    const char *text;
    const char *tree;
} good[] = {
    {"", ""},
    {"a;", "a;"},
    {"a b c; d;", "a b c;d;"},
    {"a { b { c d; } } e f {}", "a{b{c d;}}e f{}"},
    {"types { text/html html\n  htm; image/png png; }",
     "types{text/html html htm;image/png png;}"},
    {"server_name a.example\n    index\n    root;", "server_name a.example index root;"},
    {"server_name\nb.example;", "server_name b.example;"},
    {"log_format m 'a'\n'b';", "log_format m a b;"},
    {"server\n{\n    listen\n80;\n}", "server{listen 80;}"},
    {"location root { }", "location root{}"},
    {"index \"x\"\n\"root\";", "index x root;"},
    {"location / { root /a; } location /b\n{ }", "location /{root /a;}location /b{}"},
};

START_TEST(builds_the_tree)
{
    ck_assert_str_eq(parse(good[_i].text), good[_i].tree);
    ck_assert_str_eq(messages(), "");
}
END_TEST

static const struct {
    const char *text;
    const char *tree;
    const char *messages;
} bad[] = {
    /* a missing ';' */
    {"root /srv/www  # x\nindex a b;\n", "root /srv/www;index a b;",
     "1:14 missing \";\": \"root\" of line 1 is not finished\n"
     "- \"index\" on line 2 looks like the next statement\n"},
    {"server {\n    listen 80\n    root /x;\n}", "server{listen 80;root /x;}",
     "2:14 missing \";\": \"listen\" of line 2 is not finished\n"
     "- \"root\" on line 3 looks like the next statement\n"},
    {"server {\n    listen 80\n    location / { }\n}", "server{listen 80;location /{}}",
     "2:14 missing \";\": \"listen\" of line 2 is not finished\n"
     "- \"location\" on line 3 looks like the next statement\n"},
    {"server {\n    listen 80\n    gzip on;\n}", "server{listen 80;gzip on;}",
     "2:14 missing \";\": \"listen\" of line 2 is not finished\n"
     "- \"gzip\" on line 3 looks like the next statement\n"},
    {"server {\n    root /x\n}\npid a;", "server{root /x;}pid a;",
     "2:12 missing \";\": \"root\" of line 2 is not finished\n"},
    {"root '/x\n y'\n\n", "root /x\n y;",
     "2:4 missing \";\": \"root\" of line 1 is not finished\n"},
    {"index\nroot /x;", "index;root /x;",
     "1:6 missing \";\": \"index\" of line 1 is not finished\n"
     "- \"root\" on line 2 looks like the next statement\n"},
    /* a missing '{' */
    {"server\n    listen 80;\n}\nserver { root x; }", "server{listen 80;}server{root x;}",
     "1:7 missing \"{\": directive \"server\" has no opening \"{\"\n"},
    {"http {\n    server\n    listen 80;\n    }\n}", "http{server{listen 80;}}",
     "2:11 missing \"{\": directive \"server\" has no opening \"{\"\n"},
    /* a missing or stray '}' */
    {"http {\n  server {\n    root x;\n}\npid a;\n", "http{server{root x;}pid a;}",
     "6:1 unexpected end of file, expecting \"}\"\n"
     "- \"http\" was opened on line 1\n"
     "the \"}\" on line 4 closes \"server\" of line 2, but is indented unlike it\n"},
    {"http {\n  server {\n}\n  server {\n}\n", "http{server{}server{}}",
     "6:1 unexpected end of file, expecting \"}\"\n"
     "- \"http\" was opened on line 1\n"
     "the \"}\" on line 3 closes \"server\" of line 2, but is indented unlike it\n"},
    {"http { server {", "http{server{}}",
     "1:16 unexpected end of file, expecting \"}\"\n"
     "- \"server\" was opened on line 1\n\"http\" was opened on line 1\n"},
    {"a;\n}\nb;", "a;b;", "2:1 unexpected \"}\"\n- no block is open here\n"},
    {"server {\n  location / {\n    root x;\n  }\n  }\n  index y;\n}\n",
     "server{location /{root x;}}index y;",
     "7:1 unexpected \"}\"\n- no block is open here: the \"}\" on line 5 closed "
     "\"server\" of line 1, but is indented unlike it\n"},
    /* others */
    {"server { };", "server{}",
     "1:11 unexpected \";\": there is no statement before it\n"
     "- a block has no \";\" behind its \"}\"\n"},
    {"{ a; } b;", "b;", "1:1 unexpected \"{\": there is no directive before it\n"},
    {"a 'b'c d;\n}\ne;", "a b c d;e;",
     "1:6 unexpected \"c\" after a quoted word\n"
     "- only white space, ; { or ) may follow the closing quote\n"
     "2:1 unexpected \"}\"\n- no block is open here\n"},
    {"root 'x;\nindex y;\n}", "index y;",
     "1:6 quoted text begins here and has no closing '\n"
     "- it runs to the end of the file\n3:1 unexpected \"}\"\n"
     "- no block is open here\n"},
    {"server {\n  root \"x\n  index y;\n}", "server{index y;}",
     "2:8 quoted text begins here and has no closing \"\n"
     "- it runs to the end of the file\n"},
};

START_TEST(tells_what_is_wrong_and_goes_on)
{
    ck_assert_str_eq(parse(bad[_i].text), bad[_i].tree);
    ck_assert_str_eq(messages(), bad[_i].messages);
}
END_TEST

START_TEST(depth_of_blocks_is_bounded)
{
    static char deep[200001];
    for (size_t i = 0; i + 1 < sizeof(deep); i++) {
        deep[i] = i % 2 == 0 ? 'a' : '{';
    }
    parse(deep);
    ck_assert_uint_eq(diag.errors, 1);
    ck_assert_ptr_nonnull(strstr(messages(), "nested more than 64 deep"));
}
END_TEST

START_TEST(includes_at_any_level)
{
    write_file("main.conf", "a; http { include in.conf; types { include t; } } b;");
    write_file("in.conf", "c { include \"t\"; }");
    write_file("t", "d e;\n");
    ck_assert_str_eq(parse_file("main.conf"), "a;http{c{d e;}types{d e;}}b;");
    ck_assert_str_eq(messages(), "");
    ck_assert_uint_eq(parser.files, 4);
}
END_TEST

START_TEST(positions_name_the_included_file)
{
    write_file("main.conf", "include in.conf;");
    write_file("in.conf", "\n  c;");
    struct statement *first =
        parser_parse_file(&parser, path_of("main.conf"), (struct position){0});
    ck_assert_str_eq(first->name.at.source->path, path_of("in.conf"));
    ck_assert_uint_eq(first->name.at.line, 2);
    ck_assert_uint_eq(first->name.at.column, 3);
}
END_TEST

START_TEST(patterns_are_sorted_and_may_match_nothing)
{
    write_file("main.conf", "include *.site; include none/*; z;");
    write_file("b.site", "b;");
    write_file("c.site", "");
    write_file("a.site", "a; a2;");
    write_file("d.site", "d;");
    ck_assert_str_eq(parse_file("main.conf"), "a;a2;b;d;z;");
    ck_assert_str_eq(messages(), "");
}
END_TEST

START_TEST(absolute_and_missing_includes)
{
    write_file("in.conf", "c;");
    const char *content =
        arena_printf(arena, "include %s; include none; d;", path_of("in.conf"));
    ck_assert_str_eq(parse(content), "c;d;");
    ck_assert_uint_eq(diag.errors, 1);
    const struct diagnosis *first = array_at(&diag.items, 0);
    ck_assert_str_eq(first->message,
                     arena_printf(arena, "cannot read \"%s\": No such file or directory",
                                  path_of("none")));
    ck_assert_uint_eq(first->at.column, strlen(content) - 7);
}
END_TEST

START_TEST(recursion_is_named)
{
    write_file("a", "include b;");
    write_file("b", "x; include ./a; y;");
    ck_assert_str_eq(parse_file("a"), "x;y;");
    ck_assert_uint_eq(diag.errors, 1);
    const struct diagnosis *first = array_at(&diag.items, 0);
    ck_assert_str_eq(first->at.source->path, path_of("b"));
    ck_assert_str_eq(first->message,
                     arena_printf(arena, "\"%s\" includes itself: %s -> %s -> %s/./a",
                                  path_of("a"), path_of("a"), path_of("b"), directory));
}
END_TEST

START_TEST(recursion_is_seen_behind_another_include)
{
    write_file("a", "include b; include a;");
    write_file("b", "x;");
    ck_assert_str_eq(parse_file("a"), "x;");
    ck_assert_uint_eq(diag.errors, 1);
    ck_assert_uint_eq(parser.files, 2);
}
END_TEST

START_TEST(depth_of_includes_is_bounded)
{
    for (int i = 0; i < INCLUDE_DEPTH_MAX + 3; i++) {
        write_file(arena_printf(arena, "f%d", i),
                   arena_printf(arena, "s%d; include f%d;", i, i + 1));
    }
    parse_file("f0");
    ck_assert_uint_eq(diag.errors, 1);
    ck_assert_uint_eq(parser.files, INCLUDE_DEPTH_MAX + 1);
    ck_assert_ptr_nonnull(strstr(messages(), "files include files more than 16 deep"));
}
END_TEST

START_TEST(number_of_includes_is_bounded)
{
    write_file("leaf", "x;");
    parser.files = CONFIG_INCLUDES_MAX - 1;
    ck_assert_str_eq(parse("include leaf; include leaf;"), "x;");
    ck_assert_str_eq(messages(), "1:23 more than 10000 files are included\n");
}
END_TEST

static const struct {
    const char *text;
    const char *message;
} misused[] = {
    {"include;", "takes one argument"},
    {"include a b;", "takes one argument"},
    {"include '';", "of an empty name"},
    {"include a { }", "takes no block"},
};

START_TEST(include_has_one_argument)
{
    ck_assert_str_eq(parse(misused[_i].text), "");
    ck_assert_uint_eq(diag.errors, 1);
    ck_assert_ptr_nonnull(strstr(messages(), misused[_i].message));
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    ck_assert_int_eq(mkdir(path_of("dir"), 0700), 0);
    ck_assert_int_eq(mkfifo(path_of("fifo"), 0600), 0);
    ck_assert_str_eq(parse("include dir; include fifo; a;"), "a;");
    ck_assert_uint_eq(diag.errors, 2);
    ck_assert_ptr_nonnull(strstr(messages(), "/dir\" is a directory\n"));
    ck_assert_ptr_nonnull(strstr(messages(), "/fifo\" is not a regular file\n"));
}
END_TEST

START_TEST(too_large_a_file_is_refused)
{
    if (TORTURE) { /* where 8 MB are appended byte by byte */
        return;
    }
    write_file("large", "a;");
    ck_assert_int_eq(truncate(path_of("large"), (off_t)CONFIG_FILE_MAX + 1), 0);
    ck_assert_str_eq(parse_file("large"), "");
    ck_assert_ptr_nonnull(strstr(messages(), "/large\" is larger than 8388608 bytes\n"));
}
END_TEST

START_TEST(a_main_file_that_is_missing_stands_by_itself)
{
    ck_assert_str_eq(parse_file("none"), "");
    const struct diagnosis *first = array_at(&diag.items, 0);
    ck_assert_ptr_null(first->at.source);
    ck_assert_ptr_nonnull(strstr(first->message, "No such file or directory"));
}
END_TEST

UNIT_SUITE(parser)
{
    tcase_add_checked_fixture(unit_case, setup, teardown);
    UNIT_LOOP(builds_the_tree, 0, (int)(sizeof(good) / sizeof(good[0])));
    UNIT_LOOP(tells_what_is_wrong_and_goes_on, 0, (int)(sizeof(bad) / sizeof(bad[0])));
    UNIT_TEST(depth_of_blocks_is_bounded);
    UNIT_TEST(includes_at_any_level);
    UNIT_TEST(positions_name_the_included_file);
    UNIT_TEST(patterns_are_sorted_and_may_match_nothing);
    UNIT_TEST(absolute_and_missing_includes);
    UNIT_TEST(recursion_is_named);
    UNIT_TEST(recursion_is_seen_behind_another_include);
    UNIT_TEST(depth_of_includes_is_bounded);
    UNIT_TEST(number_of_includes_is_bounded);
    UNIT_LOOP(include_has_one_argument, 0, (int)(sizeof(misused) / sizeof(misused[0])));
    UNIT_TEST(what_is_no_file_is_refused);
    UNIT_TEST(too_large_a_file_is_refused);
    UNIT_TEST(a_main_file_that_is_missing_stands_by_itself);
}
