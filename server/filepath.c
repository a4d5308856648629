#include "server/filepath.h"
#include "common/bytes.h"
#include "server/vars.h"
#include <assert.h>

bool filepath_has_dot_segments(struct slice path)
{
    struct slice segment;
    while (slice_split(&path, '/', &segment)) {
        if (slice_eq(segment, SLICE(".")) || slice_eq(segment, SLICE(".."))) {
            return true;
        }
    }
    return false;
}

/* The part that the alias does not stand for; the null slice when there is none. */
static struct slice after_alias(const struct request *request, struct slice uri_path)
{
    size_t len = request->location->document_root.alias_length;
    assert(len <= request->location->pattern.len);
    bool is_located = uri_path.ptr == request->path.ptr; /* by this very pattern */
    struct slice front = slice_of(request->location->pattern.ptr, len);
    if (!is_located && !slice_starts(uri_path, front)) {
        return uri_path; /* try_files: a path that lies in the aliased directory */
    }
    struct slice rest = slice_from(uri_path, len);
    bool on_boundary =
        rest.len == 0 || rest.ptr[0] == '/' || (len > 0 && uri_path.ptr[len - 1] == '/');
    return on_boundary ? rest : SLICE_NULL;
}

/* The end of the request's path has its NUL already. */
static const char *relative(const struct request *request, struct slice path)
{
    while (path.len > 0 && path.ptr[0] == '/') {
        path = slice_of(path.ptr + 1, path.len - 1);
    }
    bool is_end = path.ptr + path.len == request->path.ptr + request->path.len;
    return is_end ? path.ptr : arena_cstr(request->arena, path);
}

struct filepath filepath_of(struct request *request, struct slice uri_path)
{
    const struct document_root *from = &request->location->document_root;
    struct slice root = vars_expand(request, &from->path);
    struct slice rest = from->is_alias ? after_alias(request, uri_path) : uri_path;
    if (root.len == 0 || root.ptr[0] != '/') {
        root = slice_str(arena_printf(request->arena, "%s%.*s",
                                      request->service->config->prefix, SLICE_ARG(root)));
    }
    struct filepath found = {.root = root.ptr};
    /* The path of the request is resolved, what try_files makes of variables is not. */
    bool is_safe =
        (from->path.is_literal || !filepath_has_dot_segments(root)) &&
        (uri_path.ptr == request->path.ptr || !filepath_has_dot_segments(uri_path));
    if (rest.ptr != NULL && is_safe) {
        found.path = relative(request, rest);
    }
    return found;
}

const char *filepath_join(const struct request *request, struct filepath path)
{
    if (path.path == NULL || path.path[0] == '\0') {
        return path.root;
    }
    struct slice root = slice_str(path.root);
    size_t path_size = strlen(path.path) + 1;
    char *joined = arena_alloc(request->arena, root.len + 1 + path_size);
    bytes_copy(joined, root.ptr, root.len);
    char *at = joined + root.len;
    if (!slice_ends_byte(root, '/')) {
        *at++ = '/';
    }
    bytes_copy(at, path.path, path_size);
    return joined;
}
