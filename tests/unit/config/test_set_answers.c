#include "tests/unit/config/load.h"

START_TEST(reads_error_pages)
{
    const struct error_pages *pages =
        &load_in_server("error_page 404 410 /x; error_page 500 =200 /y; "
                        "error_page 502 = /z; error_page 503 http://a/;")
             ->error_page;
    ck_assert_uint_eq(pages->count, 4);
    ck_assert_uint_eq(pages->items[0].code_count, 2);
    ck_assert_uint_eq(pages->items[0].codes[1], 410);
    ck_assert_int_eq(pages->items[0].override, ERROR_KEEP);
    UNIT_SLICE_EQ(pages->items[0].target.literal, "/x");
    ck_assert_int_eq(pages->items[1].override, ERROR_SET);
    ck_assert_uint_eq(pages->items[1].status, 200);
    ck_assert_int_eq(pages->items[2].override, ERROR_TARGET);
    ck_assert(!pages->items[2].is_url);
    ck_assert(pages->items[3].is_url);
}
END_TEST

static const struct {
    const char *arguments;
    unsigned status;
    bool has_text;
    const char *text;
} returns[] = {
    {"404", 404, false, ""},
    {"444", 444, false, ""},
    {"0", 0, false, ""},
    {"200 'hello $host'", 200, true, "hello $host"},
    {"200 ''", 200, true, ""},
    {"301 /x", 301, true, "/x"},
    {"http://a/", 302, true, "http://a/"},
    {"https://a/", 302, true, "https://a/"},
    {"$scheme://a/", 302, true, "$scheme://a/"},
};

START_TEST(reads_a_return)
{
    const struct return_rule *rule =
        load_in_server(arena_printf(loading.arena, "return %s;", returns[_i].arguments))
            ->return_rule;
    ck_assert_ptr_nonnull(rule);
    ck_assert_uint_eq(rule->status, returns[_i].status);
    ck_assert_int_eq(rule->has_text, returns[_i].has_text);
    UNIT_SLICE_EQ(rule->text.source, returns[_i].text);
}
END_TEST

static const char *type_of(const struct location_settings *set, const char *extension)
{
    return hash_get(&set->types->by_extension, slice_str(extension));
}

START_TEST(types_replace_the_table_and_add_up)
{
    const struct location_settings *set =
        load_in_server("types { a/b x Y; } types { c/d z; }");
    ck_assert_str_eq(type_of(set, "x"), "a/b");
    ck_assert_str_eq(type_of(set, "y"), "a/b");
    ck_assert_str_eq(type_of(set, "z"), "c/d");
    ck_assert_ptr_null(type_of(set, "html"));
    ck_assert_str_eq(type_of(load_in_server(""), "html"), "text/html");
}
END_TEST

START_TEST(an_extension_of_two_types_is_told)
{
    load_warned("server { types { a/b x; c/d x; } }", "extension \"x\" is now \"c/d\"");
    load("server { types { a/b x; a/b x; } }");
    ck_assert_uint_eq(loading.diag.warnings, 0);
}
END_TEST

START_TEST(reads_a_charset)
{
    UNIT_SLICE_EQ(load_in_server("charset utf-8;")->charset, "utf-8");
    UNIT_SLICE_EQ(load_in_server("charset off;")->charset, "");
    UNIT_SLICE_EQ(load_in_server("")->charset, "");
}
END_TEST

START_TEST(added_fields_keep_their_order)
{
    const struct added_headers *headers =
        &load_in_server("add_header X-A 1; add_header X-B $host always;")->add_header;
    ck_assert_uint_eq(headers->count, 2);
    UNIT_SLICE_EQ(headers->items[0].name, "X-A");
    UNIT_SLICE_EQ(headers->items[0].value.literal, "1");
    ck_assert(!headers->items[0].always);
    UNIT_SLICE_EQ(headers->items[1].name, "X-B");
    ck_assert(headers->items[1].always);
}
END_TEST

static const struct {
    const char *arguments;
    enum expires_kind kind;
    int64_t milliseconds;
} times[] = {
    {"off", EXPIRES_OFF, 0},
    {"epoch", EXPIRES_EPOCH, 0},
    {"max", EXPIRES_MAX, 0},
    {"24h", EXPIRES_ACCESS, 86400000},
    {"+1m", EXPIRES_ACCESS, 60000},
    {"0", EXPIRES_ACCESS, 0},
    {"-1", EXPIRES_ACCESS, -1000},
    {"modified +24h", EXPIRES_MODIFIED, 86400000},
    {"modified -1s", EXPIRES_MODIFIED, -1000},
    {"@15h30m", EXPIRES_DAILY, 55800000},
};

START_TEST(reads_expires)
{
    const struct expires *expires =
        &load_in_server(arena_printf(loading.arena, "expires %s;", times[_i].arguments))
             ->expires;
    ck_assert_int_eq(expires->kind, times[_i].kind);
    ck_assert_int_eq(expires->milliseconds, times[_i].milliseconds);
}
END_TEST

static const struct {
    const char *lines;
    const char *message;
} refusals[] = {
    {"error_page 299 /x;", "a code from 300 to 599, but not 499"},
    {"error_page 600 /x;", "a code from 300 to 599, but not 499"},
    {"error_page 499 /x;", "a code from 300 to 599, but not 499"},
    {"error_page 404 x /y;", "invalid value \"x\""},
    {"error_page 404 =x /y;", "not a status code"},
    {"error_page = /y;", "no status code before"},
    {"error_page 404 x;", "must begin with \"/\""},
    {"return 1000;", "must be a code up to 999, or a URL"},
    {"return -1;", "must be a code up to 999, or a URL"},
    {"return /x;", "must be a code up to 999, or a URL"},
    {"return 200 $nothing;", "unknown variable"},
    {"types { html x; }", "is not a media type"},
    {"types { a/b; }", "has no extensions"},
    {"types { a/b { } }", "takes no block"},
    {"charset $host;", "variables are not supported here"},
    {"charset 'a b';", "not the name of a character set"},
    {"add_header 'a b' c;", "not the name of a field"},
    {"add_header X: c;", "not the name of a field"},
    {"add_header X \"a\\r\\nb\";", "has a control character"},
    {"add_header X a never;", "only \"always\" may follow"},
    {"add_header content-length 1;", "the server itself frames"},
    {"add_header Transfer-Encoding chunked;", "the server itself frames"},
    {"expires $host;", "variables are not supported here"},
    {"expires x;", "invalid value \"x\""},
    {"expires -;", "invalid value \"-\""},
    {"expires @25h;", "a day has 24 hours"},
    {"expires modified @5h;", "cannot be \"modified\""},
    {"expires modified max;", "invalid value \"max\""},
    {"expires later 5h;", "expected \"modified\""},
};

START_TEST(refuses_what_does_not_fit)
{
    load_refused_in_server(refusals[_i].lines, refusals[_i].message);
}
END_TEST

UNIT_SUITE(set_answers)
{
    load_fixture(unit_case);
    UNIT_TEST(reads_error_pages);
    UNIT_LOOP(reads_a_return, 0, (int)(sizeof returns / sizeof *returns));
    UNIT_TEST(types_replace_the_table_and_add_up);
    UNIT_TEST(an_extension_of_two_types_is_told);
    UNIT_TEST(reads_a_charset);
    UNIT_TEST(added_fields_keep_their_order);
    UNIT_LOOP(reads_expires, 0, (int)(sizeof times / sizeof *times));
    UNIT_LOOP(refuses_what_does_not_fit, 0, (int)(sizeof refusals / sizeof *refusals));
}
