/* Published networks on real inputs against their expected outputs, by the reference engine: as imported, and after
 * fold-constants. Skips what is not there. The number of rows may be given as the only argument (otherwise a few). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/text.h"
#include "data/gzip.h"
#include "data/idx.h"
#include "data/npy.h"
#include "exec/exec.h"
#include "import/import.h"
#include "pass/passes.h"

static size_t rows_wanted; /* 0: as the case says */

typedef struct golden_case {
    const char *model;
    const char *input;    /* .npy, or NULL: MNIST's test images / 255 */
    const char *expected; /* .npy of logits or classes, or .csv.gz: class, then values, in the last columns */
    int columns;          /* of the .csv.gz */
    double within;        /* how far values may be from the expected ones; < 0: classes only */
    size_t rows;          /* unless the caller asks for another number */
} golden_case;

static const golden_case cases[] = {
    {"qonnx_mnist_tfc/TFC_1W1A.onnx", NULL, "qonnx_mnist_tfc/TFC_1W1A_golden_t10k.csv.gz", 11, 1e-4, 300},
    {"qonnx_mnist_tfc/TFC_1W2A.onnx", NULL, "qonnx_mnist_tfc/TFC_1W2A_golden_t10k.csv.gz", 11, 1e-4, 300},
    {"qonnx_mnist_tfc/TFC_2W2A.onnx", NULL, "qonnx_mnist_tfc/TFC_2W2A_golden_t10k.csv.gz", 11, 1e-4, 300},
    {"finn_tfc/model.onnx", "finn_tfc/input_b4.npy", "finn_tfc/expected_b4.npy", 0, -1, 300},
    {"jsc_mlp/qkeras_jettagging.onnx", "golden/jsc_x.npy", "jsc_mlp/qkeras_jettagging_golden1000.csv.gz", 6, -1, 300},
    {"cnv_bnn/lfc_w1a1.onnx", NULL, "cnv_bnn/lfc_w1a1_golden_t10k.npy", 0, 0, 30},
};

static const char *root(lf_arena *a, const char *below, const char *name) {
    const char *data = getenv("LUTFISK_DATA");
    return lf_format(a, "%s/../%s/%s", data ? data : "../shared/data", below, name);
}

static bool read_images(lf_ctx *ctx, lf_arena *a, lf_array *x) {
    const char *path = root(a, "data", "mnist/t10k-images-idx3-ubyte.gz");
    lf_array raw;
    if (!lf_path_exists(path) || lf_idx_read(ctx, a, path, &raw) != LF_OK)
        return false;
    assert_true(lf_array_new(a, LF_ARRAY_F32, raw.shape, x));
    for (size_t i = 0; i < raw.count; i++)
        ((float *)x->data)[i] = (float)((const uint8_t *)raw.data)[i] / 255.0f;
    return true;
}

/* The last `columns` numbers of every row of a .csv.gz, as [rows, columns]. */
static void read_csv(lf_ctx *ctx, lf_arena *a, const char *path, int columns, lf_array *out) {
    lf_file f;
    uint8_t *text;
    size_t size;
    assert_int_equal(lf_file_open(ctx, path, 0, &f), LF_OK);
    assert_int_equal(lf_gunzip(ctx, a, path, f.data, f.size, (size_t)1 << 30, &text, &size), LF_OK);
    lf_file_close(&f);
    LF_VEC(double) v = {0};
    for (char *line = strtok((char *)text, "\r\n"); line; line = strtok(NULL, "\r\n")) {
        double at[256];
        int count = 0;
        char *field = line, *end = line;
        for (; count < 256; field = end + 1) {
            at[count++] = strtod(field, &end);
            if (end == field)
                count = -1;
            if (count < 0 || *end != ',')
                break;
        }
        for (int i = 0; count >= columns && i < columns; i++) /* a header has no numbers */
            LF_PUSH(a, &v, at[count - columns + i]);
    }
    *out = (lf_array){LF_ARRAY_F64, lf_shape_make(2, (int64_t[]){(int64_t)v.count / columns, columns}), v.count, v.at};
}

static size_t argmax(const double *v, size_t count) {
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        best = v[i] > v[best] ? i : best;
    return best;
}

static void compare(const golden_case *c, const lf_array *want, const double *y, size_t rows, size_t size) {
    size_t wide = want->count / lf_array_rows(want);
    bool with_class = c->columns > 0;
    double worst = 0;
    for (size_t r = 0; r < rows; r++) {
        double got = size == 1 ? y[r] : (double)argmax(y + r * size, size), expected = lf_array_real(want, r * wide);
        if (with_class || wide == 1)
            assert_true(got == expected);
        size_t skip = with_class ? 1 : 0;
        for (size_t i = 0; c->within >= 0 && i < size; i++)
            worst = fmax(worst, fabs(y[r * size + i] - lf_array_real(want, r * wide + skip + i)));
    }
    if (worst > c->within && c->within >= 0)
        fail_msg("%s: values are off by %g", c->model, worst);
}

static void run_and_compare(lf_ctx *ctx, lf_graph *g, const golden_case *c, const lf_array *x, const lf_array *want,
                            const char *stage) {
    lf_arena *a = lf_arena_new();
    lf_array single;
    assert_int_equal(lf_array_convert(ctx, a, x, LF_ARRAY_F32, "x", &single), LF_OK);
    size_t per_row = (size_t)lf_shape_count(lf_tensor_at(g, g->inputs.at[0].tensor)->shape), rows = x->count / per_row;
    size_t size = (size_t)lf_shape_count(lf_tensor_at(g, g->outputs.at[0].tensor)->shape);
    size_t wanted = rows_wanted ? rows_wanted : c->rows;
    rows = rows < wanted ? rows : wanted;
    double *y = LF_NEW_ARRAY(a, double, rows *size);
    lf_exec *e = lf_exec_new(ctx, g);
    assert_non_null(e);
    lf_row_in in = {g->inputs.at[0].tensor, LF_ROW_F32, single.data};
    lf_row_out out = {.tensor = g->outputs.at[0].tensor, .real = y};
    lf_row_io io = {&in, 1, &out, 1};
    struct timespec t0, t1;
    clock_gettime(CLOCK_MONOTONIC, &t0);
    lf_status status = lf_exec_rows(e, &io, rows);
    clock_gettime(CLOCK_MONOTONIC, &t1);
    for (size_t i = 0; i < lf_diag_count(ctx); i++)
        print_message("%s\n", lf_diag_text(a, lf_diag_at(ctx, i)));
    assert_int_equal(status, LF_OK);
    compare(c, want, y, rows, size);
    double seconds = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) * 1e-9;
    print_message("%s, %s: %zu rows, %.0f rows/s\n", c->model, stage, rows, (double)rows / seconds);
    lf_exec_free(e);
    lf_arena_free(a);
}

static void golden(void **state) {
    const golden_case *c = *state;
    lf_ctx *ctx = lf_ctx_new(0);
    lf_arena *a = lf_arena_new();
    const char *model = root(a, "models", c->model), *expected = root(a, "models", c->expected);
    lf_array x, want;
    bool there = lf_path_exists(model) && lf_path_exists(expected);
    if (there && c->input)
        there = lf_path_exists(root(a, "models", c->input)) &&
                lf_npy_read(ctx, a, root(a, "models", c->input), &x) == LF_OK;
    else if (there)
        there = read_images(ctx, a, &x);
    if (there) {
        if (c->columns)
            read_csv(ctx, a, expected, c->columns, &want);
        else
            assert_int_equal(lf_npy_read(ctx, a, expected, &want), LF_OK);
        lf_graph *g = lf_import(ctx, model);
        for (size_t i = 0; !g && i < lf_diag_count(ctx); i++)
            print_message("%s\n", lf_diag_text(a, lf_diag_at(ctx, i)));
        assert_non_null(g);
        run_and_compare(ctx, g, c, &x, &want, "as imported");
        assert_int_equal(lf_pass_run(g, lf_pass_find("fold-constants"), NULL), LF_OK);
        run_and_compare(ctx, g, c, &x, &want, "folded");
        lf_graph_free(g);
    }
    lf_arena_free(a);
    lf_ctx_free(ctx);
    if (!there) {
        print_message("no model, input or expected output for %s\n", c->model);
        skip();
    }
}

int main(int argc, char **argv) {
    struct CMUnitTest tests[LF_COUNT(cases)];
    if (argc > 1)
        rows_wanted = (size_t)strtoull(argv[1], NULL, 10);
    for (size_t i = 0; i < LF_COUNT(cases); i++)
        tests[i] = (struct CMUnitTest){cases[i].model, golden, NULL, NULL, (void *)(uintptr_t)&cases[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
