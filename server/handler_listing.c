#include "server/file_open.h"
#include "server/handlers.h"
#include "server/listing_html.h"
#include "server/listing_plain.h"
#include "server/respond.h"
#include <errno.h>

static const struct slice media_types[] = {
    [AUTOINDEX_HTML] = SLICE_INIT("text/html; charset=utf-8"),
    [AUTOINDEX_JSON] = SLICE_INIT("application/json"),
    [AUTOINDEX_XML] = SLICE_INIT("text/xml; charset=utf-8"),
};

static void put_html(struct request *request, struct buf *out,
                     const struct listing *listing)
{
    struct listing_view view = {
        .path = request->path,
        .host = request->host,
        .product = respond_product(request),
        .exact_size = request->set->autoindex_exact_size,
        .local_time = request->set->autoindex_localtime,
    };
    listing_html(out, listing, &view);
}

static void answer(struct request *request, const struct listing *listing)
{
    struct buf out = {0};
    enum autoindex_format format = request->set->autoindex_format;
    if (format == AUTOINDEX_JSON) {
        listing_json(&out, listing);
    } else if (format == AUTOINDEX_XML) {
        listing_xml(&out, listing);
    } else {
        put_html(request, &out, listing);
    }
    respond_memory(request, 200, media_types[format],
                   arena_slice(request->arena, buf_slice(&out)));
    respond_judged(request);
    buf_free(&out);
}

static int read_directory(struct request *request, struct filepath path,
                          struct listing *listing)
{
    if (path.path == NULL) {
        return ENOENT;
    }
    int dir = filecache_open_dir(request->service->files, path.root, path.path);
    return dir < 0 ? errno : listing_read(listing, dir, path, request->arena);
}

bool handler_listing(struct request *request)
{
    if (!slice_ends_byte(request->path, '/') || !request->set->autoindex) {
        return false;
    }
    struct filepath path = filepath_of(request, request->path);
    struct listing listing = {.order = listing_order_of(request->args)};
    int err = read_directory(request, path, &listing);
    if (err != 0) {
        file_open_refuse(request, path, err);
        return true;
    }
    if (listing.cut) {
        request_log(request, LOG_LEVEL_WARN, 0,
                    "\"%s\" has too many entries: %zu are listed",
                    filepath_join(request, path), listing.entries.count);
    }
    listing_sort(&listing);
    answer(request, &listing);
    return true;
}
