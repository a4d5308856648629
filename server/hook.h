/*
 * hook.h - where the tests make a worker fail.
 *
 * In the product these do nothing. Beside it the tests build a program that links
 * tests/integration/hook.c in place of hook.c.
 */
#ifndef SERVER_HOOK_H
#define SERVER_HOOK_H

#include "common/slice.h"

/* In a new worker, before it is ready: why it cannot start, or NULL. */
const char *hook_start(unsigned slot);

/* Before a request is answered. */
void hook_request(struct slice path);

#endif
