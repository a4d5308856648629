/*
 * load.h - a configuration from a string, for the tests of what directives mean.
 *
 * UNIT_SUITE(x) { load_fixture(unit_case); UNIT_TEST(..); }
 */
#ifndef TESTS_UNIT_CONFIG_LOAD_H
#define TESTS_UNIT_CONFIG_LOAD_H

#include "config/build.h"
#include "tests/unit/unit.h"

#define LOAD_PREFIX "/prefix/"

static struct loading {
    struct arena *arena;
    struct diagnostics diag;
    struct config *config;
    struct buf messages;
    struct config_source source; /* tests may change it before they load */
} loading;

static inline void load_begin(void)
{
    loading = (struct loading){.arena = arena_create(4096)};
    loading.source = (struct config_source){.path = "test.conf", .prefix = LOAD_PREFIX};
    diag_init(&loading.diag, loading.arena);
}

static inline void load_end(void)
{
    config_destroy(loading.config);
    buf_free(&loading.messages);
    arena_destroy(loading.arena);
}

static inline void load_fixture(TCase *unit_case)
{
    tcase_add_checked_fixture(unit_case, load_begin, load_end);
}

/* All messages so far, as one text. */
static inline const char *load_messages(void)
{
    buf_clear(&loading.messages);
    ARRAY_EACH(const struct diagnosis, diagnosis, &loading.diag.items)
    {
        diag_format(diagnosis, &loading.messages);
    }
    buf_append_char(&loading.messages, '\0');
    return loading.messages.data;
}

/* NULL when it does not load; the messages of an earlier load are forgotten. */
static inline struct config *load_any(const char *text) /* NULL: the source's file */
{
    config_destroy(loading.config);
    diag_init(&loading.diag, loading.arena);
    loading.source.text = text;
    loading.config = config_load(&loading.source, &loading.diag);
    return loading.config;
}

static inline struct config *load(const char *text)
{
    struct config *config = load_any(text);
    ck_assert_msg(config != NULL, "%s", load_messages());
    ck_assert_uint_eq(loading.diag.errors, 0);
    return config;
}

/* It does not load, and some message holds `part`. */
static inline void load_refused(const char *text, const char *part)
{
    ck_assert_msg(load_any(text) == NULL, "it loads, and should say: %s", part);
    ck_assert_msg(strstr(load_messages(), part) != NULL, "lacks: %s\n  has: %s", part,
                  loading.messages.data);
}

/* It loads, and some warning holds `part`. */
static inline void load_warned(const char *text, const char *part)
{
    load(text);
    ck_assert_msg(strstr(load_messages(), part) != NULL, "lacks: %s\n  has: %s", part,
                  loading.messages.data);
}

/* Settings of the only server when these directives stand in it. */
static inline const struct location_settings *load_in_server(const char *lines)
{
    char *text = arena_printf(loading.arena, "server { %s }", lines);
    return load(text)->servers[0]->fallback->set;
}

/* As load_refused() for directives in a server. */
static inline void load_refused_in_server(const char *lines, const char *part)
{
    load_refused(arena_printf(loading.arena, "server { %s }", lines), part);
}

/* The location of the only server that this path belongs to. */
static inline const struct location *load_location(const char *path)
{
    const struct server *server = loading.config->servers[0];
    return prefixes_find(&server->locations, slice_str(path));
}

#endif
