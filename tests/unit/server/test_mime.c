#include "server/mime.h"
#include "tests/unit/unit.h"

static const struct {
    const char *path;
    const char *type;
} cases[] = {
    {"/index.html", "text/html"},
    {"/INDEX.HTML", "text/html"},
    {"/a.tar.gz", "application/gzip"},
    {"/a/b.css", "text/css"},
    {"/README", "text/plain"},
    {"/dir.html/README", "text/plain"},
    {"/dot.", "text/plain"},
    {"/.html", "text/html"},
    {"/a.unknown", "text/plain"},
    {"name.css", "text/css"},
    {"/", "text/plain"},
    {"", "text/plain"},
    {"/a.html0123456789012345678901234567890123456789", "text/plain"},
};

static char html[] = "text/html", css[] = "text/css", gzip[] = "application/gzip";

START_TEST(finds_the_type_of_a_name)
{
    struct arena *arena = arena_create(1024);
    struct media_types types;
    hash_init(&types.by_extension, arena);
    hash_put(&types.by_extension, SLICE("html"), html);
    hash_put(&types.by_extension, SLICE("css"), css);
    hash_put(&types.by_extension, SLICE("gz"), gzip);
    struct location_settings set = {.types = &types, .default_type = "text/plain"};
    UNIT_SLICE_EQ(mime_type(&set, slice_str(cases[_i].path)), cases[_i].type);
    arena_destroy(arena);
}
END_TEST

START_TEST(knows_what_takes_a_charset)
{
    struct location_settings set = {.charset = SLICE_INIT("utf-8")};
    UNIT_SLICE_EQ(mime_charset(&set, SLICE("text/html")), "utf-8");
    UNIT_SLICE_EQ(mime_charset(&set, SLICE("application/json")), "utf-8");
    UNIT_SLICE_EQ(mime_charset(&set, SLICE("image/svg+xml")), "utf-8");
    ck_assert_ptr_null(mime_charset(&set, SLICE("image/png")).ptr);
    ck_assert_ptr_null(mime_charset(&set, SLICE("application/octet-stream")).ptr);
    ck_assert_ptr_null(mime_charset(&set, SLICE("")).ptr);
    set.charset = SLICE("");
    ck_assert_ptr_null(mime_charset(&set, SLICE("text/html")).ptr);
}
END_TEST

UNIT_SUITE(mime)
{
    UNIT_LOOP(finds_the_type_of_a_name, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    UNIT_TEST(knows_what_takes_a_charset);
}
