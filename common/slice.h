/*
 * slice.h - a view of bytes that somebody else owns.
 *
 * A slice is a pointer and a length, not NUL-terminated, and is valid only as long as
 * the bytes below it. An absent value is the null slice (ptr == NULL), which differs from
 * an empty one (ptr != NULL, len == 0).
 */
#ifndef COMMON_SLICE_H
#define COMMON_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *ptr;
    size_t len;
};

/* A slice of a string literal, usable in static initialisers as SLICE_INIT. */
#define SLICE_INIT(literal)                                                              \
    {                                                                                    \
        (literal), sizeof(literal) - 1                                                   \
    }
#define SLICE(literal) ((struct slice)SLICE_INIT(literal))
#define SLICE_NULL     ((struct slice){NULL, 0})

/* For printf: "%.*s", SLICE_ARG(s). */
#define SLICE_ARG(s) (int)(s).len, (s).ptr

static inline struct slice slice_of(const char *ptr, size_t len)
{
    return (struct slice){ptr, len};
}

static inline struct slice slice_str(const char *str)
{
    return (struct slice){str, strlen(str)};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* The bytes from `start` (clamped to the length) to the end. */
static inline struct slice slice_from(struct slice s, size_t start)
{
    size_t skip = start < s.len ? start : s.len;
    return skip == 0 ? s : (struct slice){s.ptr + skip, s.len - skip};
}

static inline bool slice_ends_byte(struct slice s, char c)
{
    return s.len > 0 && s.ptr[s.len - 1] == c;
}

/* ASCII only, never the locale. */
static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline bool ascii_isdigit(char c)
{
    return c >= '0' && c <= '9';
}

bool slice_eq_nocase(struct slice a, struct slice b);
bool slice_starts(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);

/* Index of the first (last) `c`, or s.len when there is none. */
size_t slice_find(struct slice s, char c);
size_t slice_rfind(struct slice s, char c);

/* Without leading and trailing SP and HTAB (the OWS of RFC 9110, 5.6.3). */
struct slice slice_trim(struct slice s);

/*
 * Takes the part before the first `sep` off the front of *rest and stores it in *part;
 * *rest becomes what follows the separator, or the null slice after the last part.
 * Returns false when *rest is the null slice: `while (slice_split(&rest, ',', &part))`.
 */
bool slice_split(struct slice *rest, char sep, struct slice *part);

/*
 * The whole slice as decimal digits (1*DIGIT, no sign, no space). Returns false when it
 * is empty, has another character, or does not fit 64 bits.
 */
bool slice_to_u64(struct slice s, uint64_t *value);

/* Two hexadecimal digits, in lower case, for each byte. */
void hex_write(char *out, const unsigned char *bytes, size_t count);

/* The value of a hexadecimal digit, or -1. */
int hex_value(char c);

#endif
