#include "common/fdutil.h"
#include "config/directives.h"
#include "tests/unit/config/load.h"
#include <stdio.h>

#define MANUAL  "config/tinyhttpd.conf.5"
#define EXAMPLE "tinyhttpd.conf.example"

static const size_t sizes[][2] = {
    [TYPE_FLAG] = {sizeof(bool)},
    [TYPE_NUMBER] = {sizeof(uint32_t), sizeof(uint64_t)},
    [TYPE_SIZE] = {sizeof(uint64_t)},
    [TYPE_TIME] = {sizeof(int64_t)},
    [TYPE_STRING] = {sizeof(char *)},
    [TYPE_PATH] = {sizeof(char *)},
    [TYPE_ENUM] = {sizeof(enum autoindex_format)},
};

START_TEST(a_row_is_whole)
{
    const struct directive *row = &directives[_i];
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
END_TEST

START_TEST(a_value_fits_its_type)
{
    const struct directive *row = &directives[_i];
    if (row->type == TYPE_BLOCK || row->type == TYPE_CUSTOM) {
        return;
    }
    ck_assert_ptr_null(row->set);
    ck_assert_msg(row->size == sizes[row->type][0] || row->size == sizes[row->type][1],
                  "%s", row->name);
    ck_assert_int_eq(row->type == TYPE_ENUM, row->enum_names != NULL);
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

static void read_whole(const char *path, struct buf *text)
{
    ck_assert_msg(fd_read_file(path, text) == 0, "%s", path);
    buf_append_char(text, '\0');
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

START_TEST(a_row_is_in_the_example)
{
    struct buf text = {0};
    read_whole(EXAMPLE, &text);
    ck_assert_msg(starts_a_line(text.data, directives[_i].name), "%s lacks %s", EXAMPLE,
                  directives[_i].name);
    buf_free(&text);
}
END_TEST

START_TEST(a_row_is_in_the_manual)
{
    struct buf text = {0};
    read_whole(MANUAL, &text);
    unsigned entries = count_entries(text.data, "Ic ", directives[_i].name);
    ck_assert_msg(entries == 1, "%s has %u entries for %s", MANUAL, entries,
                  directives[_i].name);
    buf_free(&text);
}
END_TEST

START_TEST(a_variable_is_in_the_manual)
{
    const char *name = variable_name((enum variable)_i);
    struct buf text = {0};
    read_whole(MANUAL, &text);
    unsigned entries = count_entries(text.data, "Va $", name);
    ck_assert_msg(entries == 1, "%s has %u entries for $%s", MANUAL, entries, name);
    buf_free(&text);
}
END_TEST

START_TEST(the_example_loads_without_a_word)
{
    struct buf text = {0};
    read_whole(EXAMPLE, &text);
    load(text.data);
    ck_assert_str_eq(load_messages(), "");
    buf_free(&text);
}
END_TEST

UNIT_SUITE(directives)
{
    load_fixture(unit_case);
    UNIT_LOOP(a_row_is_whole, 0, (int)directive_count);
    UNIT_LOOP(a_value_fits_its_type, 0, (int)directive_count);
    UNIT_TEST(finds_whole_names_only);
    UNIT_TEST(names_contexts);
    UNIT_LOOP(a_row_is_in_the_example, 0, (int)directive_count);
    UNIT_LOOP(a_row_is_in_the_manual, 0, (int)directive_count);
    UNIT_LOOP(a_variable_is_in_the_manual, VARIABLE_LITERAL + 1, VARIABLE_COUNT);
    UNIT_TEST(the_example_loads_without_a_word);
}
