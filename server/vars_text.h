/*
 * vars_text.h - numbers as text in a request's arena, without printf.
 */
#ifndef SERVER_VARS_TEXT_H
#define SERVER_VARS_TEXT_H

#include "server/request.h"

/* Decimal. */
struct slice vars_number(struct request *request, uint64_t value);

/* Seconds with three decimals; what is negative counts as 0. */
struct slice vars_seconds(struct request *request, int64_t milliseconds);

#endif
