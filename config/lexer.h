/*
 * lexer.h - words, ';', '{' and '}' of the configuration language.
 *
 * Words end at white space, ';' or '{'. '..' and ".." quote; after the closing quote only
 * white space, ';', '{' or ')' may follow. Escapes \" \' \\ \t \r \n; any other backslash
 * stays. '#' opens a comment only at the start of a word. "${" does not open a block.
 * A UTF-8 byte-order mark at the start is skipped. A NUL byte is an error (binary file).
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
};

struct lexer {
    const struct source *source;
    size_t offset;
    unsigned line;
    size_t line_start;
    struct diagnostics *diag;
};

#define LEXER_WORD_MAX 4096 /* bytes of one word */

void lexer_init(struct lexer *lexer, const struct source *source,
                struct diagnostics *diag);
struct token lexer_next(struct lexer *lexer);

#endif
