#include "config/scope.h"
#include "common/cache_line.h"
#include <assert.h>

struct scope *scope_create(struct build *build, enum context context,
                           struct scope *parent)
{
    struct scope *scope = arena_zero(build->scratch, sizeof *scope);
    scope->context = context;
    scope->parent = parent;
    if (parent == NULL) {
        return scope;
    }
    if (parent->last_child != NULL) {
        parent->last_child->next = scope;
    } else {
        parent->first_child = scope;
    }
    parent->last_child = scope;
    scope->is_detached = parent->is_detached;
    return scope;
}

void scope_enter_location(struct build *build, struct scope *scope,
                          struct location *location)
{
    scope->location = location;
    scope->location_set = arena_zero(build->scratch, sizeof *scope->location_set);
    location->set = scope->location_set;
}

void *scope_target(const struct build *build, const struct scope *scope,
                   const struct directive *row)
{
    char *const bases[] = {
        [STORE_NONE] = NULL,
        [STORE_MAIN] = (char *)&build->config->set,
        [STORE_SERVER] = (char *)scope->server_set,
        [STORE_LOCATION] = (char *)scope->location_set,
        [STORE_PLACE] = (char *)scope->location,
    };
    return bases[row->store] != NULL ? bases[row->store] + row->offset : NULL;
}

static bool same_place(const struct directive *a, const struct directive *b)
{
    return a == b ||
           (a->store == b->store && a->store != STORE_NONE && a->offset == b->offset);
}

bool scope_has(const struct scope *scope, const struct directive *row)
{
    size_t index = (size_t)(row - directives);
    return scope->set_rows[index / 64] >> index % 64 & 1;
}

void scope_mark(struct scope *scope, const struct directive *row)
{
    assert(directive_count <= SCOPE_ROWS_MAX);
    for (size_t i = 0; i < directive_count; i++) {
        if (same_place(&directives[i], row)) {
            scope->set_rows[i / 64] |= (uint64_t)1 << i % 64;
        }
    }
}

bool build_first_time(struct build *build, const char *key)
{
    struct slice name = slice_str(arena_strdup(build->scratch, key));
    return hash_put(&build->noted, name, build) == NULL;
}

bool build_refuse(struct build *build, const struct directive *row,
                  const struct word *word, const char *problem)
{
    const char *help =
        arena_printf(build->scratch, "expected: %s %s;", row->name, row->syntax);
    diag_error(build->diag, word->at, help, "invalid value \"%.*s\" for \"%s\": %s",
               SLICE_ARG(word->text), row->name, problem);
    return false;
}

bool build_has_control(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return true;
        }
    }
    return false;
}

const char *build_path(struct build *build, struct slice path)
{
    if (slice_starts(path, slice_str("/"))) {
        return arena_cstr(build->arena, path);
    }
    return arena_printf(build->arena, "%s%.*s", build->config->prefix, SLICE_ARG(path));
}

char *build_label(struct build *build, struct position at)
{
    const char *file = at.source != NULL ? at.source->path : "";
    return arena_printf(build->scratch, "%s:%u", file, at.line);
}

_Static_assert(offsetof(struct location, document_root.path.parts) <= CACHE_LINE,
               "what a request reads of its location is one line of the cache");

struct location *build_location(struct build *build, struct position at,
                                const struct server *server)
{
    struct location *location = arena_zero_line(build->arena, sizeof *location);
    location->at = at;
    location->label = build_label(build, at);
    location->server = server;
    return location;
}

void build_gather_texts(struct build *build, struct location *location)
{
    struct slice *root = &location->document_root.path.literal;
    size_t label_size = strlen(location->label) + 1;
    char *texts = arena_zero_line(build->arena, label_size + root->len + 1);
    location->label = memcpy(texts, location->label, label_size);
    if (root->len > 0) {
        *root = slice_of(memcpy(texts + label_size, root->ptr, root->len), root->len);
    }
}

void *build_extend(struct build *build, const void *items, size_t count, size_t size)
{
    char *copy = arena_zero(build->arena, (count + 1) * size);
    if (count > 0) {
        memcpy(copy, items, count * size);
    }
    return copy;
}
