#include "common/slice.h"
#include "tests/unit/unit.h"

START_TEST(compares_without_case_only_for_ascii_letters)
{
    ck_assert(slice_eq_nocase(SLICE("Content-LENGTH"), SLICE("content-length")));
    ck_assert(!slice_eq_nocase(SLICE("abc"), SLICE("abcd")));
    ck_assert(!slice_eq_nocase(SLICE("@"), SLICE("`")));
    ck_assert(!slice_eq_nocase(SLICE("["), SLICE("{")));
    ck_assert(slice_eq_nocase(SLICE_NULL, SLICE("")));
}
END_TEST

START_TEST(knows_prefix_and_suffix)
{
    ck_assert(slice_starts(SLICE("/a/b"), SLICE("/a")));
    ck_assert(slice_starts(SLICE("/a"), SLICE("/a")));
    ck_assert(slice_starts(SLICE("/a"), SLICE("")));
    ck_assert(slice_starts(SLICE_NULL, SLICE_NULL));
    ck_assert(!slice_starts(SLICE("/a"), SLICE("/a/")));
    ck_assert(slice_ends(SLICE("x.html"), SLICE(".html")));
    ck_assert(!slice_ends(SLICE("html"), SLICE(".html")));
    ck_assert(slice_ends(SLICE_NULL, SLICE("")));
    ck_assert(slice_ends_byte(SLICE("a/"), '/'));
    ck_assert(!slice_ends_byte(SLICE("/a"), '/'));
    ck_assert(!slice_ends_byte(slice_of(&"/"[1], 0), '/'));
}
END_TEST

START_TEST(finds_from_both_ends)
{
    struct slice path = SLICE("a/b/c");
    ck_assert_uint_eq(slice_find(path, '/'), 1);
    ck_assert_uint_eq(slice_rfind(path, '/'), 3);
    ck_assert_uint_eq(slice_find(path, 'x'), path.len);
    ck_assert_uint_eq(slice_rfind(path, 'x'), path.len);
    ck_assert_uint_eq(slice_find(SLICE_NULL, 'x'), 0);
    ck_assert_uint_eq(slice_rfind(SLICE_NULL, 'x'), 0);
    ck_assert_uint_eq(slice_find(SLICE("a\0b"), '\0'), 1);
}
END_TEST

START_TEST(clamps_the_start)
{
    UNIT_SLICE_EQ(slice_from(SLICE("abc"), 1), "bc");
    UNIT_SLICE_EQ(slice_from(SLICE("abc"), 7), "");
    ck_assert_ptr_null(slice_from(SLICE_NULL, 0).ptr);
    ck_assert_ptr_null(slice_from(SLICE_NULL, 3).ptr);
}
END_TEST

START_TEST(trims_space_and_tab_only)
{
    UNIT_SLICE_EQ(slice_trim(SLICE(" \t a b\t ")), "a b");
    UNIT_SLICE_EQ(slice_trim(SLICE("\ra\n")), "\ra\n");
    UNIT_SLICE_EQ(slice_trim(SLICE(" \t ")), "");
    ck_assert_ptr_null(slice_trim(SLICE_NULL).ptr);
    ck_assert_ptr_nonnull(slice_trim(SLICE("  ")).ptr);
}
END_TEST

START_TEST(splits_at_every_separator)
{
    struct slice rest = SLICE(",a,,b");
    static const char *const expected[] = {"", "a", "", "b"};
    struct slice part;
    size_t count = 0;
    while (slice_split(&rest, ',', &part)) {
        ck_assert_uint_lt(count, 4);
        UNIT_SLICE_EQ(part, expected[count++]);
    }
    ck_assert_uint_eq(count, 4);
}
END_TEST

START_TEST(splits_the_last_part_once)
{
    struct slice rest = SLICE("a,");
    struct slice part;
    ck_assert(slice_split(&rest, ',', &part));
    UNIT_SLICE_EQ(part, "a");
    ck_assert(slice_split(&rest, ',', &part));
    UNIT_SLICE_EQ(part, "");
    ck_assert(!slice_split(&rest, ',', &part));
    rest = SLICE("");
    ck_assert(slice_split(&rest, ',', &part));
    ck_assert(!slice_split(&rest, ',', &part));
}
END_TEST

static const struct {
    const char *text;
    bool valid;
    uint64_t value;
} numbers[] = {
    {"0", true, 0},
    {"00042", true, 42},
    {"18446744073709551615", true, UINT64_MAX},
    {"18446744073709551616", false, 0},
    {"18446744073709551620", false, 0},
    {"99999999999999999999", false, 0},
    {"", false, 0},
    {"+1", false, 0},
    {"-1", false, 0},
    {" 1", false, 0},
    {"1 ", false, 0},
    {"1a", false, 0},
    {"0x1", false, 0},
};

START_TEST(reads_decimal_numbers)
{
    uint64_t value = 7;
    bool valid = slice_to_u64(slice_str(numbers[_i].text), &value);
    ck_assert_int_eq(valid, numbers[_i].valid);
    ck_assert_uint_eq(value, valid ? numbers[_i].value : 7);
}
END_TEST

START_TEST(reads_hexadecimal_digits)
{
    static const char digits[] = "0123456789abcdef";
    int found = 0;
    for (int c = 0; c < 256; c++) {
        const char *place = c == 0 ? NULL : strchr(digits, ascii_lower((char)c));
        int expected = place == NULL ? -1 : (int)(place - digits);
        ck_assert_int_eq(hex_value((char)c), expected);
        found += expected >= 0;
    }
    ck_assert_int_eq(found, 22);
}
END_TEST

UNIT_SUITE(slice)
{
    UNIT_TEST(compares_without_case_only_for_ascii_letters);
    UNIT_TEST(knows_prefix_and_suffix);
    UNIT_TEST(finds_from_both_ends);
    UNIT_TEST(clamps_the_start);
    UNIT_TEST(trims_space_and_tab_only);
    UNIT_TEST(splits_at_every_separator);
    UNIT_TEST(splits_the_last_part_once);
    UNIT_LOOP(reads_decimal_numbers, 0, sizeof(numbers) / sizeof(numbers[0]));
    UNIT_TEST(reads_hexadecimal_digits);
}
