#include "config/lexer.h"
#include "tests/unit/unit.h"

static struct arena *arena;
static struct diagnostics diag;

static void setup(void)
{
    arena = arena_create(4096);
    diag_init(&diag, arena);
}

static void teardown(void)
{
    arena_destroy(arena);
}

/* The tokens of a text as text: words in [ ] (quoted ones in < >), '!' for a bad one. */
static const char *tokens(struct slice text)
{
    struct source *source = arena_zero(arena, sizeof(*source));
    *source = (struct source){.path = "t.conf", .text = text};
    struct lexer lexer;
    lexer_init(&lexer, source, arena, &diag);
    struct buf out = {0};
    static const char marks[] = {
        [TOKEN_SEMICOLON] = ';',
        [TOKEN_OPEN] = '{',
        [TOKEN_CLOSE] = '}',
        [TOKEN_BAD] = '!',
    };
    struct token token = lexer_next(&lexer);
    for (; token.kind != TOKEN_END; token = lexer_next(&lexer)) {
        if (token.kind != TOKEN_WORD) {
            buf_append_char(&out, marks[token.kind]);
            continue;
        }
        ck_assert_int_eq(token.text.ptr[token.text.len], '\0');
        buf_printf(&out, token.quoted ? "<%.*s>" : "[%.*s]", SLICE_ARG(token.text));
    }
    char *copy = arena_cstr(arena, buf_slice(&out));
    buf_free(&out);
    return copy;
}

static const struct {
    const char *text;
    const char *tokens;
} good[] = {
    {"", ""},
    {"a b;", "[a][b];"},
    {"a{b;}", "[a]{[b];}"},
    {"a\tb\r\nc\n;", "[a][b][c];"},
    {"# only a comment", ""},
    {"a #c;\nb;# d", "[a][b];"},
    {"a#b;", "[a#b];"},
    {"a}b;", "[a}b];"},
    {"\xef\xbb\xbf"
     "a;",
     "[a];"},
    {"a \"b c;{}#\" 'd \" e';", "[a]<b c;{}#><d \" e>;"},
    {"a \"\" '';", "[a]<><>;"},
    {"a b\"c d\"e;", "[a][b\"c][d\"e];"},
    {"a 'x\ny';", "[a]<x\ny>;"},
    {"a ${b}c d$e{f;}", "[a][${b}c][d$e]{[f];}"},
    {"a x${b};", "[a][x${b}];"},
    {"a \\;b\\{\\ c;", "[a][\\;b\\{\\ c];"},
    {"a \\\"b\\' \\\\ \\t\\r\\n;", "[a][\"b'][\\][\t\r\n];"},
    {"a \"\\\"\\\\\\d\\.\";", "[a]<\"\\\\d\\.>;"},
    {"if (\"a\");", "[if][(\"a\")];"},
    {"a \"b\")c;", "[a]<b>[)c];"},
    {"a 'b'{c;}", "[a]<b>{[c];}"},
    {"a '$b{2}';", "[a]<$b{2}>;"},
    {"a \\", "[a][\\]"},
    {"a $", "[a][$]"},
};

START_TEST(splits_text)
{
    ck_assert_str_eq(tokens(slice_str(good[_i].text)), good[_i].tokens);
    ck_assert_uint_eq(diag.errors, 0);
}
END_TEST

static const struct {
    const char *text;
    const char *tokens;
    unsigned line;
    unsigned column;
    const char *message; /* begins so */
} bad[] = {
    {"a 'b\nc;", "[a]![c];", 1, 3, "quoted text begins here and has no closing '"},
    {"a \"b;\nc \"d\";", "[a]!;[c]<d>;", 1, 3, "quoted text begins here"},
    {"a \"", "[a]!", 1, 3, "quoted text begins here"},
    {"x;\n'", "[x];!", 2, 1, "quoted text begins here"},
    {"a 'b\\';\nc;", "[a]!;[c];", 1, 3, "quoted text begins here"},
    {"a 'b'c;", "[a]<b>[c];", 1, 6, "unexpected \"c\" after a quoted word"},
    {"a 'b'}", "[a]<b>}", 1, 6, "unexpected \"}\" after a quoted word"},
    {"a 'b''c';", "[a]<b><c>;", 1, 6, "unexpected \"'\" after a quoted word"},
    {"l ~ ^/a{2,3}/b {c;}", "[l][~][^/a{2,3}/b]{[c];}", 1, 8,
     "\"{\" in a word without quotes opens a block"},
};

START_TEST(goes_on_after_an_error)
{
    ck_assert_str_eq(tokens(slice_str(bad[_i].text)), bad[_i].tokens);
    ck_assert_uint_eq(diag.errors, 1);
    const struct diagnosis *first = array_at(&diag.items, 0);
    ck_assert_uint_eq(first->at.line, bad[_i].line);
    ck_assert_uint_eq(first->at.column, bad[_i].column);
    ck_assert(slice_starts(slice_str(first->message), slice_str(bad[_i].message)));
}
END_TEST

START_TEST(byte_order_mark_is_skipped_with_a_warning)
{
    ck_assert_str_eq(tokens(SLICE("\xef\xbb\xbf"
                                  "a 'b'c;")),
                     "[a]<b>[c];");
    ck_assert_uint_eq(diag.warnings, 1);
    const struct diagnosis *second = array_at(&diag.items, 1);
    ck_assert_uint_eq(second->at.column, 6);
    ck_assert_str_eq(second->excerpt, "     1 | a 'b'c;\n"
                                      "       |      ^\n");
}
END_TEST

START_TEST(nul_byte_means_binary)
{
    ck_assert_str_eq(tokens(SLICE("a;\nb\0c;")), "");
    ck_assert_uint_eq(diag.errors, 1);
    const struct diagnosis *first = array_at(&diag.items, 0);
    ck_assert_uint_eq(first->at.line, 2);
    ck_assert_uint_eq(first->at.column, 2);
    ck_assert_str_eq(first->message, "binary file: there is a NUL byte");
}
END_TEST

START_TEST(word_length_is_bounded)
{
    char text[LEXER_WORD_MAX + 4] = "";
    memset(text, 'x', LEXER_WORD_MAX + 1);
    text[LEXER_WORD_MAX] = ';';
    ck_assert_uint_eq(strlen(tokens(slice_of(text, LEXER_WORD_MAX + 1))),
                      LEXER_WORD_MAX + 3);
    ck_assert_uint_eq(diag.errors, 0);
    text[LEXER_WORD_MAX] = 'x';
    text[LEXER_WORD_MAX + 1] = ';';
    ck_assert_str_eq(tokens(slice_of(text, LEXER_WORD_MAX + 2)), "!;");
    ck_assert_uint_eq(diag.errors, 1);
}
END_TEST

START_TEST(long_quoted_word_of_one_line_is_too_long)
{
    char text[LEXER_WORD_MAX + 8];
    memset(text, 'x', sizeof(text));
    text[0] = text[LEXER_WORD_MAX + 2] = '"';
    ck_assert_str_eq(tokens(slice_of(text, LEXER_WORD_MAX + 3)), "!");
    ck_assert_uint_eq(diag.errors, 1);
}
END_TEST

START_TEST(positions_are_lines_and_byte_columns)
{
    struct source source = {.path = "t.conf", .text = SLICE("a 'x\ny' b\n\t c;")};
    struct lexer lexer;
    lexer_init(&lexer, &source, arena, &diag);
    lexer_next(&lexer);
    struct token quoted = lexer_next(&lexer);
    ck_assert_uint_eq(quoted.at.line, 1);
    ck_assert_uint_eq(quoted.at.column, 3);
    ck_assert_uint_eq(quoted.at.length, 5);
    ck_assert_uint_eq(quoted.end.line, 2);
    ck_assert_uint_eq(quoted.end.column, 3);
    struct token b = lexer_next(&lexer);
    ck_assert_uint_eq(b.at.line, 2);
    ck_assert_uint_eq(b.at.column, 4);
    struct token c = lexer_next(&lexer);
    ck_assert_uint_eq(c.at.line, 3);
    ck_assert_uint_eq(c.at.column, 3);
    ck_assert_uint_eq(c.indent, 3);
    struct token semicolon = lexer_next(&lexer);
    ck_assert_uint_eq(semicolon.at.column, 4);
    ck_assert_uint_eq(semicolon.indent, 3);
}
END_TEST

UNIT_SUITE(lexer)
{
    tcase_add_checked_fixture(unit_case, setup, teardown);
    UNIT_LOOP(splits_text, 0, (int)(sizeof(good) / sizeof(good[0])));
    UNIT_LOOP(goes_on_after_an_error, 0, (int)(sizeof(bad) / sizeof(bad[0])));
    UNIT_TEST(byte_order_mark_is_skipped_with_a_warning);
    UNIT_TEST(nul_byte_means_binary);
    UNIT_TEST(word_length_is_bounded);
    UNIT_TEST(long_quoted_word_of_one_line_is_too_long);
    UNIT_TEST(positions_are_lines_and_byte_columns);
}
