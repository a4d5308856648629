/*
 * compare.h - what differs between two configurations, told for people: "what changed" in
 * the verdict of a reload.
 *
 *     listener added: 127.0.0.1:8081
 *     listener removed: 0.0.0.0:80
 *     default server of 127.0.0.1:80: now b.example, was a.example
 *     main settings changed: error_log, worker_processes
 *     server added: example.org (site.conf:12)
 *     server changed: b.example (b.conf:4): location added: /a; settings changed: root
 *
 * The statements are compared as they were written, includes opened: a value written in
 * another way ("1m", "60s") is a change; comments, white space, quotes and the place of a
 * statement are none. A directive that is given twice in a block keeps its order. A
 * server is known by its first name, or by its first `listen` line when it has none; of
 * several that are alike, by its number, once those that are the same at the start and
 * the end are left out. Servers and names come in the order of their bytes. Takes n log n
 * of all statements.
 */
#ifndef CONFIG_COMPARE_H
#define CONFIG_COMPARE_H

#include "config/settings.h"

#define COMPARE_LINES_MAX 20
#define COMPARE_NAMES_MAX 3  /* of one kind in a line, the others are counted */
#define COMPARE_NAME_MAX  80 /* bytes of a name; a longer one is cut */

/* One line a difference, each ended by a line feed; "nothing changed" when there is none.
 * At most COMPARE_LINES_MAX lines, then one that counts the rest. What comes from the
 * files is escaped as in logs. */
void compare_configs(const struct config *before, const struct config *after,
                     struct buf *out);

#endif
