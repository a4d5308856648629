#include "config/build.h"
#include "common/xalloc.h"
#include "config/inherit.h"
#include "config/listeners.h"
#include "config/log_formats.h"
#include "config/named.h"
#include "config/scope.h"

#define CONFIG_CHUNK 65536

/* --- reading ------------------------------------------------------------------------ */

/* The directory of the main file, where relative includes start. */
static const char *base_of(struct build *build, const char *path)
{
    struct slice name = slice_str(path);
    size_t slash = slice_rfind(name, '/');
    if (slash == name.len) {
        return build->source->text != NULL ? build->config->prefix : "";
    }
    return arena_cstr(build->arena, slice_of(path, slash + 1));
}

static struct statement *parse_text(struct build *build, struct parser *parser,
                                    const char *path, const char *text)
{
    struct source *source = arena_zero(build->arena, sizeof *source);
    source->path = arena_strdup(build->arena, path);
    source->text = slice_str(arena_strdup(build->arena, text));
    return parser_parse_text(parser, source);
}

static void parse(struct build *build)
{
    const struct config_source *from = build->source;
    const char *path = build->config->path;
    struct parser parser = {.arena = build->arena, .diag = build->diag};
    parser.base_dir = base_of(build, path);

    struct statement **end = &build->config->tree;
    if (from->globals != NULL) {
        *end = parse_text(build, &parser, "command line", from->globals);
    }
    while (*end != NULL) {
        end = &(*end)->next;
    }
    if (from->text != NULL) {
        *end = parse_text(build, &parser, path, from->text);
    } else {
        *end = parser_parse_file(&parser, path, (struct position){0});
    }
}

/* --- scopes ------------------------------------------------------------------------- */

/* The main scope holds the defaults of all levels; http inherits them from there. */
static void create_scopes(struct build *build)
{
    struct location *main_location = arena_zero(build->scratch, sizeof *main_location);
    build->root = scope_create(build, CONTEXT_MAIN, NULL);
    scope_enter_location(build, build->root, main_location);
    build->root->server_set = arena_zero(build->scratch, sizeof *build->root->server_set);

    struct location *http = arena_zero(build->arena, sizeof *http);
    http->match = LOCATION_SERVER;
    http->pattern = slice_str("");
    http->label = arena_strdup(build->arena, "http");
    build->http = scope_create(build, CONTEXT_HTTP, build->root);
    scope_enter_location(build, build->http, http);
    build->http->server_set = arena_zero(build->scratch, sizeof *build->http->server_set);
    build->config->http = http;
}

/* --- what all servers make together ------------------------------------------------- */

static void collect_servers(struct build *build)
{
    struct array servers = ARRAY_OF(struct server *);
    for (const struct server_draft *draft = build->drafts; draft != NULL;
         draft = draft->next) {
        struct server **slot = array_push(&servers, build->arena);
        *slot = draft->server;
        draft->server->location_count = draft->locations.count;
        draft->server->all =
            build_extend(build, draft->locations.items, draft->locations.count,
                         sizeof *draft->server->all);
    }
    build->config->servers = servers.items;
    build->config->server_count = servers.count;
    if (servers.count == 0 && build->diag->errors == build->errors_before) {
        diag_error(build->diag, (struct position){0}, "add: server { root /srv/www; }",
                   "%s has no \"server\" block: there is nothing to serve",
                   build->config->path);
    }
}

/* A default access log that no server writes to is not opened. */
static void collect_log_files(struct build *build, size_t without_defaults)
{
    size_t count = build->log_files.count;
    if (count > without_defaults && !inherit_uses_default_access_log(build)) {
        count = without_defaults;
        build->http->location_set->access_log = (struct access_logs){0};
    }
    for (size_t i = without_defaults; i < count; i++) {
        struct log_file *file = array_at(&build->log_files, i);
        file->at = (struct position){0};
    }
    build->config->log_files = build->log_files.items;
    build->config->log_file_count = count;
    build->config->error_log = build->root->location_set->error_log;
}

static void build_config(struct build *build)
{
    parse(build);
    create_scopes(build);
    log_formats_init(build);
    scope_apply(build, build->root, build->config->tree);
    inherit_error_log(build);
    size_t without_defaults = build->log_files.count;
    inherit_defaults(build);
    inherit_scopes(build, build->root);
    named_resolve(build);
    listeners_build(build);
    collect_servers(build);
    collect_log_files(build, without_defaults);
    inherit_share(build);
}

static struct config *create_config(const struct config_source *source)
{
    struct arena *arena = arena_create(CONFIG_CHUNK);
    struct config *config = arena_zero(arena, sizeof *config);
    config->arena = arena;
    config->path = arena_strdup(arena, source->path);
    config->prefix = arena_strdup(arena, source->prefix);
    return config;
}

/* Whole or not: with errors, what they left out is missing. */
static struct config *build_all(const struct config_source *source,
                                struct diagnostics *diag)
{
    struct config *config = create_config(source);
    struct build build = {.config = config, .arena = config->arena, .diag = diag};
    build.scratch = arena_create(CONFIG_CHUNK);
    build.source = source;
    build.log_files = ARRAY_OF(struct log_file);
    hash_init(&build.file_numbers, build.scratch);
    hash_init(&build.formats, build.scratch);
    hash_init(&build.noted, build.scratch);

    build.errors_before = diag->errors;
    build_config(&build);
    arena_destroy(build.scratch);
    return config;
}

struct config *config_load(const struct config_source *source, struct diagnostics *diag)
{
    size_t errors_before = diag->errors;
    struct config *config = build_all(source, diag);
    if (diag->errors != errors_before) {
        config_destroy(config);
        return NULL;
    }
    return config;
}

static bool names_pid(const struct config *config)
{
    const struct statement *line = config->tree;
    while (line != NULL && !slice_eq(line->name.text, SLICE("pid"))) {
        line = line->next;
    }
    return line != NULL;
}

char *config_find_pid(const struct config_source *source)
{
    struct arena *arena = arena_create(CONFIG_CHUNK);
    struct diagnostics diag;
    diag_init(&diag, arena);
    struct config *config = build_all(source, &diag);
    bool known = (diag.errors == 0 || names_pid(config)) && config->set.pid != NULL;
    char *pid = known ? xstrdup(config->set.pid) : NULL;
    config_destroy(config);
    arena_destroy(arena);
    return pid;
}

void config_destroy(struct config *config)
{
    if (config != NULL) {
        arena_destroy(config->arena);
    }
}
