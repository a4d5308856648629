#include "common/xalloc.h"
#include "server/control.h"
#include "server/master.h"
#include "tests/unit/server/tempdir.h"
#include <sys/socket.h>
#include <sys/un.h>

static struct master *master;
static int client;

static void begin(enum master_phase phase)
{
    tempdir_make();
    master = xcalloc(1, sizeof(*master));
    master->phase = phase;
    list_init(&master->generations);
    control_init(&master->control);
    ck_assert(control_open(&master->control, tempdir_path("pid")));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, tempdir_path("pid" CONTROL_SUFFIX));
    client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void end(void)
{
    control_close(&master->control);
    verdict_clear(&master->reload.verdict);
    free(master);
    close(client);
}

static void say(const char *line)
{
    ck_assert_int_eq(send(client, line, strlen(line), 0), (ssize_t)strlen(line));
}

/* What there is by now. */
static const char *heard(void)
{
    static char text[1024];
    control_step(master);
    ssize_t got = recv(client, text, sizeof(text) - 1, MSG_DONTWAIT);
    text[got < 0 ? 0 : got] = '\0';
    return text;
}

START_TEST(a_reload_waits_for_the_end_of_the_start)
{
    begin(MASTER_STARTING);
    say("reload\n");
    ck_assert_str_eq(heard(), "");
    ck_assert(master->reload.wanted);
    master->phase = MASTER_SERVING;
    master->reload.begun = master->reload.verdict.number = 1;
    verdict_end(&master->reload.verdict, VERDICT_APPLIED, 2, "reloaded");
    ck_assert_str_eq(heard(), "reloaded\n");
    ck_assert_str_eq(heard(), "the workers before have left\nexit 0\n");
    end();
}
END_TEST

START_TEST(a_reload_that_a_stop_prevents_is_told)
{
    begin(MASTER_SERVING);
    say("reload\n");
    ck_assert_str_eq(heard(), "");
    master->phase = MASTER_DRAINING;
    ck_assert_str_eq(heard(), "the server is stopping\nexit 1\n");
    end();
}
END_TEST

static const struct {
    enum master_phase phase;
    const char *answer;
} early_and_late[] = {
    {MASTER_STARTING, "the server is starting\nexit 1\n"},
    {MASTER_DRAINING, "the server is stopping\nexit 1\n"},
};

START_TEST(logs_are_reopened_only_while_it_serves)
{
    begin(early_and_late[_i].phase);
    say("reopen\n");
    ck_assert_str_eq(heard(), early_and_late[_i].answer);
    end();
}
END_TEST

UNIT_SUITE(control)
{
    UNIT_TEST(a_reload_waits_for_the_end_of_the_start);
    UNIT_TEST(a_reload_that_a_stop_prevents_is_told);
    UNIT_LOOP(logs_are_reopened_only_while_it_serves, 0, 2);
}
