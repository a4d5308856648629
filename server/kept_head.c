#include "server/kept_head.h"
#include "common/clock.h"
#include "common/xalloc.h"
#include "server/http_date.h"
#include "server/request.h"
#include <assert.h>
#include <stdlib.h>

/* A head goes when so many answers in a row had no use for it: where two kinds alternate
 * one of them is served from here. */
#define MISSES_MIN 2

/* All that such heads of one content may differ in. Texts are the configuration's, the
 * file's or ours: the same where the pointers are. */
struct look {
    const char *server;
    const char *content_type;
    const char *charset;
    const char *last_modified;
    const char *etag;
    int64_t keepalive_header;
    unsigned status;
    bool accept_ranges;
    bool keep_alive;
};

struct kept_head {
    struct look look;
    size_t date_at;
    size_t len;
    char *bytes; /* here, or in front of the content */
    char here[];
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
        .status = response->status,
        .accept_ranges = response->accept_ranges,
        .keep_alive = request->keep_alive,
    };
}

static bool look_alike(const struct look *a, const struct look *b)
{
    return a->server == b->server && a->content_type == b->content_type &&
           a->charset == b->charset && a->last_modified == b->last_modified &&
           a->etag == b->etag && a->keepalive_header == b->keepalive_header &&
           a->status == b->status && a->accept_ranges == b->accept_ranges &&
           a->keep_alive == b->keep_alive;
}

/* A value of add_header, and where a redirect led, may be another one each time. That a
 * connection ends is said alike in HTTP/1.0 and 1.1, that it stays is not. */
static bool is_like_most(const struct request *request)
{
    const struct response *response = &request->response;
    bool version_counts = request->keep_alive && request->head.minor == 0;
    return response->kept != NULL && !version_counts && response->location.ptr == NULL &&
           response->fields.count == 0 && request->set->add_header.count == 0;
}

/* --- dates -------------------------------------------------------------------------- */

/* It follows the status line. */
static bool find_date(struct slice head, size_t *at)
{
    const struct slice name = SLICE("\r\nDate: ");
    size_t line_end = slice_find(head, '\r');
    *at = line_end + name.len;
    return slice_starts(slice_from(head, line_end), name);
}

static bool is_of_now(const struct kept_head *kept)
{
    return memcmp(kept->bytes + kept->date_at, clock_http_date().ptr, HTTP_DATE_LEN) == 0;
}

static void set_date(char *head, const struct kept_head *kept)
{
    memcpy(head + kept->date_at, clock_http_date().ptr, HTTP_DATE_LEN);
}

/* --- getting ------------------------------------------------------------------------ */

static struct slice use(struct request *request)
{
    struct kept_place *place = request->response.kept;
    assert(request->head_place == NULL);
    request->head_place = place;
    place->users++;
    return slice_of(place->head->bytes, place->head->len);
}

static struct slice copy(struct request *request, const struct kept_head *kept)
{
    char *head = arena_alloc(request->arena, kept->len);
    memcpy(head, kept->bytes, kept->len);
    set_date(head, kept);
    return slice_of(head, kept->len);
}

struct slice kept_head_get(struct request *request, struct slice server)
{
    if (!is_like_most(request) || request->response.kept->head == NULL) {
        return SLICE_NULL;
    }
    struct kept_place *place = request->response.kept;
    struct look look = look_of(request, server);
    if (!look_alike(&place->head->look, &look)) {
        place->misses++;
        return SLICE_NULL;
    }
    place->misses = 0;
    if (!is_of_now(place->head)) {
        if (place->users > 0) {
            return copy(request, place->head);
        }
        set_date(place->head->bytes, place->head);
    }
    return use(request);
}

/* --- keeping ------------------------------------------------------------------------ */

static struct kept_head *create(const struct kept_place *place, struct slice head)
{
    bool in_front = place->content != NULL && head.len <= KEPT_HEAD_ROOM;
    struct kept_head *kept = xmalloc(sizeof(*kept) + (in_front ? 0 : head.len));
    kept->bytes = in_front ? place->content - head.len : kept->here;
    kept->len = head.len;
    memcpy(kept->bytes, head.ptr, head.len);
    return kept;
}

static bool may_take(const struct kept_place *place)
{
    return place->head == NULL || (place->users == 0 && place->misses >= MISSES_MIN);
}

struct slice kept_head_put(struct request *request, struct slice server,
                           struct slice head)
{
    struct kept_place *place = request->response.kept;
    size_t date_at;
    if (!is_like_most(request) || !may_take(place) || !find_date(head, &date_at)) {
        return arena_slice(request->arena, head);
    }
    kept_head_clear(place);
    place->head = create(place, head);
    place->head->look = look_of(request, server);
    place->head->date_at = date_at;
    return use(request);
}

void kept_head_release(struct request *request)
{
    if (request->head_place != NULL) {
        request->head_place->users--;
        request->head_place = NULL;
    }
}

void kept_head_clear(struct kept_place *place)
{
    assert(place->users == 0);
    free(place->head);
    place->head = NULL;
    place->misses = 0;
}
