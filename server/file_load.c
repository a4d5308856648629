#include "server/file_load.h"
#include "common/clock.h"
#include "common/fdutil.h"
#include "common/xalloc.h"
#include "server/http_date.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8, "files may be larger than 2 GiB");

#define READ_TRIES     3 /* of a small file that changes while it is read */
#define CLOCK_SKEW_SEC 1 /* a file server's clock may be this far ahead of ours */

static bool timespec_eq(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static enum file_kind kind_of(mode_t mode)
{
    if (S_ISREG(mode)) {
        return FILE_REGULAR;
    }
    return S_ISDIR(mode) ? FILE_DIRECTORY : FILE_OTHER;
}

/* inode, size and modification time in nanoseconds, hexadecimal. Far dates wrap. */
static void write_etag(struct file *file, bool weak)
{
    uint64_t nanoseconds = (uint64_t)file->mtime.tv_sec * (uint64_t)NS_PER_SEC +
                           (uint64_t)file->mtime.tv_nsec;
    int len = snprintf(file->etag, sizeof(file->etag),
                       "%s\"%" PRIxMAX "-%" PRIx64 "-%" PRIx64 "\"", weak ? "W/" : "",
                       (uintmax_t)file->inode, file->size, nanoseconds);
    assert(len > 0 && (size_t)len < sizeof(file->etag));
}

static bool changed_just_now(const struct timespec *mtime, const struct timespec *now)
{
    if (mtime->tv_sec < now->tv_sec - 1 || mtime->tv_sec > now->tv_sec + CLOCK_SKEW_SEC) {
        return false;
    }
    int64_t age =
        (now->tv_sec - mtime->tv_sec) * NS_PER_SEC + now->tv_nsec - mtime->tv_nsec;
    return age < FILE_SETTLE_MS * NS_PER_MS;
}

/* A date in the future would be later than Date: RFC 9110, 8.8.2.1. */
static void write_validators(struct file *file)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    write_etag(file, changed_just_now(&file->mtime, &now));
    file->modified = file->mtime.tv_sec < now.tv_sec ? file->mtime.tv_sec : now.tv_sec;
    if (file->modified > 0) {
        http_date_format(file->modified, file->last_modified);
    } else {
        file->modified = -1;
    }
}

static struct file *describe(const struct stat *st, size_t content_room)
{
    struct file *file = xmalloc(sizeof(*file) + content_room);
    *file = (struct file){
        .kind = kind_of(st->st_mode),
        .fd = -1,
        .size = (uint64_t)st->st_size,
        .mtime = st->st_mtim,
        .inode = st->st_ino,
        .references = 1,
        .device = st->st_dev,
        .ctime = st->st_ctim,
    };
    write_validators(file);
    return file;
}

static bool matches(const struct file *file, const struct stat *st)
{
    return file->inode == st->st_ino && file->device == st->st_dev &&
           file->kind == kind_of(st->st_mode) && file->size == (uint64_t)st->st_size &&
           timespec_eq(&file->mtime, &st->st_mtim) &&
           timespec_eq(&file->ctime, &st->st_ctim);
}

/* Reads until the end or until `len` bytes are there; what is not to be read counts as
 * the end. */
static size_t read_bytes(int fd, char *bytes, size_t len)
{
    size_t have = 0;
    while (have < len) {
        ssize_t got = pread(fd, bytes + have, len - have, (off_t)have);
        if (got <= 0 && !(got < 0 && errno == EINTR)) {
            break;
        }
        have += got > 0 ? (size_t)got : 0;
    }
    return have;
}

/* The small file with its bytes, or NULL when it changed meanwhile: then *st is new. */
static struct file *read_small(int fd, struct stat *st)
{
    size_t size = (size_t)st->st_size;
    struct file *file = describe(st, KEPT_HEAD_ROOM + size + 1);
    char *bytes = (char *)(file + 1) + KEPT_HEAD_ROOM;
    if (read_bytes(fd, bytes, size) == size && fstat(fd, st) == 0 && matches(file, st)) {
        bytes[size] = '\0';
        file->content = file->head.content = bytes;
        return file;
    }
    free(file);
    return NULL;
}

/* Takes over the descriptor of a regular file. */
static struct file *hold(int fd, struct stat *st)
{
    for (int tries = 0; tries < READ_TRIES && st->st_size <= FILE_CONTENT_MAX; tries++) {
        struct file *file = read_small(fd, st);
        if (file != NULL) {
            fd_close(fd);
            return file;
        }
    }
    struct file *file = describe(st, 0);
    file->fd = fd;
    return file;
}

/* 0 or an errno value. */
static int look(struct resolve_root *held, const char *root, const char *path,
                struct stat *st)
{
    int fd = resolve_open_from(held, root, path, O_PATH);
    int err = fd < 0 || fstat(fd, st) < 0 ? errno : 0;
    fd_close(fd);
    return err;
}

int file_load(struct resolve_root *held, const char *root, const char *path,
              struct file **file)
{
    struct stat st;
    int err = look(held, root, path, &st);
    if (err != 0) {
        return err;
    }
    if (!S_ISREG(st.st_mode)) {
        *file = describe(&st, 0);
        return 0;
    }
    int fd = resolve_open_from(held, root, path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) < 0) {
        err = errno;
        fd_close(fd);
        return err;
    }
    if (S_ISREG(st.st_mode)) {
        *file = hold(fd, &st);
    } else { /* replaced just now; O_NONBLOCK saw to it that nothing waited */
        fd_close(fd);
        *file = describe(&st, 0);
    }
    return 0;
}

bool file_is_same_by_name(const struct file *file, struct resolve_root *held,
                          const char *root, const char *path)
{
    struct stat st;
    return look(held, root, path, &st) == 0 && matches(file, &st);
}

bool file_is_same_by_fd(const struct file *file)
{
    struct stat st;
    return file->fd < 0 || (fstat(file->fd, &st) == 0 && matches(file, &st));
}

bool file_is_unsettled(const struct file *file)
{
    return file->etag[0] == 'W';
}

void file_release(struct file *file)
{
    if (file == NULL) {
        return;
    }
    assert(file->references > 0);
    if (--file->references == 0) {
        fd_close(file->fd);
        kept_head_clear(&file->head);
        kept_head_clear(&file->head_304);
        free(file);
    }
}

struct file *file_retain(struct file *file)
{
    assert(file->references > 0);
    file->references++;
    return file;
}

bool file_is_shared(const struct file *file)
{
    return file->references > 1;
}
