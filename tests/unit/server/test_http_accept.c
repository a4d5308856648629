#include "server/http_accept.h"
#include "tests/unit/server/parsed_head.h"
#include "tests/unit/unit.h"
#include <stdio.h>

#define COUNT(table) (int)(sizeof(table) / sizeof(*(table)))

#define AE "Accept-Encoding: "

static const struct {
    const char *lines;
    unsigned br, zstd, gzip, identity;
} cases[] = {
    {"", 0, 0, 0, 1},
    {AE "\r\n", 0, 0, 0, 1},
    {AE "gzip\r\n", 0, 0, 1000, 1},
    {AE "GZip, BR\r\n", 1000, 0, 1000, 1},
    {AE "x-gzip\r\n", 0, 0, 1000, 1},
    {AE "gzip, deflate, br, zstd\r\n", 1000, 1000, 1000, 1},
    {AE "gzip\r\n" AE "br;q=0.5\r\n", 500, 0, 1000, 1},
    {AE "br;q=0.123 ; gzip\r\n", 0, 0, 0, 1},
    {AE "br;q=0.123, zstd;q=0.5,gzip ; q=1.000\r\n", 123, 500, 1000, 1},
    {AE "gzip;Q=0.1\r\n", 0, 0, 100, 1},
    {AE "gzip;q=0\r\n", 0, 0, 0, 1},
    {AE "gzip;q=0.000\r\n", 0, 0, 0, 1},
    {AE "gzip;q=1.\r\n", 0, 0, 1000, 1},
    {AE "*\r\n", 1000, 1000, 1000, 1000},
    {AE "*;q=0\r\n", 0, 0, 0, 0},
    {AE "identity;q=0\r\n", 0, 0, 0, 0},
    {AE "*;q=0, identity\r\n", 0, 0, 0, 1000},
    {AE "identity;q=0.5, *;q=0\r\n", 0, 0, 0, 500},
    {AE "*;q=0.3, br;q=0\r\n", 0, 300, 300, 300},
    /* malformed members say nothing */
    {AE "gzip;q=1.001\r\n", 0, 0, 0, 1},
    {AE "gzip;q=2\r\n", 0, 0, 0, 1},
    {AE "gzip;q=0.1234\r\n", 0, 0, 0, 1},
    {AE "gzip;q=.5\r\n", 0, 0, 0, 1},
    {AE "gzip;q=-1\r\n", 0, 0, 0, 1},
    {AE "gzip;q=\r\n", 0, 0, 0, 1},
    {AE "gzip;q\r\n", 0, 0, 0, 1},
    {AE "gzip;\r\n", 0, 0, 0, 1},
    {AE "gzip;x=1\r\n", 0, 0, 0, 1},
    {AE "gzip q=1\r\n", 0, 0, 0, 1},
    {AE "gzip;q= 1\r\n", 0, 0, 0, 1},
    {AE "gzip xq=1\r\n", 0, 0, 0, 1},
    {AE "gzip;q=0x5\r\n", 0, 0, 0, 1},
    {AE "gzip;q=0100\r\n", 0, 0, 0, 1},
    {AE "gzipx, xgzip, gzi\r\n", 0, 0, 0, 1},
    {AE "\"gzip\"\r\n", 0, 0, 0, 1},
    {AE ";q=1\r\n", 0, 0, 0, 1},
};

START_TEST(weighs_codings)
{
    char text[256];
    struct parsed_head parsed;
    unsigned quality[HTTP_CODING_COUNT];
    snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n%s\r\n", cases[_i].lines);
    ck_assert_uint_eq(parsed_head_read(&parsed, slice_str(text)), 0);
    http_accept_encoding(&parsed.head.fields, quality);
    ck_assert_uint_eq(quality[HTTP_CODING_BR], cases[_i].br);
    ck_assert_uint_eq(quality[HTTP_CODING_ZSTD], cases[_i].zstd);
    ck_assert_uint_eq(quality[HTTP_CODING_GZIP], cases[_i].gzip);
    ck_assert_uint_eq(quality[HTTP_CODING_IDENTITY], cases[_i].identity);
}
END_TEST

START_TEST(names_codings)
{
    UNIT_SLICE_EQ(http_coding_name(HTTP_CODING_BR), "br");
    UNIT_SLICE_EQ(http_coding_name(HTTP_CODING_ZSTD), "zstd");
    UNIT_SLICE_EQ(http_coding_name(HTTP_CODING_GZIP), "gzip");
    UNIT_SLICE_EQ(http_coding_name(HTTP_CODING_IDENTITY), "identity");
}
END_TEST

UNIT_SUITE(http_accept)
{
    UNIT_LOOP(weighs_codings, 0, COUNT(cases));
    UNIT_TEST(names_codings);
}
