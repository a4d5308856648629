#include "config/scope.h"
#include "config/setters.h"
#include "config/values.h"

#define PRIORITY_MIN (-20)
#define PRIORITY_MAX 19

bool set_user(struct build *build, const struct directive *row,
              const struct statement *statement, void *target)
{
    (void)target;
    for (size_t i = 0; i < statement->arg_count; i++) {
        if (statement->args[i].text.len == 0) {
            return build_refuse(build, row, &statement->args[i], "empty name");
        }
    }
    struct main_settings *set = &build->config->set;
    set->user_at = statement->name.at;
    set->user = arena_cstr(build->arena, statement->args[0].text);
    if (statement->arg_count == 2) {
        set->group = arena_cstr(build->arena, statement->args[1].text);
    }
    return true;
}

bool set_worker_processes(struct build *build, const struct directive *row,
                          const struct statement *statement, void *target)
{
    const struct word *word = &statement->args[0];
    uint64_t number = 0;
    if (!slice_eq(word->text, slice_str("auto"))) {
        const char *problem = value_number(word->text, &number);
        if (problem != NULL) {
            return build_refuse(build, row, word, problem);
        }
        if (number < 1 || number > WORKERS_MAX) {
            problem = arena_printf(build->scratch, "must be 1 to %d", WORKERS_MAX);
            return build_refuse(build, row, word, problem);
        }
    }
    *(uint32_t *)target = (uint32_t)number;
    return true;
}

bool set_worker_priority(struct build *build, const struct directive *row,
                         const struct statement *statement, void *target)
{
    const struct word *word = &statement->args[0];
    bool negative = slice_starts(word->text, slice_str("-"));
    uint64_t number;
    const char *problem = value_number(slice_from(word->text, negative ? 1 : 0), &number);
    if (problem != NULL) {
        return build_refuse(build, row, word, problem);
    }
    if (number > (negative ? -PRIORITY_MIN : PRIORITY_MAX)) {
        return build_refuse(build, row, word, "must be -20 to 19");
    }
    *(int32_t *)target = negative ? -(int32_t)number : (int32_t)number;
    return true;
}
