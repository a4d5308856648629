#include "server/respond.h"
#include "common/clock.h"
#include "server/error_page.h"
#include "server/filecache.h"
#include "server/filepath.h"
#include "server/http_cond.h"
#include "server/http_status.h"
#include "server/route.h"
#include "server/vars.h"
#include <assert.h>

#define REDIRECTS_MAX 10

static const struct slice html_type = SLICE_INIT("text/html; charset=utf-8");

/* --- content ------------------------------------------------------------------------ */

/* Back to no content; the fields, and what closes the connection, stay. */
static void drop_content(struct request *request)
{
    struct response *response = &request->response;
    response->content_type = SLICE_NULL; /* one by one: none is read to write the next */
    response->charset = SLICE_NULL;
    response->last_modified = SLICE_NULL;
    response->etag = SLICE_NULL;
    response->accept_ranges = response->date_known = false;
    response->content_length = 0;
    response->content = response->content_last = NULL;
    response->kept = NULL;
    request_release_files(request);
}

/* `memory` is NULL for a part of a file. */
static void add_segment(struct request *request, const char *memory, int fd,
                        uint64_t offset, uint64_t length)
{
    struct response *response = &request->response;
    if (length == 0) {
        return;
    }
    struct segment *added = arena_alloc(request->arena, sizeof(*added));
    added->next = NULL;
    added->memory = memory;
    added->fd = fd;
    added->offset = (off_t)offset;
    added->left = length;
    if (response->content == NULL) {
        response->content = added;
    } else {
        response->content_last->next = added;
    }
    response->content_last = added;
    response->content_length += length;
}

void respond_add_memory(struct request *request, struct slice bytes)
{
    add_segment(request, bytes.ptr, -1, 0, bytes.len);
}

void respond_add_file(struct request *request, const struct file *file, uint64_t offset,
                      uint64_t length)
{
    assert(offset <= file->size && length <= file->size - offset);
    if (file->content != NULL) {
        respond_add_memory(request, slice_of(file->content + offset, (size_t)length));
        return;
    }
    add_segment(request, NULL, file->fd, offset, length);
}

void respond_memory(struct request *request, unsigned status, struct slice content_type,
                    struct slice content)
{
    drop_content(request);
    request->response.status = status;
    request->response.content_type = content_type;
    respond_add_memory(request, content);
}

void respond_judged(struct request *request)
{
    const struct http_validators none = {.etag = SLICE_NULL, .mtime = -1};
    struct http_cond cond =
        http_cond_evaluate(&request->head, &none, HTTP_IMS_OFF, clock_wall()->tv_sec);
    if (cond.status != 0) {
        respond_error(request, cond.status);
    }
}

void respond_field(struct request *request, struct slice name, struct slice value)
{
    struct response_field *field = array_push(&request->response.fields, request->arena);
    *field = (struct response_field){name, value};
}

struct slice respond_product(const struct request *request)
{
    return request->set->server_tokens == TOKENS_ON
               ? SLICE("tinyhttpd/" TINYHTTPD_VERSION)
               : SLICE("tinyhttpd");
}

void request_hold_file(struct request *request, struct file *file)
{
    assert(request->file_count < REQUEST_FILES_MAX);
    request->files[request->file_count++] = file;
}

void request_release_files(struct request *request)
{
    while (request->file_count > 0) {
        file_release(request->files[--request->file_count]);
    }
}

/* --- internal redirects ------------------------------------------------------------- */

/* Whether variables have left it a path. */
static bool is_resolved(struct slice path)
{
    return slice_starts(path, SLICE("/")) && slice_find(path, '\0') == path.len &&
           !filepath_has_dot_segments(path);
}

/* Counts a redirect; at the limit it has answered 500 and returns false. */
static bool count_redirect(struct request *request, struct slice target)
{
    if (request->redirects++ < REDIRECTS_MAX) {
        return true;
    }
    request_log(request, LOG_LEVEL_ERROR, 0,
                "redirect to \"%s\" refused: more than %d internal redirects",
                arena_cstr(request->arena, target), REDIRECTS_MAX);
    respond_error(request, 500);
    return false;
}

void request_redirect(struct request *request, struct slice path, struct slice args)
{
    if (!is_resolved(path)) {
        request_log(request, LOG_LEVEL_ERROR, 0,
                    "internal redirect to \"%s\", which is no path",
                    arena_cstr(request->arena, path));
        respond_error(request, 400);
        return;
    }
    if (!count_redirect(request, path)) {
        return;
    }
    drop_content(request);
    request->path = arena_slice(request->arena, path);
    request->args = args;
    request->internal = true;
    request->again = true;
    route_location(request);
}

void request_redirect_named(struct request *request, const struct location *named)
{
    if (!count_redirect(request, named->pattern)) {
        return;
    }
    drop_content(request);
    request->internal = true;
    request->again = true;
    route_enter(request, named);
}

/* --- redirects of the client -------------------------------------------------------- */

static bool goes_in_uri(char c)
{
    return c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\';
}

static struct slice escape_reference(struct request *request, struct slice text)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = arena_alloc(request->arena, text.len * 3 + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (goes_in_uri(text.ptr[i])) {
            out[len++] = text.ptr[i];
        } else {
            out[len++] = '%';
            out[len++] = hex[byte >> 4];
            out[len++] = hex[byte & 15];
        }
    }
    return slice_of(out, len);
}

void respond_location(struct request *request, unsigned status, struct slice reference)
{
    request->response.location = escape_reference(request, reference);
    respond_error(request, status);
}

/* The address as the host of a URI (RFC 3986, 3.2.2). Nothing for those that no URI can
 * name: unix sockets, and IPv6 addresses with a scope. */
static struct slice address_host(struct request *request)
{
    struct slice addr = vars_get(request, VARIABLE_SERVER_ADDR, SLICE_NULL);
    if (slice_find(addr, ':') == addr.len) {
        return addr;
    }
    if (slice_starts(addr, SLICE("unix:")) || slice_find(addr, '%') < addr.len) {
        return SLICE_NULL;
    }
    return slice_str(arena_printf(request->arena, "[%.*s]", SLICE_ARG(addr)));
}

static struct slice redirect_host(struct request *request)
{
    struct slice name = request->server->name;
    if (request->set->server_name_in_redirect && name.len != 0) {
        return name;
    }
    return request->host.len != 0 ? request->host : address_host(request);
}

/* "http://host:port", or nothing where there is no host to name. */
static const char *redirect_origin(struct request *request)
{
    struct slice host = redirect_host(request);
    unsigned port = sockaddr_port(&request->client->address->addr);
    if (host.len == 0) {
        return "";
    }
    if (!request->set->port_in_redirect || port == 0 || port == 80) {
        return arena_printf(request->arena, "http://%.*s", SLICE_ARG(host));
    }
    return arena_printf(request->arena, "http://%.*s:%u", SLICE_ARG(host), port);
}

void respond_redirect(struct request *request, unsigned status, struct slice path)
{
    const char *front = request->set->absolute_redirect ? redirect_origin(request) : "";
    if (front[0] == '\0' && slice_starts(path, SLICE("//"))) {
        front = "/."; /* "//host/" alone would lead to another host (RFC 3986, 4.2) */
    }
    char *reference = arena_printf(request->arena, "%s%.*s", front, SLICE_ARG(path));
    respond_location(request, status, slice_str(reference));
}

/* --- errors ------------------------------------------------------------------------- */

static bool covers(const struct error_page *page, unsigned status)
{
    for (size_t i = 0; i < page->code_count; i++) {
        if (page->codes[i] == status) {
            return true;
        }
    }
    return false;
}

/* "@name" in a server that has no such location, inherited from http. */
static bool leads_nowhere(const struct error_page *page)
{
    return page->named == NULL && slice_starts(page->target.source, SLICE("@"));
}

/* Not for an error on the way to an error page, nor when redirects go round in circles.
 */
static const struct error_page *find_error_page(const struct request *request,
                                                unsigned status)
{
    const struct error_pages *pages = &request->set->error_page;
    if (request->in_error_page || request->redirects > REDIRECTS_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < pages->count; i++) {
        const struct error_page *page = &pages->items[i];
        if (covers(page, status)) {
            return leads_nowhere(page) ? NULL : page;
        }
    }
    return NULL;
}

/* The request has been judged: what asks for its resource in part or on a condition says
 * nothing about the page. */
static void forget_conditions(struct request *request)
{
    static const enum http_field_id ids[] = {
        HTTP_FIELD_IF_MATCH,      HTTP_FIELD_IF_MODIFIED_SINCE,
        HTTP_FIELD_IF_NONE_MATCH, HTTP_FIELD_IF_UNMODIFIED_SINCE,
        HTTP_FIELD_IF_RANGE,      HTTP_FIELD_RANGE,
    };
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        request->head.fields.first[ids[i]] = 0;
    }
}

/* The status that the page's own 200 gives way to; 0: none. */
static unsigned status_of_page(const struct error_page *page, unsigned status)
{
    switch (page->override) {
    case ERROR_KEEP:
        return status;
    case ERROR_SET:
        return page->status;
    case ERROR_TARGET:
        return 0;
    }
    return status;
}

/* The built-in page; none where the status has no content. */
static void answer_with_page(struct request *request, unsigned status)
{
    if (status < 300 || status == 304) {
        respond_memory(request, status, SLICE_NULL, SLICE_NULL);
        return;
    }
    struct service_page *page = error_page_get(request, status);
    respond_memory(request, status, html_type, slice_of(page->html, page->len));
    request->response.kept = page->head.content != NULL ? &page->head : NULL;
}

static void follow_path(struct request *request, struct slice target)
{
    size_t question = slice_find(target, '?');
    struct slice args =
        question < target.len ? slice_from(target, question + 1) : SLICE_NULL;
    request_redirect(request, slice_of(target.ptr, question), args);
}

static void follow_error_page(struct request *request, const struct error_page *page,
                              unsigned status)
{
    unsigned kept = status_of_page(page, status);
    request->in_error_page = true;
    if (request->head.method != HTTP_HEAD) {
        request->head.method = HTTP_GET;
    }
    bool is_page = kept != 0 && kept != 200;
    if (is_page || status == 412 || status == 416) { /* or it would fail once more */
        forget_conditions(request);
    }
    if (is_page) {
        request->error_status = kept;
    }
    if (page->named != NULL) {
        request_redirect_named(request, page->named);
        return;
    }
    struct slice target = vars_expand(request, &page->target);
    if (!page->is_url && target.len != 0 && target.ptr[0] == '/') {
        follow_path(request, target);
        return;
    }
    request->error_status = 0;
    request->response.location = escape_reference(request, target);
    answer_with_page(request, http_status_redirects(kept) ? kept : 302);
}

void respond_error(struct request *request, unsigned status)
{
    request->error_status = 0;
    drop_content(request);
    if (status == HTTP_CLOSE) {
        request->response.status = status;
        request->response.silent = request->response.close = true;
        return;
    }
    const struct error_page *page = find_error_page(request, status);
    if (page != NULL) {
        follow_error_page(request, page, status);
    } else {
        answer_with_page(request, status);
    }
}
