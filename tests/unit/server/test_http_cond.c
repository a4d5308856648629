#include "server/http_cond.h"
#include "tests/unit/server/parsed_head.h"
#include "tests/unit/unit.h"
#include <stdio.h>

#define COUNT(table) (int)(sizeof(table) / sizeof(*(table)))

#define MTIME  784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */
#define SAME   "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER  "Sun, 06 Nov 1994 08:49:38 GMT"

#define IM    "If-Match: "
#define INM   "If-None-Match: "
#define IMS   "If-Modified-Since: "
#define IUS   "If-Unmodified-Since: "
#define IR    "If-Range: "
#define RANGE "Range: bytes=0-1\r\n"

static struct http_cond evaluate(const char *method, const char *lines,
                                 const struct http_validators *validators,
                                 enum http_ims ims, int64_t now)
{
    char text[512];
    struct parsed_head parsed;
    snprintf(text, sizeof(text), "%s / HTTP/1.1\r\n%s\r\n", method, lines);
    ck_assert_uint_eq(parsed_head_read(&parsed, slice_str(text)), 0);
    return http_cond_evaluate(&parsed.head, validators, ims, now);
}

static const struct http_validators strong = {SLICE_INIT("\"a\""), MTIME};
static const struct http_validators weak = {SLICE_INIT("W/\"a\""), MTIME};
static const struct http_validators none = {{NULL, 0}, -1};

static const struct {
    const char *method, *lines;
    const struct http_validators *validators;
    unsigned status;
} cases[] = {
    {"GET", "", &strong, 0},
    /* If-Match (RFC 9110, 13.1.1) */
    {"GET", IM "\"a\"\r\n", &strong, 0},
    {"GET", IM "\"b\"\r\n", &strong, 412},
    {"GET", IM "\"A\"\r\n", &strong, 412},
    {"GET", IM "a\r\n", &strong, 412},
    {"GET", IM "\"b\", \"a\"\r\n", &strong, 0},
    {"GET", IM "\"b\"\r\n" IM "\"a\"\r\n", &strong, 0},
    {"GET", IM "W/\"a\"\r\n", &strong, 412},
    {"GET", IM "\"a\"\r\n", &weak, 412},
    {"GET", IM "W/\"a\"\r\n", &weak, 412},
    {"GET", IM "*\r\n", &strong, 0},
    {"GET", IM "*\r\n", &none, 0},
    {"GET", IM "\"a\"\r\n", &none, 412},
    {"GET", IM "\r\n", &strong, 412},
    {"PUT", IM "\"b\"\r\n", &strong, 412},
    {"HEAD", IM "\"b\"\r\n", &strong, 412},
    {"OPTIONS", IM "\"b\"\r\n", &strong, 0},
    {"TRACE", IM "\"b\"\r\n", &strong, 0},
    /* If-Unmodified-Since (13.1.4), only without If-Match */
    {"GET", IUS SAME "\r\n", &strong, 0},
    {"GET", IUS AFTER "\r\n", &strong, 0},
    {"GET", IUS BEFORE "\r\n", &strong, 412},
    {"PUT", IUS BEFORE "\r\n", &strong, 412},
    {"GET", IUS "yesterday\r\n", &strong, 0},
    {"GET", IUS BEFORE "\r\n" IUS BEFORE "\r\n", &strong, 0},
    {"GET", IUS BEFORE ", " BEFORE "\r\n", &strong, 0},
    {"GET", IUS BEFORE "\r\n", &none, 0},
    {"GET", IM "\"a\"\r\n" IUS BEFORE "\r\n", &strong, 0},
    /* If-None-Match (13.1.2) */
    {"GET", INM "\"a\"\r\n", &strong, 304},
    {"HEAD", INM "\"a\"\r\n", &strong, 304},
    {"PUT", INM "\"a\"\r\n", &strong, 412},
    {"POST", INM "*\r\n", &strong, 412},
    {"GET", INM "\"b\"\r\n", &strong, 0},
    {"GET", INM "W/\"a\"\r\n", &strong, 304},
    {"GET", INM "\"a\"\r\n", &weak, 304},
    {"GET", INM "W/\"a\"\r\n", &weak, 304},
    {"GET", INM "w/\"a\"\r\n", &strong, 0},
    {"GET", INM "*\r\n", &none, 304},
    {"GET", INM "\"*\"\r\n", &strong, 0},
    {"GET", INM "\"x\", *\r\n", &strong, 0},
    {"GET", INM "\"x\" ,, W/\"a\"\r\n", &strong, 304},
    {"GET", INM "\"x,\", \"\", \"a\"\r\n", &strong, 304},
    {"GET", INM "\"x\\\", \"a\"\r\n", &strong, 304},
    {"GET", INM "\"x\" \"a\"\r\n", &strong, 0},
    {"GET", INM "\"a\"x\r\n", &strong, 0},
    {"GET", INM "\"x y\", \"a\"\r\n", &strong, 0},
    {"GET", INM "\"a\r\n", &strong, 0},
    {"GET", INM "\"\r\n", &strong, 0},
    {"GET", INM "W/\r\n", &strong, 0},
    {"GET", INM "\"x\"\r\n" INM "\"a\"\r\n", &strong, 304},
    {"GET", INM "\"a\"\r\n", &none, 0},
    {"OPTIONS", INM "*\r\n", &strong, 0},
    /* it wins over If-Modified-Since (13.2.2) */
    {"GET", INM "\"b\"\r\n" IMS SAME "\r\n", &strong, 0},
    {"GET", INM "\"a\"\r\n" IMS BEFORE "\r\n", &strong, 304},
    /* 412 comes before 304 */
    {"GET", IM "\"b\"\r\n" INM "\"a\"\r\n", &strong, 412},
    {"GET", IM "\"a\"\r\n" INM "\"a\"\r\n", &strong, 304},
    {"GET", IUS SAME "\r\n" IMS SAME "\r\n", &strong, 304},
};

START_TEST(evaluates_in_order)
{
    struct http_cond cond = evaluate(cases[_i].method, cases[_i].lines,
                                     cases[_i].validators, HTTP_IMS_EXACT, MTIME + 9);
    ck_assert_msg(cond.status == cases[_i].status, "%u: %s", cond.status,
                  cases[_i].lines);
}
END_TEST

static const struct {
    const char *method, *lines;
    enum http_ims ims;
    unsigned status;
} modified[] = {
    {"GET", IMS SAME "\r\n", HTTP_IMS_EXACT, 304},
    {"HEAD", IMS SAME "\r\n", HTTP_IMS_EXACT, 304},
    {"POST", IMS SAME "\r\n", HTTP_IMS_EXACT, 0},
    {"GET", IMS AFTER "\r\n", HTTP_IMS_EXACT, 0},
    {"GET", IMS BEFORE "\r\n", HTTP_IMS_EXACT, 0},
    {"GET", IMS SAME "\r\n", HTTP_IMS_BEFORE, 304},
    {"GET", IMS AFTER "\r\n", HTTP_IMS_BEFORE, 304},
    {"GET", IMS BEFORE "\r\n", HTTP_IMS_BEFORE, 0},
    {"GET", IMS SAME "\r\n", HTTP_IMS_OFF, 0},
    {"GET", IMS AFTER "\r\n", HTTP_IMS_OFF, 0},
    {"GET", IMS "Sunday, 06-Nov-94 08:49:37 GMT\r\n", HTTP_IMS_EXACT, 304},
    {"GET", IMS "Sun Nov  6 08:49:37 1994\r\n", HTTP_IMS_EXACT, 304},
    {"GET", IMS "Mon, 06 Nov 1994 08:49:37 GMT\r\n", HTTP_IMS_BEFORE, 0},
    {"GET", IMS SAME "; length=1\r\n", HTTP_IMS_BEFORE, 0},
    {"GET", IMS SAME "\r\n" IMS SAME "\r\n", HTTP_IMS_BEFORE, 0},
    {"GET", IMS SAME ", " SAME "\r\n", HTTP_IMS_BEFORE, 0},
    {"GET", IMS SAME "\r\nX: y\r\n", HTTP_IMS_BEFORE, 304},
    {"GET", IMS "\r\n", HTTP_IMS_BEFORE, 0},
};

START_TEST(compares_modification_dates)
{
    struct http_cond cond = evaluate(modified[_i].method, modified[_i].lines, &strong,
                                     modified[_i].ims, MTIME + 9);
    ck_assert_msg(cond.status == modified[_i].status, "%u: %s", cond.status,
                  modified[_i].lines);
}
END_TEST

START_TEST(ignores_dates_without_a_date_to_compare)
{
    static const enum http_ims all[] = {HTTP_IMS_OFF, HTTP_IMS_EXACT, HTTP_IMS_BEFORE};
    for (int i = 0; i < COUNT(all); i++) {
        struct http_cond cond = evaluate("GET", IMS SAME "\r\n", &none, all[i], MTIME);
        ck_assert_uint_eq(cond.status, 0);
    }
}
END_TEST

static const struct {
    const char *method, *lines;
    const struct http_validators *validators;
    int64_t age; /* seconds since the modification */
    bool honor;
} ranges[] = {
    {"GET", "", &strong, 9, true},
    {"GET", RANGE, &strong, 9, true},
    {"HEAD", RANGE, &strong, 9, false},
    {"POST", RANGE, &strong, 9, false},
    {"GET", RANGE IR "\"a\"\r\n", &strong, 9, true},
    {"GET", RANGE IR "\"b\"\r\n", &strong, 9, false},
    {"GET", RANGE IR "W/\"a\"\r\n", &strong, 9, false},
    {"GET", RANGE IR "\"a\"\r\n", &weak, 9, false},
    {"GET", RANGE IR "W/\"a\"\r\n", &weak, 9, false},
    {"GET", RANGE IR "\"a\", \"b\"\r\n", &strong, 9, false},
    {"GET", RANGE IR "*\r\n", &strong, 9, false},
    {"GET", RANGE IR "\r\n", &strong, 9, false},
    {"GET", RANGE IR "\"a\"\r\n", &none, 9, false},
    {"GET", RANGE IR SAME "\r\n", &strong, 9, true},
    {"GET", RANGE IR SAME "\r\n", &strong, 1, true},
    {"GET", RANGE IR SAME "\r\n", &strong, 0, false},
    {"GET", RANGE IR AFTER "\r\n", &strong, 9, false},
    {"GET", RANGE IR BEFORE "\r\n", &strong, 9, false},
    {"GET", RANGE IR SAME "\r\n", &none, 9, false},
};

START_TEST(guards_ranges)
{
    struct http_cond cond =
        evaluate(ranges[_i].method, ranges[_i].lines, ranges[_i].validators,
                 HTTP_IMS_EXACT, MTIME + ranges[_i].age);
    ck_assert_uint_eq(cond.status, 0);
    ck_assert_msg(cond.honor_range == ranges[_i].honor, "%s", ranges[_i].lines);
}
END_TEST

START_TEST(takes_any_byte_in_an_etag)
{
    const struct http_validators odd = {SLICE_INIT("\"\\!#~\x80\xff\""), MTIME};
    struct http_cond cond =
        evaluate("GET", INM "\"\\!#~\x80\xff\"\r\n", &odd, HTTP_IMS_EXACT, MTIME);
    ck_assert_uint_eq(cond.status, 304);
}
END_TEST

UNIT_SUITE(http_cond)
{
    UNIT_LOOP(evaluates_in_order, 0, COUNT(cases));
    UNIT_LOOP(compares_modification_dates, 0, COUNT(modified));
    UNIT_TEST(ignores_dates_without_a_date_to_compare);
    UNIT_LOOP(guards_ranges, 0, COUNT(ranges));
    UNIT_TEST(takes_any_byte_in_an_etag);
}
