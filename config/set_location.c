#include "config/scope.h"
#include "config/setters.h"

/* What may stand before a pattern: as a word of its own, or grown together with it. */
static const struct {
    const char *modifier;
    enum location_match match;
    bool is_regex;
} modifiers[] = {
    {"=", LOCATION_EXACT, false},
    {"^~", LOCATION_PREFIX_FINAL, false},
    {"~*", LOCATION_PREFIX, true},
    {"~", LOCATION_PREFIX, true},
};

#define MODIFIER_COUNT (sizeof modifiers / sizeof *modifiers)

static bool refuse_regex(struct build *build, const struct word *word)
{
    diag_error(build->diag, word->at,
               "use a prefix (location /path/), an exact path (location = /path), or for "
               "extensions the types, expires and add_header of the prefix above",
               "regular expressions in \"location\" are not supported yet");
    return false;
}

static bool read_modifier(struct build *build, const struct word *word, size_t index,
                          struct location *location)
{
    if (modifiers[index].is_regex) {
        return refuse_regex(build, word);
    }
    location->match = modifiers[index].match;
    return true;
}

/* `location MODIFIER PATTERN`. */
static bool read_two_words(struct build *build, const struct directive *row,
                           const struct word *args, struct location *location)
{
    for (size_t i = 0; i < MODIFIER_COUNT; i++) {
        if (slice_eq(args[0].text, slice_str(modifiers[i].modifier))) {
            location->pattern = args[1].text;
            return read_modifier(build, &args[0], i, location);
        }
    }
    return build_refuse(build, row, &args[0],
                        "only =, ^~, ~ or ~* may stand before a path");
}

/* `location PATTERN`, with the modifier at its front if there is one. */
static bool read_one_word(struct build *build, const struct word *word,
                          struct location *location)
{
    location->pattern = word->text;
    if (slice_starts(word->text, slice_str("@"))) {
        location->match = LOCATION_NAMED;
        return true;
    }
    location->match = LOCATION_PREFIX;
    for (size_t i = 0; i < MODIFIER_COUNT; i++) {
        struct slice modifier = slice_str(modifiers[i].modifier);
        if (slice_starts(word->text, modifier)) {
            location->pattern = slice_from(word->text, modifier.len);
            return read_modifier(build, word, i, location);
        }
    }
    return true;
}

static void warn_if_unreachable(struct build *build, const struct word *word,
                                const struct location *location)
{
    if (location->match != LOCATION_NAMED &&
        !slice_starts(location->pattern, slice_str("/"))) {
        diag_warn(build->diag, word->at, "request paths begin with \"/\"",
                  "location \"%.*s\" never matches", SLICE_ARG(location->pattern));
    }
}

static bool read_pattern(struct build *build, const struct directive *row,
                         const struct statement *statement, struct location *location)
{
    const struct word *last = &statement->args[statement->arg_count - 1];
    bool ok = statement->arg_count == 2
                  ? read_two_words(build, row, statement->args, location)
                  : read_one_word(build, last, location);
    if (ok && location->pattern.len == 0) {
        ok = build_refuse(build, row, last, "empty path");
    }
    if (ok && location->match == LOCATION_NAMED && location->pattern.len == 1) {
        ok = build_refuse(build, row, last, "\"@\" without a name");
    }
    if (ok) {
        warn_if_unreachable(build, last, location);
    }
    return ok;
}

/* What nests where: named ones only in the server, nothing in = and @, and a path only
 * below a prefix of its own. */
static bool check_nesting(struct build *build, const struct location *location)
{
    const struct location *parent = build->scope->location;
    if (parent->match == LOCATION_SERVER) {
        return true;
    }
    const char *problem = NULL;
    if (location->match == LOCATION_NAMED) {
        problem = "a named location stands in the server, not in";
    } else if (parent->match == LOCATION_EXACT || parent->match == LOCATION_NAMED) {
        problem = "nothing can be nested in";
    } else if (!slice_starts(location->pattern, parent->pattern)) {
        problem = "it is outside of";
    }
    if (problem == NULL) {
        return true;
    }
    const char *help =
        arena_printf(build->scratch, "that location begins at %s", parent->label);
    diag_error(build->diag, location->at, help,
               "location \"%.*s\" is misplaced: %s location \"%.*s\"",
               SLICE_ARG(location->pattern), problem, SLICE_ARG(parent->pattern));
    return false;
}

/* Returns the location that holds the pattern already, or NULL. */
static const struct location *enter(struct server *server, struct location *location)
{
    struct slice pattern = location->pattern;
    if (location->match == LOCATION_NAMED) {
        const struct location *earlier = hash_get(&server->named, pattern);
        if (earlier == NULL) {
            hash_put(&server->named, pattern, location);
        }
        return earlier;
    }
    if (location->match == LOCATION_EXACT) {
        return prefixes_add_exact(&server->locations, pattern, location);
    }
    return prefixes_add_prefix(&server->locations, pattern, location);
}

static bool enter_once(struct build *build, struct location *location)
{
    struct server_draft *draft = build->scope->draft;
    const struct location *earlier = enter(draft->server, location);
    if (earlier != NULL) {
        diag_error(
            build->diag, location->at,
            arena_printf(build->scratch, "it was given first at %s", earlier->label),
            "duplicate location \"%.*s\"", SLICE_ARG(location->pattern));
        return false;
    }
    struct location **slot = array_push(&draft->locations, build->scratch);
    *slot = location;
    return true;
}

bool set_location(struct build *build, const struct directive *row,
                  const struct statement *statement, void *target)
{
    (void)target;
    struct location *location =
        build_location(build, statement->name.at, build->scope->draft->server);
    bool ok = read_pattern(build, row, statement, location) &&
              (build->scope->is_detached ||
               (check_nesting(build, location) && enter_once(build, location)));
    struct scope *scope = scope_create(build, CONTEXT_LOCATION, build->scope);
    scope->statement = statement;
    scope->draft = scope->parent->draft;
    scope_enter_location(build, scope, location);
    scope->is_detached = scope->is_detached || !ok;
    scope_apply(build, scope, statement->first);
    build_gather_texts(build, location);
    return ok;
}
