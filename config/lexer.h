/*
 * lexer.h - words, ';', '{' and '}' of the configuration language.
 *
 * Words end at white space, ';' or '{'. '..' and ".." quote; after the closing quote only
 * white space, ';', '{' or ')' may follow. Escapes \" \' \\ \t \r \n; any other backslash
 * stays. '#' opens a comment only at the start of a word. "${" does not open a block.
 * A UTF-8 byte-order mark at the start is skipped. A NUL byte is an error (binary file):
 * nothing of such a text is read. After a quote without its end the lexer goes on at the
 * end of the line where the quote began.
 */
#ifndef CONFIG_LEXER_H
#define CONFIG_LEXER_H

#include "config/diagnose.h"

enum token_kind {
    TOKEN_WORD,
    TOKEN_SEMICOLON,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_END,
    TOKEN_BAD, /* reported already; the lexer stands behind it */
};

struct token {
    enum token_kind kind;
    struct slice text; /* of a word: unquoted, unescaped, in the arena */
    bool quoted;
    struct position at;
    struct position end; /* just behind it, where a forgotten ';' belongs */
    unsigned indent;     /* column of the first token of its line */
};

struct lexer {
    const struct source *source;
    struct arena *arena;
    size_t offset;
    unsigned line;
    size_t line_start;
    unsigned indent_line; /* whose first token stands at column `indent` */
    unsigned indent;
    struct diagnostics *diag;
};

#define LEXER_WORD_MAX 4096 /* bytes of one word */

/* Words are allocated in `arena`. */
void lexer_init(struct lexer *lexer, const struct source *source, struct arena *arena,
                struct diagnostics *diag);
struct token lexer_next(struct lexer *lexer);

#endif
