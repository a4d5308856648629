#include "tests/unit/server/served_file.h"

static const char config[] =
    "server { root www; gzip_static on; brotli_static on; zstd_static on;"
    " location /off/ { gzip_static off; brotli_static off; zstd_static off; }"
    " location /always/ { gzip_static always; brotli_static off; zstd_static off; }"
    " location = /alias.css { alias www/all.css; }"
    "}";

static void begin(void)
{
    serve_start(config);
    ck_assert_int_eq(mkdir(served_path("www"), 0755), 0);
    served_file("www/all.css", "identity", 0);
    served_file("www/all.css.br", "brotli", 0);
    served_file("www/all.css.zst", "zstandard", 0);
    served_file("www/all.css.gz", "gzipped", 0);
    served_file("www/gz.css", "identity", 0);
    served_file("www/gz.css.gz", "gzipped", 0);
    served_file("www/old.css", "identity", 0);
    served_file("www/old.css.gz", "gzipped", 5);
    served_file("www/dir.css", "identity", 0);
    ck_assert_int_eq(mkdir(served_path("www/dir.css.gz"), 0755), 0);
    served_file("www/none.css", "identity", 0);
    served_file("www/off/a.css", "identity", 0);
    served_file("www/off/a.css.gz", "gzipped", 0);
    served_file("www/always/a.css", "identity", 0);
    served_file("www/always/a.css.gz", "gzipped", 0);
}

static const struct {
    const char *target;
    const char *accept; /* NULL: no field */
    const char *body;
    const char *coding;
    bool varies;
} cases[] = {
    {"/all.css", NULL, "identity", "", true},
    {"/all.css", "", "identity", "", true},
    {"/all.css", "gzip, br, zstd", "brotli", "br", true},
    {"/all.css", "gzip, zstd", "zstandard", "zstd", true},
    {"/all.css", "gzip", "gzipped", "gzip", true},
    {"/all.css", "br;q=0.5, gzip;q=0.9", "gzipped", "gzip", true},
    {"/all.css", "br;q=0, gzip;q=0.1", "gzipped", "gzip", true},
    {"/all.css", "*", "brotli", "br", true},
    {"/all.css", "identity, gzip;q=0.5", "identity", "", true},
    {"/all.css", "deflate", "identity", "", true},
    {"/alias.css", "br", "brotli", "br", true},
    {"/gz.css", "br, gzip", "gzipped", "gzip", true},
    {"/old.css", "gzip", "identity", "", true},
    {"/dir.css", "gzip", "identity", "", true},
    {"/none.css", "gzip", "identity", "", true},
    {"/off/a.css", "gzip", "identity", "", false},
    {"/always/a.css", NULL, "gzipped", "gzip", false},
    {"/always/a.css", "gzip;q=0", "gzipped", "gzip", false},
};

START_TEST(chooses)
{
    begin();
    char field[64] = "";
    if (cases[_i].accept != NULL) {
        snprintf(field, sizeof(field), "Accept-Encoding: %s\r\n", cases[_i].accept);
    }
    ck_assert_uint_eq(served_get(cases[_i].target, field), 200);
    ck_assert_str_eq(serve.body.data, cases[_i].body);
    ck_assert_str_eq(serve_field("Content-Encoding"), cases[_i].coding);
    ck_assert_str_eq(serve_field("Vary"), cases[_i].varies ? "Accept-Encoding" : "");
    ck_assert_str_eq(serve_field("Content-Type"), "text/css");
    serve_stop();
}
END_TEST

/* That the name was not there when it was asked for itself is no reason not to look. */
START_TEST(looks_for_a_sibling_that_was_missed_before)
{
    begin();
    ck_assert_uint_eq(ASK("GET", "/none.css.gz"), 404);
    served_file("www/none.css.gz", "gzipped", 0);
    served_get("/none.css", "Accept-Encoding: gzip\r\n");
    ck_assert_str_eq(serve.body.data, "gzipped");
    serve_stop();
}
END_TEST

START_TEST(gives_each_its_own_validators)
{
    begin();
    served_get("/gz.css", "");
    char identity[80], field[128];
    strcpy(identity, serve_field("ETag"));
    served_get("/gz.css", "Accept-Encoding: gzip\r\n");
    ck_assert_str_ne(serve_field("ETag"), identity);
    snprintf(field, sizeof(field), "Accept-Encoding: gzip\r\nIf-None-Match: %s\r\n",
             identity);
    ck_assert_uint_eq(served_get("/gz.css", field), 200);
    snprintf(field, sizeof(field), "Accept-Encoding: gzip\r\nIf-None-Match: %.70s\r\n",
             serve_field("ETag"));
    ck_assert_uint_eq(served_get("/gz.css", field), 304);
    ck_assert_str_eq(serve_field("Vary"), "Accept-Encoding");
    ck_assert_str_eq(serve_field("Content-Encoding"), "");
    serve_stop();
}
END_TEST

START_TEST(takes_ranges_of_the_encoded_bytes)
{
    begin();
    ck_assert_uint_eq(
        served_get("/gz.css", "Accept-Encoding: gzip\r\nRange: bytes=4-\r\n"), 206);
    ck_assert_str_eq(serve.body.data, "ped");
    ck_assert_str_eq(serve_field("Content-Range"), "bytes 4-6/7");
    ck_assert_str_eq(serve_field("Content-Encoding"), "gzip");
    ck_assert_uint_eq(
        served_get("/gz.css", "Accept-Encoding: gzip\r\nRange: bytes=7-\r\n"), 416);
    ck_assert_str_eq(serve_field("Content-Encoding"), "");
    serve_stop();
}
END_TEST

/* A copied time stamp may have lost its fraction. */
START_TEST(compares_times_as_tools_copy_them)
{
    begin();
    struct timespec late[2] = {{0, UTIME_OMIT}, {LONG_AGO, 500}};
    ck_assert_int_eq(utimensat(AT_FDCWD, served_path("www/gz.css"), late, 0), 0);
    served_get("/gz.css", "Accept-Encoding: gzip\r\n");
    ck_assert_str_eq(serve_field("Content-Encoding"), "gzip");
    late[1].tv_nsec = 400;
    ck_assert_int_eq(utimensat(AT_FDCWD, served_path("www/all.css.gz"), late, 0), 0);
    late[1].tv_nsec = 500;
    ck_assert_int_eq(utimensat(AT_FDCWD, served_path("www/all.css"), late, 0), 0);
    served_get("/all.css", "Accept-Encoding: gzip\r\n");
    ck_assert_str_eq(serve_field("Content-Encoding"), "");
    serve_stop();
}
END_TEST

UNIT_SUITE(precompressed)
{
    UNIT_LOOP(chooses, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    UNIT_TEST(looks_for_a_sibling_that_was_missed_before);
    UNIT_TEST(gives_each_its_own_validators);
    UNIT_TEST(takes_ranges_of_the_encoded_bytes);
    UNIT_TEST(compares_times_as_tools_copy_them);
}
