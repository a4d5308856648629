/*
 * kept_head.h - the head of an answer, kept with its content for the next one.
 *
 * Nearly all answers with a file are alike: the whole of it, or that it is not modified,
 * to HTTP/1.1, on a connection that stays open, with no field of the configuration's
 * making. Where they say the same of the file their heads differ in Date only, which has
 * a fixed place. A file in the cache keeps one of each, the built-in page of an error
 * one, and frees it with itself; who answers so says where in response.kept.
 */
#ifndef SERVER_KEPT_HEAD_H
#define SERVER_KEPT_HEAD_H

#include "server/request.h"

/* The head of this answer, whose Server field is `server`, with the date of now, in the
 * request's arena; the null slice when none like it was kept. */
struct slice kept_head_get(struct request *request, struct slice server);

/* Keeps what was rendered, if answers like this one can use it. */
void kept_head_put(const struct request *request, struct slice server, struct slice head);

#endif
