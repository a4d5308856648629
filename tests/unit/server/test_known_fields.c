#include "common/fingerprint.h"
#include "server/known_fields.h"
#include "tests/unit/server/serve.h"

/* --- the places --------------------------------------------------------------------- */

static struct known_place places[KNOWN_FIELDS_PLACES];
static const struct listen_address here, there;

static struct slice section(char text[64], unsigned number)
{
    snprintf(text, 64, "Host: a\r\nX: %u\r\n\r\n", number);
    return slice_str(text);
}

START_TEST(keeps_what_comes_again)
{
    char text[64], other[64];
    ck_assert_ptr_null(known_fields_get(places, &here, section(text, 1), 2));
    struct known_fields *known = known_fields_get(places, &here, section(text, 1), 2);
    ck_assert_ptr_nonnull(known);
    ck_assert(!known->parsed && known->fields.count == 0 && known->fields.capacity == 2);
    ck_assert(slice_eq(known->section, slice_str(text)));
    ck_assert(known->section.ptr != text);
    ck_assert_ptr_eq(known_fields_get(places, &here, section(other, 1), 9), known);
    known_fields_release(known);
    known_fields_release(known);
    known_fields_release(NULL);
    known_fields_clear(places);
    ck_assert_ptr_null(known_fields_get(places, &here, slice_str(other), 2));
}
END_TEST

static struct known_fields *get_twice(struct slice text)
{
    ck_assert_ptr_null(known_fields_get(places, &here, text, 2));
    return known_fields_get(places, &here, text, 2);
}

/* Those of two addresses now and then share a place. */
START_TEST(tells_addresses_apart)
{
    char text[64];
    for (unsigned i = 0; i < 10 * KNOWN_FIELDS_PLACES; i++) {
        struct known_fields *known = get_twice(section(text, i));
        ck_assert(known != NULL && known->address == &here);
        known_fields_release(known);
        ck_assert_ptr_null(known_fields_get(places, &there, section(text, i), 2));
    }
    known_fields_clear(places);
}
END_TEST

/* One of the sections that follow shares its place. */
START_TEST(lets_go_what_nobody_uses)
{
    char first[64], text[64];
    struct known_fields *known = get_twice(section(first, 0)), *next;
    unsigned rival = 1;
    while ((next = get_twice(section(text, rival))) != NULL) {
        known_fields_release(next);
        rival++;
        ck_assert_uint_lt(rival, 100 * KNOWN_FIELDS_PLACES);
    }
    ck_assert(slice_eq(known->section, slice_str(first)));
    known_fields_release(known);
    next = known_fields_get(places, &here, section(text, rival), 2);
    ck_assert(next != NULL && slice_eq(next->section, slice_str(text)));
    known_fields_release(next);
    ck_assert_ptr_null(known_fields_get(places, &here, section(first, 0), 2));
    known_fields_clear(places);
}
END_TEST

/* As often as it is of use itself. */
START_TEST(keeps_what_is_of_use)
{
    char first[64], text[64];
    struct known_fields *known = get_twice(section(first, 0));
    known_fields_release(known);
    for (unsigned i = 1; i < 10 * KNOWN_FIELDS_PLACES; i++) {
        for (int again = 0; again < 3; again++) {
            struct known_fields *other =
                known_fields_get(places, &here, section(text, i), 2);
            known_fields_release(other);
            ck_assert_ptr_eq(known_fields_get(places, &here, slice_str(first), 2), known);
            known_fields_release(known);
        }
    }
    known_fields_clear(places);
}
END_TEST

/* Two that have the same fingerprint. */
START_TEST(compares_every_byte)
{
    char one[] = "Host: a\r\nX: 0123456789 0123456789 0123456789\r\n\r\n",
         two[sizeof(one)];
    memcpy(two, one, sizeof(one));
    two[16 + 7] ^= '\x80';
    two[16 + 11] ^= '\x80';
    two[16 + 15] ^= '\x80';
    ck_assert_uint_eq(fingerprint_text(FINGERPRINT_NONE, slice_str(one)),
                      fingerprint_text(FINGERPRINT_NONE, slice_str(two)));
    known_fields_release(get_twice(slice_str(one)));
    ck_assert_ptr_null(known_fields_get(places, &here, slice_str(two), 2));
    known_fields_clear(places);
}
END_TEST

START_TEST(takes_no_long_ones)
{
    static char text[KNOWN_FIELDS_BYTES_MAX + 1];
    memset(text, 'x', sizeof(text));
    ck_assert_ptr_null(get_twice(slice_of(text, sizeof(text))));
    struct known_fields *known = get_twice(slice_of(text, sizeof(text) - 1));
    ck_assert_ptr_nonnull(known);
    known_fields_release(known);
    known_fields_clear(places);
}
END_TEST

/* --- what requests make of them ----------------------------------------------------- */

static const char config[] =
    "http {"
    "  log_format all '$request|$host|$http_host|$server_name|$http_x|$http_user_agent|'"
    "    '$cookie_c|$status|$request_length';"
    "  access_log all.log all;"
    "  server { listen 8080; server_name a; return 200 a; }"
    "  server { listen 8080; server_name b; return 200 b; }"
    "}";

static const char *const lines[] = {
    "GET / HTTP/1.1",        "GET /x?y HTTP/1.1",      "GET / HTTP/1.0",
    "HEAD / HTTP/1.1",       "GET http://b/ HTTP/1.1", "GET http://c:1/ HTTP/1.1",
    "CONNECT b:80 HTTP/1.1", "OPTIONS * HTTP/1.1",     "GET /%00 HTTP/1.1",
    "POST / HTTP/1.1",
};

static const char *const sections[] = {
    "Host: a\r\n\r\n",
    "Host: b\r\n\r\n",
    "Host: B.:80\r\n\r\n",
    "host:b:81\r\nX:\t1 \r\nX: 2\r\nUser-Agent: u\r\nCookie: d=1; c=2\r\n\r\n",
    "Host:\r\n\r\n",
    "\r\n",
    "Host: b\r\nConnection: close\r\n\r\n",
    "Host: b\r\nConnection: keep-alive\r\n\r\n",
    "Host: b\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    "Host: b\r\nTransfer-Encoding: chunked\r\n\r\n",
    "Host: b\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n",
    /* refused */
    "Host: a\r\nHost: b\r\n\r\n",
    "Host: a@b\r\n\r\n",
    "Host: b\r\nContent-Length: x\r\n\r\n",
    "Host: b\r\nTransfer-Encoding: zip\r\n\r\n",
    "Host: b\r\nExpect: wonders\r\n\r\n",
    "Host : b\r\n\r\n",
    "Host: b\r\n X: folded\r\n\r\n",
};

#define LINES    (sizeof(lines) / sizeof(lines[0]))
#define SECTIONS (sizeof(sections) / sizeof(sections[0]))
#define MEANING  2048

static void describe(size_t line, size_t section_number, char meaning[MEANING])
{
    char head[512];
    snprintf(head, sizeof(head), "%s\r\n%s", lines[line], sections[section_number]);
    serve_ask(head);
    const struct http_framing *framing = &serve.request->framing;
    char framed[128];
    snprintf(framed, sizeof(framed), "%d %llu %d %d %.*s:%.*s", framing->body,
             (unsigned long long)framing->content_length, framing->keep_alive,
             framing->expect_continue, SLICE_ARG(framing->host),
             SLICE_ARG(framing->port));
    buf_clear(&serve.access_log);
    serve_end();
    char *date = strstr(serve.head.data, "\r\nDate: ");
    memset(date + 8, '*', 29);
    snprintf(meaning, MEANING, "%s\n%s\n%s\n%s", framed, serve_text(&serve.access_log),
             serve.head.data, serve.body.data);
}

/* Whatever was known before, a request means what it means when nothing is. */
START_TEST(changes_no_meaning)
{
    static char alone[SECTIONS][LINES][MEANING];
    char meaning[MEANING];
    serve_start(config);
    for (size_t i = 0; i < SECTIONS * LINES; i++) {
        known_fields_clear(serve.service.known);
        describe(i % LINES, i / LINES, alone[i / LINES][i % LINES]);
    }
    for (size_t i = 0; i < SECTIONS * LINES * LINES; i++) {
        size_t line = i % 2 == 0 ? i / 2 % LINES : i / LINES % LINES;
        describe(line, i / LINES / LINES, meaning);
        ck_assert_str_eq(meaning, alone[i / LINES / LINES][line]);
    }
    serve_stop();
}
END_TEST

START_TEST(are_parsed_once)
{
    serve_start(config);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(serve_ask("GET / HTTP/1.1\r\nHost: b\r\nX: 1\r\n\r\n"), 200);
        ck_assert_int_eq(serve.request->known != NULL, i > 0);
    }
    const struct known_fields *known = serve.request->known;
    ck_assert(known->parsed && known->fields.count == 2 && known->users == 1);
    ck_assert_ptr_eq(known->server, serve.request->server);
    ck_assert_ptr_eq(serve.request->head.fields.lines, known->fields.lines);
    serve_end();
    ck_assert_uint_eq(known->users, 0);
    serve_stop();
}
END_TEST

UNIT_SUITE(known_fields)
{
    UNIT_TEST(keeps_what_comes_again);
    UNIT_TEST(tells_addresses_apart);
    UNIT_TEST(lets_go_what_nobody_uses);
    UNIT_TEST(keeps_what_is_of_use);
    UNIT_TEST(compares_every_byte);
    UNIT_TEST(takes_no_long_ones);
    UNIT_TEST(changes_no_meaning);
    UNIT_TEST(are_parsed_once);
}
