#include "server/listing_data.h"
#include "common/fdutil.h"
#include "server/resolve.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char letters[LISTING_KEY_COUNT] = {
    [LISTING_NAME] = 'N',
    [LISTING_MODIFIED] = 'M',
    [LISTING_SIZE] = 'S',
};

char listing_key_letter(enum listing_key key)
{
    return letters[key];
}

/* --- the order -------------------------------------------------------------------- */

static void read_order(struct listing_order *order, struct slice pair)
{
    if (pair.len != 3 || pair.ptr[1] != '=') {
        return;
    }
    if (pair.ptr[0] == 'O') {
        order->descending = pair.ptr[2] == 'D';
    }
    for (size_t key = 0; pair.ptr[0] == 'C' && key < LISTING_KEY_COUNT; key++) {
        if (letters[key] == pair.ptr[2]) {
            order->key = (enum listing_key)key;
        }
    }
}

struct listing_order listing_order_of(struct slice query)
{
    struct listing_order order = {0};
    struct slice group, pair;
    while (slice_split(&query, '&', &group)) {
        while (slice_split(&group, ';', &pair)) {
            read_order(&order, pair);
        }
    }
    return order;
}

static size_t digits_at(struct slice text, size_t at)
{
    size_t len = 0;
    while (at + len < text.len && ascii_isdigit(text.ptr[at + len])) {
        len++;
    }
    return len;
}

/* Compares the numbers at the front of both, by value, and moves past them. */
static int compare_numbers(struct slice *a, struct slice *b)
{
    while (a->len > 1 && a->ptr[0] == '0' && ascii_isdigit(a->ptr[1])) {
        *a = slice_from(*a, 1);
    }
    while (b->len > 1 && b->ptr[0] == '0' && ascii_isdigit(b->ptr[1])) {
        *b = slice_from(*b, 1);
    }
    size_t a_len = digits_at(*a, 0), b_len = digits_at(*b, 0);
    int order = a_len != b_len ? (a_len < b_len ? -1 : 1) : memcmp(a->ptr, b->ptr, a_len);
    *a = slice_from(*a, a_len);
    *b = slice_from(*b, b_len);
    return order;
}

/* As people read: digits by the number they make, letters without regard to case. */
static int compare_read(struct slice a, struct slice b)
{
    while (a.len > 0 && b.len > 0) {
        if (ascii_isdigit(a.ptr[0]) && ascii_isdigit(b.ptr[0])) {
            int order = compare_numbers(&a, &b);
            if (order != 0) {
                return order;
            }
            continue;
        }
        unsigned char x = (unsigned char)ascii_lower(a.ptr[0]);
        unsigned char y = (unsigned char)ascii_lower(b.ptr[0]);
        if (x != y) {
            return x < y ? -1 : 1;
        }
        a = slice_from(a, 1);
        b = slice_from(b, 1);
    }
    return (a.len > 0) - (b.len > 0);
}

static int compare_groups(const struct listing_entry *a, const struct listing_entry *b)
{
    return (b->kind == FILE_DIRECTORY) - (a->kind == FILE_DIRECTORY);
}

static int by_name(const void *left, const void *right)
{
    const struct listing_entry *a = left, *b = right;
    int order = compare_groups(a, b);
    if (order == 0) {
        order = compare_read(a->name, b->name);
    }
    return order != 0 ? order : strcmp(a->name.ptr, b->name.ptr);
}

static int by_mtime(const void *left, const void *right)
{
    const struct listing_entry *a = left, *b = right;
    int order = compare_groups(a, b);
    if (order == 0) {
        order = (a->mtime > b->mtime) - (a->mtime < b->mtime);
    }
    return order != 0 ? order : by_name(left, right);
}

/* The size of a directory says nothing. */
static int by_size(const void *left, const void *right)
{
    const struct listing_entry *a = left, *b = right;
    int order = compare_groups(a, b);
    if (order == 0 && a->kind == FILE_REGULAR && b->kind == FILE_REGULAR) {
        order = (a->size > b->size) - (a->size < b->size);
    } else if (order == 0) {
        order = (a->kind == FILE_REGULAR) - (b->kind == FILE_REGULAR);
    }
    return order != 0 ? order : by_name(left, right);
}

static void reverse(struct listing_entry *entries, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct listing_entry other = entries[count - 1 - i];
        entries[count - 1 - i] = entries[i];
        entries[i] = other;
    }
}

void listing_sort(struct listing *listing)
{
    static int (*const compare[LISTING_KEY_COUNT])(const void *, const void *) = {
        [LISTING_NAME] = by_name,
        [LISTING_MODIFIED] = by_mtime,
        [LISTING_SIZE] = by_size,
    };
    struct listing_entry *entries = listing->entries.items;
    size_t count = listing->entries.count, directories = listing->directories;
    if (count == 0) {
        return;
    }
    qsort(entries, count, sizeof(*entries), compare[listing->order.key]);
    if (listing->order.descending) {
        if (listing->order.key != LISTING_SIZE) { /* of which directories have none */
            reverse(entries, directories);
        }
        reverse(entries + directories, count - directories);
    }
}

/* --- the directory ---------------------------------------------------------------- */

/* A link stands for what it leads to, if that may be served at all. */
static bool look_behind(const char *name, struct filepath where,
                        struct resolve_root *held, struct arena *arena, struct stat *st)
{
    const char *path = arena_printf(arena, "%s/%s", where.path, name);
    int fd = resolve_open_from(held, where.root, path, O_PATH);
    bool seen = fd >= 0 && fstat(fd, st) == 0;
    fd_close(fd);
    return seen;
}

static bool look(int dir, const char *name, struct filepath where,
                 struct resolve_root *held, struct arena *arena, struct stat *st)
{
    if (fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) != 0) {
        return false;
    }
    return !S_ISLNK(st->st_mode) || look_behind(name, where, held, arena, st);
}

static enum file_kind kind_of(mode_t mode)
{
    if (S_ISREG(mode)) {
        return FILE_REGULAR;
    }
    return S_ISDIR(mode) ? FILE_DIRECTORY : FILE_OTHER;
}

static void add(struct listing *listing, const char *name, const struct stat *st,
                struct arena *arena)
{
    size_t len = strlen(name);
    if (listing->entries.count == LISTING_MAX ||
        listing->name_bytes + len > LISTING_NAMES_MAX) {
        listing->cut = true;
        return;
    }
    listing->name_bytes += len;
    struct listing_entry *entry = array_push(&listing->entries, arena);
    *entry = (struct listing_entry){
        .name = arena_slice(arena, slice_of(name, len)),
        .kind = kind_of(st->st_mode),
        .size = (uint64_t)st->st_size,
        .mtime = st->st_mtim.tv_sec,
    };
    listing->directories += entry->kind == FILE_DIRECTORY;
}

int listing_read(struct listing *listing, int dir, struct filepath where,
                 struct arena *arena)
{
    DIR *stream = fdopendir(dir);
    if (stream == NULL) {
        int err = errno;
        fd_close(dir);
        return err;
    }
    listing->entries = ARRAY_OF(struct listing_entry);
    struct resolve_root held;
    struct dirent *found;
    struct stat st;
    held.fd = -1;
    while (errno = 0, !listing->cut && (found = readdir(stream)) != NULL) {
        if (found->d_name[0] != '.' &&
            look(dir, found->d_name, where, &held, arena, &st)) {
            add(listing, found->d_name, &st, arena);
        }
    }
    int err = listing->cut ? 0 : errno;
    closedir(stream);
    resolve_let_go(&held);
    return err;
}
