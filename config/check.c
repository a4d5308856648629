#include "config/build.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct checker {
    const struct config *config;
    struct diagnostics *diag;
    struct arena *arena;
    struct hash seen; /* paths that were looked at */
};

enum kind {
    KIND_ANY,
    KIND_DIRECTORY,
};

static bool is_new(struct checker *checker, const char *path)
{
    return hash_put(&checker->seen, slice_str(path), checker) == NULL;
}

/* "could not be checked" is no error: the server may see more than this user. */
static void warn_unseen(struct checker *checker, struct position at, const char *what,
                        const char *path)
{
    diag_warn(checker->diag, at, "run the test as the user who starts the server",
              "%s \"%s\" could not be checked: %s", what, path, strerror(errno));
}

/* --- roots and aliases -------------------------------------------------------------- */

static void check_served(struct checker *checker, struct position at, const char *path,
                         enum kind kind)
{
    struct stat st;
    if (stat(path, &st) == 0) {
        if (kind == KIND_DIRECTORY && !S_ISDIR(st.st_mode)) {
            diag_warn(checker->diag, at, NULL, "\"%s\" is not a directory", path);
        }
        return;
    }
    if (errno == EACCES) {
        warn_unseen(checker, at, "the directory", path);
        return;
    }
    diag_warn(checker->diag, at, NULL, "\"%s\" cannot be served: %s", path,
              strerror(errno));
}

/* A path with variables is only known with a request, a default root was not asked for.
 */
static void check_location(struct checker *checker, const struct location *location)
{
    const struct document_root *root = &location->document_root;
    const struct template *path = &root->path;
    if (!path->is_literal || root->at.source == NULL) {
        return;
    }
    bool is_directory = !root->is_alias || slice_ends_byte(path->literal, '/');
    const char *name = arena_cstr(checker->arena, path->literal);
    if (is_new(checker, name)) {
        check_served(checker, root->at, name, is_directory ? KIND_DIRECTORY : KIND_ANY);
    }
}

static void check_server(struct checker *checker, const struct server *server)
{
    check_location(checker, server->fallback);
    for (size_t i = 0; i < server->location_count; i++) {
        check_location(checker, server->all[i]);
    }
}

/* --- files that are written --------------------------------------------------------- */

static const char *parent_of(struct checker *checker, const char *path)
{
    size_t slash = slice_rfind(slice_str(path), '/');
    return arena_cstr(checker->arena, slice_of(path, slash == 0 ? 1 : slash));
}

/* Nothing is opened: the file may be a pipe, or not be there yet. */
static void check_written(struct checker *checker, struct position at, const char *what,
                          const char *path)
{
    const char *directory = parent_of(checker, path);
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        diag_error(checker->diag, at, NULL, "%s \"%s\" is a directory", what, path);
        return;
    }
    int error = stat(directory, &st) != 0 ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
    if (error != 0 && error != EACCES) {
        diag_error(checker->diag, at, "make the directory, or name another",
                   "%s: the directory \"%s\" cannot be used: %s", what, directory,
                   strerror(error));
        return;
    }
    const char *target = access(path, F_OK) == 0 ? path : directory;
    if (faccessat(AT_FDCWD, target, W_OK, AT_EACCESS) != 0) {
        warn_unseen(checker, at, what, path);
    }
}

static void check_logs(struct checker *checker)
{
    const struct config *config = checker->config;
    for (size_t i = 0; i < config->log_file_count; i++) {
        const struct log_file *file = &config->log_files[i];
        if (file->path[0] == '/') {
            check_written(checker, file->at, file->directive, file->path);
        }
    }
}

/* Where the tree says `pid`; no source: it is the default. */
static struct position pid_position(const struct config *config)
{
    for (const struct statement *line = config->tree; line != NULL; line = line->next) {
        if (slice_eq(line->name.text, slice_str("pid"))) {
            return line->name.at;
        }
    }
    return (struct position){0};
}

void config_check_files(const struct config *config, struct diagnostics *diag)
{
    struct checker checker = {.config = config, .diag = diag};
    checker.arena = arena_create(4096);
    hash_init(&checker.seen, checker.arena);
    for (size_t i = 0; i < config->server_count; i++) {
        check_server(&checker, config->servers[i]);
    }
    check_logs(&checker);
    check_written(&checker, pid_position(config), "the pid file", config->set.pid);
    arena_destroy(checker.arena);
}
