#include "server/request_phases.h"
#include "server/handlers.h"
#include "server/headers.h"
#include "server/http_status.h"
#include "server/respond.h"
#include <assert.h>

/* What files and listings can be asked. */
static void say_allowed(struct request *request)
{
    respond_field(request, SLICE("Allow"), SLICE("GET, HEAD, OPTIONS"));
}

/* `internal` hides the location from clients. */
static bool refuse_outsiders(struct request *request)
{
    if (!request->set->internal || request->internal) {
        return false;
    }
    respond_error(request, 404);
    return true;
}

static bool has_large_body(const struct request *request)
{
    uint64_t most = request->set->client_max_body_size;
    return request->framing.body == HTTP_BODY_LENGTH && most != 0 &&
           request->framing.content_length > most;
}

/* RFC 9110, 15.5.14. Nothing of the body will be read, so the connection cannot go on. */
static bool refuse_large_body(struct request *request)
{
    if (!has_large_body(request) || request->in_error_page) {
        return false;
    }
    request_log(request, LOG_LEVEL_ERROR, 0,
                "client intends to send too large body: %llu bytes",
                (unsigned long long)request->framing.content_length);
    request->response.close = true;
    respond_error(request, 413);
    return true;
}

/* RFC 9110, 9.1: unknown is 501. What we can never do, whatever the location, is 405:
 * CONNECT makes a tunnel, and TRACE echoes what may be secret. What a client sends behind
 * a CONNECT may be meant for the tunnel already, and is never taken for a request. */
static bool refuse_method(struct request *request)
{
    switch (request->head.method) {
    case HTTP_METHOD_OTHER:
        respond_error(request, 501);
        return true;
    case HTTP_CONNECT:
        request->response.close = true;
        /* fall through */
    case HTTP_TRACE:
        say_allowed(request);
        respond_error(request, 405);
        return true;
    default:
        return false;
    }
}

static void answer_options(struct request *request)
{
    say_allowed(request);
    respond_memory(request, 204, SLICE_NULL, SLICE_NULL);
}

/* "OPTIONS *" asks about the server, not about anything on it (RFC 9110, 9.3.7). */
static bool answer_for_server(struct request *request)
{
    if (request->target.form != HTTP_TARGET_ASTERISK || request->in_error_page) {
        return false;
    }
    answer_options(request);
    return true;
}

/* Content is only there to be read. */
static bool check_method(struct request *request)
{
    switch (request->head.method) {
    case HTTP_GET:
    case HTTP_HEAD:
        return false;
    case HTTP_OPTIONS:
        answer_options(request);
        return true;
    default:
        say_allowed(request);
        respond_error(request, 405);
        return true;
    }
}

static const struct phase {
    enum board_phase shown;
    bool (*run)(struct request *request);
} phases[] = {
    {BOARD_PHASE_ROUTING, refuse_method},
    {BOARD_PHASE_ROUTING, answer_for_server},
    {BOARD_PHASE_RETURNING, handler_return_of_server},
    {BOARD_PHASE_ROUTING, refuse_outsiders},
    {BOARD_PHASE_ROUTING, refuse_large_body},
    {BOARD_PHASE_RETURNING, handler_return},
    {BOARD_PHASE_TRYING_FILES, handler_try_files},
    {BOARD_PHASE_CHECKING_METHOD, check_method},
    {BOARD_PHASE_LOOKING_FOR_INDEX, handler_index},
    {BOARD_PHASE_LISTING, handler_listing},
    {BOARD_PHASE_OPENING_FILE, handler_file},
};

static void run_once(struct request *request)
{
    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
        board_request_phase(request->service->board, phases[i].shown);
        if (phases[i].run(request)) {
            return;
        }
    }
}

/* RFC 9110, 15.3.6: a 205 has none either, but says so with a Content-Length of 0. */
static void drop_forbidden_content(struct response *response)
{
    if (http_status_bodiless(response->status) || response->status == 205) {
        response->content = response->content_last = NULL;
        response->content_length = 0;
        response->content_type = SLICE_NULL;
        response->charset = SLICE_NULL;
    }
}

static void finish(struct request *request)
{
    struct response *response = &request->response;
    assert(response->status != 0);
    if (response->silent) {
        return;
    }
    if (request->error_status != 0) {
        response->status = request->error_status;
        request->error_status = 0;
    }
    if (has_large_body(request)) { /* nor will it be when another phase has answered */
        response->close = true;
    }
    drop_forbidden_content(response);
    headers_apply(request);
}

void request_phases_run(struct request *request)
{
    while (request->again) {
        request->again = false;
        run_once(request);
    }
    finish(request);
}
