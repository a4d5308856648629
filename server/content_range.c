#include "server/content_range.h"
#include "server/respond.h"
#include <inttypes.h>
#include <sys/random.h>

/* Random, so that nobody can put a part's end into a file beforehand. */
static bool make_boundary(char out[BOUNDARY_LEN + 1])
{
    unsigned char bytes[BOUNDARY_LEN / 2];
    if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) != (ssize_t)sizeof(bytes)) {
        return false;
    }
    hex_write(out, bytes, sizeof(bytes));
    out[BOUNDARY_LEN] = '\0';
    return true;
}

enum http_range_result content_range_read(const struct request *request, uint64_t size,
                                          struct content_ranges *ranges)
{
    struct slice value = http_fields_get(&request->head.fields, HTTP_FIELD_RANGE);
    if (value.ptr == NULL || request->set->max_ranges == 0) {
        return HTTP_RANGE_IGNORE;
    }
    enum http_range_result result = http_range_parse(
        value, size, request->set->max_ranges, ranges->items, &ranges->count);
    if (result == HTTP_RANGE_PARTIAL && ranges->count > 1 &&
        !make_boundary(ranges->boundary)) {
        return HTTP_RANGE_IGNORE;
    }
    return result;
}

void content_range_refuse(struct request *request, uint64_t size)
{
    respond_error(request, 416);
    if (request->response.status == 416 || request->error_status == 416) {
        char *value = arena_printf(request->arena, "bytes */%" PRIu64, size);
        respond_field(request, SLICE("Content-Range"), slice_str(value));
    }
}

static struct slice describe(const struct request *request, struct http_range range,
                             uint64_t size)
{
    return slice_str(arena_printf(request->arena,
                                  "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.first,
                                  range.last, size));
}

static void add_range(struct request *request, const struct file *file,
                      struct http_range range)
{
    respond_add_file(request, file, range.first, range.last - range.first + 1);
}

/* The Content-Type field line of each part, or nothing. */
static const char *part_type(const struct request *request)
{
    const struct response *response = &request->response;
    if (response->content_type.len == 0) {
        return "";
    }
    return arena_printf(
        request->arena, "Content-Type: %.*s%s%.*s\r\n", SLICE_ARG(response->content_type),
        response->charset.len > 0 ? "; charset=" : "", SLICE_ARG(response->charset));
}

static void send_multipart(struct request *request, const struct file *file,
                           const struct content_ranges *ranges)
{
    struct response *response = &request->response;
    const char *type = part_type(request);
    for (size_t i = 0; i < ranges->count; i++) {
        struct slice range = describe(request, ranges->items[i], file->size);
        char *head =
            arena_printf(request->arena, "\r\n--%s\r\n%sContent-Range: %.*s\r\n\r\n",
                         ranges->boundary, type, SLICE_ARG(range));
        respond_add_memory(request, slice_str(head));
        add_range(request, file, ranges->items[i]);
    }
    char *end = arena_printf(request->arena, "\r\n--%s--\r\n", ranges->boundary);
    respond_add_memory(request, slice_str(end));
    response->content_type = slice_str(arena_printf(
        request->arena, "multipart/byteranges; boundary=%s", ranges->boundary));
    response->charset = SLICE_NULL;
}

void content_range_send(struct request *request, const struct file *file,
                        const struct content_ranges *ranges)
{
    request->response.status = 206;
    if (ranges->count > 1) {
        send_multipart(request, file, ranges);
        return;
    }
    struct slice range = describe(request, ranges->items[0], file->size);
    respond_field(request, SLICE("Content-Range"), range);
    add_range(request, file, ranges->items[0]);
}
