#include "server/listing_html.h"
#include "common/escape.h"
#include "server/error_page.h"
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

/* Over the shared sheet. Icons are masks, so that they take the colour of their text. */
static const char listing_style[] =
    "main,footer{max-width:62rem;margin-inline:auto}"
    "h1{font-size:1.35rem;margin:.5rem 0 1.5rem}"
    "h1 a{text-decoration:none}h1 a:hover{text-decoration:underline}"
    "h1 i{font-style:normal;font-weight:400;color:var(--soft);margin:0 .35em}"
    "table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}"
    "th,td{padding:.45rem .75rem;text-align:left;border-bottom:1px solid var(--line)}"
    "th{font-size:.8rem;font-weight:600;white-space:nowrap}"
    "th a{color:var(--soft);text-decoration:none;display:inline-block}"
    "th a:hover,th[aria-sort] a{color:var(--ink)}"
    "th a:after{content:\"\\2191\";visibility:hidden;margin-left:.35em}"
    "th a:hover:after,th[aria-sort] a:after{visibility:visible}"
    "th[aria-sort=descending] a:after{content:\"\\2193\"}"
    "th:last-child a{display:inline-flex;flex-direction:row-reverse}"
    "th:last-child a:after{margin:0 .35em 0 0}"
    "tbody tr:hover{background:color-mix(in srgb,var(--link) 7%,transparent)}"
    "td:nth-child(n+2){color:var(--soft);white-space:nowrap;font-size:.9rem}"
    "th:last-child,td:last-child{text-align:right}"
    "td a{display:block;text-decoration:none;color:var(--ink);position:relative;"
    "padding-left:1.9rem}"
    "td a:hover{color:var(--link);text-decoration:underline}"
    "td a:before{content:\"\";position:absolute;left:0;top:.18em;width:1.2rem;"
    "height:1.2rem;background:var(--soft);mask:var(--icon) center/contain no-repeat;"
    "-webkit-mask:var(--icon) center/contain no-repeat}"
    "td a{--icon:url(\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' "
    "viewBox='0 0 24 24' fill='none' stroke='%23000' stroke-width='1.6' "
    "stroke-linejoin='round'%3E%3Cpath d='M6 3h8l5 5v13H6zM14 3v5h5'/%3E%3C/svg%3E\")}"
    ".d a{font-weight:500;--icon:url(\"data:image/svg+xml,%3Csvg "
    "xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Cpath d='M3 5.5A1.5 1.5 "
    "0 0 1 4.5 4h5l2.2 2.5h7.8A1.5 1.5 0 0 1 21 8v10.5a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 "
    "0 0 1 3 18.5z'/%3E%3C/svg%3E\")}.d a:before{background:var(--link)}"
    ".u a{color:var(--soft);--icon:url(\"data:image/svg+xml,%3Csvg "
    "xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' "
    "stroke='%23000' stroke-width='1.8' stroke-linecap='round' "
    "stroke-linejoin='round'%3E%3Cpath d='M12 19V6M6 12l6-6 6 6'/%3E%3C/svg%3E\")}"
    ".n{color:var(--soft);padding:1.5rem .75rem;margin:0}"
    "footer{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.25rem 1rem;"
    "border:0;margin-top:1rem;padding-inline:.75rem}"
    "@media(max-width:40rem){body{padding:1rem .25rem}h1{padding-inline:.75rem}"
    "thead,tbody,tr{display:block}thead tr{display:flex;gap:1rem;padding-inline:.75rem}"
    "th{padding:.45rem 0;border:0}th:first-child{flex:1}"
    "tbody tr{display:flex;flex-wrap:wrap;gap:0 .75rem;padding:.55rem .75rem;"
    "border-top:1px solid var(--line)}"
    "td{padding:0;border:0}td:first-child{flex:1 0 100%}"
    "td:nth-child(n+2){font-size:.8rem}td:nth-child(2){padding-left:1.9rem}"
    "td:empty{display:none}}";

/* A relative reference to an entry of the directory (RFC 3986, 4.2): "./" where a colon
 * would look like the end of a scheme. */
static void put_reference(struct buf *out, struct slice name)
{
    struct buf escaped = {0};
    escape_uri_path(&escaped, name);
    if (slice_find(name, ':') < name.len) {
        buf_append_str(out, "./");
    }
    escape_html(out, buf_slice(&escaped));
    buf_free(&escaped);
}

/* --- the top: trail and column heads ----------------------------------------------- */

static void put_head(struct buf *out, const struct listing_view *view)
{
    buf_append_str(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
                        "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                        "content=\"width=device-width,initial-scale=1\">\n"
                        "<title>Index of ");
    escape_html(out, view->path);
    buf_append_str(out, "</title>\n<style>");
    buf_append_str(out, error_page_style);
    buf_append_str(out, listing_style);
    buf_append_str(out, "</style>\n</head>\n<body>\n<main>\n");
}

static size_t count_segments(struct slice path)
{
    struct slice segment;
    size_t count = 0;
    while (slice_split(&path, '/', &segment)) {
        count += segment.len > 0;
    }
    return count;
}

/* One directory of the trail, `up` levels above this one; this one is no link. */
static void put_step(struct buf *out, struct slice name, size_t up)
{
    if (up == 0) {
        escape_html(out, name);
        return;
    }
    buf_append_str(out, "<a href=\"");
    for (size_t i = 0; i < up; i++) {
        buf_append_str(out, "../");
    }
    buf_append_str(out, "\">");
    escape_html(out, name);
    buf_append_str(out, "</a>");
}

/* Relative links, so that the trail is right behind a proxy that adds a prefix. */
static void put_trail(struct buf *out, const struct listing_view *view)
{
    size_t up = count_segments(view->path);
    struct slice rest = view->path, segment;
    buf_append_str(out, "<h1>");
    put_step(out, view->host.len > 0 ? view->host : SLICE("Index"), up);
    while (slice_split(&rest, '/', &segment)) {
        if (segment.len > 0) {
            buf_append_str(out, "<i>/</i><wbr>");
            put_step(out, segment, --up);
        }
    }
    buf_append_str(out, "</h1>\n");
}

/* The first choice of a column is what one looks for: the newest, the largest. */
static void put_column(struct buf *out, struct listing_order now, enum listing_key key,
                       const char *title)
{
    bool is_chosen = now.key == key;
    bool descending = is_chosen ? !now.descending : key != LISTING_NAME;
    buf_append_str(out, "<th scope=\"col\"");
    if (is_chosen) {
        buf_printf(out, " aria-sort=\"%s\"", now.descending ? "descending" : "ascending");
    }
    buf_printf(out, "><a href=\"?C=%c;O=%c\">%s</a></th>\n", listing_key_letter(key),
               descending ? 'D' : 'A', title);
}

static void put_columns(struct buf *out, const struct listing *listing)
{
    static const char *const titles[LISTING_KEY_COUNT] = {
        [LISTING_NAME] = "Name",
        [LISTING_MODIFIED] = "Last modified",
        [LISTING_SIZE] = "Size",
    };
    buf_append_str(out, "<table>\n<thead>\n<tr>\n");
    for (size_t key = 0; key < LISTING_KEY_COUNT; key++) {
        put_column(out, listing->order, (enum listing_key)key, titles[key]);
    }
    buf_append_str(out, "</tr>\n</thead>\n<tbody>\n");
}

/* --- the rows ---------------------------------------------------------------------- */

static void put_date(struct buf *out, int64_t mtime, bool local)
{
    char text[32];
    time_t seconds = (time_t)mtime;
    struct tm tm;
    if ((local ? localtime_r(&seconds, &tm) : gmtime_r(&seconds, &tm)) != NULL &&
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm) > 0) {
        buf_append_str(out, text);
    }
}

/* "812 B", "1.4 KiB", "14 KiB". */
static void put_size(struct buf *out, uint64_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;
    double value = (double)size;
    while (value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        value /= 1024;
        unit++;
    }
    buf_printf(out, "%.*f %s", unit > 0 && value < 9.95 ? 1 : 0, value, units[unit]);
}

static void put_size_cell(struct buf *out, const struct listing_entry *entry, bool exact)
{
    if (entry->kind != FILE_REGULAR) {
        buf_append_str(out, "<td></td>");
    } else if (exact) {
        buf_printf(out, "<td>%" PRIu64 "</td>", entry->size);
    } else {
        buf_printf(out, "<td title=\"%" PRIu64 " bytes\">", entry->size);
        put_size(out, entry->size);
        buf_append_str(out, "</td>");
    }
}

static void put_row(struct buf *out, const struct listing_entry *entry,
                    const struct listing_view *view)
{
    bool is_directory = entry->kind == FILE_DIRECTORY;
    const char *slash = is_directory ? "/" : "";
    buf_printf(out, "<tr%s><td><a href=\"", is_directory ? " class=\"d\"" : "");
    put_reference(out, entry->name);
    buf_printf(out, "%s\">", slash);
    escape_html(out, entry->name);
    buf_printf(out, "%s</a></td><td>", slash);
    put_date(out, entry->mtime, view->local_time);
    buf_append_str(out, "</td>");
    put_size_cell(out, entry, view->exact_size);
    buf_append_str(out, "</tr>\n");
}

static void put_rows(struct buf *out, const struct listing *listing,
                     const struct listing_view *view)
{
    if (count_segments(view->path) > 0) {
        buf_append_str(out,
                       "<tr class=\"u\"><td><a href=\"../\">Parent directory</a></td>"
                       "<td></td><td></td></tr>\n");
    }
    ARRAY_EACH(struct listing_entry, entry, &listing->entries)
    {
        put_row(out, entry, view);
    }
}

/* --- the bottom -------------------------------------------------------------------- */

static void put_count(struct buf *out, size_t count, const char *one, const char *many)
{
    buf_append_u64(out, count);
    buf_printf(out, " %s", count == 1 ? one : many);
}

static void put_footer(struct buf *out, const struct listing *listing,
                       const struct listing_view *view)
{
    buf_append_str(out, "<footer><span>");
    put_count(out, listing->directories, "folder", "folders");
    buf_append_str(out, ", ");
    put_count(out, listing->entries.count - listing->directories, "file", "files");
    buf_printf(out, "; times are %s</span><span>",
               view->local_time ? "the server's own" : "UTC");
    escape_html(out, view->product);
    buf_append_str(out, "</span></footer>\n");
}

void listing_html(struct buf *out, const struct listing *listing,
                  const struct listing_view *view)
{
    put_head(out, view);
    put_trail(out, view);
    put_columns(out, listing);
    put_rows(out, listing, view);
    buf_append_str(out, "</tbody>\n</table>\n");
    if (listing->entries.count == 0) {
        buf_append_str(out, "<p class=\"n\">This folder is empty.</p>\n");
    }
    if (listing->cut) {
        buf_append_str(out, "<p class=\"n\">There are too many to show them all.</p>\n");
    }
    buf_append_str(out, "</main>\n");
    put_footer(out, listing, view);
    buf_append_str(out, "</body>\n</html>\n");
}
