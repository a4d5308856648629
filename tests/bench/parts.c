/*
 * parts [NAME COUNT] - the parts of a request that ask nothing of the kernel, by
 * themselves. Without words it prints the nanoseconds of each; with them it runs one so
 * many times, for scripts/bench-gate, which has its instructions counted.
 */
#include "common/clock.h"
#include "config/build.h"
#include "server/access_log.h"
#include "server/http_target.h"
#include "server/outq.h"
#include "server/request.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define FIELDS    100
#define LINES_MAX 13 /* of a head here, the blank one too */
#define TRY_NS    (NS_PER_SEC / 5)

static const struct http_limits limits = {
    .line = 8192, .section = 32768, .fields = FIELDS};

static char head_of_tool[] = "GET /1k.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
static char head_of_browser[] =
    "GET /docs/guide/chapter-3.html?from=index HTTP/1.1\r\n"
    "Host: www.example.org\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "
    "Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Referer: http://www.example.org/docs/guide/\r\n"
    "Connection: keep-alive\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
    "If-None-Match: \"aac511-400-17979cfe362a0000\"\r\n"
    "Priority: u=0, i\r\n\r\n";
static char target_plain[] = "/docs/guide/chapter-3.html?from=index";
static char target_escaped[] = "/docs//g%75ide/../caf%C3%A9/./a%20b.html?q=%20x";

static const char config_text[] =
    "http { access_log combined.log; "
    "server { location / { return 200 answer; } "
    "location /json { access_log json.log json; return 200 answer; } } }";

static struct service service;
static struct client client;
static struct request *logged[2]; /* answered requests, not ended: combined and json */

static void fail(const char *what)
{
    fprintf(stderr, "parts: %s\n", what);
    exit(1);
}

/* In place of the C library's: chance would have hash tables differ from run to run. */
ssize_t getrandom(void *bytes, size_t len, unsigned flags)
{
    (void)flags;
    memset(bytes, 1, len);
    return (ssize_t)len;
}

/* The compiler may not know what is there, nor leave out what made it. */
static void hide(void *memory)
{
    __asm__ volatile("" : : "r"(memory) : "memory");
}

static void read_head(char *text, size_t len)
{
    struct http_field lines[FIELDS];
    struct http_head head = {.fields = {.lines = lines, .capacity = FIELDS}};
    struct http_scanner scanner = {0};
    struct slice section;
    const char *why = NULL;
    size_t head_len = 0;
    hide(text);
    if (http_head_scan(&scanner, slice_of(text, len), &limits, &head_len) !=
            HTTP_SCAN_COMPLETE ||
        http_head_parse_line(&head, slice_of(text, head_len), &section, &why) != 0 ||
        http_head_parse_fields(&head.fields, section, &limits, &why) != 0) {
        fail("the head is refused");
    }
    hide(&head);
}

static void read_target(char *text, size_t len)
{
    struct http_target target;
    char path[256];
    const char *why = NULL;
    hide(text);
    if (http_target_parse(&target, slice_of(text, len), HTTP_GET, &why) != 0 ||
        http_path_normalize(target.path, true, path, &len, &why) != 0) {
        fail("the target is refused");
    }
    hide(path);
}

static void part_head_tool(void)
{
    read_head(head_of_tool, sizeof(head_of_tool) - 1);
}

static void part_head_browser(void)
{
    read_head(head_of_browser, sizeof(head_of_browser) - 1);
}

static void part_target_plain(void)
{
    read_target(target_plain, sizeof(target_plain) - 1);
}

static void part_target_escaped(void)
{
    read_target(target_escaped, sizeof(target_escaped) - 1);
}

static void part_log_combined(void)
{
    access_log_write(logged[0]);
}

static void part_log_json(void)
{
    access_log_write(logged[1]);
}

/* An answer that needs no file, but for its log line; nothing is ended by it. */
static struct request *answer(char *head, size_t len)
{
    struct outq queue = {0};
    hide(head);
    struct request *request = request_create(&service, &client);
    request_begin(request, slice_of(head, len), LINES_MAX);
    request_queue(request, &queue, true);
    request->bytes_sent = request->send_end - request->send_begin;
    request->complete = true;
    if (request->response.status != 200) {
        fail("the answer is another one");
    }
    return request;
}

static void part_request(void)
{
    request_end(answer(head_of_browser, sizeof(head_of_browser) - 1));
}

static const struct {
    const char *name;
    void (*run)(void);
} parts[] = {
    {"head-tool", part_head_tool},           {"head-browser", part_head_browser},
    {"target-plain", part_target_plain},     {"target-escaped", part_target_escaped},
    {"log-combined", part_log_combined},     {"log-json", part_log_json},
    {"request-with-log-line", part_request},
};
#define PART_COUNT (sizeof(parts) / sizeof(parts[0]))

static void take_line(void *context, uint32_t file, struct slice line)
{
    (void)context;
    (void)file;
    if (line.len < 64) {
        fail("the log line is short");
    }
    hide(&line);
}

static void set_up(void)
{
    static char json_head[] =
        "GET /json HTTP/1.1\r\nHost: a\r\nUser-Agent: tool/1.0\r\n\r\n";
    static char head[] = "GET /file HTTP/1.1\r\nHost: a\r\nUser-Agent: tool/1.0\r\n\r\n";
    static struct diagnostics diag;
    struct config_source source = {
        .path = "parts.conf", .text = config_text, .prefix = "/tmp/"};
    clock_update();
    diag_init(&diag, arena_create(4096));
    struct config *config = config_load(&source, &diag);
    if (config == NULL) {
        fail("the configuration does not load");
    }
    service_init(&service, config);
    service.access_sink = take_line;
    client = (struct client){.number = 1,
                             .requests = 1,
                             .socket = -1,
                             .accepted_ms = clock_now_ms(),
                             .address = config->sockets[0]->addresses[0]};
    client.peer.in.sin_family = AF_INET;
    client.peer.in.sin_port = htons(40000);
    client.peer.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    logged[0] = answer(head, sizeof(head) - 1);
    logged[1] = answer(json_head, sizeof(json_head) - 1);
}

static void repeat(void (*run)(void), long count)
{
    for (long i = 0; i < count; i++) {
        run();
    }
}

/* The best of five tries: what disturbs them only makes them longer. */
static double nanoseconds(void (*run)(void))
{
    double best = 0;
    for (int i = 0; i < 5; i++) {
        int64_t began = clock_read_ns(), now = began;
        long count = 0;
        for (; now - began < TRY_NS / 5; count += 1000) {
            repeat(run, 1000);
            now = clock_read_ns();
        }
        double each = (double)(now - began) / (double)count;
        best = i == 0 || each < best ? each : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    bool known = argc < 3;
    set_up();
    for (size_t i = 0; i < PART_COUNT; i++) {
        if (argc < 3) {
            printf("%-24s %8.1f ns\n", parts[i].name, nanoseconds(parts[i].run));
        } else if (strcmp(argv[1], parts[i].name) == 0) {
            repeat(parts[i].run, strtol(argv[2], NULL, 10));
            known = true;
        }
    }
    if (!known) {
        fail("there is no such part");
    }
    return 0;
}
