#include "config/inherit.h"
#include "config/media_types.h"
#include "config/setters.h"
#include <assert.h>

#define ERROR_LOG_DEFAULT TINYHTTPD_LOCALSTATEDIR "/log/tinyhttpd/error.log"

/* --- defaults ----------------------------------------------------------------------- */

static bool needs_default(const struct build *build, const struct directive *row)
{
    return row->initial != NULL && !scope_has(build->root, row);
}

static const struct source *write_defaults(struct build *build)
{
    struct buf text = {0};
    for (size_t i = 0; i < directive_count; i++) {
        if (needs_default(build, &directives[i])) {
            buf_printf(&text, "%s %s;\n", directives[i].name, directives[i].initial);
        }
    }
    struct source *source = arena_zero(build->arena, sizeof *source);
    source->path = "default";
    source->text = arena_slice(build->arena, buf_slice(&text));
    buf_free(&text);
    return source;
}

/* Not through scope_apply(): a default's place is the root's, whatever its contexts. */
static void apply_default(struct build *build, const struct statement *statement)
{
    const struct directive *row = directive_find(statement->name.text);
    directive_setter *set = setter_of(row);
    bool ok = set(build, row, statement, scope_target(build, build->root, row));
    assert(ok);
    (void)ok;
}

void inherit_error_log(struct build *build)
{
    const struct log **place = &build->root->location_set->error_log;
    if (*place != NULL) {
        return;
    }
    const char *path = build->source->error_log;
    struct word words[] = {
        {.text = slice_str(path != NULL ? path : ERROR_LOG_DEFAULT)},
        {.text = slice_str("notice")},
    };
    const struct statement line = {.args = words, .arg_count = 2};
    set_error_log(build, directive_find(slice_str("error_log")), &line, place);
}

void inherit_defaults(struct build *build)
{
    struct parser parser = {.arena = build->arena, .diag = build->diag};
    build->scope = build->root;
    const struct statement *statement = parser_parse_text(&parser, write_defaults(build));
    for (; statement != NULL; statement = statement->next) {
        apply_default(build, statement);
    }
    build->root->location_set->types = media_types_default(build->arena);
    build->root->location->document_root.at = (struct position){0};
}

/* --- from scope to scope ------------------------------------------------------------ */

static void inherit_row(struct build *build, const struct scope *scope,
                        const struct directive *row)
{
    bool holds_value = row->store != STORE_NONE && row->store != STORE_MAIN;
    if (!holds_value || row->not_inherited || scope_has(scope, row)) {
        return;
    }
    void *target = scope_target(build, scope, row);
    if (target != NULL) {
        memcpy(target, scope_target(build, scope->parent, row), row->size);
    }
}

void inherit_scopes(struct build *build, const struct scope *scope)
{
    for (const struct scope *child = scope->first_child; child != NULL;
         child = child->next) {
        if (child->location_set == NULL) {
            continue;
        }
        for (size_t i = 0; i < directive_count; i++) {
            inherit_row(build, child, &directives[i]);
        }
        inherit_scopes(build, child);
    }
}

static bool has_same_access_log(const struct location *location,
                                const struct access_logs *logs)
{
    return location->set->access_log.items == logs->items;
}

bool inherit_uses_default_access_log(const struct build *build)
{
    const struct access_logs *logs = &build->root->location_set->access_log;
    for (const struct server_draft *draft = build->drafts; draft != NULL;
         draft = draft->next) {
        if (has_same_access_log(draft->server->fallback, logs)) {
            return true;
        }
        ARRAY_EACH(struct location *, location, &draft->locations)
        {
            if (has_same_access_log(*location, logs)) {
                return true;
            }
        }
    }
    return false;
}

/* --- what is the same is one -------------------------------------------------------- */

static const struct location_settings *find_same(struct build *build, struct hash *known,
                                                 const struct location_settings *set)
{
    struct location_settings *same =
        hash_get(known, slice_of((const char *)set, sizeof *set));
    if (same == NULL) {
        same = arena_alloc(build->arena, sizeof *same);
        memcpy(same, set, sizeof *same); /* with what lies between the members */
        hash_put(known, slice_of((const char *)same, sizeof *same), same);
    }
    return same;
}

static void share_below(struct build *build, const struct scope *scope,
                        struct hash *known)
{
    if (scope->location != NULL) {
        scope->location->set = find_same(build, known, scope->location_set);
    }
    for (scope = scope->first_child; scope != NULL; scope = scope->next) {
        share_below(build, scope, known);
    }
}

void inherit_share(struct build *build)
{
    struct hash known;
    hash_init(&known, build->scratch);
    share_below(build, build->root, &known);
}
