/*
 * vars.h - the values of $variables for a request.
 *
 * A value is a slice that lives as long as the request. A variable that has no value is
 * the null slice: empty in text, "-" in an access log.
 */
#ifndef SERVER_VARS_H
#define SERVER_VARS_H

#include "common/buf.h"
#include "config/template.h"
#include "server/request.h"

struct slice vars_get(struct request *request, enum variable variable,
                      struct slice member);

/* True for a number, a time or an address: there is never anything to escape in it. */
bool vars_is_plain(enum variable variable);

/* A whole template as text in the request's arena, NUL-terminated. */
struct slice vars_expand(struct request *request, const struct template *text);

#endif
