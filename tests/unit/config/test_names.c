#include "config/names.h"
#include "tests/unit/unit.h"

static struct arena *arena;
static struct names names;

static void setup(void)
{
    arena = arena_create(65536);
    names_init(&names, arena);
}

static void teardown(void)
{
    arena_destroy(arena);
}

/* Each name holds its own text. */
static const char *const known[] = {
    "example.org", "*.example.org", "*.a.example.org",
    "www.*",       "www.example.*", "",
    ".both.net",   "x.y",           "*.y",
};

static const struct {
    const char *host;
    const char *name;
} hosts[] = {
    {"example.org", "example.org"},
    {"b.example.org", "*.example.org"},
    {"c.b.example.org", "*.example.org"},
    {"a.example.org", "*.example.org"},
    {"b.a.example.org", "*.a.example.org"},
    {"www.example.org", "*.example.org"}, /* a leading '*' goes before a trailing one */
    {"www.net", "www.*"},
    {"www.example.net", "www.example.*"},
    {"www.example.co.uk", "www.example.*"},
    {"www", NULL},
    {"www.", NULL},
    {"", ""},
    {"both.net", ".both.net"},
    {"a.both.net", ".both.net"},
    {"aboth.net", NULL},
    {".both.net", NULL},
    {"x.y", "x.y"},
    {"z.y", "*.y"},
    {"y", NULL},
    {"org", NULL},
    {"127.0.0.1", NULL},
};

START_TEST(finds_the_best_name)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        void *value = arena_strdup(arena, known[i]);
        ck_assert_ptr_null(names_add(&names, slice_str(known[i]), value));
    }
    const char *found = names_find(&names, slice_str(hosts[_i].host));
    ck_assert_pstr_eq(found, hosts[_i].name);
}
END_TEST

START_TEST(the_first_keeps_a_name)
{
    char one, two;
    static const char *const forms[] = {"a.b", "*.b", "a.*", ""};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        ck_assert_ptr_null(names_add(&names, slice_str(forms[i]), &one));
        ck_assert_ptr_eq(names_add(&names, slice_str(forms[i]), &two), &one);
    }
    ck_assert_ptr_eq(names_find(&names, SLICE("a.b")), &one);
}
END_TEST

START_TEST(a_dotted_name_is_two_names)
{
    char one, two;
    ck_assert_ptr_null(names_add(&names, SLICE("b"), &one));
    ck_assert_ptr_eq(names_add(&names, SLICE(".b"), &two), &one);
    ck_assert_ptr_eq(names_find(&names, SLICE("b")), &one);
    ck_assert_ptr_eq(names_find(&names, SLICE("a.b")), &two);
    ck_assert_ptr_eq(names_add(&names, SLICE("*.b"), &one), &two);
}
END_TEST

START_TEST(an_empty_set_matches_nothing)
{
    ck_assert_ptr_null(names_find(&names, SLICE("a.b")));
    ck_assert_ptr_null(names_find(&names, SLICE("")));
}
END_TEST

START_TEST(holds_ten_thousand_names)
{
    static const char *const before[] = {"h", "*.w", "t"};
    static const char *const behind[] = {".example", ".example", ".*"};
    static const char *const asked_before[] = {"h", "x.w", "t"};
    static const char *const asked_behind[] = {".example", ".example", ".org"};
    static int values[10000];
    for (int i = 0; i < 10000; i++) {
        char *name = arena_printf(arena, "%s%d%s", before[i % 3], i, behind[i % 3]);
        ck_assert_ptr_null(names_add(&names, slice_str(name), &values[i]));
    }
    for (int i = 0; i < 10000; i++) {
        char *host =
            arena_printf(arena, "%s%d%s", asked_before[i % 3], i, asked_behind[i % 3]);
        ck_assert_ptr_eq(names_find(&names, slice_str(host)), &values[i]);
    }
    ck_assert_ptr_null(names_find(&names, SLICE("h10000.example")));
}
END_TEST

UNIT_SUITE(names)
{
    tcase_add_checked_fixture(unit_case, setup, teardown);
    UNIT_LOOP(finds_the_best_name, 0, (int)(sizeof(hosts) / sizeof(hosts[0])));
    UNIT_TEST(the_first_keeps_a_name);
    UNIT_TEST(a_dotted_name_is_two_names);
    UNIT_TEST(an_empty_set_matches_nothing);
    UNIT_TEST(holds_ten_thousand_names);
}
