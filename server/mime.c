#include "server/mime.h"

#define EXTENSION_MAX 32

/* What follows the last dot of the last segment; empty when there is none. */
static struct slice extension_of(struct slice path)
{
    size_t slash = slice_rfind(path, '/');
    struct slice name = slash == path.len ? path : slice_from(path, slash + 1);
    return slice_from(name, slice_rfind(name, '.') + 1);
}

struct slice mime_type(const struct location_settings *set, struct slice path)
{
    struct slice extension = extension_of(path);
    char folded[EXTENSION_MAX];
    const char *type = NULL;
    if (extension.len > 0 && extension.len <= sizeof(folded)) {
        for (size_t i = 0; i < extension.len; i++) {
            folded[i] = ascii_lower(extension.ptr[i]);
        }
        type = hash_get(&set->types->by_extension, slice_of(folded, extension.len));
    }
    return slice_str(type != NULL ? type : set->default_type);
}

static bool takes_charset(struct slice type)
{
    static const struct slice takers[] = {
        SLICE_INIT("text/html"),
        SLICE_INIT("text/plain"),
        SLICE_INIT("text/css"),
        SLICE_INIT("text/xml"),
        SLICE_INIT("text/csv"),
        SLICE_INIT("text/markdown"),
        SLICE_INIT("text/javascript"),
        SLICE_INIT("text/vnd.wap.wml"),
        SLICE_INIT("application/javascript"),
        SLICE_INIT("application/json"),
        SLICE_INIT("application/xml"),
        SLICE_INIT("application/xhtml+xml"),
        SLICE_INIT("application/atom+xml"),
        SLICE_INIT("application/rss+xml"),
        SLICE_INIT("application/manifest+json"),
        SLICE_INIT("image/svg+xml"),
    };
    for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++) {
        if (slice_eq_nocase(type, takers[i])) {
            return true;
        }
    }
    return false;
}

struct slice mime_charset(const struct location_settings *set, struct slice type)
{
    return set->charset.len != 0 && takes_charset(type) ? set->charset : SLICE_NULL;
}

static struct slice tail_of(struct slice path)
{
    return path.len > sizeof(uint64_t) ? slice_from(path, path.len - sizeof(uint64_t))
                                       : path;
}

/* Whether the extension, or that there is none, can be seen in the tail alone. */
static bool decides(struct slice tail)
{
    return slice_find(tail, '.') < tail.len || slice_find(tail, '/') < tail.len;
}

void mime_recall(struct mime_memo *memo, const struct location_settings *set,
                 struct slice path)
{
    struct slice tail = tail_of(path);
    uint64_t bytes = 0;
    if (tail.len > 0) {
        memcpy(&bytes, tail.ptr, tail.len);
    }
    if (memo->set == set && memo->tail == bytes) {
        return;
    }
    memo->set = decides(tail) ? set : NULL;
    memo->tail = bytes;
    memo->type = mime_type(set, path);
    memo->charset = mime_charset(set, memo->type);
}
