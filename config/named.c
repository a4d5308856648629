#include "config/named.h"

static const char *help_for(struct build *build, const struct server *server,
                            struct slice name)
{
    return arena_printf(build->scratch,
                        "add \"location %.*s { ... }\" to the server at %s",
                        SLICE_ARG(name), server->fallback->label);
}

static void resolve_try_files(struct build *build, const struct server *server,
                              struct try_files *try)
{
    if (try == NULL || try->last_kind != TRY_LAST_NAMED) {
        return;
    }
    struct slice name = try->last.source;
    try->named = hash_get(&server->named, name);
    if (try->named == NULL) {
        diag_error(build->diag, try->last_at, help_for(build, server, name),
                   "\"try_files\": there is no location \"%.*s\"", SLICE_ARG(name));
    }
}

static bool names_location(const struct error_page *page)
{
    return slice_starts(page->target.source, slice_str("@"));
}

static bool any_names_location(const struct error_pages *pages)
{
    for (size_t i = 0; i < pages->count; i++) {
        if (names_location(&pages->items[i])) {
            return true;
        }
    }
    return false;
}

static void report_page(struct build *build, const struct server *server,
                        const struct error_page *page, bool is_inherited)
{
    struct slice name = page->target.source;
    const char *help = help_for(build, server, name);
    if (is_inherited) {
        diag_warn(build->diag, page->at, help,
                  "\"error_page\": a server has no location \"%.*s\"", SLICE_ARG(name));
    } else {
        diag_error(build->diag, page->at, help,
                   "\"error_page\": there is no location \"%.*s\"", SLICE_ARG(name));
    }
}

/* The list is shared with the level it comes from: each server gets its own copy. */
static void resolve_error_pages(struct build *build, const struct server *server,
                                struct error_pages *pages, bool is_told,
                                bool is_inherited)
{
    if (!any_names_location(pages)) {
        return;
    }
    struct error_page *items =
        build_extend(build, pages->items, pages->count, sizeof *items);
    for (size_t i = 0; i < pages->count; i++) {
        if (!names_location(&items[i])) {
            continue;
        }
        items[i].named = hash_get(&server->named, items[i].target.source);
        if (items[i].named == NULL && is_told) {
            report_page(build, server, &items[i], is_inherited);
        }
    }
    pages->items = items;
}

static void resolve_scope(struct build *build, const struct scope *scope)
{
    const struct directive *row = directive_find(slice_str("error_page"));
    const struct server *server = scope->draft->server;
    bool is_own = scope_has(scope, row);
    bool is_server = scope->context == CONTEXT_SERVER;
    resolve_try_files(build, server, scope->location_set->try_files);
    resolve_error_pages(build, server, &scope->location_set->error_page,
                        is_own || is_server, !is_own);
    for (const struct scope *child = scope->first_child; child != NULL;
         child = child->next) {
        resolve_scope(build, child);
    }
}

void named_resolve(struct build *build)
{
    for (const struct server_draft *draft = build->drafts; draft != NULL;
         draft = draft->next) {
        resolve_scope(build, draft->scope);
    }
}
