#include "tests/unit/unit.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

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

/* What tests make lies in here: one removal at the end costs less than one a test. */
static char temp[] = "/tmp/unit-XXXXXX";

static bool make_directory(char *template)
{
    return mkdtemp(template) != NULL && chmod(template, 0755) == 0;
}

void unit_temp(char path[UNIT_TEMP_SIZE])
{
    snprintf(path, UNIT_TEMP_SIZE, "%s/XXXXXX", temp);
    ck_assert(make_directory(path));
}

static bool remove_temp(void)
{
    char command[96];
    snprintf(command, sizeof(command), "chmod -R u+rwX %s && rm -r %s", temp, temp);
    return system(command) == 0;
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
    if (!make_directory(temp)) {
        perror(temp);
        return EXIT_FAILURE;
    }
    SRunner *runner = srunner_create(NULL);
    for (size_t i = 0; i < suite_count; i++) {
        srunner_add_suite(runner, make_suite(i));
    }
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return remove_temp() && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
