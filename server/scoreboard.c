#include "server/scoreboard.h"
#include "common/buf.h"
#include "common/bytes.h"
#include "common/clock.h"
#include "common/escape.h"
#include <stdio.h>
#include <string.h>

/* Copies what fits, and ends it. */
static void keep(char *field, size_t room, struct slice text)
{
    size_t len = text.len < room - 1 ? text.len : room - 1;
    if (len != 0) {
        bytes_copy(field, text.ptr, len);
    }
    field[len] = '\0';
}

void board_reset(struct board_slot *slot, uint32_t generation)
{
    atomic_store(&slot->request.active, 0);
    atomic_store(&slot->pid, 0);
    atomic_store(&slot->connections, 0);
    atomic_store(&slot->connections_free, 0);
    for (unsigned i = 0; i < BOARD_DOING_COUNT; i++) {
        atomic_store(&slot->doing[i], 0);
    }
    atomic_store(&slot->accepted, 0);
    atomic_store(&slot->requests, 0);
    atomic_store(&slot->bytes_sent, 0);
    atomic_store(&slot->accept_errors, 0);
    atomic_store(&slot->draining, 0);
    atomic_store(&slot->working, 0);
    atomic_store(&slot->generation, generation);
    atomic_store(&slot->beat_ns, clock_read_ns());
}

void board_request_begin(struct board_slot *slot, uint64_t connection, struct slice peer,
                         struct slice line)
{
    if (slot == NULL) {
        return;
    }
    struct board_request *request = &slot->request;
    request->connection = connection;
    request->fingerprint = 0;
    request->started_ms = clock_now_ms();
    keep(request->peer, sizeof(request->peer), peer);
    keep(request->line, sizeof(request->line), line);
    request->host[0] = request->location[0] = '\0';
    request->phase = BOARD_PHASE_NONE;
    atomic_store_explicit(&request->active, 1, memory_order_release);
}

void board_request_fingerprint(struct board_slot *slot, uint64_t fingerprint)
{
    if (slot != NULL) {
        slot->request.fingerprint = fingerprint;
    }
}

void board_request_host(struct board_slot *slot, struct slice host)
{
    if (slot != NULL) {
        keep(slot->request.host, sizeof(slot->request.host), host);
    }
}

void board_request_location(struct board_slot *slot, const char *label)
{
    if (slot != NULL) {
        struct slice text = slice_str(label);
        size_t most = sizeof(slot->request.location) - 1;
        size_t front = text.len > most ? text.len - most : 0; /* the line is at the end */
        keep(slot->request.location, most + 1, slice_from(text, front));
    }
}

void board_request_phase(struct board_slot *slot, enum board_phase phase)
{
    if (slot != NULL) {
        slot->request.phase = phase;
    }
}

void board_request_end(struct board_slot *slot)
{
    if (slot != NULL) {
        atomic_store_explicit(&slot->request.active, 0, memory_order_release);
    }
}

#define END_TEXT(field) ((field)[sizeof(field) - 1] = '\0')

bool board_copy_request(const struct board_slot *slot, struct board_request *out)
{
    if (atomic_load_explicit(&slot->request.active, memory_order_acquire) != 1) {
        return false;
    }
    memcpy(out, &slot->request, sizeof(*out));
    END_TEXT(out->peer);
    END_TEXT(out->line);
    END_TEXT(out->host);
    END_TEXT(out->location);
    return true;
}

const char *board_phase_name(uint32_t phase)
{
    static const char *const names[BOARD_PHASE_COUNT] = {
        [BOARD_PHASE_ROUTING] = "routing",
        [BOARD_PHASE_RETURNING] = "returning",
        [BOARD_PHASE_TRYING_FILES] = "trying files",
        [BOARD_PHASE_CHECKING_METHOD] = "checking the method",
        [BOARD_PHASE_LOOKING_FOR_INDEX] = "looking for an index",
        [BOARD_PHASE_LISTING] = "listing a directory",
        [BOARD_PHASE_OPENING_FILE] = "opening a file",
        [BOARD_PHASE_SENDING] = "sending",
    };
    return phase < BOARD_PHASE_COUNT ? names[phase] : NULL;
}

/* The child may have written any time. */
int64_t board_age_ms(const struct board_request *request, int64_t now_ms)
{
    int64_t started = request->started_ms;
    return started >= 0 && started <= now_ms ? now_ms - started : 0;
}

uint64_t board_count(const _Atomic uint32_t *counter, uint64_t most)
{
    uint64_t count = atomic_load(counter);
    return count < most ? count : most;
}

/* A field as a child left it: it may end nowhere. */
static struct slice field_text(const char *field, size_t room)
{
    return slice_of(field, strnlen(field, room));
}

static void put_field(struct buf *out, const char *label, const char *field, size_t room)
{
    struct slice text = field_text(field, room);
    if (text.len != 0) {
        buf_append_str(out, label);
        escape_log(out, text);
    }
}

#define PUT(out, label, field) put_field(out, label, field, sizeof(field))

bool board_describe(const struct board_slot *slot, char *out, size_t room)
{
    const struct board_request *request = &slot->request;
    if (atomic_load_explicit(&request->active, memory_order_acquire) != 1 || room == 0) {
        return false;
    }
    struct buf text = {0};
    const char *phase = board_phase_name(request->phase);
    if (phase != NULL) {
        buf_printf(&text, "while %s", phase);
    }
    int64_t age = board_age_ms(request, clock_now_ms());
    buf_printf(&text, "%sconnection: *%llu for %lld ms", text.len == 0 ? "" : ", ",
               (unsigned long long)request->connection, (long long)age);
    PUT(&text, ", client: ", request->peer);
    PUT(&text, ", host: ", request->host);
    PUT(&text, ", location: ", request->location);
    PUT(&text, ", request: \"", request->line);
    buf_append_char(&text, '"');
    keep(out, room, buf_slice(&text));
    buf_free(&text);
    return true;
}
