#include "server/cmdline.h"
#include "tests/unit/unit.h"
#include <signal.h>
#include <string.h>

#define WORDS_MAX 10

static struct cmdline parsed;
static char error[256];

/* One line, split at spaces. */
static bool parse(const char *line)
{
    static char text[256];
    char *words[WORDS_MAX + 1] = {0};
    int count = 0;
    strcpy(text, line);
    char *rest = text;
    char *word;
    while ((word = strsep(&rest, " ")) != NULL) {
        words[count++] = word;
    }
    error[0] = '\0';
    return cmdline_parse(count, words, &parsed, error, sizeof(error));
}

START_TEST(serves_when_nothing_is_asked)
{
    ck_assert(parse("tinyhttpd"));
    ck_assert_int_eq(parsed.action, ACTION_SERVE);
    ck_assert_ptr_null(parsed.config);
    ck_assert_ptr_null(parsed.directory);
    ck_assert(!parsed.quiet);
}
END_TEST

START_TEST(takes_options_with_arguments)
{
    ck_assert(parse("tinyhttpd -c a.conf -p/srv -g x; -e stderr -q"));
    ck_assert_str_eq(parsed.config, "a.conf");
    ck_assert_str_eq(parsed.prefix, "/srv");
    ck_assert_str_eq(parsed.globals, "x;");
    ck_assert_str_eq(parsed.error_log, "stderr");
    ck_assert(parsed.quiet);
}
END_TEST

START_TEST(takes_a_directory)
{
    ck_assert(parse("tinyhttpd ."));
    ck_assert_str_eq(parsed.directory, ".");
    ck_assert_int_eq(parsed.action, ACTION_SERVE);
    ck_assert(parse("tinyhttpd -g x; -- -dir"));
    ck_assert_str_eq(parsed.directory, "-dir");
    ck_assert_ptr_null(parsed.listen);
    ck_assert(parse("tinyhttpd . 127.0.0.1:9000"));
    ck_assert_str_eq(parsed.listen, "127.0.0.1:9000");
    ck_assert(!parse("tinyhttpd . 9000 9001"));
    ck_assert(parse("tinyhttpd ./top"));
    ck_assert_str_eq(parsed.directory, "./top");
}
END_TEST

static const struct {
    const char *line;
    enum cmdline_action action;
    int number;
} actions[] = {
    {"tinyhttpd -t", ACTION_TEST, 0},
    {"tinyhttpd -T", ACTION_DUMP, 0},
    {"tinyhttpd -qt", ACTION_TEST, 0},
    {"tinyhttpd -v", ACTION_VERSION, 0},
    {"tinyhttpd -V", ACTION_BUILD, 0},
    {"tinyhttpd -h", ACTION_HELP, 0},
    {"tinyhttpd -s stop", ACTION_SIGNAL, SIGINT},
    {"tinyhttpd -s quit", ACTION_SIGNAL, SIGQUIT},
    {"tinyhttpd -s reload", ACTION_SIGNAL, SIGHUP},
    {"tinyhttpd -sreopen", ACTION_SIGNAL, SIGUSR1},
    {"tinyhttpd -s status", ACTION_SIGNAL, 0},
    {"tinyhttpd -s status --json", ACTION_SIGNAL, 0},
    {"tinyhttpd top", ACTION_TOP, 0},
    {"tinyhttpd -c a.conf top", ACTION_TOP, 0},
};

START_TEST(takes_json_behind_status)
{
    ck_assert(parse("tinyhttpd -s status"));
    ck_assert(!parsed.json);
    ck_assert(parse("tinyhttpd -s status --json"));
    ck_assert(parsed.json);
    ck_assert_str_eq(parsed.word->name, "status");
}
END_TEST

START_TEST(knows_its_actions)
{
    ck_assert(parse(actions[_i].line));
    ck_assert_int_eq(parsed.action, actions[_i].action);
    ck_assert_int_eq(parsed.word == NULL ? 0 : parsed.word->signal, actions[_i].number);
}
END_TEST

static const struct {
    const char *line;
    const char *says;
} refused[] = {
    {"tinyhttpd -x", "-x"},
    {"tinyhttpd -c", "-c needs an argument"},
    {"tinyhttpd -s restart", "restart"},
    {"tinyhttpd a b c", "\"c\" follows"},
    {"tinyhttpd -c a.conf dir", "-c"},
    {"tinyhttpd --json", "-s status"},
    {"tinyhttpd -s reload --json", "-s status"},
    {"tinyhttpd -s status --xml", "\"--xml\""},
    {"tinyhttpd -s status --json=1", "\"--json=1\""},
    {"tinyhttpd top 8080", "\"8080\" follows top"},
    {"tinyhttpd -t top", "top"},
};

START_TEST(refuses_what_makes_no_sense)
{
    ck_assert(!parse(refused[_i].line));
    ck_assert_ptr_nonnull(strstr(error, refused[_i].says));
}
END_TEST

#define COUNT(rows) (int)(sizeof(rows) / sizeof((rows)[0]))

UNIT_SUITE(cmdline)
{
    UNIT_TEST(serves_when_nothing_is_asked);
    UNIT_TEST(takes_options_with_arguments);
    UNIT_TEST(takes_a_directory);
    UNIT_TEST(takes_json_behind_status);
    UNIT_LOOP(knows_its_actions, 0, COUNT(actions));
    UNIT_LOOP(refuses_what_makes_no_sense, 0, COUNT(refused));
}
