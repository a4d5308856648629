#include "server/blame.h"
#include "common/buf.h"
#include "common/escape.h"
#include "server/master.h"
#include <signal.h>
#include <sys/wait.h>

/* A SIGKILL from outside says nothing of what the worker was doing. */
static bool is_suspicious(const struct slot *slot, int status)
{
    if (WIFSIGNALED(status)) {
        return WTERMSIG(status) != SIGKILL || slot->hung_ms != 0;
    }
    return WEXITSTATUS(status) != 0;
}

static void put_quoted(struct buf *out, const char *label, const char *text)
{
    buf_append_str(out, label);
    escape_log(out, slice_str(text));
    buf_append_char(out, '"');
}

static void describe(struct buf *out, const struct board_request *request)
{
    put_quoted(out, "\"", request->line);
    put_quoted(out, " of host \"", request->host);
    if (request->location[0] != '\0') {
        put_quoted(out, ", location \"", request->location);
    }
}

static void note(struct master *master, const struct quarantine_settings *set,
                 const struct board_request *request)
{
    struct buf what = {0};
    describe(&what, request);
    if (quarantine_note(&master->quarantine, set, request->fingerprint, buf_slice(&what),
                        master->slots.now_ms)) {
        log_write(
            NULL, LOG_LEVEL_ALERT,
            "quarantine: requests like %.*s killed %u workers within %lld s and are "
            "answered with 503 for %lld s",
            SLICE_ARG(buf_slice(&what)), set->deaths, (long long)(set->window / 1000),
            (long long)(set->time / 1000));
    }
    buf_free(&what);
}

void blame_request(struct master *master, const struct slot *slot, int status)
{
    const struct board_slot *board = shm_board(&master->shm, slot->number);
    struct board_request request;
    if (slot->generation == NULL || slot->generation != master->current ||
        slot->candidate || !is_suspicious(slot, status) ||
        !board_copy_request(board, &request) || request.fingerprint == 0 ||
        atomic_load(&board->working) != request.connection) {
        return;
    }
    const struct quarantine_settings *set =
        &slot->generation->config->set.request_quarantine;
    if (set->deaths != 0) {
        note(master, set, &request);
    }
}

void blame_step(struct master *master)
{
    const char *what;
    while ((what = quarantine_release(&master->quarantine, master->slots.now_ms)) !=
           NULL) {
        log_write(NULL, LOG_LEVEL_NOTICE,
                  "quarantine: requests like %s are answered again", what);
    }
}

void blame_nobody(struct master *master)
{
    quarantine_clear(&master->quarantine);
}
