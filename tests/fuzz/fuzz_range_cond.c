/*
 * Ranges, conditions and dates: the input is the field lines of a request. The first byte
 * chooses the size of the representation, the second the validators.
 */
#include "server/http_cond.h"
#include "server/http_date.h"
#include "server/http_range.h"
#include "tests/fuzz/invariant.h"
#include <stdbool.h>
#include <string.h>

#define FIELDS    16
#define LINES_MAX 2048
#define MTIME     784111777

static const uint64_t sizes[] = {0, 1, 10, 1000, 4294967297, INT64_MAX, UINT64_MAX};
static const struct slice etags[] = {
    {NULL, 0}, SLICE_INIT("\"a\""), SLICE_INIT("W/\"a\"")};

static void check_ranges(struct slice value, uint64_t size, size_t max)
{
    struct http_range ranges[HTTP_RANGE_MAX];
    size_t count = 0;
    uint64_t sum = 0;
    if (http_range_parse(value, size, max, ranges, &count) != HTTP_RANGE_PARTIAL) {
        return;
    }
    INVARIANT(count > 0 && count <= max && count <= HTTP_RANGE_MAX);
    for (size_t i = 0; i < count; i++) {
        INVARIANT(ranges[i].first <= ranges[i].last && ranges[i].last < size);
        uint64_t len = ranges[i].last - ranges[i].first + 1;
        INVARIANT(len <= size - sum);
        sum += len;
        for (size_t j = 0; j < i; j++) { /* apart, with a byte between */
            INVARIANT(ranges[i].first > ranges[j].last + 1 ||
                      ranges[j].first > ranges[i].last + 1);
        }
    }
}

/* A date that was read is written as one that reads the same. */
static void check_date(struct slice value)
{
    int64_t seconds, again;
    char out[HTTP_DATE_LEN + 1];
    if (http_date_parse(value, MTIME, &seconds)) {
        struct slice text = http_date_format(seconds, out);
        INVARIANT(text.len == HTTP_DATE_LEN);
        /* The last leap second of the year 9999 has no date of its own. */
        INVARIANT(seconds == 253402300800 ||
                  (http_date_parse(text, MTIME, &again) && again == seconds));
    }
}

static void check_cond(const struct http_head *head, unsigned choice)
{
    struct http_validators validators = {.etag = etags[choice % 3],
                                         .mtime = choice & 4 ? MTIME : -1};
    enum http_ims ims = choice & 8    ? HTTP_IMS_BEFORE
                        : choice & 16 ? HTTP_IMS_OFF
                                      : HTTP_IMS_EXACT;
    struct http_cond cond = http_cond_evaluate(head, &validators, ims, MTIME + 1);
    bool safe = head->method == HTTP_GET || head->method == HTTP_HEAD;
    INVARIANT(cond.status == 0 || cond.status == 304 || cond.status == 412);
    INVARIANT(cond.status != 304 || safe);
    INVARIANT(!cond.honor_range || head->method == HTTP_GET);
    INVARIANT(cond.status == 0 || head->fields.count > 0);
    INVARIANT(head->fields.first[HTTP_FIELD_IF_RANGE] == 0 || !cond.honor_range ||
              validators.etag.ptr != NULL || validators.mtime >= 0);
}

/* A whole request around the lines: "GET" most often. */
static struct slice request_of(struct slice lines, unsigned choice, char *out)
{
    struct slice method = choice & 32 ? SLICE("PUT") : SLICE("GET");
    struct slice rest = SLICE(" / HTTP/1.1\r\n");
    memcpy(out, method.ptr, method.len);
    memcpy(out + method.len, rest.ptr, rest.len);
    size_t len = method.len + rest.len;
    memcpy(out + len, lines.ptr, lines.len);
    len += lines.len;
    memcpy(out + len, "\r\n", 2);
    return slice_of(out, len + 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > LINES_MAX) {
        return 0;
    }
    char block[LINES_MAX + 32];
    const struct http_limits limits = {256, LINES_MAX, FIELDS};
    struct http_field lines[FIELDS];
    struct http_head head = {.fields = {.lines = lines, .capacity = FIELDS}};
    const char *why;
    uint64_t length = sizes[data[0] % (sizeof(sizes) / sizeof(*sizes))];
    struct slice text = slice_of((const char *)data + 2, size - 2);
    struct slice section, request = request_of(text, data[1], block);

    if (http_head_parse_line(&head, request, &section, &why) == 0 &&
        http_head_parse_fields(&head.fields, section, &limits, &why) == 0) {
        for (size_t i = 0; i < head.fields.count; i++) {
            check_ranges(lines[i].value, length, data[1] % 80u);
            check_date(lines[i].value);
        }
        check_cond(&head, data[1]);
    }
    check_ranges(text, length, HTTP_RANGE_MAX);
    check_date(text);
    return 0;
}
