/*
 * access_log.h - one line a request to each access_log of its location.
 */
#ifndef SERVER_ACCESS_LOG_H
#define SERVER_ACCESS_LOG_H

#include "server/request.h"

/* Renders each line once per format and hands it to the service's sink. Values are
 * escaped as the format says; a line longer than the ring takes is cut to
 * ACCESS_LINE_MAX. */
#define ACCESS_LINE_MAX 16384
void access_log_write(struct request *request);

#endif
