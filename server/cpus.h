/*
 * cpus.h - how many workers "auto" means.
 *
 * The CPUs that this process may run on (affinity), or less where a cgroup's quota gives
 * less time: a container with two CPUs' worth on a machine of 64 gets two workers.
 */
#ifndef SERVER_CPUS_H
#define SERVER_CPUS_H

/* At least 1. */
unsigned cpus_available(void);

/*
 * The quota in whole CPUs, rounded up; 0: none. proc_cgroup is the text of
 * /proc/self/cgroup, mount the directory below which cgroups are mounted
 * (/sys/fs/cgroup). Every level from the process's group to the root counts.
 */
unsigned cpus_quota(const char *proc_cgroup, const char *mount);

#endif
