/*
 * invariant.h - what a fuzz target demands: it aborts, with the line, when it is not so.
 */
#ifndef TESTS_FUZZ_INVARIANT_H
#define TESTS_FUZZ_INVARIANT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INVARIANT(condition)                                                             \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: violated: %s\n", __FILE__, __LINE__, #condition);    \
            abort();                                                                     \
        }                                                                                \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
