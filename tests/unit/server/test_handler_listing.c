#include "server/listing_data.h"
#include "tests/unit/server/served_file.h"

static const char config[] = "server { root www; autoindex on;"
                             " location /json/ { autoindex_format json; }"
                             " location /xml/ { autoindex_format xml; }"
                             " location /human/ { autoindex_exact_size off; }"
                             " location /none/ { autoindex off; }"
                             "}";

static void fill(const char *directory)
{
    char name[64];
    static const struct {
        const char *name;
        const char *text;
        long age;
    } files[] = {
        {"b10.txt", "0123456789", 30}, {"b9.txt", "012345678", 20}, {"A.txt", "0", 10},
        {".hidden", "x", 0},           {"a&b:<c>.txt", "012", 40},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(name, sizeof(name), "www/%s/%s", directory, files[i].name);
        served_file(name, files[i].text, files[i].age);
    }
    snprintf(name, sizeof(name), "www/%s/zdir", directory);
    ck_assert_int_eq(mkdir(served_path(name), 0755), 0);
    struct timespec times[2] = {{0, UTIME_OMIT}, {LONG_AGO, 0}};
    ck_assert_int_eq(utimensat(AT_FDCWD, served_path(name), times, 0), 0);
}

static void begin(void)
{
    serve_start(config);
    ck_assert_int_eq(mkdir(served_path("www"), 0755), 0);
    fill("d");
    fill("json");
    fill("xml");
}

/* True when the texts stand in the body, in this order. */
static bool has_in_order(const char *const *texts, size_t count)
{
    const char *at = serve.body.data;
    for (size_t i = 0; i < count && at != NULL; i++) {
        at = strstr(at, texts[i]);
    }
    return at != NULL;
}

static const struct {
    const char *query;
    const char *order[5];
} orders[] = {
    {"", {">zdir/<", ">a&amp;b:", ">A.txt<", ">b9.txt<", ">b10.txt<"}},
    {"?C=N;O=A", {">zdir/<", ">a&amp;b:", ">A.txt<", ">b9.txt<", ">b10.txt<"}},
    {"?C=N&O=D", {">zdir/<", ">b10.txt<", ">b9.txt<", ">A.txt<", ">a&amp;b:"}},
    {"?C=M;O=A", {">zdir/<", ">a&amp;b:", ">b10.txt<", ">b9.txt<", ">A.txt<"}},
    {"?C=M;O=D", {">zdir/<", ">A.txt<", ">b9.txt<", ">b10.txt<", ">a&amp;b:"}},
    {"?O=D;C=S", {">zdir/<", ">b10.txt<", ">b9.txt<", ">a&amp;b:", ">A.txt<"}},
    {"?C=X;O=Z;q", {">zdir/<", ">a&amp;b:", ">A.txt<", ">b9.txt<", ">b10.txt<"}},
};

START_TEST(lists_in_order)
{
    begin();
    char target[64];
    snprintf(target, sizeof(target), "/d/%s", orders[_i].query);
    ck_assert_uint_eq(served_get(target, ""), 200);
    ck_assert_msg(has_in_order(orders[_i].order, 5), "%s: %s", target, serve.body.data);
    serve_stop();
}
END_TEST

START_TEST(makes_a_page)
{
    begin();
    ck_assert_uint_eq(ASK("GET", "/d/"), 200);
    const char *page = serve.body.data;
    ck_assert_str_eq(serve_field("Content-Type"), "text/html; charset=utf-8");
    ck_assert_str_eq(serve_field("Last-Modified"), "");
    ck_assert_ptr_nonnull(strstr(page, "<title>Index of /d/</title>"));
    ck_assert_ptr_nonnull(strstr(page, "<a href=\"../\">a</a>")); /* the host, the root */
    ck_assert_ptr_nonnull(strstr(page, "aria-sort=\"ascending\"><a href=\"?C=N;O=D\">"));
    ck_assert_ptr_nonnull(strstr(page, "<a href=\"?C=M;O=D\">"));
    ck_assert_ptr_nonnull(
        strstr(page, "href=\"./a&amp;b:%3Cc%3E.txt\">a&amp;b:&lt;c&gt;"));
    ck_assert_ptr_nonnull(strstr(page, "<td>2023-11-14 22:12</td><td>10</td>"));
    ck_assert_ptr_nonnull(strstr(page, "1 folder, 4 files"));
    ck_assert_ptr_null(strstr(page, "hidden<"));
    ck_assert_ptr_null(strstr(page, "<script"));
    serve_stop();
}
END_TEST

/* By size, directories keep the order of their names. */
START_TEST(sorts_directories_by_what_they_have)
{
    static const char *const names[] = {">ydir/<", ">zdir/<"};
    static const char *const reversed[] = {">zdir/<", ">ydir/<"};
    begin();
    ck_assert_int_eq(mkdir(served_path("www/d/ydir"), 0755), 0);
    ASK("GET", "/d/?C=S;O=D");
    ck_assert(has_in_order(names, 2));
    ASK("GET", "/d/?C=N;O=D");
    ck_assert(has_in_order(reversed, 2));
    serve_stop();
}
END_TEST

START_TEST(has_no_parent_at_the_root)
{
    begin();
    ck_assert_uint_eq(ASK("GET", "/"), 200);
    ck_assert_ptr_null(strstr(serve.body.data, "Parent directory"));
    ASK("GET", "/d/");
    ck_assert_ptr_nonnull(strstr(serve.body.data, "Parent directory"));
    ASK("GET", "/d/zdir/");
    ck_assert_ptr_nonnull(strstr(serve.body.data, "<a href=\"../../\">a</a>"));
    ck_assert_ptr_nonnull(strstr(serve.body.data, "<a href=\"../\">d</a>"));
    ck_assert_ptr_nonnull(strstr(serve.body.data, "empty"));
    serve_stop();
}
END_TEST

START_TEST(writes_json)
{
    begin();
    ck_assert_uint_eq(ASK("GET", "/json/?C=S;O=A"), 200);
    ck_assert_str_eq(serve_field("Content-Type"), "application/json");
    ck_assert_str_eq(serve.body.data,
                     "[\r\n"
                     "{ \"name\":\"zdir\", \"type\":\"directory\", "
                     "\"mtime\":\"Tue, 14 Nov 2023 22:13:20 GMT\" },\r\n"
                     "{ \"name\":\"A.txt\", \"type\":\"file\", "
                     "\"mtime\":\"Tue, 14 Nov 2023 22:13:10 GMT\", \"size\":1 },\r\n"
                     "{ \"name\":\"a&b:<c>.txt\", \"type\":\"file\", "
                     "\"mtime\":\"Tue, 14 Nov 2023 22:12:40 GMT\", \"size\":3 },\r\n"
                     "{ \"name\":\"b9.txt\", \"type\":\"file\", "
                     "\"mtime\":\"Tue, 14 Nov 2023 22:13:00 GMT\", \"size\":9 },\r\n"
                     "{ \"name\":\"b10.txt\", \"type\":\"file\", "
                     "\"mtime\":\"Tue, 14 Nov 2023 22:12:50 GMT\", \"size\":10 }\r\n"
                     "]");
    serve_stop();
}
END_TEST

START_TEST(writes_xml)
{
    begin();
    ck_assert_uint_eq(ASK("GET", "/xml/"), 200);
    ck_assert_str_eq(serve_field("Content-Type"), "text/xml; charset=utf-8");
    ck_assert_str_eq(
        serve.body.data,
        "<?xml version=\"1.0\"?>\r\n<list>\r\n"
        "<directory mtime=\"2023-11-14T22:13:20Z\">zdir</directory>\r\n"
        "<file mtime=\"2023-11-14T22:12:40Z\" size=\"3\">a&amp;b:&lt;c&gt;.txt</file>\r\n"
        "<file mtime=\"2023-11-14T22:13:10Z\" size=\"1\">A.txt</file>\r\n"
        "<file mtime=\"2023-11-14T22:13:00Z\" size=\"9\">b9.txt</file>\r\n"
        "<file mtime=\"2023-11-14T22:12:50Z\" size=\"10\">b10.txt</file>\r\n"
        "</list>\r\n");
    serve_stop();
}
END_TEST

/* Bytes that are no text: a link that works, and a document that parses. */
START_TEST(escapes_names_that_are_not_utf8)
{
    begin();
    served_file("www/odd/\xff\"'\n.txt", "x", 0);
    served_file("www/json/\xff\".txt", "x", 0);
    ASK("GET", "/odd/");
    ck_assert_ptr_nonnull(strstr(serve.body.data, "href=\"%FF%22&#39;%0A.txt\""));
    ck_assert_ptr_nonnull(strstr(serve.body.data, ">\xef\xbf\xbd&quot;&#39;"));
    ck_assert_uint_eq(ASK("GET", "/odd/%FF%22'%0A.txt"), 200);
    ASK("GET", "/json/");
    ck_assert_ptr_nonnull(strstr(serve.body.data, "\"\xef\xbf\xbd\\\".txt\""));
    serve_stop();
}
END_TEST

START_TEST(shows_only_what_can_be_had)
{
    begin();
    ck_assert_int_eq(symlink("/etc/passwd", served_path("www/d/outside")), 0);
    ck_assert_int_eq(symlink("gone", served_path("www/d/dangling")), 0);
    ck_assert_int_eq(symlink("zdir", served_path("www/d/link")), 0);
    ASK("GET", "/d/");
    ck_assert_ptr_null(strstr(serve.body.data, "outside"));
    ck_assert_ptr_null(strstr(serve.body.data, "dangling"));
    ck_assert_ptr_nonnull(strstr(serve.body.data, "<a href=\"link/\">link/</a>"));
    serve_stop();
}
END_TEST

static const struct {
    uint64_t size;
    const char *text;
} sizes[] = {
    {0, ">0 B<"},
    {999, ">999 B<"},
    {1000, ">1.0 KiB<"},
    {1024, ">1.0 KiB<"},
    {1500, ">1.5 KiB<"},
    {10239, ">10 KiB<"},
    {1023 << 10, ">1.0 MiB<"},
    {(uint64_t)5 << 30, ">5.0 GiB<"},
};

START_TEST(writes_sizes_for_people)
{
    begin();
    serve_file("www/human/f", "");
    if (truncate(served_path("www/human/f"), (off_t)sizes[_i].size) == 0) {
        ASK("GET", "/human/");
        ck_assert_msg(strstr(serve.body.data, sizes[_i].text) != NULL, "%s",
                      strstr(serve.body.data, "<tbody"));
    }
    serve_stop();
}
END_TEST

START_TEST(refuses_what_it_may_not_list)
{
    begin();
    ck_assert_int_eq(mkdir(served_path("www/none"), 0755), 0);
    ck_assert_uint_eq(ASK("GET", "/none/"), 403);
    ck_assert_uint_eq(ASK("GET", "/gone/"), 404);
    ck_assert_uint_eq(ASK("GET", "/d/A.txt/"), 404);
    ck_assert(served_log_has("(20: Not a directory)"));
    serve_stop();
}
END_TEST

START_TEST(stops_at_its_limit)
{
    struct arena *arena = arena_create(4096);
    char directory[UNIT_TEMP_SIZE], name[300];
    unit_temp(directory);
    int dir = open(directory, O_RDONLY | O_DIRECTORY);
    memset(name, 'n', 255);
    size_t fit = LISTING_NAMES_MAX / 250;
    for (size_t i = 0; i < fit + 1; i++) {
        snprintf(name + 244, 7, "%06zu", i);
        int fd = openat(dir, name, O_CREAT | O_WRONLY, 0600);
        ck_assert_int_ge(fd, 0);
        close(fd);
    }
    struct listing listing = {0};
    int again = dup(dir);
    ck_assert_int_eq(
        listing_read(&listing, again, (struct filepath){directory, ""}, arena), 0);
    ck_assert(listing.cut);
    ck_assert_uint_eq(listing.entries.count, fit);
    close(dir);
    arena_destroy(arena);
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof((table)[0]))

UNIT_SUITE(handler_listing)
{
    UNIT_LOOP(lists_in_order, 0, COUNT(orders));
    UNIT_TEST(makes_a_page);
    UNIT_TEST(sorts_directories_by_what_they_have);
    UNIT_TEST(has_no_parent_at_the_root);
    UNIT_TEST(writes_json);
    UNIT_TEST(writes_xml);
    UNIT_TEST(escapes_names_that_are_not_utf8);
    UNIT_TEST(shows_only_what_can_be_had);
    UNIT_LOOP(writes_sizes_for_people, 0, COUNT(sizes));
    UNIT_TEST(refuses_what_it_may_not_list);
    UNIT_TEST(stops_at_its_limit);
}
