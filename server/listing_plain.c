#include "server/listing_plain.h"
#include "common/escape.h"
#include "server/http_date.h"
#include <time.h>

static const char *const type_names[] = {
    [FILE_REGULAR] = "file",
    [FILE_DIRECTORY] = "directory",
    [FILE_OTHER] = "other",
};

static void put_json(struct buf *out, const struct listing_entry *entry)
{
    char date[HTTP_DATE_LEN + 1];
    http_date_format(entry->mtime, date);
    buf_append_str(out, "{ \"name\":\"");
    escape_json(out, entry->name);
    buf_printf(out, "\", \"type\":\"%s\", \"mtime\":\"%s\"", type_names[entry->kind],
               date);
    if (entry->kind == FILE_REGULAR) {
        buf_append_str(out, ", \"size\":");
        buf_append_u64(out, entry->size);
    }
    buf_append_str(out, " }");
}

void listing_json(struct buf *out, const struct listing *listing)
{
    const char *between = "\r\n";
    buf_append_str(out, "[");
    ARRAY_EACH(struct listing_entry, entry, &listing->entries)
    {
        buf_append_str(out, between);
        put_json(out, entry);
        between = ",\r\n";
    }
    buf_append_str(out, "\r\n]");
}

static void put_xml(struct buf *out, const struct listing_entry *entry)
{
    char date[sizeof("-2147483648-12-31T23:59:59Z")] = "";
    time_t seconds = (time_t)entry->mtime;
    struct tm tm;
    if (gmtime_r(&seconds, &tm) != NULL) {
        strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
    buf_printf(out, "<%s mtime=\"%s\"", type_names[entry->kind], date);
    if (entry->kind == FILE_REGULAR) {
        buf_append_str(out, " size=\"");
        buf_append_u64(out, entry->size);
        buf_append_str(out, "\"");
    }
    buf_append_str(out, ">");
    escape_html(out, entry->name);
    buf_printf(out, "</%s>\r\n", type_names[entry->kind]);
}

void listing_xml(struct buf *out, const struct listing *listing)
{
    buf_append_str(out, "<?xml version=\"1.0\"?>\r\n<list>\r\n");
    ARRAY_EACH(struct listing_entry, entry, &listing->entries)
    {
        put_xml(out, entry);
    }
    buf_append_str(out, "</list>\r\n");
}
