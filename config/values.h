/*
 * values.h - the types of directive arguments. Each parser returns NULL, or a phrase that
 * says what is wrong and what was expected; the result is stored only on success.
 */
#ifndef CONFIG_VALUES_H
#define CONFIG_VALUES_H

#include "common/slice.h"
#include <stdbool.h>
#include <stdint.h>

/* on | off */
const char *value_flag(struct slice text, bool *value);

/* Digits only, no sign. */
const char *value_number(struct slice text, uint64_t *value);

/* Bytes: digits with an optional k, m or g (1024s), any case. */
const char *value_size(struct slice text, uint64_t *value);

/* Milliseconds: "1h30m" style, units ms s m h d w M y in descending
 * order, a bare number is seconds. M is 30 days, y 365 days. At most 292 years, so that
 * it fits as nanoseconds, too. A blank may stand between the parts. */
const char *value_time(struct slice text, int64_t *milliseconds);

#endif
