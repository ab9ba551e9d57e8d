/* Any bytes as a .npy file: only diagnostics, and what was read lies inside its array. */
#include <stdlib.h>

#include "data/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_arena *a = lf_arena_new();
    lf_array x;
    if (lf_npy_parse(ctx, a, "fuzz", data, size, &x) == LF_OK) {
        size_t row = 0, element = 0;
        double sum = 0;
        for (size_t i = 0; i < x.count; i++)
            sum += lf_array_real(&x, i);
        if (lf_array_find_nonfinite(&x, &row, &element) && row >= lf_array_rows(&x))
            abort();
        volatile double sink = sum;
        (void)sink;
    }
    lf_arena_free(a);
    lf_ctx_free(ctx);
    return 0;
}
