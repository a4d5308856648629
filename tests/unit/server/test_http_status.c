#include "server/http_status.h"
#include "tests/unit/unit.h"

START_TEST(knows_reasons)
{
    UNIT_SLICE_EQ(http_reason(200), "OK");
    UNIT_SLICE_EQ(http_reason(100), "Continue");
    UNIT_SLICE_EQ(http_reason(416), "Range Not Satisfiable");
    UNIT_SLICE_EQ(http_reason(511), "Network Authentication Required");
}
END_TEST

START_TEST(has_an_empty_reason_for_unknown_codes)
{
    static const unsigned unknown[] = {0, 99, 199, 299, HTTP_CLOSE, 510, 512, 999, 70000};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
        UNIT_SLICE_EQ(http_reason(unknown[i]), "");
        ck_assert_ptr_nonnull(http_reason(unknown[i]).ptr);
    }
}
END_TEST

START_TEST(writes_status_lines)
{
    char scratch[5];
    UNIT_SLICE_EQ(http_status_text(200, scratch), "200 OK");
    UNIT_SLICE_EQ(http_status_text(404, scratch), "404 Not Found");
    UNIT_SLICE_EQ(http_status_text(299, scratch), "299 ");
    UNIT_SLICE_EQ(http_status_text(999, scratch), "999 ");
    UNIT_SLICE_EQ(http_status_text(102, scratch), "102 ");
}
END_TEST

START_TEST(every_text_begins_with_its_code)
{
    char scratch[5];
    for (unsigned status = 100; status < 600; status++) {
        struct slice text = http_status_text(status, scratch);
        uint64_t code = 0;
        ck_assert(slice_to_u64(slice_of(text.ptr, 3), &code));
        ck_assert_uint_eq(code, status);
        ck_assert_int_eq(text.ptr[3], ' ');
    }
}
END_TEST

START_TEST(knows_which_have_no_content)
{
    for (unsigned status = 100; status < 600; status++) {
        bool bodiless = status < 200 || status == 204 || status == 304;
        ck_assert_int_eq(http_status_bodiless(status), bodiless);
    }
}
END_TEST

START_TEST(knows_which_redirect)
{
    for (unsigned status = 100; status < 600; status++) {
        bool redirects = status == 301 || status == 302 || status == 303 ||
                         status == 307 || status == 308;
        ck_assert_int_eq(http_status_redirects(status), redirects);
    }
}
END_TEST

UNIT_SUITE(http_status)
{
    UNIT_TEST(knows_reasons);
    UNIT_TEST(has_an_empty_reason_for_unknown_codes);
    UNIT_TEST(writes_status_lines);
    UNIT_TEST(every_text_begins_with_its_code);
    UNIT_TEST(knows_which_have_no_content);
    UNIT_TEST(knows_which_redirect);
}
