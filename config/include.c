#include "config/include.h"
#include <glob.h>

/* Where relative names start; "" keeps them as they are. */
static const char *resolve(const struct parser *parser, const struct word *name)
{
    const char *path = name->text.ptr;
    const char *base = parser->base_dir;
    if (path[0] == '/' || base == NULL || base[0] == '\0') {
        return path;
    }
    bool slash = base[strlen(base) - 1] == '/';
    return arena_printf(parser->arena, "%s%s%s", base, slash ? "" : "/", path);
}

static struct statement *parse_matches(struct parser *parser, const glob_t *matches,
                                       struct position from)
{
    struct statement *first = NULL;
    struct statement **last = &first;
    for (size_t i = 0; i < matches->gl_pathc; i++) {
        const char *path = arena_strdup(parser->arena, matches->gl_pathv[i]);
        *last = parser_parse_file(parser, path, from);
        last = statement_list_end(last);
    }
    return first;
}

static struct statement *parse_pattern(struct parser *parser, const char *pattern,
                                       struct position from)
{
    glob_t matches = {0};
    struct statement *first = NULL;
    int failure = glob(pattern, 0, NULL, &matches);
    if (failure == 0) {
        first = parse_matches(parser, &matches, from);
    } else if (failure != GLOB_NOMATCH) {
        diag_error(parser->diag, from, NULL, "the pattern \"%s\" cannot be searched",
                   pattern);
    }
    globfree(&matches);
    return first;
}

static bool check_arguments(struct parser *parser, const struct statement *statement)
{
    const char *problem = NULL;
    if (statement->is_block) {
        problem = "\"include\" takes no block";
    } else if (statement->arg_count != 1) {
        problem = "\"include\" takes one argument: a file or a pattern";
    } else if (statement->args[0].text.len == 0) {
        problem = "\"include\" of an empty name";
    }
    if (problem != NULL) {
        diag_error(parser->diag, statement->name.at, NULL, "%s", problem);
    }
    return problem == NULL;
}

struct statement *include_expand(struct parser *parser, const struct statement *statement)
{
    if (!check_arguments(parser, statement)) {
        return NULL;
    }
    const struct word *name = &statement->args[0];
    const char *path = resolve(parser, name);
    if (strpbrk(path, "*?[") != NULL) {
        return parse_pattern(parser, path, name->at);
    }
    return parser_parse_file(parser, path, name->at);
}
