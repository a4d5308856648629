#include "config/template.h"

/* A template being compiled. */
struct compiler {
    const struct word *word;
    struct arena *arena;
    struct diagnostics *diag;
    struct array parts; /* struct template_part */
};

static void add_part(struct compiler *compiler, enum variable variable, struct slice text)
{
    struct template_part *part = array_push(&compiler->parts, compiler->arena);
    part->variable = variable;
    part->text = text;
}

static size_t name_length(struct slice text)
{
    size_t len = 0;
    while (len < text.len) {
        char c = ascii_lower(text.ptr[len]);
        if (!(c >= 'a' && c <= 'z') && !ascii_isdigit(c) && c != '_') {
            break;
        }
        len++;
    }
    return len;
}

static const char *nearest_variable(struct slice name)
{
    const char *names[VARIABLE_COUNT];
    size_t count = 0;
    for (int id = VARIABLE_LITERAL + 1; id < VARIABLE_COUNT; id++) {
        names[count++] = variable_name((enum variable)id);
    }
    return diag_nearest(name, names, count);
}

static void report_unknown(struct compiler *compiler, struct slice name)
{
    const char *help = NULL;
    const char *nearest = nearest_variable(name);
    if (ascii_isdigit(name.ptr[0])) {
        help = "captures of regular expressions are not supported yet";
    } else if (nearest != NULL && nearest[strlen(nearest) - 1] == '_') {
        help = arena_printf(compiler->diag->arena, "a name must follow \"$%s\"", nearest);
    } else if (nearest != NULL) {
        help = arena_printf(compiler->diag->arena, "did you mean \"$%s\"?", nearest);
    }
    diag_error(compiler->diag, compiler->word->at, help, "unknown variable \"$%.*s\"",
               SLICE_ARG(name));
}

/* Names count without regard to case, as field names do; so do the members. */
static struct slice fold(struct arena *arena, struct slice name)
{
    char *folded = arena_cstr(arena, name);
    for (size_t i = 0; i < name.len; i++) {
        folded[i] = ascii_lower(folded[i]);
    }
    return slice_of(folded, name.len);
}

static bool add_variable(struct compiler *compiler, struct slice name)
{
    struct slice member;
    enum variable variable = variable_lookup(fold(compiler->arena, name), &member);
    if (variable == VARIABLE_LITERAL) {
        report_unknown(compiler, name);
        return false;
    }
    add_part(compiler, variable, member);
    return true;
}

/* Takes the variable in front, "$" included, off *rest. */
static bool take_variable(struct compiler *compiler, struct slice *rest)
{
    bool braces = rest->len > 1 && rest->ptr[1] == '{';
    struct slice text = slice_from(*rest, braces ? 2 : 1);
    struct slice name = slice_of(text.ptr, name_length(text));
    if (name.len == 0) {
        diag_error(compiler->diag, compiler->word->at,
                   "\"$\" begins a variable and cannot be written otherwise",
                   "\"$\" without the name of a variable");
        return false;
    }
    *rest = slice_from(text, name.len);
    if (braces && (rest->len == 0 || rest->ptr[0] != '}')) {
        diag_error(compiler->diag, compiler->word->at, NULL,
                   "the closing \"}\" of \"${%.*s\" is missing", SLICE_ARG(name));
        return false;
    }
    *rest = slice_from(*rest, braces ? 1 : 0);
    return add_variable(compiler, name);
}

bool template_compile(struct template *out, const struct word *word, struct arena *arena,
                      struct diagnostics *diag)
{
    struct compiler compiler = {
        .word = word,
        .arena = arena,
        .diag = diag,
        .parts = ARRAY_OF(struct template_part),
    };
    bool is_literal = slice_find(word->text, '$') == word->text.len;
    struct slice rest = word->text;
    while (rest.len > 0) {
        size_t literal = slice_find(rest, '$');
        if (literal > 0) {
            add_part(&compiler, VARIABLE_LITERAL, slice_of(rest.ptr, literal));
        }
        rest = slice_from(rest, literal);
        if (rest.len > 0 && !take_variable(&compiler, &rest)) {
            return false;
        }
    }
    *out = (struct template){
        .parts = compiler.parts.items,
        .count = (uint32_t)compiler.parts.count,
        .is_literal = is_literal,
        .literal = is_literal ? word->text : SLICE_NULL,
        .source = word->text,
    };
    return true;
}
