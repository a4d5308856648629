#include "config/lexer.h"

static struct slice text_of(const struct lexer *lexer)
{
    return lexer->source->text;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The place `length` bytes long at `offset`, which is on the current line. */
static struct position place(const struct lexer *lexer, size_t offset, size_t length)
{
    return (struct position){
        .source = lexer->source,
        .line = lexer->line,
        .column = (unsigned)(offset - lexer->line_start + 1),
        .length = (unsigned)length,
    };
}

/* Moves to `offset` and counts the lines on the way. */
static void advance(struct lexer *lexer, size_t offset)
{
    const char *text = text_of(lexer).ptr;
    while (lexer->offset < offset) {
        const char *from = text + lexer->offset;
        const char *feed = memchr(from, '\n', offset - lexer->offset);
        if (feed == NULL) {
            lexer->offset = offset;
            return;
        }
        lexer->offset = (size_t)(feed - text) + 1;
        lexer->line_start = lexer->offset;
        lexer->line++;
    }
}

static size_t line_end(const struct lexer *lexer, size_t offset)
{
    return offset + slice_find(slice_from(text_of(lexer), offset), '\n');
}

/* Nothing of a binary file is worth a message but that it is one. */
static void refuse_binary(struct lexer *lexer)
{
    struct slice text = text_of(lexer);
    size_t nul = slice_find(text, '\0');
    if (nul == text.len) {
        return;
    }
    advance(lexer, nul);
    diag_error(lexer->diag, place(lexer, nul, 1),
               "a configuration is plain text; UTF-16 is not read",
               "binary file: there is a NUL byte");
    lexer->offset = text.len;
}

void lexer_init(struct lexer *lexer, const struct source *source, struct arena *arena,
                struct diagnostics *diag)
{
    *lexer = (struct lexer){
        .source = source,
        .arena = arena,
        .line = 1,
        .diag = diag,
    };
    if (slice_starts(source->text, SLICE(BYTE_ORDER_MARK))) {
        lexer->offset = lexer->line_start = sizeof(BYTE_ORDER_MARK) - 1;
        diag_warn(diag, place(lexer, lexer->offset, 0), "save the file without it",
                  "the byte-order mark at the beginning is skipped");
    }
    refuse_binary(lexer);
}

static void skip_blanks(struct lexer *lexer)
{
    struct slice text = text_of(lexer);
    size_t at = lexer->offset;
    while (at < text.len && (is_blank(text.ptr[at]) || text.ptr[at] == '#')) {
        at = text.ptr[at] == '#' ? line_end(lexer, at) : at + 1;
    }
    advance(lexer, at);
}

/* The token from here to `end`; the lexer moves behind it. */
static struct token take(struct lexer *lexer, enum token_kind kind, size_t end)
{
    if (lexer->indent_line != lexer->line) {
        lexer->indent_line = lexer->line;
        lexer->indent = place(lexer, lexer->offset, 0).column;
    }
    struct token token = {
        .kind = kind,
        .at = place(lexer, lexer->offset, end - lexer->offset),
        .indent = lexer->indent,
    };
    advance(lexer, end);
    token.end = place(lexer, end, 1);
    return token;
}

/* The byte that backslash and `c` stand for, or 0 when the backslash stays. */
static char escape_meaning(char c)
{
    switch (c) {
    case '"':
    case '\'':
    case '\\':
        return c;
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'n':
        return '\n';
    default:
        return 0;
    }
}

static struct slice unescape(struct arena *arena, struct slice raw)
{
    char *out = arena_alloc(arena, raw.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        bool pair = raw.ptr[i] == '\\' && i + 1 < raw.len;
        char meaning = pair ? escape_meaning(raw.ptr[i + 1]) : 0;
        if (meaning != 0) {
            i++;
        }
        out[len++] = meaning != 0 ? meaning : raw.ptr[i];
    }
    out[len] = '\0';
    return slice_of(out, len);
}

static struct token take_too_long(struct lexer *lexer, size_t end)
{
    struct token token = take(lexer, TOKEN_BAD, end);
    diag_error(lexer->diag, token.at, NULL, "word of %zu bytes: at most %d are allowed",
               (size_t)token.at.length, LEXER_WORD_MAX);
    return token;
}

/* --- bare words --------------------------------------------------------------------- */

/* Bytes of "{2}" or "{2,3}" in front, or 0: never a block, for a statement has no such
 * name, but a regular expression that should have been quoted. */
static size_t quantifier_length(struct slice text)
{
    size_t i = 1;
    while (i < text.len && (ascii_isdigit(text.ptr[i]) || text.ptr[i] == ',')) {
        i++;
    }
    return i > 1 && i < text.len && text.ptr[i] == '}' ? i + 1 : 0;
}

static void report_quantifier(struct lexer *lexer, size_t offset, size_t length)
{
    diag_error(lexer->diag, place(lexer, offset, length),
               "put the regular expression in quotes",
               "\"{\" in a word without quotes opens a block");
}

/* A word ends at white space, ';' or '{', but a backslash hides the byte behind it, and
 * "${" belongs to the word. */
static size_t bare_end(struct lexer *lexer)
{
    struct slice text = text_of(lexer);
    bool after_dollar = false;
    size_t at = lexer->offset;
    while (at < text.len) {
        char c = text.ptr[at];
        size_t step = c == '\\' ? 2 : 1;
        if (c == '{' && !after_dollar) {
            step = quantifier_length(slice_from(text, at));
            if (step == 0) {
                return at;
            }
            report_quantifier(lexer, at, step);
        } else if (is_blank(c) || c == ';') {
            return at;
        }
        after_dollar = c == '$';
        at += step;
    }
    return text.len;
}

static struct token take_bare(struct lexer *lexer)
{
    size_t start = lexer->offset;
    size_t end = bare_end(lexer);
    if (end - start > LEXER_WORD_MAX) {
        return take_too_long(lexer, end);
    }
    struct token token = take(lexer, TOKEN_WORD, end);
    token.text =
        unescape(lexer->arena, slice_of(text_of(lexer).ptr + start, end - start));
    return token;
}

/* --- quoted words ------------------------------------------------------------------- */

/* Offset of the closing quote, or the end of the text. */
static size_t quote_end(const struct lexer *lexer)
{
    struct slice text = text_of(lexer);
    char quote = text.ptr[lexer->offset];
    size_t at = lexer->offset + 1;
    while (at < text.len && text.ptr[at] != quote) {
        at += text.ptr[at] == '\\' ? 2 : 1;
    }
    return at < text.len ? at : text.len;
}

static bool may_follow_quote(char c)
{
    return is_blank(c) || c == ';' || c == '{' || c == ')';
}

/* The quote most likely should have ended on its own line: go on at that line's ';' if
 * it ends in one, else at its end. */
static struct token take_unclosed(struct lexer *lexer, const char *what)
{
    struct slice text = text_of(lexer);
    char quote = text.ptr[lexer->offset];
    diag_error(lexer->diag, place(lexer, lexer->offset, 1), what,
               "quoted text begins here and has no closing %c", quote);
    size_t end = line_end(lexer, lexer->offset);
    while (is_blank(text.ptr[end - 1])) {
        end--;
    }
    if (text.ptr[end - 1] == ';') {
        end--;
    }
    return take(lexer, TOKEN_BAD, end);
}

static void report_glued(struct lexer *lexer)
{
    struct slice next = slice_of(text_of(lexer).ptr + lexer->offset, 1);
    diag_error(lexer->diag, place(lexer, lexer->offset, 1),
               "only white space, ; { or ) may follow the closing quote",
               "unexpected \"%.*s\" after a quoted word", SLICE_ARG(next));
}

static struct token take_quoted(struct lexer *lexer)
{
    struct slice text = text_of(lexer);
    size_t start = lexer->offset + 1;
    size_t end = quote_end(lexer);
    if (end == text.len) {
        return take_unclosed(lexer, "it runs to the end of the file");
    }
    bool several_lines = memchr(text.ptr + start, '\n', end - start) != NULL;
    bool too_long = end - start > LEXER_WORD_MAX;
    bool glued = end + 1 < text.len && !may_follow_quote(text.ptr[end + 1]);
    if (several_lines && (too_long || glued)) {
        return take_unclosed(lexer, "the next such quote opens another word, by the look "
                                    "of what follows it");
    }
    if (too_long) {
        return take_too_long(lexer, end + 1);
    }
    struct token token = take(lexer, TOKEN_WORD, end + 1);
    token.quoted = true;
    token.text = unescape(lexer->arena, slice_of(text.ptr + start, end - start));
    if (glued) {
        report_glued(lexer);
    }
    return token;
}

struct token lexer_next(struct lexer *lexer)
{
    skip_blanks(lexer);
    struct slice text = text_of(lexer);
    if (lexer->offset == text.len) {
        return take(lexer, TOKEN_END, text.len);
    }
    switch (text.ptr[lexer->offset]) {
    case ';':
        return take(lexer, TOKEN_SEMICOLON, lexer->offset + 1);
    case '{':
        return take(lexer, TOKEN_OPEN, lexer->offset + 1);
    case '}':
        return take(lexer, TOKEN_CLOSE, lexer->offset + 1);
    case '"':
    case '\'':
        return take_quoted(lexer);
    default:
        return take_bare(lexer);
    }
}
