#include "server/cpus.h"
#include "tests/unit/server/tempdir.h"
#include "tests/unit/unit.h"
#include <sched.h>

static void make_dirs(void)
{
    static const char *const dirs[] = {
        "a", "a/b", "unified", "unified/c", "cpu,cpuacct", "cpu,cpuacct/d",
    };
    tempdir_make();
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        tempdir_mkdir(dirs[i]);
    }
}

static unsigned quota(const char *proc_cgroup)
{
    return cpus_quota(proc_cgroup, tempdir);
}

START_TEST(reads_a_quota_of_cgroup_2)
{
    make_dirs();
    ck_assert_uint_eq(quota("0::/a/b\n"), 0);
    tempdir_write("a/b/cpu.max", "max 100000\n");
    ck_assert_uint_eq(quota("0::/a/b\n"), 0);
    tempdir_write("a/b/cpu.max", "150000 100000\n");
    ck_assert_uint_eq(quota("0::/a/b\n"), 2);
    tempdir_write("a/b/cpu.max", "10000 100000\n");
    ck_assert_uint_eq(quota("0::/a/b\n"), 1);
}
END_TEST

START_TEST(obeys_the_tightest_of_all_levels)
{
    make_dirs();
    tempdir_write("a/b/cpu.max", "800000 100000\n");
    tempdir_write("a/cpu.max", "300000 100000\n");
    ck_assert_uint_eq(quota("0::/a/b\n"), 3);
    tempdir_write("cpu.max", "200000 100000\n");
    ck_assert_uint_eq(quota("0::/a/b\n"), 2);
    ck_assert_uint_eq(quota("0::/\n"), 2);
}
END_TEST

START_TEST(finds_the_hybrid_hierarchy)
{
    make_dirs();
    tempdir_write("unified/c/cpu.max", "400000 100000\n");
    ck_assert_uint_eq(quota("12:pids:/x\n0::/c\n"), 4);
}
END_TEST

START_TEST(reads_a_quota_of_cgroup_1)
{
    make_dirs();
    const char *group = "4:memory:/d\n3:cpu,cpuacct:/d\n1:cpuset:/d\n";
    tempdir_write("cpu,cpuacct/d/cpu.cfs_period_us", "100000\n");
    tempdir_write("cpu,cpuacct/d/cpu.cfs_quota_us", "-1\n");
    ck_assert_uint_eq(quota(group), 0);
    tempdir_write("cpu,cpuacct/d/cpu.cfs_quota_us", "250000\n");
    ck_assert_uint_eq(quota(group), 3);
    ck_assert_uint_eq(quota("1:cpuset:/d\n"), 0);
}
END_TEST

START_TEST(makes_nothing_of_nonsense)
{
    make_dirs();
    tempdir_write("a/cpu.max", "lots of it\n");
    ck_assert_uint_eq(quota("0::/a\n"), 0);
    tempdir_write("a/cpu.max", "0 0\n");
    ck_assert_uint_eq(quota("0::/a\n"), 0);
    tempdir_write("a/cpu.max", "");
    ck_assert_uint_eq(quota("0::/a\n"), 0);
    ck_assert_uint_eq(quota(""), 0);
    ck_assert_uint_eq(quota("x\n:::\n::\n"), 0);
}
END_TEST

START_TEST(honours_affinity)
{
    cpu_set_t all;
    ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
    unsigned available = cpus_available();
    ck_assert_uint_ge(available, 1);
    ck_assert_int_le((int)available, CPU_COUNT(&all));
    size_t first = 0;
    while (!CPU_ISSET(first, &all)) {
        first++;
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
    ck_assert_uint_eq(cpus_available(), 1);
    ck_assert_int_eq(sched_setaffinity(0, sizeof(all), &all), 0);
}
END_TEST

UNIT_SUITE(cpus)
{
    UNIT_TEST(reads_a_quota_of_cgroup_2);
    UNIT_TEST(obeys_the_tightest_of_all_levels);
    UNIT_TEST(finds_the_hybrid_hierarchy);
    UNIT_TEST(reads_a_quota_of_cgroup_1);
    UNIT_TEST(makes_nothing_of_nonsense);
    UNIT_TEST(honours_affinity);
}
