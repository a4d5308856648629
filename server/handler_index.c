#include "server/file_open.h"
#include "server/handlers.h"
#include "server/respond.h"
#include "server/vars.h"

/* True when it has dealt with the request. */
static bool try_index(struct request *request, struct slice name)
{
    if (name.ptr[0] == '/') { /* stands for any directory; not looked for here */
        request_redirect(request, name, request->args);
        return true;
    }
    struct slice uri = arena_join(request->arena, request->path, name);
    struct filepath path = filepath_of(request, uri);
    struct file *file;
    int err = file_open(request, path, &file);
    bool is_there = err == 0 && file->kind != FILE_DIRECTORY;
    file_release(file);
    if (is_there) {
        request_redirect(request, uri, request->args);
        return true;
    }
    if (err != 0 && !file_open_is_missing(err)) {
        file_open_refuse(request, path, err);
        return true;
    }
    return false;
}

bool handler_index(struct request *request)
{
    const struct index_list *index = &request->set->index;
    if (!slice_ends_byte(request->path, '/')) {
        return false;
    }
    for (size_t i = 0; i < index->count; i++) {
        struct slice name = vars_expand(request, &index->items[i]);
        if (name.len > 0 && try_index(request, name)) {
            return true;
        }
    }
    return false;
}
