/*
 * status.h - what the master knows of the server, gathered once into plain values.
 *
 * A fact is a row of one of the tables below: text and JSON (status_format.h) are two
 * ways to write the same rows. Times are milliseconds, rates thousandths of a second's
 * count; a time below 0 is none; a text may hold any byte, but for those that came from a
 * client: they are escaped as in a log.
 */
#ifndef SERVER_STATUS_H
#define SERVER_STATUS_H

#include "common/arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct master;

struct status_listener {
    const char *address;
    bool counted; /* the system tells its queue: TCP only */
    uint64_t queue;
    uint64_t backlog;
};

/* The request that a worker has in hand. */
struct status_request {
    const char *peer;
    const char *line; /* method and target */
    const char *host;
    const char *phase;
    const char *location;
    int64_t age;
};

struct status_worker {
    uint64_t slot;
    uint64_t pid; /* 0: there is no process */
    uint64_t generation;
    const char *state;
    int64_t uptime;
    uint64_t connections;
    uint64_t reading;
    uint64_t writing;
    uint64_t waiting;
    uint64_t accepted;
    uint64_t requests;
    uint64_t rate;
    uint64_t sent;
    int64_t beat; /* since it last went round its loop */
    uint64_t accept_errors;
    uint64_t log_drops;
    uint64_t restarts;
    const char *last_restart; /* NULL: none */
    int64_t last_restart_age;
    const struct status_request *request; /* NULL: none */
};

struct status {
    const char *version;
    const char *config;
    uint64_t pid;
    int64_t uptime;
    const char *state;
    uint64_t generation; /* 0: none is in force yet */
    uint64_t draining;   /* generations before it that still serve */
    uint64_t logger;     /* its pid */
    uint64_t connections;
    uint64_t reading;
    uint64_t writing;
    uint64_t waiting;
    uint64_t accepted;
    uint64_t requests;
    uint64_t rate;
    uint64_t sent;
    uint64_t accept_errors;
    uint64_t log_drops;
    uint64_t restarts;
    const char *last_restart; /* NULL: none */
    int64_t last_restart_age;
    uint64_t quarantined;            /* requests by their likes, see quarantine.h */
    const char *quarantined_request; /* the latest of them; NULL: none */
    const char *verdict;
    const char *verdict_text; /* its summary, and lines that follow */
    struct status_listener *listeners;
    size_t listener_count;
    struct status_worker *workers;
    size_t worker_count;
};

/* How a value is written. */
enum status_kind {
    STATUS_COUNT, /* uint64_t */
    STATUS_BYTES, /* uint64_t */
    STATUS_RATE,  /* uint64_t, thousandths */
    STATUS_TIME,  /* int64_t, milliseconds */
    STATUS_TEXT,  /* const char *; NULL: there is none */
};

/* Where people see it, besides JSON. */
enum status_place {
    STATUS_LINE,   /* a line of its own */
    STATUS_ROW,    /* a column of `-s status` */
    STATUS_BOTH,   /* a column there and of `top` */
    STATUS_HIDDEN, /* in words of its own */
};

struct status_field {
    const char *name;
    const char *heading; /* of a column, if it is not the name */
    enum status_kind kind;
    enum status_place place;
    size_t offset;
};

/* Each ends with a row without a name. */
extern const struct status_field status_server_fields[];
extern const struct status_field status_listener_fields[];
extern const struct status_field status_worker_fields[];
extern const struct status_field status_request_fields[];

#define STATUS_ARENA 16384 /* bytes a chunk */

/* The arena owns what is in it; some texts are the master's. */
void status_gather(const struct master *master, struct arena *arena, struct status *out);

#endif
