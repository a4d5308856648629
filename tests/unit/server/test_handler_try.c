#include "tests/unit/server/served_file.h"
#include <sys/resource.h>

static const char config[] =
    "server { root www;"
    " location / { try_files $uri $uri.html $uri/ =404; }"
    " location /app/ { add_header X-Where app; try_files $uri /app/index.html; }"
    " location /args/ { try_files $uri /app/page?from=$uri; }"
    " location /named/ { try_files $uri @fallback; }"
    " location @fallback { add_header X-Where fallback; root other; try_files $uri =410; "
    "}"
    " location /alias/ { alias other/; try_files $uri $uri.html note.txt =404; }"
    " location /adir/ { alias other/; try_files named/ =404; }"
    " location /secret/ { internal; }"
    " location /open/ { try_files /open/$arg_f =404; }"
    " location /loop/ { try_files /nowhere /loop/x; }"
    "}";

static void begin(void)
{
    serve_start(config);
    ck_assert_int_eq(mkdir(served_path("www"), 0755), 0);
    served_file("www/a.txt", "a", 0);
    served_file("www/page.html", "page", 0);
    served_file("www/dir/index.html", "dir index", 0);
    served_file("www/app/index.html", "app", 0);
    served_file("www/app/page", "app page", 0);
    served_file("www/secret/key", "key", 0);
    served_file("www/open/f", "f", 0);
    served_file("other/x.html", "other x", 0);
    served_file("other/note.txt", "note", 0);
    served_file("other/named/y", "other y", 0);
    served_file("other/alias/odd", "not this", 0);
}

static const struct {
    const char *target;
    unsigned status;
    const char *body;  /* NULL: not looked at */
    const char *where; /* X-Where */
} cases[] = {
    {"/a.txt", 200, "a", ""},
    {"/page", 200, "page", ""},
    {"/dir/", 200, "dir index", ""},
    {"/dir", 301, NULL, ""},
    {"/", 403, NULL, ""},
    {"/gone", 404, NULL, ""},
    {"/app/page", 200, "app page", "app"},
    {"/app/anything/else", 200, "app", "app"},
    {"/args/x", 200, "app page", "app"},
    {"/named/y", 200, "other y", "fallback"},
    {"/named/gone", 410, NULL, ""},
    {"/alias/x.html", 200, "other x", ""},
    {"/alias/x", 200, "other x", ""},
    {"/alias/gone", 200, "note", ""},
    {"/open/?f=f", 200, "f", ""},
    {"/open/?f=../secret/key", 404, NULL, ""},
    {"/loop/", 500, NULL, ""},
};

START_TEST(tries)
{
    begin();
    unsigned status = served_get(cases[_i].target, "");
    ck_assert_msg(status == cases[_i].status, "%s: %u", cases[_i].target, status);
    if (cases[_i].body != NULL) {
        ck_assert_str_eq(serve.body.data, cases[_i].body);
        ck_assert_str_eq(serve_field("X-Where"), cases[_i].where);
    }
    serve_stop();
}
END_TEST

/* What lies in the aliased directory has a path in this location. */
START_TEST(keeps_the_front_that_an_alias_replaces)
{
    begin();
    ck_assert_uint_eq(served_get("/adir/x", ""), 301);
    ck_assert_str_eq(serve_field("Location"), "/adir/named/");
    serve_stop();
}
END_TEST

START_TEST(passes_arguments_to_the_last)
{
    begin();
    served_get("/args/x", "");
    ck_assert(slice_eq(serve.request->args, SLICE("from=/args/x")));
    serve_stop();
}
END_TEST

START_TEST(takes_no_fallback_for_want_of_descriptors)
{
    begin();
    struct rlimit limit, none;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){3, limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    unsigned status = served_get("/a.txt", "");
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_uint_eq(status, 503);
    serve_stop();
}
END_TEST

UNIT_SUITE(handler_try)
{
    UNIT_LOOP(tries, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    UNIT_TEST(keeps_the_front_that_an_alias_replaces);
    UNIT_TEST(passes_arguments_to_the_last);
    UNIT_TEST(takes_no_fallback_for_want_of_descriptors);
}
