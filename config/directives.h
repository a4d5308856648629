/*
 * directives.h - THE table: one row a directive.
 *
 * The parser, the messages, inheritance, -T, the manual's test and the example's test all
 * read these rows. Adding a directive is adding a row (and, for an odd one, its setter).
 */
#ifndef CONFIG_DIRECTIVES_H
#define CONFIG_DIRECTIVES_H

#include "common/cache_line.h"
#include "config/settings.h"
#include <limits.h>

/* Contexts, as bits. */
enum context {
    CONTEXT_MAIN = 1 << 0,
    CONTEXT_EVENTS = 1 << 1,
    CONTEXT_HTTP = 1 << 2,
    CONTEXT_SERVER = 1 << 3,
    CONTEXT_LOCATION = 1 << 4,
    CONTEXT_TYPES = 1 << 5,
};

/* Which struct a row's offset counts in. */
enum store {
    STORE_NONE, /* blocks, include, listen ..: the setter does all */
    STORE_MAIN,
    STORE_SERVER,
    STORE_LOCATION,
    STORE_PLACE, /* struct location: what no other one shares */
};

/* How the arguments are read and how large the value is. */
enum value_type {
    TYPE_BLOCK,  /* the row's setter */
    TYPE_CUSTOM, /* the row's setter */
    TYPE_FLAG,
    TYPE_NUMBER, /* uint32_t */
    TYPE_SIZE,   /* uint64_t */
    TYPE_TIME,   /* int64_t, milliseconds */
    TYPE_STRING, /* const char * */
    TYPE_PATH,   /* const char *, made absolute with the prefix */
    TYPE_ENUM,   /* an enum, by the names in the row */
};

struct build;
struct directive;

/* Reads a statement into `target` (at the row's offset already). Reports and returns
 * false when it is wrong. */
typedef bool directive_setter(struct build *build, const struct directive *row,
                              const struct statement *statement, void *target);

struct directive {
    const char *name;
    uint16_t contexts;
    unsigned char args_min;
    unsigned char args_max; /* UCHAR_MAX: any number */
    enum value_type type : 8;
    enum store store : 8;
    bool repeats; /* may be given more than once in a block */
    bool not_inherited;
    uint16_t offset;
    uint16_t size;       /* bytes of the value: what inheritance copies */
    uint32_t min;        /* bounds of NUMBER, SIZE, TIME (they are low) .. */
    uint64_t max;        /* .. 0: none */
    const char *initial; /* default as one would write it; NULL: zero, none */
    union {
        directive_setter *set; /* TYPE_CUSTOM and TYPE_BLOCK */
        /* TYPE_ENUM: NULL-terminated, in the enum's order */
        const char *const *enum_names;
    };
    const char *syntax; /* of the arguments, for help: "size [size]" */
    const char *help;   /* one line */
};

_Static_assert(sizeof(struct directive) <= CACHE_LINE, "a cache line a row");

extern const struct directive directives[];
extern const size_t directive_count;

/* NULL when there is none. */
const struct directive *directive_find(struct slice name);

/* "main", "events", "http" ..; for "valid in: http, server". */
const char *context_name(enum context context);
void context_list(unsigned contexts, struct buf *out);

#endif
