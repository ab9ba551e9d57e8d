/* What the fuzzers of array files do with an array: a sanitizer sees what does not lie inside. */
#ifndef LF_TESTS_FUZZ_ARRAY_H
#define LF_TESTS_FUZZ_ARRAY_H

#include <stdlib.h>

#include "data/array.h"

static inline void fuzz_array_read(const lf_array *x) {
    size_t row = 0, element = 0;
    double sum = 0;
    for (size_t i = 0; i < x->count; i++)
        sum += lf_array_real(x, i);
    if (lf_array_find_nonfinite(x, &row, &element) && row >= lf_array_rows(x))
        abort();
    volatile double sink = sum;
    (void)sink;
}

#endif
