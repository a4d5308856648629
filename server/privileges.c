#include "server/privileges.h"
#include "common/log.h"
#include "common/xalloc.h"
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define DEFAULT_USER   "nobody"
#define GROUPS_FIRST   32
#define SPARE_FDS      32 /* event loop, channel, name look-ups .. */
#define FDS_CONNECTION 2  /* a socket, and the file that is sent to it */

static void resolve_groups(struct credentials *out, const char *user)
{
    int room = GROUPS_FIRST;
    out->groups = xcalloc((size_t)room, sizeof(gid_t));
    out->group_count = room;
    while (getgrouplist(user, out->gid, out->groups, &out->group_count) < 0) {
        /* Some systems say how many there are, others leave the number as it was. */
        room = out->group_count > room ? out->group_count : room * 2;
        out->groups = xrealloc(out->groups, (size_t)room * sizeof(gid_t));
        out->group_count = room;
    }
}

/* Where the root folder was made for the server, there may be no `file` to look in. */
static bool unknown(struct diagnostics *diag, struct position at, const char *what,
                    const char *name, const char *file)
{
    char help[64];
    snprintf(help, sizeof(help), "there is no %s", file);
    diag_error(diag, at, access(file, F_OK) == 0 ? NULL : help,
               "unknown %s \"%s\" in \"user\"", what, name);
    return false;
}

bool privileges_resolve(struct credentials *out, const struct main_settings *set,
                        struct diagnostics *diag)
{
    *out = (struct credentials){.drop = geteuid() == 0};
    if (!out->drop) {
        return true;
    }
    const char *user = set->user == NULL ? DEFAULT_USER : set->user;
    const struct passwd *passwd = getpwnam(user);
    if (passwd == NULL) {
        return unknown(diag, set->user_at, "user", user, "/etc/passwd");
    }
    out->uid = passwd->pw_uid;
    out->gid = passwd->pw_gid;
    if (set->group != NULL) {
        const struct group *group = getgrnam(set->group);
        if (group == NULL) {
            return unknown(diag, set->user_at, "group", set->group, "/etc/group");
        }
        out->gid = group->gr_gid;
    }
    resolve_groups(out, user);
    return true;
}

void privileges_free(struct credentials *credentials)
{
    free(credentials->groups);
    *credentials = (struct credentials){0};
}

/* Above the hard limit only the system's permission leads: a container's root often lacks
 * it. Asking for it leaves the soft limit alone. */
static rlim_t within_hard_limit(rlim_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || wanted <= limit.rlim_max) {
        return wanted;
    }
    const struct rlimit raised = {.rlim_cur = limit.rlim_cur, .rlim_max = wanted};
    return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? wanted : limit.rlim_max;
}

static const char *set_limits(const struct main_settings *set)
{
    rlim_t nofile = within_hard_limit(set->worker_rlimit_nofile);
    const struct rlimit limit = {.rlim_cur = nofile, .rlim_max = nofile};
    if (nofile != 0 && setrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return "setrlimit(RLIMIT_NOFILE)";
    }
    if (set->worker_priority != 0 &&
        setpriority(PRIO_PROCESS, 0, set->worker_priority) < 0) {
        return "setpriority()";
    }
    return NULL;
}

/* True when the process is who it should be and cannot become root again. */
static bool is_dropped(const struct credentials *credentials)
{
    uid_t real_uid, effective_uid, saved_uid;
    gid_t real_gid, effective_gid, saved_gid;
    if (getresuid(&real_uid, &effective_uid, &saved_uid) < 0 ||
        getresgid(&real_gid, &effective_gid, &saved_gid) < 0) {
        return false;
    }
    uid_t uid = credentials->uid;
    gid_t gid = credentials->gid;
    bool changed = real_uid == uid && effective_uid == uid && saved_uid == uid &&
                   real_gid == gid && effective_gid == gid && saved_gid == gid;
    return changed && (uid == 0 || setuid(0) < 0);
}

static const char *drop(const struct credentials *credentials)
{
    if (setgroups((size_t)credentials->group_count, credentials->groups) < 0) {
        return "setgroups()";
    }
    if (setresgid(credentials->gid, credentials->gid, credentials->gid) < 0) {
        return "setresgid()";
    }
    if (setresuid(credentials->uid, credentials->uid, credentials->uid) < 0) {
        return "setresuid()";
    }
    if (!is_dropped(credentials)) {
        errno = EPERM;
        return "giving up privileges";
    }
    return NULL;
}

/* What the change of user undid: core dumps (their size is up to the limit) and the
 * signal at the parent's death, which may have come already. */
static const char *set_process_flags(pid_t parent)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        return "prctl(PR_SET_NO_NEW_PRIVS)";
    }
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGQUIT, 0, 0, 0);
    pid_t now = getppid();
    if (now != parent && now != 0) { /* 0: the parent is in another PID namespace */
        raise(SIGQUIT);
    }
    return NULL;
}

const char *privileges_apply(const struct credentials *credentials,
                             const struct main_settings *set, pid_t parent)
{
    const char *failed = set == NULL ? NULL : set_limits(set);
    if (failed == NULL && credentials->drop) {
        failed = drop(credentials);
    }
    return failed != NULL ? failed : set_process_flags(parent);
}

void privileges_raise_limits(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static rlim_t descriptors(const struct main_settings *set)
{
    struct rlimit limit;
    if (set->worker_rlimit_nofile != 0) {
        rlim_t allowed = within_hard_limit(set->worker_rlimit_nofile);
        if (allowed < set->worker_rlimit_nofile) {
            log_write(NULL, LOG_LEVEL_WARN,
                      "worker_rlimit_nofile %llu is above the hard limit, using %llu",
                      (unsigned long long)set->worker_rlimit_nofile,
                      (unsigned long long)allowed);
        }
        return allowed;
    }
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

size_t privileges_connections(const struct main_settings *set, size_t held,
                              bool *shortened)
{
    rlim_t limit = descriptors(set);
    size_t wanted = set->worker_connections;
    *shortened = false;
    if (limit == RLIM_INFINITY ||
        limit >= FDS_CONNECTION * (rlim_t)wanted + held + SPARE_FDS) {
        return wanted;
    }
    rlim_t reserve = held + (limit / 4 < SPARE_FDS ? limit / 4 : SPARE_FDS);
    rlim_t left = limit > reserve ? limit - reserve : 0;
    *shortened = true;
    return left >= FDS_CONNECTION ? (size_t)(left / FDS_CONNECTION) : 1;
}
