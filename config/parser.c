#include "config/parser.h"
#include "config/directives.h"
#include "config/include.h"
#include "config/sources.h"
#include "config/unsupported.h"
#include <assert.h>

/* The text being parsed. */
struct run {
    struct parser *parser;
    struct lexer lexer;
    struct token pending; /* read, and given back */
    bool has_pending;
    bool end_reported;        /* one message for all blocks that are open at the end */
    struct position last_end; /* behind the last word, where a ';' may be missing */
    struct position misfit;   /* the first '}' that is indented unlike its block .. */
    struct word misfit_of;    /* .. and that block's name */
};

/* A block that is open: its opener and those around it. */
struct block {
    const struct block *parent;
    const struct statement *opener; /* NULL: the file itself, or a '{' without a name */
    unsigned line;
    unsigned indent; /* of the line with its "{" */
    unsigned depth;
};

static struct statement *parse_statements(struct run *run, const struct block *block);

static struct token next(struct run *run)
{
    if (run->has_pending) {
        run->has_pending = false;
        return run->pending;
    }
    return lexer_next(&run->lexer);
}

static void give_back(struct run *run, struct token token)
{
    assert(!run->has_pending);
    run->pending = token;
    run->has_pending = true;
}

/* --- what is missing ---------------------------------------------------------------- */

static bool is_known_name(struct slice name)
{
    return directive_find(name) != NULL || unsupported_find(name) != NULL;
}

static bool opens_block(const struct statement *statement)
{
    const struct directive *row = directive_find(statement->name.text);
    return row != NULL && row->type == TYPE_BLOCK;
}

/* True for a word that begins a line and is the name of a directive: either an argument
 * of a statement that goes on there, or the next statement after a forgotten ';'. */
static bool looks_like_name(const struct run *run, const struct token *token)
{
    return !token->quoted && token->at.line > run->last_end.line &&
           is_known_name(token->text);
}

/* Arguments on lines of their own are indented; statements stand beneath each other. */
static bool begins_next(const struct run *run, const struct statement *statement,
                        const struct token *token)
{
    return looks_like_name(run, token) &&
           (opens_block(statement) || token->at.column <= statement->name.at.column);
}

static void report_no_semicolon(struct run *run, const struct statement *statement,
                                const char *reason)
{
    const struct word *name = &statement->name;
    diag_error(run->parser->diag, run->last_end, reason,
               "missing \";\": \"%.*s\" of line %u is not finished",
               SLICE_ARG(name->text), name->at.line);
}

static void report_no_brace(struct run *run, const struct statement *statement)
{
    diag_error(run->parser->diag, run->last_end, NULL,
               "missing \"{\": directive \"%.*s\" has no opening \"{\"",
               SLICE_ARG(statement->name.text));
}

static const char *describe_next(struct run *run, const struct token *token)
{
    return arena_printf(run->parser->diag->arena,
                        "\"%.*s\" on line %u looks like the next statement",
                        SLICE_ARG(token->text), token->at.line);
}

/* Where the blocks that are open began, innermost first, and the '}' that is suspected
 * of closing the wrong one. */
static const char *describe_open_blocks(struct run *run, const struct block *block)
{
    struct buf text = {0};
    for (; block->parent != NULL; block = block->parent) {
        struct slice name = block->opener != NULL ? block->opener->name.text : SLICE("{");
        buf_printf(&text, "%s\"%.*s\" was opened on line %u", text.len > 0 ? "\n" : "",
                   SLICE_ARG(name), block->line);
    }
    if (run->misfit.source != NULL) {
        buf_printf(&text,
                   "\nthe \"}\" on line %u closes \"%.*s\" of line %u, but is indented "
                   "unlike it",
                   run->misfit.line, SLICE_ARG(run->misfit_of.text),
                   run->misfit_of.at.line);
    }
    const char *copy = arena_cstr(run->parser->diag->arena, buf_slice(&text));
    buf_free(&text);
    return copy;
}

static void report_end_in_block(struct run *run, const struct block *block,
                                struct position at)
{
    if (block->parent == NULL || run->end_reported) {
        return;
    }
    run->end_reported = true;
    diag_error(run->parser->diag, at, describe_open_blocks(run, block),
               "unexpected end of file, expecting \"}\"");
}

static void report_stray_close(struct run *run, struct position at)
{
    const char *help = "no block is open here";
    if (run->misfit.source != NULL) {
        help = arena_printf(run->parser->diag->arena,
                            "no block is open here: the \"}\" on line %u closed \"%.*s\" "
                            "of line %u, but is indented unlike it",
                            run->misfit.line, SLICE_ARG(run->misfit_of.text),
                            run->misfit_of.at.line);
    }
    diag_error(run->parser->diag, at, help, "unexpected \"}\"");
}

/* --- statements --------------------------------------------------------------------- */

static struct word make_word(const struct token *token)
{
    return (struct word){token->text, token->quoted, token->at};
}

static void note_misfit(struct run *run, const struct block *block,
                        const struct token *close)
{
    bool leads_line = close->at.column == close->indent;
    if (run->misfit.source == NULL && block->opener != NULL && leads_line &&
        close->indent != block->indent) {
        run->misfit = close->at;
        run->misfit_of = block->opener->name;
    }
}

/* The statements of a block up to its '}', which is taken. `token` is the '{', or the
 * first word where there is none. */
static struct statement *parse_block(struct run *run, const struct block *parent,
                                     const struct statement *opener,
                                     const struct token *token)
{
    struct block block = {
        .parent = parent,
        .opener = opener,
        .line = opener != NULL ? opener->name.at.line : token->at.line,
        .indent = token->indent,
        .depth = parent->depth + 1,
    };
    if (block.depth <= BLOCK_DEPTH_MAX) {
        return parse_statements(run, &block);
    }
    diag_error(run->parser->diag, token->at, NULL,
               "blocks are nested more than %d deep: the rest of the file is not read",
               BLOCK_DEPTH_MAX);
    run->lexer.offset = run->lexer.source->text.len;
    run->end_reported = true;
    return NULL;
}

/* After an error: to the end of the statement, so that the next one is read as such. */
static void skip_statement(struct run *run, const struct block *block)
{
    for (;;) {
        struct token token = next(run);
        switch (token.kind) {
        case TOKEN_SEMICOLON:
            return;
        case TOKEN_OPEN:
            parse_block(run, block, NULL, &token);
            return;
        case TOKEN_CLOSE:
        case TOKEN_END:
            give_back(run, token);
            return;
        case TOKEN_WORD:
            if (looks_like_name(run, &token)) {
                give_back(run, token);
                return;
            }
            break;
        case TOKEN_BAD:
            break;
        }
        run->last_end = token.end;
    }
}

/* How a statement ends: with `token`, the first that is no argument of it. Returns false
 * when the statement is not to be used. */
static bool finish_statement(struct run *run, const struct block *block,
                             struct statement *statement, const struct token *token)
{
    bool is_word = token->kind == TOKEN_WORD;
    if (token->kind == TOKEN_SEMICOLON) {
        return true;
    }
    if (token->kind == TOKEN_BAD) {
        run->last_end = token->end;
        skip_statement(run, block);
        return false;
    }
    if (token->kind != TOKEN_OPEN) {
        give_back(run, *token);
    }
    if (token->kind == TOKEN_OPEN || (is_word && opens_block(statement))) {
        if (is_word) {
            report_no_brace(run, statement);
        }
        statement->is_block = true;
        statement->first = parse_block(run, block, statement, token);
        return true;
    }
    report_no_semicolon(run, statement, is_word ? describe_next(run, token) : NULL);
    return true;
}

/* The statement that `name` begins; for an include, those of its files. */
static struct statement *parse_statement(struct run *run, const struct block *block,
                                         const struct token *name)
{
    struct parser *parser = run->parser;
    struct statement *statement = arena_zero(parser->arena, sizeof(*statement));
    struct array args = ARRAY_OF(struct word);
    statement->name = make_word(name);
    run->last_end = name->end;

    struct token token = next(run);
    while (token.kind == TOKEN_WORD && !begins_next(run, statement, &token)) {
        *(struct word *)array_push(&args, parser->arena) = make_word(&token);
        run->last_end = token.end;
        token = next(run);
    }
    statement->args = args.items;
    statement->arg_count = args.count;
    if (!finish_statement(run, block, statement, &token)) {
        return NULL;
    }
    if (slice_eq(statement->name.text, SLICE("include"))) {
        return include_expand(parser, statement);
    }
    return statement;
}

/* What stands where a statement should begin. */
static void recover(struct run *run, const struct block *block, const struct token *token)
{
    struct diagnostics *diag = run->parser->diag;
    if (token->kind == TOKEN_SEMICOLON) {
        diag_error(diag, token->at, "a block has no \";\" behind its \"}\"",
                   "unexpected \";\": there is no statement before it");
    } else if (token->kind == TOKEN_OPEN) {
        diag_error(diag, token->at, NULL,
                   "unexpected \"{\": there is no directive before it");
        parse_block(run, block, NULL, token);
    } else if (token->kind == TOKEN_CLOSE) {
        report_stray_close(run, token->at);
    } else {
        run->last_end = token->end;
        skip_statement(run, block);
    }
}

static struct statement *parse_statements(struct run *run, const struct block *block)
{
    struct statement *first = NULL;
    struct statement **last = &first;
    for (;;) {
        struct token token = next(run);
        if (token.kind == TOKEN_WORD) {
            *last = parse_statement(run, block, &token);
            last = statement_list_end(last);
        } else if (token.kind == TOKEN_END) {
            report_end_in_block(run, block, token.at);
            return first;
        } else if (token.kind == TOKEN_CLOSE && block->parent != NULL) {
            note_misfit(run, block, &token);
            return first;
        } else {
            recover(run, block, &token);
        }
    }
}

/* --- texts -------------------------------------------------------------------------- */

struct statement *parser_parse_text(struct parser *parser, const struct source *source)
{
    struct run run = {.parser = parser};
    struct block file = {.depth = 0};
    lexer_init(&run.lexer, source, parser->arena, parser->diag);
    return parse_statements(&run, &file);
}

struct statement *parser_parse_file(struct parser *parser, const char *path,
                                    struct position from)
{
    struct open_file file;
    const struct source *source = sources_open(parser, &file, path, from);
    if (source == NULL) {
        return NULL;
    }
    struct statement *first = parser_parse_text(parser, source);
    sources_close(parser, &file);
    return first;
}
