#include "config/directives.h"
#include "tests/unit/config/load.h"

/* Arguments for rows without a default. */
static const struct {
    const char *name;
    const char *arguments;
} samples[] = {
    {"worker_rlimit_nofile", "1024"},
    {"error_log", "stderr"},
    {"include", "no-such-*.conf"},
    {"events", "{ }"},
    {"http", "{ server { } }"},
    {"server", "{ }"},
    {"listen", "8081"},
    {"server_name", "x"},
    {"location", "/x/y/ { }"},
    {"alias", "/x/"},
    {"try_files", "$uri =404"},
    {"internal", ""},
    {"error_page", "404 /x"},
    {"return", "204"},
    {"types", "{ text/x-y y; }"},
    {"add_header", "X-Y z"},
    {"log_format", "x y"},
};

static const char *arguments_of(const struct directive *row)
{
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        if (strcmp(samples[i].name, row->name) == 0) {
            return samples[i].arguments;
        }
    }
    ck_assert_msg(row->initial != NULL, "no sample for %s", row->name);
    return row->initial;
}

/* What stands around a directive in each context. */
static const struct {
    enum context context;
    const char *before;
    const char *after;
} places[] = {
    {CONTEXT_MAIN, "", " server { }"},
    {CONTEXT_EVENTS, "events { ", " } server { }"},
    {CONTEXT_HTTP, "http { ", " server { } }"},
    {CONTEXT_SERVER, "server { ", " }"},
    {CONTEXT_LOCATION, "server { location /x/ { ", " } }"},
};

#define PLACE_COUNT (sizeof places / sizeof *places)

static char *place(size_t where, const struct directive *row, const char *arguments)
{
    size_t len = strlen(arguments);
    const char *end = len > 0 && arguments[len - 1] == '}' ? "" : ";";
    return arena_printf(loading.arena, "%s%s %s%s%s", places[where].before, row->name,
                        arguments, end, places[where].after);
}

static void ck_contexts(const struct directive *row)
{
    for (size_t i = 0; i < PLACE_COUNT; i++) {
        char *text = place(i, row, arguments_of(row));
        if (row->contexts & (unsigned)places[i].context) {
            load(text);
        } else {
            load_refused(text, "is not allowed in");
            ck_assert_ptr_nonnull(strstr(loading.messages.data, "valid in: "));
        }
    }
}

static size_t first_place(const struct directive *row)
{
    size_t where = 0;
    while (!(row->contexts & (unsigned)places[where].context)) {
        where++;
    }
    return where;
}

static void ck_duplicate(const struct directive *row)
{
    const char *end = row->type == TYPE_BLOCK ? "" : ";";
    const char *arguments = arguments_of(row);
    char *twice =
        arena_printf(loading.arena, "%s%s %s %s", arguments, end, row->name, arguments);
    load_refused(place(first_place(row), row, twice), "is duplicate");
    ck_assert_ptr_nonnull(strstr(loading.messages.data, "was given first at"));
}

static void ck_counts(const struct directive *row)
{
    size_t where = first_place(row);
    if (row->args_min > 0) {
        load_refused(place(where, row, ""), "too few arguments");
        ck_assert_ptr_nonnull(strstr(loading.messages.data, "expected: "));
    }
    if (row->args_max != UCHAR_MAX) {
        load_refused(place(where, row, "a b c d"), "too many arguments");
    }
    load_refused(place(where, row, "a { }"), "takes no block");
}

/* The rows are dealt out to this many tests: one takes too long, one a row too. */
#define SHARES 8

START_TEST(a_row_is_valid_in_its_contexts_only)
{
    for (size_t i = (size_t)_i; i < directive_count; i += SHARES) {
        ck_contexts(&directives[i]);
    }
}
END_TEST

START_TEST(a_scalar_is_given_once)
{
    for (size_t i = (size_t)_i; i < directive_count; i += SHARES) {
        if (!directives[i].repeats) {
            ck_duplicate(&directives[i]);
        }
    }
}
END_TEST

START_TEST(arguments_are_counted)
{
    for (size_t i = (size_t)_i; i < directive_count; i += SHARES) {
        const struct directive *row = &directives[i];
        if (row->type != TYPE_BLOCK && strcmp(row->name, "include") != 0) {
            ck_counts(row);
        }
    }
}
END_TEST

static const struct {
    const char *text;
    const char *message;
} refusals[] = {
    {"servr { }", "unknown directive \"servr\" in main"},
    {"servr { }", "did you mean \"server\"?"},
    {"server { rooot /x; }", "did you mean \"root\"?"},
    {"events { server_nam x; }", "did you mean \"server_name\"? it is valid in: server"},
    {"server { zzzzzzzzz; }", "unknown directive \"zzzzzzzzz\" in server"},
    {"server;", "\"server\" needs a block in braces"},
    {"server { ssl_certificate x; }", "\"ssl_certificate\" is not supported"},
    {"server { location / { proxy_pass http://x; } }", "\"proxy_pass\" is not supported"},
    {"server { root /x; root /y; }", "\"root\" was given first at test.conf:1"},
};

START_TEST(says_what_is_wrong)
{
    load_refused(refusals[_i].text, refusals[_i].message);
}
END_TEST

START_TEST(tells_all_errors_of_one_pass)
{
    load_refused("rooot /x;\nserver {\n  root;\n  autoindex maybe;\n"
                 "  location / { inde x; }\n}\nfoo bar;\n",
                 "test.conf:1:1:");
    ck_assert_uint_eq(loading.diag.errors, 5);
    ck_assert_ptr_nonnull(strstr(loading.messages.data, "test.conf:7:1:"));
}
END_TEST

START_TEST(warns_once_of_harmless_names)
{
    load_warned("http { tcp_nopush on; server { tcp_nopush on; } }", "\"tcp_nopush\"");
    ck_assert_uint_eq(loading.diag.warnings, 1);
}
END_TEST

UNIT_SUITE(apply)
{
    load_fixture(unit_case);
    UNIT_LOOP(a_row_is_valid_in_its_contexts_only, 0, SHARES);
    UNIT_LOOP(a_scalar_is_given_once, 0, SHARES);
    UNIT_LOOP(arguments_are_counted, 0, SHARES);
    UNIT_LOOP(says_what_is_wrong, 0, (int)(sizeof refusals / sizeof *refusals));
    UNIT_TEST(tells_all_errors_of_one_pass);
    UNIT_TEST(warns_once_of_harmless_names);
}
