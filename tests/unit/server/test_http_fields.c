#include "server/http_fields.h"
#include "tests/unit/server/parsed_head.h"
#include "tests/unit/unit.h"
#include <ctype.h>

static void read(struct parsed_head *parsed, const char *text)
{
    ck_assert_uint_eq(parsed_head_read(parsed, slice_str(text)), 0);
}

START_TEST(finds_every_known_name_in_any_case)
{
    for (int id = 1; id < HTTP_FIELD_COUNT; id++) {
        struct slice name = http_field_name((enum http_field_id)id);
        char upper[64], lower[64];
        for (size_t i = 0; i < name.len; i++) {
            upper[i] = (char)toupper(name.ptr[i]);
            lower[i] = (char)tolower(name.ptr[i]);
        }
        ck_assert_int_eq(http_field_lookup(name), id);
        ck_assert_int_eq(http_field_lookup(slice_of(upper, name.len)), id);
        ck_assert_int_eq(http_field_lookup(slice_of(lower, name.len)), id);
    }
}
END_TEST

START_TEST(matches_names_whole)
{
    for (int id = 1; id < HTTP_FIELD_COUNT; id++) {
        struct slice name = http_field_name((enum http_field_id)id);
        char text[64];
        memcpy(text, name.ptr, name.len);
        text[name.len] = 'x';
        ck_assert_int_eq(http_field_lookup(slice_of(text, name.len + 1)), 0);
        ck_assert_int_eq(http_field_lookup(slice_of(text, name.len - 1)), 0);
        text[name.len - 1] = '!';
        ck_assert_int_eq(http_field_lookup(slice_of(text, name.len)), 0);
        text[0] = '!';
        ck_assert_int_eq(http_field_lookup(slice_of(text, name.len)), 0);
    }
    ck_assert_int_eq(http_field_lookup(SLICE("")), 0);
    ck_assert_int_eq(http_field_lookup(SLICE("Content_Length")), 0);
    ck_assert_int_eq(http_field_lookup(SLICE("Transfer-Encodinh")), 0);
}
END_TEST

START_TEST(does_not_confuse_long_names)
{
    char text[1024];
    memset(text, 'h', sizeof(text));
    memcpy(text, "Host", 4);
    ck_assert_int_eq(http_field_lookup(slice_of(text, 256)), 0);
    ck_assert_int_eq(http_field_lookup(slice_of(text, 256 + 4)), 0);
    ck_assert_int_eq(http_field_lookup(slice_of(text, sizeof(text))), 0);
}
END_TEST

START_TEST(has_an_arity_a_row)
{
    ck_assert_int_eq(http_field_arity(HTTP_FIELD_HOST), HTTP_SINGLETON);
    ck_assert_int_eq(http_field_arity(HTTP_FIELD_CONNECTION), HTTP_LIST);
    ck_assert_int_eq(http_field_arity(HTTP_FIELD_COOKIE), HTTP_REPEATABLE);
    ck_assert_int_eq(http_field_arity(HTTP_FIELD_OTHER), HTTP_REPEATABLE);
}
END_TEST

START_TEST(gets_the_first_line)
{
    struct parsed_head parsed;
    read(&parsed, "GET / HTTP/1.1\r\nX-One: 1\r\nVia: a\r\nVia: b\r\nHost:\r\n\r\n");
    UNIT_SLICE_EQ(http_fields_get(&parsed.head.fields, HTTP_FIELD_VIA), "a");
    struct slice host = http_fields_get(&parsed.head.fields, HTTP_FIELD_HOST);
    ck_assert_ptr_nonnull(host.ptr);
    ck_assert_uint_eq(host.len, 0);
    ck_assert_ptr_null(http_fields_get(&parsed.head.fields, HTTP_FIELD_RANGE).ptr);
}
END_TEST

START_TEST(walks_lists_over_lines)
{
    static const char *const expected[] = {"a", "b c", "\"x,y\"", "\"q\\\"r,s\"", "last"};
    struct parsed_head parsed;
    read(&parsed, "GET / HTTP/1.1\r\nVia: a, ,\tb c,\r\nHost: h\r\nVia:\r\n"
                  "Via: \"x,y\" , \"q\\\"r,s\"\r\nvia: ,,last\r\n\r\n");
    struct http_list_walk walk = http_list_start(&parsed.head.fields, HTTP_FIELD_VIA);
    struct slice member;
    for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
        ck_assert(http_list_next(&walk, &member));
        UNIT_SLICE_EQ(member, expected[i]);
    }
    ck_assert(!http_list_next(&walk, &member));
    ck_assert(!http_list_next(&walk, &member));
}
END_TEST

START_TEST(walks_unclosed_quotes_to_the_end_of_the_line)
{
    struct parsed_head parsed;
    read(&parsed, "GET / HTTP/1.1\r\nVia: \"a, b\r\nVia: c\\\r\nVia: \"\\\r\n\r\n");
    struct http_list_walk walk = http_list_start(&parsed.head.fields, HTTP_FIELD_VIA);
    struct slice member;
    ck_assert(http_list_next(&walk, &member));
    UNIT_SLICE_EQ(member, "\"a, b");
    ck_assert(http_list_next(&walk, &member));
    UNIT_SLICE_EQ(member, "c\\");
    ck_assert(http_list_next(&walk, &member));
    UNIT_SLICE_EQ(member, "\"\\");
    ck_assert(!http_list_next(&walk, &member));
}
END_TEST

START_TEST(walks_an_absent_field)
{
    struct parsed_head parsed;
    read(&parsed, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    struct http_list_walk walk = http_list_start(&parsed.head.fields, HTTP_FIELD_VIA);
    struct slice member;
    ck_assert(!http_list_next(&walk, &member));
}
END_TEST

START_TEST(looks_for_members)
{
    struct parsed_head parsed;
    read(&parsed, "GET / HTTP/1.1\r\nConnection: Upgrade, Keep-Alive\r\n\r\n");
    const struct http_fields *fields = &parsed.head.fields;
    ck_assert(http_list_has(fields, HTTP_FIELD_CONNECTION, SLICE("keep-alive")));
    ck_assert(http_list_has(fields, HTTP_FIELD_CONNECTION, SLICE("upgrade")));
    ck_assert(!http_list_has(fields, HTTP_FIELD_CONNECTION, SLICE("keep")));
    ck_assert(!http_list_has(fields, HTTP_FIELD_CONNECTION, SLICE("close")));
    ck_assert(!http_list_has(fields, HTTP_FIELD_UPGRADE, SLICE("upgrade")));
}
END_TEST

START_TEST(classifies_every_byte)
{
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        struct slice text = slice_of(&byte, 1);
        bool tchar =
            c != 0 && c < 128 && (isalnum(c) || strchr("!#$%&'*+-.^_`|~", c) != NULL);
        bool value = c == '\t' || (c >= ' ' && c != 0x7f);
        ck_assert_int_eq(http_is_tchar(byte), tchar);
        ck_assert_int_eq(http_is_token(text), tchar);
        ck_assert_int_eq(http_is_field_value(text), value);
    }
    ck_assert(!http_is_token(SLICE("")));
    ck_assert(!http_is_token(SLICE("a b")));
    ck_assert(http_is_field_value(SLICE("")));
}
END_TEST

START_TEST(spans_text_up_to_any_control_at_any_place)
{
    char text[40];
    for (int c = 0; c < 256; c++) {
        for (size_t at = 0; at < sizeof(text); at++) {
            memset(text, at % 2 ? 0xff : 'a', sizeof(text));
            text[at] = (char)c;
            char byte = (char)c;
            bool value = http_is_field_value(slice_of(&byte, 1));
            size_t span = http_text_span(slice_of(text, sizeof(text)));
            ck_assert_uint_eq(span, value ? sizeof(text) : at);
        }
    }
}
END_TEST

UNIT_SUITE(http_fields)
{
    UNIT_TEST(finds_every_known_name_in_any_case);
    UNIT_TEST(matches_names_whole);
    UNIT_TEST(does_not_confuse_long_names);
    UNIT_TEST(has_an_arity_a_row);
    UNIT_TEST(gets_the_first_line);
    UNIT_TEST(walks_lists_over_lines);
    UNIT_TEST(walks_unclosed_quotes_to_the_end_of_the_line);
    UNIT_TEST(walks_an_absent_field);
    UNIT_TEST(looks_for_members);
    UNIT_TEST(classifies_every_byte);
    UNIT_TEST(spans_text_up_to_any_control_at_any_place);
}
