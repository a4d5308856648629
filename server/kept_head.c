#include "server/kept_head.h"
#include "common/clock.h"
#include "common/xalloc.h"
#include "server/filecache.h"
#include "server/http_date.h"
#include <stdlib.h>

#define BEFORE_DATE SLICE("HTTP/1.1 200 OK\r\nDate: ")

struct kept_head {
    const struct location_settings *set;
    const char *content_type; /* of the configuration: equal where the pointers are */
    size_t len;
    char bytes[];
};

/* A value of add_header may be another one each time. */
static bool is_like_most(const struct request *request)
{
    const struct response *response = &request->response;
    return response->whole_file != NULL && response->status == 200 &&
           request->keep_alive && request->head.minor == 1 &&
           response->fields.count == 0 && request->set->add_header.count == 0;
}

struct slice kept_head_get(struct request *request)
{
    const struct response *response = &request->response;
    const struct kept_head *kept =
        is_like_most(request) ? response->whole_file->head : NULL;
    if (kept == NULL || kept->set != request->set ||
        kept->content_type != response->content_type.ptr) {
        return SLICE_NULL;
    }
    char *head = arena_alloc(request->arena, kept->len);
    memcpy(head, kept->bytes, kept->len);
    memcpy(head + BEFORE_DATE.len, clock_http_date().ptr, HTTP_DATE_LEN);
    return slice_of(head, kept->len);
}

void kept_head_put(const struct request *request, struct slice head)
{
    if (!is_like_most(request) || !slice_starts(head, BEFORE_DATE)) {
        return;
    }
    struct file *file = request->response.whole_file;
    free(file->head);
    struct kept_head *kept = xmalloc(sizeof(*kept) + head.len);
    *kept = (struct kept_head){
        .set = request->set,
        .content_type = request->response.content_type.ptr,
        .len = head.len,
    };
    memcpy(kept->bytes, head.ptr, head.len);
    file->head = kept;
}
