#include "server/file_open.h"
#include "server/handlers.h"
#include "server/respond.h"
#include "server/vars.h"
#include <assert.h>

static struct slice absolute(struct request *request, struct slice path)
{
    if (path.len > 0 && path.ptr[0] == '/') {
        return path;
    }
    return arena_join(request->arena, SLICE("/"), path);
}

/* The path that leads to the tested file from this location. Under an alias a path that
 * does not begin with what the alias replaces was taken to lie in the aliased directory:
 * it gets the missing front. */
static struct slice path_here(struct request *request, struct slice path)
{
    const struct document_root *root = &request->location->document_root;
    struct slice front = slice_of(request->location->pattern.ptr, root->alias_length);
    if (!root->is_alias || slice_starts(path, front)) {
        return path;
    }
    bool doubled = slice_ends_byte(front, '/');
    return arena_join(request->arena, front, slice_from(path, doubled ? 1 : 0));
}

/* True when it has dealt with the request; *hit: the test was met. */
static bool test(struct request *request, const struct try_file *item, bool *hit)
{
    struct slice uri = absolute(request, vars_expand(request, &item->path));
    struct filepath path = filepath_of(request, uri);
    enum file_kind wanted = item->is_dir ? FILE_DIRECTORY : FILE_REGULAR;
    struct file *file;
    int err = file_open(request, path, &file);
    *hit = err == 0 && file->kind == wanted;
    file_release(file);
    if (*hit) {
        request->path = path_here(request, uri);
    }
    /* Out of descriptors is no answer to the test: the fallback would be a lie. */
    if (file_open_is_shortage(err)) {
        file_open_refuse(request, path, err);
        return true;
    }
    return false;
}

static void fall_back(struct request *request, const struct try_files *rule)
{
    if (rule->last_kind == TRY_LAST_STATUS) {
        respond_error(request, rule->status);
        return;
    }
    if (rule->last_kind == TRY_LAST_NAMED) {
        assert(rule->named != NULL);
        request_redirect_named(request, rule->named);
        return;
    }
    struct slice uri = vars_expand(request, &rule->last);
    size_t question = slice_find(uri, '?');
    struct slice args = question < uri.len ? slice_from(uri, question + 1) : SLICE_NULL;
    request_redirect(request, slice_of(uri.ptr, question), args);
}

bool handler_try_files(struct request *request)
{
    const struct try_files *rule = request->set->try_files;
    if (rule == NULL) {
        return false;
    }
    bool hit = false;
    for (size_t i = 0; i < rule->count && !hit; i++) {
        if (test(request, &rule->items[i], &hit)) {
            return true;
        }
    }
    if (hit) {
        return false;
    }
    fall_back(request, rule);
    return true;
}
