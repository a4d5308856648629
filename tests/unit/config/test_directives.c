#include "config/directives.h"
#include "tests/unit/config/load.h"
#include <stdio.h>
#include <stdlib.h>

#define MANUAL  "config/tinyhttpd.conf.5"
#define EXAMPLE "tinyhttpd.conf.example"

#define FILE_ROOM (1 << 20)

static const size_t sizes[][2] = {
    [TYPE_FLAG] = {sizeof(bool)},
    [TYPE_NUMBER] = {sizeof(uint32_t), sizeof(uint64_t)},
    [TYPE_SIZE] = {sizeof(uint64_t)},
    [TYPE_TIME] = {sizeof(int64_t)},
    [TYPE_STRING] = {sizeof(char *)},
    [TYPE_PATH] = {sizeof(char *)},
    [TYPE_ENUM] = {sizeof(enum autoindex_format)},
};

static void ck_row(const struct directive *row)
{
    ck_assert_ptr_eq(directive_find(slice_str(row->name)), row);
    ck_assert_uint_ne(row->contexts, 0);
    ck_assert_uint_le(row->args_min, row->args_max);
    ck_assert_ptr_nonnull(row->syntax);
    ck_assert_ptr_nonnull(row->help);
    ck_assert_uint_gt(strlen(row->help), 10);
    ck_assert_uint_lt(strlen(row->help), 90);
    ck_assert_msg(row->store == STORE_NONE || row->size > 0, "%s", row->name);
    ck_assert_msg(row->max == 0 || row->min <= row->max, "%s", row->name);
}

START_TEST(every_row_is_whole)
{
    for (size_t i = 0; i < directive_count; i++) {
        ck_row(&directives[i]);
    }
}
END_TEST

static void ck_size(const struct directive *row)
{
    ck_assert_msg(row->size == sizes[row->type][0] || row->size == sizes[row->type][1],
                  "%s", row->name);
    ck_assert_int_eq(row->type == TYPE_ENUM, row->enum_names != NULL);
}

START_TEST(every_value_fits_its_type)
{
    for (size_t i = 0; i < directive_count; i++) {
        if (directives[i].type != TYPE_BLOCK && directives[i].type != TYPE_CUSTOM) {
            ck_size(&directives[i]);
        }
    }
}
END_TEST

START_TEST(finds_whole_names_only)
{
    ck_assert_ptr_null(directive_find(slice_str("roo")));
    ck_assert_ptr_null(directive_find(slice_str("roots")));
    ck_assert_ptr_null(directive_find(slice_str("Root")));
    ck_assert_ptr_null(directive_find(slice_str("")));
}
END_TEST

START_TEST(names_contexts)
{
    struct buf text = {0};
    context_list(CONTEXT_HTTP | CONTEXT_SERVER | CONTEXT_TYPES, &text);
    UNIT_SLICE_EQ(buf_slice(&text), "http, server, types");
    ck_assert_str_eq(context_name(CONTEXT_MAIN), "main");
    ck_assert_str_eq(context_name(CONTEXT_LOCATION), "location");
    buf_free(&text);
}
END_TEST

/* Into malloc, not a struct buf: in the torture build that one grows byte by byte. */
static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    char *text = calloc(1, FILE_ROOM);
    ck_assert_ptr_nonnull(text);
    size_t len = fread(text, 1, FILE_ROOM, file);
    ck_assert_uint_lt(len, FILE_ROOM);
    ck_assert_int_eq(fclose(file), 0);
    return text;
}

/* Whether the name starts a line, but for spaces. */
static bool starts_a_line(const char *text, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += strspn(line, " \n");
        if (strncmp(line, name, len) == 0 && strchr(" ;{", line[len]) != NULL) {
            return true;
        }
    }
    return false;
}

/* How many entries of the manual's lists begin with `macro` and the name. */
static unsigned count_entries(const char *text, const char *macro, const char *name)
{
    char entry[80];
    int len = snprintf(entry, sizeof(entry), "\n.It %s%s", macro, name);
    unsigned count = 0;
    for (const char *at = strstr(text, entry); at != NULL; at = strstr(at + 1, entry)) {
        count += strchr(" \n", at[len]) != NULL ? 1 : 0;
    }
    return count;
}

START_TEST(every_row_is_in_the_example)
{
    char *text = read_whole(EXAMPLE);
    for (size_t i = 0; i < directive_count; i++) {
        ck_assert_msg(starts_a_line(text, directives[i].name), "%s lacks %s", EXAMPLE,
                      directives[i].name);
    }
    free(text);
}
END_TEST

static void ck_entry(const char *text, const char *macro, const char *name)
{
    unsigned entries = count_entries(text, macro, name);
    ck_assert_msg(entries == 1, "%s has %u entries for %s", MANUAL, entries, name);
}

START_TEST(every_row_is_in_the_manual)
{
    char *text = read_whole(MANUAL);
    for (size_t i = 0; i < directive_count; i++) {
        ck_entry(text, "Ic ", directives[i].name);
    }
    free(text);
}
END_TEST

START_TEST(every_variable_is_in_the_manual)
{
    char *text = read_whole(MANUAL);
    for (int id = VARIABLE_LITERAL + 1; id < VARIABLE_COUNT; id++) {
        ck_entry(text, "Va $", variable_name((enum variable)id));
    }
    free(text);
}
END_TEST

START_TEST(the_example_loads_without_a_word)
{
    char *text = read_whole(EXAMPLE);
    load(text);
    ck_assert_str_eq(load_messages(), "");
    free(text);
}
END_TEST

UNIT_SUITE(directives)
{
    load_fixture(unit_case);
    UNIT_TEST(every_row_is_whole);
    UNIT_TEST(every_value_fits_its_type);
    UNIT_TEST(finds_whole_names_only);
    UNIT_TEST(names_contexts);
    UNIT_TEST(every_row_is_in_the_example);
    UNIT_TEST(every_row_is_in_the_manual);
    UNIT_TEST(every_variable_is_in_the_manual);
    UNIT_TEST(the_example_loads_without_a_word);
}
