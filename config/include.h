/*
 * include.h - the files that an `include` names: a part of the parser.
 *
 * A name with * ? or [ is a pattern: its matches in sorted order, and none is no error.
 * Any other must be there. Relative names start at the parser's base_dir.
 */
#ifndef CONFIG_INCLUDE_H
#define CONFIG_INCLUDE_H

#include "config/parser.h"

/* The statements of all files, in order. Problems are reported at the argument. */
struct statement *include_expand(struct parser *parser,
                                 const struct statement *statement);

#endif
