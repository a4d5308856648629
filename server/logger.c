#include "server/logger.h"
#include "common/clock.h"
#include "server/channel.h"
#include "server/logwriter.h"
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#define NAP_MS          10
#define SLEEP_MS        1000
#define REPORT_EVERY_MS 1000
#define ORPHAN_MS       15000 /* how long after the master's death */

struct logger {
    const struct shm *shm;
    struct log_files *files;
    struct log_writer writer;
    int channel; /* -1: the master is gone */
    bool finish; /* leave when the rings are empty */
    int64_t orphaned_ms;
    int64_t reported_ms; /* drops were looked at */
    uint64_t lost;       /* of the writer's, those in shared memory already */
};

static void note(void *context, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The master writes it, in its own ring: its configuration is the current one. */
static void note(void *context, enum log_level level, const char *format, ...)
{
    struct logger *logger = context;
    va_list args;
    va_start(args, format);
    channel_vtext(logger->channel, MESSAGE_NOTE, level, format, args);
    va_end(args);
}

static void obey(void *context, const struct message *message, int fd)
{
    struct logger *logger = context;
    switch (message->type) {
    case MESSAGE_FILE:
        logfiles_take(logger->files, message->value, message->text, fd);
        break;
    case MESSAGE_FORGET:
        logfiles_doom(logger->files, message->value);
        break;
    case MESSAGE_SYNC:
        channel_tell(logger->channel, MESSAGE_SYNCED, message->value);
        break;
    case MESSAGE_STOP:
        logger->finish = true;
        break;
    default:
        channel_settle(message, fd);
        break;
    }
}

static void read_channel(struct logger *logger)
{
    if (!channel_listen(&logger->channel, obey, logger)) {
        logger->orphaned_ms = clock_read_ns() / NS_PER_MS;
    }
}

/* The master hands a file over before anybody writes to it, but a record can overtake the
 * message while the rings are being read. */
static void add(struct logger *logger, uint32_t number, struct slice record)
{
    if (logfiles_fd(logger->files, number) < 0) {
        read_channel(logger);
    }
    log_writer_add(&logger->writer, number, record);
}

/* Takes all that is there, writes it, and gives the room back: in this order, so that a
 * successor of a logger that died takes again what was not written. */
static size_t drain(struct logger *logger)
{
    uint32_t slots = shm_slots(logger->shm);
    size_t taken = 0;
    for (uint32_t slot = 0; slot < slots; slot++) {
        struct ring *ring = shm_ring(logger->shm, slot);
        uint32_t number;
        struct slice record;
        while (ring_take(ring, &number, &record)) {
            add(logger, number, record);
            taken++;
        }
    }
    log_writer_flush(&logger->writer);
    for (uint32_t slot = 0; slot < slots; slot++) {
        ring_release(shm_ring(logger->shm, slot));
    }
    return taken;
}

static bool rings_empty(const struct logger *logger)
{
    uint32_t slots = shm_slots(logger->shm);
    for (uint32_t slot = 0; slot < slots; slot++) {
        if (ring_used(shm_ring(logger->shm, slot)) != 0) {
            return false;
        }
    }
    return true;
}

/* Once a second: what producers had to drop since it was last said. */
static void report_drops(struct logger *logger)
{
    int64_t now = clock_read_ns() / NS_PER_MS;
    if (now - logger->reported_ms < REPORT_EVERY_MS) {
        return;
    }
    logger->reported_ms = now;
    uint32_t slots = shm_slots(logger->shm);
    for (uint32_t slot = 0; slot < slots; slot++) {
        uint64_t drops = ring_drops(shm_ring(logger->shm, slot));
        uint64_t known = atomic_exchange(shm_reported(logger->shm, slot), drops);
        if (drops > known) {
            note(logger, LOG_LEVEL_ERROR, "%llu log lines of slot %u dropped: ring full",
                 (unsigned long long)(drops - known), slot);
        }
    }
}

/* The count of all loggers goes on with the next one. */
static void publish_losses(struct logger *logger)
{
    uint64_t more = logger->writer.lost - logger->lost;
    if (more != 0) {
        atomic_fetch_add(&shm_head(logger->shm)->log_lost, more);
        logger->lost += more;
    }
}

static bool workers_alive(const struct logger *logger)
{
    uint32_t slots = shm_slots(logger->shm);
    for (uint32_t slot = SLOT_FIRST_WORKER; slot < slots; slot++) {
        pid_t pid = atomic_load(&shm_board(logger->shm, slot)->pid);
        if (pid > 1 && kill(pid, 0) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_finished(const struct logger *logger)
{
    if (logger->channel >= 0) {
        return logger->finish;
    }
    int64_t now = clock_read_ns() / NS_PER_MS;
    return !workers_alive(logger) || now - logger->orphaned_ms > ORPHAN_MS;
}

static void wait_ms(struct logger *logger, int longest)
{
    struct pollfd polled[] = {
        {.fd = logger->channel, .events = POLLIN},
        {.fd = logger->shm->wake[0], .events = POLLIN},
    };
    if (poll(polled, 2, longest) > 0 && polled[1].revents != 0) {
        char bytes[64];
        while (read(logger->shm->wake[0], bytes, sizeof(bytes)) == sizeof(bytes)) {
            /* all of them mean the same */
        }
    }
}

/* Says that it sleeps before it looks at the rings once more: a producer puts first and
 * looks at the state afterwards, so one of the two sees the other. */
static void rest(struct logger *logger, enum logger_state state)
{
    struct shm_head *head = shm_head(logger->shm);
    atomic_store(&head->logger_state, state);
    atomic_thread_fence(memory_order_seq_cst);
    if (state == LOGGER_NAPPING) {
        wait_ms(logger, NAP_MS);
    } else if (rings_empty(logger)) {
        wait_ms(logger, logger->channel < 0 ? NAP_MS : SLEEP_MS);
    }
    atomic_store(&head->logger_state, LOGGER_AWAKE);
}

static void take_over_rings(const struct logger *logger)
{
    uint32_t slots = shm_slots(logger->shm);
    for (uint32_t slot = 0; slot < slots; slot++) {
        ring_rewind(shm_ring(logger->shm, slot));
    }
}

int logger_run(const struct logger_setup *setup)
{
    struct logger logger = {
        .shm = setup->shm, .files = setup->files, .channel = setup->channel};
    log_writer_init(&logger.writer, logger.files, note, &logger);
    take_over_rings(&logger);
    channel_tell(logger.channel, MESSAGE_READY, 0);
    for (;;) {
        read_channel(&logger);
        bool busy = drain(&logger) != 0;
        publish_losses(&logger);
        logfiles_close_doomed(logger.files);
        report_drops(&logger);
        if (!busy && is_finished(&logger)) {
            break;
        }
        rest(&logger, busy ? LOGGER_NAPPING : LOGGER_SLEEPING);
    }
    log_writer_confess(&logger.writer);
    log_writer_clear(&logger.writer);
    return 0;
}
