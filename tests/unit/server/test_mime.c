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
    ck_assert(mime_takes_charset(SLICE("text/html")));
    ck_assert(mime_takes_charset(SLICE("application/json")));
    ck_assert(mime_takes_charset(SLICE("image/svg+xml")));
    ck_assert(!mime_takes_charset(SLICE("image/png")));
    ck_assert(!mime_takes_charset(SLICE("application/octet-stream")));
    ck_assert(!mime_takes_charset(SLICE("")));
}
END_TEST

UNIT_SUITE(mime)
{
    UNIT_LOOP(finds_the_type_of_a_name, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    UNIT_TEST(knows_what_takes_a_charset);
}
