#include "server/ringlog.h"
#include "common/clock.h"
#include "common/fdutil.h"
#include <time.h>
#include <unistd.h>

#define WAIT_STEP_NS  (500 * 1000)
#define WAIT_STEPS    10 /* 5 ms in all */
#define GATHERED_PART 8  /* of the ring */
#define NAME_OF_SHELL SLICE("tinyhttpd: ")

static void wake_logger(const struct shm *shm)
{
    struct shm_head *head = shm_head(shm);
    if (atomic_exchange(&head->logger_state, LOGGER_AWAKE) != LOGGER_AWAKE &&
        write(shm->wake[1], "", 1) < 0) {
        /* The pipe is full: the logger has been woken often enough. */
    }
}

/* After a put: the fence orders it before the look at the logger's state, as the logger
 * orders its state before its last look at the rings. */
static void wake_if_needed(const struct ringlog *log)
{
    atomic_thread_fence(memory_order_seq_cst);
    uint32_t state =
        atomic_load_explicit(&shm_head(log->shm)->logger_state, memory_order_relaxed);
    if (state == LOGGER_AWAKE) {
        return;
    }
    bool half_full = ring_used(log->ring) > ring_capacity(log->ring) / 2;
    if (state == LOGGER_SLEEPING || half_full) {
        wake_logger(log->shm);
    }
}

static bool put_waiting(struct ringlog *log, uint32_t number, struct slice line)
{
    wake_logger(log->shm);
    for (int i = 0; i < WAIT_STEPS; i++) {
        nanosleep(&(struct timespec){.tv_nsec = WAIT_STEP_NS}, NULL);
        if (ring_put(log->ring, number, &line, 1)) {
            return true;
        }
    }
    return false;
}

/* Returns whether the line is in the ring. */
static bool put(struct ringlog *log, uint32_t number, struct slice line)
{
    bool done = ring_put(log->ring, number, &line, 1);
    if (!done && !log->gave_up && line.len <= ring_record_max(log->ring)) {
        done = put_waiting(log, number, line);
    }
    log->gave_up = !done;
    if (!done) {
        ring_count_drop(log->ring);
    }
    return done;
}

/* A line made before the process had its name in the log lacks the date: a file gets it.
 */
static void write_to_file(int fd, struct slice line)
{
    if (!slice_starts(line, NAME_OF_SHELL)) {
        fd_write_all(fd, line.ptr, line.len);
        return;
    }
    struct buf dated = {0};
    buf_append_slice(&dated, clock_error_log());
    buf_append_slice(&dated, slice_from(line, NAME_OF_SHELL.len - 1));
    fd_write_all(fd, dated.data, dated.len);
    buf_free(&dated);
}

/* The file that the line is for, or NULL when the configuration is not known yet. */
static const struct log_file *file_at(const struct ringlog *log, uint32_t file)
{
    bool known = log->config != NULL && file < log->config->log_file_count;
    return known ? &log->config->log_files[file] : NULL;
}

static void write_directly(const struct ringlog *log, const struct log_file *file,
                           struct slice line)
{
    if (file != NULL &&
        (log->standard == RINGLOG_STDERR_NAMED || !logfiles_is_stderr(file->path))) {
        int fd = logfiles_fd(log->files, file->number);
        if (fd >= 0) {
            write_to_file(fd, line);
        }
    }
}

/* Returns whether the line is in the ring, of which the logger may have to hear. */
static bool store(struct ringlog *log, uint32_t file, struct slice line)
{
    const struct log_file *target = file_at(log, file);
    if (log->standard == RINGLOG_STDERR_ALSO || target == NULL) {
        fd_write_all(STDERR_FILENO, line.ptr, line.len);
    }
    if (target == NULL) {
        return false;
    }
    if (log->ring == NULL) {
        write_directly(log, target, line);
        return false;
    }
    bool goes =
        log->standard == RINGLOG_STDERR_NAMED || !logfiles_is_stderr(target->path);
    return goes && put(log, target->number, line);
}

void ringlog_write(void *context, uint32_t file, struct slice line)
{
    if (store(context, file, line)) {
        wake_if_needed(context);
    }
}

void ringlog_gather(void *context, uint32_t file, struct slice line)
{
    struct ringlog *log = context;
    if (store(log, file, line)) {
        log->owed += line.len;
        if (log->owed > ring_capacity(log->ring) / GATHERED_PART) {
            ringlog_settle(log);
        }
    }
}

void ringlog_settle(struct ringlog *log)
{
    if (log->owed > 0) {
        log->owed = 0;
        wake_if_needed(log);
    }
}
