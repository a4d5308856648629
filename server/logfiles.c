#include "server/logfiles.h"
#include "common/fdutil.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "server/channel.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MODE 0640

static const struct {
    const char *path;
    int fd;
} inherited[] = {
    {"stderr", STDERR_FILENO},
    {"/dev/stderr", STDERR_FILENO},
    {"/dev/stdout", STDOUT_FILENO},
};

/* The standard descriptor that a path means, or -1. */
static int inherited_fd(const char *path)
{
    for (size_t i = 0; i < sizeof(inherited) / sizeof(inherited[0]); i++) {
        if (strcmp(path, inherited[i].path) == 0) {
            return inherited[i].fd;
        }
    }
    return -1;
}

bool logfiles_is_inherited(const char *path)
{
    return inherited_fd(path) >= 0;
}

bool logfiles_is_stderr(const char *path)
{
    return inherited_fd(path) == STDERR_FILENO;
}

/* A FIFO without a reader refuses a writer that does not wait; one that also reads is let
 * in. Whatever it is, opening never waits. */
static int open_path(const char *path)
{
    const int flags = O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    int fd = open(path, O_WRONLY | flags, LOG_MODE);
    if (fd < 0 && errno == ENXIO) {
        fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    }
    return fd;
}

static int open_log(const char *path)
{
    int standard = inherited_fd(path);
    return standard < 0 ? open_path(path) : fcntl(standard, F_DUPFD_CLOEXEC, 3);
}

static uint32_t number_of(struct log_files *files, const char *path)
{
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->items[i].path, path) == 0) {
            return (uint32_t)i;
        }
    }
    files->items = xrealloc(files->items, (files->count + 1) * sizeof(*files->items));
    files->items[files->count] = (struct log_entry){.path = xstrdup(path), .fd = -1};
    return (uint32_t)files->count++;
}

static bool hold(struct log_entry *entry, const struct log_file *file,
                 struct diagnostics *diag)
{
    if (entry->fd < 0) {
        entry->fd = open_log(entry->path);
        entry->news = LOG_NEWS_OPENED;
    }
    if (entry->fd < 0) {
        entry->news = LOG_NEWS_NONE;
        diag_error(diag, file->at, NULL, "%s: open() \"%s\" failed (%d: %s)",
                   file->directive, entry->path, errno, strerror(errno));
        return false;
    }
    entry->users++;
    return true;
}

static void release(struct log_entry *entry)
{
    if (--entry->users == 0) {
        fd_close(entry->fd);
        entry->fd = -1;
        entry->news = LOG_NEWS_CLOSED;
    }
}

bool logfiles_hold(struct log_files *files, struct config *config,
                   struct diagnostics *diag)
{
    for (size_t i = 0; i < config->log_file_count; i++) {
        struct log_file *file = &config->log_files[i];
        file->number = number_of(files, file->path);
        if (!hold(&files->items[file->number], file, diag)) {
            while (i-- > 0) {
                release(&files->items[config->log_files[i].number]);
            }
            return false;
        }
    }
    return true;
}

void logfiles_release(struct log_files *files, const struct config *config)
{
    for (size_t i = 0; i < config->log_file_count; i++) {
        release(&files->items[config->log_files[i].number]);
    }
}

size_t logfiles_reopen(struct log_files *files)
{
    size_t failed = 0;
    for (size_t i = 0; i < files->count; i++) {
        struct log_entry *entry = &files->items[i];
        if (entry->fd < 0 || logfiles_is_inherited(entry->path)) {
            continue;
        }
        int fd = open_path(entry->path);
        if (fd < 0) {
            log_errno(NULL, LOG_LEVEL_EMERG, errno,
                      "open() \"%s\" failed while reopening logs, the old file stays",
                      entry->path);
            failed++;
            continue;
        }
        fd_close(entry->fd);
        entry->fd = fd;
        entry->news = LOG_NEWS_OPENED;
    }
    return failed;
}

static int send_news(struct log_entry *entry, uint32_t number, int channel)
{
    bool opened = entry->news == LOG_NEWS_OPENED;
    struct message message = {.type = opened ? MESSAGE_FILE : MESSAGE_FORGET,
                              .value = number};
    snprintf(message.text, sizeof(message.text), "%s", entry->path);
    return channel_send(channel, &message, opened ? entry->fd : -1);
}

bool logfiles_send_news(struct log_files *files, int channel)
{
    for (size_t i = 0; i < files->count; i++) {
        struct log_entry *entry = &files->items[i];
        if (entry->news != LOG_NEWS_NONE) {
            if (send_news(entry, (uint32_t)i, channel) < 0) {
                return false;
            }
            entry->news = LOG_NEWS_NONE;
        }
    }
    return true;
}

void logfiles_forget_news(struct log_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        files->items[i].news = LOG_NEWS_NONE;
    }
}

int logfiles_fd(const struct log_files *files, uint32_t number)
{
    return number < files->count ? files->items[number].fd : -1;
}

#define NUMBERS_MAX 65536 /* what the logger believes of a number */

void logfiles_take(struct log_files *files, uint32_t number, const char *path, int fd)
{
    if (number >= NUMBERS_MAX) {
        fd_close(fd);
        return;
    }
    if (number >= files->count) {
        files->items = xrealloc(files->items, (number + 1) * sizeof(*files->items));
        while (files->count <= number) {
            files->items[files->count++] = (struct log_entry){.fd = -1};
        }
    }
    struct log_entry *entry = &files->items[number];
    fd_close(entry->fd);
    free(entry->path);
    *entry = (struct log_entry){.fd = fd, .path = xstrdup(path)};
}

void logfiles_doom(struct log_files *files, uint32_t number)
{
    if (number < files->count) {
        files->items[number].news = LOG_NEWS_CLOSED;
    }
}

void logfiles_close_doomed(struct log_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        struct log_entry *entry = &files->items[i];
        if (entry->news == LOG_NEWS_CLOSED) {
            fd_close(entry->fd);
            entry->fd = -1;
            entry->news = LOG_NEWS_NONE;
        }
    }
}

void logfiles_clear(struct log_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        fd_close(files->items[i].fd);
        free(files->items[i].path);
    }
    free(files->items);
    *files = (struct log_files){0};
}
