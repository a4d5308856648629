#include "tests/unit/config/load.h"

START_TEST(reads_each_type)
{
    const struct location_settings *set =
        load_in_server("autoindex on; keepalive_requests 7; client_max_body_size 2k; "
                       "send_timeout 1m30s; default_type 'a/b'; autoindex_format xml;");
    ck_assert(set->autoindex);
    ck_assert_uint_eq(set->keepalive_requests, 7);
    ck_assert_uint_eq(set->client_max_body_size, 2048);
    ck_assert_int_eq(set->send_timeout, 90000);
    ck_assert_str_eq(set->default_type, "a/b");
    ck_assert_int_eq(set->autoindex_format, AUTOINDEX_XML);
}
END_TEST

START_TEST(a_number_fits_its_member)
{
    load("worker_rlimit_nofile 5000000000; server { }");
    ck_assert_uint_eq(loading.config->set.worker_rlimit_nofile, UINT64_C(5000000000));
    load_refused_in_server("keepalive_requests 5000000000;", "too large");
}
END_TEST

START_TEST(a_path_starts_at_the_prefix)
{
    load("pid run/x.pid; server { }");
    ck_assert_str_eq(loading.config->set.pid, LOAD_PREFIX "run/x.pid");
    load("pid /run/x.pid; server { }");
    ck_assert_str_eq(loading.config->set.pid, "/run/x.pid");
}
END_TEST

static const struct {
    const char *text;
    const char *message;
} refusals[] = {
    {"server { autoindex yes; }", "invalid value \"yes\" for \"autoindex\""},
    {"server { autoindex yes; }", "expected: autoindex on | off;"},
    {"server { keepalive_requests -1; }", "invalid value \"-1\""},
    {"server { send_timeout 1x; }", "invalid value \"1x\""},
    {"server { send_timeout 0; }", "too small: at least 1ms"},
    {"server { client_max_body_size 1t; }", "invalid value \"1t\""},
    {"server { max_headers 0; }", "too small: at least 1"},
    {"server { max_headers 10001; }", "too large: at most 10000"},
    {"server { client_header_buffer_size 1; }", "too small: at least 256"},
    {"server { default_type \"a\\nb\"; }", "has a control character"},
    {"pid ''; server { }", "empty path"},
    {"server { autoindex_format yaml; }", "not one of those below"},
    {"server { autoindex_format yaml; }", "html | json | xml"},
};

START_TEST(refuses_what_does_not_fit)
{
    load_refused(refusals[_i].text, refusals[_i].message);
}
END_TEST

UNIT_SUITE(set_value)
{
    load_fixture(unit_case);
    UNIT_TEST(reads_each_type);
    UNIT_TEST(a_number_fits_its_member);
    UNIT_TEST(a_path_starts_at_the_prefix);
    UNIT_LOOP(refuses_what_does_not_fit, 0, (int)(sizeof refusals / sizeof *refusals));
}
