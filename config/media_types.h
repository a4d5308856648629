/*
 * media_types.h - which media type a file name extension has: the table that holds while
 * no `types` block is given, and how such a table is filled.
 */
#ifndef CONFIG_MEDIA_TYPES_H
#define CONFIG_MEDIA_TYPES_H

#include "config/settings.h"

struct media_types *media_types_create(struct arena *arena);

/* The built-in table. */
struct media_types *media_types_default(struct arena *arena);

/* Extension without the dot, in any case. Returns the type that it had before, or NULL.
 */
const char *media_types_add(struct media_types *types, struct slice extension,
                            struct slice type);

#endif
