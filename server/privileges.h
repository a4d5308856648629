/*
 * privileges.h - what a child may do: as whom it runs, and what it gives up for good.
 *
 * The names are looked up once, by the master, before a configuration is taken: an
 * unknown user is a message there, not a worker that dies.
 */
#ifndef SERVER_PRIVILEGES_H
#define SERVER_PRIVILEGES_H

#include "config/diagnose.h"
#include "config/settings.h"
#include <stdbool.h>
#include <sys/types.h>

struct credentials {
    bool drop; /* false: not started as root, nothing to change to */
    uid_t uid;
    gid_t gid;
    gid_t *groups; /* owned */
    int group_count;
};

/* Looks the configured user and group up. Returns false when there is none (reported). */
bool privileges_resolve(struct credentials *out, const struct main_settings *set,
                        struct diagnostics *diag);
void privileges_free(struct credentials *credentials);

/*
 * For a child just forked by `parent`: resource limits and priority of a worker (`set`;
 * NULL: as they are), groups, gid, uid, a check that there is no way back, no new
 * privileges by exec, and SIGQUIT when the parent dies. Returns NULL, or what failed,
 * with errno.
 */
const char *privileges_apply(const struct credentials *credentials,
                             const struct main_settings *set, pid_t parent);

/* Raises the soft limit of descriptors of this process to the hard one. */
void privileges_raise_limits(void);

/*
 * The connections that a worker can hold with the descriptors that it will have:
 * worker_connections, or fewer, and then *shortened says so. `held` are the descriptors
 * that it has besides.
 */
size_t privileges_connections(const struct main_settings *set, size_t held,
                              bool *shortened);

#endif
