#include "tests/unit/config/load.h"

static const char *path_of(uint32_t file)
{
    ck_assert_uint_lt(file, loading.config->log_file_count);
    return loading.config->log_files[file].path;
}

START_TEST(error_logs_add_up)
{
    const struct log *log =
        load("error_log stderr; error_log logs/x debug; server { }")->error_log;
    ck_assert_uint_eq(log->count, 2);
    ck_assert_str_eq(path_of(log->targets[0].file), "stderr");
    ck_assert_int_eq(log->targets[0].level, LOG_LEVEL_ERROR);
    ck_assert_str_eq(path_of(log->targets[1].file), LOAD_PREFIX "logs/x");
    ck_assert_int_eq(log->targets[1].level, LOG_LEVEL_DEBUG);
}
END_TEST

START_TEST(error_logs_are_inherited_whole)
{
    load("error_log stderr; server { location /a { error_log /x; } location /b { } }");
    const struct config *config = loading.config;
    ck_assert_ptr_eq(config->servers[0]->fallback->set->error_log, config->error_log);
    ck_assert_ptr_eq(load_location("/b")->set->error_log, config->error_log);
    const struct log *own = load_location("/a")->set->error_log;
    ck_assert_uint_eq(own->count, 1);
    ck_assert_str_eq(path_of(own->targets[0].file), "/x");
}
END_TEST

START_TEST(logs_have_defaults)
{
    const struct config *config = load("server { }");
    ck_assert_uint_eq(config->log_file_count, 2);
    ck_assert_str_eq(path_of(config->error_log->targets[0].file),
                     TINYHTTPD_LOCALSTATEDIR "/log/tinyhttpd/error.log");
    ck_assert_int_eq(config->error_log->targets[0].level, LOG_LEVEL_NOTICE);
    const struct access_logs *logs = &config->servers[0]->fallback->set->access_log;
    ck_assert_uint_eq(logs->count, 1);
    ck_assert_str_eq(path_of(logs->items[0].file),
                     TINYHTTPD_LOCALSTATEDIR "/log/tinyhttpd/access.log");
    UNIT_SLICE_EQ(logs->items[0].format->name, "combined");
}
END_TEST

START_TEST(the_command_line_names_the_default_error_log)
{
    loading.source.error_log = "stderr";
    const struct config *config = load("server { access_log off; }");
    ck_assert_uint_eq(config->log_file_count, 1);
    ck_assert_str_eq(path_of(config->error_log->targets[0].file), "stderr");
    config = load("error_log /x; server { access_log off; }");
    ck_assert_uint_eq(config->log_file_count, 1);
    ck_assert_str_eq(path_of(config->error_log->targets[0].file), "/x");
}
END_TEST

START_TEST(a_default_access_log_that_nobody_uses_is_no_file)
{
    load("error_log stderr; server { access_log off; location /a { access_log /x; } }");
    ck_assert_uint_eq(loading.config->log_file_count, 2);
    ck_assert_uint_eq(loading.config->servers[0]->fallback->set->access_log.count, 0);
    ck_assert_uint_eq(loading.config->http->set->access_log.count, 0);
    load("error_log stderr; server { access_log off; } server { listen 2; }");
    ck_assert_uint_eq(loading.config->log_file_count, 2);
}
END_TEST

START_TEST(one_path_is_one_file)
{
    const struct location_settings *set =
        load_in_server("error_log stderr; access_log /x; access_log /x json; "
                       "access_log " LOAD_PREFIX "y; access_log y;");
    ck_assert_uint_eq(set->access_log.count, 4);
    ck_assert_uint_eq(set->access_log.items[0].file, set->access_log.items[1].file);
    ck_assert_uint_eq(set->access_log.items[2].file, set->access_log.items[3].file);
    UNIT_SLICE_EQ(set->access_log.items[1].format->name, "json");
}
END_TEST

START_TEST(a_log_may_have_a_condition)
{
    const struct access_log *log =
        &load_in_server("access_log /x combined if=$arg_log;")->access_log.items[0];
    ck_assert_uint_eq(log->condition.count, 1);
    ck_assert_int_eq(log->condition.parts[0].variable, VARIABLE_ARG_PREFIX);
    ck_assert_uint_eq(
        load_in_server("access_log /x;")->access_log.items[0].condition.count, 0);
}
END_TEST

START_TEST(buffering_is_ignored_with_one_warning)
{
    load_warned("server { access_log /x combined buffer=32k flush=5s; }", "buffer=32k");
    ck_assert_uint_eq(loading.diag.warnings, 1);
}
END_TEST

static const struct {
    const char *lines;
    const char *message;
} refusals[] = {
    {"error_log syslog:server=x;", "syslog is not supported yet"},
    {"error_log memory:32m debug;", "logs in memory"},
    {"error_log /x loud;", "not a level"},
    {"error_log '';", "empty path"},
    {"access_log syslog:server=x;", "syslog is not supported yet"},
    {"access_log /x/$host;", "variables in the path of a log"},
    {"access_log /x nosuch;", "unknown log format \"nosuch\""},
    {"access_log /x combined json;", "unknown parameter"},
    {"access_log /x combined gzip;", "does not write compressed files"},
    {"access_log /x combined gzip=9;", "does not write compressed files"},
    {"access_log /x combined if=$nothing;", "unknown variable"},
    {"access_log off combined;", "\"off\" stands alone"},
};

START_TEST(refuses_what_does_not_fit)
{
    load_refused_in_server(refusals[_i].lines, refusals[_i].message);
}
END_TEST

UNIT_SUITE(set_logs)
{
    load_fixture(unit_case);
    UNIT_TEST(error_logs_add_up);
    UNIT_TEST(error_logs_are_inherited_whole);
    UNIT_TEST(logs_have_defaults);
    UNIT_TEST(the_command_line_names_the_default_error_log);
    UNIT_TEST(a_default_access_log_that_nobody_uses_is_no_file);
    UNIT_TEST(one_path_is_one_file);
    UNIT_TEST(a_log_may_have_a_condition);
    UNIT_TEST(buffering_is_ignored_with_one_warning);
    UNIT_LOOP(refuses_what_does_not_fit, 0, (int)(sizeof refusals / sizeof *refusals));
}
