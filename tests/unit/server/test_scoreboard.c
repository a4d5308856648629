#include "server/scoreboard.h"
#include "tests/unit/unit.h"
#include <stdio.h>
#include <string.h>

static struct board_slot slot;
static char text[2048];

static bool describe(void)
{
    memset(text, 'x', sizeof(text));
    return board_describe(&slot, text, sizeof(text));
}

START_TEST(describes_the_request_under_way)
{
    board_request_begin(&slot, 57, SLICE("127.0.0.1"), SLICE("GET /x HTTP/1.1"));
    board_request_host(&slot, SLICE("example.org"));
    board_request_location(&slot, "site.conf:12");
    board_request_phase(&slot, BOARD_PHASE_OPENING_FILE);
    ck_assert(describe());
    static const char *const parts[] = {"while opening a file", "*57",
                                        "client: 127.0.0.1",    "host: example.org",
                                        "site.conf:12",         "\"GET /x HTTP/1.1\""};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        ck_assert_ptr_nonnull(strstr(text, parts[i]));
    }
}
END_TEST

START_TEST(says_nothing_between_requests)
{
    ck_assert(!describe());
    board_request_begin(&slot, 1, SLICE("a"), SLICE("b"));
    board_request_end(&slot);
    ck_assert(!describe());
}
END_TEST

START_TEST(forgets_the_request_before)
{
    board_request_begin(&slot, 1, SLICE("a"), SLICE("b"));
    board_request_host(&slot, SLICE("old.example"));
    board_request_end(&slot);
    board_request_begin(&slot, 2, SLICE("c"), SLICE("d"));
    ck_assert(describe());
    ck_assert_ptr_null(strstr(text, "old.example"));
}
END_TEST

START_TEST(cuts_what_is_too_long)
{
    char line[5000];
    memset(line, 'L', sizeof(line));
    board_request_begin(&slot, 1, slice_of(line, sizeof(line)),
                        slice_of(line, sizeof(line)));
    board_request_host(&slot, slice_of(line, sizeof(line)));
    ck_assert(describe());
    ck_assert_uint_lt(strlen(text), sizeof(text));
    char small[10];
    ck_assert(board_describe(&slot, small, sizeof(small)));
    ck_assert_uint_eq(strlen(small), 9);
}
END_TEST

START_TEST(keeps_the_line_of_a_long_path)
{
    char label[400];
    snprintf(label, sizeof(label), "/%0300d/site.conf:17", 0);
    board_request_begin(&slot, 1, SLICE("a"), SLICE("b"));
    board_request_location(&slot, label);
    ck_assert(describe());
    ck_assert_ptr_nonnull(strstr(text, "0/site.conf:17"));
}
END_TEST

/* A child that went mad may have left anything. */
START_TEST(trusts_no_byte_of_it)
{
    memset(&slot, 0xff, sizeof(slot));
    atomic_store(&slot.request.active, 1);
    ck_assert(describe());
    for (const char *c = text; *c != '\0'; c++) {
        ck_assert(*c >= 0x20 && *c < 0x7f);
    }
    board_request_begin(&slot, 1, SLICE("a"), SLICE("GET /\r\n\x1b[2J\" HTTP/1.1"));
    ck_assert(describe());
    ck_assert_ptr_nonnull(strstr(text, "\\x0D\\x0A\\x1B[2J\\x22"));
}
END_TEST

START_TEST(records_nothing_without_a_slot)
{
    board_request_begin(NULL, 1, SLICE("a"), SLICE("b"));
    board_request_host(NULL, SLICE("c"));
    board_request_location(NULL, "d");
    board_request_phase(NULL, BOARD_PHASE_SENDING);
    board_request_end(NULL);
}
END_TEST

START_TEST(copies_texts_that_end_nowhere)
{
    struct board_request copy;
    ck_assert(!board_copy_request(&slot, &copy));
    board_request_begin(&slot, 9, SLICE("a"), SLICE("b"));
    memset(slot.request.line, 'x', sizeof(slot.request.line));
    memset(slot.request.location, 'y', sizeof(slot.request.location));
    ck_assert(board_copy_request(&slot, &copy));
    ck_assert_uint_eq(strlen(copy.line), sizeof(copy.line) - 1);
    ck_assert_uint_eq(strlen(copy.location), sizeof(copy.location) - 1);
    ck_assert_str_eq(copy.peer, "a");
}
END_TEST

UNIT_SUITE(scoreboard)
{
    UNIT_TEST(describes_the_request_under_way);
    UNIT_TEST(says_nothing_between_requests);
    UNIT_TEST(forgets_the_request_before);
    UNIT_TEST(cuts_what_is_too_long);
    UNIT_TEST(keeps_the_line_of_a_long_path);
    UNIT_TEST(trusts_no_byte_of_it);
    UNIT_TEST(records_nothing_without_a_slot);
    UNIT_TEST(copies_texts_that_end_nowhere);
}
