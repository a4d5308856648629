/*
 * http_fields.h - header fields of a request (RFC 9110, 5; RFC 9112, 5). Pure.
 *
 * A name is matched whole, ignoring case, once, through one lookup that turns it into an
 * id; the id's row says how often the field may appear. Field lines stay in the order of
 * arrival as slices into the head.
 */
#ifndef SERVER_HTTP_FIELDS_H
#define SERVER_HTTP_FIELDS_H

#include "common/slice.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How often a field line may appear (RFC 9110, 5.3). */
enum http_arity {
    HTTP_REPEATABLE, /* each line stands by itself: unknown fields, and those that several
                      * lines make void (RFC 9110, 13.1.3 and 13.1.4) */
    HTTP_LIST,       /* several lines are one comma-separated list */
    HTTP_SINGLETON,  /* a second line is an error (400) */
};

/* X(id, name, arity): the one list of known fields; see http_fields.c for its table. */
#define HTTP_FIELD_LIST(X)                                                               \
    X(ACCEPT, "Accept", HTTP_LIST)                                                       \
    X(ACCEPT_ENCODING, "Accept-Encoding", HTTP_LIST)                                     \
    X(AUTHORIZATION, "Authorization", HTTP_SINGLETON)                                    \
    X(CONNECTION, "Connection", HTTP_LIST)                                               \
    X(CONTENT_LENGTH, "Content-Length", HTTP_SINGLETON)                                  \
    X(CONTENT_TYPE, "Content-Type", HTTP_SINGLETON)                                      \
    X(COOKIE, "Cookie", HTTP_REPEATABLE)                                                 \
    X(EXPECT, "Expect", HTTP_LIST)                                                       \
    X(HOST, "Host", HTTP_SINGLETON)                                                      \
    X(IF_MATCH, "If-Match", HTTP_LIST)                                                   \
    X(IF_MODIFIED_SINCE, "If-Modified-Since", HTTP_REPEATABLE)                           \
    X(IF_NONE_MATCH, "If-None-Match", HTTP_LIST)                                         \
    X(IF_RANGE, "If-Range", HTTP_SINGLETON)                                              \
    X(IF_UNMODIFIED_SINCE, "If-Unmodified-Since", HTTP_REPEATABLE)                       \
    X(RANGE, "Range", HTTP_SINGLETON)                                                    \
    X(REFERER, "Referer", HTTP_SINGLETON)                                                \
    X(TRANSFER_ENCODING, "Transfer-Encoding", HTTP_LIST)                                 \
    X(UPGRADE, "Upgrade", HTTP_LIST)                                                     \
    X(USER_AGENT, "User-Agent", HTTP_SINGLETON)                                          \
    X(VIA, "Via", HTTP_LIST)                                                             \
    X(X_FORWARDED_FOR, "X-Forwarded-For", HTTP_LIST)

enum http_field_id {
    HTTP_FIELD_OTHER,
#define HTTP_FIELD_ENUM(id, name, arity) HTTP_FIELD_##id,
    HTTP_FIELD_LIST(HTTP_FIELD_ENUM)
#undef HTTP_FIELD_ENUM
        HTTP_FIELD_COUNT,
};

struct http_field {
    enum http_field_id id;
    struct slice name;  /* as sent */
    struct slice value; /* without surrounding white space; may be empty */
};

/* The fields of one request, in order; `first[id]` is 1 + index of a known field's first
 * line, 0 when it is absent. */
struct http_fields {
    struct http_field *lines;
    size_t count;
    size_t capacity;
    uint16_t first[HTTP_FIELD_COUNT];
};

enum http_field_id http_field_lookup(struct slice name);
struct slice http_field_name(enum http_field_id id);
enum http_arity http_field_arity(enum http_field_id id);

/* The value of a known field's first line; the null slice when it is absent. */
struct slice http_fields_get(const struct http_fields *fields, enum http_field_id id);

/*
 * Walks the members of a list field over all its lines (RFC 9110, 5.6.1: empty members
 * are skipped, commas in quoted strings do not split).
 *
 *     struct http_list_walk walk = http_list_start(fields, HTTP_FIELD_CONNECTION);
 *     struct slice member;
 *     while (http_list_next(&walk, &member)) ...
 */
struct http_list_walk {
    const struct http_fields *fields;
    enum http_field_id id;
    size_t line;
    struct slice rest;
};
struct http_list_walk http_list_start(const struct http_fields *fields,
                                      enum http_field_id id);
bool http_list_next(struct http_list_walk *walk, struct slice *member);

/* True when a member equals `token`, ignoring case. */
bool http_list_has(const struct http_fields *fields, enum http_field_id id,
                   struct slice token);

/* tchar of RFC 9110, 5.6.2, and a whole non-empty token of them. */
bool http_is_tchar(char c);
bool http_is_token(struct slice text);

/* True when every byte may stand in a field value: VCHAR, SP, HTAB, obs-text. */
bool http_is_field_value(struct slice text);

/* How many bytes at the front are tchar, and how many may stand in a field value. */
size_t http_token_span(struct slice text);
size_t http_text_span(struct slice text);

#endif
