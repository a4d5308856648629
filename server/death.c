#include "server/death.h"
#include "common/buf.h"
#include "server/master.h"
#include "server/signals.h"
#include <signal.h>
#include <sys/wait.h>

#define RECORD_EVERY_MS 1000
#define REQUEST_MAX     1024

/* As grave as it is surprising. */
static enum log_level level_of(const struct slot *slot, int status)
{
    if (WIFSIGNALED(status)) {
        return slot->killed ? LOG_LEVEL_WARN : LOG_LEVEL_ALERT;
    }
    if (WEXITSTATUS(status) != 0) {
        return LOG_LEVEL_ALERT;
    }
    return slot_was_asked(slot) ? LOG_LEVEL_INFO : LOG_LEVEL_NOTICE;
}

static void put_cause(struct buf *out, const struct slot *slot, int status)
{
    if (WIFEXITED(status)) {
        buf_printf(out, "exited with code %d", WEXITSTATUS(status));
        return;
    }
    int number = WTERMSIG(status);
    const char *sender = slot->killed ? ", sent by the master"
                                      : ", not sent by the master: out of memory?";
    buf_printf(out, "exited on signal %d (%s%s%s)", number, signals_name(number),
               number == SIGKILL ? sender : "", WCOREDUMP(status) ? ", core dumped" : "");
}

void death_cause(struct buf *out, const struct slot *slot, int status)
{
    buf_append_str(out, slot->hung_ms != 0 ? "hung, " : "");
    put_cause(out, slot, status);
}

uint64_t death_connections(const struct master *master, const struct slot *slot)
{
    uint64_t most = slot->generation == NULL ? 0 : slot->generation->connections_max;
    return board_count(&shm_board(&master->shm, slot->number)->connections, most);
}

void death_who(struct buf *out, const struct master *master, const struct slot *slot)
{
    const struct board_slot *board = shm_board(&master->shm, slot->number);
    buf_printf(out, "%s process %ld (slot %u, generation %u)",
               slot->number == SLOT_LOGGER ? "logger" : "worker", (long)slot->pid,
               slot->number, atomic_load(&board->generation));
}

void death_age(struct buf *out, const struct master *master, const struct slot *slot)
{
    int64_t life = master->slots.now_ms - slot->started_ms;
    buf_printf(out, " after %lld.%03lld s", (long long)(life / 1000),
               (long long)(life % 1000));
}

void death_load(struct buf *out, const struct master *master, const struct slot *slot,
                const char *fate, long peak_kib)
{
    const struct board_slot *board = shm_board(&master->shm, slot->number);
    char request[REQUEST_MAX] = "no request under way";
    buf_printf(out, ", %llu connections %s, peak memory %ld KiB",
               (unsigned long long)death_connections(master, slot), fate, peak_kib);
    if (slot->number != SLOT_LOGGER) {
        board_describe(board, request, sizeof(request));
        buf_printf(out, ", %s", request);
    }
}

static bool is_too_often(const struct master *master, struct slot *slot)
{
    int64_t now = master->slots.now_ms;
    if (slot->complained_ms != 0 && now - slot->complained_ms < RECORD_EVERY_MS) {
        slot->suppressed++;
        return true;
    }
    slot->complained_ms = now;
    return false;
}

static void put_suppressed(struct buf *out, struct slot *slot)
{
    if (slot->suppressed != 0) {
        buf_printf(out, " (%u earlier deaths of this slot not logged)", slot->suppressed);
        slot->suppressed = 0;
    }
}

void death_record(struct master *master, struct slot *slot, int status,
                  const struct rusage *usage)
{
    enum log_level level = level_of(slot, status);
    if (!log_wants(NULL, level) || is_too_often(master, slot)) {
        return;
    }
    struct buf text = {0};
    death_who(&text, master, slot);
    buf_append_char(&text, ' ');
    put_cause(&text, slot, status);
    death_age(&text, master, slot);
    if (WIFSIGNALED(status) || WEXITSTATUS(status) != 0 || !slot_was_asked(slot)) {
        death_load(&text, master, slot, "lost", usage->ru_maxrss);
    }
    put_suppressed(&text, slot);
    log_write(NULL, level, "%.*s", SLICE_ARG(buf_slice(&text)));
    buf_free(&text);
}
