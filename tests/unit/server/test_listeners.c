#include "common/fdutil.h"
#include "server/listen_holder.h"
#include "server/listeners.h"
#include "tests/unit/server/tempdir.h"
#include "tests/unit/unit.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/stat.h>

static struct arena *arena;
static struct diagnostics diag;
static struct listeners all;

static void begin(void)
{
    tempdir_make();
    arena = arena_create(4096);
    diag_init(&diag, arena);
    all = (struct listeners){0};
}

static void end(void)
{
    listeners_clear(&all);
    arena_destroy(arena);
}

static struct listen_socket *socket_at(const char *address)
{
    struct listen_socket *made = arena_zero(arena, sizeof(*made));
    ck_assert_ptr_null(sockaddr_parse(&made->addr, slice_str(address), 80));
    made->backlog = 16;
    made->ipv6only = true;
    return made;
}

/* A port that is free at every address, and stays so: until the process of the test ends
 * a socket has it, which shares it with those who ask for this very port, as listeners
 * do. It was drawn as one that shares with nobody, or it could be another's. */
static uint16_t free_port(void)
{
    struct sockaddr_any any;
    sockaddr_parse(&any, SLICE("0.0.0.0"), 80);
    sockaddr_set_port(&any, 0);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    ck_assert_int_eq(bind(fd, &any.u.sa, any.len), 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    ck_assert_int_eq(getsockname(fd, &any.u.sa, &any.len), 0);
    return sockaddr_port(&any);
}

static const char *at_port(const char *host, uint16_t port)
{
    return arena_printf(arena, "%s:%u", host, port);
}

static struct config config_of(struct listen_socket *one, struct listen_socket *two)
{
    struct config config = {0};
    config.sockets = arena_zero(arena, 2 * sizeof(struct listen_socket *));
    config.sockets[0] = one;
    config.sockets[1] = two;
    config.socket_count = two == NULL ? 1 : 2;
    return config;
}

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);
    ck_assert_int_eq(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

static int connect_to(const struct sockaddr_any *addr)
{
    int fd = socket(addr->u.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ck_assert_int_ge(fd, 0);
    if (connect(fd, &addr->u.sa, addr->len) < 0 && errno != EINPROGRESS) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

START_TEST(listens_with_its_options)
{
    begin();
    struct listen_socket *one = socket_at(at_port("127.0.0.1", free_port()));
    one->so_keepalive = SO_KEEPALIVE_ON;
    one->keepidle = 77;
    struct config config = config_of(one, NULL);
    int fd;
    ck_assert(listeners_hold(&all, &config, &fd, &diag));
    ck_assert_int_eq(option(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
    ck_assert_int_eq(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    ck_assert_int_eq(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    ck_assert_int_eq(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 77);
    ck_assert_int_eq(option(fd, SOL_SOCKET, SO_REUSEPORT), 0);
    end();
}
END_TEST

START_TEST(keeps_a_socket_by_its_address)
{
    begin();
    uint16_t port = free_port();
    struct config one = config_of(socket_at(at_port("127.0.0.1", port)), NULL);
    struct config two = config_of(socket_at(at_port("127.0.0.1", port)),
                                  socket_at(at_port("127.0.0.1", free_port())));
    int first;
    int both[2];
    ck_assert(listeners_hold(&all, &one, &first, &diag));
    ck_assert(listeners_hold(&all, &two, both, &diag));
    ck_assert_int_eq(both[0], first);
    ck_assert_uint_eq(all.count, 2);
    ck_assert(!listeners_shut(&all, &one, &two));
    ck_assert(listeners_shut(&all, &two, &one));
    listeners_release(&all, &two);
    ck_assert_uint_eq(all.count, 1);
    ck_assert_int_eq(option(first, SOL_SOCKET, SO_ACCEPTCONN), 1);
    end();
}
END_TEST

START_TEST(undoes_what_it_began)
{
    begin();
    uint16_t taken = free_port();
    struct config holder = config_of(socket_at(at_port("127.0.0.1", taken)), NULL);
    struct listeners other = {0};
    int fd;
    ck_assert(listeners_hold(&other, &holder, &fd, &diag));
    struct config config = config_of(socket_at(at_port("127.0.0.1", free_port())),
                                     socket_at(at_port("127.0.0.1", taken)));
    int both[2];
    ck_assert(!listeners_hold(&all, &config, both, &diag));
    ck_assert_uint_eq(all.count, 0);
    ck_assert_uint_eq(diag.errors, 1);
    const struct diagnosis *diagnosis = array_at(&diag.items, 0);
    ck_assert_ptr_nonnull(strstr(diagnosis->message, at_port("127.0.0.1", taken)));
    const char *self = arena_printf(arena, "process %ld", (long)getpid());
    ck_assert_ptr_nonnull(strstr(diagnosis->message, self));
    listeners_clear(&other);
    end();
}
END_TEST

static const char *const neighbours[][2] = {{"*", "127.0.0.1"}, {"127.0.0.1", "*"}};

START_TEST(goes_from_wildcard_to_address_and_back)
{
    begin();
    uint16_t port = free_port();
    struct config one = config_of(socket_at(at_port(neighbours[_i][0], port)), NULL);
    struct config two = config_of(socket_at(at_port(neighbours[_i][1], port)), NULL);
    int old;
    int new;
    ck_assert(listeners_hold(&all, &one, &old, &diag));
    ck_assert(listeners_hold(&all, &two, &new, &diag));
    ck_assert_int_eq(option(old, SOL_SOCKET, SO_REUSEPORT), 0);
    ck_assert_int_eq(option(new, SOL_SOCKET, SO_REUSEPORT), 0);
    listeners_release(&all, &one);
    ck_assert_int_eq(option(new, SOL_SOCKET, SO_ACCEPTCONN), 1);
    end();
}
END_TEST

START_TEST(shuts_the_door_but_keeps_the_queue)
{
    begin();
    struct listen_socket *one = socket_at(at_port("127.0.0.1", free_port()));
    struct config config = config_of(one, NULL);
    int fd;
    ck_assert(listeners_hold(&all, &config, &fd, &diag));
    int queued = connect_to(&one->addr);
    ck_assert(listeners_shut(&all, &config, NULL));
    int late = connect_to(&one->addr);
    int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
    ck_assert_int_ge(accepted, 0);
    ck_assert_int_lt(accept4(fd, NULL, NULL, SOCK_NONBLOCK), 0);
    ck_assert_int_eq(errno, EAGAIN);
    close(accepted);
    close(queued);
    close(late);
    end();
}
END_TEST

static struct listen_socket *unix_socket(void)
{
    return socket_at(arena_printf(arena, "unix:%s", tempdir_path("sock")));
}

START_TEST(replaces_a_stale_unix_socket)
{
    begin();
    struct config config = config_of(unix_socket(), NULL);
    int stale = socket(AF_UNIX, SOCK_STREAM, 0);
    const struct sockaddr_any *addr = &config.sockets[0]->addr;
    ck_assert_int_eq(bind(stale, &addr->u.sa, addr->len), 0);
    close(stale);
    int fd;
    ck_assert(listeners_hold(&all, &config, &fd, &diag));
    struct stat st;
    ck_assert_int_eq(stat(tempdir_path("sock"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0666);
    int client = connect_to(addr);
    ck_assert_int_ge(client, 0);
    close(client);
    listeners_clear(&all);
    ck_assert_int_ne(access(tempdir_path("sock"), F_OK), 0);
    end();
}
END_TEST

START_TEST(refuses_a_live_unix_socket_and_a_file)
{
    begin();
    struct config config = config_of(unix_socket(), NULL);
    struct listeners other = {0};
    int fd;
    ck_assert(listeners_hold(&other, &config, &fd, &diag));
    ck_assert(!listeners_hold(&all, &config, &fd, &diag));
    ck_assert_int_eq(access(tempdir_path("sock"), F_OK), 0);
    listeners_clear(&other);
    tempdir_write("sock", "precious");
    ck_assert(!listeners_hold(&all, &config, &fd, &diag));
    ck_assert_str_eq(tempdir_read("sock"), "precious");
    ck_assert_uint_eq(diag.errors, 2);
    end();
}
END_TEST

START_TEST(removes_no_path_of_a_successor)
{
    begin();
    struct config config = config_of(unix_socket(), NULL);
    int fd;
    ck_assert(listeners_hold(&all, &config, &fd, &diag));
    ck_assert_int_eq(unlink(tempdir_path("sock")), 0);
    tempdir_write("sock", "another's");
    listeners_clear(&all);
    ck_assert_str_eq(tempdir_read("sock"), "another's");
    end();
}
END_TEST

UNIT_SUITE(listeners)
{
    UNIT_TEST(listens_with_its_options);
    UNIT_TEST(keeps_a_socket_by_its_address);
    UNIT_TEST(undoes_what_it_began);
    UNIT_LOOP(goes_from_wildcard_to_address_and_back, 0, 2);
    UNIT_TEST(shuts_the_door_but_keeps_the_queue);
    UNIT_TEST(replaces_a_stale_unix_socket);
    UNIT_TEST(refuses_a_live_unix_socket_and_a_file);
    UNIT_TEST(removes_no_path_of_a_successor);
}
