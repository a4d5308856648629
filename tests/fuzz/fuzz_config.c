/* A configuration: whatever its bytes, there are messages or there is a configuration;
 * and what -T prints of one loads again. */
#include "config/build.h"
#include "config/dump.h"
#include "tests/fuzz/invariant.h"
#include <string.h>

/* Relative includes start where there is nothing; absolute ones would make a run depend
 * on the machine. */
static bool reads_other_files(const char *text)
{
    const char *include = strstr(text, "include");
    return include != NULL && strchr(include, '/') != NULL;
}

/* Every message is well-formed: one header line, and the counts agree. */
static void check_messages(const struct diagnostics *diag)
{
    struct buf printed = {0};
    ARRAY_EACH(struct diagnosis, found, &diag->items)
    {
        buf_clear(&printed);
        diag_format(found, &printed);
        INVARIANT(printed.len > 0 && printed.data[printed.len - 1] == '\n');
        INVARIANT(slice_find(buf_slice(&printed), '\0') == printed.len);
        buf_clear(&printed);
        diag_format_short(found, &printed);
        INVARIANT(slice_find(buf_slice(&printed), '\n') == printed.len);
    }
    buf_free(&printed);
    INVARIANT(diag->items.count <= diag->errors + diag->warnings);
}

/* Loads a text; *dump, if wanted, is what -T would print. */
static bool load(const char *text, struct buf *dump)
{
    struct arena *arena = arena_create(4096);
    struct diagnostics diag;
    diag_init(&diag, arena);
    struct config_source source = {
        .path = "/nowhere/fuzz.conf",
        .text = text,
        .prefix = "/nowhere/",
        .error_log = "stderr",
    };
    struct config *config = config_load(&source, &diag);
    INVARIANT((config == NULL) == (diag.errors > 0));
    if (config != NULL && dump != NULL) {
        dump_config(config, dump);
    }
    if (config == NULL && dump == NULL) { /* a dump that does not load: say why */
        fputs(((struct diagnosis *)array_at(&diag.items, 0))->message, stderr);
        fprintf(stderr, "\n%s", text);
    }
    bool loaded = config != NULL;
    config_destroy(config);
    check_messages(&diag); /* they must outlive the configuration */
    arena_destroy(arena);
    return loaded;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf text = {0};
    buf_append(&text, data, size);
    buf_append_char(&text, '\0');
    struct buf dump = {0};
    if (!reads_other_files(text.data) && load(text.data, &dump)) {
        buf_append_char(&dump, '\0');
        INVARIANT(load(dump.data, NULL));
    }
    buf_free(&dump);
    buf_free(&text);
    return 0;
}
