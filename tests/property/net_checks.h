/* What holds a random network against its integer graph, the fast engine and the Verilog. */
#ifndef LF_TESTS_NET_CHECKS_H
#define LF_TESTS_NET_CHECKS_H

#include <lutfisk/lutfisk.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/run.h"
#include "data/npy.h"
#include "exec/exec.h"
#include "exec/fast.h"
#include "export/export.h"
#include "import/import.h"
#include "ir/is_op.h"
#include "ir/lftext.h"
#include "pass/folding.h"
#include "random_nets.h"

enum { REFERENCE = -1 };

static inline void fail_with(lf_ctx *ctx, const char *what, uint64_t seed) {
    lf_arena *a = lf_arena_new();
    for (size_t i = 0; i < lf_diag_count(ctx); i++)
        print_error("%s\n", lf_diag_text(a, lf_diag_at(ctx, i)));
    lf_arena_free(a);
    fail_msg("%s, network %llu", what, (unsigned long long)seed);
}

/* Rows of all outputs, one output behind the other. isa: which kernels of the fast engine; REFERENCE: the reference engine. */
static inline double *outputs_of(lf_ctx *ctx, lf_arena *a, const lf_graph *g, const double *x, size_t rows, int isa,
                                 size_t *count) {
    lf_row_out *want = LF_NEW_ARRAY(a, lf_row_out, g->outputs.count);
    *count = 0;
    for (size_t i = 0; i < g->outputs.count; i++)
        *count += rows * (size_t)lf_shape_count(lf_tensor_at(g, g->outputs.at[i].tensor)->shape);
    double *out = LF_NEW_ARRAY(a, double, *count), *at = out;
    for (size_t i = 0; i < g->outputs.count; i++) {
        want[i] = (lf_row_out){.tensor = g->outputs.at[i].tensor, .real = at};
        at += rows * (size_t)lf_shape_count(lf_tensor_at(g, want[i].tensor)->shape);
    }
    lf_row_in in = {g->inputs.at[0].tensor, LF_ROW_F64, x};
    lf_row_io io = {&in, 1, want, g->outputs.count};
    lf_exec *e = isa == REFERENCE ? lf_exec_new(ctx, g) : NULL;
    lf_plan *p = isa == REFERENCE ? NULL : lf_plan_new_for(ctx, g, (lf_isa)isa);
    lf_status status = p ? lf_plan_rows(p, &io, rows) : e ? lf_exec_rows(e, &io, rows) : LF_BAD_INPUT;
    lf_exec_free(e);
    lf_plan_free(p);
    return status == LF_OK ? out : NULL;
}

static inline void expect_same(lf_ctx *ctx, const double *want, const double *got, size_t count, const char *what,
                               uint64_t seed) {
    if (!got)
        fail_with(ctx, what, seed);
    for (size_t i = 0; i < count; i++)
        if (want[i] != got[i])
            fail_msg("%s, network %llu, value %zu: %.17g instead of %.17g", what, (unsigned long long)seed, i, got[i],
                     want[i]);
}

static inline lf_graph *copy_of(const lf_graph *g) {
    lf_text text = {0}, weights = {0};
    assert_int_equal(lf_graph_print(g, false, &text, &weights), LF_OK);
    lf_graph *copy =
        lf_graph_parse(g->ctx, "copy", text.at, text.len, (const uint8_t *)weights.at, weights.len, lf_op_find);
    lf_text_free(&text);
    lf_text_free(&weights);
    assert_non_null(copy);
    return copy;
}

static int onnx_round_trips; /* networks that went out to an ONNX file and came back */

/* Through an ONNX file; networks with a declared grid, or an op that QONNX has no word for, through the text form. */
static inline lf_graph *loaded(lf_ctx *ctx, const lf_graph *g, const char *dir) {
    lf_arena *a = lf_arena_new();
    const char *path = lf_path_join(a, dir, "net.onnx");
    bool exported = !g->inputs.at[0].grid && lf_export_onnx(g, path) == LF_OK;
    lf_graph *back = exported ? lf_import_onnx(ctx, path) : copy_of(g);
    onnx_round_trips += exported;
    if (getenv("LUTFISK_SEED") && !exported && lf_diag_count(ctx))
        print_message("%s\n", lf_diag_at(ctx, lf_diag_count(ctx) - 1)->text);
    lf_arena_free(a);
    return back;
}

static inline lf_status make_integers(lf_graph *g) {
    return lf_pipeline_run(g, "channels-last, sink-pools, integerize", NULL);
}

static inline void check_engines(lf_ctx *ctx, const lf_graph *g, uint64_t seed, size_t rows, const char *dir) {
    lf_arena *a = lf_arena_new();
    size_t features, count;
    const double *x = random_rows(a, g, seed, rows, &features);
    const double *truth = outputs_of(ctx, a, g, x, rows, REFERENCE, &count);
    if (!truth)
        fail_with(ctx, "the network does not run", seed);
    lf_graph *again = loaded(ctx, g, dir);
    if (!again)
        fail_with(ctx, "the network does not load", seed);
    expect_same(ctx, truth, outputs_of(ctx, a, again, x, rows, REFERENCE, &count), count, "loaded network", seed);
    lf_graph *integers = copy_of(g);
    if (make_integers(integers) != LF_OK)
        fail_with(ctx, "integerize refuses", seed);
    expect_same(ctx, truth, outputs_of(ctx, a, integers, x, rows, REFERENCE, &count), count, "integer graph", seed);
    for (int isa = 0; isa < LF_ISA_COUNT; isa++)
        if (lf_cpu_has((lf_isa)isa))
            expect_same(ctx, truth, outputs_of(ctx, a, integers, x, rows, isa, &count), count, lf_isa_name((lf_isa)isa),
                        seed);
    lf_graph_free(integers);
    lf_graph_free(again);
    lf_arena_free(a);
}

/* -- Verilog ------------------------------------------------------------------------------------------------------------------------ */

static inline int64_t random_divisor(lf_rng *r, int64_t of) {
    int64_t d;
    do
        d = lf_rng_between(r, 1, of);
    while (of % d);
    return d;
}

static uint64_t parallel_windows; /* that were asked for */

/* A whole window per clock at every second one that may have it; else SIMD divides `of`. */
static inline void random_window(lf_graph *hw, lf_node *window, int64_t of, bool may, lf_rng *r, lf_rng *coin) {
    int64_t simd = random_divisor(r, of), whole = may ? lf_folding_whole(hw, window) : 0;
    bool parallel = whole > of * lf_folding_column(window) && lf_rng_below(coin, 2);
    lf_folding_set_window(hw, window, parallel ? whole : simd);
    parallel_windows += parallel;
}

/* A folding file with random legal PE and SIMD; tells which extremes occur. */
static inline void write_folding(lf_graph *hw, uint64_t seed, const char *path, uint64_t *extremes) {
    lf_rng r = lf_rng_make(seed, 5), coin = lf_rng_make(seed, 6);
    lf_text text = {0};
    for (size_t i = 0; i < hw->order.count; i++) {
        lf_node *n = lf_node_at(hw, hw->order.at[i]);
        int64_t pe_of, simd_of;
        if (!lf_folding_limits(hw, n, &pe_of, &simd_of))
            continue;
        if (lf_is_op(n, "window")) {
            random_window(hw, n, simd_of, true, &r, &coin);
            continue;
        }
        int64_t pe = random_divisor(&r, pe_of), simd = random_divisor(&r, simd_of);
        if (lf_has_attr(n, "PE"))
            lf_attr_set_int(n, "PE", pe);
        if (lf_has_attr(n, "SIMD"))
            lf_attr_set_int(n, "SIMD", simd);
        lf_node *window = lf_folding_window(hw, n);
        if (window) { /* ordered by the PE of this layer */
            lf_attr_set_int(window, "interleave", pe);
            random_window(hw, window, pe, pe == pe_of, &r, &coin);
        }
        extremes[0] += pe == 1 && pe_of > 1;
        extremes[1] += pe == pe_of && pe_of > 1;
        extremes[2] += lf_has_attr(n, "SIMD") && simd == simd_of && simd_of > 1;
        extremes[3] += lf_has_attr(n, "SIMD") && pe < pe_of && simd < simd_of && pe > 1 && simd > 1;
    }
    assert_int_equal(lf_folding_write(hw, &text), LF_OK);
    assert_int_equal(lf_file_write(hw->ctx, path, text.at, text.len), LF_OK);
    lf_text_free(&text);
}

static inline void check_verilog(lf_ctx *ctx, const lf_graph *g, uint64_t seed, size_t count, const char *dir,
                                 uint64_t *extremes) {
    lf_arena *a = lf_arena_new();
    size_t features;
    lf_array rows = {.type = LF_ARRAY_F64,
                     .shape = lf_tensor_at(g, g->inputs.at[0].tensor)->shape,
                     .data = random_rows(a, g, seed, count, &features)};
    const char *model = lf_path_join(a, dir, "net.lf"), *hw_dir = lf_path_join(a, dir, "hw"),
               *folding = lf_path_join(a, dir, "folding.json"), *npy = lf_path_join(a, dir, "x.npy");
    rows.shape.dim[0] = (int64_t)count;
    rows.count = count * features;
    lf_graph *hw = copy_of(g);
    if (lf_npy_write(ctx, npy, &rows) != LF_OK || lf_graph_save(g, model, false) != LF_OK ||
        make_integers(hw) != LF_OK || lf_pass_run(hw, &lf_pass_map, NULL) != LF_OK)
        fail_with(ctx, "no hardware graph", seed);
    write_folding(hw, seed, folding, extremes);
    lf_graph_free(hw);
    lf_answer answer = {0};
    lf_build_options b = {.model = {.model = model}, .out = hw_dir, .folding = folding, .ii = 100000000};
    if (lf_build(ctx, &b, &answer) != LF_OK)
        fail_with(ctx, "build", seed);
    lf_verify_options v = {.dir = hw_dir, .in = (const char *[]){npy, NULL}, .sim = "iverilog", .stall = 0.3};
    if (lf_verify(ctx, &v, &answer) != LF_OK)
        fail_with(ctx, "the Verilog differs", seed);
    lf_answer_free(&answer);
    lf_arena_free(a);
}

#endif
