#include "server/file_open.h"
#include "server/respond.h"
#include <errno.h>

/* How an errno value of opening is answered; what is not here is 500. */
static const struct {
    int err;
    unsigned status;
    enum log_level level;
} answers[] = {
    {ENOENT, 404, LOG_LEVEL_ERROR},       {ENOTDIR, 404, LOG_LEVEL_ERROR},
    {ENAMETOOLONG, 404, LOG_LEVEL_ERROR}, {EACCES, 403, LOG_LEVEL_ERROR},
    {EPERM, 403, LOG_LEVEL_ERROR},        {ELOOP, 403, LOG_LEVEL_ERROR},
    {EXDEV, 403, LOG_LEVEL_ERROR},        {EMFILE, 503, LOG_LEVEL_CRIT},
    {ENFILE, 503, LOG_LEVEL_CRIT},        {ENOMEM, 503, LOG_LEVEL_CRIT},
};

int file_open(struct request *request, struct filepath path, struct file **file)
{
    if (path.path == NULL) {
        *file = NULL;
        return ENOENT;
    }
    return filecache_open(request->service->files, path.root, path.path, request->set,
                          file);
}

static unsigned status_of(int err, enum log_level *level)
{
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (answers[i].err == err) {
            *level = answers[i].level;
            return answers[i].status;
        }
    }
    *level = LOG_LEVEL_CRIT;
    return 500;
}

bool file_open_is_missing(int err)
{
    enum log_level level;
    return status_of(err, &level) == 404;
}

bool file_open_is_shortage(int err)
{
    enum log_level level;
    return status_of(err, &level) == 503;
}

void file_open_refuse(struct request *request, struct filepath path, int err)
{
    enum log_level level;
    unsigned status = status_of(err, &level);
    if (status != 404 || request->set->log_not_found) {
        request_log(request, level, err, "open() \"%s\" failed",
                    filepath_join(request, path));
    }
    respond_error(request, status);
}
