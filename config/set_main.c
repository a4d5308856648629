#include "config/scope.h"
#include "config/setters.h"
#include "config/values.h"

#define PRIORITY_MIN (-20)
#define PRIORITY_MAX 19

#define QUARANTINE_MS 60000 /* of its window and its time, by default */

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

_Static_assert(QUARANTINE_DEATHS_MAX == 16, "as the message says");

static const char *read_deaths(struct slice text, uint32_t *deaths)
{
    uint64_t number;
    const char *problem = value_number(text, &number);
    if (problem == NULL && (number < 1 || number > QUARANTINE_DEATHS_MAX)) {
        problem = "deaths= must be 1 to 16";
    }
    if (problem == NULL) {
        *deaths = (uint32_t)number;
    }
    return problem;
}

static const char *read_span(struct slice text, int64_t *span)
{
    const char *problem = value_time(text, span);
    return problem == NULL && *span == 0 ? "must be longer than 0" : problem;
}

static const char *read_quarantine_word(struct slice text,
                                        struct quarantine_settings *quarantine)
{
    struct slice deaths = slice_str("deaths=");
    struct slice window = slice_str("window=");
    struct slice time = slice_str("time=");
    if (slice_starts(text, deaths)) {
        return read_deaths(slice_from(text, deaths.len), &quarantine->deaths);
    }
    if (slice_starts(text, window)) {
        return read_span(slice_from(text, window.len), &quarantine->window);
    }
    if (slice_starts(text, time)) {
        return read_span(slice_from(text, time.len), &quarantine->time);
    }
    return "unknown parameter";
}

bool set_request_quarantine(struct build *build, const struct directive *row,
                            const struct statement *statement, void *target)
{
    struct quarantine_settings quarantine = {
        .deaths = 3, .window = QUARANTINE_MS, .time = QUARANTINE_MS};
    const struct word *first = &statement->args[0];
    if (statement->arg_count == 1 && slice_eq(first->text, slice_str("off"))) {
        *(struct quarantine_settings *)target = (struct quarantine_settings){0};
        return true;
    }
    for (size_t i = 0; i < statement->arg_count; i++) {
        const struct word *word = &statement->args[i];
        const char *problem = read_quarantine_word(word->text, &quarantine);
        if (problem != NULL) {
            return build_refuse(build, row, word, problem);
        }
    }
    *(struct quarantine_settings *)target = quarantine;
    return true;
}
