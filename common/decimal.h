/*
 * decimal.h - numbers as decimal digits, for what is written with each request.
 */
#ifndef COMMON_DECIMAL_H
#define COMMON_DECIMAL_H

#include "common/slice.h"
#include <stdint.h>

#define DECIMAL_MAX 20 /* 2^64 - 1 has twenty digits */

/* The digits, at the end of `room`. */
struct slice decimal_format(uint64_t value, char room[DECIMAL_MAX]);

#endif
