#include "common/clock.h"
#include "common/escape.h"
#include "server/content_range.h"
#include "server/file_open.h"
#include "server/handlers.h"
#include "server/http_cond.h"
#include "server/mime.h"
#include "server/precompressed.h"
#include "server/respond.h"
#include <errno.h>

static const enum http_ims ims_of[] = {
    [IMS_OFF] = HTTP_IMS_OFF,
    [IMS_EXACT] = HTTP_IMS_EXACT,
    [IMS_BEFORE] = HTTP_IMS_BEFORE,
};

/* --- what is not a file that can be sent -------------------------------------------- */

static void redirect_to_slash(struct request *request)
{
    struct buf *escaped = &request->service->scratch;
    buf_clear(escaped);
    escape_uri_path(escaped, request->path);
    const char *target =
        arena_printf(request->arena, "%.*s/%s%.*s", SLICE_ARG(buf_slice(escaped)),
                     request->args.len > 0 ? "?" : "", SLICE_ARG(request->args));
    respond_redirect(request, 301, slice_str(target));
}

static void refuse_directory(struct request *request, struct filepath path)
{
    request_log(request, LOG_LEVEL_ERROR, 0, "directory index of \"%s\" is forbidden",
                filepath_join(request, path));
    respond_error(request, 403);
}

static void refuse_other(struct request *request, struct filepath path)
{
    request_log(request, LOG_LEVEL_ERROR, 0, "\"%s\" is not a regular file",
                filepath_join(request, path));
    respond_error(request, 403);
}

/* --- a regular file ----------------------------------------------------------------- */

/* The page of an error is not the resource that was asked for: it has no validators. */
static struct http_validators validators_of(const struct request *request,
                                            const struct file *file)
{
    bool is_resource = request->error_status == 0;
    return (struct http_validators){
        .etag = is_resource && request->set->etag ? slice_str(file->etag) : SLICE_NULL,
        .mtime = is_resource ? file->modified : -1,
    };
}

/* The fields that a 200, a 206 and a 304 have in common (RFC 9110, 15.4.5). */
static void identify(struct request *request, const struct precompressed_choice *choice,
                     const struct http_validators *validators)
{
    struct response *response = &request->response;
    response->etag = validators->etag;
    if (validators->mtime >= 0) {
        response->last_modified = slice_str(choice->file->last_modified);
    }
    if (choice->varies) {
        respond_field(request, SLICE("Vary"), SLICE("Accept-Encoding"));
    }
}

/* The fields that say what the content is. */
static void describe(struct request *request, const struct precompressed_choice *choice,
                     bool coding_known)
{
    struct response *response = &request->response;
    struct mime_memo *memo = &choice->file->media;
    mime_recall(memo, request->set, request->path);
    response->content_type = memo->type;
    response->charset = memo->charset;
    if (choice->coding != HTTP_CODING_IDENTITY && !coding_known) {
        respond_field(request, SLICE("Content-Encoding"),
                      http_coding_name(choice->coding));
    }
    response->accept_ranges = request->set->max_ranges > 0 && request->error_status == 0;
}

/* A client that sends If-Range has what describes the whole from an answer before
 * (RFC 9110, 15.3.7); only parts within a multipart need it to be said. */
static void send_ranges(struct request *request,
                        const struct precompressed_choice *choice,
                        const struct content_ranges *ranges)
{
    struct response *response = &request->response;
    bool known = http_fields_get(&request->head.fields, HTTP_FIELD_IF_RANGE).ptr != NULL;
    describe(request, choice, known);
    response->date_known = known;
    if (known && ranges->count == 1) {
        response->content_type = SLICE_NULL;
        response->charset = SLICE_NULL;
    }
    content_range_send(request, choice->file, ranges);
}

/* With a file that is nobody else's its heads go, too. */
static void keep(struct request *request, const struct file *file,
                 struct kept_place *place)
{
    request->response.kept = file_is_shared(file) ? place : NULL;
}

static void send_content(struct request *request,
                         const struct precompressed_choice *choice,
                         const struct http_validators *validators, bool honor_range)
{
    struct file *file = choice->file;
    struct content_ranges ranges;
    enum http_range_result result = HTTP_RANGE_IGNORE;
    if (honor_range) {
        result = content_range_read(request, file->size, &ranges);
    }
    if (result == HTTP_RANGE_UNSATISFIABLE) {
        content_range_refuse(request, file->size);
        return;
    }
    identify(request, choice, validators);
    if (result == HTTP_RANGE_PARTIAL) {
        send_ranges(request, choice, &ranges);
        return;
    }
    describe(request, choice, false);
    request->response.status = 200;
    keep(request, file, &file->head);
    respond_add_file(request, file, 0, file->size);
}

/* Takes over the reference to the file. */
static void answer(struct request *request, struct filepath path, struct file *file)
{
    struct precompressed_choice choice = precompressed_choose(request, path, file);
    request_hold_file(request, choice.file);
    struct http_validators validators = validators_of(request, choice.file);
    struct http_cond cond =
        http_cond_evaluate(&request->head, &validators,
                           ims_of[request->set->if_modified_since], clock_wall()->tv_sec);
    if (cond.status == 304) {
        identify(request, &choice, &validators);
        request->response.date_known = validators.etag.ptr != NULL;
        request->response.status = 304;
        keep(request, choice.file, &choice.file->head_304);
    } else if (cond.status != 0) {
        respond_error(request, cond.status);
    } else {
        send_content(request, &choice, &validators, cond.honor_range);
    }
}

bool handler_file(struct request *request)
{
    struct filepath path = filepath_of(request, request->path);
    bool has_slash = slice_ends_byte(request->path, '/');
    struct file *file;
    int err = file_open(request, path, &file);
    if (err == 0 && file->kind == FILE_REGULAR && has_slash) {
        err = ENOTDIR; /* "/file/" under an alias whose root is the file */
    }
    if (err == 0 && file->kind == FILE_REGULAR) {
        answer(request, path, file);
        return true;
    }
    if (err != 0) {
        file_open_refuse(request, path, err);
    } else if (file->kind == FILE_OTHER) {
        refuse_other(request, path);
    } else if (has_slash) {
        refuse_directory(request, path);
    } else {
        redirect_to_slash(request);
    }
    file_release(file);
    return true;
}
