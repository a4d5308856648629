#include "common/buf.h"
#include "common/flavour.h"
#include "tests/unit/unit.h"

START_TEST(appends_every_kind)
{
    struct buf buf = {0};
    ck_assert(buf_append(&buf, "abc", 2));
    ck_assert(buf_append(&buf, NULL, 0));
    ck_assert(buf_append_slice(&buf, SLICE("-c")));
    ck_assert(buf_append_slice(&buf, SLICE_NULL));
    ck_assert(buf_append_str(&buf, "-d"));
    ck_assert(buf_append_char(&buf, '='));
    ck_assert(buf_append_u64(&buf, 0));
    ck_assert(buf_append_u64(&buf, UINT64_MAX));
    ck_assert(buf_printf(&buf, "%s%d", "-e", 5));
    UNIT_SLICE_EQ(buf_slice(&buf), "ab-c-d=018446744073709551615-e5");
    buf_free(&buf);
}
END_TEST

START_TEST(keeps_its_content_while_it_grows)
{
    struct buf buf = {0};
    for (unsigned i = 0; i < 5000; i++) {
        ck_assert(buf_append_char(&buf, (char)('a' + i % 26)));
    }
    ck_assert_uint_eq(buf.len, 5000);
    for (unsigned i = 0; i < 5000; i++) {
        ck_assert_int_eq(buf.data[i], 'a' + (int)(i % 26));
    }
    buf_free(&buf);
}
END_TEST

START_TEST(stays_as_it_was_at_the_limit)
{
    struct buf buf = {.limit = 10};
    ck_assert(buf_append_str(&buf, "12345678"));
    ck_assert(!buf_append_str(&buf, "abc"));
    ck_assert(!buf_printf(&buf, "%03d", 7));
    ck_assert(!buf_reserve(&buf, 3));
    ck_assert(!buf_reserve(&buf, SIZE_MAX));
    UNIT_SLICE_EQ(buf_slice(&buf), "12345678");
    ck_assert(buf_printf(&buf, "%02d", 7));
    ck_assert(!buf_append_char(&buf, 'x'));
    UNIT_SLICE_EQ(buf_slice(&buf), "1234567807");
    ck_assert_uint_le(buf.capacity, buf.limit + 1);
    buf_free(&buf);
}
END_TEST

START_TEST(never_holds_much_more_than_the_limit)
{
    struct buf buf = {.limit = 1000};
    while (buf_append_char(&buf, 'x')) {
        ck_assert_uint_le(buf.capacity, buf.limit + 1);
    }
    ck_assert_uint_eq(buf.len, 1000);
    buf_free(&buf);
    ck_assert_uint_eq(buf.limit, 1000);
}
END_TEST

START_TEST(prints_past_its_room)
{
    struct buf buf = {0};
    for (int i = 1; i <= 300; i++) {
        ck_assert(buf_printf(&buf, "%*d", i, i));
    }
    ck_assert_uint_eq(buf.len, 300 * 301 / 2);
    UNIT_SLICE_EQ(slice_from(buf_slice(&buf), buf.len - 4), " 300");
    buf_free(&buf);
}
END_TEST

START_TEST(prints_into_the_last_byte_of_its_room)
{
    for (size_t len = 0; len < 20; len++) {
        struct buf buf = {0};
        buf_reserve(&buf, 20);
        size_t room = buf.capacity;
        ck_assert(buf_printf(&buf, "%*s", (int)(room - len), ""));
        ck_assert(buf_printf(&buf, "%.10s", "abcdefghij"));
        UNIT_SLICE_EQ(slice_from(buf_slice(&buf), room - len), "abcdefghij");
        buf_free(&buf);
    }
}
END_TEST

START_TEST(consumes_from_the_front)
{
    struct buf buf = {0};
    buf_consume(&buf, 0);
    buf_append_str(&buf, "abcdef");
    buf_consume(&buf, 2);
    UNIT_SLICE_EQ(buf_slice(&buf), "cdef");
    buf_append_str(&buf, "gh");
    buf_consume(&buf, 6);
    ck_assert_uint_eq(buf.len, 0);
    buf_free(&buf);
}
END_TEST

START_TEST(clears_and_frees)
{
    struct buf buf = {0};
    buf_append_str(&buf, "abc");
    size_t capacity = buf.capacity;
    buf_clear(&buf);
    ck_assert_uint_eq(buf.len, 0);
    ck_assert_uint_eq(buf.capacity, capacity);
    buf_free(&buf);
    ck_assert_ptr_null(buf.data);
    ck_assert_uint_eq(buf.capacity, 0);
    buf_free(&buf);
}
END_TEST

START_TEST(reserves_room_that_can_be_written)
{
    struct buf buf = {0};
    buf_append_str(&buf, "ab");
    ck_assert(buf_reserve(&buf, 3));
    memcpy(buf.data + buf.len, "cde", 3);
    buf.len += 3;
    UNIT_SLICE_EQ(buf_slice(&buf), "abcde");
    buf_free(&buf);
}
END_TEST

START_TEST(torture_moves_on_every_append)
{
    struct buf buf = {0};
    buf_append_str(&buf, "a");
    size_t before = buf.capacity;
    buf_append_char(&buf, 'b');
    ck_assert_uint_eq(buf.capacity, TORTURE ? 2 : before);
    buf_free(&buf);
}
END_TEST

UNIT_SUITE(buf)
{
    UNIT_TEST(appends_every_kind);
    UNIT_TEST(keeps_its_content_while_it_grows);
    UNIT_TEST(stays_as_it_was_at_the_limit);
    UNIT_TEST(never_holds_much_more_than_the_limit);
    UNIT_TEST(prints_past_its_room);
    UNIT_TEST(prints_into_the_last_byte_of_its_room);
    UNIT_TEST(consumes_from_the_front);
    UNIT_TEST(clears_and_frees);
    UNIT_TEST(reserves_room_that_can_be_written);
    UNIT_TEST(torture_moves_on_every_append);
}
