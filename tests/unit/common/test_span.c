#include "common/eights.h"
#include "common/span.h"
#include "tests/unit/unit.h"
#include <string.h>

static bool is_control(unsigned char byte)
{
    return byte < ' ' || byte == 0x7f;
}

static bool is_unprintable(unsigned char byte)
{
    return is_control(byte) || byte >= 0x80;
}

static bool is_quote(unsigned char byte)
{
    return byte == '"' || byte == '\\';
}

static bool is_special_in_log(unsigned char byte)
{
    return is_unprintable(byte) || is_quote(byte);
}

static size_t span_controls(struct slice text)
{
    return eights_span(text, eights_controls);
}

static size_t span_quotes(struct slice text)
{
    return eights_span(text, eights_quotes);
}

static const struct {
    size_t (*span)(struct slice text);
    bool (*ends)(unsigned char byte);
} rows[] = {
    {span_controls, is_control},
    {span_printable, is_unprintable},
    {span_quotes, is_quote},
    {span_log, is_special_in_log},
};

static size_t span_by_bytes(struct slice text, bool (*ends)(unsigned char byte))
{
    size_t len = 0;
    while (len < text.len && !ends((unsigned char)text.ptr[len])) {
        len++;
    }
    return len;
}

/* Whatever two bytes stand side by side: what is computed of one may reach the next. */
START_TEST(ends_at_the_first_special_byte)
{
    for (size_t len = 2; len <= 18; len += len == 2 ? 5 : 1) {
        char bytes[18];
        memset(bytes, 'a', sizeof(bytes));
        for (unsigned pair = 0; pair <= 0xffff; pair++) {
            size_t at = pair % (len - 1);
            bytes[at] = (char)(pair >> 8);
            bytes[at + 1] = (char)(pair & 0xff);
            struct slice text = slice_of(bytes, len);
            size_t wanted = span_by_bytes(text, rows[_i].ends);
            if (rows[_i].span(text) != wanted) {
                ck_assert_msg(false, "%04x at %zu of %zu", pair, at, len);
            }
            bytes[at] = bytes[at + 1] = 'a';
        }
    }
}
END_TEST

START_TEST(of_nothing_is_nothing)
{
    ck_assert_uint_eq(rows[_i].span(SLICE_NULL), 0);
    ck_assert_uint_eq(rows[_i].span(SLICE("")), 0);
}
END_TEST

UNIT_SUITE(span)
{
    UNIT_LOOP(ends_at_the_first_special_byte, 0, sizeof(rows) / sizeof(rows[0]));
    UNIT_LOOP(of_nothing_is_nothing, 0, sizeof(rows) / sizeof(rows[0]));
}
