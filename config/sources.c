#include "config/sources.h"
#include "common/fdutil.h"
#include <errno.h>
#include <sys/stat.h>

static void append_chain(struct buf *out, const struct open_file *file,
                         const struct open_file *begin)
{
    if (file != begin) {
        append_chain(out, file->parent, begin);
    }
    buf_printf(out, "%s -> ", file->path);
}

static void report_recursion(struct parser *parser, const struct open_file *begin,
                             const char *path, struct position from)
{
    struct buf chain = {0};
    append_chain(&chain, parser->open, begin);
    diag_error(parser->diag, from, NULL, "\"%s\" includes itself: %.*s%s", begin->path,
               SLICE_ARG(buf_slice(&chain)), path);
    buf_free(&chain);
}

static bool may_open(struct parser *parser, const struct open_file *file,
                     struct position from)
{
    for (const struct open_file *outer = file->parent; outer; outer = outer->parent) {
        if (file->inode != 0 && outer->inode == file->inode &&
            outer->device == file->device) {
            report_recursion(parser, outer, file->path, from);
            return false;
        }
    }
    if (file->depth > INCLUDE_DEPTH_MAX) {
        diag_error(parser->diag, from, NULL, "files include files more than %d deep",
                   INCLUDE_DEPTH_MAX);
        return false;
    }
    if (parser->files >= CONFIG_INCLUDES_MAX) {
        diag_error(parser->diag, from, NULL, "more than %d files are included",
                   CONFIG_INCLUDES_MAX);
        return false;
    }
    return true;
}

static struct open_file identify(const struct parser *parser, const char *path)
{
    const struct open_file *parent = parser->open;
    struct open_file file = {
        .parent = parent,
        .path = path,
        .depth = parent != NULL ? parent->depth + 1 : 0,
    };
    struct stat status;
    if (stat(path, &status) == 0) { /* a missing file is told of by the open */
        file.device = status.st_dev;
        file.inode = status.st_ino;
    }
    return file;
}

static void report_unreadable(struct parser *parser, const char *path, int failure,
                              struct position from)
{
    switch (failure) {
    case EISDIR:
        diag_error(parser->diag, from, "a pattern such as \"*.conf\" takes its files",
                   "\"%s\" is a directory", path);
        break;
    case EINVAL:
        diag_error(parser->diag, from, NULL, "\"%s\" is not a regular file", path);
        break;
    case EFBIG:
        diag_error(parser->diag, from, NULL, "\"%s\" is larger than %u bytes", path,
                   CONFIG_FILE_MAX);
        break;
    default:
        diag_error(parser->diag, from, NULL, "cannot read \"%s\": %s", path,
                   strerror(failure));
        break;
    }
}

/* NULL when it cannot be read, which is reported. */
static const struct source *read_source(struct parser *parser, const char *path,
                                        struct position from)
{
    struct buf text = {.limit = CONFIG_FILE_MAX};
    struct source *source = NULL;
    if (fd_read_file(path, &text) == 0) {
        source = arena_zero(parser->arena, sizeof(*source));
        source->path = arena_strdup(parser->arena, path);
        source->text = arena_slice(parser->arena, buf_slice(&text));
    } else {
        report_unreadable(parser, path, errno, from);
    }
    buf_free(&text);
    return source;
}

const struct source *sources_open(struct parser *parser, struct open_file *file,
                                  const char *path, struct position from)
{
    *file = identify(parser, path);
    if (!may_open(parser, file, from)) {
        return NULL;
    }
    const struct source *source = read_source(parser, path, from);
    if (source != NULL) {
        parser->files++;
        parser->open = file;
    }
    return source;
}

void sources_close(struct parser *parser, const struct open_file *file)
{
    parser->open = file->parent;
}
