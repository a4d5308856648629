#include "server/status_format.h"
#include "tests/unit/unit.h"
#include <stdlib.h>
#include <string.h>

#define HOSTILE "\033[2J\"\\\x80\xc2\x9b\n\x7f"

static struct status_listener listeners[] = {
    {.address = "0.0.0.0:80", .counted = true, .queue = 3, .backlog = 511},
    {.address = "unix:/run/s"},
};

static const struct status_request request = {
    .peer = "192.0.2.7",
    .line = "GET /big",
    .host = "example.org",
    .phase = "sending",
    .location = "site.conf:12",
    .age = 61000,
};

static struct status_worker workers[] = {
    {.slot = 2,
     .pid = 4194304,
     .generation = 7,
     .state = "ready",
     .uptime = 90061000,
     .connections = 12,
     .reading = 1,
     .writing = 2,
     .waiting = 9,
     .accepted = 99,
     .requests = 1234567890,
     .rate = 12345678,
     .sent = 5000000000,
     .beat = 1,
     .request = &request},
    {.slot = 3,
     .state = "backing off",
     .uptime = -1,
     .beat = -1,
     .restarts = 4,
     .log_drops = 5,
     .accept_errors = 6,
     .last_restart = "exited on signal 11 (SIGSEGV)",
     .last_restart_age = 1500},
};

static struct status status;
static struct buf out;

static void begin(void)
{
    status = (struct status){
        .version = "1.2.3",
        .config = "/etc/t.conf",
        .pid = 77,
        .uptime = 3723000,
        .state = "serving",
        .generation = 7,
        .connections = 12,
        .requests = 1234567899,
        .rate = 999,
        .sent = 1023,
        .restarts = 4,
        .last_restart = "slot 3 exited",
        .last_restart_age = 1500,
        .verdict = "rejected",
        .verdict_text = "reload rejected\nt.conf:1:2: no",
        .listeners = listeners,
        .listener_count = 2,
        .workers = workers,
        .worker_count = 2,
    };
    out = (struct buf){0};
}

static const char *text_of(void (*format)(const struct status *, struct buf *))
{
    buf_clear(&out);
    format(&status, &out);
    buf_append_char(&out, '\0');
    return out.data;
}

/* The line that begins like this, without what begins it and spaces behind that. */
static struct slice line_of(const char *text, const char *begin_with)
{
    struct slice rest = slice_str(text), line;
    while (slice_split(&rest, '\n', &line)) {
        if (slice_starts(line, slice_str(begin_with))) {
            return slice_trim(slice_from(line, strlen(begin_with)));
        }
    }
    return SLICE_NULL;
}

static const struct {
    const char *name, *value;
} lines[] = {
    {"version ", "1.2.3"},
    {"config ", "/etc/t.conf"},
    {"uptime ", "1h02m"},
    {"generation ", "7"},
    {"rate ", "0.9/s"},
    {"sent ", "1023"},
    {"restarts ", "4"},
    {"last_restart ", "slot 3 exited"},
    {"last_restart_age ", "1.5s"},
    {"verdict ", "rejected"},
    {"verdict_text ", "reload rejected"},
    {"0.0.0.0:80 ", "3      511"},
    {"unix:/run/s ", "-        -"},
    {"      request: ", "1m01s sending, 192.0.2.7 to example.org: GET /big"},
    {"      restarts: ", "4, 1.5s ago: exited on signal 11 (SIGSEGV)"},
    {"      log_drops: ", "5"},
    {"      accept_errors: ", "6"},
};

START_TEST(writes_a_line_a_field)
{
    begin();
    UNIT_SLICE_EQ(line_of(text_of(status_text), lines[_i].name), lines[_i].value);
    buf_free(&out);
}
END_TEST

START_TEST(leaves_out_what_has_not_happened)
{
    begin();
    status.last_restart = NULL;
    status.worker_count = 1;
    const char *text = text_of(status_text);
    ck_assert_ptr_null(strstr(text, "last_restart"));
    ck_assert_ptr_null(strstr(text, "log_drops:"));
    buf_free(&out);
}
END_TEST

/* Where a word ends in its line. */
static size_t end_of(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    ck_assert_msg(at != NULL, "no %s in %s", word, text);
    const char *start = at;
    while (start > text && start[-1] != '\n') {
        start--;
    }
    return (size_t)(at - start) + strlen(word);
}

static const struct {
    const char *heading, *value;
} cells[] = {
    {"slot  ", "   2  "},        {" pid  gen", "4194304    7"}, {" uptime", " 1d01h"},
    {" requests", "1234567890"}, {"  rate", "12345/s"},         {" sent  ", "  4.6G  "},
    {" beat", " 1ms"},
};

START_TEST(aligns_the_workers)
{
    begin();
    const char *text = strstr(text_of(status_text), "\nslot");
    ck_assert_uint_eq(end_of(text, cells[_i].heading), end_of(text, cells[_i].value));
    buf_free(&out);
}
END_TEST

static size_t widest(const char *text)
{
    size_t most = 0;
    struct slice rest = slice_str(text), line;
    while (slice_split(&rest, '\n', &line)) {
        most = line.len > most ? line.len : most;
    }
    return most;
}

static void check_printable(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        ck_assert_msg(*c == '\n' || (*c >= 0x20 && *c <= 0x7e), "byte %02x in %s",
                      (unsigned)(unsigned char)*c, text);
    }
}

static void fill_hostile(struct status_request *hostile, char *longest, size_t room)
{
    memset(longest, 'x', room - 1);
    longest[room - 1] = '\0';
    memcpy(longest, HOSTILE, strlen(HOSTILE));
    *hostile = (struct status_request){.peer = longest,
                                       .line = longest,
                                       .host = longest,
                                       .phase = longest,
                                       .location = longest,
                                       .age = INT64_MAX};
    status.config = status.last_restart = status.verdict_text = longest;
    listeners[0].address = longest;
    workers[1].last_restart = longest;
    workers[1].request = hostile;
    workers[1].sent = workers[1].requests = workers[1].rate = UINT64_MAX;
    workers[1].uptime = INT64_MIN;
}

START_TEST(stays_printable_and_narrow)
{
    static char longest[1000];
    static struct status_request hostile;
    begin();
    fill_hostile(&hostile, longest, sizeof(longest));
    workers[1].sent = workers[1].requests = 1;
    check_printable(text_of(status_text));
    ck_assert_uint_le(widest(out.data), STATUS_COLUMNS);
    for (size_t columns = 0; columns < 200; columns += 13) {
        buf_clear(&out);
        status_top(&status, columns, &out);
        buf_append_char(&out, '\0');
        check_printable(out.data);
        ck_assert_uint_le(widest(out.data), columns);
    }
    buf_free(&out);
}
END_TEST

START_TEST(writes_json_without_control_bytes)
{
    static char longest[1000];
    static struct status_request hostile;
    begin();
    fill_hostile(&hostile, longest, sizeof(longest));
    const char *text = text_of(status_json);
    for (const char *c = text; *c != '\0'; c++) {
        ck_assert((unsigned char)*c >= 0x20 || *c == '\n');
    }
    ck_assert_ptr_nonnull(strstr(text, "\\u001b[2J\\\"\\\\"));
    buf_free(&out);
}
END_TEST

static const char *const json[] = {
    "{\"version\": \"1.2.3\", \"config\": \"/etc/t.conf\", \"pid\": 77, \"uptime\": "
    "3723.000, ",
    "\"rate\": 0.999, ",
    "\"verdict_text\": \"reload rejected\\nt.conf:1:2: no\"",
    "{\"address\": \"0.0.0.0:80\", \"queue\": 3, \"backlog\": 511}",
    "{\"address\": \"unix:/run/s\", \"queue\": null, \"backlog\": null}",
    "{\"slot\": 2, \"pid\": 4194304, \"generation\": 7, \"state\": \"ready\", ",
    "\"request\": {\"peer\": \"192.0.2.7\", \"line\": \"GET /big\", ",
    "\"age\": 61.000}}",
    "\"uptime\": null, ",
    "\"last_restart\": null, ",
    "\"request\": null}]}\n",
};

START_TEST(writes_json)
{
    begin();
    ck_assert_msg(strstr(text_of(status_json), json[_i]) != NULL, "%s not in %s",
                  json[_i], out.data);
    buf_free(&out);
}
END_TEST

START_TEST(draws_for_a_window)
{
    begin();
    status_top(&status, 120, &out);
    buf_append_char(&out, '\0');
    ck_assert_ptr_nonnull(strstr(out.data, "serving for 1h02m  generation 7\n0.9/s"));
    ck_assert_ptr_nonnull(strstr(out.data, "rejected: reload rejected\n\nslot"));
    ck_assert_ptr_nonnull(strstr(out.data, "1m01s sending, 192.0.2.7 to example.org"));
    buf_free(&out);
}
END_TEST

UNIT_SUITE(status_format)
{
    UNIT_LOOP(writes_a_line_a_field, 0, (int)(sizeof(lines) / sizeof(lines[0])));
    UNIT_TEST(leaves_out_what_has_not_happened);
    UNIT_LOOP(aligns_the_workers, 0, (int)(sizeof(cells) / sizeof(cells[0])));
    UNIT_TEST(stays_printable_and_narrow);
    UNIT_TEST(writes_json_without_control_bytes);
    UNIT_LOOP(writes_json, 0, (int)(sizeof(json) / sizeof(json[0])));
    UNIT_TEST(draws_for_a_window);
}
