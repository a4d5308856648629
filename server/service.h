/*
 * service.h - what the service side of a worker shares: from a request's bytes to a
 * response, without a socket. Passed down, never global.
 */
#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H

#include "common/buf.h"
#include "common/list.h"
#include "common/log.h"
#include "config/settings.h"
#include "server/kept_head.h"
#include "server/known_fields.h"
#include "server/scoreboard.h"

struct filecache;
struct quarantine_list;

/* Asked of the system many at a time: no more than getrandom(2) gives undivided. */
struct service_random {
    size_t left; /* of the bytes, from the front */
    unsigned char bytes[256];
};

/* The built-in page of a status, for all answers that it suits (error_page.c). */
struct service_page {
    struct service_page *next;
    unsigned status;
    bool with_version;
    struct kept_place head;
    size_t len;
    char *html; /* NUL-terminated, in the same block */
};

struct service {
    const struct config *config;
    struct filecache *files;
    struct board_slot *board; /* NULL in tests: nothing is recorded */
    log_sink *access_sink; /* finished access log lines; `file` as in access_log.file */
    void *access_context;
    struct buf scratch;           /* where pages, heads and log lines are put together */
    struct service_page *pages;   /* one a status and way to name the server, at most */
    struct service_random random; /* for $request_id */
    struct known_place known[KNOWN_FIELDS_PLACES]; /* field sections that came before */
    struct list free_requests;                     /* of struct request, arenas kept */
    size_t free_count;
    const struct quarantine_list *quarantine; /* NULL: nothing is held */
    bool draining;                            /* every answer says Connection: close */
};

/* Requests that wait for their next use; more than these are given back. */
#define SERVICE_POOL_MAX 256

/* Members that the caller wants differently (board, sink) are set afterwards. */
void service_init(struct service *service, const struct config *config);
void service_clear(struct service *service); /* frees all that it holds */

#endif
