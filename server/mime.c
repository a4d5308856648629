#include "server/mime.h"
#include <limits.h>

#define EXTENSION_MAX NAME_MAX

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

/* The path from its last dot on, which decides the type, in the order of the machine; 0
 * when that is more than eight bytes, or there is no dot. */
static uint64_t tail_of(struct slice path)
{
    uint64_t tail = 0;
    for (size_t len = 1; len <= path.len && len <= sizeof(tail); len++) {
        const char *at = path.ptr + path.len - len;
        if (*at == '.') {
            memcpy(&tail, at, len);
            break;
        }
    }
    return tail;
}

static bool is_of(const struct mime_memo *memo, const struct location_settings *set)
{
    return memo->types == set->types && memo->default_type == set->default_type &&
           memo->setting == set->charset.ptr;
}

void mime_recall(struct mime_memo *memo, const struct location_settings *set,
                 struct slice path)
{
    uint64_t tail = tail_of(path);
    if (tail != 0 && memo->tail == tail && is_of(memo, set)) {
        return;
    }
    struct slice type = mime_type(set, path);
    *memo = (struct mime_memo){
        .types = set->types,
        .default_type = set->default_type,
        .setting = set->charset.ptr,
        .tail = tail,
        .type = type,
        .charset = mime_charset(set, type),
    };
}
