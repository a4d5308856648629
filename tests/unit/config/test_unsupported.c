#include "config/directives.h"
#include "config/unsupported.h"
#include "tests/unit/unit.h"

static const struct {
    const char *name;
    enum verdict verdict;
    const char *pattern;
} found[] = {
    {"accept_mutex", VERDICT_IGNORE, "accept_mutex"},
    {"types_hash_max_size", VERDICT_IGNORE, "*_hash_max_size"},
    {"server_names_hash_bucket_size", VERDICT_IGNORE, "*_hash_bucket_size"},
    {"gzip", VERDICT_IGNORE, "gzip"},
    {"gzip_comp_level", VERDICT_IGNORE, "gzip_*"},
    {"brotli_types", VERDICT_IGNORE, "brotli_*"},
    {"tcp_nopush", VERDICT_IGNORE, "tcp_nopush"},
    {"load_module", VERDICT_IGNORE, "load_module"},
    {"multi_accept", VERDICT_IGNORE, "multi_accept"},
    {"ssl_certificate", VERDICT_REFUSE, "ssl_*"},
    {"ssl", VERDICT_REFUSE, "ssl"},
    {"proxy_pass", VERDICT_REFUSE, "proxy_*"},
    {"proxy_protocol_timeout", VERDICT_REFUSE, "proxy_protocol*"},
    {"proxy_headers_hash_max_size", VERDICT_IGNORE, "*_hash_max_size"},
    {"fastcgi_param", VERDICT_REFUSE, "fastcgi_*"},
    {"deny", VERDICT_REFUSE, "deny"},
    {"auth_basic_user_file", VERDICT_REFUSE, "auth_basic*"},
    {"auth_request", VERDICT_REFUSE, "auth_*"},
    {"set_real_ip_from", VERDICT_REFUSE, "set_real_ip_from"},
    {"content_by_lua_block", VERDICT_REFUSE, "*_by_lua_block"},
    {"stream", VERDICT_REFUSE, "stream"},
};

static bool lists(const struct unsupported *row, const char *pattern)
{
    struct slice rest = slice_str(row->patterns);
    struct slice listed;
    while (slice_split(&rest, ' ', &listed)) {
        if (slice_eq(listed, slice_str(pattern))) {
            return true;
        }
    }
    return false;
}

START_TEST(finds_the_verdict)
{
    const struct unsupported *row = unsupported_find(slice_str(found[_i].name));
    ck_assert_ptr_nonnull(row);
    ck_assert(lists(row, found[_i].pattern));
    ck_assert_int_eq(row->verdict, found[_i].verdict);
}
END_TEST

static const char *const unknown[] = {
    "", "servr_name", "gzi", "_hash_max_size", "accept_mutexes", "x_ssl_y", "proxypass",
};

START_TEST(knows_nothing_of_others)
{
    ck_assert_ptr_null(unsupported_find(slice_str(unknown[_i])));
}
END_TEST

static void check_pattern(struct slice pattern)
{
    size_t star = slice_find(pattern, '*');
    ck_assert_uint_gt(pattern.len, 1);
    ck_assert(star == 0 || star + 1 >= pattern.len);
    ck_assert(slice_rfind(pattern, '*') == star);
    ck_assert_ptr_null(directive_find(pattern));
}

static void check_advice(struct slice advice)
{
    ck_assert_uint_gt(advice.len, 0);
    ck_assert_uint_lt(advice.len, 80);
    ck_assert_uint_eq(slice_find(advice, '\n'), advice.len);
}

/* A pattern behind one of another row that takes its name would never be reached. */
static void check_reachable(const struct unsupported *row, struct slice name)
{
    if (name.ptr[name.len - 1] == '*') {
        name.len--;
    }
    if (name.ptr[0] != '*') {
        ck_assert_ptr_eq(unsupported_find(name), row);
    }
}

START_TEST(rows_are_well_formed)
{
    for (size_t i = 0; i < unsupported_count; i++) {
        check_advice(slice_str(unsupported[i].advice));
        struct slice rest = slice_str(unsupported[i].patterns);
        struct slice pattern;
        while (slice_split(&rest, ' ', &pattern)) {
            check_pattern(pattern);
            check_reachable(&unsupported[i], pattern);
        }
    }
}
END_TEST

UNIT_SUITE(unsupported)
{
    UNIT_LOOP(finds_the_verdict, 0, (int)(sizeof(found) / sizeof(found[0])));
    UNIT_LOOP(knows_nothing_of_others, 0, (int)(sizeof(unknown) / sizeof(unknown[0])));
    UNIT_TEST(rows_are_well_formed);
}
