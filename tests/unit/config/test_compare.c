#include "common/flavour.h"
#include "config/compare.h"
#include "tests/unit/config/files.h"

static struct config *before;
static struct buf report;

static void begin(void)
{
    files_begin();
    before = NULL;
    report = (struct buf){0};
}

static void end(void)
{
    config_destroy(before);
    buf_free(&report);
    load_end();
}

/* Compares `before` with what is loaded. */
static const char *compare_loaded(void)
{
    buf_clear(&report);
    compare_configs(before, loading.config, &report);
    buf_append_char(&report, '\0');
    return report.data;
}

/* NULL: the source's file as it is now. */
static void load_before(const char *text)
{
    config_destroy(before);
    before = load(text);
    loading.config = NULL;
}

static const char *compare(const char *old_text, const char *new_text)
{
    load_before(old_text);
    load(new_text);
    return compare_loaded();
}

static void ck_has(const char *part)
{
    ck_assert_msg(strstr(report.data, part) != NULL, "lacks \"%s\":\n%s", part,
                  report.data);
}

/* --- no change ---------------------------------------------------------------------- */

static const struct {
    const char *before;
    const char *after;
} equals[] = {
    {"server { }", "server { }"},
    {"server { root /a; } # end", "# start\n\n server\n{\n  root /a;\n\n}"},
    {"server { root /a; }", "server { root '/a'; }"},
    {"server { root /a; etag off; }", "server { etag off; root /a; }"},
    {"server { root /a; }", "http { server { root /a; } }"},
    {"events { } server { }", "server { } http { }"},
    {"daemon off; user a; server { }", "server { } user a; daemon off;"},
    {"server { location /a { } location = /b { } }",
     "server { location =/b { } location /a { } }"},
    {"server { location /a { etag off; location /a/b { } location /a/c { } } }",
     "server { location /a { location /a/c { } location /a/b { } etag off; } }"},
    {"server { listen 1; server_name a; } server { listen 2; server_name b; }",
     "server { listen 2; server_name b; } server { listen 1; server_name a; }"},
    {"http { sendfile off; server { listen 1; } types { a/b c; } }",
     "http { types { a/b c; } server { listen 1; } sendfile off; }"},
    {"server { listen 1; } server { listen 2; }",
     "server { listen 2; } server { listen 1; }"},
};

START_TEST(sees_no_change)
{
    ck_assert_str_eq(compare(equals[_i].before, equals[_i].after), "nothing changed\n");
    ck_assert_str_eq(compare(equals[_i].after, equals[_i].before), "nothing changed\n");
}
END_TEST

/* --- changes ------------------------------------------------------------------------ */

#define A1 "server { listen 1; server_name a; "
#define A2 "server { listen 2; server_name a; "
#define A3 "server { listen 3; server_name a; "

static const struct {
    const char *before;
    const char *after;
    const char *report;
} changes[] = {
    /* listeners */
    {"server { listen 127.0.0.1:1; server_name a; }",
     "server { listen unix:/x; listen [::1]:1; server_name a; }",
     "listener added: unix:/x\nlistener added: [::1]:1\nlistener removed: 127.0.0.1:1\n"
     "server changed: a (test.conf:1): settings changed: listen\n"},
    {"server { listen 127.0.0.1:1; server_name a; }",
     "server { listen 127.0.0.1:1 backlog=7; server_name a; }",
     "server changed: a (test.conf:1): settings changed: listen\n"},
    {"server { listen 127.0.0.1:1; server_name a; }",
     "server { listen 127.0.0.1:1; listen 1; server_name a; }",
     "listener added: 0.0.0.0:1\nlistener removed: 127.0.0.1:1\n"
     "server changed: a (test.conf:1): settings changed: listen\n"},
    /* default servers, also of addresses that share a socket */
    {"server { listen 1; server_name a; } server { listen 1; server_name b; }",
     "server { listen 1; server_name b; } server { listen 1; server_name a; }",
     "default server of 0.0.0.0:1: now b, was a\n"},
    {"server { listen 1; } server { listen 127.0.0.1:1; server_name b; }"
     "server { listen 127.0.0.1:1; }",
     "server { listen 1; } server { listen 127.0.0.1:1; }"
     "server { listen 127.0.0.1:1; server_name b; }",
     "default server of 127.0.0.1:1: now unnamed, was b\n"},
    /* levels outside of servers */
    {"daemon off; error_log stderr; server { }",
     "error_log /a/b; worker_processes 2; daemon off; server { }",
     "main settings changed: error_log, worker_processes\n"},
    {"user a; server { } pid /a; daemon on; worker_priority 1; worker_processes 1;",
     "server { }", "main settings changed: daemon, pid, user and 2 more\n"},
    {"events { worker_connections 7; } server { }", "server { }",
     "events settings changed: worker_connections\n"},
    {"http { server { } }", "http { types { a/b c; } log_format x y; server { } }",
     "http settings changed: log_format, types\n"},
    {"http { types { a/b c; } log_format x y; server { } }",
     "http { types { a/b d; } log_format x z; server { } }",
     "http settings changed: log_format, types\n"},
    {"http { add_header A b; add_header C d; server { } }",
     "http { add_header C d; add_header A b; server { } }",
     "http settings changed: add_header\n"},
    /* servers and what they are known by */
    {A1 "}", A1 "}\nserver { listen 1; server_name c d; }",
     "server added: c (test.conf:2)\n"},
    {A1 "}\n\nserver { listen 1; server_name c d; }", A1 "}",
     "server removed: c (test.conf:3)\n"},
    {A1 "} server { listen 1 backlog=5; }", A1 "}",
     "server removed: listen 1 (test.conf:1)\n"},
    {"server { }", "server { etag off; }",
     "server changed: unnamed (test.conf:1): settings changed: etag\n"},
    {"server { server_name '' b; etag off; }", "server { server_name ''; etag off; }",
     "server changed: unnamed (test.conf:1): settings changed: server_name\n"},
    {"server { server_name .B.; }", "server { server_name .b; }",
     "server changed: b (test.conf:1): settings changed: server_name\n"},
    /* several of one name */
    {A1 "}\n" A2 "}\n" A3 "}", A1 "}\n" A2 "etag off; }\n" A3 "}",
     "server changed: a (test.conf:2): settings changed: etag\n"},
    {A1 "}\n" A2 "}\n" A3 "}", A2 "}\n" A3 "}",
     "listener removed: 0.0.0.0:1\nserver removed: a (test.conf:1)\n"},
    {A1 "}\n" A3 "}", A1 "}\n" A2 "}\n" A3 "}",
     "listener added: 0.0.0.0:2\nserver added: a (test.conf:2)\n"},
    {A1 "}\n" A2 "}", A2 "}\n" A1 "}",
     "server changed: a (test.conf:1): settings changed: listen\n"
     "server changed: a (test.conf:2): settings changed: listen\n"},
    /* locations */
    {A1 "location /b { } location /c { } root /r; }",
     A1 "location /a { } location /c { etag off; } root /s; }",
     "server changed: a (test.conf:1): location added: /a, location removed: /b, "
     "location changed: /c; settings changed: root\n"},
    {A1 "}",
     A1 "location /e { } location /d { } location /c { } location /b { } location /a { } "
        "}",
     "server changed: a (test.conf:1): location added: /a, /b, /c and 2 more\n"},
    {A1 "location /a { location /a/b { etag on; } } }",
     A1 "location /a { location /a/b { etag off; } } }",
     "server changed: a (test.conf:1): location changed: /a\n"},
    {A1 "location /a { } }", A1 "location =/a { } }",
     "server changed: a (test.conf:1): location added: = /a, location removed: /a\n"},
    {A1 "location @a { types { a/b c; } } }", A1 "location @a { types { a/b c d; } } }",
     "server changed: a (test.conf:1): location changed: @a\n"},
};

START_TEST(tells_changes)
{
    ck_assert_str_eq(compare(changes[_i].before, changes[_i].after), changes[_i].report);
}
END_TEST

/* --- files -------------------------------------------------------------------------- */

START_TEST(names_the_file_and_ignores_where_statements_come_from)
{
    files_write("sub.conf", "\n\nserver { listen 1; server_name a; }");
    loading.source.path = files_write("main.conf", "include sub.conf;");
    load_before(NULL);
    files_write("main.conf", "server { listen 1; server_name a; }");
    load(NULL);
    ck_assert_str_eq(compare_loaded(), "nothing changed\n");

    load_before(NULL);
    files_write("sub.conf", "\n\nserver { listen 1; server_name a; root /r; }");
    files_write("main.conf", "include sub.conf;");
    load(NULL);
    ck_assert_str_eq(compare_loaded(),
                     arena_printf(loading.arena,
                                  "server changed: a (%s:3): settings changed: root\n",
                                  files_path("sub.conf")));
}
END_TEST

START_TEST(a_change_is_one_line_of_bounded_length)
{
    char *text = arena_printf(loading.arena,
                              "server { location '/a\\nb' { } "
                              "location /%0200d { } }",
                              0);
    compare("server { }", text);
    ck_has("location added: /00000");
    ck_has("000..., /a\\x0Ab\n");
    ck_assert_ptr_eq(strchr(report.data, '\n'), report.data + report.len - 2);
    ck_assert_uint_lt(report.len, 200);
}
END_TEST

/* --- many --------------------------------------------------------------------------- */

/* `count` servers; with `every` not 0, each of that many has another index. */
static char *many_servers(unsigned count, unsigned every)
{
    struct buf text = {0};
    for (unsigned i = 0; i < count; i++) {
        buf_printf(&text,
                   "server {\n listen 127.0.0.1:1; server_name n%u.example www%u;\n"
                   " location / { index %c; }\n location = /x { return 204; }\n}\n",
                   i, i, every != 0 && i % every == 0 ? 'b' : 'a');
    }
    char *copy = arena_cstr(loading.arena, buf_slice(&text));
    buf_free(&text);
    return copy;
}

static size_t count_lines(void)
{
    size_t lines = 0;
    for (size_t i = 0; i < report.len; i++) {
        lines += report.data[i] == '\n';
    }
    return lines;
}

static const struct {
    unsigned changed;
    const char *last; /* NULL: all are told */
} bounds[] = {
    {COMPARE_LINES_MAX, NULL},
    {COMPARE_LINES_MAX + 1, "\nand 1 more change\n"},
    {COMPARE_LINES_MAX + 7, "\nand 7 more changes\n"},
};

START_TEST(counts_what_is_not_told)
{
    unsigned changed = bounds[_i].changed;
    compare(many_servers(changed, 0), many_servers(changed, 1));
    ck_assert_uint_eq(count_lines(), COMPARE_LINES_MAX + (bounds[_i].last != NULL));
    if (bounds[_i].last == NULL) {
        ck_assert_ptr_null(strstr(report.data, "more change"));
    } else {
        ck_has(bounds[_i].last);
    }
}
END_TEST

#define MANY 5000

START_TEST(compares_thousands_of_servers)
{
    char *plain = many_servers(MANY, 0);
    ck_assert_str_eq(compare(plain, plain), "nothing changed\n");
    compare(plain, many_servers(MANY, MANY / 2));
    ck_assert_str_eq(
        report.data,
        "server changed: n0.example (test.conf:1): location changed: /\n"
        "server changed: n2500.example (test.conf:12501): location changed: /\n");
    compare(plain, many_servers(MANY, 1));
    ck_has("\nand 4980 more changes\n");
    compare(plain, many_servers(MANY - 1, 0));
    ck_assert_str_eq(report.data, "server removed: n4999.example (test.conf:24996)\n");
}
END_TEST

START_TEST(compares_thousands_of_equals_and_of_locations)
{
    struct buf text = {0};
    for (unsigned i = 0; i < MANY; i++) {
        buf_printf(&text, "server { listen %u; server_name a; }\n", 1 + i);
    }
    buf_append_char(&text, '\0');
    compare(text.data, strchr(text.data, '\n') + 1);
    ck_assert_str_eq(report.data,
                     "listener removed: 0.0.0.0:1\nserver removed: a (test.conf:1)\n");

    buf_clear(&text);
    buf_append_str(&text, "server { ");
    for (unsigned i = 0; i < MANY; i++) {
        buf_printf(&text, "location /%05u { } ", i);
    }
    buf_append(&text, "}", 2);
    compare("server { }", text.data);
    ck_has("location added: /00000, /00001, /00002 and 4997 more\n");
    buf_free(&text);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof *(table))

UNIT_SUITE(compare)
{
    tcase_add_checked_fixture(unit_case, begin, end);
    UNIT_LOOP(sees_no_change, 0, ROWS(equals));
    UNIT_LOOP(tells_changes, 0, ROWS(changes));
    UNIT_TEST(names_the_file_and_ignores_where_statements_come_from);
    UNIT_TEST(a_change_is_one_line_of_bounded_length);
    UNIT_LOOP(counts_what_is_not_told, 0, ROWS(bounds));
    if (!TORTURE) { /* with a malloc for each word they take a minute */
        UNIT_TEST(compares_thousands_of_servers);
        UNIT_TEST(compares_thousands_of_equals_and_of_locations);
    }
}
