/*
 * span.h - how many bytes at the front of a text may stand in a line of a log as they
 * are. Most often it is all of them, and every line asks.
 */
#ifndef COMMON_SPAN_H
#define COMMON_SPAN_H

#include "common/slice.h"

/* Printable US-ASCII, space included. */
size_t span_printable(struct slice text);

/* But '"' and '\': what escape_log() leaves alone. */
size_t span_log(struct slice text);

#endif
