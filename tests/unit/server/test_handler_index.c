#include "tests/unit/server/served_file.h"

static const char config[] = "server { root www; index first.html index.html;"
                             " location = /index.html { add_header X-Where exact; }"
                             " location /fixed/ { index missing.html /fixed.html; }"
                             " location /named/ { index $arg_name.html; }"
                             " location /plain/ { index none.html; }"
                             " location /alias/ { alias www/deep/; }"
                             "}";

static void begin(void)
{
    serve_start(config);
    ck_assert_int_eq(mkdir(served_path("www"), 0755), 0);
    served_file("www/index.html", "front", 0);
    served_file("www/fixed.html", "fixed", 0);
    served_file("www/deep/index.html", "deep", 0);
    served_file("www/both/index.html", "second", 0);
    served_file("www/both/first.html", "first", 0);
    served_file("www/named/x.html", "named x", 0);
    served_file("www/plain/index.html", "never", 0);
    ck_assert_int_eq(mkdir(served_path("www/fixed"), 0755), 0);
    ck_assert_int_eq(mkdir(served_path("www/only-dir"), 0755), 0);
    ck_assert_int_eq(mkdir(served_path("www/only-dir/index.html"), 0755), 0);
}

static const struct {
    const char *target;
    unsigned status;
    const char *body; /* NULL: not looked at */
} cases[] = {
    {"/", 200, "front"},           {"/deep/", 200, "deep"},
    {"/deep", 301, NULL},          {"/both/", 200, "first"},
    {"/fixed/", 200, "fixed"},     {"/named/?name=x", 200, "named x"},
    {"/named/?name=y", 403, NULL}, {"/named/?name=../named/x", 403, NULL},
    {"/plain/", 403, NULL},        {"/alias/", 200, "deep"},
    {"/only-dir/", 403, NULL},     {"/gone/", 404, NULL},
    {"/index.html/", 404, NULL},
};

START_TEST(finds_the_index)
{
    begin();
    unsigned status = served_get(cases[_i].target, "");
    ck_assert_msg(status == cases[_i].status, "%s: %u", cases[_i].target, status);
    if (cases[_i].body != NULL) {
        ck_assert_str_eq(serve.body.data, cases[_i].body);
    }
    serve_stop();
}
END_TEST

START_TEST(chooses_the_location_again)
{
    begin();
    served_get("/?a=b", "");
    ck_assert_str_eq(serve_field("X-Where"), "exact");
    ck_assert(slice_eq(serve.request->args, SLICE("a=b")));
    serve_stop();
}
END_TEST

UNIT_SUITE(handler_index)
{
    UNIT_LOOP(finds_the_index, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    UNIT_TEST(chooses_the_location_again);
}
