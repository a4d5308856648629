/*
 * request.h - one request from its head to its log line.
 *
 * conn.c makes one when a head is complete (or refused), lets request_begin() find the
 * answer, reads or drops the body as request->framing says, queues the rendered head and
 * content, and calls request_end() when the last byte is sent or the connection dies. All
 * that an answer points to lives until then. Nothing here touches the socket.
 */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include "common/arena.h"
#include "common/list.h"
#include "config/settings.h"
#include "server/http_chunked.h"
#include "server/http_framing.h"
#include "server/http_head.h"
#include "server/http_target.h"
#include "server/response.h"
#include "server/service.h"
#include <netinet/in.h>

struct file;

/* The peer's side of a connection, as requests see it. */
struct client {
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } peer;              /* sa_family AF_UNIX: a unix socket, which has no more to say */
    uint64_t number;     /* of the connection, unique on the server */
    uint32_t requests;   /* begun on this connection, this one included */
    int socket;          /* for getsockname() in $server_addr only */
    int64_t accepted_ms; /* monotonic */
    const struct listen_address *address; /* the one that the local address chose */
};

#define REQUEST_FILES_MAX 4

struct request {
    struct list link; /* in the connection's queue, or in the free list */
    struct service *service;
    struct arena *arena;
    const struct client *client;
    struct slice peer;  /* the client's address as text, without its port */
    int64_t started_ms; /* monotonic: first byte of the head; request_create says now */
    uint32_t ordinal;   /* among the connection's requests, from 1 */
    bool pipelined;

    struct http_head head;      /* slices of a copy in the arena, or of `known` */
    struct known_fields *known; /* NULL: its field section is not */
    struct http_target target;
    struct http_framing framing;
    struct http_chunked chunked;
    uint64_t body_left;     /* bytes of a HTTP_BODY_LENGTH body still to be dropped */
    uint64_t body_received; /* content bytes so far */
    uint64_t length;        /* $request_length: head and body bytes received */
    bool head_ok;           /* head parsed; else only request_line may be there */

    const struct server *server;         /* never NULL */
    const struct location *location;     /* never NULL */
    const struct location_settings *set; /* of the location */
    struct slice host;                   /* folded; $host */
    struct slice
        path; /* decoded, normalised, NUL-terminated; $uri; changes with redirects */
    struct slice args;  /* null: none */
    unsigned redirects; /* internal redirects so far */
    bool internal;      /* the current path was chosen by us */
    bool again;         /* redirected internally: the phases have to run once more */
    unsigned expanding; /* templates within templates, such as $document_root */
    bool in_error_page;
    unsigned error_status; /* the status that error_page keeps; 0: none */

    struct response response;
    struct file *files[REQUEST_FILES_MAX]; /* released by request_end */
    size_t file_count;
    char id[33]; /* $request_id, made when asked for */

    bool keep_alive; /* after this request; response.close overrides */
    struct segment head_segment;
    struct kept_place *head_place; /* whose head that is; NULL: its own */
    uint64_t head_length;          /* rendered, bytes */
    uint64_t send_begin;           /* outq.queued when it was queued .. */
    uint64_t send_end;             /* .. and after its last byte */
    uint64_t bytes_sent;           /* head included; set before request_end */
    bool complete;                 /* the whole answer was sent: $request_completion */
};

/* From the pool of the service. Sets the default server of the client's address. */
struct request *request_create(struct service *service, const struct client *client);

/*
 * Parses a complete head of at most `lines` lines (a copy is taken), finds server and
 * location, runs the phases and fills request->response. On return response.status is set
 * (or response.silent), and framing.body says what of the body is still to be read. A
 * body that is too large by its Content-Length has been refused already (413,
 * response.close).
 */
void request_begin(struct request *request, struct slice block, size_t lines);

/* Answers with an error instead of whatever was there: 400, 408, 413, 414, 431 found by
 * the connection. Closes afterwards. `partial` is what arrived of the head (may be null):
 * its first line goes to the log. */
void request_refuse(struct request *request, unsigned status, const char *why,
                    struct slice partial);

/* Renders the head for an answer that is final now, and puts head and content in `queue`.
 * keep_alive: what the connection has decided. */
void request_queue(struct request *request, struct outq *queue, bool keep_alive);

/* Writes the access log line and gives everything back. */
void request_end(struct request *request);

/* For error log lines about this request: client, server, request line, host. */
void request_log(const struct request *request, enum log_level level, int err,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The limits of a head on this address before a server is known. */
struct http_limits request_limits(const struct client *client);

#endif
