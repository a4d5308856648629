#include "tests/unit/server/live.h"
#include <netinet/in.h>
#include <sys/resource.h>

static const char site[] = "error_log stderr info; server { listen 127.0.0.1:1; "
                           "location / { return 200 $server_addr; } }";
static const char shared[] =
    "server { listen *:1; location / { return 200 wildcard; } } "
    "server { listen 127.0.0.2:1; location / { return 200 specific; } }";

#define GET  "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define LAST "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static struct shm shm;
static struct board_slot *own;
static struct board_slot *other;
static int listener;
static uint16_t port;

static int listen_anywhere(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof(in);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, len), 0);
    ck_assert_int_eq(listen(fd, 100), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    port = ntohs(in.sin_port);
    return fd;
}

static void begin(const char *config)
{
    live_start(config);
    shm_create(&shm);
    shm_prepare(&shm, SLOT_FIRST_WORKER + 1);
    own = shm_board(&shm, SLOT_FIRST_WORKER);
    other = shm_board(&shm, SLOT_FIRST_WORKER + 1);
    live.board = own;
    live.shm = &shm;
    live.slot = 1;
    listener = listen_anywhere();
    accept_start(&live, &listener, 1);
}

static void end(void)
{
    accept_stop(&live, false);
    live_stop();
    shm_destroy(&shm);
}

static struct live_client dial(const char *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, address, &in.sin_addr);
    struct live_client client = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
    ck_assert_int_eq(connect(client.fd, (struct sockaddr *)&in, sizeof(in)), 0);
    fcntl(client.fd, F_SETFL, O_NONBLOCK);
    return client;
}

/* Until `count` connections are open, or the condition of the test says otherwise. */
#define until(condition)                                                                 \
    do {                                                                                 \
        int64_t end_ = clock_read_ns() / NS_PER_MS + LIVE_PATIENCE_MS;                   \
        while (!(condition)) {                                                           \
            ck_assert_msg(clock_read_ns() / NS_PER_MS < end_, "never: %s", #condition);  \
            live_turn(5);                                                                \
        }                                                                                \
    } while (0)

/* In one event, which accepts the client too if it is new. */
static void read_last_request(struct live_client *client)
{
    ck_assert_int_eq(write(client->fd, LAST, strlen(LAST)), (ssize_t)strlen(LAST));
    ck_assert_int_eq(ev_turn(live.loop, 1000), 1);
}

static bool is_listening(void)
{
    return live.accept.items[0].source.interest != 0;
}

START_TEST(serves_who_connects)
{
    begin(site);
    struct live_client client = dial("127.0.0.1");
    live_send(&client, GET);
    live_expect(&client, "\r\n\r\n127.0.0.1");
    ck_assert_uint_eq(own->accepted, 1);
    ck_assert_uint_eq(own->connections, 1);
    ck_assert_int_eq(fcntl(live_conn()->source.fd, F_GETFD), FD_CLOEXEC);
    live_leave(&client);
    until(own->connections == 0);
    end();
}
END_TEST

START_TEST(takes_one_connection_a_turn)
{
    begin(site);
    struct live_client a = dial("127.0.0.1"), b = dial("127.0.0.1");
    live_turn(1000);
    ck_assert_uint_eq(live.conns.count, 1);
    live_turn(1000);
    ck_assert_uint_eq(live.conns.count, 2);
    live_leave(&a);
    live_leave(&b);
    end();
}
END_TEST

START_TEST(knows_the_address_that_was_dialled)
{
    begin(shared);
    ck_assert_uint_eq(serve.config->socket_count, 1);
    /* the port of the configuration is not the one that the kernel gave */
    sockaddr_set_port(&serve.config->sockets[0]->addresses[0]->addr, port);
    struct live_client a = dial("127.0.0.1"), b = dial("127.0.0.2");
    live_send(&a, GET);
    live_expect(&a, "\r\n\r\nwildcard");
    live_send(&b, GET);
    live_expect(&b, "\r\n\r\nspecific");
    live_leave(&a);
    live_leave(&b);
    end();
}
END_TEST

/* --- the first read ----------------------------------------------------------------- */

/* The next one comes with `text`. Whether that was read in the turn that accepted it. */
static bool is_read_at_once(const char *text)
{
    struct live_client client = dial("127.0.0.1");
    ck_assert_int_eq(write(client.fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(ev_turn(live.loop, 1000), 1);
    conns_answer(&live.conns);
    bool read = own->connections == 0;
    live_leave(&client);
    until(own->connections == 0);
    return read;
}

static void expect_some_unread(int count)
{
    for (int i = 0; i < count; i++) {
        ck_assert(!is_read_at_once(LAST));
    }
}

START_TEST(reads_requests_at_once_that_come_at_once)
{
    begin(site);
    ck_assert(is_read_at_once(LAST));
    ck_assert(is_read_at_once(LAST));
    ck_assert(!is_read_at_once(""));
    expect_some_unread(15);
    ck_assert(!is_read_at_once("")); /* which is when it looks again */
    expect_some_unread(15);
    ck_assert(is_read_at_once(LAST));
    ck_assert(is_read_at_once(LAST));
    end();
}
END_TEST

START_TEST(reads_at_once_when_that_may_make_room)
{
    begin(site);
    ck_assert(!is_read_at_once(""));
    expect_some_unread(1);
    live.connections_max = 1;
    ck_assert(is_read_at_once(LAST));
    end();
}
END_TEST

START_TEST(reads_at_once_what_it_takes_last)
{
    begin(site);
    ck_assert(!is_read_at_once(""));
    struct live_client client = dial("127.0.0.1");
    ck_assert_int_eq(write(client.fd, LAST, strlen(LAST)), (ssize_t)strlen(LAST));
    accept_stop(&live, true);
    conns_answer(&live.conns);
    ck_assert_uint_eq(own->connections, 0);
    live_expect(&client, "\r\n\r\n127.0.0.1");
    live_leave(&client);
    end();
}
END_TEST

/* --- no room ------------------------------------------------------------------------ */

START_TEST(leaves_clients_in_the_queue_when_full)
{
    begin(site);
    live.connections_max = 2;
    struct live_client a = dial("127.0.0.1"), b = dial("127.0.0.1"),
                       c = dial("127.0.0.1");
    until(!is_listening());
    ck_assert_int_eq(live.accept.pause, ACCEPT_FULL);
    ck_assert_uint_eq(live.conns.count, 2);
    ck_assert_uint_eq(own->connections_free, 0);
    ck_assert_ptr_nonnull(strstr(serve_text(&serve.error_log), "clients have to wait"));
    live_leave(&a);
    until(live.conns.count == 1);
    ck_assert(is_listening()); /* at once, not when the pause is over */
    live_send(&c, GET);
    live_expect(&c, "\r\n\r\n127.0.0.1");
    ck_assert_uint_eq(live.conns.count, 2);
    live_leave(&b);
    live_leave(&c);
    end();
}
END_TEST

START_TEST(gives_the_place_of_an_idle_connection_to_a_new_one)
{
    begin(site);
    live.connections_max = 1;
    struct live_client a = dial("127.0.0.1"), b = dial("127.0.0.1");
    live_send(&a, GET);
    live_expect(&a, "\r\n\r\n127.0.0.1");
    live_send(&b, GET);
    int64_t start = clock_read_ns() / NS_PER_MS;
    live_expect(&b, "\r\n\r\n127.0.0.1"); /* once the other was idle for a second */
    ck_assert_int_ge(clock_read_ns() / NS_PER_MS - start, 800);
    live_expect_end(&a);
    live_leave(&a);
    live_leave(&b);
    end();
}
END_TEST

/* Else a few clients that begin requests and never end them would lock out all others. */
START_TEST(gives_the_place_of_a_head_that_takes_long_to_a_new_one)
{
    begin(site);
    live.connections_max = 2;
    struct live_client a = dial("127.0.0.1"), b = dial("127.0.0.1"),
                       c = dial("127.0.0.1");
    live_send(&a, "GET / HT");
    until(live.accept.pause == ACCEPT_FULL);
    struct conn *oldest = LIST_ITEM(live.conns.heads.next, struct conn, link);
    oldest->since_ms -= 5000;
    live_send(&c, GET);
    live_expect(&c, "\r\n\r\n127.0.0.1");
    live_expect_end(&a);
    live_send(&b, GET);
    live_expect(&b, "\r\n\r\n127.0.0.1");
    live_leave(&a);
    live_leave(&b);
    live_leave(&c);
    end();
}
END_TEST

START_TEST(takes_the_place_of_one_that_is_about_to_close)
{
    if (!TORTURE) {
        begin(site);
        live.connections_max = 1;
        struct live_client a = dial("127.0.0.1");
        until(live.conns.count == 1);
        live_settle(&a);
        read_last_request(&a);
        struct live_client b = dial("127.0.0.1");
        ck_assert_int_eq(ev_turn(live.loop, 1000), 1);
        ck_assert_uint_eq(own->accepted, 2);
        ck_assert_ptr_null(strstr(serve_text(&serve.error_log), "clients have to wait"));
        live_turn(0);
        live_expect(&a, "\r\n\r\n127.0.0.1");
        live_expect_end(&a);
        live_leave(&a);
        live_leave(&b);
        end();
    }
}
END_TEST

static void limit_descriptors(rlim_t most)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = most;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static size_t count_text(const char *text)
{
    size_t count = 0;
    for (const char *at = serve_text(&serve.error_log); (at = strstr(at, text)) != NULL;
         at++) {
        count++;
    }
    return count;
}

START_TEST(pauses_without_descriptors_and_goes_on)
{
    begin(site);
    struct live_client client = dial("127.0.0.1");
    int lowest = dup(client.fd);
    close(lowest);
    limit_descriptors((rlim_t)lowest);
    until(live.accept.pause == ACCEPT_EXHAUSTED);
    ck_assert(!is_listening());
    ck_assert_int_eq(live.accept.backoff_ms, 100);
    until(live.accept.backoff_ms == 400);
    ck_assert_uint_eq(live.conns.count, 0);
    ck_assert_uint_eq(own->accept_errors, 3);
    ck_assert_uint_eq(count_text("accept() failed"), 1); /* not a line each time */
    limit_descriptors((rlim_t)lowest + 10);
    live_send(&client, GET);
    live_expect(&client, "\r\n\r\n127.0.0.1");
    ck_assert_int_eq(live.accept.backoff_ms, 0);
    live_leave(&client);
    end();
}
END_TEST

START_TEST(takes_the_descriptor_of_one_that_is_about_to_close)
{
    if (!TORTURE) {
        begin(site);
        struct live_client a = dial("127.0.0.1");
        until(live.conns.count == 1);
        live_settle(&a);
        read_last_request(&a);
        struct live_client b = dial("127.0.0.1");
        int lowest = dup(b.fd);
        close(lowest);
        limit_descriptors((rlim_t)lowest);
        ck_assert_int_eq(ev_turn(live.loop, 1000), 1);
        ck_assert_uint_eq(own->accepted, 2);
        ck_assert_uint_eq(own->accept_errors, 0);
        limit_descriptors((rlim_t)lowest + 10);
        live_turn(0);
        live_expect(&a, "\r\n\r\n127.0.0.1");
        live_leave(&a);
        live_leave(&b);
        end();
    }
}
END_TEST

/* --- the balance between workers ---------------------------------------------------- */

static void other_worker(uint32_t connections)
{
    atomic_store(&other->pid, 1);
    atomic_store(&other->connections, connections);
    atomic_store(&other->connections_free, 100);
    atomic_store(&other->draining, 0);
    atomic_store(&other->beat_ns, clock_read_ns());
}

static struct live_client many[12];

/* Ten connections are open here; the next one waits. */
static void hold_ten(void)
{
    begin(site);
    for (int i = 0; i < 10; i++) {
        many[i] = dial("127.0.0.1");
    }
    until(live.conns.count == 10);
    many[10] = dial("127.0.0.1");
}

static void let_go(int count)
{
    for (int i = 0; i < count; i++) {
        live_leave(&many[i]);
    }
    end();
}

START_TEST(lets_the_other_worker_go_first)
{
    hold_ten();
    other_worker(0);
    int64_t start = clock_read_ns();
    until(live.accept.pause == ACCEPT_AHEAD);
    ck_assert_uint_eq(live.conns.count, 11);
    ck_assert(!is_listening());
    many[11] = dial("127.0.0.1");
    until(live.conns.count == 12); /* nobody took it: it is not left to wait */
    ck_assert_int_ge((clock_read_ns() - start) / NS_PER_MS, 9);
    ck_assert_int_lt(clock_read_ns() - other->beat_ns, 2 * NS_PER_SEC);
    let_go(12);
}
END_TEST

/* Nobody's connection is closed here while there is room elsewhere. */
START_TEST(lets_the_other_worker_go_first_when_full)
{
    begin(site);
    live.connections_max = 1;
    other_worker(0);
    struct live_client a = dial("127.0.0.1");
    live_send(&a, GET);
    live_expect(&a, "\r\n\r\n127.0.0.1");
    LIST_ITEM(live.conns.idle.next, struct conn, link)->since_ms -= 5000;
    struct live_client b = dial("127.0.0.1");
    until(live.accept.pause == ACCEPT_AHEAD);
    ck_assert_uint_eq(live.conns.count, 1);
    live_send(&b, GET);
    live_expect(&b, "\r\n\r\n127.0.0.1"); /* nobody took it */
    live_expect_end(&a);
    live_leave(&a);
    live_leave(&b);
    end();
}
END_TEST

/* It is full only until the one that it took is answered. */
START_TEST(waits_on_after_a_client_that_is_answered_at_once)
{
    if (!TORTURE) {
        begin(site);
        live.connections_max = 1;
        other_worker(0);
        struct live_client a = dial("127.0.0.1");
        read_last_request(&a);
        ck_assert_uint_eq(own->accepted, 1);
        ck_assert_uint_eq(live.conns.count, 0);
        ck_assert_uint_eq(live.accept.items[0].source.interest, EV_IN | EV_EXCLUSIVE);
        live_leave(&a);
        end();
    }
}
END_TEST

/* Where it cannot help, it must not be woken in place of the other. */
START_TEST(is_not_woken_while_it_is_full_and_another_is_not)
{
    begin(site);
    live.connections_max = 2;
    other_worker(0);
    struct live_client a = dial("127.0.0.1"), b = dial("127.0.0.1");
    until(live.conns.count == 2);
    ck_assert_int_eq(live.accept.pause, ACCEPT_FULL);
    for (int64_t start = clock_read_ns(); clock_read_ns() - start < 150 * NS_PER_MS;) {
        ck_assert(!is_listening());
        live_turn(5);
    }
    ck_assert_ptr_null(strstr(serve_text(&serve.error_log), "clients have to wait"));
    atomic_store(&other->connections_free, 0);
    until(is_listening());
    live_leave(&a);
    live_leave(&b);
    end();
}
END_TEST

/* As when another worker was woken, and died before it accepted. */
START_TEST(finds_a_client_of_whom_it_was_not_told)
{
    begin(site);
    ev_set(live.loop, &live.accept.items[0].source, 0);
    struct live_client client = dial("127.0.0.1");
    live_send(&client, GET);
    live_expect(&client, "\r\n\r\n127.0.0.1");
    live_leave(&client);
    end();
}
END_TEST

static void differ_little(void)
{
    atomic_store(&other->connections, 7);
}

static void be_stopped(void)
{
    atomic_store(&other->beat_ns, clock_read_ns() - 3 * NS_PER_SEC);
}

static void be_full(void)
{
    atomic_store(&other->connections_free, 0);
}

static void be_draining(void)
{
    atomic_store(&other->draining, 1);
}

static void be_of_another_generation(void)
{
    atomic_store(&other->generation, 7);
}

static void (*const excuses[])(void) = {differ_little, be_stopped, be_full, be_draining,
                                        be_of_another_generation};

START_TEST(does_not_wait_for_who_would_not_take_it)
{
    hold_ten();
    other_worker(0);
    excuses[_i]();
    while (live.conns.count < 11) {
        live_turn(5);
        ck_assert_int_ne(live.accept.pause, ACCEPT_AHEAD);
    }
    let_go(11);
}
END_TEST

/* --- stopping ----------------------------------------------------------------------- */

START_TEST(takes_the_queue_before_it_stops)
{
    begin(site);
    for (int i = 0; i < 5; i++) {
        many[i] = dial("127.0.0.1");
    }
    accept_stop(&live, true);
    live.service.draining = true;
    ck_assert_uint_eq(live.conns.count, 5);
    for (int i = 0; i < 5; i++) {
        live_send(&many[i], GET);
        live_expect(&many[i], "\r\n\r\n127.0.0.1");
    }
    let_go(5);
}
END_TEST

START_TEST(leaves_the_queue_to_the_others)
{
    begin(site);
    int kept = dup(listener); /* as another process has it */
    struct live_client client = dial("127.0.0.1");
    accept_stop(&live, false);
    ck_assert_uint_eq(live.conns.count, 0);
    ck_assert_int_eq(ev_turn(live.loop, 0), 0);
    int fd = accept(kept, NULL, NULL);
    ck_assert_int_ge(fd, 0);
    close(fd);
    close(kept);
    live_leave(&client);
    end();
}
END_TEST

UNIT_SUITE(accept)
{
    UNIT_TEST(serves_who_connects);
    UNIT_TEST(takes_one_connection_a_turn);
    UNIT_TEST(knows_the_address_that_was_dialled);
    if (!TORTURE) { /* where one read is one byte */
        UNIT_TEST(reads_requests_at_once_that_come_at_once);
        UNIT_TEST(reads_at_once_when_that_may_make_room);
        UNIT_TEST(reads_at_once_what_it_takes_last);
    }
    UNIT_TEST(leaves_clients_in_the_queue_when_full);
    UNIT_TEST(gives_the_place_of_an_idle_connection_to_a_new_one);
    UNIT_TEST(gives_the_place_of_a_head_that_takes_long_to_a_new_one);
    UNIT_TEST(takes_the_place_of_one_that_is_about_to_close);
    UNIT_TEST(pauses_without_descriptors_and_goes_on);
    UNIT_TEST(takes_the_descriptor_of_one_that_is_about_to_close);
    UNIT_TEST(lets_the_other_worker_go_first);
    UNIT_TEST(lets_the_other_worker_go_first_when_full);
    UNIT_TEST(waits_on_after_a_client_that_is_answered_at_once);
    UNIT_TEST(is_not_woken_while_it_is_full_and_another_is_not);
    UNIT_TEST(finds_a_client_of_whom_it_was_not_told);
    UNIT_LOOP(does_not_wait_for_who_would_not_take_it, 0,
              (int)(sizeof(excuses) / sizeof(excuses[0])));
    UNIT_TEST(takes_the_queue_before_it_stops);
    UNIT_TEST(leaves_the_queue_to_the_others);
}
