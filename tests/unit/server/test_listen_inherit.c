#include "common/fdutil.h"
#include "server/listen_inherit.h"
#include "server/listeners.h"
#include "tests/unit/server/tempdir.h"
#include "tests/unit/unit.h"
#include <netinet/tcp.h>

static struct inheritance came;
static struct arena *arena;
static struct diagnostics diag;

static void begin(void)
{
    tempdir_make();
    arena = arena_create(4096);
    diag_init(&diag, arena);
    came = (struct inheritance){0};
}

static void end(void)
{
    listen_inherit_clear(&came);
    arena_destroy(arena);
}

static int bound(const char *address, int type)
{
    struct sockaddr_any addr;
    ck_assert_ptr_null(sockaddr_parse(&addr, slice_str(address), 80));
    sockaddr_set_port(&addr, 0);
    int fd = socket(addr.u.sa.sa_family, type, 0);
    ck_assert_int_eq(bind(fd, &addr.u.sa, addr.len), 0);
    return fd;
}

static int listening(const char *address)
{
    int fd = bound(address, SOCK_STREAM);
    ck_assert_int_eq(listen(fd, 3), 0);
    return fd;
}

static const char *unix_address(void)
{
    return arena_printf(arena, "unix:%s", tempdir_path("sock"));
}

static int closed(void)
{
    int fd = dup(STDIN_FILENO);
    close(fd);
    return fd;
}

static int connected(void)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    return pair[0];
}

static int null_device(void)
{
    return open("/dev/null", O_RDWR);
}

static int datagrams(void)
{
    return bound("127.0.0.1", SOCK_DGRAM);
}

static int deaf(void)
{
    return bound("127.0.0.1", SOCK_STREAM);
}

static const struct {
    int (*make)(void);
    const char *problem;
} unfit[] = {
    {closed, "is not open"},
    {null_device, "is no socket"},
    {datagrams, "is no stream socket"},
    {deaf, "is a socket that does not listen"},
    {connected, "is a socket that does not listen"},
};

START_TEST(says_what_is_wrong)
{
    begin();
    int fd = unfit[_i].make();
    const char *problem = listen_inherit_add(&came, fd);
    ck_assert_ptr_nonnull(problem);
    ck_assert_str_eq(problem, unfit[_i].problem);
    ck_assert_uint_eq(came.count, 0);
    end();
}
END_TEST

START_TEST(readies_what_it_takes)
{
    begin();
    int fd = listening("127.0.0.1");
    ck_assert_ptr_null(listen_inherit_add(&came, fd));
    ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    end();
}
END_TEST

static const struct {
    const char *fds;
    const char *pid; /* NULL: this process */
    bool good;
} announcements[] = {
    {"0", NULL, true},    {NULL, NULL, true},      {"1000000", "1", true},
    {"x", "", true},      {"1000000", "1x", true}, {"x", NULL, false},
    {"-1", NULL, false},  {"", NULL, false},       {"3000000000", NULL, false},
    {"900", NULL, false},
};

START_TEST(heeds_what_is_for_this_process)
{
    begin();
    const char *self = arena_printf(arena, "%ld", (long)getpid());
    setenv("LISTEN_PID", announcements[_i].pid == NULL ? self : announcements[_i].pid, 1);
    setenv("LISTEN_FDNAMES", "a:b", 1);
    if (announcements[_i].fds != NULL) {
        setenv("LISTEN_FDS", announcements[_i].fds, 1);
    }
    fd_close_from(3);
    ck_assert_int_eq(listen_inherit_activated(&came), announcements[_i].good);
    ck_assert_uint_eq(came.count, 0);
    ck_assert_ptr_null(getenv("LISTEN_FDS"));
    ck_assert_ptr_null(getenv("LISTEN_PID"));
    ck_assert_ptr_null(getenv("LISTEN_FDNAMES"));
    end();
}
END_TEST

/* A configuration with one line, for the address of this socket. */
static struct config config_of(int fd, bool ipv6only)
{
    struct listen_socket *socket = arena_zero(arena, sizeof(*socket));
    socket->addr.len = sizeof(socket->addr.u);
    ck_assert_int_eq(getsockname(fd, &socket->addr.u.sa, &socket->addr.len), 0);
    socket->ipv6only = ipv6only;
    socket->backlog = 16;
    struct config config = {.socket_count = 1};
    config.sockets = arena_zero(arena, sizeof(struct listen_socket *));
    config.sockets[0] = socket;
    return config;
}

START_TEST(is_taken_given_back_and_taken_again)
{
    begin();
    struct listeners all = {0};
    int fd = listening(unix_address());
    ck_assert_ptr_null(listen_inherit_add(&all.inherited, fd));
    struct config config = config_of(fd, true);
    for (int i = 0; i < 2; i++) {
        int held;
        ck_assert(listeners_hold(&all, &config, &held, &diag));
        ck_assert_int_eq(held, fd);
        ck_assert_ptr_null(listen_inherit_find(&all.inherited, &config.sockets[0]->addr));
        ck_assert(listeners_shut(&all, &config, NULL));
        listeners_release(&all, &config);
        ck_assert_uint_eq(all.count, 0);
        ck_assert_int_eq(access(tempdir_path("sock"), F_OK), 0);
        ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
    }
    listeners_clear(&all);
    ck_assert_int_eq(access(tempdir_path("sock"), F_OK), 0);
    ck_assert_int_lt(fcntl(fd, F_GETFD), 0);
    end();
}
END_TEST

/* What ipv6only the socket has, and what the line says. */
static const bool families[][2] = {{true, true}, {true, false}, {false, true}, {0, 0}};

START_TEST(takes_ipv4_or_not_as_the_line_says)
{
    begin();
    struct listeners all = {0};
    struct sockaddr_any any;
    sockaddr_parse(&any, SLICE("[::]"), 80);
    sockaddr_set_port(&any, 0);
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    int ipv6only = families[_i][0];
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &ipv6only, sizeof(ipv6only));
    ck_assert_int_eq(bind(fd, &any.u.sa, any.len), 0);
    ck_assert_int_eq(listen(fd, 3), 0);
    ck_assert_ptr_null(listen_inherit_add(&all.inherited, fd));
    struct config config = config_of(fd, families[_i][1]);
    int held;
    bool same = families[_i][0] == families[_i][1];
    ck_assert_int_eq(listeners_hold(&all, &config, &held, &diag), same);
    ck_assert_uint_eq(diag.errors, !same);
    int no_delay = 0;
    socklen_t len = sizeof(no_delay);
    getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &len);
    ck_assert_int_eq(no_delay, same);
    listeners_clear(&all);
    end();
}
END_TEST

START_TEST(helps_where_ipv4_cannot_be_bound)
{
    begin();
    struct listeners all = {0};
    int fd = listening("[::]");
    ck_assert_ptr_null(listen_inherit_add(&all.inherited, fd));
    struct config config = config_of(fd, true);
    uint16_t port = sockaddr_port(&config.sockets[0]->addr);
    sockaddr_parse(&config.sockets[0]->addr, SLICE("*"), port);
    int held;
    ck_assert(!listeners_hold(&all, &config, &held, &diag));
    const struct diagnosis *diagnosis = array_at(&diag.items, 0);
    ck_assert_ptr_nonnull(strstr(diagnosis->help, "ipv6only=off"));
    listeners_clear(&all);
    end();
}
END_TEST

START_TEST(closes_what_nobody_took)
{
    begin();
    int kept = listening("127.0.0.1");
    int rest = listening(unix_address());
    listen_inherit_add(&came, rest);
    listen_inherit_add(&came, kept);
    came.items[1].taken = true;
    listen_inherit_close_rest(&came);
    ck_assert_uint_eq(came.count, 1);
    ck_assert_int_eq(came.items[0].fd, kept);
    ck_assert_int_lt(fcntl(rest, F_GETFD), 0);
    end();
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

UNIT_SUITE(listen_inherit)
{
    UNIT_LOOP(says_what_is_wrong, 0, ROWS(unfit));
    UNIT_TEST(readies_what_it_takes);
    UNIT_LOOP(heeds_what_is_for_this_process, 0, ROWS(announcements));
    UNIT_TEST(is_taken_given_back_and_taken_again);
    UNIT_LOOP(takes_ipv4_or_not_as_the_line_says, 0, ROWS(families));
    UNIT_TEST(helps_where_ipv4_cannot_be_bound);
    UNIT_TEST(closes_what_nobody_took);
}
