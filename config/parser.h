/*
 * parser.h - configuration text to a tree of statements with positions.
 *
 * Knows the grammar, `include`, and nothing of what directives mean; their names only
 * help it to tell a missing ';' or '{'. It goes on after an error: at the next ';' or
 * '}', so that all errors of a file are found in one pass.
 */
#ifndef CONFIG_PARSER_H
#define CONFIG_PARSER_H

#include "config/lexer.h"

struct word {
    struct slice text; /* NUL-terminated beyond its length */
    bool quoted;
    struct position at;
};

struct statement {
    struct word name;
    struct word *args;
    size_t arg_count;
    bool is_block;
    struct statement *first; /* of the block's statements */
    struct statement *next;  /* sibling */
};

/* Where the next statement of a list is linked. */
static inline struct statement **statement_list_end(struct statement **list)
{
    while (*list != NULL) {
        list = &(*list)->next;
    }
    return list;
}

#define INCLUDE_DEPTH_MAX   16
#define BLOCK_DEPTH_MAX     64         /* blocks within blocks in one file */
#define CONFIG_FILE_MAX     (8u << 20) /* bytes of one file */
#define CONFIG_INCLUDES_MAX 10000      /* files in all */

struct parser {
    struct arena *arena;
    struct diagnostics *diag;
    const char *base_dir;         /* of the main file: relative includes start here */
    size_t files;                 /* read so far */
    const struct open_file *open; /* being read, innermost first; NULL to begin with */
};

/* Statements of a text that is in memory; NULL when it has none. */
struct statement *parser_parse_text(struct parser *parser, const struct source *source);

/* Reads and parses a file; a file that cannot be read is reported at `from` (which may
 * have no source: then the message stands by itself). */
struct statement *parser_parse_file(struct parser *parser, const char *path,
                                    struct position from);

#endif
