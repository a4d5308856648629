#include "common/clock.h"
#include "common/log.h"
#include "server/master.h"
#include "server/notify.h"
#include "tests/unit/server/tempdir.h"
#include "tests/unit/unit.h"
#include <errno.h>

static int manager = -1; /* the socket that it listens on */
static struct notify notify;
static char got[4096];

/* Listens at `name`, and says so in the environment. */
static void listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    memcpy(address.sun_path, name, len);
    if (name[0] == '@') {
        address.sun_path[0] = '\0';
    }
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(manager, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    setenv("NOTIFY_SOCKET", name, 1);
}

static void begin(void)
{
    tempdir_make();
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    listen_at(tempdir_path("manager"));
}

static void end(void)
{
    notify_close(&notify);
    close(manager);
}

/* The next datagram; empty when there is none. */
static const char *message(void)
{
    ssize_t len = recv(manager, got, sizeof(got) - 1, 0);
    got[len < 0 ? 0 : len] = '\0';
    return got;
}

static const char *ready_with(const char *status)
{
    static char text[256];
    snprintf(text, sizeof(text), "READY=1\nMAINPID=%ld\nSTATUS=%s", (long)getpid(),
             status);
    return text;
}

START_TEST(tells_a_path_and_an_abstract_name)
{
    begin();
    for (int i = 0; i < 2; i++) {
        notify_init(&notify, true);
        notify_stopping(&notify);
        ck_assert_str_eq(message(), "STOPPING=1");
        notify_close(&notify);
        notify_stopping(&notify);
        ck_assert_str_eq(message(), "");
        close(manager);
        char name[64];
        snprintf(name, sizeof(name), "@%s", tempdir + 1);
        listen_at(name);
    }
    end();
}
END_TEST

static const char *const variables[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};

START_TEST(empties_the_environment)
{
    begin();
    setenv("WATCHDOG_USEC", "1000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    notify_init(&notify, _i == 1);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_ptr_null(getenv(variables[i]));
    }
    notify_stopping(&notify);
    ck_assert_str_eq(message(), _i == 1 ? "STOPPING=1" : "");
    end();
}
END_TEST

static const char *const no_addresses[] = {"", "/", "@", "relative", "vsock:2:1"};

START_TEST(no_address_is_no_manager)
{
    begin();
    setenv("NOTIFY_SOCKET", no_addresses[_i], 1);
    notify_init(&notify, true);
    ck_assert_uint_eq(notify.address.len, 0);
    notify_ready(&notify, SLICE("to nobody"), (struct slice){0});
    end();
}
END_TEST

START_TEST(a_path_fills_the_address_and_no_more)
{
    begin();
    char name[sizeof(notify.address.u.un.sun_path) + 2];
    memset(name, 'x', sizeof(name));
    name[0] = '/';
    name[sizeof(name) - 2] = '\0';
    setenv("NOTIFY_SOCKET", name, 1);
    notify_init(&notify, true);
    ck_assert_uint_eq(notify.address.len, sizeof(struct sockaddr_un));
    notify_close(&notify);
    name[sizeof(name) - 2] = 'x';
    name[sizeof(name) - 1] = '\0';
    setenv("NOTIFY_SOCKET", name, 1);
    notify_init(&notify, true);
    ck_assert_uint_eq(notify.address.len, 0);
    end();
}
END_TEST

static const struct {
    const char *status;
    const char *details;
    const char *said;
} statuses[] = {
    {"started", "", "started"},
    {"rejected", "a:1:2: no\nmore\n", "rejected: a:1:2: no"},
    {"two\nlines\x7f", "", "two?lines?"},
    {"gr\xc3\xbcn", "", "gr\xc3\xbcn"},
    {"\xff\xc3", "", "??"},
};

START_TEST(a_status_is_one_line_of_utf8)
{
    begin();
    notify_init(&notify, true);
    notify_ready(&notify, slice_str(statuses[_i].status),
                 slice_str(statuses[_i].details));
    ck_assert_str_eq(message(), ready_with(statuses[_i].said));
    end();
}
END_TEST

START_TEST(a_long_status_is_cut)
{
    begin();
    char text[3000];
    memset(text, 'x', sizeof(text));
    notify_init(&notify, true);
    notify_status(&notify, slice_of(text, sizeof(text)));
    ck_assert_uint_eq(strspn(message() + strlen("STATUS="), "x"),
                      1024 - strlen("STATUS="));
    end();
}
END_TEST

START_TEST(a_reload_has_its_time_in_the_same_datagram)
{
    begin();
    notify_init(&notify, true);
    long long before = clock_read_ns() / 1000;
    notify_reloading(&notify);
    long long after = clock_read_ns() / 1000;
    long long when = 0;
    ck_assert_int_eq(sscanf(message(), "RELOADING=1\nMONOTONIC_USEC=%lld", &when), 1);
    ck_assert(before <= when && when <= after);
    ck_assert_str_eq(message(), "");
    end();
}
END_TEST

START_TEST(names_the_main_process)
{
    begin();
    notify_init(&notify, true);
    notify_main_pid(&notify, 4711);
    ck_assert_str_eq(message(), "MAINPID=4711");
    end();
}
END_TEST

START_TEST(waits_for_no_manager)
{
    begin();
    notify_init(&notify, true);
    for (int i = 0; i < 20000; i++) {
        notify_stopping(&notify); /* more than any queue takes */
    }
    while (message()[0] != '\0') {
    }
    close(manager);
    notify_stopping(&notify);
    end();
}
END_TEST

#define OURS "ours"
static const struct {
    const char *usec;
    const char *pid; /* NULL: not set */
    int64_t every_ms;
} paces[] = {
    {"10000000", NULL, 5000}, {"10000000", OURS, 5000}, {"10000000", "1", 0},
    {"1500", NULL, 1},        {"0", NULL, 0},           {"-5", NULL, 0},
    {"soon", NULL, 0},        {NULL, NULL, 0},
};

START_TEST(gives_signs_of_life_at_half_the_time)
{
    begin();
    char pid[24];
    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    if (paces[_i].usec != NULL) {
        setenv("WATCHDOG_USEC", paces[_i].usec, 1);
    }
    if (paces[_i].pid != NULL) {
        setenv("WATCHDOG_PID", strcmp(paces[_i].pid, OURS) == 0 ? pid : paces[_i].pid, 1);
    }
    notify_init(&notify, true);
    ck_assert_int_eq(notify.every_ms, paces[_i].every_ms);
    ck_assert_int_eq(notify_deadline(&notify), 0);
    notify_ready(&notify, SLICE("started"), (struct slice){0});
    ck_assert_int_eq(notify_deadline(&notify) != 0, paces[_i].every_ms != 0);
    end();
}
END_TEST

/* The state of a worker, the age of its last beat, and whether that is a life. The other
 * one hangs. */
static const struct {
    enum slot_state state;
    int64_t age_ms;
    bool lives;
} workers[] = {
    {SLOT_READY, 0, true},     {SLOT_READY, 2999, true},  {SLOT_READY, 3000, false},
    {SLOT_DRAINING, 10, true}, {SLOT_BACKOFF, 10, false}, {SLOT_STARTING, 10, false},
};

START_TEST(is_alive_with_a_worker)
{
    begin();
    static struct master master;
    setenv("WATCHDOG_USEC", "8000000", 1);
    notify_init(&master.notify, true);
    shm_create(&master.shm);
    shm_prepare(&master.shm, SLOT_FIRST_WORKER + 1);
    master.slots.used = SLOT_FIRST_WORKER + 2;
    master.slots.items[SLOT_FIRST_WORKER + 1].state = SLOT_READY;
    master.slots.items[SLOT_LOGGER].state = SLOT_READY; /* its life is no proof */
    master.notify.due_ms = master.slots.now_ms = 100000;
    master.slots.items[SLOT_FIRST_WORKER].state = workers[_i].state;
    atomic_store(&shm_board(&master.shm, SLOT_FIRST_WORKER)->beat_ns,
                 (master.slots.now_ms - workers[_i].age_ms) * NS_PER_MS);
    notify_watchdog(&master);
    ck_assert_str_eq(message(), workers[_i].lives ? "WATCHDOG=1" : "");
    ck_assert_int_eq(notify_deadline(&master.notify), 104000);
    notify_watchdog(&master);
    ck_assert_str_eq(message(), "");
    notify_close(&master.notify);
    shm_destroy(&master.shm);
    end();
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

UNIT_SUITE(notify)
{
    UNIT_TEST(tells_a_path_and_an_abstract_name);
    UNIT_LOOP(empties_the_environment, 0, 2);
    UNIT_LOOP(no_address_is_no_manager, 0, ROWS(no_addresses));
    UNIT_TEST(a_path_fills_the_address_and_no_more);
    UNIT_LOOP(a_status_is_one_line_of_utf8, 0, ROWS(statuses));
    UNIT_TEST(a_long_status_is_cut);
    UNIT_TEST(a_reload_has_its_time_in_the_same_datagram);
    UNIT_TEST(names_the_main_process);
    UNIT_TEST(waits_for_no_manager);
    UNIT_LOOP(gives_signs_of_life_at_half_the_time, 0, ROWS(paces));
    UNIT_LOOP(is_alive_with_a_worker, 0, ROWS(workers));
}
