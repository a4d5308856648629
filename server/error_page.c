#include "server/error_page.h"
#include "common/escape.h"
#include "common/xalloc.h"
#include "server/http_status.h"
#include "server/respond.h"
#include <stdlib.h>

const char error_page_style[] =
    ":root{color-scheme:light dark;--ink:#1d2129;--soft:#5b6472;--line:#d9dde3;"
    "--back:#fbfbfc;--link:#0b57b7;"
    "--sans:system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",sans-serif;"
    "--mono:ui-monospace,\"SF Mono\",Menlo,Consolas,\"DejaVu Sans Mono\",monospace}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4e7eb;--soft:#98a2b1;"
    "--line:#343a44;--back:#16181d;--link:#7db4ff}}"
    "*{box-sizing:border-box}"
    "body{margin:0;padding:2rem 1.25rem;min-height:100vh;background:var(--back);"
    "color:var(--ink);font:1rem/1.55 var(--sans);overflow-wrap:anywhere}"
    "a{color:var(--link)}"
    "h1{font-size:1.35rem;line-height:1.3;font-weight:600;margin:0 0 .5rem}"
    "footer{color:var(--soft);font-size:.85rem;border-top:1px solid var(--line);"
    "padding-top:.75rem;margin-top:2rem}";

/* Over the shared sheet: one column in the middle of the window. */
static const char page_style[] =
    "body{display:grid;place-content:center;justify-items:stretch}"
    "main,footer{width:min(34rem,calc(100vw - 2.5rem))}"
    "p{margin:0}.status{font:600 clamp(4rem,18vw,6.5rem)/1 var(--sans);"
    "letter-spacing:-.04em;margin:0 0 1rem;color:var(--soft)}";

/* One sentence for a person who sees the page; the reason phrase stands above it. */
static const struct {
    unsigned status;
    const char *sentence;
} meanings[] = {
    {301, "This page has moved for good."},
    {302, "This page is somewhere else for now."},
    {303, "The answer is on another page."},
    {307, "This page is somewhere else for now."},
    {308, "This page has moved for good."},
    {400, "The server could not make sense of what the browser sent."},
    {401, "This page needs a name and a password."},
    {403, "You may not see this page."},
    {404, "There is no page at this address."},
    {405, "This page cannot be used in that way."},
    {408, "The request took too long to arrive."},
    {410, "This page was here once and is gone for good."},
    {412, "The page is not in the state that the request asked for."},
    {413, "What was sent is larger than the server takes."},
    {414, "The address is longer than the server takes."},
    {416, "The page does not have the part that was asked for."},
    {417, "The server cannot do what the request expects of it."},
    {421, "This server does not answer for that site."},
    {429, "There were too many requests. Please wait a little and try again."},
    {431, "The request carries more than the server takes, such as cookies."},
    {451, "This page may not be shown for legal reasons."},
    {500, "Something went wrong on the server. Its log says what."},
    {501, "The server does not know how to do that."},
    {502, "The server behind this one gave an answer that makes no sense."},
    {503, "The server cannot answer now. Please try again soon."},
    {504, "The server behind this one did not answer in time."},
    {505, "The server speaks the versions 1.0 and 1.1 of HTTP, and no other."},
    {507, "The server has no room left."},
};

static const char *meaning_of(unsigned status)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (meanings[i].status == status) {
            return meanings[i].sentence;
        }
    }
    if (status >= 500) {
        return "The server could not do what was asked.";
    }
    return status >= 400 ? "The request could not be answered."
                         : "The page is somewhere else.";
}

static void put_html_head(struct buf *out, struct slice title)
{
    buf_append_str(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
                        "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                        "content=\"width=device-width,initial-scale=1\">\n<title>");
    escape_html(out, title);
    buf_append_str(out, "</title>\n<style>");
    buf_append_str(out, error_page_style);
    buf_append_str(out, page_style);
    buf_append_str(out, "</style>\n</head>\n");
}

static bool is_link(struct slice location)
{
    return slice_starts(location, SLICE("/")) ||
           slice_starts(location, SLICE("http://")) ||
           slice_starts(location, SLICE("https://"));
}

/* RFC 9110, 15.4: a short note with a link to where it is. Not for other schemes: a
 * script must not run because somebody follows it. */
static void put_link(struct buf *out, struct slice location)
{
    if (is_link(location)) {
        buf_append_str(out, " It is <a href=\"");
        escape_html(out, location);
        buf_append_str(out, "\">here</a>.");
    }
}

static void render(struct buf *out, const struct request *request, unsigned status)
{
    char scratch[5];
    struct slice title = http_status_text(status, scratch);
    struct slice reason = http_reason(status);
    buf_clear(out);
    put_html_head(out, title);
    buf_append_str(out, "<body>\n<main>\n<p class=\"status\">");
    buf_append_u64(out, status);
    buf_append_str(out, "</p>\n<h1>");
    escape_html(out, reason.len != 0 ? reason : SLICE("Error"));
    buf_append_str(out, "</h1>\n<p>");
    buf_append_str(out, meaning_of(status));
    put_link(out, request->response.location);
    buf_append_str(out, "</p>\n</main>\n<footer>");
    escape_html(out, respond_product(request));
    buf_append_str(out, "</footer>\n</body>\n</html>\n");
}

/* In the arena; or when that is NULL allocated, with room for its head. */
static struct service_page *create(const struct request *request, unsigned status,
                                   struct arena *arena)
{
    struct buf *html = &request->service->scratch;
    render(html, request, status);
    size_t room = arena == NULL ? KEPT_HEAD_ROOM : 0;
    size_t size = sizeof(struct service_page) + room + html->len + 1;
    struct service_page *page = arena == NULL ? xmalloc(size) : arena_alloc(arena, size);
    *page = (struct service_page){.status = status, .len = html->len};
    page->html = (char *)(page + 1) + room;
    page->head.content = arena == NULL ? page->html : NULL;
    memcpy(page->html, html->data, html->len);
    page->html[html->len] = '\0';
    return page;
}

/* Without a link a page depends on the status and the server's name only. */
struct service_page *error_page_get(struct request *request, unsigned status)
{
    if (request->response.location.len != 0) {
        return create(request, status, request->arena);
    }
    struct service_page **pages = &request->service->pages;
    bool with_version = request->set->server_tokens == TOKENS_ON;
    for (struct service_page *page = *pages; page != NULL; page = page->next) {
        if (page->status == status && page->with_version == with_version) {
            return page;
        }
    }
    struct service_page *page = create(request, status, NULL);
    page->with_version = with_version;
    page->next = *pages;
    *pages = page;
    return page;
}

void error_page_forget(struct service *service)
{
    for (struct service_page *page = service->pages, *next; page != NULL; page = next) {
        next = page->next;
        kept_head_clear(&page->head);
        free(page);
    }
    service->pages = NULL;
}
