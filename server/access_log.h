/*
 * access_log.h - one line a request to each access_log of its location.
 */
#ifndef SERVER_ACCESS_LOG_H
#define SERVER_ACCESS_LOG_H

#include "server/request.h"

/* Renders each line once per format and hands it to the service's sink. Values are
 * escaped as the format says; in a line that would be longer than ACCESS_LINE_MAX, which
 * the ring takes, the longest values are cut until it fits. */
#define ACCESS_LINE_MAX 16384
void access_log_write(struct request *request);

#endif
