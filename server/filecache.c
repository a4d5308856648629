#include "server/filecache.h"
#include "common/bytes.h"
#include "common/clock.h"
#include "common/hash.h"
#include "common/list.h"
#include "common/xalloc.h"
#include "server/file_load.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#define BUCKETS_FIRST   64
#define KEY_MAX         PATH_MAX /* longer names cannot be opened anyway */
#define EXPIRE_PER_CALL 2        /* look-ups drop more than they can add */

/* Clients choose which names are asked for that are not there: of the entries only this
 * part may be errors, of names that are no longer than this. */
#define ERRORS_PART    8
#define ERROR_NAME_MAX 512

/* What is known under one name. */
struct entry {
    struct entry *next; /* in the bucket */
    struct list lru;    /* in cache->files or cache->errors, the last used first */
    struct file *file;  /* NULL: an error, or used too seldom to be held */
    int err;            /* of the last look, 0: none */
    bool in_errors;     /* which list it is in */
    unsigned uses;      /* without a pause of `inactive` */
    int64_t used_ms;
    int64_t checked_ms; /* when the name was last looked at */
    uint32_t hash;
    size_t key_len;
    char key[]; /* root, NUL, path, NUL */
};

struct filecache {
    struct entry **buckets;
    size_t mask; /* buckets - 1 */
    size_t count;
    size_t error_count;
    size_t max;           /* entries, the largest that a location allows */
    size_t content_bytes; /* in memory, of the entries' files */
    struct list files;
    struct list errors;
    struct resolve_root root; /* of the last look-up in this turn */
};

/* A name on its way into the table. */
struct key {
    const char *root;
    const char *path;
    size_t len;
    uint32_t hash;
    char bytes[KEY_MAX];
};

struct filecache *filecache_create(void)
{
    struct filecache *cache = xcalloc(1, sizeof(*cache));
    cache->buckets = xcalloc(BUCKETS_FIRST, sizeof(struct entry *));
    cache->mask = BUCKETS_FIRST - 1;
    list_init(&cache->files);
    list_init(&cache->errors);
    cache->root.fd = -1;
    return cache;
}

static size_t content_of(const struct file *file)
{
    return file != NULL && file->content != NULL ? (size_t)file->size + KEPT_HEAD_ROOM
                                                 : 0;
}

/* Puts `file`, or nothing, in the place of what the entry holds. */
static void hold(struct filecache *cache, struct entry *entry, struct file *file)
{
    assert(cache->content_bytes >= content_of(entry->file));
    cache->content_bytes -= content_of(entry->file);
    file_release(entry->file);
    entry->file = file;
    cache->content_bytes += content_of(file);
}

static void drop(struct filecache *cache, struct entry *entry)
{
    struct entry **place = &cache->buckets[entry->hash & cache->mask];
    while (*place != entry) {
        place = &(*place)->next;
    }
    *place = entry->next;
    list_remove(&entry->lru);
    hold(cache, entry, NULL);
    cache->error_count -= entry->in_errors;
    cache->count--;
    free(entry);
}

static struct entry *least_used(const struct list *list)
{
    return list_empty(list) ? NULL : LIST_ITEM(list->prev, struct entry, lru);
}

static void drop_all(struct filecache *cache, const struct list *list)
{
    while (!list_empty(list)) {
        drop(cache, least_used(list));
    }
}

void filecache_destroy(struct filecache *cache)
{
    if (cache == NULL) {
        return;
    }
    drop_all(cache, &cache->files);
    drop_all(cache, &cache->errors);
    filecache_end_turn(cache);
    free(cache->buckets);
    free(cache);
}

/* False when the name is longer than any that can be opened. */
static bool make_key(struct key *key, const char *root, const char *path)
{
    size_t root_len = strlen(root) + 1;
    size_t path_len = strlen(path) + 1;
    if (root_len > KEY_MAX || path_len > KEY_MAX - root_len) {
        return false;
    }
    key->root = root;
    key->path = path;
    key->len = root_len + path_len;
    bytes_copy(key->bytes, root, root_len);
    bytes_copy(key->bytes + root_len, path, path_len);
    key->hash = hash_bytes(key->bytes, key->len);
    return true;
}

static struct entry *find(const struct filecache *cache, const struct key *key)
{
    struct entry *entry = cache->buckets[key->hash & cache->mask];
    while (entry != NULL && (entry->hash != key->hash || entry->key_len != key->len ||
                             memcmp(entry->key, key->bytes, key->len) != 0)) {
        entry = entry->next;
    }
    return entry;
}

static void grow(struct filecache *cache)
{
    size_t mask = cache->mask * 2 + 1;
    struct entry **buckets = xcalloc(mask + 1, sizeof(struct entry *));
    for (size_t i = 0; i <= cache->mask; i++) {
        struct entry *entry = cache->buckets[i], *next;
        for (; entry != NULL; entry = next) {
            next = entry->next;
            entry->next = buckets[entry->hash & mask];
            buckets[entry->hash & mask] = entry;
        }
    }
    free(cache->buckets);
    cache->buckets = buckets;
    cache->mask = mask;
}

static struct entry *add(struct filecache *cache, const struct key *key)
{
    if (cache->count > cache->mask) {
        grow(cache);
    }
    struct entry *entry = xcalloc(1, sizeof(*entry) + key->len);
    entry->hash = key->hash;
    entry->key_len = key->len;
    memcpy(entry->key, key->bytes, key->len);
    struct entry **bucket = &cache->buckets[key->hash & cache->mask];
    entry->next = *bucket;
    *bucket = entry;
    list_prepend(&cache->files, &entry->lru);
    cache->count++;
    return entry;
}

static void count_use(struct entry *entry, int64_t inactive)
{
    int64_t now = clock_now_ms();
    entry->uses = now - entry->used_ms > inactive ? 1 : entry->uses + 1;
    entry->used_ms = now;
}

/* To the front of the list where it belongs by what was found. */
static void move_to_front(struct filecache *cache, struct entry *entry)
{
    cache->error_count -= entry->in_errors;
    entry->in_errors = entry->err != 0;
    cache->error_count += entry->in_errors;
    list_remove(&entry->lru);
    list_prepend(entry->in_errors ? &cache->errors : &cache->files, &entry->lru);
}

static void drop_inactive(struct filecache *cache, const struct list *list,
                          int64_t inactive)
{
    for (int i = 0; i < EXPIRE_PER_CALL; i++) {
        struct entry *entry = least_used(list);
        if (entry == NULL || clock_now_ms() - entry->used_ms <= inactive) {
            return;
        }
        drop(cache, entry);
    }
}

static bool is_full(const struct filecache *cache)
{
    return cache->count > cache->max || cache->content_bytes > FILECACHE_CONTENT_TOTAL;
}

/* Room for what the entry in use, the first of its list, has brought in. */
static void drop_excess(struct filecache *cache)
{
    while (cache->error_count > 1 && cache->error_count > cache->max / ERRORS_PART) {
        drop(cache, least_used(&cache->errors));
    }
    while (cache->count > cache->error_count + 1 && is_full(cache)) {
        drop(cache, least_used(&cache->files));
    }
}

/* An unsettled file is looked at again as soon as it can have settled: only then can a
 * change that left no trace in its time stamps be seen, and its ETag become strong. */
static bool is_current(const struct entry *entry, const struct location_settings *set)
{
    int64_t age = clock_now_ms() - entry->checked_ms;
    if (entry->file == NULL) {
        return entry->err != 0 && set->open_file_cache_errors &&
               age < set->open_file_cache_valid;
    }
    int64_t valid = set->open_file_cache_valid;
    if (file_is_unsettled(entry->file) && valid > FILE_SETTLE_MS) {
        valid = FILE_SETTLE_MS;
    }
    return age < valid && file_is_same_by_fd(entry->file);
}

/* Out of descriptors: those of entries that nothing is sent from may go. */
static bool makes_room(struct filecache *cache, int err)
{
    return (err == EMFILE || err == ENFILE) && filecache_shrink(cache) > 0;
}

static int load(struct filecache *cache, const struct key *key, struct file **file)
{
    int err = file_load(&cache->root, key->root, key->path, file);
    if (makes_room(cache, err)) {
        err = file_load(&cache->root, key->root, key->path, file);
    }
    return err;
}

/* What says something about the name rather than about the moment. Not that it leads
 * outside: it may seem to while a link or the root is replaced. */
static bool is_lasting(int err)
{
    return err == ENOENT || err == ENOTDIR || err == EACCES || err == ELOOP;
}

static int renew(struct filecache *cache, struct entry *entry, const struct key *key,
                 const struct location_settings *set)
{
    if (entry->file != NULL && !file_is_unsettled(entry->file) &&
        file_is_same_by_fd(entry->file) &&
        file_is_same_by_name(entry->file, &cache->root, key->root, key->path)) {
        entry->checked_ms = clock_now_ms();
        return 0;
    }
    hold(cache, entry, NULL);
    struct file *file = NULL;
    int err = load(cache, key, &file);
    entry->checked_ms = clock_now_ms();
    bool kept =
        set->open_file_cache_errors && is_lasting(err) && key->len <= ERROR_NAME_MAX;
    entry->err = kept ? err : 0;
    hold(cache, entry, file);
    return err;
}

/* Hands out what the entry holds, and keeps it only when that is asked for. */
static struct file *take(struct filecache *cache, struct entry *entry,
                         const struct location_settings *set)
{
    struct file *file = file_retain(entry->file);
    if (entry->uses < set->open_file_cache_min_uses) {
        hold(cache, entry, NULL);
    }
    return file;
}

static int open_entry(struct filecache *cache, const struct key *key,
                      const struct location_settings *set, struct file **file)
{
    struct entry *entry = find(cache, key);
    if (entry == NULL) {
        entry = add(cache, key);
    }
    count_use(entry, set->open_file_cache.inactive);
    int err = is_current(entry, set) ? entry->err : renew(cache, entry, key, set);
    move_to_front(cache, entry);
    if (err == 0) {
        *file = take(cache, entry, set);
    } else if (entry->err == 0) {
        drop(cache, entry);
    }
    drop_excess(cache);
    return err;
}

int filecache_open(struct filecache *cache, const char *root, const char *path,
                   const struct location_settings *settings, struct file **file)
{
    struct key key;
    *file = NULL;
    if (settings->open_file_cache.max == 0 || !make_key(&key, root, path)) {
        return file_load(&cache->root, root, path, file);
    }
    if (settings->open_file_cache.max > cache->max) {
        cache->max = settings->open_file_cache.max;
    }
    drop_inactive(cache, &cache->files, settings->open_file_cache.inactive);
    drop_inactive(cache, &cache->errors, settings->open_file_cache.inactive);
    return open_entry(cache, &key, settings, file);
}

void filecache_end_turn(struct filecache *cache)
{
    resolve_let_go(&cache->root);
}

size_t filecache_shrink(struct filecache *cache)
{
    size_t closed = 0;
    LIST_EACH(link, next, &cache->files)
    {
        struct entry *entry = LIST_ITEM(link, struct entry, lru);
        if (entry->file != NULL && entry->file->fd >= 0 && entry->file->references == 1) {
            hold(cache, entry, NULL);
            closed++;
        }
    }
    return closed;
}

int filecache_open_dir(struct filecache *cache, const char *root, const char *path)
{
    const int flags = O_RDONLY | O_DIRECTORY;
    int fd = resolve_open_from(&cache->root, root, path, flags);
    int err = errno;
    if (fd < 0 && makes_room(cache, err)) {
        return resolve_open_from(&cache->root, root, path, flags);
    }
    errno = err;
    return fd;
}
