#include "common/decimal.h"
#include <string.h>

struct slice decimal_format(uint64_t value, char room[DECIMAL_MAX])
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    size_t start = DECIMAL_MAX;
    for (; value >= 10; value /= 100) {
        start -= 2;
        memcpy(room + start, pairs + value % 100 * 2, 2);
    }
    if (value != 0 || start == DECIMAL_MAX) {
        room[--start] = (char)('0' + value);
    }
    return slice_of(room + start, DECIMAL_MAX - start);
}
