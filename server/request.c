#include "server/request.h"
#include "common/clock.h"
#include "common/flavour.h"
#include "common/xalloc.h"
#include "server/access_log.h"
#include "server/hook.h"
#include "server/http_respond.h"
#include "server/http_status.h"
#include "server/kept_head.h"
#include "server/quarantine.h"
#include "server/request_phases.h"
#include "server/respond.h"
#include "server/route.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define REQUEST_ARENA_CHUNK 4096

/* --- birth and death ---------------------------------------------------------------- */

static struct request *take_from_pool(struct service *service)
{
    if (list_empty(&service->free_requests)) {
        struct request *request = xcalloc(1, sizeof(*request));
        request->arena = arena_create(REQUEST_ARENA_CHUNK);
        return request;
    }
    struct list *link = service->free_requests.next;
    list_remove(link);
    service->free_count--;
    return LIST_ITEM(link, struct request, link);
}

static void return_to_pool(struct request *request)
{
    struct service *service = request->service;
    list_remove(&request->link);
    if (service->free_count >= SERVICE_POOL_MAX) {
        arena_destroy(request->arena);
        free(request);
        return;
    }
    arena_reset(request->arena);
    list_prepend(&service->free_requests, &request->link);
    service->free_count++;
}

static struct slice format_peer(struct request *request)
{
    struct sockaddr_any addr;
    memcpy(&addr.u.in6, &request->client->peer.in6, sizeof(addr.u.in6));
    addr.len = sizeof(addr.u.in6);
    char *text = arena_alloc(request->arena, SOCKADDR_TEXT_MAX);
    return sockaddr_format(&addr, false, text);
}

struct request *request_create(struct service *service, const struct client *client)
{
    struct request *request = take_from_pool(service);
    struct server *server = client->address->default_server;
    *request = (struct request){
        .service = service,
        .arena = request->arena,
        .client = client,
        .started_ms = clock_now_ms(),
        .ordinal = client->requests,
        .server = server,
        .location = server->fallback,
        .set = server->fallback->set,
        .host = server->name,
        .path = SLICE("/"),
        .response = {.fields = ARRAY_OF(struct response_field)},
    };
    list_init(&request->link);
    request->peer = format_peer(request);
    return request;
}

/* The scoreboard has one place: it may show a later request already. */
static bool is_on_board(const struct request *request)
{
    const struct board_slot *board = request->service->board;
    return board != NULL && board->request.connection == request->client->number;
}

void request_end(struct request *request)
{
    if (request->head_length == 0 && !request->response.silent) {
        request->response.status = HTTP_CLIENT_CLOSED;
    }
    access_log_write(request);
    if (is_on_board(request)) {
        board_request_end(request->service->board);
    }
    kept_head_release(request); /* which may lie in a file */
    request_release_files(request);
    known_fields_release(request->known);
    return_to_pool(request);
}

/* --- reading the head --------------------------------------------------------------- */

struct http_limits request_limits(const struct client *client)
{
    const struct server_settings *set = &client->address->default_server->set;
    uint64_t large = set->large_client_header_buffers.size;
    uint64_t first = set->client_header_buffer_size;
    uint32_t fields = set->max_headers;
    return (struct http_limits){
        .line = (size_t)(first > large ? first : large),
        .section = (size_t)(set->large_client_header_buffers.count * large),
        .fields = fields < UINT16_MAX - 1 ? fields : UINT16_MAX - 1,
    };
}

/* For the requests that follow, too; not what is refused. */
static unsigned learn_fields(struct known_fields *known, struct http_fields *fields,
                             const struct http_limits *limits, const char **why)
{
    unsigned status = http_head_parse_fields(fields, known->section, limits, why);
    if (status == 0) {
        known->fields = *fields;
        known->parsed = true;
    }
    return status;
}

/* The table of fields is as long as this head needs, not as long as max_headers allows,
 * so that a common request fits the arena's first chunk. */
static unsigned read_fields(struct request *request, struct slice section, size_t lines,
                            const char **why)
{
    struct http_limits limits = request_limits(request->client);
    struct http_fields *fields = &request->head.fields;
    size_t capacity = lines < limits.fields ? lines : limits.fields;
    struct known_fields *known = known_fields_get(
        request->service->known, request->client->address, section, capacity);
    request->known = known;
    if (known == NULL) {
        fields->lines = arena_alloc(request->arena, capacity * sizeof(fields->lines[0]));
        fields->capacity = capacity;
        return http_head_parse_fields(fields, section, &limits, why);
    }
    *fields = known->fields;
    return known->parsed ? 0 : learn_fields(known, fields, &limits, why);
}

static unsigned read_head(struct request *request, struct slice block, size_t lines,
                          const char **why)
{
    struct slice section;
    unsigned status = http_head_parse_line(
        &request->head, arena_slice(request->arena, block), &section, why);
    if (status == 0) {
        status = read_fields(request, section, lines, why);
    }
    request->head_ok = status == 0;
    return status;
}

static void choose_server(struct request *request)
{
    struct slice host = request->framing.host;
    request->host = http_host_fold(host, request->arena);
    route_server(request);
    if (request->host.len == 0) {
        request->host = request->server->name;
    }
}

/* What is known of the fields, if it depends on nothing in the request line. */
static struct known_fields *known_by_fields(const struct request *request)
{
    bool depends = request->head.minor == 0 || request->target.authority.ptr != NULL;
    return depends ? NULL : request->known;
}

static void recall_server(struct request *request, const struct known_fields *known)
{
    request->framing = known->framing;
    request->host = known->framing.host;
    route_enter_server(request, known->server);
}

/* Only with a host that was sent as it is folded: the folded one goes with the request.
 */
static void note_server(struct known_fields *known, const struct request *request)
{
    if (slice_eq(request->host, request->framing.host)) {
        known->framing = request->framing;
        known->server = request->server;
    }
}

/* Where the request ends and whom it is for. */
static unsigned frame(struct request *request, const char **why)
{
    struct known_fields *known = known_by_fields(request);
    if (known != NULL && known->server != NULL) {
        recall_server(request, known);
        return 0;
    }
    unsigned status =
        http_framing(&request->framing, &request->head, &request->target, why);
    if (status != 0) {
        return status;
    }
    choose_server(request);
    if (known != NULL) {
        note_server(known, request);
    }
    return 0;
}

/* A target without a path (OPTIONS *, CONNECT) stays at the server's own settings. */
static unsigned choose_location(struct request *request, const char **why)
{
    struct slice raw = request->target.path;
    if (raw.len == 0 || raw.ptr[0] != '/') {
        return 0;
    }
    char *path = arena_alloc(request->arena, raw.len + 1);
    size_t len;
    unsigned status =
        http_path_normalize(raw, request->server->set.merge_slashes, path, &len, why);
    if (status == 0) {
        path[len] = '\0';
        request->path = slice_of(path, len);
        route_location(request);
    }
    return status;
}

/* RFC 9110, 7.4: what is asked for by https must not be told without TLS. */
static unsigned check_scheme(const struct request *request, const char **why)
{
    return slice_eq_nocase(request->target.scheme, SLICE("https"))
               ? http_refuse(421, why, "https target on a connection without TLS")
               : 0;
}

static unsigned understand(struct request *request, const char **why)
{
    unsigned status = http_target_parse(&request->target, request->head.target,
                                        request->head.method, why);
    if (status == 0) {
        request->args = request->target.query;
        status = frame(request, why);
    }
    if (status == 0) {
        board_request_host(request->service->board, request->host);
        status = check_scheme(request, why);
    }
    return status == 0 ? choose_location(request, why) : status;
}

/* From here on the request is to blame if the worker dies. */
static unsigned check_quarantine(const struct request *request, const char **why)
{
    const struct service *service = request->service;
    uint64_t fingerprint =
        quarantine_fingerprint(request->head.method, request->server, request->path);
    board_request_fingerprint(service->board, fingerprint);
    return quarantine_holds(service->quarantine, fingerprint)
               ? http_refuse(503, why, "requests like it killed workers")
               : 0;
}

void request_begin(struct request *request, struct slice block, size_t lines)
{
    const char *why = NULL;
    struct board_slot *board = request->service->board;
    request->length = block.len;
    board_request_end(board); /* an earlier one is not to blame for what this one does */
    unsigned status = read_head(request, block, lines, &why);
    board_request_begin(board, request->client->number, request->peer,
                        request->head.request_line);
    if (status == 0) {
        status = understand(request, &why);
    }
    if (status == 0) {
        status = check_quarantine(request, &why);
    }
    if (status != 0) {
        request_refuse(request, status, why, block);
        return;
    }
    request->again = true;
    hook_request(request->path);
    request_phases_run(request);
}

/* --- refusing ----------------------------------------------------------------------- */

#define LOGGED_LINE_MAX 1024

/* The first line of what arrived, for the log, behind the one empty line that a head may
 * have in front. Past a byte that is bad nothing is looked for: it may not have come yet,
 * and the same request would be another one in other pieces. */
static struct slice first_line(struct slice partial)
{
    if (slice_starts(partial, SLICE("\r\n"))) {
        partial = slice_from(partial, 2);
    }
    size_t len = slice_find(partial, '\n');
    if (len > 0 && partial.ptr[len - 1] == '\r') {
        len--;
    }
    return slice_of(partial.ptr, len < LOGGED_LINE_MAX ? len : LOGGED_LINE_MAX);
}

/* A HEAD gets no content, however bad its head is (RFC 9110, 9.3.2). */
static void note_partial(struct request *request, struct slice partial)
{
    request->head.request_line = arena_slice(request->arena, first_line(partial));
    request->length = partial.len;
    if (slice_starts(request->head.request_line, SLICE("HEAD "))) {
        request->head.method = HTTP_HEAD;
    }
}

COLD void request_refuse(struct request *request, unsigned status, const char *why,
                         struct slice partial)
{
    if (!request->head_ok && partial.len != 0) {
        note_partial(request, partial);
    }
    request_log(request, LOG_LEVEL_INFO, 0, "refused with %u: %s", status, why);
    request->framing.body = HTTP_BODY_NONE;
    request->in_error_page = false;
    request->response = (struct response){
        .fields = ARRAY_OF(struct response_field),
        .close = true,
    };
    respond_error(request, status);
    request_phases_run(request);
}

/* --- handing over ------------------------------------------------------------------- */

static struct slice server_field(const struct request *request)
{
    struct slice server = request->response.server;
    if (server.ptr == NULL) {
        return respond_product(request);
    }
    return server.len == 0 ? SLICE_NULL : server;
}

/* In the scratch buffer. */
static struct slice render_head(struct request *request, struct slice server)
{
    struct http_respond_info info = {
        .server = server,
        .date = clock_http_date(),
        .minor = request->head.minor,
        .keep_alive = request->keep_alive,
        .keepalive_header = request->set->keepalive_timeout.header / 1000,
    };
    struct buf *out = &request->service->scratch;
    buf_clear(out);
    http_respond_head(out, &request->response, &info);
    return buf_slice(out);
}

static void make_head(struct request *request)
{
    struct slice server = server_field(request);
    struct slice head = kept_head_get(request, server);
    if (head.ptr == NULL) {
        head = kept_head_put(request, server, render_head(request, server));
    }
    request->head_length = head.len;
    request->head_segment =
        (struct segment){.memory = head.ptr, .fd = -1, .left = head.len};
}

void request_queue(struct request *request, struct outq *queue, bool keep_alive)
{
    struct response *response = &request->response;
    assert(response->status != 0 && !response->silent);
    request->keep_alive = keep_alive && !response->close;
    make_head(request);
    request->send_begin = queue->queued;
    outq_add(queue, &request->head_segment);
    if (request->head.method != HTTP_HEAD) {
        for (struct segment *segment = response->content; segment != NULL;) {
            struct segment *next = segment->next;
            outq_add(queue, segment);
            segment = next;
        }
    }
    request->send_end = queue->queued;
    if (is_on_board(request)) {
        board_request_phase(request->service->board, BOARD_PHASE_SENDING);
    }
}
