/*
 * variables.h - the names of the $variables. Their values are the server's
 * (server/vars.h).
 */
#ifndef CONFIG_VARIABLES_H
#define CONFIG_VARIABLES_H

#include "common/slice.h"
#include <stdbool.h>

/* X(id, name): variables with a fixed name; of the fields, those that most log formats
 * have. */
#define VARIABLE_LIST(X)                                                                 \
    X(ARGS, "args")                                                                      \
    X(BODY_BYTES_SENT, "body_bytes_sent")                                                \
    X(BYTES_SENT, "bytes_sent")                                                          \
    X(CONNECTION, "connection")                                                          \
    X(CONNECTION_REQUESTS, "connection_requests")                                        \
    X(CONNECTION_TIME, "connection_time")                                                \
    X(CONTENT_LENGTH, "content_length")                                                  \
    X(CONTENT_TYPE, "content_type")                                                      \
    X(DOCUMENT_ROOT, "document_root")                                                    \
    X(DOCUMENT_URI, "document_uri")                                                      \
    X(HOST, "host")                                                                      \
    X(HOSTNAME, "hostname")                                                              \
    X(HTTPS, "https")                                                                    \
    X(HTTP_HOST, "http_host")                                                            \
    X(HTTP_REFERER, "http_referer")                                                      \
    X(HTTP_USER_AGENT, "http_user_agent")                                                \
    X(IS_ARGS, "is_args")                                                                \
    X(LIMIT_RATE, "limit_rate")                                                          \
    X(MSEC, "msec")                                                                      \
    X(PID, "pid")                                                                        \
    X(PIPE, "pipe")                                                                      \
    X(QUERY_STRING, "query_string")                                                      \
    X(REALPATH_ROOT, "realpath_root")                                                    \
    X(REMOTE_ADDR, "remote_addr")                                                        \
    X(REMOTE_PORT, "remote_port")                                                        \
    X(REMOTE_USER, "remote_user")                                                        \
    X(REQUEST, "request")                                                                \
    X(REQUEST_COMPLETION, "request_completion")                                          \
    X(REQUEST_FILENAME, "request_filename")                                              \
    X(REQUEST_ID, "request_id")                                                          \
    X(REQUEST_LENGTH, "request_length")                                                  \
    X(REQUEST_METHOD, "request_method")                                                  \
    X(REQUEST_TIME, "request_time")                                                      \
    X(REQUEST_URI, "request_uri")                                                        \
    X(SCHEME, "scheme")                                                                  \
    X(SERVER_ADDR, "server_addr")                                                        \
    X(SERVER_NAME, "server_name")                                                        \
    X(SERVER_PORT, "server_port")                                                        \
    X(SERVER_PROTOCOL, "server_protocol")                                                \
    X(STATUS, "status")                                                                  \
    X(TIME_ISO8601, "time_iso8601")                                                      \
    X(TIME_LOCAL, "time_local")                                                          \
    X(URI, "uri")

/* X(id, prefix): families; what follows the prefix names the member. */
#define VARIABLE_PREFIX_LIST(X)                                                          \
    X(ARG_PREFIX, "arg_")                                                                \
    X(COOKIE_PREFIX, "cookie_")                                                          \
    X(HTTP_PREFIX, "http_")                                                              \
    X(SENT_HTTP_PREFIX, "sent_http_")

enum variable {
    VARIABLE_LITERAL, /* not a variable: text as it stands */
#define VARIABLE_ENUM(id, name) VARIABLE_##id,
    VARIABLE_LIST(VARIABLE_ENUM) VARIABLE_PREFIX_LIST(VARIABLE_ENUM)
#undef VARIABLE_ENUM
        VARIABLE_COUNT,
    VARIABLE_FAMILY_FIRST = VARIABLE_ARG_PREFIX, /* from here on all are families */
};

/* VARIABLE_LITERAL when there is no such variable. For a family, *member is what follows
 * the prefix; else the empty slice. */
enum variable variable_lookup(struct slice name, struct slice *member);

/* The name (or prefix), NUL-terminated; for messages, the manual's test and hints. */
const char *variable_name(enum variable variable);

#endif
