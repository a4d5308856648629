/*
 * A whole connection: bytes of a client, in pieces, through the server's own code from
 * recv() to send(), over a socket pair.
 *
 * The input: a byte of flags, a byte that counts the sizes of pieces, the sizes, and
 * behind them what the client sends. It is sent three ways:
 * - in one piece: every request that the log knows of has one well-formed answer;
 * - in the pieces, as the flags say, and perhaps with another client in between: the
 *   answers are the same, the dates apart;
 * - each request by itself on a new connection: it is answered as it was among the
 * others.
 */
#include "server/worker.h"
#include "tests/fuzz/answer.h"
#include "tests/fuzz/site.h"
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

static const char text[] =
    "error_log stderr info; http { "
    "log_format fuzz escape=none "
    "  '$status $bytes_sent $request_length $request_completion|$request'; "
    "access_log a fuzz; "
    "client_header_buffer_size 256; large_client_header_buffers 2 512; max_headers 12; "
    "client_max_body_size 60; types { text/html html; text/plain txt; } "
    "default_type application/octet-stream; "
    "error_page 403 /errors/403.html; error_page 413 =200 /a.txt; "
    "server { listen 8080; server_name a; root html; charset utf-8; "
    "  add_header X-Echo \"$http_x\" always; "
    "  location / { expires 1h; } "
    "  location /list/ { autoindex on; } "
    "  location /json/ { alias html/list/; autoindex on; autoindex_format json; } "
    "  location /zip/ { gzip_static on; max_ranges 3; } "
    "  location /gone { return 444; } "
    "  location /say { default_type text/plain; return 200 \"$uri|$arg_x|$http_x\"; } "
    "  location /away { return 302 http://$host/$arg_x; } "
    "  location /try { try_files $uri $uri/ /try/$arg_x =404; error_page 404 = @other; } "
    "  location @other { return 200 other; } "
    "  location /once { keepalive_timeout 0; } "
    "  location /in/ { internal; } "
    "  location /empty { return 204; } "
    "  location /no { error_page 405 404 =200 /in/page.html; return 403; } "
    "  location /loop { error_page 404 /loop/x; } } "
    "server { listen 8080; server_name b *.b; merge_slashes off; keepalive_timeout 9 9; "
    "  absolute_redirect on; root html/list; error_page 400 404 /none; "
    "  location /r { return 301 /x$request_uri; } } }";

/* --- the worker --------------------------------------------------------------------- */

static struct worker worker;
static struct board_slot board;

static void make_files(void)
{
    static const char *const directories[] = {"html",     "html/list", "html/list/deep",
                                              "html/zip", "html/in",   "html/errors"};
    static const struct {
        const char *name;
        size_t size;
    } files[] = {
        {"html/index.html", 100},    {"html/a.txt", 10},
        {"html/empty.txt", 0},       {"html/big", 200000},
        {"html/list/a b<&.txt", 20}, {"html/list/deep/index.html", 30},
        {"html/zip/a.txt", 200},     {"html/zip/a.txt.gz", 50},
        {"html/in/page.html", 40},   {"html/errors/403.html", 60},
    };
    for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++) {
        site_directory(directories[i]);
    }
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        site_file(files[i].name, files[i].size);
    }
    for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++) {
        site_date(directories[i]);
    }
}

static void take_access(void *context, uint32_t file, struct slice line);

static void start(void)
{
    static struct diagnostics diag;
    site_begin();
    make_files();
    signal(SIGPIPE, SIG_IGN);
    log_set_sink(site_take_error, NULL);
    diag_init(&diag, arena_create(4096));
    clock_update();
    worker = (struct worker){
        .config = site_load(text, &diag),
        .loop = ev_create(),
        .timers = timers_create(clock_now_ms()),
        .board = &board,
        .connections_max = 10,
    };
    INVARIANT(worker.config != NULL);
    service_init(&worker.service, worker.config);
    worker.service.board = &board;
    worker.service.access_sink = take_access;
    conns_init(&worker.conns);
}

/* --- one connection ----------------------------------------------------------------- */

#define EXCHANGE_MAX 512 /* requests */
#define PIECES_MAX   64
#define SENDBUF_MIN  1 /* the kernel makes it some thousand bytes */

/* What the server logged of a request, and where its answer was found. */
struct exchanged {
    unsigned status;
    size_t sent;
    size_t length;
    bool complete;
    bool head;
    bool close;
    size_t start, end; /* of the answer in `got` */
};

struct exchange {
    struct buf got; /* as received; then without 1xx, dates and boundaries */
    struct exchanged items[EXCHANGE_MAX];
    size_t count;
    bool ended; /* by the server, while the client had the connection open */
};

/* What the client does when it has sent everything. */
enum ending {
    END_WAITS, /* nothing, and leaves when the server has no more to say */
    END_SHUTS, /* closes its side at once */
    END_TIME,  /* nothing, until every deadline is over */
};

struct manner {
    struct slice sizes; /* of pieces, in turn, less one; none: all in one */
    enum ending ending;
    bool late;    /* the first piece comes after the connection was accepted */
    bool narrow;  /* the server's socket takes little at a time */
    bool lazy;    /* the client reads nothing before it has sent everything */
    bool rude;    /* and not then */
    bool company; /* another client asks between the pieces */
};

static void take_access(void *context, uint32_t file, struct slice line)
{
    struct exchange *exchange = context;
    struct exchanged item = {0};
    char front[80], completion[8] = "";
    size_t bar = slice_find(line, '|');
    INVARIANT(file < 2 && bar < sizeof(front) && exchange->count < EXCHANGE_MAX);
    memcpy(front, line.ptr, bar);
    front[bar] = '\0';
    INVARIANT(sscanf(front, "%u %zu %zu %7s", &item.status, &item.sent, &item.length,
                     completion) >= 3);
    item.complete = strcmp(completion, "OK") == 0;
    item.head = slice_starts(slice_from(line, bar + 1), SLICE("HEAD "));
    exchange->items[exchange->count++] = item;
}

static void receive(struct exchange *exchange, int fd)
{
    ssize_t got;
    do {
        buf_reserve(&exchange->got, 16384);
        got = read(fd, exchange->got.data + exchange->got.len, 16384);
        exchange->got.len += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    exchange->ended = exchange->ended || got == 0 || errno != EAGAIN;
}

/* Until the server waits and there is nothing to read. -1: the client does not read. */
static void settle(struct exchange *exchange, int fd)
{
    size_t before;
    int calls;
    do {
        before = exchange->got.len;
        calls = conns_take_turns(&worker.conns);
        calls += ev_turn(worker.loop, 0);
        conns_answer(&worker.conns);
        conns_sweep(&worker.conns);
        if (fd >= 0) {
            receive(exchange, fd);
        }
    } while (calls != 0 || exchange->got.len != before);
}

static struct slice take_piece(struct slice *rest, const struct manner *manner, size_t at)
{
    size_t len = rest->len;
    if (manner->sizes.len > 0 && at < PIECES_MAX) {
        size_t size = (unsigned char)manner->sizes.ptr[at % manner->sizes.len] + 1u;
        len = size < len ? size : len;
    }
    struct slice piece = slice_of(rest->ptr, len);
    *rest = slice_from(*rest, len);
    return piece;
}

/* False: the server has closed the connection. */
static bool put(int fd, struct slice piece)
{
    if (piece.len == 0) {
        return true;
    }
    ssize_t sent = write(fd, piece.ptr, piece.len);
    INVARIANT(sent == (ssize_t)piece.len || (sent < 0 && errno == EPIPE));
    return sent > 0;
}

static void accept_client(int fd, const struct manner *manner)
{
    struct sockaddr_in peer = site_peer();
    if (manner->narrow) {
        int size = SENDBUF_MIN;
        INVARIANT(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) == 0);
    }
    bool early = !manner->lazy;
    conn_open(&worker, fd, (struct sockaddr *)&peer, worker.config->sockets[0], early);
    conns_answer(&worker.conns);
}

/* --- another client ----------------------------------------------------------------- */

#define COMPANY_STEP 7 /* bytes between two pieces */

static const char company_asks[] =
    "GET /say?x=2 HTTP/1.1\r\nHost: a\r\nX: company\r\n\r\n";
static const char company_hears[] = "\r\n\r\n/say|2|company";

static struct {
    int fd;
    size_t sent;
    struct exchange exchange;
} company;

static void begin(struct exchange *exchange)
{
    buf_clear(&exchange->got);
    exchange->count = 0;
    exchange->ended = false;
}

static void company_comes(const struct manner *manner)
{
    begin(&company.exchange);
    company.sent = 0;
    if (manner->company) {
        int pair[2];
        INVARIANT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
        company.fd = pair[1];
        accept_client(pair[0], &(const struct manner){0});
    }
}

/* The other connection waits meanwhile. */
static void company_asks_on(struct exchange *other)
{
    struct slice all = slice_of(company_asks, sizeof(company_asks) - 1);
    struct slice rest = slice_from(all, company.sent % all.len);
    size_t len = rest.len < COMPANY_STEP ? rest.len : COMPANY_STEP;
    worker.service.access_context = &company.exchange;
    INVARIANT(put(company.fd, slice_of(rest.ptr, len)));
    company.sent += len;
    settle(&company.exchange, company.fd);
    worker.service.access_context = other;
}

static void company_goes(void)
{
    size_t asked = company.sent / (sizeof(company_asks) - 1);
    struct slice got = buf_slice(&company.exchange.got);
    INVARIANT(company.exchange.count == asked && !company.exchange.ended);
    INVARIANT(asked == 0 || slice_ends(got, slice_str(company_hears)));
    close(company.fd);
}

/* --- from its first to its last byte ------------------------------------------------ */

static void send_pieces(struct exchange *exchange, const struct manner *manner,
                        const int pair[2], struct slice rest)
{
    int reads = manner->lazy || manner->rude ? -1 : pair[1];
    if (manner->late) {
        accept_client(pair[0], manner);
    }
    bool open = true;
    for (size_t at = 0; open && (rest.len > 0 || at == 0); at++) {
        open = put(pair[1], take_piece(&rest, manner, at));
        if (rest.len == 0 && manner->ending == END_SHUTS) {
            shutdown(pair[1], SHUT_WR);
        }
        if (at == 0 && !manner->late) {
            accept_client(pair[0], manner);
        }
        settle(exchange, reads);
        if (manner->company) {
            company_asks_on(exchange);
        }
    }
}

/* Deadlines pass one after the other: the answer of the first is sent, then the client
 * is waited for. */
static void pass_time(struct exchange *exchange, int fd)
{
    for (int hours = 1; hours <= 3; hours++) {
        timers_run(worker.timers, clock_now_ms() + hours * 3600000);
        settle(exchange, fd);
    }
    INVARIANT(exchange->ended && worker.conns.count == 0);
    timers_destroy(worker.timers);
    worker.timers = timers_create(clock_now_ms());
}

/* Nothing of a connection may be left, and every request begun was logged once. */
static void check_end(const struct exchange *exchange, uint64_t requests)
{
    const struct conns *conns = &worker.conns;
    INVARIANT(conns->count == 0 && board.connections == 0);
    INVARIANT(list_empty(&conns->busy) && list_empty(&conns->idle));
    INVARIANT(list_empty(&conns->turns) && list_empty(&conns->heavies));
    INVARIANT(list_empty(&conns->closing));
    INVARIANT(board.requests - requests == exchange->count + company.exchange.count);
    INVARIANT(board.request.active == 0);
}

static void run(struct exchange *exchange, const struct manner *manner,
                struct slice bytes)
{
    int pair[2];
    uint64_t requests = board.requests;
    begin(exchange);
    worker.service.access_context = exchange;
    company_comes(manner);
    INVARIANT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
    send_pieces(exchange, manner, pair, bytes);
    if (manner->company) {
        company_goes();
    }
    if (!manner->rude) {
        settle(exchange, pair[1]);
        if (manner->ending == END_TIME) {
            pass_time(exchange, pair[1]);
        }
    }
    close(pair[1]);
    settle(exchange, -1);
    check_end(exchange, requests);
}

/* --- the answers -------------------------------------------------------------------- */

static void blank(struct slice part)
{
    union {
        const char *from;
        char *to;
    } bytes = {.from = part.ptr};
    if (part.len > 0) {
        memset(bytes.to, '_', part.len);
    }
}

/* Dates of now, and the boundary of several ranges, which is drawn by lot. */
static void blank_what_differs(const struct answer *answer)
{
    struct slice type = answer->fields[ANSWER_CONTENT_TYPE];
    struct slice front = SLICE("multipart/byteranges; boundary=");
    blank(answer->fields[ANSWER_DATE]);
    blank(answer->fields[ANSWER_EXPIRES]);
    if (!slice_starts(type, front)) {
        return;
    }
    struct slice boundary = slice_from(type, front.len), rest = answer->content;
    char kept[80];
    INVARIANT(boundary.len > 0 && boundary.len < sizeof(kept));
    memcpy(kept, boundary.ptr, boundary.len);
    blank(boundary);
    const char *found;
    while (rest.len > 0 &&
           (found = memmem(rest.ptr, rest.len, kept, boundary.len)) != NULL) {
        blank(slice_of(found, boundary.len));
        rest = slice_from(rest, (size_t)(found - rest.ptr) + boundary.len);
    }
}

/* Whether a 100 is sent depends on what has come, so it is no part of what is compared.
 */
static void skip_continue(struct slice *rest)
{
    struct slice interim = SLICE("HTTP/1.1 100 Continue\r\n\r\n");
    if (slice_starts(*rest, interim)) {
        *rest = slice_from(*rest, interim.len);
    }
}

static void check_answer(struct exchanged *item, struct slice *rest, struct buf *kept)
{
    struct answer answer = answer_take(rest, item->head);
    INVARIANT(answer.status == item->status);
    INVARIANT(answer.head.len + answer.content.len == item->sent);
    blank_what_differs(&answer);
    item->close = answer.close;
    item->start = kept->len;
    buf_append_slice(kept, answer.head);
    buf_append_slice(kept, answer.content);
    item->end = kept->len;
}

/* As many answers as complete requests, in their order, and nothing else. Only the last
 * request may be without: closed by `return 444`, or broken off by the client. */
static void check_answers(struct exchange *exchange, enum ending ending)
{
    struct buf kept = {0};
    struct slice rest = buf_slice(&exchange->got);
    bool closes = false;
    for (size_t i = 0; i < exchange->count; i++) {
        struct exchanged *item = &exchange->items[i];
        INVARIANT(!closes);
        skip_continue(&rest);
        if (item->complete) {
            check_answer(item, &rest, &kept);
            closes = item->close;
        } else {
            INVARIANT(i + 1 == exchange->count && item->sent == 0);
            INVARIANT(item->status == 444 || item->status == 499);
            closes = item->status == 444;
        }
    }
    INVARIANT(rest.len == 0);
    INVARIANT(exchange->ended == closes || (ending != END_WAITS && exchange->ended));
    buf_free(&exchange->got);
    exchange->got = kept;
}

static struct slice answer_of(const struct exchange *exchange, size_t i)
{
    const struct exchanged *item = &exchange->items[i];
    return item->complete
               ? slice_of(exchange->got.data + item->start, item->end - item->start)
               : SLICE_NULL;
}

/* A difference is shown before it aborts. */
static void expect_same(struct slice got, struct slice expected)
{
    if (!slice_eq(got, expected)) {
        fprintf(stderr, "--- expected\n%.*s\n--- got\n%.*s\n", SLICE_ARG(expected),
                SLICE_ARG(got));
    }
    INVARIANT(slice_eq(got, expected));
}

static void check_same(const struct exchange *whole, const struct exchange *pieces)
{
    INVARIANT(whole->count == pieces->count && whole->ended == pieces->ended);
    for (size_t i = 0; i < whole->count; i++) {
        INVARIANT(whole->items[i].status == pieces->items[i].status);
        expect_same(answer_of(pieces, i), answer_of(whole, i));
    }
}

/* --- each request by itself --------------------------------------------------------- */

#define ALONE_MAX 8 /* requests tried, for the sake of speed */

static void check_alone(const struct exchange *whole, struct slice bytes)
{
    static struct exchange alone;
    const struct manner plain = {.ending = END_WAITS};
    for (size_t i = 0; i < whole->count && i < ALONE_MAX; i++) {
        const struct exchanged *item = &whole->items[i];
        if (!item->complete || item->status == 408) {
            return;
        }
        size_t length = item->close ? bytes.len : item->length;
        INVARIANT(length <= bytes.len);
        run(&alone, &plain, slice_of(bytes.ptr, length));
        check_answers(&alone, END_WAITS);
        INVARIANT(alone.count == 1 && alone.items[0].status == item->status);
        expect_same(answer_of(&alone, 0), answer_of(whole, i));
        bytes = slice_from(bytes, length);
    }
}

/* --- the input ---------------------------------------------------------------------- */

enum flags {
    FLAG_SHUTS = 1 << 0,
    FLAG_TIME = 1 << 1,
    FLAG_LATE = 1 << 2,
    FLAG_NARROW = 1 << 3,
    FLAG_LAZY = 1 << 4,
    FLAG_RUDE = 1 << 5,
    FLAG_COMPANY = 1 << 6,
};

static struct manner manner_of(unsigned flags, struct slice sizes)
{
    return (struct manner){
        .sizes = sizes,
        .ending = flags & FLAG_SHUTS  ? END_SHUTS
                  : flags & FLAG_TIME ? END_TIME
                                      : END_WAITS,
        .late = (flags & FLAG_LATE) != 0,
        .narrow = (flags & FLAG_NARROW) != 0,
        .lazy = (flags & FLAG_LAZY) != 0,
        .company = (flags & FLAG_COMPANY) != 0,
    };
}

/* The client has shut its side within a body: answers that wait before it are lost. */
static bool breaks_off(const struct exchange *exchange, enum ending ending)
{
    return ending == END_SHUTS && exchange->count > 0 &&
           !exchange->items[exchange->count - 1].complete;
}

static void try_input(unsigned flags, struct slice sizes, struct slice bytes)
{
    static struct exchange whole, pieces;
    struct manner manner = manner_of(flags, sizes);
    const struct manner plain = {.ending = manner.ending};
    run(&whole, &plain, bytes);
    check_answers(&whole, plain.ending);
    if (breaks_off(&whole, manner.ending)) {
        manner.narrow = manner.lazy = false;
    }
    run(&pieces, &manner, bytes);
    check_answers(&pieces, manner.ending);
    check_same(&whole, &pieces);
    check_alone(&whole, bytes);
    if (flags & FLAG_RUDE) {
        manner.rude = true;
        run(&pieces, &manner, bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    if (!started) {
        start();
        started = true;
    }
    if (size < 2) {
        return 0;
    }
    struct slice rest = slice_of((const char *)data + 2, size - 2);
    size_t count = data[1] % 16u < rest.len ? data[1] % 16u : rest.len;
    try_input(data[0], slice_of(rest.ptr, count), slice_from(rest, count));
    return 0;
}
