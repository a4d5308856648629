#include "server/base64.h"

/* The six bits of a character, or -1. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (ascii_isdigit(c)) {
        return c - '0' + 52;
    }
    if (c == '+') {
        return 62;
    }
    return c == '/' ? 63 : -1;
}

/* Padding fills a group of four; only the last group has any. */
static struct slice strip_padding(struct slice text)
{
    if (text.len % 4 != 0) {
        return text;
    }
    for (int i = 0; i < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; i++) {
        text.len--;
    }
    return text;
}

bool base64_decode(struct slice text, char *out, size_t *len)
{
    uint32_t bits = 0;
    unsigned count = 0; /* of bits that are not written yet */
    *len = 0;
    text = strip_padding(text);
    if (text.len % 4 == 1) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.ptr[i]);
        if (value < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[(*len)++] = (char)(bits >> count & 0xff);
        }
    }
    return (bits & ((1u << count) - 1)) == 0;
}
