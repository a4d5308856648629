#include "config/variables.h"
#include "tests/unit/unit.h"

START_TEST(every_variable_is_found_by_its_name)
{
    struct slice member;
    struct slice name = slice_str(variable_name((enum variable)_i));
    ck_assert_uint_gt(name.len, 0);
    enum variable found = variable_lookup(name, &member);
    bool is_family = name.ptr[name.len - 1] == '_';
    ck_assert_int_eq(found, is_family ? VARIABLE_LITERAL : (enum variable)_i);
    ck_assert_uint_eq(member.len, 0);
    ck_assert_ptr_nonnull(member.ptr);
}
END_TEST

static const struct {
    const char *name;
    enum variable variable;
    const char *member;
} rows[] = {
    {"uri", VARIABLE_URI, ""},
    {"http_user_agent", VARIABLE_HTTP_USER_AGENT, ""},
    {"http_user_agents", VARIABLE_HTTP_PREFIX, "user_agents"},
    {"sent_http_etag", VARIABLE_SENT_HTTP_PREFIX, "etag"},
    {"arg_q", VARIABLE_ARG_PREFIX, "q"},
    {"cookie_id", VARIABLE_COOKIE_PREFIX, "id"},
    {"args", VARIABLE_ARGS, ""},
    {"https", VARIABLE_HTTPS, ""},
    {"http_", VARIABLE_LITERAL, ""},
    {"", VARIABLE_LITERAL, ""},
    {"ur", VARIABLE_LITERAL, ""},
    {"uri2", VARIABLE_LITERAL, ""},
    {"proxy_host", VARIABLE_LITERAL, ""},
};

START_TEST(families_name_a_member)
{
    struct slice member;
    ck_assert_int_eq(variable_lookup(slice_str(rows[_i].name), &member),
                     rows[_i].variable);
    ck_assert(slice_eq(member, slice_str(rows[_i].member)));
}
END_TEST

UNIT_SUITE(variables)
{
    UNIT_LOOP(every_variable_is_found_by_its_name, VARIABLE_LITERAL + 1, VARIABLE_COUNT);
    UNIT_LOOP(families_name_a_member, 0, (int)(sizeof(rows) / sizeof(rows[0])));
}
