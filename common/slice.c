#include "common/slice.h"

bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool slice_starts(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && slice_eq(slice_of(s.ptr, prefix.len), prefix);
}

bool slice_ends(struct slice s, struct slice suffix)
{
    return s.len >= suffix.len && slice_eq(slice_from(s, s.len - suffix.len), suffix);
}

size_t slice_find(struct slice s, char c)
{
    const char *found = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);
    return found == NULL ? s.len : (size_t)(found - s.ptr);
}

size_t slice_rfind(struct slice s, char c)
{
    const char *found = s.len == 0 ? NULL : memrchr(s.ptr, c, s.len);
    return found == NULL ? s.len : (size_t)(found - s.ptr);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

struct slice slice_trim(struct slice s)
{
    size_t start = 0;
    size_t end = s.len;
    while (start < end && is_space(s.ptr[start])) {
        start++;
    }
    while (end > start && is_space(s.ptr[end - 1])) {
        end--;
    }
    return slice_of(slice_from(s, start).ptr, end - start);
}

bool slice_split(struct slice *rest, char sep, struct slice *part)
{
    if (rest->ptr == NULL) {
        return false;
    }
    size_t end = slice_find(*rest, sep);
    *part = slice_of(rest->ptr, end);
    *rest = end == rest->len ? SLICE_NULL : slice_from(*rest, end + 1);
    return true;
}

#define DIGITS_SAFE 19 /* so many fit, whatever they are */

bool slice_to_u64(struct slice s, uint64_t *value)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_isdigit(s.ptr[i])) {
            return false;
        }
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (i >= DIGITS_SAFE && sum > (UINT64_MAX - digit) / 10) {
            return false;
        }
        sum = sum * 10 + digit;
    }
    if (s.len == 0) {
        return false;
    }
    *value = sum;
    return true;
}

void hex_write(char *out, const unsigned char *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

int hex_value(char c)
{
    if (ascii_isdigit(c)) {
        return c - '0';
    }
    char lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}
