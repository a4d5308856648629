#include "server/http_chunked.h"
#include "server/http_fields.h"
#include <stdbool.h>

enum {
    EXTENSION_MAX = 4096,
    TRAILER_MAX = 8192,
};

/*
 * chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ), where the
 * value is a token or a quoted-string. The place in it is kept in `flags`.
 */
enum place {
    EXT_BAD,
    EXT_SEMICOLON, /* white space seen: only ';' may follow */
    EXT_NAME_START,
    EXT_NAME,
    EXT_EQUALS, /* a name and white space seen: '=' or ';' */
    EXT_VALUE_START,
    EXT_VALUE,
    EXT_QUOTED,
    EXT_ESCAPED, /* after a backslash */
    EXT_QUOTE_END,
    EXT_END, /* CR */
    EXT_COUNT,
};

enum kind {
    CONTROL,
    OTHER, /* text that is none of the following */
    TCHAR,
    BLANK,
    SEMICOLON,
    EQUALS,
    QUOTE,
    BACKSLASH,
    RETURN,
    KIND_COUNT,
};

/* What is not named is EXT_BAD. */
static const unsigned char next_place[EXT_COUNT][KIND_COUNT] = {
    [EXT_SEMICOLON] = {[BLANK] = EXT_SEMICOLON, [SEMICOLON] = EXT_NAME_START},
    [EXT_NAME_START] = {[BLANK] = EXT_NAME_START, [TCHAR] = EXT_NAME},
    [EXT_NAME] = {[TCHAR] = EXT_NAME,
                  [BLANK] = EXT_EQUALS,
                  [EQUALS] = EXT_VALUE_START,
                  [SEMICOLON] = EXT_NAME_START,
                  [RETURN] = EXT_END},
    [EXT_EQUALS] =
        {[BLANK] = EXT_EQUALS, [EQUALS] = EXT_VALUE_START, [SEMICOLON] = EXT_NAME_START},
    [EXT_VALUE_START] =
        {[BLANK] = EXT_VALUE_START, [TCHAR] = EXT_VALUE, [QUOTE] = EXT_QUOTED},
    [EXT_VALUE] = {[TCHAR] = EXT_VALUE,
                   [BLANK] = EXT_SEMICOLON,
                   [SEMICOLON] = EXT_NAME_START,
                   [RETURN] = EXT_END},
    [EXT_QUOTED] = {[OTHER] = EXT_QUOTED,
                    [TCHAR] = EXT_QUOTED,
                    [BLANK] = EXT_QUOTED,
                    [SEMICOLON] = EXT_QUOTED,
                    [EQUALS] = EXT_QUOTED,
                    [BACKSLASH] = EXT_ESCAPED,
                    [QUOTE] = EXT_QUOTE_END},
    [EXT_ESCAPED] = {[OTHER] = EXT_QUOTED,
                     [TCHAR] = EXT_QUOTED,
                     [BLANK] = EXT_QUOTED,
                     [SEMICOLON] = EXT_QUOTED,
                     [EQUALS] = EXT_QUOTED,
                     [BACKSLASH] = EXT_QUOTED,
                     [QUOTE] = EXT_QUOTED},
    [EXT_QUOTE_END] =
        {[BLANK] = EXT_SEMICOLON, [SEMICOLON] = EXT_NAME_START, [RETURN] = EXT_END},
};

/* A trailer line, in `flags`: its name comes first. */
enum {
    TRAILER_NAME,
    TRAILER_VALUE,
};

static enum kind kind_of(char c)
{
    switch (c) {
    case ' ':
    case '\t':
        return BLANK;
    case ';':
        return SEMICOLON;
    case '=':
        return EQUALS;
    case '"':
        return QUOTE;
    case '\\':
        return BACKSLASH;
    case '\r':
        return RETURN;
    default:
        if (http_is_tchar(c)) {
            return TCHAR;
        }
        return http_is_field_value(slice_of(&c, 1)) ? OTHER : CONTROL;
    }
}

static enum http_chunked_state refuse(const char **why, const char *phrase)
{
    *why = phrase;
    return HTTP_CHUNKED_BAD;
}

/* One function a state takes one byte and returns the next state. */
typedef enum http_chunked_state take_byte(struct http_chunked *chunked, char c,
                                          const char **why);

static enum http_chunked_state take_extension(struct http_chunked *chunked, char c,
                                              const char **why)
{
    chunked->flags = next_place[chunked->flags][kind_of(c)];
    if (chunked->flags == EXT_END) {
        return HTTP_CHUNKED_SIZE_LF;
    }
    if (chunked->flags == EXT_BAD) {
        return refuse(why, "malformed chunk extension");
    }
    if (++chunked->extension_len > EXTENSION_MAX) {
        return refuse(why, "chunk extensions too long");
    }
    return HTTP_CHUNKED_EXTENSION;
}

/* 1*HEXDIG, of at most 16 digits, for a size that fits an off_t. */
static enum http_chunked_state take_size(struct http_chunked *chunked, char c,
                                         const char **why)
{
    int digit = hex_value(c);
    if (digit < 0 && chunked->digits == 0) {
        return refuse(why, "chunk size without a digit");
    }
    if (digit < 0) {
        if (c == '\r') {
            return HTTP_CHUNKED_SIZE_LF;
        }
        chunked->flags = EXT_SEMICOLON;
        return take_extension(chunked, c, why);
    }
    if (++chunked->digits > 16 || chunked->left > INT64_MAX >> 4) {
        return refuse(why, "chunk size too large");
    }
    chunked->left = chunked->left << 4 | (unsigned)digit;
    return HTTP_CHUNKED_SIZE;
}

static enum http_chunked_state take_size_lf(struct http_chunked *chunked, char c,
                                            const char **why)
{
    if (c != '\n') {
        return refuse(why, "chunk size line ends in a bare CR");
    }
    chunked->digits = 0;
    chunked->flags = TRAILER_NAME;
    return chunked->left > 0 ? HTTP_CHUNKED_DATA : HTTP_CHUNKED_TRAILER;
}

static enum http_chunked_state take_data_cr(struct http_chunked *chunked, char c,
                                            const char **why)
{
    (void)chunked;
    return c == '\r' ? HTTP_CHUNKED_DATA_LF : refuse(why, "chunk longer than its size");
}

static enum http_chunked_state take_data_lf(struct http_chunked *chunked, char c,
                                            const char **why)
{
    (void)chunked;
    return c == '\n' ? HTTP_CHUNKED_SIZE : refuse(why, "chunk ends in a bare CR");
}

static enum http_chunked_state take_trailer_name(struct http_chunked *chunked, char c,
                                                 const char **why)
{
    if (c == '\r' && chunked->line_len == 0) {
        return HTTP_CHUNKED_TRAILER_LF;
    }
    if (c == ':' && chunked->line_len > 0) {
        chunked->flags = TRAILER_VALUE;
    } else if (!http_is_tchar(c)) {
        return refuse(why, "malformed trailer field name");
    }
    chunked->line_len++;
    return HTTP_CHUNKED_TRAILER;
}

static enum http_chunked_state take_trailer_value(struct http_chunked *chunked, char c,
                                                  const char **why)
{
    if (c == '\r') {
        return HTTP_CHUNKED_TRAILER_LF;
    }
    if (kind_of(c) == CONTROL) {
        return refuse(why, "control character in a trailer field");
    }
    chunked->line_len++;
    return HTTP_CHUNKED_TRAILER;
}

static enum http_chunked_state take_trailer(struct http_chunked *chunked, char c,
                                            const char **why)
{
    if (++chunked->trailer_len > TRAILER_MAX) {
        return refuse(why, "trailer section too long");
    }
    return chunked->flags == TRAILER_NAME ? take_trailer_name(chunked, c, why)
                                          : take_trailer_value(chunked, c, why);
}

static enum http_chunked_state take_trailer_lf(struct http_chunked *chunked, char c,
                                               const char **why)
{
    if (c != '\n') {
        return refuse(why, "trailer line ends in a bare CR");
    }
    if (chunked->line_len == 0) {
        return HTTP_CHUNKED_DONE;
    }
    chunked->line_len = 0;
    chunked->flags = TRAILER_NAME;
    return HTTP_CHUNKED_TRAILER;
}

static take_byte *const steps[] = {
    [HTTP_CHUNKED_SIZE] = take_size,
    [HTTP_CHUNKED_EXTENSION] = take_extension,
    [HTTP_CHUNKED_SIZE_LF] = take_size_lf,
    [HTTP_CHUNKED_DATA_CR] = take_data_cr,
    [HTTP_CHUNKED_DATA_LF] = take_data_lf,
    [HTTP_CHUNKED_TRAILER] = take_trailer,
    [HTTP_CHUNKED_TRAILER_LF] = take_trailer_lf,
};

/* As much of the chunk as has come. */
static struct slice take_data(struct http_chunked *chunked, struct slice *input)
{
    size_t len = chunked->left < input->len ? (size_t)chunked->left : input->len;
    struct slice content = slice_of(input->ptr, len);
    *input = slice_from(*input, len);
    chunked->left -= len;
    if (chunked->left == 0) {
        chunked->state = HTTP_CHUNKED_DATA_CR;
    }
    return content;
}

enum http_chunked_state http_chunked_feed(struct http_chunked *chunked,
                                          struct slice *input, struct slice *content,
                                          const char **why)
{
    *content = SLICE_NULL;
    while (input->len > 0 && chunked->state < HTTP_CHUNKED_DONE) {
        if (chunked->state == HTTP_CHUNKED_DATA) {
            *content = take_data(chunked, input);
            break;
        }
        chunked->state = steps[chunked->state](chunked, input->ptr[0], why);
        *input = slice_from(*input, 1);
    }
    return chunked->state;
}
