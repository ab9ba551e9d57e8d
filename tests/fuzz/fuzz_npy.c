/* Any bytes as a .npy file: only diagnostics, and what was read lies inside its array. */
#include "data/npy.h"
#include "fuzz_array.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_arena *a = lf_arena_new();
    lf_array x;
    if (lf_npy_parse(ctx, a, "fuzz", data, size, &x) == LF_OK)
        fuzz_array_read(&x);
    lf_arena_free(a);
    lf_ctx_free(ctx);
    return 0;
}
