/*
 * headers.h - the headers phase: expires, add_header and charset on a final answer.
 */
#ifndef SERVER_HEADERS_H
#define SERVER_HEADERS_H

#include "server/request.h"

/*
 * Adds what the location asks for. Called once, with the final status. A value that is
 * empty is not sent. What add_header says of Content-Type, ETag, Last-Modified, Location
 * and Server replaces the answer's own (an empty ETag, Last-Modified or Server takes it
 * away); Vary joins the answer's own into one line; Connection and Date are the server's
 * alone and are left out, and so are Content-Length and Transfer-Encoding, which the
 * configuration refuses.
 */
void headers_apply(struct request *request);

#endif
