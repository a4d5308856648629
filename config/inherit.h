/*
 * inherit.h - what blocks take from those around them.
 *
 * A row that was not given in a scope takes its bytes from the scope around it, unless
 * the table says that it is not inherited; at the outermost level it takes its default,
 * which is read from the table's text by the same setter as anybody's.
 */
#ifndef CONFIG_INHERIT_H
#define CONFIG_INHERIT_H

#include "config/scope.h"

/* The error log of the main level when none is configured: that of -e, else a file. */
void inherit_error_log(struct build *build);

/* Gives the root scope the other defaults, those that nobody wrote. */
void inherit_defaults(struct build *build);

/* Fills every scope below this one, outermost first. */
void inherit_scopes(struct build *build, const struct scope *scope);

/* Whether some server or location has the default access log, which is the last of
 * build->log_files if it is there at all. */
bool inherit_uses_default_access_log(const struct build *build);

/* Gives locations with the same settings the same struct; from here on they are const. */
void inherit_share(struct build *build);

#endif
