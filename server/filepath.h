/*
 * filepath.h - which file a request means: root plus path, or alias plus what follows the
 * location's prefix.
 */
#ifndef SERVER_FILEPATH_H
#define SERVER_FILEPATH_H

#include "server/request.h"

/*
 * A directory that nothing may leave, and a path beneath it. In the request's arena,
 * NUL-terminated; `path` has no leading slash; "" is the root itself, which an alias may
 * make a file. A `path` of NULL names nothing: "/staticfoo" under `location /static` with
 * an alias, which must not become a neighbour of the aliased directory, or a root whose
 * variables brought dot segments with them.
 */
struct filepath {
    const char *root;
    const char *path;
};

/* For request->path, or any other absolute URI path of the location. */
struct filepath filepath_of(struct request *request, struct slice uri_path);

/* Whether a segment is "." or "..". What variables bring into a path may come from the
 * client ("root /srv/$host" with a Host of ".."), and nothing resolves it any more. */
bool filepath_has_dot_segments(struct slice path);

/* Root and path joined, for $request_filename and messages. */
const char *filepath_join(const struct request *request, struct filepath path);

#endif
