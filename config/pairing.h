/*
 * pairing.h - which statements of two blocks belong together, and whether they are the
 * same: a part of compare.
 *
 * Statements of one name belong together, of `location` and `server` those of one label.
 * They are compared in their order; the order of the others does not count. Everything is
 * allocated in the arena of the pairing.
 */
#ifndef CONFIG_PAIRING_H
#define CONFIG_PAIRING_H

#include "common/array.h"
#include "config/parser.h"

enum side {
    BEFORE,
    AFTER,
    SIDE_COUNT,
};

struct entry {
    struct slice name;  /* of the statement */
    struct slice label; /* of a location its pattern, of a server its name */
    size_t number;      /* in its block */
    const struct statement *line;
};

/* The statements of a name and label on both sides. */
struct group {
    const struct entry *entries[SIDE_COUNT];
    size_t counts[SIDE_COUNT];
};

/* The statements of two blocks, and how many of each were taken once they were sorted. */
struct pairing {
    struct arena *arena;
    struct array entries[SIDE_COUNT]; /* struct entry */
    size_t taken[SIDE_COUNT];
};

static inline bool statement_is(const struct statement *line, const char *name)
{
    return slice_eq(line->name.text, slice_str(name));
}

/* Filled by adding, then sorted once, then read group by group. */
struct pairing pairing_create(struct arena *arena);
void pairing_add(struct pairing *pairing, enum side side, struct entry entry);
void pairing_add_line(struct pairing *pairing, enum side side,
                      const struct statement *line);
void pairing_sort(struct pairing *pairing);

/* The groups in the order of their names; false when there is none left. */
bool pairing_next(struct pairing *pairing, struct group *group);

/* Of two blocks from their first statements on, sorted; what both have in common at their
 * start is left out. */
struct pairing pairing_of_blocks(struct arena *arena, const struct statement *before,
                                 const struct statement *after);

/* Of servers, use pairing_same_lines(). */
bool pairing_same_group(const struct pairing *pairing, const struct group *group);

/* Two lists of statements, word for word and in the same order. */
bool pairing_same_lines(const struct statement *a, const struct statement *b);

#endif
