/*
 * vars_family.h - variables whose name says which member of a family is meant.
 *
 * Each returns a value that lives as long as the request, or the null slice.
 */
#ifndef SERVER_VARS_FAMILY_H
#define SERVER_VARS_FAMILY_H

#include "server/request.h"

/* An argument of the query, as sent (not decoded); the name in any case. */
struct slice vars_arg(struct request *request, struct slice name);

/* A cookie of any Cookie line; the name in any case. */
struct slice vars_cookie(struct request *request, struct slice name);

/* A field of the request ('_' stands for '-'); several lines are joined by ", ". */
struct slice vars_http(struct request *request, struct slice name);

/* A field of the response. */
struct slice vars_sent_http(struct request *request, struct slice name);

#endif
