#include "config/pairing.h"
#include <stdlib.h>

/* --- sorted entries ---------------------------------------------------------------- */

static int compare_slices(struct slice a, struct slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_keys(const struct entry *a, const struct entry *b)
{
    int order = compare_slices(a->name, b->name);
    return order != 0 ? order : compare_slices(a->label, b->label);
}

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    int order = compare_keys(a, b);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

struct pairing pairing_create(struct arena *arena)
{
    return (struct pairing){
        .arena = arena,
        .entries = {ARRAY_OF(struct entry), ARRAY_OF(struct entry)},
    };
}

void pairing_add(struct pairing *pairing, enum side side, struct entry entry)
{
    entry.number = pairing->entries[side].count;
    *(struct entry *)array_push(&pairing->entries[side], pairing->arena) = entry;
}

void pairing_sort(struct pairing *pairing)
{
    for (size_t i = 0; i < SIDE_COUNT; i++) {
        struct array *entries = &pairing->entries[i];
        if (entries->count > 1) {
            qsort(entries->items, entries->count, sizeof(struct entry), compare_entries);
        }
    }
}

/* The entries from `start` on that have one key. */
static size_t run_length(const struct array *entries, size_t start)
{
    const struct entry *first = array_at(entries, start);
    size_t end = start + 1;
    while (end < entries->count && compare_keys(first, array_at(entries, end)) == 0) {
        end++;
    }
    return end - start;
}

static void take_run(struct pairing *pairing, enum side side, struct group *group)
{
    group->entries[side] = array_at(&pairing->entries[side], pairing->taken[side]);
    group->counts[side] = run_length(&pairing->entries[side], pairing->taken[side]);
    pairing->taken[side] += group->counts[side];
}

bool pairing_next(struct pairing *pairing, struct group *group)
{
    const struct entry *heads[SIDE_COUNT] = {NULL, NULL};
    for (size_t i = 0; i < SIDE_COUNT; i++) {
        if (pairing->taken[i] < pairing->entries[i].count) {
            heads[i] = array_at(&pairing->entries[i], pairing->taken[i]);
        }
    }
    int order = 0;
    if (heads[BEFORE] == NULL || heads[AFTER] == NULL) {
        order = heads[BEFORE] == NULL ? 1 : -1;
    } else {
        order = compare_keys(heads[BEFORE], heads[AFTER]);
    }
    *group = (struct group){0};
    if (heads[BEFORE] != NULL && order <= 0) {
        take_run(pairing, BEFORE, group);
    }
    if (heads[AFTER] != NULL && order >= 0) {
        take_run(pairing, AFTER, group);
    }
    return group->counts[BEFORE] + group->counts[AFTER] > 0;
}

/* --- blocks ------------------------------------------------------------------------- */

/* "= /a", also when it was written "=/a". */
static struct slice location_label(struct arena *arena, const struct statement *line)
{
    struct slice first = line->args[0].text;
    if (line->arg_count > 1) {
        return slice_str(arena_printf(arena, "%s %s", first.ptr, line->args[1].text.ptr));
    }
    size_t modifier = strspn(first.ptr, "=^~*");
    if (modifier == 0) {
        return first;
    }
    return slice_str(
        arena_printf(arena, "%.*s %s", (int)modifier, first.ptr, first.ptr + modifier));
}

void pairing_add_line(struct pairing *pairing, enum side side,
                      const struct statement *line)
{
    struct entry entry = {.name = line->name.text, .line = line};
    if (statement_is(line, "location")) {
        entry.label = location_label(pairing->arena, line);
    }
    pairing_add(pairing, side, entry);
}

static bool same_words(const struct statement *a, const struct statement *b)
{
    if (a->arg_count != b->arg_count || !slice_eq(a->name.text, b->name.text)) {
        return false;
    }
    for (size_t i = 0; i < a->arg_count; i++) {
        if (!slice_eq(a->args[i].text, b->args[i].text)) {
            return false;
        }
    }
    return true;
}

/* Goes on to the first statements that differ. */
static void skip_same(const struct statement **a, const struct statement **b)
{
    while (*a != NULL && *b != NULL && same_words(*a, *b) &&
           pairing_same_lines((*a)->first, (*b)->first)) {
        *a = (*a)->next;
        *b = (*b)->next;
    }
}

bool pairing_same_lines(const struct statement *a, const struct statement *b)
{
    skip_same(&a, &b);
    return a == NULL && b == NULL;
}

struct pairing pairing_of_blocks(struct arena *arena, const struct statement *before,
                                 const struct statement *after)
{
    skip_same(&before, &after);
    const struct statement *lines[SIDE_COUNT] = {before, after};
    struct pairing pairing = pairing_create(arena);
    for (size_t i = 0; i < SIDE_COUNT; i++) {
        for (; lines[i] != NULL; lines[i] = lines[i]->next) {
            pairing_add_line(&pairing, (enum side)i, lines[i]);
        }
    }
    pairing_sort(&pairing);
    return pairing;
}

static bool same_locations(struct arena *arena, const struct statement *a,
                           const struct statement *b)
{
    struct pairing pairing = pairing_of_blocks(arena, a->first, b->first);
    struct group group;
    bool same = true;
    while (same && pairing_next(&pairing, &group)) {
        same = pairing_same_group(&pairing, &group);
    }
    return same;
}

static bool same_statements(const struct statement *a, const struct statement *b)
{
    return same_words(a, b) && pairing_same_lines(a->first, b->first);
}

bool pairing_same_group(const struct pairing *pairing, const struct group *group)
{
    bool same = group->counts[BEFORE] == group->counts[AFTER];
    for (size_t i = 0; same && i < group->counts[BEFORE]; i++) {
        const struct statement *a = group->entries[BEFORE][i].line;
        const struct statement *b = group->entries[AFTER][i].line;
        same = statement_is(a, "location") ? same_locations(pairing->arena, a, b)
                                           : same_statements(a, b);
    }
    return same;
}
