#include "config/template.h"
#include "tests/unit/unit.h"

static struct arena *arena;
static struct diagnostics diag;

static void setup(void)
{
    arena = arena_create(4096);
    diag_init(&diag, arena);
}

static void teardown(void)
{
    arena_destroy(arena);
}

static bool compile(const char *text, struct template *out)
{
    static const struct source source = {.path = "t.conf", .text = SLICE_INIT("a b;")};
    struct word word = {.text = slice_str(text), .at = {&source, 1, 3, 1}};
    return template_compile(out, &word, arena, &diag);
}

/* The parts as text: literals in [ ], variables as (name:member). */
static const char *parts_text(const struct template *template)
{
    struct buf out = {0};
    for (uint32_t i = 0; i < template->count; i++) {
        const struct template_part *part = &template->parts[i];
        if (part->variable == VARIABLE_LITERAL) {
            buf_printf(&out, "[%.*s]", SLICE_ARG(part->text));
        } else {
            buf_printf(&out, "(%s:%.*s)", variable_name(part->variable),
                       SLICE_ARG(part->text));
        }
    }
    char *copy = arena_cstr(arena, buf_slice(&out));
    buf_free(&out);
    return copy;
}

static const struct {
    const char *text;
    const char *parts;
    bool is_literal;
} good[] = {
    {"", "", true},
    {"/srv/www", "[/srv/www]", true},
    {"a{b}c\\", "[a{b}c\\]", true},
    {"$uri", "(uri:)", false},
    {"$uri/", "(uri:)[/]", false},
    {"a$uri$args", "[a](uri:)(args:)", false},
    {"${uri}x", "(uri:)[x]", false},
    {"$host-$http_x_y.$arg_a", "(host:)[-](http_:x_y)[.](arg_:a)", false},
    {"$REMOTE_ADDR $Http_Host", "(remote_addr:)[ ](http_host:)", false},
    {"$scheme://$host$request_uri", "(scheme:)[://](host:)(request_uri:)", false},
};

START_TEST(compiles)
{
    struct template template;
    ck_assert(compile(good[_i].text, &template));
    ck_assert_str_eq(parts_text(&template), good[_i].parts);
    ck_assert_int_eq(template.is_literal, good[_i].is_literal);
    ck_assert(slice_eq(template.source, slice_str(good[_i].text)));
    if (good[_i].is_literal) {
        ck_assert(slice_eq(template.literal, slice_str(good[_i].text)));
    }
    ck_assert_uint_eq(diag.errors, 0);
}
END_TEST

static const struct {
    const char *text;
    const char *message;
    const char *help;
} bad[] = {
    {"$", "\"$\" without the name of a variable",
     "\"$\" begins a variable and cannot be written otherwise"},
    {"a$ b", "\"$\" without the name of a variable",
     "\"$\" begins a variable and cannot be written otherwise"},
    {"$$uri", "\"$\" without the name of a variable",
     "\"$\" begins a variable and cannot be written otherwise"},
    {"${}", "\"$\" without the name of a variable",
     "\"$\" begins a variable and cannot be written otherwise"},
    {"${uri", "the closing \"}\" of \"${uri\" is missing", NULL},
    {"${uri-x}", "the closing \"}\" of \"${uri\" is missing", NULL},
    {"$remote_adr", "unknown variable \"$remote_adr\"", "did you mean \"$remote_addr\"?"},
    {"$qqqqqqqqqq", "unknown variable \"$qqqqqqqqqq\"", NULL},
    {"x$1", "unknown variable \"$1\"",
     "captures of regular expressions are not supported yet"},
    {"$http_", "unknown variable \"$http_\"", "a name must follow \"$http_\""},
};

START_TEST(refuses)
{
    struct template template;
    ck_assert(!compile(bad[_i].text, &template));
    ck_assert_uint_eq(diag.errors, 1);
    const struct diagnosis *first = array_at(&diag.items, 0);
    ck_assert_str_eq(first->message, bad[_i].message);
    ck_assert_pstr_eq(first->help, bad[_i].help);
    ck_assert_uint_eq(first->at.column, 3);
}
END_TEST

UNIT_SUITE(template)
{
    tcase_add_checked_fixture(unit_case, setup, teardown);
    UNIT_LOOP(compiles, 0, (int)(sizeof(good) / sizeof(good[0])));
    UNIT_LOOP(refuses, 0, (int)(sizeof(bad) / sizeof(bad[0])));
}
