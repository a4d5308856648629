/* A request target, its path in both ways of merging slashes, and an authority. The first
 * byte chooses the method. */
#include "server/http_target.h"
#include "tests/fuzz/invariant.h"

#define TARGET_MAX 4096

/* No segment may be a dot segment, and with merging none may be empty. */
static void check_segments(struct slice path, bool merged)
{
    struct slice rest = slice_from(path, 1), segment;
    INVARIANT(path.len > 0 && path.ptr[0] == '/');
    INVARIANT(memchr(path.ptr, '\0', path.len) == NULL);
    while (slice_split(&rest, '/', &segment)) {
        INVARIANT(!slice_eq(segment, SLICE(".")));
        INVARIANT(!slice_eq(segment, SLICE("..")));
        INVARIANT(!merged || segment.len > 0 || rest.ptr == NULL);
    }
}

static void check_path(struct slice raw, bool merge)
{
    char *out = malloc(raw.len > 0 ? raw.len : 1);
    size_t len = 0;
    const char *why = NULL;
    unsigned status = http_path_normalize(raw, merge, out, &len, &why);
    INVARIANT(status == 0 || (status == 400 && why != NULL));
    if (status == 0) {
        INVARIANT(len <= raw.len);
        check_segments(slice_of(out, len), merge);
    }
    free(out);
}

static void check_authority(struct slice text)
{
    struct slice host, port;
    uint64_t number = 0;
    if (!http_authority_split(text, &host, &port)) {
        return;
    }
    INVARIANT(host.len > 0 && memchr(host.ptr, '@', host.len) == NULL);
    INVARIANT(port.ptr == NULL || (slice_to_u64(port, &number) && number <= 65535));
    struct arena *arena = arena_create(TARGET_MAX);
    struct slice folded = http_host_fold(host, arena);
    INVARIANT(folded.len == host.len || folded.len + 1 == host.len);
    for (size_t i = 0; i < folded.len; i++) {
        INVARIANT(folded.ptr[i] == ascii_lower(host.ptr[i]));
    }
    arena_destroy(arena);
}

static void check_target(struct slice text, enum http_method method)
{
    struct http_target target;
    const char *why = NULL;
    unsigned status = http_target_parse(&target, text, method, &why);
    INVARIANT(status == 0 || (status == 400 && why != NULL));
    if (status != 0) {
        return;
    }
    INVARIANT((target.form == HTTP_TARGET_AUTHORITY) == (method == HTTP_CONNECT));
    INVARIANT(target.form != HTTP_TARGET_ASTERISK || method == HTTP_OPTIONS);
    INVARIANT((target.form == HTTP_TARGET_ABSOLUTE) == (target.scheme.ptr != NULL));
    for (size_t i = 0; i < text.len; i++) {
        INVARIANT(text.ptr[i] > ' ' && text.ptr[i] < 0x7f && text.ptr[i] != '#');
    }
    if (target.form == HTTP_TARGET_ORIGIN || target.form == HTTP_TARGET_ABSOLUTE) {
        check_path(target.path, true);
        check_path(target.path, false);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > TARGET_MAX) {
        return 0;
    }
    struct slice text = slice_of((const char *)data + 1, size - 1);
    check_target(text, (enum http_method)(data[0] % HTTP_METHOD_COUNT));
    check_path(text, true);
    check_path(text, false);
    check_authority(text);
    return 0;
}
