#include "server/http_date.h"
#include "tests/unit/unit.h"
#include <time.h>

#define COUNT(table) (int)(sizeof(table) / sizeof(*(table)))

static const int64_t in_2024 = 1709210096; /* Thu, 29 Feb 2024 12:34:56 GMT */
static const int64_t day = 24 * 60 * 60;

START_TEST(formats)
{
    char out[HTTP_DATE_LEN + 1];
    UNIT_SLICE_EQ(http_date_format(0, out), "Thu, 01 Jan 1970 00:00:00 GMT");
    UNIT_SLICE_EQ(http_date_format(784111777, out), "Sun, 06 Nov 1994 08:49:37 GMT");
    UNIT_SLICE_EQ(http_date_format(in_2024, out), "Thu, 29 Feb 2024 12:34:56 GMT");
    UNIT_SLICE_EQ(http_date_format(-1, out), "Wed, 31 Dec 1969 23:59:59 GMT");
    ck_assert_int_eq(out[HTTP_DATE_LEN], '\0');
}
END_TEST

START_TEST(keeps_to_four_digits_of_the_year)
{
    char out[HTTP_DATE_LEN + 1];
    UNIT_SLICE_EQ(http_date_format(INT64_MAX, out), "Fri, 31 Dec 9999 23:59:59 GMT");
    UNIT_SLICE_EQ(http_date_format(INT64_MIN, out), "Sat, 01 Jan 0000 00:00:00 GMT");
}
END_TEST

START_TEST(agrees_with_libc_and_reads_itself)
{
    char out[HTTP_DATE_LEN + 1], expected[64];
    for (int64_t at = -80 * 365 * day; at < 400 * 365 * day; at += 17 * day + 4999) {
        time_t seconds = (time_t)at;
        struct tm parts;
        gmtime_r(&seconds, &parts);
        strftime(expected, sizeof(expected), "%a, %d %b %Y %H:%M:%S GMT", &parts);
        struct slice text = http_date_format(at, out);
        UNIT_SLICE_EQ(text, expected);

        int64_t back = 0;
        ck_assert(http_date_parse(text, in_2024, &back));
        ck_assert_int_eq(back, at);
    }
}
END_TEST

static const struct {
    const char *text;
    int64_t seconds;
} good[] = {
    {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
    {"Sun Nov  6 08:49:37 1994", 784111777},
    {"Wed Nov 16 08:49:37 1994", 784975777},
    {"Thu, 29 Feb 2024 12:34:56 GMT", 1709210096},
    {"Tue, 29 Feb 2000 00:00:00 GMT", 951782400},
    {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800}, /* a leap second */
    {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
};

START_TEST(parses_the_three_forms)
{
    int64_t seconds = -1;
    ck_assert(http_date_parse(slice_str(good[_i].text), in_2024, &seconds));
    ck_assert_int_eq(seconds, good[_i].seconds);
}
END_TEST

static const char *const bad[] = {
    "",
    "Sun, 06 Nov 1994 08:49:37",      /* no zone */
    "Sun, 06 Nov 1994 08:49:37 UTC",  /* another zone */
    "Sun, 06 Nov 1994 08:49:37 GMT ", /* trailing byte */
    " Sun, 06 Nov 1994 08:49:37 GMT", /* leading byte */
    "Mon, 06 Nov 1994 08:49:37 GMT",  /* it was a Sunday */
    "sun, 06 Nov 1994 08:49:37 GMT",  /* case */
    "Sun, 06 nov 1994 08:49:37 GMT",  /* case */
    "Sun, 6 Nov 1994 08:49:37 GMT",   /* one digit */
    "Sun, 06 Nov 94 08:49:37 GMT",    /* two-digit year in IMF-fixdate */
    "Sun, 06 Nov 1994 8:49:37 GMT",   /* one digit */
    "Sun, 06 Nov 1994 24:49:37 GMT",  /* hour */
    "Sun, 06 Nov 1994 08:60:37 GMT",  /* minute */
    "Sun, 06 Nov 1994 08:49:61 GMT",  /* second */
    "Wed, 00 Nov 1994 08:49:37 GMT",  /* day */
    "Wed, 30 Feb 1994 08:49:37 GMT",  /* Wed 2 Mar */
    "Thu, 29 Feb 1900 12:34:56 GMT",  /* no leap year; Thu 1 Mar */
    "Sun,  06 Nov 1994 08:49:37 GMT", /* two spaces */
    "Sun, 06 Nov 1994 08:49:37 GMT; length=5",
    "Sunday, 06-Nov-1994 08:49:37 GMT", /* four-digit year in RFC 850 */
    "Sun, 06-Nov-94 08:49:37 GMT",      /* short day in RFC 850 */
    "Monday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov 06 08:49:37 94",
    "Sun Nov 6 08:49:37 1994", /* unpadded day */
    "Sun Nov  6 08:49:37 1994 GMT",
    "784111777",
};

START_TEST(refuses_everything_else)
{
    int64_t seconds = 7;
    ck_assert(!http_date_parse(slice_str(bad[_i]), in_2024, &seconds));
    ck_assert_int_eq(seconds, 7);
}
END_TEST

START_TEST(refuses_every_prefix)
{
    for (int i = 0; i < COUNT(good); i++) {
        struct slice text = slice_str(good[i].text);
        for (size_t len = 0; len < text.len; len++) {
            int64_t seconds;
            ck_assert(!http_date_parse(slice_of(text.ptr, len), in_2024, &seconds));
        }
    }
}
END_TEST

START_TEST(places_two_digit_years)
{
    int64_t seconds = 0;
    /* 2074-02-28 is less than 50 years ahead, 2074-03-01 is more: 1974. */
    ck_assert(
        http_date_parse(SLICE("Wednesday, 28-Feb-74 00:00:00 GMT"), in_2024, &seconds));
    ck_assert_int_eq(seconds, 3287001600);
    ck_assert(
        http_date_parse(SLICE("Friday, 01-Mar-74 00:00:00 GMT"), in_2024, &seconds));
    ck_assert_int_eq(seconds, 131328000);
    /* At the end of a century the next one is near. */
    int64_t in_2099 = 4102444800 - day;
    ck_assert(
        http_date_parse(SLICE("Saturday, 01-Jan-05 00:00:00 GMT"), in_2024, &seconds));
    ck_assert_int_eq(seconds, 1104537600);
    ck_assert(
        http_date_parse(SLICE("Thursday, 01-Jan-05 00:00:00 GMT"), in_2099, &seconds));
    ck_assert_int_eq(seconds, 4260211200);
}
END_TEST

UNIT_SUITE(http_date)
{
    UNIT_TEST(formats);
    UNIT_TEST(keeps_to_four_digits_of_the_year);
    UNIT_TEST(agrees_with_libc_and_reads_itself);
    UNIT_LOOP(parses_the_three_forms, 0, COUNT(good));
    UNIT_LOOP(refuses_everything_else, 0, COUNT(bad));
    UNIT_TEST(refuses_every_prefix);
    UNIT_TEST(places_two_digit_years);
}
