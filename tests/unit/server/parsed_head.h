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

/* Returns what the parsers of http_head.h do. */
static inline unsigned parsed_head_read(struct parsed_head *parsed, struct slice block)
{
    const struct http_limits limits = {4096, 8192, PARSED_HEAD_FIELDS};
    struct http_head *head = &parsed->head;
    struct slice section;
    parsed->why = NULL;
    *head = (struct http_head){
        .fields = {.lines = parsed->lines, .capacity = PARSED_HEAD_FIELDS},
    };
    unsigned status = http_head_parse_line(head, block, &section, &parsed->why);
    return status != 0
               ? status
               : http_head_parse_fields(&head->fields, section, &limits, &parsed->why);
}

#endif
