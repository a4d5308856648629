#include "tests/unit/config/load.h"

static const struct log_format *format_of(const char *lines)
{
    load(arena_printf(loading.arena, "http { %s server { } }", lines));
    return loading.config->servers[0]->fallback->set->access_log.items[0].format;
}

START_TEST(words_are_joined)
{
    const struct log_format *format =
        format_of("log_format x '$status' 'b ' $host; access_log /x x;");
    UNIT_SLICE_EQ(format->name, "x");
    UNIT_SLICE_EQ(format->text.source, "$statusb $host");
    ck_assert_uint_eq(format->text.count, 3);
    ck_assert_int_eq(format->text.parts[0].variable, VARIABLE_STATUS);
    UNIT_SLICE_EQ(format->text.parts[1].text, "b ");
    ck_assert_int_eq(format->text.parts[2].variable, VARIABLE_HOST);
    ck_assert(!format->text.is_literal);
    ck_assert_int_eq(format->escape, LOG_ESCAPE_DEFAULT);
}
END_TEST

START_TEST(a_format_without_variables_is_literal)
{
    const struct log_format *format = format_of("log_format x a b; access_log /x x;");
    ck_assert(format->text.is_literal);
    UNIT_SLICE_EQ(format->text.literal, "ab");
}
END_TEST

START_TEST(reads_the_escaping)
{
    const struct log_format *format =
        format_of("log_format x escape=json a; access_log /x x;");
    ck_assert_int_eq(format->escape, LOG_ESCAPE_JSON);
    UNIT_SLICE_EQ(format->text.source, "a");
    ck_assert_int_eq(format_of("log_format x escape=none a; access_log /x x;")->escape,
                     LOG_ESCAPE_NONE);
}
END_TEST

START_TEST(two_are_built_in)
{
    const struct log_format *format = format_of("access_log /x combined;");
    ck_assert_uint_gt(format->text.count, 10);
    ck_assert_int_eq(format->escape, LOG_ESCAPE_DEFAULT);
    format = format_of("access_log /x json;");
    ck_assert_int_eq(format->escape, LOG_ESCAPE_JSON);
    UNIT_SLICE_EQ(slice_of(format->text.source.ptr, 2), "{\"");
}
END_TEST

START_TEST(a_format_takes_the_place_of_a_built_in_one)
{
    UNIT_SLICE_EQ(format_of("log_format json x; access_log /x json;")->text.source, "x");
}
END_TEST

START_TEST(refuses_what_does_not_fit)
{
    load_refused("http { log_format x escape=xml a; server { } }", "unknown escaping");
    load_refused("http { log_format x a; log_format x b; server { } }", "duplicate name");
    load_refused("http { log_format x $nothing; server { } }", "unknown variable");
    load_refused("http { access_log /x x; log_format x a; server { } }",
                 "before its name is used");
}
END_TEST

UNIT_SUITE(log_formats)
{
    load_fixture(unit_case);
    UNIT_TEST(words_are_joined);
    UNIT_TEST(a_format_without_variables_is_literal);
    UNIT_TEST(reads_the_escaping);
    UNIT_TEST(two_are_built_in);
    UNIT_TEST(a_format_takes_the_place_of_a_built_in_one);
    UNIT_TEST(refuses_what_does_not_fit);
}
