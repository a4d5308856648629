#include "server/cpus.h"
#include "common/fdutil.h"
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CPUS_MAX 65536

/* A file of /sys or /proc as text in *out, NUL-terminated; false when it is not there. */
static bool read_text(const char *path, struct buf *out)
{
    buf_clear(out);
    return fd_read_file(path, out) == 0 && buf_append_char(out, '\0');
}

static unsigned whole_cpus(long long quota, long long period)
{
    if (quota <= 0 || period <= 0 || quota / period >= CPUS_MAX) {
        return 0;
    }
    return (unsigned)((quota + period - 1) / period);
}

static unsigned lower(unsigned a, unsigned b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* cgroup 2: "max 100000" or "150000 100000" in one file. */
static unsigned quota_v2(const char *dir, struct buf *text)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/cpu.max", dir);
    long long quota;
    long long period;
    if (!read_text(path, text) || sscanf(text->data, "%lld %lld", &quota, &period) != 2) {
        return 0;
    }
    return whole_cpus(quota, period);
}

static long long read_number(const char *dir, const char *name, struct buf *text)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return read_text(path, text) ? strtoll(text->data, NULL, 10) : 0;
}

/* cgroup 1: two files; a quota of -1 is none. */
static unsigned quota_v1(const char *dir, struct buf *text)
{
    long long quota = read_number(dir, "cpu.cfs_quota_us", text);
    return whole_cpus(quota, read_number(dir, "cpu.cfs_period_us", text));
}

typedef unsigned quota_reader(const char *dir, struct buf *text);

/* The lowest quota from `group` (an absolute path below `mount`) up to the root. */
static unsigned walk_up(const char *mount, struct slice group, quota_reader *read)
{
    struct buf text = {0};
    unsigned lowest = 0;
    for (;;) {
        char dir[PATH_MAX - 32];
        snprintf(dir, sizeof(dir), "%s%.*s", mount, SLICE_ARG(group));
        lowest = lower(lowest, read(dir, &text));
        if (group.len == 0) {
            break;
        }
        size_t slash = slice_rfind(group, '/');
        group.len = slash < group.len ? slash : 0;
    }
    buf_free(&text);
    return lowest;
}

static bool has_controller(struct slice list, const char *name)
{
    struct slice part;
    while (slice_split(&list, ',', &part)) {
        if (slice_eq(part, slice_str(name))) {
            return true;
        }
    }
    return false;
}

static unsigned below(const char *mount, const char *name, struct slice group,
                      quota_reader *read)
{
    char dir[PATH_MAX / 2];
    snprintf(dir, sizeof(dir), "%s%s", mount, name);
    return walk_up(dir, group, read);
}

/* One line "hierarchy:controllers:path"; the unified hierarchy names no controllers. */
static unsigned quota_of_line(struct slice line, const char *mount)
{
    struct slice hierarchy;
    struct slice controllers;
    struct slice group = line;
    if (!slice_split(&group, ':', &hierarchy) ||
        !slice_split(&group, ':', &controllers) || group.ptr == NULL) {
        return 0;
    }
    if (controllers.len == 0) {
        return lower(below(mount, "", group, quota_v2),
                     below(mount, "/unified", group, quota_v2));
    }
    if (!has_controller(controllers, "cpu")) {
        return 0;
    }
    return lower(below(mount, "/cpu", group, quota_v1),
                 below(mount, "/cpu,cpuacct", group, quota_v1));
}

unsigned cpus_quota(const char *proc_cgroup, const char *mount)
{
    struct slice rest = slice_str(proc_cgroup);
    struct slice line;
    unsigned lowest = 0;
    while (slice_split(&rest, '\n', &line)) {
        lowest = lower(lowest, quota_of_line(line, mount));
    }
    return lowest;
}

/* The kernel refuses a set smaller than its own: ask with ever larger ones. */
static unsigned affinity(void)
{
    for (int cpus = CPU_SETSIZE; cpus <= CPUS_MAX; cpus *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)cpus);
        size_t size = CPU_ALLOC_SIZE((size_t)cpus);
        bool known = set != NULL && sched_getaffinity(0, size, set) == 0;
        int count = known ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (count > 0) {
            return (unsigned)count;
        }
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (unsigned)online : 1;
}

unsigned cpus_available(void)
{
    struct buf text = {0};
    unsigned quota = 0;
    if (read_text("/proc/self/cgroup", &text)) {
        quota = cpus_quota(text.data, "/sys/fs/cgroup");
    }
    buf_free(&text);
    return lower(affinity(), quota);
}
