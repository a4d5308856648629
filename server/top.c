#include "server/top.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/fdutil.h"
#include "server/cmdline.h"
#include "server/control.h"
#include "server/control_ask.h"
#include "server/signals.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define EVERY_MS  1000
#define ANSWER_MS 3000 /* longer, and the master does not answer */
#define CTRL_C    3
#define LAST_LINE SLICE("exit 0\n")

/* Alternate screen, no cursor, no wrap at the right margin; and back. */
#define SCREEN_ENTER "\033[?1049h\033[?25l\033[?7l\033[H\033[2J"
#define SCREEN_LEAVE "\033[?7h\033[?25h\033[?1049l"
#define LINE_END     "\033[K\r\n"
#define SCREEN_END   "\033[J"
#define REVERSE      "\033[7m"
#define PLAIN        "\033[0m"

struct top {
    const char *pid_path;
    int fd;           /* of the question that is asked; -1: none */
    int64_t asked_ms; /* monotonic */
    int64_t next_ms;  /* question */
    struct buf answer;
    struct buf shown; /* the last whole answer */
    bool lost;        /* the master did not answer last time */
    bool has_keys;    /* standard input is a terminal, too */
    bool done;
    struct termios before;
    size_t rows;
    size_t columns;
};

static volatile sig_atomic_t resized, resumed, ended;

static void handle(int number)
{
    if (number == SIGWINCH) {
        resized = 1;
    } else if (number == SIGCONT) {
        resumed = 1;
    } else {
        ended = 1;
    }
}

/* --- the terminal ------------------------------------------------------------------- */

static void catch_signals(void)
{
    static const int caught[] = {SIGWINCH, SIGCONT, SIGTERM, SIGINT, SIGQUIT, SIGHUP};
    static const int ignored[] = {SIGUSR1, SIGUSR2, SIGALRM, SIGTSTP};
    struct sigaction action = {.sa_handler = handle};
    for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++) {
        sigaction(caught[i], &action, NULL);
    }
    action.sa_handler = SIG_IGN;
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
        sigaction(ignored[i], &action, NULL);
    }
}

static void measure(struct top *top)
{
    struct winsize size = {0};
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    top->rows = known && size.ws_row != 0 ? size.ws_row : 24;
    top->columns = known && size.ws_col != 0 ? size.ws_col : 80;
}

static void put(struct top *top, struct slice bytes)
{
    if (fd_write_all(STDOUT_FILENO, bytes.ptr, bytes.len) < 0) {
        top->done = true; /* the terminal is gone */
    }
}

static void enter_screen(struct top *top)
{
    struct termios quiet = top->before;
    quiet.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    if (top->has_keys) {
        tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
    }
    put(top, SLICE(SCREEN_ENTER));
}

static void leave_screen(struct top *top)
{
    put(top, SLICE(SCREEN_LEAVE));
    if (top->has_keys) {
        tcsetattr(STDIN_FILENO, TCSANOW, &top->before);
    }
}

/* --- the picture -------------------------------------------------------------------- */

static size_t count_lines(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += text.ptr[i] == '\n';
    }
    return count;
}

static void put_line(struct buf *out, struct slice line, size_t columns, bool reverse)
{
    size_t len = line.len < columns ? line.len : columns;
    buf_append_str(out, reverse ? REVERSE : "");
    buf_append_slice(out, slice_of(line.ptr, len));
    buf_printf(out, "%*s", reverse ? (int)(columns - len) : 0, "");
    buf_append_str(out, reverse ? PLAIN : "");
    buf_append_str(out, LINE_END);
}

/* The line behind the empty one is the heading of the table. */
static void put_picture(struct buf *out, const struct top *top)
{
    struct slice rest = buf_slice(&top->shown), line;
    size_t total = count_lines(rest), room = top->rows - 1;
    size_t fit = total <= room || room == 0 ? total : room - 1;
    bool after_empty = false;
    for (size_t i = 0; i < fit && slice_split(&rest, '\n', &line); i++) {
        put_line(out, line, top->columns, after_empty);
        after_empty = line.len == 0;
    }
    if (fit < total) {
        char more[64];
        snprintf(more, sizeof(more), ".. and %zu more lines", total - fit);
        put_line(out, slice_str(more), top->columns, false);
    }
}

static void draw(struct top *top)
{
    struct buf out = {0};
    buf_append_str(&out, "\033[H");
    put_picture(&out, top);
    buf_append_str(&out, SCREEN_END);
    buf_printf(&out, "\033[%zu;1H", top->rows);
    struct buf note = {0};
    buf_printf(&note,
               top->lost ? "no master answers at %s" CONTROL_SUFFIX
                           ", trying again; q quits"
                         : "q quits",
               top->pid_path);
    size_t len = note.len < top->columns ? note.len : top->columns;
    buf_append_slice(&out, slice_of(note.data, len));
    put(top, buf_slice(&out));
    buf_free(&note);
    buf_free(&out);
}

/* --- the master --------------------------------------------------------------------- */

static void hang_up(struct top *top, bool answered)
{
    fd_close(top->fd);
    top->fd = -1;
    top->lost = !answered;
    buf_clear(&top->answer);
    draw(top);
}

static void ask(struct top *top, int64_t now)
{
    char command[32];
    snprintf(command, sizeof(command), "top %zu", top->columns);
    top->asked_ms = now;
    top->next_ms = now + EVERY_MS;
    top->fd = control_connect(top->pid_path, command);
    if (top->fd < 0) {
        hang_up(top, false);
    }
}

static void listen_to_master(struct top *top)
{
    char bytes[4096];
    ssize_t got = recv(top->fd, bytes, sizeof(bytes), 0);
    if (got > 0) {
        buf_append(&top->answer, bytes, (size_t)got);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        struct slice text = buf_slice(&top->answer);
        bool whole = slice_ends(text, LAST_LINE);
        if (whole) {
            buf_clear(&top->shown);
            buf_append(&top->shown, text.ptr, text.len - LAST_LINE.len);
        }
        hang_up(top, whole);
    }
}

/* --- the loop ----------------------------------------------------------------------- */

static void listen_to_keys(struct top *top)
{
    char key;
    ssize_t got = read(STDIN_FILENO, &key, 1);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        top->done = true;
    }
    top->done = top->done || (got == 1 && (key == 'q' || key == 'Q' || key == CTRL_C));
}

static void act_on_signals(struct top *top, int64_t now)
{
    if (resumed) {
        resumed = 0;
        resized = 1;
        enter_screen(top);
    }
    if (resized) {
        resized = 0;
        measure(top);
        draw(top);
        top->next_ms = now;
    }
    top->done = top->done || ended;
}

static void wait_for_news(struct top *top, int64_t now)
{
    int64_t deadline = top->fd < 0 ? top->next_ms : top->asked_ms + ANSWER_MS;
    int64_t left = deadline > now ? deadline - now : 0;
    struct timespec wait = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * NS_PER_MS};
    struct pollfd polled[] = {
        {.fd = top->has_keys ? STDIN_FILENO : -1, .events = POLLIN},
        {.fd = top->fd, .events = POLLIN},
    };
    if (ppoll(polled, 2, &wait, signals_wait_mask()) <= 0) {
        return;
    }
    if (polled[0].revents != 0) {
        listen_to_keys(top);
    }
    if (polled[1].revents != 0) {
        listen_to_master(top);
    }
}

static void turn(struct top *top)
{
    int64_t now = clock_read_ns() / NS_PER_MS;
    act_on_signals(top, now);
    if (top->done) {
        return;
    }
    if (top->fd >= 0 && now >= top->asked_ms + ANSWER_MS) {
        hang_up(top, false);
    }
    if (top->fd < 0 && now >= top->next_ms) {
        ask(top, now);
    }
    wait_for_news(top, clock_read_ns() / NS_PER_MS);
}

int top_run(const char *pid_path)
{
    struct top top = {.pid_path = pid_path, .fd = -1};
    top.has_keys = tcgetattr(STDIN_FILENO, &top.before) == 0;
    catch_signals();
    measure(&top);
    enter_screen(&top);
    while (!top.done) {
        turn(&top);
    }
    leave_screen(&top);
    fd_close(top.fd);
    buf_free(&top.answer);
    buf_free(&top.shown);
    return EXIT_OK;
}
