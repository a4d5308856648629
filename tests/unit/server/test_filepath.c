#include "server/filepath.h"
#include "tests/unit/server/serve.h"

static const char config[] = "server { root www;"
                             " location /static/ { alias /srv/files/; }"
                             " location /plain { alias /srv/plain; }"
                             " location /out/ { alias /srv/out/; location /out/in/ { } }"
                             " location = /one { alias /srv/one.txt; }"
                             " location /slash/ { root /; }"
                             " location /vary/ { root /srv/$arg_dir; }"
                             "}";

static const struct {
    const char *target;
    const char *root; /* NULL: the prefix and "www" */
    const char *path; /* NULL: names nothing */
} cases[] = {
    {"/", NULL, ""},
    {"/a/b.html", NULL, "a/b.html"},
    {"/a%20b/", NULL, "a b/"},
    {"/static/", "/srv/files/", ""},
    {"/static/x/y", "/srv/files/", "x/y"},
    {"/plain", "/srv/plain", ""},
    {"/plain/x", "/srv/plain", "x"},
    {"/plain-secret/x", "/srv/plain", NULL},
    {"/plaintext", "/srv/plain", NULL},
    {"/one", "/srv/one.txt", ""},
    {"/out/in/x", "/srv/out/", "in/x"},
    {"/slash/x", "/", "slash/x"},
    {"/vary/x?dir=a", "/srv/a", "vary/x"},
    {"/vary/x?dir=a/b", "/srv/a/b", "vary/x"},
    {"/vary/x?dir=..", "/srv/..", NULL},
    {"/vary/x?dir=a/../..", "/srv/a/../..", NULL},
    {"/vary/x?dir=.", "/srv/.", NULL},
};

static struct filepath find(const char *target)
{
    char head[128];
    snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target);
    struct request *request = serve_begin(head);
    return filepath_of(request, request->path);
}

START_TEST(joins_root_and_path)
{
    serve_start(config);
    struct filepath found = find(cases[_i].target);
    char root[64];
    snprintf(root, sizeof(root), "%swww", serve.prefix);
    ck_assert_str_eq(found.root, cases[_i].root != NULL ? cases[_i].root : root);
    if (cases[_i].path == NULL) {
        ck_assert_ptr_null(found.path);
    } else {
        ck_assert_pstr_eq(found.path, cases[_i].path);
    }
    serve_stop();
}
END_TEST

START_TEST(takes_other_paths_of_the_location)
{
    serve_start(config);
    find("/static/x");
    struct filepath found = filepath_of(serve.request, SLICE("/static/y"));
    ck_assert_str_eq(found.path, "y");
    found = filepath_of(serve.request, slice_of("/static/y/z", sizeof("/static/y") - 1));
    ck_assert_str_eq(found.path, "y");
    found = filepath_of(serve.request, SLICE("/elsewhere/y"));
    ck_assert_str_eq(found.path, "elsewhere/y");
    found = filepath_of(serve.request, SLICE("/static/../y"));
    ck_assert_ptr_null(found.path);
    serve_stop();
}
END_TEST

START_TEST(names_the_file_for_messages)
{
    serve_start(config);
    struct filepath found = find("/static/x");
    ck_assert_str_eq(filepath_join(serve.request, found), "/srv/files/x");
    found = find("/plain/x");
    ck_assert_str_eq(filepath_join(serve.request, found), "/srv/plain/x");
    found = find("/slash/x");
    ck_assert_str_eq(filepath_join(serve.request, found), "/slash/x");
    found = find("/one");
    ck_assert_str_eq(filepath_join(serve.request, found), "/srv/one.txt");
    serve_stop();
}
END_TEST

UNIT_SUITE(filepath)
{
    UNIT_LOOP(joins_root_and_path, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    UNIT_TEST(takes_other_paths_of_the_location);
    UNIT_TEST(names_the_file_for_messages);
}
