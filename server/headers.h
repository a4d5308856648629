/*
 * headers.h - the headers phase: expires, add_header and charset on a final answer.
 */
#ifndef SERVER_HEADERS_H
#define SERVER_HEADERS_H

#include "server/request.h"

/*
 * Adds what the location asks for. Called once, with the final status. A value that is
 * empty is not sent. What add_header says of Content-Type, ETag, Last-Modified and
 * Location replaces the answer's own; Vary joins the answer's own into one line; fields
 * that frame the message (Content-Length, Transfer-Encoding, Connection, Date) are the
 * server's alone and are left out.
 */
void headers_apply(struct request *request);

#endif
