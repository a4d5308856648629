/*
 * kept_head.h - the head of an answer, kept with its content for the next one.
 *
 * Nearly all answers with a file are alike: the whole of it, or that it is not modified,
 * on a connection that stays open or one that does not, with no field of the
 * configuration's making. Where they say the same of the file their heads differ in Date
 * only, which has a fixed place. A file in the cache keeps one of each, the built-in page
 * of an error one, and frees it with itself; who answers so says where in response.kept.
 *
 * Answers send the kept head itself, so it changes only while none is on its way. In
 * front of content in memory there is room for nearly every head: both leave in one
 * piece, which costs the system less than two.
 */
#ifndef SERVER_KEPT_HEAD_H
#define SERVER_KEPT_HEAD_H

#include "common/slice.h"

struct request;

#define KEPT_HEAD_ROOM 320 /* bytes in front of content in memory */

/* Of answers with one content. */
struct kept_place {
    struct kept_head *head; /* or NULL */
    char *content;   /* has KEPT_HEAD_ROOM bytes in front of it; NULL: there is no room */
    unsigned users;  /* answers with this head that are not yet sent */
    unsigned misses; /* answers since then that it did not suit */
};

/* Nobody uses it any more. */
void kept_head_clear(struct kept_place *place);

/* The head of this answer, whose Server field is `server`, with the date of now; it lives
 * as long as the request. The null slice when none like it was kept. */
struct slice kept_head_get(struct request *request, struct slice server);

/* The same of a head that was rendered: kept, if answers like this one can use it, or in
 * the request's arena. */
struct slice kept_head_put(struct request *request, struct slice server,
                           struct slice head);

/* The answer is sent, or never will be. */
void kept_head_release(struct request *request);

#endif
