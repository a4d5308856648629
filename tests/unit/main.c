#include "tests/unit/unit.h"
#include <assert.h>
#include <stdlib.h>

#define SUITES_MAX 128

static struct {
    const char *name;
    void (*fill)(TCase *unit_case);
} suites[SUITES_MAX];
static size_t suite_count;

void unit_register(const char *name, void (*fill)(TCase *unit_case))
{
    assert(suite_count < SUITES_MAX);
    suites[suite_count].name = name;
    suites[suite_count++].fill = fill;
}

static Suite *make_suite(size_t index)
{
    Suite *suite = suite_create(suites[index].name);
    TCase *unit_case = tcase_create(suites[index].name);
    tcase_set_timeout(unit_case, 60);
    suites[index].fill(unit_case);
    suite_add_tcase(suite, unit_case);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(NULL);
    for (size_t i = 0; i < suite_count; i++) {
        srunner_add_suite(runner, make_suite(i));
    }
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
