/*
 * vars_client.h - variables about the connection, the server and the process.
 *
 * Each returns a value that lives as long as the request, or the null slice.
 */
#ifndef SERVER_VARS_CLIENT_H
#define SERVER_VARS_CLIENT_H

#include "server/request.h"

struct slice vars_connection(struct request *request);
struct slice vars_connection_requests(struct request *request);
struct slice vars_connection_time(struct request *request);
struct slice vars_pipe(struct request *request);
struct slice vars_remote_addr(struct request *request);
struct slice vars_remote_port(struct request *request);
struct slice vars_server_addr(struct request *request);
struct slice vars_server_port(struct request *request);
struct slice vars_server_name(struct request *request);
struct slice vars_scheme(struct request *request);
struct slice vars_https(struct request *request);
struct slice vars_hostname(struct request *request);
struct slice vars_pid(struct request *request);
struct slice vars_msec(struct request *request);
struct slice vars_time_iso8601(struct request *request);
struct slice vars_time_local(struct request *request);

#endif
