#include "server/resolve.h"
#include "server/resolve_walk.h"
#include "tests/unit/server/tempdir.h"
#include <errno.h>
#include <limits.h>

/* root/ is what is served; secret and root-other/ are its neighbours. */
static void make_tree(void)
{
    tempdir_make();
    tempdir_mkdir("root");
    tempdir_mkdir("root-other");
    tempdir_mkdir("root/dir");
    tempdir_mkdir("root/dir/deep");
    tempdir_write("root/file", "in root");
    tempdir_write("root/dir/file", "in dir");
    tempdir_write("root/dir/deep/file", "deep");
    tempdir_write("secret", "secret");
    tempdir_write("root-other/file", "other");
    tempdir_link("dir", "root/link-dir");
    tempdir_link("dir/file", "root/link-file");
    tempdir_link("link-dir/../link-dir/file", "root/link-up-inside");
    tempdir_link("../dir/deep/../../file", "root/dir/link-back");
    tempdir_link("../secret", "root/out");
    tempdir_link("../../secret", "root/dir/out");
    tempdir_link("../root/file", "root/out-and-back");
    tempdir_link(tempdir_path("root/dir/file"), "root/absolute");
    tempdir_link(tempdir_path("root/dir"), "root/absolute-dir");
    tempdir_link(tempdir_path("secret"), "root/absolute-out");
    tempdir_link(tempdir_path("root-other/file"), "root/absolute-beside");
    tempdir_link("/", "root/slash");
    tempdir_link("self", "root/self");
    tempdir_link("gone", "root/dangling");
    tempdir_link("root", "by-link");
    ck_assert_int_eq(mkfifo(tempdir_path("root/fifo"), 0644), 0);
}

static const struct {
    const char *path;
    const char *text; /* what is read; NULL: refused */
    int err;
} files[] = {
    {"file", "in root", 0},
    {"dir/file", "in dir", 0},
    {"dir//deep/./file", "deep", 0},
    {"dir/deep/../file", "in dir", 0},
    {"link-file", "in dir", 0},
    {"link-dir/file", "in dir", 0},
    {"link-up-inside", "in dir", 0},
    {"dir/link-back", "in root", 0},
    {"link-dir/link-back", "in root", 0},
    {"out-and-back", "in root", 0},
    {"absolute", "in dir", 0},
    {"absolute-dir/deep/file", "deep", 0},
    {"out", NULL, EXDEV},
    {"dir/out", NULL, EXDEV},
    {"../secret", NULL, EXDEV},
    {"dir/../../secret", NULL, EXDEV},
    {"absolute-out", NULL, EXDEV},
    {"absolute-beside", NULL, EXDEV},
    {"slash/etc/passwd", NULL, EXDEV},
    {"self", NULL, ELOOP},
    {"dangling", NULL, ENOENT},
    {"gone", NULL, ENOENT},
    {"gone/file", NULL, ENOENT},
    {"file/", NULL, ENOTDIR},
    {"link-file/", NULL, ENOTDIR},
    {"file/x", NULL, ENOTDIR},
};
enum { FILES = sizeof(files) / sizeof(files[0]) };

/* First the even, then the odd: with openat2 and by hand. */
static void choose_way(int row)
{
    resolve_use_walk(row % 2 != 0);
}

START_TEST(opens_what_ends_beneath)
{
    size_t i = (size_t)_i / 2;
    make_tree();
    choose_way(_i);
    char text[32] = "";
    errno = 0;
    int fd = resolve_open(tempdir_path("root"), files[i].path, O_RDONLY);
    if (files[i].text == NULL) {
        ck_assert_msg(fd == -1, "%s was opened", files[i].path);
        ck_assert_msg(errno == files[i].err, "%s: %s", files[i].path, strerror(errno));
    } else {
        ck_assert_msg(fd >= 0, "%s: %s", files[i].path, strerror(errno));
        ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 0);
        ck_assert_str_eq(text, files[i].text);
        close(fd);
    }
}
END_TEST

static bool is_same(int fd, const char *name)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && stat(name, &b) == 0 && a.st_ino == b.st_ino;
}

START_TEST(opens_directories)
{
    static const char *const paths[] = {"dir", "dir/", "link-dir", "absolute-dir/",
                                        "dir/."};
    make_tree();
    choose_way(_i);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        int fd = resolve_open(tempdir_path("root"), paths[i], O_RDONLY | O_DIRECTORY);
        ck_assert_msg(is_same(fd, tempdir_path("root/dir")), "%s", paths[i]);
        close(fd);
    }
    ck_assert_int_eq(resolve_open(tempdir_path("root"), "file", O_RDONLY | O_DIRECTORY),
                     -1);
    ck_assert_int_eq(errno, ENOTDIR);
}
END_TEST

START_TEST(takes_the_root_as_it_is_named)
{
    make_tree();
    choose_way(_i);
    int fd = resolve_open(tempdir_path("by-link"), "", O_PATH);
    ck_assert(is_same(fd, tempdir_path("root")));
    close(fd);
    fd = resolve_open(tempdir_path("by-link"), "file", O_PATH);
    ck_assert(is_same(fd, tempdir_path("root/file")));
    close(fd);
    fd = resolve_open(tempdir_path("by-link"), "absolute", O_PATH);
    ck_assert(is_same(fd, tempdir_path("root/dir/file")));
    close(fd);
    fd = resolve_open(tempdir_path("secret"), "", O_RDONLY); /* an alias of one file */
    ck_assert(is_same(fd, tempdir_path("secret")));
    close(fd);
    fd = resolve_open("/", tempdir_path("secret") + 1, O_RDONLY);
    ck_assert(is_same(fd, tempdir_path("secret")));
    close(fd);
    ck_assert_int_eq(resolve_open(tempdir_path("secret"), "x", O_RDONLY), -1);
    ck_assert_int_eq(errno, ENOTDIR);
}
END_TEST

START_TEST(never_waits_for_a_fifo)
{
    make_tree();
    choose_way(_i);
    int fd = resolve_open(tempdir_path("root"), "fifo", O_RDONLY);
    ck_assert_int_ge(fd, 0);
    close(fd);
}
END_TEST

START_TEST(refuses_long_names)
{
    make_tree();
    choose_way(_i);
    static char name[PATH_MAX + 10];
    memset(name, 'a', NAME_MAX + 1);
    ck_assert_int_eq(resolve_open(tempdir_path("root"), name, O_RDONLY), -1);
    ck_assert_int_eq(errno, ENAMETOOLONG);
    for (size_t i = 0; i < sizeof(name) - 1; i++) {
        name[i] = i % 2 == 0 ? '.' : '/';
    }
    ck_assert_int_eq(resolve_open(tempdir_path("root"), name, O_RDONLY), -1);
    ck_assert_int_eq(errno, ENAMETOOLONG);
}
END_TEST

/* A chain of links: 40 are followed, as by the system. */
START_TEST(counts_links)
{
    make_tree();
    choose_way(_i);
    tempdir_link("file", "root/l1");
    for (int i = 2; i <= RESOLVE_LINKS_MAX + 1; i++) {
        char target[16], name[24];
        snprintf(target, sizeof(target), "l%d", i - 1);
        snprintf(name, sizeof(name), "root/l%d", i);
        tempdir_link(target, name);
    }
    int fd = resolve_open(tempdir_path("root"), "l40", O_RDONLY);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(resolve_open(tempdir_path("root"), "l41", O_RDONLY), -1);
    ck_assert_int_eq(errno, ELOOP);
}
END_TEST

START_TEST(walks_without_links_when_asked)
{
    make_tree();
    int root = open(tempdir_path("root"), O_PATH | O_DIRECTORY);
    int fd = resolve_walk(root, "dir/file", O_RDONLY, false);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(resolve_walk(root, "link-dir/file", O_RDONLY, false), -1);
    ck_assert_int_eq(errno, ELOOP);
    close(root);
}
END_TEST

static int count_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 100; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

START_TEST(leaves_no_descriptor_behind)
{
    make_tree();
    choose_way(_i);
    int before = count_descriptors();
    for (int i = 0; i < FILES; i++) {
        int fd = resolve_open(tempdir_path("root"), files[i].path, O_RDONLY);
        if (fd >= 0) {
            close(fd);
        }
    }
    ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

UNIT_SUITE(resolve)
{
    UNIT_LOOP(opens_what_ends_beneath, 0, 2 * FILES);
    UNIT_LOOP(opens_directories, 0, 2);
    UNIT_LOOP(takes_the_root_as_it_is_named, 0, 2);
    UNIT_LOOP(never_waits_for_a_fifo, 0, 2);
    UNIT_LOOP(refuses_long_names, 0, 2);
    UNIT_LOOP(counts_links, 0, 2);
    UNIT_TEST(walks_without_links_when_asked);
    UNIT_LOOP(leaves_no_descriptor_behind, 0, 2);
}
