#include "config/scope.h"
#include "config/setters.h"
#include "config/values.h"
#include <inttypes.h>

static bool refuse_bound(struct build *build, const struct directive *row,
                         const struct word *word, const char *problem, uint64_t bound)
{
    const char *unit = row->type == TYPE_TIME ? "ms" : "";
    return build_refuse(
        build, row, word,
        arena_printf(build->scratch, "%s %" PRIu64 "%s", problem, bound, unit));
}

static bool within(struct build *build, const struct directive *row,
                   const struct word *word, uint64_t value)
{
    if (value < row->min) {
        return refuse_bound(build, row, word, "too small: at least", row->min);
    }
    if (row->max != 0 && value > row->max) {
        return refuse_bound(build, row, word, "too large: at most", row->max);
    }
    return true;
}

static bool set_flag(struct build *build, const struct directive *row,
                     const struct statement *statement, void *target)
{
    const char *problem = value_flag(statement->args[0].text, target);
    return problem == NULL || build_refuse(build, row, &statement->args[0], problem);
}

static bool set_number(struct build *build, const struct directive *row,
                       const struct statement *statement, void *target)
{
    const struct word *word = &statement->args[0];
    uint64_t value;
    const char *problem = value_number(word->text, &value);
    if (problem != NULL) {
        return build_refuse(build, row, word, problem);
    }
    if (!within(build, row, word, value)) {
        return false;
    }
    if (row->size == sizeof value) {
        memcpy(target, &value, sizeof value);
        return true;
    }
    if (value > UINT32_MAX) {
        return build_refuse(build, row, word, "too large");
    }
    uint32_t small = (uint32_t)value;
    memcpy(target, &small, sizeof small);
    return true;
}

static bool set_size(struct build *build, const struct directive *row,
                     const struct statement *statement, void *target)
{
    uint64_t value;
    const char *problem = value_size(statement->args[0].text, &value);
    if (problem != NULL) {
        return build_refuse(build, row, &statement->args[0], problem);
    }
    if (!within(build, row, &statement->args[0], value)) {
        return false;
    }
    memcpy(target, &value, sizeof value);
    return true;
}

static bool set_time(struct build *build, const struct directive *row,
                     const struct statement *statement, void *target)
{
    int64_t value;
    const char *problem = value_time(statement->args[0].text, &value);
    if (problem != NULL) {
        return build_refuse(build, row, &statement->args[0], problem);
    }
    if (!within(build, row, &statement->args[0], (uint64_t)value)) {
        return false;
    }
    memcpy(target, &value, sizeof value);
    return true;
}

static bool set_string(struct build *build, const struct directive *row,
                       const struct statement *statement, void *target)
{
    const struct word *word = &statement->args[0];
    if (build_has_control(word->text)) {
        return build_refuse(build, row, word, "has a control character");
    }
    *(const char **)target = arena_cstr(build->arena, word->text);
    return true;
}

static bool set_path(struct build *build, const struct directive *row,
                     const struct statement *statement, void *target)
{
    const struct word *word = &statement->args[0];
    if (word->text.len == 0) {
        return build_refuse(build, row, word, "empty path");
    }
    *(const char **)target = build_path(build, word->text);
    return true;
}

static bool set_enum(struct build *build, const struct directive *row,
                     const struct statement *statement, void *target)
{
    const struct word *word = &statement->args[0];
    for (unsigned i = 0; row->enum_names[i] != NULL; i++) {
        if (slice_eq(slice_str(row->enum_names[i]), word->text)) {
            memcpy(target, &i, sizeof i);
            return true;
        }
    }
    return build_refuse(build, row, word, "not one of those below");
}

static directive_setter *const by_type[] = {
    [TYPE_FLAG] = set_flag, [TYPE_NUMBER] = set_number, [TYPE_SIZE] = set_size,
    [TYPE_TIME] = set_time, [TYPE_STRING] = set_string, [TYPE_PATH] = set_path,
    [TYPE_ENUM] = set_enum,
};

directive_setter *setter_of(const struct directive *row)
{
    bool own = row->type == TYPE_CUSTOM || row->type == TYPE_BLOCK;
    return own ? row->set : by_type[row->type];
}
