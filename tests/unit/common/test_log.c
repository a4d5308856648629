#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "tests/unit/unit.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct buf lines;
static uint32_t last_file;

static void collect(void *context, uint32_t file, struct slice line)
{
    struct buf *out = context;
    last_file = file;
    buf_append_slice(out, line);
    errno = EIO;
}

static void collect_as(const char *role, unsigned slot)
{
    clock_update();
    buf_free(&lines);
    log_set_sink(collect, &lines);
    log_set_identity(role, slot);
}

/* What was collected since the last call, less the time and the process. */
static struct slice after_prefix(const char *level, unsigned slot)
{
    char prefix[128];
    snprintf(prefix, sizeof(prefix), "%s [%s] %ld#%u: ", clock_error_log().ptr, level,
             (long)getpid(), slot);
    struct slice got = buf_slice(&lines);
    ck_assert_msg(slice_starts(got, slice_str(prefix)), "%.*s", SLICE_ARG(got));
    buf_clear(&lines);
    return slice_from(got, strlen(prefix));
}

START_TEST(names_and_parses_every_level)
{
    static const char *const names[] = {"emerg", "alert",  "crit", "error",
                                        "warn",  "notice", "info", "debug"};
    for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
        ck_assert_str_eq(log_level_name((enum log_level)i), names[i]);
        enum log_level level = LOG_LEVEL_COUNT;
        ck_assert(log_level_parse(slice_str(names[i]), &level));
        ck_assert_int_eq((int)level, i);
    }
    enum log_level level;
    ck_assert(!log_level_parse(SLICE("Error"), &level));
    ck_assert(!log_level_parse(SLICE("err"), &level));
    ck_assert(!log_level_parse(SLICE(""), &level));
}
END_TEST

START_TEST(says_who_where_and_what)
{
    collect_as("worker", 2);
    const struct log_pair context[] = {
        LOG_PLAIN("client", SLICE("127.0.0.1")), LOG_PLAIN("server", SLICE("")),
        LOG_QUOTED("host", SLICE_NULL), LOG_QUOTED("request", SLICE("GET /\"\\ x"))};
    const struct log_event event = {.level = LOG_LEVEL_ERROR,
                                    .err = ENOENT,
                                    .connection = 57,
                                    .context = context,
                                    .context_count = 4};
    log_event(&event, "open \"%s\" failed", "/x");
    UNIT_SLICE_EQ(after_prefix("error", 2),
                  "*57 open \"/x\" failed (2: No such file or directory), "
                  "client: 127.0.0.1, server: , request: \"GET /\\x22\\x5C x\"\n");
    log_write(NULL, LOG_LEVEL_NOTICE, "%s %s, %d workers, %s%%", "a", "b\n", 4, "5");
    UNIT_SLICE_EQ(after_prefix("notice", 2), "a b\\x0A, 4 workers, 5%\n");
    log_errno(NULL, LOG_LEVEL_ALERT, EACCES, "fork");
    UNIT_SLICE_EQ(after_prefix("alert", 2), "fork (13: Permission denied)\n");
    buf_free(&lines);
}
END_TEST

START_TEST(is_short_on_the_command_line)
{
    collect_as("", 0);
    log_write(NULL, LOG_LEVEL_EMERG, "no such file");
    UNIT_SLICE_EQ(buf_slice(&lines), "tinyhttpd: [emerg] no such file\n");
    buf_free(&lines);
}
END_TEST

static const struct {
    const char *text;
    const char *expected;
} escapes[] = {
    {"a\nb\r\tc\x1b[31m\x7f", "a\\x0Ab\\x0D\\x09c\\x1B[31m\\x7F"},
    {"/\xc3\xa4/\xe2\x82\xac", "/\xc3\xa4/\xe2\x82\xac"},
    {"\xc3(\xff", "\\xC3(\\xFF"},
    {"\xc2\x9b"
     "31m",
     "\\xC2\\x9B31m"}, /* CSI, as one character */
    {"\xc2\xa0", "\xc2\xa0"},
    {"quote\" back\\slash", "quote\" back\\slash"},
};

START_TEST(escapes_message_and_context)
{
    collect_as("", 0);
    char expected[256];
    snprintf(expected, sizeof(expected), "tinyhttpd: [warn] %s|%s\n",
             escapes[_i].expected, escapes[_i].expected);
    const struct log_pair pair = {SLICE("|"), slice_str(escapes[_i].text), false};
    const struct log_event event = {
        .level = LOG_LEVEL_WARN, .context = &pair, .context_count = 1};
    log_event(&event, "%s", escapes[_i].text);
    UNIT_SLICE_EQ(buf_slice(&lines), expected);
    buf_free(&lines);
}
END_TEST

START_TEST(keeps_a_string_between_its_quotes)
{
    collect_as("", 0);
    const char *text = "a\"b\\c\n\xc3\xa4";
    log_write(NULL, LOG_LEVEL_WARN, "\"%s\" is no %s: \"%s\" %d", text, text, text, 7);
    UNIT_SLICE_EQ(buf_slice(&lines), "tinyhttpd: [warn] \"a\\x22b\\x5Cc\\x0A\xc3\xa4\" "
                                     "is no a\"b\\c\\x0A\xc3\xa4: "
                                     "\"a\\x22b\\x5Cc\\x0A\xc3\xa4\" 7\n");
    buf_clear(&lines);
    log_write(NULL, LOG_LEVEL_WARN, "%s", "\"");
    UNIT_SLICE_EQ(buf_slice(&lines), "tinyhttpd: [warn] \"\n");
    buf_free(&lines);
}
END_TEST

static void check_cut(const char *format, const char *text)
{
    buf_clear(&lines);
    const struct log_pair pair = {SLICE(""), slice_str(text), false};
    const struct log_event event = {
        .level = LOG_LEVEL_WARN, .context = &pair, .context_count = 1};
    log_event(&event, format, text);
    ck_assert_uint_le(lines.len, LOG_LINE_MAX);
    ck_assert_uint_ge(lines.len, LOG_LINE_MAX - 4);
    ck_assert_uint_eq(slice_find(buf_slice(&lines), '\n'), lines.len - 1);
}

START_TEST(cuts_a_long_line_and_ends_it)
{
    collect_as("worker", 1);
    char text[3 * LOG_LINE_MAX + 1] = "";
    memset(text, 'x', sizeof(text) - 1);
    check_cut("%s", text);
    check_cut("%.0s", text);
    memset(text, '\n', sizeof(text) - 1);
    check_cut("%s", text);
    check_cut("%.0s", text);
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        text[i] = "\xe2\x82\xac"[i % 3];
    }
    check_cut("%.0s", text);
    struct slice cut = slice_of(lines.data, lines.len - 1);
    ck_assert(slice_ends(cut, SLICE("\xe2\x82\xac")));
    buf_free(&lines);
}
END_TEST

/* Whatever bytes are left behind the last character that fitted. */
START_TEST(adds_nothing_behind_a_cut)
{
    char text[2 * LOG_LINE_MAX + 1] = "";
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        text[i] = "\xf0\x9f\x98\x80"[i % 4];
    }
    for (unsigned slot = 1; slot <= 1000; slot *= 10) {
        collect_as("worker", slot);
        const struct log_pair pair = LOG_QUOTED("x", SLICE("x"));
        const struct log_event event = {
            .level = LOG_LEVEL_WARN, .context = &pair, .context_count = 1};
        log_event(&event, "%s", text);
        struct slice cut = slice_of(lines.data, lines.len - 1);
        ck_assert_uint_ge(cut.len, LOG_LINE_MAX - 5);
        ck_assert(!slice_ends(cut, SLICE("x")));
    }
    buf_free(&lines);
}
END_TEST

START_TEST(writes_to_the_targets_that_take_the_level)
{
    static const struct log_target targets[] = {{3, LOG_LEVEL_ERROR},
                                                {5, LOG_LEVEL_INFO}};
    static const struct log log = {targets, 2};
    static const struct log nowhere = {NULL, 0};
    collect_as("", 0);
    log_write(&log, LOG_LEVEL_INFO, "a");
    ck_assert_uint_eq(last_file, 5);
    UNIT_SLICE_EQ(buf_slice(&lines), "tinyhttpd: [info] a\n");
    buf_clear(&lines);
    log_write(&log, LOG_LEVEL_ERROR, "b");
    UNIT_SLICE_EQ(buf_slice(&lines), "tinyhttpd: [error] b\ntinyhttpd: [error] b\n");
    buf_clear(&lines);
    log_write(&log, LOG_LEVEL_DEBUG, "c");
    log_write(&nowhere, LOG_LEVEL_EMERG, "d");
    ck_assert_uint_eq(lines.len, 0);
    ck_assert(log_wants(&log, LOG_LEVEL_INFO));
    ck_assert(!log_wants(&log, LOG_LEVEL_DEBUG));
    ck_assert(!log_wants(&nowhere, LOG_LEVEL_EMERG));
    buf_free(&lines);
}
END_TEST

START_TEST(falls_back_to_the_log_of_the_process)
{
    static const struct log_target target = {9, LOG_LEVEL_DEBUG};
    static const struct log log = {&target, 1};
    collect_as("", 0);
    ck_assert(log_wants(NULL, LOG_LEVEL_NOTICE));
    ck_assert(!log_wants(NULL, LOG_LEVEL_INFO));
    log_set_default(&log);
    ck_assert(log_wants(NULL, LOG_LEVEL_DEBUG));
    log_write(NULL, LOG_LEVEL_DEBUG, "a");
    ck_assert_uint_eq(last_file, 9);
    log_set_default(NULL);
    ck_assert(!log_wants(NULL, LOG_LEVEL_INFO));
    buf_free(&lines);
}
END_TEST

START_TEST(keeps_errno)
{
    collect_as("master", 0);
    errno = ENOSPC;
    log_write(NULL, LOG_LEVEL_ERROR, "x");
    ck_assert_int_eq(errno, ENOSPC);
    buf_free(&lines);
}
END_TEST

/* Runs `child` with standard error in a pipe; returns its exit status. */
static int run(void (*child)(void), char *text, size_t size)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        child();
        _exit(42);
    }
    close(ends[1]);
    size_t len = 0;
    ssize_t got;
    while ((got = read(ends[0], text + len, size - 1 - len)) > 0) {
        len += (size_t)got;
    }
    text[len] = '\0';
    close(ends[0]);
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void write_plainly(void)
{
    log_write(NULL, LOG_LEVEL_INFO, "unseen");
    log_write(NULL, LOG_LEVEL_NOTICE, "seen");
}

static void die(void)
{
    log_fatal(EADDRINUSE, "bind to %s failed", "0.0.0.0:80");
}

START_TEST(goes_to_standard_error_at_first)
{
    char text[256];
    ck_assert_int_eq(run(write_plainly, text, sizeof(text)), 42);
    ck_assert_str_eq(text, "tinyhttpd: [notice] seen\n");
}
END_TEST

START_TEST(fatal_leaves_with_status_1)
{
    char text[256];
    ck_assert_int_eq(run(die, text, sizeof(text)), 1);
    ck_assert_str_eq(text, "tinyhttpd: [emerg] bind to 0.0.0.0:80 failed "
                           "(98: Address already in use)\n");
}
END_TEST

UNIT_SUITE(log)
{
    UNIT_TEST(names_and_parses_every_level);
    UNIT_TEST(says_who_where_and_what);
    UNIT_TEST(is_short_on_the_command_line);
    UNIT_LOOP(escapes_message_and_context, 0, sizeof(escapes) / sizeof(escapes[0]));
    UNIT_TEST(keeps_a_string_between_its_quotes);
    UNIT_TEST(cuts_a_long_line_and_ends_it);
    UNIT_TEST(adds_nothing_behind_a_cut);
    UNIT_TEST(writes_to_the_targets_that_take_the_level);
    UNIT_TEST(falls_back_to_the_log_of_the_process);
    UNIT_TEST(keeps_errno);
    UNIT_TEST(goes_to_standard_error_at_first);
    UNIT_TEST(fatal_leaves_with_status_1);
}
