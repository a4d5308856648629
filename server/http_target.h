/*
 * http_target.h - request targets (RFC 9112, 3.2; RFC 3986) and paths. Pure.
 */
#ifndef SERVER_HTTP_TARGET_H
#define SERVER_HTTP_TARGET_H

#include "common/arena.h"
#include "common/slice.h"
#include "server/http_head.h"
#include <stdbool.h>

enum http_target_form {
    HTTP_TARGET_ORIGIN,    /* /path?query */
    HTTP_TARGET_ABSOLUTE,  /* http://host/path?query */
    HTTP_TARGET_AUTHORITY, /* host:port, CONNECT only */
    HTTP_TARGET_ASTERISK,  /* *, OPTIONS only */
};

struct http_target {
    enum http_target_form form;
    struct slice scheme;    /* absolute form only */
    struct slice authority; /* absolute and authority form */
    struct slice path;      /* raw, still encoded; "/" for an absolute form without one */
    struct slice query;     /* without '?'; null when there is none */
};

/* Returns 0 or 400 with *why. Raw bytes outside US-ASCII, fragments, user information and
 * invalid percent escapes are refused; which form a method may use is checked here.
 * The bytes that browsers send raw against the RFC (| [ ] ^, in a query also \ ` { }) are
 * taken. An absolute form's scheme is http or https; CONNECT names a port. */
unsigned http_target_parse(struct http_target *target, struct slice text,
                           enum http_method method, const char **why);

/*
 * Decodes the percent escapes of a raw path, resolves "." and ".." segments (after the
 * decoding, so "%2e%2e" is a dot segment too) and, if asked, merges runs of slashes. The
 * result goes to `out`, which has room for raw.len bytes; its length to *len. Returns 0,
 * or 400 with *why for %00, a bad escape, or dot segments that climb above the root. An
 * encoded slash (%2F) decodes to a slash like any other, as in nginx.
 */
unsigned http_path_normalize(struct slice raw, bool merge_slashes, char *out, size_t *len,
                             const char **why);

/* Host (US-ASCII) without a trailing dot, lower case: itself when it is so already, or in
 * the arena. */
struct slice http_host_fold(struct slice host, struct arena *arena);

/* Splits "host", "host:port", "[v6]:port" and checks both parts (RFC 3986, 3.2.2).
 * Returns false when it is none of them or the host is empty; userinfo is not allowed.
 * An empty port, or none, is the null slice; a port is at most 65535. */
bool http_authority_split(struct slice text, struct slice *host, struct slice *port);

#endif
