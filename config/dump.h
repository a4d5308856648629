/*
 * dump.h - the effective configuration, as text that loads (-T).
 *
 * Includes are replaced by what they include, each preceded by a comment with its file;
 * settings of the main level and of http that nobody wrote are shown as comments with
 * their defaults.
 */
#ifndef CONFIG_DUMP_H
#define CONFIG_DUMP_H

#include "common/buf.h"
#include "config/settings.h"

void dump_config(const struct config *config, struct buf *out);

#endif
