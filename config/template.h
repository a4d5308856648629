/*
 * template.h - text with $variables, compiled once when the configuration is built.
 *
 * "$name" takes the longest run of letters, digits and '_'; "${name}" sets the name
 * apart. An unknown variable is an error. Evaluation is the server's (server/vars.h).
 */
#ifndef CONFIG_TEMPLATE_H
#define CONFIG_TEMPLATE_H

#include "common/arena.h"
#include "config/parser.h"
#include "config/variables.h"

struct template_part {
    enum variable variable;
    struct slice text; /* the literal, or the member of a family ("user_agent") */
};

/* Immutable. A template without parts is the empty text. */
struct template
{
    struct slice literal; /* the whole text, when .. */
    bool is_literal;      /* .. no variable is in it */
    uint32_t count;
    const struct template_part *parts;
    struct slice source; /* as written, for -T and messages */
};

/* Errors (unknown variable, "$" without a name, missing "}") are reported at the word,
 * with the nearest name as help; returns false then. */
bool template_compile(struct template *out, const struct word *word, struct arena *arena,
                      struct diagnostics *diag);

#endif
