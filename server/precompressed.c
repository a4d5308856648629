#include "server/precompressed.h"
#include "common/clock.h"
#include "server/file_open.h"

static const char *const suffixes[HTTP_CODING_IDENTITY] = {
    [HTTP_CODING_BR] = ".br",
    [HTTP_CODING_ZSTD] = ".zst",
    [HTTP_CODING_GZIP] = ".gz",
};

static enum precompressed mode_of(const struct location_settings *set, size_t coding)
{
    const enum precompressed modes[HTTP_CODING_IDENTITY] = {
        [HTTP_CODING_BR] = set->brotli_static,
        [HTTP_CODING_ZSTD] = set->zstd_static,
        [HTTP_CODING_GZIP] = set->gzip_static,
    };
    return modes[coding];
}

static bool has_mode(const struct location_settings *set, enum precompressed mode)
{
    return set->gzip_static == mode || set->brotli_static == mode ||
           set->zstd_static == mode;
}

/* How much each coding is wanted; 0: not a candidate. What the client likes less than the
 * file as it is drops out. */
static void weigh(const struct request *request, unsigned weight[HTTP_CODING_COUNT])
{
    http_accept_encoding(&request->head.fields, weight);
    for (size_t coding = 0; coding < HTTP_CODING_IDENTITY; coding++) {
        enum precompressed mode = mode_of(request->set, coding);
        bool liked = weight[coding] > 0 && weight[coding] >= weight[HTTP_CODING_IDENTITY];
        if (mode == PRECOMPRESSED_OFF) {
            weight[coding] = 0;
        } else if (!liked) {
            weight[coding] = mode == PRECOMPRESSED_ALWAYS ? 1 : 0;
        }
    }
}

static size_t heaviest(const unsigned weight[HTTP_CODING_COUNT])
{
    size_t best = HTTP_CODING_IDENTITY;
    for (size_t coding = 0; coding < HTTP_CODING_IDENTITY; coding++) {
        if (weight[coding] > 0 &&
            (best == HTTP_CODING_IDENTITY || weight[coding] > weight[best])) {
            best = coding;
        }
    }
    return best;
}

/* Tools that copy the original's time may leave its fraction of a second out. */
static bool is_older(const struct file *sibling, const struct file *original)
{
    const struct timespec *a = &sibling->mtime, *b = &original->mtime;
    return a->tv_sec < b->tv_sec ||
           (a->tv_sec == b->tv_sec && a->tv_nsec != 0 && a->tv_nsec < b->tv_nsec);
}

static const char *with_suffix(const struct request *request, const char *name,
                               const char *suffix)
{
    return arena_join(request->arena, slice_str(name), slice_str(suffix)).ptr;
}

static struct filepath name_of(const struct request *request, struct filepath path,
                               const char *suffix)
{
    if (path.path[0] == '\0') { /* an alias that is a file */
        return (struct filepath){with_suffix(request, path.root, suffix), ""};
    }
    return (struct filepath){path.root, with_suffix(request, path.path, suffix)};
}

/* So that a file that has no siblings, as most have not, is not asked for them each
 * time. */
static void remember_absent(const struct request *request, struct file *original,
                            unsigned bit)
{
    if (clock_now_ms() >= original->absent_until_ms) {
        original->absent = 0;
        original->absent_until_ms = clock_now_ms() + request->set->open_file_cache_valid;
    }
    original->absent |= bit;
}

/* What the cache remembers to be absent is looked for all the same: it may be known for
 * as long as is allowed, and would be for as long again. */
static int look_for(const struct request *request, struct filepath name,
                    struct file **file)
{
    struct location_settings set = *request->set;
    set.open_file_cache_errors = false;
    return filecache_open(request->service->files, name.root, name.path, &set, file);
}

static struct file *open_sibling(struct request *request, struct filepath path,
                                 struct file *original, size_t coding)
{
    unsigned bit = 1u << coding;
    struct file *sibling = NULL;
    if ((original->absent & bit) != 0 && clock_now_ms() < original->absent_until_ms) {
        return NULL;
    }
    struct filepath name = name_of(request, path, suffixes[coding]);
    int err = look_for(request, name, &sibling);
    if (err == 0 && sibling->kind == FILE_REGULAR && !is_older(sibling, original)) {
        return sibling;
    }
    file_release(sibling);
    if (!file_open_is_shortage(err)) {
        remember_absent(request, original, bit);
    }
    return NULL;
}

struct precompressed_choice precompressed_choose(struct request *request,
                                                 struct filepath path,
                                                 struct file *original)
{
    struct precompressed_choice choice = {
        .file = original,
        .coding = HTTP_CODING_IDENTITY,
        .varies = has_mode(request->set, PRECOMPRESSED_ON),
    };
    if (!choice.varies && !has_mode(request->set, PRECOMPRESSED_ALWAYS)) {
        return choice;
    }
    unsigned weight[HTTP_CODING_COUNT];
    weigh(request, weight);
    size_t coding;
    while ((coding = heaviest(weight)) != HTTP_CODING_IDENTITY) {
        struct file *sibling = open_sibling(request, path, original, coding);
        if (sibling != NULL) {
            file_release(original);
            choice.file = sibling;
            choice.coding = (enum http_coding)coding;
            break;
        }
        weight[coding] = 0;
    }
    return choice;
}
