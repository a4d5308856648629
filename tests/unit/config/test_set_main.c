#include "tests/unit/config/load.h"

START_TEST(reads_the_process_settings)
{
    const struct main_settings *set =
        &load("user www web; worker_processes 3; worker_priority -5; daemon off; "
              "master_process off; worker_shutdown_timeout 2s; "
              "events { worker_connections 99; } server { }")
             ->set;
    ck_assert_str_eq(set->user, "www");
    ck_assert_str_eq(set->group, "web");
    ck_assert_uint_eq(set->worker_processes, 3);
    ck_assert_int_eq(set->worker_priority, -5);
    ck_assert(!set->daemon);
    ck_assert(!set->master_process);
    ck_assert_int_eq(set->worker_shutdown_timeout, 2000);
    ck_assert_uint_eq(set->worker_connections, 99);
}
END_TEST

START_TEST(has_defaults)
{
    const struct main_settings *set = &load("server { }")->set;
    ck_assert_str_eq(set->user, "nobody");
    ck_assert_ptr_null(set->group);
    ck_assert_uint_eq(set->worker_processes, 0);
    ck_assert_int_eq(set->worker_priority, 0);
    ck_assert(set->daemon);
    ck_assert(set->master_process);
    ck_assert_int_eq(set->worker_shutdown_timeout, 30000);
    ck_assert_uint_eq(set->worker_connections, 1024);
    ck_assert_uint_eq(set->worker_rlimit_nofile, 0);
    ck_assert_str_eq(set->pid, TINYHTTPD_LOCALSTATEDIR "/run/tinyhttpd.pid");
}
END_TEST

START_TEST(a_user_alone_has_no_group)
{
    ck_assert_ptr_null(load("user www; server { }")->set.group);
}
END_TEST

START_TEST(reads_when_workers_are_replaced)
{
    const struct main_settings *set =
        &load("worker_max_requests 1000; worker_max_rss 64m; sigterm graceful; "
              "request_quarantine time=5m deaths=2; server { }")
             ->set;
    ck_assert_uint_eq(set->worker_max_requests, 1000);
    ck_assert_uint_eq(set->worker_max_rss, 64 << 20);
    ck_assert_int_eq(set->sigterm, STOP_GRACEFULLY);
    ck_assert_uint_eq(set->request_quarantine.deaths, 2);
    ck_assert_int_eq(set->request_quarantine.window, 60000);
    ck_assert_int_eq(set->request_quarantine.time, 300000);
    ck_assert_uint_eq(load("server { }")->set.request_quarantine.deaths, 3);
    ck_assert_uint_eq(
        load("request_quarantine off; server { }")->set.request_quarantine.deaths, 0);
}
END_TEST

static const struct {
    const char *text;
    const char *message;
} refusals[] = {
    {"worker_processes 0;", "must be 1 to 128"},
    {"worker_processes 129;", "must be 1 to 128"},
    {"worker_processes many;", "invalid value \"many\""},
    {"worker_priority 20;", "must be -20 to 19"},
    {"worker_priority -21;", "must be -20 to 19"},
    {"worker_priority -;", "invalid value \"-\""},
    {"user '';", "empty name"},
    {"request_quarantine deaths=0;", "deaths= must be 1 to 16"},
    {"request_quarantine deaths=17;", "deaths= must be 1 to 16"},
    {"request_quarantine window=0;", "must be longer than 0"},
    {"request_quarantine time=soon;", "invalid value \"time=soon\""},
    {"request_quarantine off time=1s;", "unknown parameter"},
    {"sigterm now;", "invalid value \"now\""},
};

START_TEST(refuses_what_does_not_fit)
{
    load_refused(refusals[_i].text, refusals[_i].message);
}
END_TEST

UNIT_SUITE(set_main)
{
    load_fixture(unit_case);
    UNIT_TEST(reads_the_process_settings);
    UNIT_TEST(has_defaults);
    UNIT_TEST(a_user_alone_has_no_group);
    UNIT_TEST(reads_when_workers_are_replaced);
    UNIT_LOOP(refuses_what_does_not_fit, 0, (int)(sizeof refusals / sizeof *refusals));
}
