/* Bytes from a client: scan in two ways, parse, look at the target, decide the framing.
 */
#include "server/http_accept.h"
#include "server/http_framing.h"
#include "tests/fuzz/invariant.h"

#define FIELDS 16

static const struct http_limits limits = {.line = 256, .section = 1024, .fields = FIELDS};

/* The verdict must not depend on how the bytes arrive. */
static enum http_scan scan(struct slice bytes, size_t *head_len, size_t *lines)
{
    struct http_scanner whole = {0}, stepwise = {0};
    size_t stepwise_len = 0;
    enum http_scan verdict = http_head_scan(&whole, bytes, &limits, head_len);
    enum http_scan again = HTTP_SCAN_MORE;
    for (size_t len = 0; len < bytes.len && again == HTTP_SCAN_MORE;) {
        len++;
        again =
            http_head_scan(&stepwise, slice_of(bytes.ptr, len), &limits, &stepwise_len);
    }
    INVARIANT(again == verdict);
    INVARIANT(verdict != HTTP_SCAN_COMPLETE || stepwise_len == *head_len);
    INVARIANT(whole.lines == stepwise.lines);
    *lines = whole.lines;
    return verdict;
}

static void check_inside(struct slice part, struct slice whole)
{
    INVARIANT(part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void check_fields(const struct http_fields *fields, struct slice block)
{
    INVARIANT(fields->count <= FIELDS);
    for (size_t i = 0; i < fields->count; i++) {
        const struct http_field *field = &fields->lines[i];
        check_inside(field->name, block);
        check_inside(field->value, block);
        INVARIANT(http_is_token(field->name));
        INVARIANT(http_is_field_value(field->value));
        INVARIANT(slice_eq(slice_trim(field->value), field->value));
        INVARIANT(field->id == http_field_lookup(field->name));
        if (field->id != HTTP_FIELD_OTHER) {
            size_t first = fields->first[field->id];
            INVARIANT(first >= 1 && first <= i + 1);
            INVARIANT(http_field_arity(field->id) != HTTP_SINGLETON || first == i + 1);
        }
    }
}

/* Members are not empty and come from the field's own lines. */
static void check_lists(const struct http_fields *fields, struct slice block)
{
    for (int id = 1; id < HTTP_FIELD_COUNT; id++) {
        struct http_list_walk walk = http_list_start(fields, (enum http_field_id)id);
        struct slice member;
        while (http_list_next(&walk, &member)) {
            INVARIANT(member.len > 0);
            INVARIANT(fields->first[id] > 0);
            check_inside(member, block);
        }
    }
    unsigned quality[HTTP_CODING_COUNT];
    http_accept_encoding(fields, quality);
    for (int coding = 0; coding < HTTP_CODING_COUNT; coding++) {
        INVARIANT(quality[coding] <= 1000);
    }
}

static void check_framing(const struct http_head *head, const struct http_target *target)
{
    struct http_framing framing;
    const char *why = NULL;
    unsigned status = http_framing(&framing, head, target, &why);
    const uint16_t *first = head->fields.first;
    INVARIANT(status == 0 || status == 400 || status == 417 || status == 501);
    INVARIANT((status == 0) == (why == NULL));
    if (status != 0) {
        INVARIANT(!framing.keep_alive);
        return;
    }
    INVARIANT(head->minor == 0 || first[HTTP_FIELD_HOST] > 0);
    INVARIANT((framing.body == HTTP_BODY_CHUNKED) ==
              (first[HTTP_FIELD_TRANSFER_ENCODING] > 0));
    INVARIANT(framing.body != HTTP_BODY_CHUNKED || head->minor == 1);
    INVARIANT((framing.body == HTTP_BODY_LENGTH) == (framing.content_length > 0));
    INVARIANT(framing.body == HTTP_BODY_NONE || !first[HTTP_FIELD_CONTENT_LENGTH] ||
              !first[HTTP_FIELD_TRANSFER_ENCODING]);
    INVARIANT(framing.host.ptr != NULL);
    INVARIANT(memchr(framing.host.ptr, '@', framing.host.len) == NULL);
}

/* There is room for a field line in each of the lines that were scanned. */
static void check_head(struct slice block, size_t scanned)
{
    struct http_field lines[FIELDS];
    size_t capacity = scanned < FIELDS ? scanned : FIELDS;
    struct http_head head = {.fields = {.lines = lines, .capacity = capacity}};
    struct http_target target;
    const char *why = NULL;
    struct slice section;
    unsigned status = http_head_parse_line(&head, block, &section, &why);
    if (status == 0) {
        status = http_head_parse_fields(&head.fields, section, &limits, &why);
    }
    INVARIANT(status == 0 || status == 400 || status == 431 || status == 505);
    INVARIANT((status == 0) == (why == NULL));
    if (status != 0) {
        return;
    }
    check_inside(head.request_line, block);
    INVARIANT(http_is_token(head.method_text));
    INVARIANT(head.target.len > 0 && head.minor <= 1);
    check_fields(&head.fields, block);
    check_lists(&head.fields, block);
    if (http_target_parse(&target, head.target, head.method, &why) == 0) {
        check_framing(&head, &target);
    }
}

/* The parser is given what was scanned; bytes that no scan let through must not hurt it.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(size > 0 ? (const char *)data : "", size);
    size_t head_len = 0, lines;
    if (scan(bytes, &head_len, &lines) == HTTP_SCAN_COMPLETE) {
        INVARIANT(head_len <= size);
        check_head(slice_of(bytes.ptr, head_len), lines);
    }
    check_head(bytes, FIELDS);
    return 0;
}
