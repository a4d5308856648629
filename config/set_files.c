#include "config/scope.h"
#include "config/setters.h"
#include "config/values.h"

#define INACTIVE_DEFAULT 60000 /* ms */

/* --- root and alias ----------------------------------------------------------------- */

/* Values that are made from the root cannot be part of it. */
static bool check_recursion(struct build *build, const struct directive *row,
                            const struct word *word, const struct template *path)
{
    for (uint32_t i = 0; i < path->count; i++) {
        enum variable variable = path->parts[i].variable;
        if (variable == VARIABLE_DOCUMENT_ROOT || variable == VARIABLE_REALPATH_ROOT ||
            variable == VARIABLE_REQUEST_FILENAME) {
            return build_refuse(build, row, word, "a variable that depends on the root");
        }
    }
    return true;
}

static void prepend(struct build *build, struct template *path, const char *prefix)
{
    struct template_part *parts =
        arena_zero(build->arena, (path->count + 1) * sizeof *parts);
    parts[0].text = slice_str(prefix);
    if (path->is_literal) {
        path->literal = slice_str(
            arena_printf(build->arena, "%s%.*s", prefix, SLICE_ARG(path->literal)));
        parts[0].text = path->literal;
        path->count = 1;
    } else {
        memcpy(parts + 1, path->parts, path->count * sizeof *parts);
        path->count++;
    }
    path->parts = parts;
}

/* A path that may hold variables; a relative one starts at the prefix. */
static bool read_path(struct build *build, const struct directive *row,
                      const struct word *word, struct template *path)
{
    if (word->text.len == 0) {
        return build_refuse(build, row, word, "empty path");
    }
    if (!template_compile(path, word, build->arena, build->diag) ||
        !check_recursion(build, row, word, path)) {
        return false;
    }
    if (word->text.ptr[0] != '/' && word->text.ptr[0] != '$') {
        prepend(build, path, build->config->prefix);
    }
    return true;
}

bool set_root(struct build *build, const struct directive *row,
              const struct statement *statement, void *target)
{
    struct document_root *root = target;
    struct word word = statement->args[0];
    if (word.text.len > 1 && slice_ends_byte(word.text, '/')) {
        word.text = arena_slice(build->arena, slice_of(word.text.ptr, word.text.len - 1));
    }
    if (!read_path(build, row, &word, &root->path)) {
        return false;
    }
    root->at = statement->name.at;
    return true;
}

/*
 * "location /a { alias /x/; }" makes /x/../secret of /a../secret, which is beneath
 * another directory than the one named. With both or neither slash it cannot happen.
 */
static bool check_slashes(struct build *build, const struct statement *statement,
                          const struct location *location)
{
    if (location->match == LOCATION_EXACT) {
        return true;
    }
    struct slice path = statement->args[0].text;
    bool pattern_ends = slice_ends_byte(location->pattern, '/');
    if (slice_ends_byte(path, '/') == pattern_ends) {
        return true;
    }
    const char *hole = pattern_ends
                           ? "without it \"%.*sx\" is answered by \"%.*sx\""
                           : "without it \"%.*s../x\" is answered by \"%.*s../x\"";
    const char *what =
        arena_printf(build->scratch, hole, SLICE_ARG(location->pattern), SLICE_ARG(path));
    const char *help = arena_printf(
        build->scratch, "end both or neither with a slash: %s, outside of the directory",
        what);
    diag_error(build->diag, statement->args[0].at, help,
               pattern_ends
                   ? "\"alias\" of location \"%.*s\" must end with a slash too"
                   : "location \"%.*s\" must end with a slash, as its \"alias\" does",
               SLICE_ARG(location->pattern));
    return false;
}

static bool ends_in_variable(const struct template *path)
{
    return path->count > 0 && path->parts[path->count - 1].variable != VARIABLE_LITERAL;
}

bool set_alias(struct build *build, const struct directive *row,
               const struct statement *statement, void *target)
{
    struct document_root *root = target;
    const struct location *location = build->scope->location;
    if (location->match == LOCATION_NAMED) {
        diag_error(build->diag, statement->name.at, "use \"root\" there",
                   "\"alias\" cannot be in a named location: it replaces a prefix");
        return false;
    }
    if (!read_path(build, row, &statement->args[0], &root->path)) {
        return false;
    }
    if (!build->scope->is_detached && !ends_in_variable(&root->path) &&
        !check_slashes(build, statement, location)) {
        return false;
    }
    root->is_alias = true;
    root->alias_length = (uint32_t)location->pattern.len;
    root->at = statement->name.at;
    return true;
}

/* --- index and try_files ------------------------------------------------------------ */

bool set_index(struct build *build, const struct directive *row,
               const struct statement *statement, void *target)
{
    struct index_list *list = target;
    for (size_t i = 0; i < statement->arg_count; i++) {
        const struct word *word = &statement->args[i];
        if (word->text.len == 0) {
            return build_refuse(build, row, word, "empty file name");
        }
        if (word->text.ptr[0] == '/' && i + 1 < statement->arg_count) {
            diag_warn(build->diag, word->at, "what stands behind it is never tried",
                      "\"index\": only the last file should be an absolute path");
        }
        struct template *items =
            build_extend(build, list->items, list->count, sizeof *items);
        if (!template_compile(&items[list->count], word, build->arena, build->diag)) {
            return false;
        }
        list->items = items;
        list->count++;
    }
    return true;
}

static bool read_try(struct build *build, const struct word *argument,
                     struct try_file *file)
{
    struct word word = *argument;
    file->is_dir = slice_ends_byte(word.text, '/');
    if (file->is_dir) {
        word.text = arena_slice(build->arena, slice_of(word.text.ptr, word.text.len - 1));
    }
    return template_compile(&file->path, &word, build->arena, build->diag);
}

static bool read_last(struct build *build, const struct directive *row,
                      const struct word *word, struct try_files *try)
{
    if (slice_starts(word->text, slice_str("="))) {
        uint64_t code;
        if (value_number(slice_from(word->text, 1), &code) != NULL || code > 999) {
            return build_refuse(build, row, word, "not a status code");
        }
        try->last_kind = TRY_LAST_STATUS;
        try->status = (unsigned)code;
        return true;
    }
    try->last_kind =
        slice_starts(word->text, slice_str("@")) ? TRY_LAST_NAMED : TRY_LAST_URI;
    try->last_at = word->at;
    return template_compile(&try->last, word, build->arena, build->diag);
}

bool set_try_files(struct build *build, const struct directive *row,
                   const struct statement *statement, void *target)
{
    struct try_files *try = arena_zero(build->arena, sizeof(*try));
    size_t count = statement->arg_count - 1;
    struct try_file *items = arena_zero(build->arena, count * sizeof *items);
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        ok = read_try(build, &statement->args[i], &items[i]) && ok;
    }
    ok = read_last(build, row, &statement->args[count], try) && ok;
    try->items = items;
    try->count = count;
    *(struct try_files **)target = try;
    return ok;
}

bool set_internal(struct build *build, const struct directive *row,
                  const struct statement *statement, void *target)
{
    (void)build;
    (void)row;
    (void)statement;
    *(bool *)target = true;
    return true;
}

/* --- open_file_cache ---------------------------------------------------------------- */

static const char *read_cache_word(struct slice text, struct file_cache_settings *cache)
{
    struct slice max = slice_str("max=");
    struct slice inactive = slice_str("inactive=");
    if (slice_starts(text, inactive)) {
        return value_time(slice_from(text, inactive.len), &cache->inactive);
    }
    if (!slice_starts(text, max)) {
        return "unknown parameter";
    }
    uint64_t number;
    const char *problem = value_number(slice_from(text, max.len), &number);
    if (problem == NULL && (number == 0 || number > UINT32_MAX)) {
        problem = "must be a positive number";
    }
    if (problem == NULL) {
        cache->max = (uint32_t)number;
    }
    return problem;
}

bool set_open_file_cache(struct build *build, const struct directive *row,
                         const struct statement *statement, void *target)
{
    struct file_cache_settings cache = {.inactive = INACTIVE_DEFAULT};
    const struct word *first = &statement->args[0];
    if (statement->arg_count == 1 && slice_eq(first->text, slice_str("off"))) {
        *(struct file_cache_settings *)target = cache;
        return true;
    }
    for (size_t i = 0; i < statement->arg_count; i++) {
        const char *problem = read_cache_word(statement->args[i].text, &cache);
        if (problem != NULL) {
            return build_refuse(build, row, &statement->args[i], problem);
        }
    }
    if (cache.max == 0) {
        return build_refuse(build, row, first, "needs max=number");
    }
    *(struct file_cache_settings *)target = cache;
    return true;
}
