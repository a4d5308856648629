#include "server/proc_status.h"
#include "tests/unit/unit.h"
#include <unistd.h>

START_TEST(finds_a_number)
{
    ck_assert_int_eq(proc_status_number(getpid(), "Pid"), getpid());
    ck_assert_int_gt(proc_status_number(getpid(), "VmRSS"), 0);
}
END_TEST

START_TEST(knows_whole_labels_of_living_processes_only)
{
    ck_assert_int_eq(proc_status_number(getpid(), "id"), 0);
    ck_assert_int_eq(proc_status_number(-1, "Pid"), 0);
}
END_TEST

UNIT_SUITE(proc_status)
{
    UNIT_TEST(finds_a_number);
    UNIT_TEST(knows_whole_labels_of_living_processes_only);
}
