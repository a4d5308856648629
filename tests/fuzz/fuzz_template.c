/*
 * Log formats and templates: the text of a format, and a request that fills its
 * variables.
 *
 * The input: a byte of flags, the text up to a NUL byte, and behind it what follows
 * "GET /" in a request; or, as the flags say, any bytes that are refused as a head. The
 * text is a log_format for each way of escaping, the content of an answer, a Location and
 * a file; without what is allowed in none, a field and a member in JSON.
 */
#include "server/access_log.h"
#include "tests/fuzz/answer.h"
#include "tests/fuzz/site.h"

#define INPUT_MAX 4096

enum flags {
    FLAG_REFUSE = 1 << 0, /* the bytes are no head */
    FLAG_BREAK = 1 << 1,  /* the client leaves before its answer */
};

/* The logs, in the order of their first use, which numbers them; their names. */
enum log_number {
    LOG_ERRORS,
    LOG_DEFAULT,
    LOG_JSON,
    LOG_NONE,
    LOG_MEMBER,
    LOG_COMBINED,
    LOG_OBJECT,
    LOG_COUNT,
};

static const char logs[] =
    "access_log default default; access_log json json_too; access_log none none; "
    "access_log member member; access_log combined combined; access_log object json; ";

/* --- JSON (RFC 8259): objects of strings and numbers ---------------------------------
 */

static void expect_char(struct slice *rest, char c)
{
    INVARIANT(rest->len > 0 && rest->ptr[0] == c);
    *rest = slice_from(*rest, 1);
}

/* The length of the UTF-8 sequence in front, which must be well-formed (RFC 3629). */
static size_t utf8_length(struct slice rest)
{
    const unsigned char *bytes = (const unsigned char *)rest.ptr;
    size_t len = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t code = len == 1 ? bytes[0] : bytes[0] & (0x7fu >> len);
    INVARIANT(len <= rest.len && (bytes[0] < 0x80 || bytes[0] >= 0xc0));
    for (size_t i = 1; i < len; i++) {
        INVARIANT((bytes[i] & 0xc0) == 0x80);
        code = code << 6 | (bytes[i] & 0x3fu);
    }
    INVARIANT(code >= least[len] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff));
    return len;
}

static size_t escape_length(struct slice rest)
{
    INVARIANT(rest.len > 1);
    if (rest.ptr[1] != 'u') {
        INVARIANT(memchr("\"\\/bfnrt", rest.ptr[1], 8) != NULL);
        return 2;
    }
    INVARIANT(rest.len >= 6);
    for (size_t i = 2; i < 6; i++) {
        INVARIANT(hex_value(rest.ptr[i]) >= 0);
    }
    return 6;
}

static void expect_string(struct slice *rest)
{
    expect_char(rest, '"');
    while (rest->len > 0 && rest->ptr[0] != '"') {
        INVARIANT((unsigned char)rest->ptr[0] >= 0x20);
        size_t len = rest->ptr[0] == '\\' ? escape_length(*rest) : utf8_length(*rest);
        *rest = slice_from(*rest, len);
    }
    expect_char(rest, '"');
}

/* Without sign and exponent, which no variable has. */
static void expect_number(struct slice *rest)
{
    size_t len = 0, digits = 0;
    while (len < rest->len && (ascii_isdigit(rest->ptr[len]) || rest->ptr[len] == '.')) {
        digits += rest->ptr[len] != '.';
        len++;
    }
    INVARIANT(digits > 0 && len - digits <= 1);
    INVARIANT(ascii_isdigit(rest->ptr[0]) && ascii_isdigit(rest->ptr[len - 1]));
    INVARIANT(rest->ptr[0] != '0' || len == 1 || rest->ptr[1] == '.');
    *rest = slice_from(*rest, len);
}

static void expect_object(struct slice *rest)
{
    expect_char(rest, '{');
    for (;;) {
        expect_string(rest);
        expect_char(rest, ':');
        if (rest->len > 0 && rest->ptr[0] == '"') {
            expect_string(rest);
        } else {
            expect_number(rest);
        }
        if (rest->len == 0 || rest->ptr[0] != ',') {
            break;
        }
        expect_char(rest, ',');
    }
    expect_char(rest, '}');
}

/* --- the lines ---------------------------------------------------------------------- */

static struct {
    struct slice text; /* of the format under test */
    unsigned lines[LOG_COUNT];
} now;

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool is_control_or_quote(char c)
{
    return is_control(c) || c == '"';
}

static bool is_not_plain(char c)
{
    return is_control_or_quote(c) || (unsigned char)c >= 0x80;
}

static size_t count(struct slice text, bool (*is)(char))
{
    size_t found = 0;
    for (size_t i = 0; i < text.len; i++) {
        found += is(text.ptr[i]);
    }
    return found;
}

static bool is_json_control(char c)
{
    return (unsigned char)c < 0x20;
}

static void check_object(struct slice line)
{
    expect_object(&line);
    INVARIANT(line.len == 0);
}

/* What a value could break out with comes from the text of the format or not at all. */
static void take_access(void *context, uint32_t file, struct slice line)
{
    (void)context;
    INVARIANT(file < LOG_COUNT && line.len > 0 && line.len <= ACCESS_LINE_MAX);
    now.lines[file]++;
    line.len--;
    INVARIANT(line.ptr[line.len] == '\n');
    switch ((enum log_number)file) {
    case LOG_DEFAULT:
        INVARIANT(count(line, is_not_plain) == count(now.text, is_not_plain));
        break;
    case LOG_JSON:
        INVARIANT(count(line, is_json_control) == count(now.text, is_json_control));
        break;
    case LOG_COMBINED:
        INVARIANT(count(line, is_control) == 0 && count(line, is_not_plain) == 6);
        break;
    case LOG_MEMBER:
    case LOG_OBJECT:
        check_object(line);
        break;
    default:
        break;
    }
}

/* --- the configuration -------------------------------------------------------------- */

/* As a quoted word: every byte reaches the compiler of templates. */
static void append_word(struct buf *out, struct slice front, struct slice text,
                        struct slice end)
{
    buf_append_char(out, '\'');
    buf_append_slice(out, front);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'' || text.ptr[i] == '\\') {
            buf_append_char(out, '\\');
        }
        buf_append_char(out, text.ptr[i]);
    }
    buf_append_slice(out, end);
    buf_append_char(out, '\'');
}

/* The text without what only its author could put right in a JSON string. */
static void keep_plain(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        buf_append_char(out, is_not_plain(c) || c == '\\' ? ' ' : c);
    }
}

static void append_format(struct buf *out, const char *name, const char *escape)
{
    buf_printf(out, "log_format %s escape=%s ", name, escape);
    append_word(out, SLICE(""), now.text, SLICE(""));
    buf_append_str(out, ";\n");
}

static void append_config(struct buf *out)
{
    struct buf plain = {0};
    keep_plain(&plain, now.text);
    buf_append_str(out, "error_log stderr info; http {\n");
    append_format(out, "default", "default");
    append_format(out, "json_too", "json");
    append_format(out, "none", "none");
    buf_append_str(out, "log_format member escape=json ");
    append_word(out, SLICE("{\"a\":\""), buf_slice(&plain), SLICE("\",\"b\":\"$uri\"}"));
    buf_printf(out, ";\n%sserver { location / { add_header X ", logs);
    append_word(out, SLICE(""), buf_slice(&plain), SLICE(""));
    buf_append_str(out, " always; return 200 ");
    append_word(out, SLICE(""), now.text, SLICE(""));
    buf_append_str(out, "; }\nlocation /away { return 302 ");
    append_word(out, SLICE("/"), now.text, SLICE(""));
    buf_append_str(out, "; }\nlocation /try { try_files ");
    append_word(out, SLICE("/"), now.text, SLICE(""));
    buf_append_str(out, " =404; } } }\n");
    buf_append_char(out, '\0');
    buf_free(&plain);
}

/* --- the request -------------------------------------------------------------------- */

static void check_head(const struct segment *head)
{
    struct slice rest = slice_of(head->memory, (size_t)head->left);
    answer_take_head(&rest);
    INVARIANT(rest.len == 0);
}

/* As a connection does it, without one. */
static void answer_request(struct request *request, unsigned flags)
{
    struct outq queue = {0};
    if (!request->response.silent && !(flags & FLAG_BREAK)) {
        request_queue(request, &queue, true);
        check_head(queue.first);
        request->bytes_sent = request->send_end - request->send_begin;
        request->complete = true;
    }
    request_end(request);
}

static void ask(const struct config *config, unsigned flags, struct slice bytes)
{
    struct service service;
    struct buf head = {0};
    struct client client = {
        .number = 1,
        .requests = 1,
        .socket = -1,
        .peer.in = site_peer(),
        .accepted_ms = clock_now_ms(),
        .address = config->sockets[0]->addresses[0],
    };
    service_init(&service, config);
    service.access_sink = take_access;
    struct request *request = request_create(&service, &client);
    if (flags & FLAG_REFUSE) {
        request_refuse(request, 400, "as the input says", bytes);
    } else {
        buf_append_str(&head, "GET /");
        buf_append_slice(&head, bytes);
        buf_append_str(&head, "\r\n\r\n");
        request_begin(request, buf_slice(&head), head.len);
    }
    answer_request(request, flags);
    for (int log = LOG_DEFAULT; log < LOG_COUNT; log++) {
        INVARIANT(now.lines[log] == 1);
    }
    buf_free(&head);
    service_clear(&service);
}

static void try_text(unsigned flags, struct slice bytes)
{
    struct buf text = {0};
    struct diagnostics diag;
    struct arena *arena = arena_create(4096);
    diag_init(&diag, arena);
    append_config(&text);
    struct config *config = site_load(text.data, &diag);
    INVARIANT((config == NULL) == (diag.errors > 0));
    if (config != NULL) {
        ask(config, flags, bytes);
        config_destroy(config);
    }
    arena_destroy(arena);
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > INPUT_MAX) {
        return 0;
    }
    if (site_prefix[0] == '\0') {
        site_begin();
        log_set_sink(site_take_error, NULL);
    }
    clock_update();
    struct slice rest = slice_of((const char *)data + 1, size - 1);
    memset(&now, 0, sizeof(now));
    now.text = slice_of(rest.ptr, slice_find(rest, '\0'));
    try_text(data[0], slice_from(rest, now.text.len + 1));
    return 0;
}
