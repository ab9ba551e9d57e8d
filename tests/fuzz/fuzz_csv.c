/* CSV text and the coding of its columns from arbitrary bytes; the first one says whether there is a header. */
#include <string.h>

#include "data/tabular.h"

static const char *const CLASSES[] = {"0", "1", NULL};

static int any_class(const char *cell) {
    return *cell & 1;
}

static void code_rows(lf_ctx *ctx, lf_arena *a, const lf_csv *t) {
    lf_table_plan plan = {.label = t->header[t->columns - 1], .classes = CLASSES, .class_of = any_class};
    lf_row_list train, test;
    uint8_t *label;
    lf_coding c;
    float x[LF_CSV_COLUMNS_MAX];
    size_t bad;
    lf_table_split(a, t, &plan, 0, &train, &test);
    if (train.count + test.count > t->rows || lf_table_labels(ctx, a, "fuzz.csv", t, &plan, &label) != LF_OK)
        __builtin_trap();
    if (lf_coding_fit(ctx, a, "fuzz.csv", t, &plan, train.at, train.count, label, &c) != LF_OK)
        return;
    for (size_t i = 0; i < t->rows; i++)
        if (lf_coding_row(&c, t->cell + i * t->columns, x, &bad))
            for (size_t k = 0; k < c.features; k++)
                if (!(x[k] - x[k] == 0))
                    __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    lf_ctx *ctx = lf_ctx_new(1);
    lf_arena *a = lf_arena_new();
    lf_csv t;
    if (lf_csv_parse(ctx, a, "fuzz.csv", (const char *)data + 1, size - 1, data[0] & 1, &t) == LF_OK && t.header)
        code_rows(ctx, a, &t);
    lf_arena_free(a);
    lf_ctx_free(ctx);
    return 0;
}
