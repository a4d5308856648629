/*
 * report.h - the messages of a configuration, to where somebody reads them.
 */
#ifndef SERVER_REPORT_H
#define SERVER_REPORT_H

#include "config/diagnose.h"
#include <stdbool.h>

/* On standard error, with source line, caret and help. quiet: errors only. */
void report_print(const struct diagnostics *diag, bool quiet);

/* In the error log, a line each, from the index `first` on. */
void report_log(const struct diagnostics *diag, size_t first);

#endif
