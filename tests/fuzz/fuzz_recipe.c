/* Recipes from any bytes: a recipe or a complaint, nothing worse. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "train/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_recipe *r = lf_recipe_parse(ctx, "fuzz.yaml", (const char *)data, size);
    assert(r || lf_diag_errors(ctx) > 0);
    lf_recipe_free(r);
    lf_ctx_free(ctx);
    return 0;
}
