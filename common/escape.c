#include "common/escape.h"
#include "common/eights.h"
#include "common/span.h"

#define REPLACEMENT SLICE("\xef\xbf\xbd") /* U+FFFD */

static const char hex_digits[] = "0123456789ABCDEF";

/*
 * The well-formed sequences (Unicode, table 3-7): for each range of first bytes, the
 * length and what the second byte may be. The others are always 80 to BF.
 */
static const struct utf8_row {
    unsigned char first_low, first_high;
    unsigned char second_low, second_high;
    unsigned char len;
} utf8_rows[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static bool fits_row(const struct utf8_row *row, struct slice text)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    if (bytes[0] < row->first_low || bytes[0] > row->first_high || text.len < row->len ||
        bytes[1] < row->second_low || bytes[1] > row->second_high) {
        return false;
    }
    for (size_t i = 2; i < row->len; i++) {
        if (bytes[i] < 0x80 || bytes[i] > 0xbf) {
            return false;
        }
    }
    return true;
}

size_t escape_utf8_len(struct slice text)
{
    if (text.len == 0) {
        return 0;
    }
    if ((unsigned char)text.ptr[0] < 0x80) {
        return 1;
    }
    for (size_t i = 0; i < sizeof(utf8_rows) / sizeof(utf8_rows[0]); i++) {
        if (fits_row(&utf8_rows[i], text)) {
            return utf8_rows[i].len;
        }
    }
    return 0;
}

/* --- what is plain ------------------------------------------------------------------ */

static inline uint64_t special_in_json(uint64_t eight)
{
    return eights_below(eight, ' ') | eights_high(eight) | eights_quotes(eight);
}

static inline uint64_t special_in_html(uint64_t eight)
{
    return eights_below(eight, ' ') | eights_high(eight) | eights_equal(eight, '&') |
           eights_equal(eight, '<') | eights_equal(eight, '>') |
           eights_equal(eight, '"') | eights_equal(eight, '\'');
}

static size_t line_span(struct slice text)
{
    return eights_span(text, eights_controls);
}

static size_t json_span(struct slice text)
{
    return eights_span(text, special_in_json);
}

static size_t html_span(struct slice text)
{
    return eights_span(text, special_in_html);
}

static bool plain_in_path(unsigned char c)
{
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) {
        return true;
    }
    return c != '\0' && c < 0x80 && strchr("-._~!$&'()*+,;=:@/", c) != NULL;
}

static size_t path_span(struct slice text)
{
    size_t len = 0;
    while (len < text.len && plain_in_path((unsigned char)text.ptr[len])) {
        len++;
    }
    return len;
}

/* --- bytes -------------------------------------------------------------------------- */

/* Appends the bytes up to the first that is not plain, and drops them from *text. */
static bool take_plain(struct buf *out, struct slice *text, size_t len)
{
    bool done = buf_append(out, text->ptr, len);
    *text = slice_from(*text, len);
    return done;
}

/* Plain bytes as they are, every other one as `prefix` and two digits. */
static bool escape_hex(struct buf *out, struct slice text, struct slice prefix,
                       size_t (*span)(struct slice text))
{
    while (take_plain(out, &text, span(text))) {
        if (text.len == 0) {
            return true;
        }
        unsigned char byte = (unsigned char)text.ptr[0];
        const char digits[] = {hex_digits[byte >> 4], hex_digits[byte & 15]};
        if (!buf_append_slice(out, prefix) || !buf_append(out, digits, sizeof(digits))) {
            return false;
        }
        text = slice_from(text, 1);
    }
    return false;
}

bool escape_log(struct buf *out, struct slice text)
{
    return escape_hex(out, text, SLICE("\\x"), span_log);
}

bool escape_line(struct buf *out, struct slice text)
{
    return escape_hex(out, text, SLICE("\\x"), line_span);
}

bool escape_uri_path(struct buf *out, struct slice text)
{
    return escape_hex(out, text, SLICE("%"), path_span);
}

/* --- characters --------------------------------------------------------------------- */

/* Appends the character at the front, or U+FFFD for a byte that begins none, and drops it
 * from *text. */
static bool take_character(struct buf *out, struct slice *text)
{
    size_t len = escape_utf8_len(*text);
    struct slice character = len == 0 ? REPLACEMENT : slice_of(text->ptr, len);
    *text = slice_from(*text, len == 0 ? 1 : len);
    return buf_append_slice(out, character);
}

/* Text whose encoding counts: characters as they are, bytes that are not plain as `put`
 * writes them. */
static bool escape_text(struct buf *out, struct slice text,
                        size_t (*span)(struct slice text),
                        bool (*put)(struct buf *out, char c))
{
    while (take_plain(out, &text, span(text))) {
        if (text.len == 0) {
            return true;
        }
        bool done;
        if ((unsigned char)text.ptr[0] >= 0x80) {
            done = take_character(out, &text);
        } else {
            done = put(out, text.ptr[0]);
            text = slice_from(text, 1);
        }
        if (!done) {
            return false;
        }
    }
    return false;
}

static bool put_json(struct buf *out, char c)
{
    static const char letters[][2] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                      {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        if (letters[i][0] == c) {
            return buf_append_char(out, '\\') && buf_append_char(out, letters[i][1]);
        }
    }
    return buf_printf(out, "\\u%04x", (unsigned)(unsigned char)c);
}

bool escape_json(struct buf *out, struct slice text)
{
    return escape_text(out, text, json_span, put_json);
}

/* XML 1.0 has no way to write the control characters but these. */
static bool is_xml_space(char c)
{
    return c == '\t' || c == '\n' || c == '\r';
}

static bool put_html(struct buf *out, char c)
{
    static const struct {
        char c;
        const char *reference;
    } rows[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].c == c) {
            return buf_append_str(out, rows[i].reference);
        }
    }
    return is_xml_space(c) ? buf_append_char(out, c) : buf_append_slice(out, REPLACEMENT);
}

bool escape_html(struct buf *out, struct slice text)
{
    return escape_text(out, text, html_span, put_html);
}
