#include "config/diagnose.h"
#include <stdarg.h>

#define TAB_WIDTH      4
#define EXCERPT_BYTES  96 /* of a source line, shown around the caret */
#define EXCERPT_BEFORE 40 /* of these, at most, before the caret of a long line */

void diag_init(struct diagnostics *diag, struct arena *arena)
{
    *diag = (struct diagnostics){
        .arena = arena,
        .items = ARRAY_OF(struct diagnosis),
    };
}

/* --- text of a file, made visible --------------------------------------------------- */

/* Bytes of the printable character in front; 0 when its first byte must be escaped. */
static size_t printable_length(struct slice text)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    if (bytes[0] < 0x80) {
        return bytes[0] >= 0x20 && bytes[0] != 0x7f ? 1 : 0;
    }
    size_t len = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || len > text.len) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool is_c1_control = bytes[0] == 0xc2 && bytes[1] < 0xa0;
    return is_c1_control ? 0 : len;
}

static size_t append_spaces(struct buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_append_char(out, ' ');
    }
    return count;
}

/* Appends `text` and returns the column after it, given the one before it: tabs depend on
 * where they stand. */
static size_t append_visible(struct buf *out, struct slice text, size_t column)
{
    while (text.len > 0) {
        size_t len = printable_length(text);
        if (len > 0) {
            buf_append(out, text.ptr, len);
            column++;
        } else if (text.ptr[0] == '\t') {
            column += append_spaces(out, TAB_WIDTH - column % TAB_WIDTH);
        } else {
            buf_printf(out, "\\x%02x", (unsigned)(unsigned char)text.ptr[0]);
            column += 4;
        }
        text = slice_from(text, len > 0 ? len : 1);
    }
    return column;
}

/* --- the source line with its caret ------------------------------------------------- */

static struct slice find_line(struct slice text, unsigned number)
{
    struct slice line = SLICE_NULL;
    if (slice_starts(text, SLICE(BYTE_ORDER_MARK))) {
        text = slice_from(text, sizeof(BYTE_ORDER_MARK) - 1);
    }
    while (number > 0 && slice_split(&text, '\n', &line)) {
        number--;
    }
    if (number > 0) {
        return SLICE("");
    }
    return slice_ends_byte(line, '\r') ? slice_of(line.ptr, line.len - 1) : line;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The part of a line that is shown, as byte offsets; no character is cut in two. */
struct window {
    size_t start;
    size_t end;
};

static struct window choose_window(struct slice line, size_t caret)
{
    if (line.len <= EXCERPT_BYTES) {
        return (struct window){0, line.len};
    }
    size_t start = caret > EXCERPT_BEFORE ? caret - EXCERPT_BEFORE : 0;
    start = smaller(start, line.len - EXCERPT_BYTES);
    size_t end = start + EXCERPT_BYTES;
    for (int i = 0; i < 3 && start > 0 && is_continuation(line.ptr[start]); i++) {
        start--;
    }
    for (int i = 0; i < 3 && end < line.len && is_continuation(line.ptr[end]); i++) {
        end++;
    }
    return (struct window){start, end};
}

static struct slice part(struct slice line, size_t from, size_t to)
{
    return slice_of(line.ptr + from, to - from);
}

static void append_excerpt(struct buf *out, struct position at)
{
    struct slice line = find_line(at.source->text, at.line);
    size_t caret = smaller(at.column > 0 ? at.column - 1 : 0, line.len);
    struct window shown = choose_window(line, caret);
    size_t word_end = smaller(caret + at.length, shown.end);

    buf_printf(out, "%6u | %s", at.line, shown.start > 0 ? "..." : "");
    size_t first = append_visible(out, part(line, shown.start, caret), 0);
    size_t last = append_visible(out, part(line, caret, word_end), first);
    append_visible(out, part(line, word_end, shown.end), last);
    buf_append_str(out, shown.end < line.len ? "...\n" : "\n");

    buf_append_str(out, "       | ");
    append_spaces(out, first + (shown.start > 0 ? 3 : 0));
    buf_append_char(out, '^');
    for (size_t column = first + 1; column < last; column++) {
        buf_append_char(out, '~');
    }
    buf_append_char(out, '\n');
}

/* --- collecting --------------------------------------------------------------------- */

/* The tree and its sources may be gone when the messages are printed (a configuration
 * that does not load is destroyed), so what is quoted is copied now. */
static void keep_place(struct diagnostics *diag, struct diagnosis *diagnosis)
{
    struct position *at = &diagnosis->at;
    if (at->source == NULL) {
        return;
    }
    struct buf excerpt = {0};
    append_excerpt(&excerpt, *at);
    diagnosis->excerpt = arena_cstr(diag->arena, buf_slice(&excerpt));
    buf_free(&excerpt);

    struct source *copy = arena_zero(diag->arena, sizeof(*copy));
    copy->path = arena_strdup(diag->arena, at->source->path);
    at->source = copy;
}

__attribute__((format(printf, 3, 0))) static void add(struct diagnostics *diag,
                                                      struct diagnosis found,
                                                      const char *format, va_list args)
{
    size_t *count = found.level == LOG_LEVEL_WARN ? &diag->warnings : &diag->errors;
    if ((*count)++ >= DIAG_ERRORS_MAX) {
        return;
    }
    found.message = arena_vprintf(diag->arena, format, args);
    if (found.help != NULL) {
        found.help = arena_strdup(diag->arena, found.help);
    }
    keep_place(diag, &found);
    *(struct diagnosis *)array_push(&diag->items, diag->arena) = found;
}

void diag_error(struct diagnostics *diag, struct position at, const char *help,
                const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diag, (struct diagnosis){.level = LOG_LEVEL_EMERG, .at = at, .help = help},
        format, args);
    va_end(args);
}

void diag_warn(struct diagnostics *diag, struct position at, const char *help,
               const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diag, (struct diagnosis){.level = LOG_LEVEL_WARN, .at = at, .help = help}, format,
        args);
    va_end(args);
}

/* --- printing ----------------------------------------------------------------------- */

void diag_format_short(const struct diagnosis *diagnosis, struct buf *out)
{
    const struct position *at = &diagnosis->at;
    if (at->source != NULL) {
        append_visible(out, slice_str(at->source->path), 0);
        buf_printf(out, ":%u:%u: ", at->line, at->column);
    }
    append_visible(out, slice_str(diagnosis->message), 0);
}

void diag_format(const struct diagnosis *diagnosis, struct buf *out)
{
    buf_printf(out, "tinyhttpd: [%s] ", log_level_name(diagnosis->level));
    diag_format_short(diagnosis, out);
    buf_append_char(out, '\n');
    if (diagnosis->excerpt != NULL) {
        buf_append_str(out, diagnosis->excerpt);
    }
    if (diagnosis->help == NULL) {
        return;
    }
    const char *margin = "    help: ";
    struct slice rest = slice_str(diagnosis->help);
    struct slice line;
    while (slice_split(&rest, '\n', &line)) {
        buf_append_str(out, margin);
        append_visible(out, line, 0);
        buf_append_char(out, '\n');
        margin = "          ";
    }
}

/* --- the nearest name --------------------------------------------------------------- */

#define NEAREST_NAME_MAX 64
#define STEP             2 /* cost of a letter too many, too few, wrong, or swapped */
#define HALF_STEP        1 /* cost of '-' for '_' */

static unsigned substitution_cost(char a, char b)
{
    if (ascii_lower(a) == ascii_lower(b)) {
        return 0;
    }
    bool dashes = (a == '-' || a == '_') && (b == '-' || b == '_');
    return dashes ? HALF_STEP : STEP;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Damerau-Levenshtein distance in half steps (optimal string alignment), by rows. */
static unsigned distance(struct slice a, struct slice b)
{
    unsigned rows[3][NEAREST_NAME_MAX + 1];
    unsigned *before = rows[0];
    unsigned *above = rows[1];
    unsigned *row = rows[2];
    for (size_t j = 0; j <= b.len; j++) {
        before[j] = above[j] = row[j] = (unsigned)j * STEP;
    }
    for (size_t i = 1; i <= a.len; i++) {
        row[0] = (unsigned)i * STEP;
        for (size_t j = 1; j <= b.len; j++) {
            char x = a.ptr[i - 1];
            char y = b.ptr[j - 1];
            row[j] = least(above[j - 1] + substitution_cost(x, y),
                           least(above[j], row[j - 1]) + STEP);
            if (i > 1 && j > 1 && x == b.ptr[j - 2] && y == a.ptr[i - 2]) {
                row[j] = least(row[j], before[j - 2] + STEP);
            }
        }
        unsigned *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b.len];
}

const char *diag_nearest(struct slice word, const char *const *names, size_t count)
{
    if (word.len == 0 || word.len > NEAREST_NAME_MAX) {
        return NULL;
    }
    const char *nearest = NULL;
    unsigned bound = STEP * (word.len / 3 > 1 ? (unsigned)(word.len / 3) : 1) + 1;
    for (size_t i = 0; i < count; i++) {
        struct slice name = slice_str(names[i]);
        if (name.len > NEAREST_NAME_MAX) {
            continue;
        }
        unsigned cost = distance(word, name);
        if (cost < bound) {
            bound = cost;
            nearest = names[i];
        }
    }
    return nearest;
}
