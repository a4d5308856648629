/*
 * request_phases.h - the order in which a request is judged and answered.
 *
 *     method known -> return of the server -> internal -> body size -> return
 *       -> try_files -> method allowed -> index -> listing -> file; then, once, the
 *       headers
 *
 * An internal redirect sets request->again, and the phases run once more from the start
 * with the location that it chose.
 */
#ifndef SERVER_REQUEST_PHASES_H
#define SERVER_REQUEST_PHASES_H

#include "server/request.h"

/* Runs the phases while request->again, then finishes the answer: the status that
 * error_page keeps, no content where there must be none, and the headers phase. */
void request_phases_run(struct request *request);

#endif
