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
    {"/a.A-name-that-is-longer-than-most-extensions-are", "application/gzip"},
};

static char html[] = "text/html", css[] = "text/css", gzip[] = "application/gzip";

static struct media_types types;
static struct location_settings set;

static struct arena *begin(void)
{
    struct arena *arena = arena_create(1024);
    hash_init(&types.by_extension, arena);
    hash_put(&types.by_extension, SLICE("html"), html);
    hash_put(&types.by_extension, SLICE("css"), css);
    hash_put(&types.by_extension, SLICE("gz"), gzip);
    hash_put(&types.by_extension, SLICE("tar-and-gz"), gzip);
    hash_put(&types.by_extension, SLICE("a-name-that-is-longer-than-most-extensions-are"),
             gzip);
    set = (struct location_settings){.types = &types, .default_type = "text/plain"};
    return arena;
}

START_TEST(finds_the_type_of_a_name)
{
    struct arena *arena = begin();
    UNIT_SLICE_EQ(mime_type(&set, slice_str(cases[_i].path)), cases[_i].type);
    arena_destroy(arena);
}
END_TEST

static void check_recall(struct mime_memo *memo, const struct location_settings *settings,
                         const char *path)
{
    struct slice type = mime_type(settings, slice_str(path));
    mime_recall(memo, settings, slice_str(path));
    UNIT_SLICE_EQ(memo->type, type.ptr);
    ck_assert_ptr_eq(memo->charset.ptr, mime_charset(settings, type).ptr);
}

/* Whatever path came before, in whatever location. */
START_TEST(recalls_no_other_type)
{
    static const char *const more[] = {"/tar-and-gz",
                                       "/a.tar-and-gz",
                                       "/b/tar-and-gz",
                                       "/a-tar-and-gz",
                                       "/x.css",
                                       "/y.css",
                                       "css"};
    const char *paths[sizeof(cases) / sizeof(cases[0]) + sizeof(more) / sizeof(more[0])];
    size_t count = 0;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        paths[count++] = cases[i].path;
    }
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        paths[count++] = more[i];
    }
    struct arena *arena = begin();
    struct media_types none;
    hash_init(&none.by_extension, arena);
    struct location_settings sets[] = {set, set, set, set};
    sets[1].default_type = "text/css";
    sets[2].charset = SLICE("utf-8");
    sets[3].types = &none;
    for (size_t i = 0; i < count * count * 16; i++) {
        struct mime_memo memo = {0};
        check_recall(&memo, &sets[i % 4], paths[i / 16 % count]);
        check_recall(&memo, &sets[i / 4 % 4], paths[i / 16 / count]);
    }
    arena_destroy(arena);
}
END_TEST

START_TEST(knows_what_takes_a_charset)
{
    set = (struct location_settings){.charset = SLICE_INIT("utf-8")};
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
    UNIT_TEST(recalls_no_other_type);
    UNIT_TEST(knows_what_takes_a_charset);
}
