#include "config/variables.h"
#include <assert.h>

static const struct slice names[VARIABLE_COUNT] = {[VARIABLE_LITERAL] = SLICE_INIT(""),
#define VARIABLE_ROW(id, name) [VARIABLE_##id] = SLICE_INIT(name),
                                                   VARIABLE_LIST(VARIABLE_ROW)
                                                       VARIABLE_PREFIX_LIST(VARIABLE_ROW)
#undef VARIABLE_ROW
};

enum variable variable_lookup(struct slice name, struct slice *member)
{
    *member = SLICE("");
    for (int id = VARIABLE_LITERAL + 1; id < VARIABLE_FAMILY_FIRST; id++) {
        if (slice_eq(name, names[id])) {
            return (enum variable)id;
        }
    }
    for (int id = VARIABLE_FAMILY_FIRST; id < VARIABLE_COUNT; id++) {
        if (name.len > names[id].len && slice_starts(name, names[id])) {
            *member = slice_from(name, names[id].len);
            return (enum variable)id;
        }
    }
    return VARIABLE_LITERAL;
}

const char *variable_name(enum variable variable)
{
    assert(variable < VARIABLE_COUNT);
    return names[variable].ptr;
}
