#include "server/vars_text.h"
#include "common/decimal.h"

struct slice vars_number(struct request *request, uint64_t value)
{
    return decimal_format(value, arena_alloc(request->arena, DECIMAL_MAX));
}

struct slice vars_seconds(struct request *request, int64_t milliseconds)
{
    uint64_t value = milliseconds > 0 ? (uint64_t)milliseconds : 0;
    char *text = arena_alloc(request->arena, 24);
    struct slice whole = vars_number(request, value / 1000);
    memcpy(text, whole.ptr, whole.len);
    text[whole.len] = '.';
    text[whole.len + 1] = (char)('0' + value / 100 % 10);
    text[whole.len + 2] = (char)('0' + value / 10 % 10);
    text[whole.len + 3] = (char)('0' + value % 10);
    return slice_of(text, whole.len + 4);
}
