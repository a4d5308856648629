/*
 * log_formats.h - the lines that access_log writes: log_format and what is built in.
 *
 * `combined` is the usual one; `json` is an object a line, for machines. A log_format of
 * the same name takes their place.
 */
#ifndef CONFIG_LOG_FORMATS_H
#define CONFIG_LOG_FORMATS_H

#include "config/scope.h"

/* Fills build->formats with the built-in ones. */
void log_formats_init(struct build *build);

#endif
