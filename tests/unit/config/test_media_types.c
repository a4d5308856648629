#include "config/media_types.h"
#include "tests/unit/unit.h"

static struct arena *arena;
static struct media_types *types;

static void setup(void)
{
    arena = arena_create(4096);
    types = media_types_default(arena);
}

static void teardown(void)
{
    arena_destroy(arena);
}

static const struct {
    const char *extension;
    const char *type;
} known[] = {
    {"html", "text/html"},
    {"css", "text/css"},
    {"js", "text/javascript"},
    {"mjs", "text/javascript"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"webmanifest", "application/manifest+json"},
    {"wasm", "application/wasm"},
    {"svg", "image/svg+xml"},
    {"avif", "image/avif"},
    {"webp", "image/webp"},
    {"jxl", "image/jxl"},
    {"ico", "image/vnd.microsoft.icon"},
    {"woff2", "font/woff2"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
    {"ts", "video/mp2t"},
    {"opus", "audio/ogg"},
    {"m3u8", "application/vnd.apple.mpegurl"},
    {"pdf", "application/pdf"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
    {"br", "application/x-brotli"},
    {"zst", "application/zstd"},
    {"7z", "application/x-7z-compressed"},
    {"md", "text/markdown"},
    {"ics", "text/calendar"},
    {"rss", "application/rss+xml"},
};

START_TEST(knows_the_web_of_today)
{
    const char *type = hash_get(&types->by_extension, slice_str(known[_i].extension));
    ck_assert_pstr_eq(type, known[_i].type);
}
END_TEST

START_TEST(is_large_enough)
{
    ck_assert_uint_gt(types->by_extension.count, 120);
}
END_TEST

START_TEST(adding_folds_case_and_tells_what_was)
{
    ck_assert_ptr_null(media_types_add(types, slice_str("NEW"), slice_str("a/b")));
    ck_assert_pstr_eq(hash_get(&types->by_extension, slice_str("new")), "a/b");
    ck_assert_pstr_eq(media_types_add(types, slice_str("new"), slice_str("c/d")), "a/b");
    ck_assert_pstr_eq(hash_get(&types->by_extension, slice_str("new")), "c/d");
}
END_TEST

UNIT_SUITE(media_types)
{
    tcase_add_checked_fixture(unit_case, setup, teardown);
    UNIT_LOOP(knows_the_web_of_today, 0, (int)(sizeof known / sizeof *known));
    UNIT_TEST(is_large_enough);
    UNIT_TEST(adding_folds_case_and_tells_what_was);
}
