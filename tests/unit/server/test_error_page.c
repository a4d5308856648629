#include "server/error_page.h"
#include "tests/unit/server/serve.h"

static const char *page(unsigned status)
{
    const struct service_page *page = error_page_get(serve.request, status);
    ck_assert_uint_eq(strlen(page->html), page->len);
    return page->html;
}

static const struct {
    unsigned status;
    const char *title;
    const char *sentence;
} rows[] = {
    {404, "<title>404 Not Found</title>", "There is no page at this address."},
    {413, "<title>413 Content Too Large</title>", "larger than the server takes"},
    {503, "<title>503 Service Unavailable</title>", "try again soon"},
    {418, "<h1>Error</h1>", "The request could not be answered."},
    {599, "<p class=\"status\">599</p>", "The server could not do what was asked."},
};

START_TEST(says_what_the_status_means)
{
    serve_start("server { }");
    serve_create();
    ck_assert_ptr_nonnull(strstr(page(rows[_i].status), rows[_i].title));
    ck_assert_ptr_nonnull(strstr(page(rows[_i].status), rows[_i].sentence));
    serve_stop();
}
END_TEST

START_TEST(is_whole_and_plain)
{
    serve_start("server { }");
    serve_create();
    const char *html = page(404);
    ck_assert_int_eq(strncmp(html, "<!DOCTYPE html>\n<html lang=\"en\">", 32), 0);
    ck_assert_str_eq(html + strlen(html) - 8, "</html>\n");
    ck_assert_ptr_nonnull(strstr(html, "prefers-color-scheme:dark"));
    ck_assert_ptr_null(strstr(html, "<script"));
    ck_assert_ptr_null(strstr(html, "http://"));
    serve_stop();
}
END_TEST

START_TEST(names_the_server_as_server_tokens_asks)
{
    serve_start(
        "server { location /off { server_tokens off; return 404; } return 404; }");
    ASK("GET", "/");
    ck_assert_ptr_nonnull(
        strstr(serve.body.data, "<footer>tinyhttpd/" TINYHTTPD_VERSION "</footer>"));
    ASK("GET", "/off");
    ck_assert_ptr_nonnull(strstr(serve.body.data, "<footer>tinyhttpd</footer>"));
    serve_stop();
}
END_TEST

static const struct {
    const char *location;
    const char *link; /* NULL: none */
} links[] = {
    {"/x?a=1&b='", "<a href=\"/x?a=1&amp;b=&#39;\">"},
    {"https://o.example/", "<a href=\"https://o.example/\">"},
    {"javascript:alert(1)", NULL},
    {"", NULL},
};

START_TEST(links_to_where_a_redirect_leads)
{
    serve_start("server { }");
    serve_create()->response.location = slice_str(links[_i].location);
    const char *html = page(301);
    if (links[_i].link != NULL) {
        ck_assert_ptr_nonnull(strstr(html, links[_i].link));
    } else {
        ck_assert_ptr_null(strstr(html, "<a "));
    }
    serve_stop();
}
END_TEST

/* A page that is kept is for the same status, without a link, and the same name. */
START_TEST(keeps_a_page_for_each_kind_of_answer)
{
    serve_start("server { location /quiet/ { server_tokens off; } }");
    ASK("GET", "/none");
    ck_assert_ptr_nonnull(strstr(page(404), "404 Not Found"));
    const char *kept = page(404);
    ck_assert_ptr_nonnull(strstr(page(403), "403 Forbidden"));
    ck_assert_ptr_eq(page(404), kept);
    serve.request->response.location = SLICE("/there");
    ck_assert_ptr_nonnull(strstr(page(404), "<a href=\"/there\">"));
    serve.request->response.location = SLICE_NULL;
    ck_assert_ptr_null(strstr(page(404), "<a href"));
    ck_assert_ptr_nonnull(strstr(page(404), "tinyhttpd/"));
    ASK("GET", "/quiet/none");
    ck_assert_ptr_null(strstr(page(404), "tinyhttpd/"));
    ck_assert_ptr_nonnull(strstr(kept, "tinyhttpd/"));
    serve_stop();
}
END_TEST

START_TEST(shows_nothing_of_the_request)
{
    serve_start("server { location / { } }");
    serve_ask("GET /<b>%3Cscript%3E HTTP/1.1\r\nHost: a\r\n\r\n");
    ASK("GET", "/secret-name");
    ck_assert_ptr_null(strstr(serve.body.data, "secret-name"));
    serve_stop();
}
END_TEST

UNIT_SUITE(error_page)
{
    UNIT_LOOP(says_what_the_status_means, 0, sizeof(rows) / sizeof(rows[0]));
    UNIT_TEST(is_whole_and_plain);
    UNIT_TEST(names_the_server_as_server_tokens_asks);
    UNIT_LOOP(links_to_where_a_redirect_leads, 0, sizeof(links) / sizeof(links[0]));
    UNIT_TEST(keeps_a_page_for_each_kind_of_answer);
    UNIT_TEST(shows_nothing_of_the_request);
}
