#include "config/scope.h"
#include "config/setters.h"
#include "config/unsupported.h"

/* The name nearest to a word among the directives of these contexts. */
static const char *nearest(struct slice word, unsigned contexts)
{
    const char *names[SCOPE_ROWS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < directive_count && count < SCOPE_ROWS_MAX; i++) {
        if (directives[i].contexts & contexts) {
            names[count++] = directives[i].name;
        }
    }
    return diag_nearest(word, names, count);
}

static const char *list_contexts(struct build *build, unsigned contexts)
{
    struct buf text = {0};
    context_list(contexts, &text);
    char *copy = arena_cstr(build->scratch, buf_slice(&text));
    buf_free(&text);
    return copy;
}

/* What a name that nobody knows was probably meant to be; NULL: no idea. */
static const char *guess(struct build *build, struct slice word, enum context context)
{
    const char *name = nearest(word, (unsigned)context);
    if (name != NULL) {
        return arena_printf(build->scratch, "did you mean \"%s\"?", name);
    }
    name = nearest(word, UINT_MAX);
    if (name == NULL) {
        return NULL;
    }
    unsigned contexts = directive_find(slice_str(name))->contexts;
    return arena_printf(build->scratch, "did you mean \"%s\"? it is valid in: %s", name,
                        list_contexts(build, contexts));
}

static void report_unsupported(struct build *build, const struct unsupported *row,
                               const struct word *name)
{
    if (row->verdict == VERDICT_REFUSE) {
        diag_error(build->diag, name->at, row->advice, "\"%.*s\" is not supported",
                   SLICE_ARG(name->text));
    } else if (build_first_time(build, name->text.ptr)) {
        diag_warn(build->diag, name->at, row->advice,
                  "\"%.*s\" is not supported and has no effect", SLICE_ARG(name->text));
    }
}

static void report_unknown(struct build *build, const struct word *name)
{
    const struct unsupported *row = unsupported_find(name->text);
    if (row != NULL) {
        report_unsupported(build, row, name);
        return;
    }
    enum context context = build->scope->context;
    diag_error(build->diag, name->at, guess(build, name->text, context),
               "unknown directive \"%.*s\" in %s", SLICE_ARG(name->text),
               context_name(context));
}

static bool is_placed(struct build *build, const struct directive *row,
                      const struct word *name)
{
    enum context context = build->scope->context;
    if (row->contexts & (unsigned)context) {
        return true;
    }
    const char *help =
        arena_printf(build->scratch, "valid in: %s", list_contexts(build, row->contexts));
    diag_error(build->diag, name->at, help, "\"%s\" is not allowed in %s", row->name,
               context_name(context));
    return false;
}

static bool has_right_shape(struct build *build, const struct directive *row,
                            const struct statement *statement)
{
    const char *problem = NULL;
    if (row->type == TYPE_BLOCK && !statement->is_block) {
        problem = "needs a block in braces";
    } else if (row->type != TYPE_BLOCK && statement->is_block) {
        problem = "takes no block, it ends with a semicolon";
    } else if (statement->arg_count < row->args_min) {
        problem = "has too few arguments";
    } else if (statement->arg_count > row->args_max && row->args_max != UCHAR_MAX) {
        problem = "has too many arguments";
    }
    if (problem == NULL) {
        return true;
    }
    const char *help = arena_printf(build->scratch, "expected: %s%s%s%s", row->name,
                                    *row->syntax != '\0' ? " " : "", row->syntax,
                                    row->type == TYPE_BLOCK ? "" : ";");
    diag_error(build->diag, statement->name.at, help, "\"%s\" %s", row->name, problem);
    return false;
}

/* The statement of this scope that set the row's place before `statement`. */
static const struct statement *find_earlier(const struct build *build,
                                            const struct directive *row,
                                            const struct statement *statement)
{
    const struct scope *scope = build->scope;
    const struct statement *first =
        scope->statement != NULL ? scope->statement->first : build->config->tree;
    for (; first != NULL && first != statement; first = first->next) {
        const struct directive *other = directive_find(first->name.text);
        if (other == row ||
            (other != NULL && row->store != STORE_NONE && other->store == row->store &&
             other->offset == row->offset)) {
            return first;
        }
    }
    return NULL;
}

static bool is_first(struct build *build, const struct directive *row,
                     const struct statement *statement)
{
    if (row->repeats || !scope_has(build->scope, row)) {
        return true;
    }
    const struct statement *earlier = find_earlier(build, row, statement);
    const char *help = NULL;
    if (earlier != NULL) {
        help = arena_printf(build->scratch, "\"%.*s\" was given first at %s",
                            SLICE_ARG(earlier->name.text),
                            build_label(build, earlier->name.at));
    }
    diag_error(build->diag, statement->name.at, help, "\"%s\" is duplicate", row->name);
    return false;
}

static void apply_statement(struct build *build, const struct statement *statement)
{
    const struct directive *row = directive_find(statement->name.text);
    if (row == NULL) {
        report_unknown(build, &statement->name);
        return;
    }
    if (!is_placed(build, row, &statement->name) ||
        !has_right_shape(build, row, statement) || !is_first(build, row, statement)) {
        return;
    }
    directive_setter *set = setter_of(row);
    if (set == NULL) {
        return;
    }
    scope_mark(build->scope, row);
    if (row->store == STORE_MAIN) {
        scope_mark(build->root, row); /* `events` fills the main settings: no default */
    }
    set(build, row, statement, scope_target(build, build->scope, row));
}

void scope_apply(struct build *build, struct scope *scope, const struct statement *first)
{
    struct scope *outer = build->scope;
    build->scope = scope;
    for (; first != NULL; first = first->next) {
        apply_statement(build, first);
    }
    build->scope = outer;
}
