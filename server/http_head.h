/*
 * http_head.h - the head of a request: request line and field lines (RFC 9112, 2 to 5).
 * Pure.
 *
 * Two steps. http_head_scan() looks for the blank line in what has arrived so far and
 * remembers where it was, so that a head that comes a byte at a time is still scanned
 * once. http_head_parse_line() and http_head_parse_fields() then turn the complete block
 * into slices of it. Strict: lines end in CRLF, no bare CR or LF, no obs-fold, no space
 * before a colon, no NUL or control.
 */
#ifndef SERVER_HTTP_HEAD_H
#define SERVER_HTTP_HEAD_H

#include "server/http_fields.h"

enum http_method {
    HTTP_METHOD_OTHER, /* a token that the server does not know: 501 */
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_CONNECT,
    HTTP_OPTIONS,
    HTTP_TRACE,
    HTTP_PATCH,
    HTTP_METHOD_COUNT,
};

/* Limits of one head; 0 is not "no limit". */
struct http_limits {
    size_t line;    /* bytes of one line without CRLF: over it 414, of a field 431, of
                     * nothing but a method 501 */
    size_t section; /* bytes of all field lines: over it 431 */
    size_t fields;  /* number of field lines: over it 431 */
};

struct http_head {
    struct slice method_text;
    enum http_method method;
    struct slice target; /* as sent */
    unsigned minor;      /* HTTP/1.minor; 1.2 and later count as 1 (RFC 9110, 2.5) */
    struct slice request_line; /* without CRLF, for logs */
    struct http_fields fields;
};

enum http_scan {
    HTTP_SCAN_MORE,     /* no blank line yet */
    HTTP_SCAN_COMPLETE, /* *head_len bytes are a complete head, blank line included */
    HTTP_SCAN_TOO_LONG_METHOD,  /* a method over that limit: 501 (RFC 9112, 3) */
    HTTP_SCAN_TOO_LONG_LINE,    /* request line over the limit: 414 */
    HTTP_SCAN_TOO_LONG_SECTION, /* field section over the limit: 431 */
    HTTP_SCAN_BAD,              /* a byte that can be in no head: 400 at once */
};

/* Where the scan stands. Zero it for a new head. */
struct http_scanner {
    size_t seen;       /* bytes looked at */
    size_t line_start; /* offset of the line under way */
    size_t line_end;   /* length of the request line, 0 until it is complete */
    size_t skipped;    /* empty lines before the request line (RFC 9112, 2.2), bytes */
    size_t lines;      /* complete ones, empty ones too */
    bool in_fields;
};

/*
 * `bytes` is everything of this head that has arrived, from its first byte; it may have
 * moved since the last call. On COMPLETE *head_len counts from bytes.ptr, leading empty
 * lines included. At most one leading CRLF is skipped.
 */
enum http_scan http_head_scan(struct http_scanner *scanner, struct slice bytes,
                              const struct http_limits *limits, size_t *head_len);

/*
 * Parses the request line of a complete head; *section is what follows it, blank line
 * included. `head` is zero but for `fields`, which is left alone. Returns 0, or the
 * status to refuse it with (400, 505), and then *why is a phrase for the log ("malformed
 * method").
 */
unsigned http_head_parse_line(struct http_head *head, struct slice block,
                              struct slice *section, const char **why);

/*
 * Parses a field section, blank line included. `fields` is zero but for `lines`, which
 * has room (capacity) for limits->fields entries, or for as many as the section has
 * lines. Returns 0, or the status to refuse it with (400, 431) and *why.
 */
unsigned http_head_parse_fields(struct http_fields *fields, struct slice section,
                                const struct http_limits *limits, const char **why);

enum http_method http_method_lookup(struct slice text); /* case-sensitive */
struct slice http_method_name(enum http_method method);

#endif
