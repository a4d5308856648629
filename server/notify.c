#include "server/notify.h"
#include "common/clock.h"
#include "common/escape.h"
#include "common/fdutil.h"
#include "common/xalloc.h"
#include "server/master.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_MAX 1024
#define FRESH_MS   3000 /* a worker's heart beats at least once a second */
#define USEC       1000 /* in a millisecond, and nanoseconds in one */

static void send_message(const struct notify *notify, const struct buf *message)
{
    if (notify->address.len != 0) {
        sendto(notify->fd, message->data, message->len, MSG_DONTWAIT | MSG_NOSIGNAL,
               &notify->address.u.sa, notify->address.len);
    }
}

static void say(const struct notify *notify, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct notify *notify, const char *format, ...)
{
    struct buf message = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&message, format, args);
    va_end(args);
    send_message(notify, &message);
    buf_free(&message);
}

/* The length of an address counts no NUL at its end: an abstract name may hold them. */
static bool read_address(struct sockaddr_any *out, const char *name)
{
    size_t len = strlen(name);
    bool abstract = name[0] == '@';
    if ((!abstract && name[0] != '/') || len < 2 || len > sizeof(out->u.un.sun_path)) {
        return false;
    }
    out->u.un.sun_family = AF_UNIX;
    memcpy(out->u.un.sun_path, name, len);
    if (abstract) {
        out->u.un.sun_path[0] = '\0';
    }
    out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return true;
}

static void open_socket(struct notify *notify, const char *name)
{
    struct sockaddr_any address = {0};
    if (!read_address(&address, name)) {
        log_write(NULL, LOG_LEVEL_WARN,
                  "NOTIFY_SOCKET is no address: nobody is notified");
        return;
    }
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (notify->fd >= 0) {
        notify->address = address;
    }
}

/* How often to say so: twice as often as somebody looks. */
static int64_t read_pace(const char *usec, const char *pid)
{
    if (usec == NULL || (pid != NULL && strtoll(pid, NULL, 10) != getpid())) {
        return 0;
    }
    long long timeout = strtoll(usec, NULL, 10);
    return timeout <= 0 ? 0 : timeout < 2 * USEC ? 1 : timeout / 2 / USEC;
}

void notify_init(struct notify *notify, bool foreground)
{
    static const char *const names[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};
    *notify = (struct notify){.fd = -1};
    const char *name = getenv(names[0]);
    if (foreground && name != NULL) {
        open_socket(notify, name);
        notify->every_ms = read_pace(getenv(names[1]), getenv(names[2]));
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unsetenv(names[i]);
    }
}

void notify_close(struct notify *notify)
{
    if (notify->address.len != 0) {
        fd_close(notify->fd);
    }
    *notify = (struct notify){.fd = -1};
}

/* One line of UTF-8, or the manager would not take it. */
static void append_status(struct buf *out, struct slice text)
{
    while (text.len > 0 && out->len < STATUS_MAX) {
        size_t len = escape_utf8_len(text);
        bool shown = len > 1 || (len == 1 && text.ptr[0] >= 0x20 && text.ptr[0] != 0x7f);
        len = len == 0 ? 1 : len;
        buf_append_slice(out, shown ? slice_of(text.ptr, len) : SLICE("?"));
        text = slice_of(text.ptr + len, text.len - len);
    }
}

static struct slice first_line(struct slice text)
{
    const char *end = text.len == 0 ? NULL : memchr(text.ptr, '\n', text.len);
    return end == NULL ? text : slice_of(text.ptr, (size_t)(end - text.ptr));
}

void notify_ready(struct notify *notify, struct slice status, struct slice details)
{
    struct buf message = {0};
    buf_printf(&message, "READY=1\nMAINPID=%ld\nSTATUS=", (long)getpid());
    append_status(&message, status);
    if (details.len != 0) {
        buf_append_str(&message, ": ");
        append_status(&message, first_line(details));
    }
    send_message(notify, &message);
    buf_free(&message);
    if (notify->every_ms != 0 && notify->due_ms == 0) {
        notify->due_ms = clock_read_ns() / NS_PER_MS + notify->every_ms;
    }
}

/* In one datagram, and with the time of now: the manager waits for a reload that began
 * after it asked. */
void notify_reloading(const struct notify *notify)
{
    say(notify, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(clock_read_ns() / USEC));
}

void notify_status(const struct notify *notify, struct slice status)
{
    struct buf message = {0};
    buf_append_str(&message, "STATUS=");
    append_status(&message, status);
    send_message(notify, &message);
    buf_free(&message);
}

void notify_stopping(const struct notify *notify)
{
    say(notify, "STOPPING=1");
}

void notify_main_pid(const struct notify *notify, pid_t pid)
{
    say(notify, "MAINPID=%ld%s", (long)pid, notify->every_ms != 0 ? "\nWATCHDOG=1" : "");
}

static bool any_worker_lives(const struct master *master)
{
    for (unsigned i = SLOT_FIRST_WORKER; i < master->slots.used; i++) {
        enum slot_state state = master->slots.items[i].state;
        if (state == SLOT_READY || state == SLOT_DRAINING) {
            const struct board_slot *board = shm_board(&master->shm, i);
            int64_t beat_ms = atomic_load(&board->beat_ns) / NS_PER_MS;
            if (master->slots.now_ms - beat_ms < FRESH_MS) {
                return true;
            }
        }
    }
    return false;
}

void notify_watchdog(struct master *master)
{
    struct notify *notify = &master->notify;
    int64_t now = master->slots.now_ms;
    if (notify->due_ms == 0 || now < notify->due_ms) {
        return;
    }
    notify->due_ms = now + notify->every_ms;
    if (any_worker_lives(master) || master->upgrade.state == UPGRADE_TRIAL) {
        say(notify, "WATCHDOG=1");
    }
}

int64_t notify_deadline(const struct notify *notify)
{
    return notify->due_ms;
}

void notify_hand_over(const struct notify *notify)
{
    if (notify->address.len == 0) {
        return;
    }
    const struct sockaddr_any *address = &notify->address;
    size_t len = address->len - offsetof(struct sockaddr_un, sun_path);
    char *name = xasprintf("%c%.*s", address->u.un.sun_path[0] == '\0' ? '@' : '/',
                           (int)len - 1, address->u.un.sun_path + 1);
    setenv("NOTIFY_SOCKET", name, 1);
    free(name);
    if (notify->every_ms != 0) {
        char *usec = xasprintf("%lld", (long long)notify->every_ms * 2 * USEC);
        setenv("WATCHDOG_USEC", usec, 1);
        free(usec);
    }
}
