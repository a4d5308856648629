/*
 * parsed_head.h - a request head from a string, for tests of what reads one.
 */
#ifndef TESTS_UNIT_SERVER_PARSED_HEAD_H
#define TESTS_UNIT_SERVER_PARSED_HEAD_H

#include "server/http_head.h"

#define PARSED_HEAD_FIELDS 32

struct parsed_head {
    struct http_head head;
    struct http_field lines[PARSED_HEAD_FIELDS];
    const char *why;
};

/* Returns what http_head_parse() does. */
static inline unsigned parsed_head_read(struct parsed_head *parsed, struct slice block)
{
    const struct http_limits limits = {4096, 8192, PARSED_HEAD_FIELDS};
    parsed->why = NULL;
    parsed->head.fields.lines = parsed->lines;
    parsed->head.fields.capacity = PARSED_HEAD_FIELDS;
    return http_head_parse(&parsed->head, block, &limits, &parsed->why);
}

#endif
