/* Published networks by the fast engine: every bit as the reference engine's on real inputs, and kernels for every layer. Skips what is
 * not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/set.h"
#include "exec/exec.h"
#include "exec/fast.h"
#include "import/import.h"
#include "pass/passes.h"

typedef struct net_case {
    const char *model, *grid, *data;
    const char *front; /* how the plan begins */
    int definitions;   /* how many nodes have no kernel */
    size_t rows;
} net_case;

static const net_case cases[] = {
    {"qonnx_mnist_tfc/TFC_1W1A.onnx", NULL, "mnist", "levels", 0, 300},
    {"qonnx_mnist_tfc/TFC_1W2A.onnx", NULL, "mnist", "levels", 0, 300},
    {"qonnx_mnist_tfc/TFC_2W2A.onnx", NULL, "mnist", "levels", 0, 300},
    {"qonnx_mnist_tfc/TFC_2W2A.onnx", "UINT8,1/255", "mnist", "rows as codes by a table of 256", 0, 300},
    {"cnv_bnn/lfc_w1a1.onnx", NULL, "mnist", "levels", 0, 20},
    {"cnv_bnn/cnv_w1a1.onnx", NULL, "cifar10", "levels", 0, 30},
    {"jsc_mlp/qkeras_jettagging.onnx", NULL, "jsc", "rows as values", 5, 500},
    {"jsc_mlp/qkeras_jettagging.onnx", "FIXED<16,6>!", "jsc", "rows as values", 1, 500},
};

static int count_of(const char *text, const char *what) {
    int n = 0;
    for (; (text = strstr(text, what)) != NULL; text++)
        n++;
    return n;
}

static lf_graph *integer_graph(lf_ctx *ctx, const char *model, const char *grid) {
    lf_graph *g = lf_import(ctx, model);
    assert_non_null(g);
    if (grid)
        assert_int_equal(lf_declare_input(g, grid), LF_OK);
    assert_int_equal(lf_pass_run(g, lf_pass_find("fold-constants"), NULL), LF_OK);
    assert_int_equal(lf_pass_run(g, lf_pass_find("channels-last"), NULL), LF_OK);
    assert_int_equal(lf_pass_run(g, lf_pass_find("integerize"), NULL), LF_OK);
    return g;
}

static void compare(lf_ctx *ctx, lf_arena *a, const lf_graph *g, const net_case *c, const lf_dataset *d) {
    lf_id y = g->outputs.at[0].tensor;
    size_t rows = c->rows, size = (size_t)lf_shape_count(lf_tensor_at(g, y)->shape);
    float *x = LF_NEW_ARRAY(a, float, rows * d->features);
    double *want = LF_NEW_ARRAY(a, double, rows *size), *got = LF_NEW_ARRAY(a, double, rows *size);
    lf_dataset_fill(d, 0, rows, x);
    lf_row_in in = {g->inputs.at[0].tensor, LF_ROW_F32, x};
    lf_row_out reference = {.tensor = y, .real = want}, fast = {.tensor = y, .real = got};
    lf_exec *e = lf_exec_new(ctx, g);
    assert_int_equal(lf_exec_rows(e, &(lf_row_io){&in, 1, &reference, 1}, rows), LF_OK);
    lf_exec_free(e);
    for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
        if (!lf_cpu_has((lf_isa)isa))
            continue;
        lf_plan *p = lf_plan_new_for(ctx, g, (lf_isa)isa);
        const char *text = lf_plan_text(p, a);
        if (strncmp(text, c->front, strlen(c->front)) != 0 || count_of(text, "by its definition") != c->definitions)
            fail_msg("%s:\n%s", c->model, text);
        memset(got, 0xff, rows * size * sizeof *got);
        assert_int_equal(lf_plan_rows(p, &(lf_row_io){&in, 1, &fast, 1}, rows), LF_OK);
        assert_memory_equal(got, want, rows * size * sizeof *got);
        lf_plan_free(p);
    }
}

static void published(void **state) {
    const net_case *c = *state;
    const char *dirs[] = {getenv("LUTFISK_DATA") ? getenv("LUTFISK_DATA") : "../shared/data", NULL};
    lf_ctx *ctx = lf_ctx_new(0);
    lf_arena *a = lf_arena_new();
    const char *model = lf_format(a, "%s/../models/%s", dirs[0], c->model);
    bool there = lf_path_exists(model) && lf_data_is_there(c->data, dirs);
    if (there) {
        lf_dataset *d = lf_data_open(ctx, c->data, dirs);
        lf_graph *g = integer_graph(ctx, model, c->grid);
        compare(ctx, a, g, c, d);
        lf_graph_free(g);
        lf_dataset_free(d);
    }
    lf_arena_free(a);
    lf_ctx_free(ctx);
    if (!there) {
        print_message("skipped: no %s or no data set %s\n", c->model, c->data);
        skip();
    }
}

int main(void) {
    struct CMUnitTest tests[LF_COUNT(cases)];
    for (size_t i = 0; i < LF_COUNT(cases); i++)
        tests[i] = (struct CMUnitTest){cases[i].model, published, NULL, NULL, (void *)(uintptr_t)&cases[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
