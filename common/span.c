#include "common/span.h"
#include "common/eights.h"

static inline uint64_t special_in_log(uint64_t eight)
{
    return eights_unprintable(eight) | eights_quotes(eight);
}

size_t span_printable(struct slice text)
{
    return eights_span(text, eights_unprintable);
}

size_t span_log(struct slice text)
{
    return eights_span(text, special_in_log);
}
