/*
 * named.h - from "@name" in try_files and error_page to the location of that name.
 */
#ifndef CONFIG_NAMED_H
#define CONFIG_NAMED_H

#include "config/scope.h"

/* In every server and location; after inheritance. A try_files to a name that its server
 * has not is an error, an error_page too, but for one inherited from http: a warning. */
void named_resolve(struct build *build);

#endif
