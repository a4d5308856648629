#include "server/base64.h"
#include "tests/unit/unit.h"

/* RFC 4648, 10, and what is none. */
static const struct {
    const char *text;
    const char *bytes; /* NULL: refused */
} cases[] = {
    {"", ""},
    {"Zg==", "f"},
    {"Zm8=", "fo"},
    {"Zm9v", "foo"},
    {"Zm9vYg==", "foob"},
    {"Zm9vYmE=", "fooba"},
    {"Zm9vYmFy", "foobar"},
    {"Zg", "f"},
    {"Zm8", "fo"},
    {"+/+/", "\xfb\xff\xbf"},
    {"Z", NULL},
    {"Zm9vY", NULL},
    {"Zh==", NULL},
    {"Zm9=", NULL},
    {"Zg=", NULL},
    {"=", NULL},
    {"====", NULL},
    {"Z===", NULL},
    {"Zm 8=", NULL},
    {"Zm-_", NULL},
    {"Zg==Zg==", NULL},
    {"Zm9v\n", NULL},
};

START_TEST(decodes)
{
    char out[32];
    size_t len;
    bool good = base64_decode(slice_str(cases[_i].text), out, &len);
    ck_assert_msg(good == (cases[_i].bytes != NULL), "%s", cases[_i].text);
    if (good) {
        ck_assert_uint_eq(len, strlen(cases[_i].bytes));
        ck_assert_mem_eq(out, cases[_i].bytes, len);
    }
}
END_TEST

UNIT_SUITE(base64)
{
    UNIT_LOOP(decodes, 0, sizeof(cases) / sizeof(cases[0]));
}
