#include "server/control.h"
#include "common/buf.h"
#include "common/fdutil.h"
#include "common/xalloc.h"
#include "server/control_address.h"
#include "server/master.h"
#include "server/status_format.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMAND_MAX 128
#define COMMAND_MS  5000 /* from the connection to its command */
#define BACKLOG     16

#define ACCEPT_AGAIN_MS 1000          /* when the system has no descriptor to give */
#define TOP_WORD        SLICE("top ") /* and a number follows */
#define TOP_MAX         1000

/* What a client waits for. */
enum awaited {
    AWAIT_COMMAND,
    AWAIT_RELOAD,  /* the end of reload `number` */
    AWAIT_DRAIN,   /* the end of the generations up to `number` */
    AWAIT_REOPEN,  /* the logger's word for `number` */
    AWAIT_UPGRADE, /* the end of upgrade `number` */
    AWAIT_CLOSE,   /* all is said */
};

struct client {
    struct list link;
    int fd;
    bool shut; /* it has no more to say, and may wait for the answer */
    enum awaited awaited;
    unsigned number;
    uint64_t cut;        /* connections cut before its reload */
    int64_t deadline_ms; /* 0: none */
    struct buf in;
    struct buf out;
};

void control_init(struct control *control)
{
    *control = (struct control){.fd = -1};
    list_init(&control->clients);
}

/* --- the socket --------------------------------------------------------------------- */

static int bind_private(const struct control_address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    mode_t before = umask(0177);
    bool bound = fd >= 0 && bind(fd, &address->u.sa, address->len) == 0 &&
                 listen(fd, BACKLOG) == 0;
    umask(before);
    if (!bound) {
        fd_close(fd);
        return -1;
    }
    return fd;
}

bool control_open(struct control *control, const char *pid_path)
{
    struct control_address address;
    struct stat st;
    char *path = control_address(&address, pid_path);
    if (path == NULL) {
        return false;
    }
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
        unlink(path);
    }
    int fd = bind_private(&address);
    if (fd < 0 || !file_id_read(path, &control->id)) {
        fd_close(fd);
        free(path);
        return false;
    }
    control->fd = fd;
    control->path = path;
    return true;
}

void control_move(struct control *control, const char *pid_path)
{
    struct control_address address;
    char *path = control->path == NULL ? NULL : control_address(&address, pid_path);
    if (path != NULL && rename(control->path, path) == 0) {
        free(control->path);
        control->path = path;
    } else {
        free(path);
    }
}

/* --- a client ----------------------------------------------------------------------- */

static void drop(struct control *control, struct client *client)
{
    list_remove(&client->link);
    control->count--;
    fd_close(client->fd);
    buf_free(&client->in);
    buf_free(&client->out);
    free(client);
}

static void await(struct client *client, enum awaited what, unsigned number)
{
    client->awaited = what;
    client->number = number;
    client->deadline_ms = 0;
}

static void finish(struct client *client, int status)
{
    buf_printf(&client->out, "exit %d\n", status);
    client->awaited = AWAIT_CLOSE;
}

void control_close(struct control *control)
{
    LIST_EACH(link, next, &control->clients)
    {
        struct client *client = LIST_ITEM(link, struct client, link);
        const char last[] = "the server has ended\nexit 1\n";
        send(client->fd, last, sizeof(last) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        drop(control, client);
    }
    if (control->path != NULL) {
        file_id_unlink(&control->id, control->path);
    }
    free(control->path);
    fd_close(control->fd);
    control_init(control);
}

static void refuse_stopping(struct client *client)
{
    buf_append_str(&client->out, "the server is stopping\n");
    finish(client, 1);
}

/* --- commands ----------------------------------------------------------------------- */

static void begin_reload(struct master *master, struct client *client)
{
    const char *why = reload_request(master);
    if (why != NULL) {
        buf_printf(&client->out, "reload rejected: %s\n", why);
        finish(client, 1);
        return;
    }
    client->cut = master->connections_cut;
    await(client, AWAIT_RELOAD, master->reload.begun + 1);
}

static void begin_reopen(struct master *master, struct client *client)
{
    if (master->phase == MASTER_STARTING) {
        buf_append_str(&client->out, "the server is starting\n");
        finish(client, 1);
    } else if (master->phase != MASTER_SERVING) {
        refuse_stopping(client);
    } else {
        await(client, AWAIT_REOPEN, master_reopen(master));
    }
}

static void begin_upgrade(struct master *master, struct client *client)
{
    const char *why = upgrade_begin(master, true);
    if (why != NULL) {
        buf_printf(&client->out, "upgrade refused: %s\n", why);
        finish(client, 1);
        return;
    }
    await(client, AWAIT_UPGRADE, master->upgrade.begun);
}

/* --- questions about the server ----------------------------------------------------- */

enum view {
    VIEW_TEXT,
    VIEW_JSON,
    VIEW_TOP,
};

/* `columns`: the width of VIEW_TOP. */
static void show(struct master *master, struct client *client, enum view view,
                 size_t columns)
{
    struct arena *arena = arena_create(STATUS_ARENA);
    struct status status;
    status_gather(master, arena, &status);
    if (view == VIEW_TOP) {
        status_top(&status, columns, &client->out);
    } else if (view == VIEW_JSON) {
        status_json(&status, &client->out);
    } else {
        status_text(&status, &client->out);
    }
    arena_destroy(arena);
    finish(client, 0);
}

static void ask_status(struct master *master, struct client *client)
{
    show(master, client, VIEW_TEXT, 0);
}

static void ask_status_json(struct master *master, struct client *client)
{
    show(master, client, VIEW_JSON, 0);
}

static const struct {
    const char *name;
    void (*begin)(struct master *master, struct client *client);
} commands[] = {
    {"reload", begin_reload},         {"reopen", begin_reopen},
    {"upgrade", begin_upgrade},       {"status", ask_status},
    {"status json", ask_status_json},
};

static void obey(struct master *master, struct client *client, struct slice line)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (slice_eq(line, slice_str(commands[i].name))) {
            commands[i].begin(master, client);
            return;
        }
    }
    uint64_t columns;
    if (slice_starts(line, TOP_WORD) &&
        slice_to_u64(slice_from(line, TOP_WORD.len), &columns)) {
        show(master, client, VIEW_TOP, columns < TOP_MAX ? columns : TOP_MAX);
        return;
    }
    buf_append_str(&client->out, "unknown command\n");
    finish(client, 2);
}

/* Not only the end of what it says. */
static bool has_hung_up(const struct client *client)
{
    struct pollfd polled = {.fd = client->fd};
    return poll(&polled, 1, 0) > 0;
}

/* False: the client is gone or talks nonsense. */
static bool listen_to(struct master *master, struct client *client)
{
    char bytes[COMMAND_MAX];
    ssize_t got = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got == 0) {
        client->shut = true;
        return client->awaited != AWAIT_COMMAND && !has_hung_up(client);
    }
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    if (client->awaited != AWAIT_COMMAND || client->in.len + (size_t)got > COMMAND_MAX) {
        return false;
    }
    buf_append(&client->in, bytes, (size_t)got);
    struct slice said = buf_slice(&client->in);
    size_t end = slice_find(said, '\n');
    if (end < said.len) {
        obey(master, client, slice_of(said.ptr, end));
    }
    return true;
}

/* --- what is waited for ------------------------------------------------------------- */

static void look_at_reload(struct master *master, struct client *client)
{
    const struct reload *reload = &master->reload;
    if (reload->verdict.number < client->number) {
        if (master->phase > MASTER_SERVING) {
            refuse_stopping(client);
        }
        return;
    }
    verdict_format(&reload->verdict, &client->out);
    if (reload->verdict.result == VERDICT_APPLIED) {
        await(client, AWAIT_DRAIN, reload->verdict.generation - 1);
    } else {
        finish(client, 1);
    }
}

static bool is_draining(const struct master *master, unsigned up_to)
{
    LIST_EACH(link, next, &master->generations)
    {
        const struct generation *generation = LIST_ITEM(link, struct generation, link);
        if (generation->state == GENERATION_RETIRED && generation->number <= up_to) {
            return true;
        }
    }
    return false;
}

static void look_at_drain(struct master *master, struct client *client)
{
    if (is_draining(master, client->number)) {
        return;
    }
    uint64_t cut = master->connections_cut - client->cut;
    if (cut == 0) {
        buf_append_str(&client->out, "the workers before have left\n");
    } else {
        buf_printf(&client->out, "not drained in time: %llu connections cut\n",
                   (unsigned long long)cut);
    }
    finish(client, cut == 0 ? 0 : 2);
}

static void look_at_reopen(struct master *master, struct client *client)
{
    const struct reopening *reopening = &master->reopening;
    if (reopening->done < client->number) {
        return;
    }
    buf_printf(&client->out, "log files reopened, %zu failed\n", reopening->failed);
    finish(client, reopening->failed == 0 ? 0 : 1);
}

static void look_at_upgrade(struct master *master, struct client *client)
{
    const struct upgrade *upgrade = &master->upgrade;
    if (upgrade->ended < client->number) {
        return;
    }
    if (upgrade->done) {
        buf_append_str(&client->out,
                       "upgraded: the new master serves, this one leaves\n");
    } else {
        buf_printf(&client->out, "upgrade failed, the server goes on as it was: %s\n",
                   upgrade->why);
    }
    finish(client, upgrade->done ? 0 : 1);
}

static void look(struct master *master, struct client *client)
{
    static void (*const looks[])(struct master *, struct client *) = {
        [AWAIT_RELOAD] = look_at_reload,
        [AWAIT_DRAIN] = look_at_drain,
        [AWAIT_REOPEN] = look_at_reopen,
        [AWAIT_UPGRADE] = look_at_upgrade,
        [AWAIT_CLOSE] = NULL,
    };
    if (looks[client->awaited] != NULL) {
        looks[client->awaited](master, client);
    }
}

/* False: everything is said, or nobody reads it. */
static bool answer(struct client *client)
{
    if (client->out.len != 0) {
        ssize_t sent = send(client->fd, client->out.data, client->out.len,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        buf_consume(&client->out, (size_t)sent);
    }
    return client->awaited != AWAIT_CLOSE || client->out.len != 0;
}

static bool step(struct master *master, struct client *client)
{
    if (client->deadline_ms != 0 && client->deadline_ms <= master->slots.now_ms) {
        return false;
    }
    if (client->awaited != AWAIT_CLOSE && !listen_to(master, client)) {
        return false;
    }
    look(master, client);
    return answer(client);
}

/* --- in the loop -------------------------------------------------------------------- */

static bool has_place(const struct control *control)
{
    return control->fd >= 0 && control->count < CONTROL_CLIENTS_MAX &&
           control->resume_ms == 0;
}

static void add_client(struct control *control, int fd, int64_t now_ms)
{
    struct client *client = xcalloc(1, sizeof(*client));
    client->fd = fd;
    client->deadline_ms = now_ms + COMMAND_MS;
    list_append(&control->clients, &client->link);
    control->count++;
}

static void take_clients(struct control *control, int64_t now_ms)
{
    if (control->resume_ms <= now_ms) {
        control->resume_ms = 0;
    }
    while (has_place(control)) {
        int fd = accept4(control->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            control->resume_ms = errno == EAGAIN ? 0 : now_ms + ACCEPT_AGAIN_MS;
            return;
        }
        add_client(control, fd, now_ms);
    }
}

void control_step(struct master *master)
{
    struct control *control = &master->control;
    take_clients(control, master->slots.now_ms);
    LIST_EACH(link, next, &control->clients)
    {
        struct client *client = LIST_ITEM(link, struct client, link);
        if (!step(master, client)) {
            drop(control, client);
        }
    }
}

nfds_t control_gather(const struct control *control, struct pollfd *polled)
{
    nfds_t count = 0;
    int door = has_place(control) ? control->fd : -1;
    polled[count++] = (struct pollfd){.fd = door, .events = POLLIN};
    LIST_EACH(link, next, &control->clients)
    {
        const struct client *client = LIST_ITEM(link, struct client, link);
        short events = client->out.len != 0 ? POLLOUT : client->shut ? 0 : POLLIN;
        polled[count++] = (struct pollfd){.fd = client->fd, .events = events};
    }
    return count;
}

int64_t control_deadline(const struct control *control)
{
    int64_t earliest = control->resume_ms;
    LIST_EACH(link, next, &control->clients)
    {
        int64_t deadline = LIST_ITEM(link, struct client, link)->deadline_ms;
        if (deadline != 0 && (earliest == 0 || deadline < earliest)) {
            earliest = deadline;
        }
    }
    return earliest;
}
