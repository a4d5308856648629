#include "server/kept_head.h"
#include "common/clock.h"
#include "common/xalloc.h"
#include "server/filecache.h"
#include "server/http_date.h"
#include <stdlib.h>

#define BEFORE_DATE SLICE("HTTP/1.1 200 OK\r\nDate: ")

/* All that such heads may differ in. Texts are the configuration's, the file's or ours:
 * the same where the pointers are. */
struct look {
    const char *server;
    const char *content_type;
    const char *charset;
    const char *last_modified;
    const char *etag;
    int64_t keepalive_header;
    bool accept_ranges;
};

struct kept_head {
    struct look look;
    size_t len;
    char bytes[];
};

static struct look look_of(const struct request *request, struct slice server)
{
    const struct response *response = &request->response;
    return (struct look){
        .server = server.ptr,
        .content_type = response->content_type.ptr,
        .charset = response->charset.ptr,
        .last_modified = response->last_modified.ptr,
        .etag = response->etag.ptr,
        .keepalive_header = request->set->keepalive_timeout.header,
        .accept_ranges = response->accept_ranges,
    };
}

static bool look_alike(const struct look *a, const struct look *b)
{
    return a->server == b->server && a->content_type == b->content_type &&
           a->charset == b->charset && a->last_modified == b->last_modified &&
           a->etag == b->etag && a->keepalive_header == b->keepalive_header &&
           a->accept_ranges == b->accept_ranges;
}

/* A value of add_header, and where a redirect led, may be another one each time. */
static bool is_like_most(const struct request *request)
{
    const struct response *response = &request->response;
    return response->whole_file != NULL && response->status == 200 &&
           request->keep_alive && request->head.minor == 1 &&
           response->location.ptr == NULL && response->fields.count == 0 &&
           request->set->add_header.count == 0;
}

struct slice kept_head_get(struct request *request, struct slice server)
{
    if (!is_like_most(request) || request->response.whole_file->head == NULL) {
        return SLICE_NULL;
    }
    const struct kept_head *kept = request->response.whole_file->head;
    struct look look = look_of(request, server);
    if (!look_alike(&kept->look, &look)) {
        return SLICE_NULL;
    }
    char *head = arena_alloc(request->arena, kept->len);
    memcpy(head, kept->bytes, kept->len);
    memcpy(head + BEFORE_DATE.len, clock_http_date().ptr, HTTP_DATE_LEN);
    return slice_of(head, kept->len);
}

void kept_head_put(const struct request *request, struct slice server, struct slice head)
{
    struct file *file = request->response.whole_file;
    if (!is_like_most(request) || !file_is_shared(file) ||
        !slice_starts(head, BEFORE_DATE)) {
        return;
    }
    free(file->head);
    struct kept_head *kept = xmalloc(sizeof(*kept) + head.len);
    kept->look = look_of(request, server);
    kept->len = head.len;
    memcpy(kept->bytes, head.ptr, head.len);
    file->head = kept;
}
