/* Units of pictures, and the corners of their parameters: in Verilator and in Icarus; the rate that the plan
 * promises on many random geometries, held against the model of the handshakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ir/attr.h"
#include "bench_checks.h"

static lf_shape picture(int64_t h, int64_t w, int64_t c) {
    return lf_shape_make(4, (int64_t[]){1, h, w, c});
}

typedef struct unit_case {
    const char *name, *op;
    int64_t h, w, c; /* h 0: one axis */
    lf_range x;
    const char *attrs; /* lists without spaces */
} unit_case;

static const unit_case cases[] = {
    {"win_valid", "window", 8, 8, 2, {0, 3, 1}, "kernel=[3,3]"},
    {"win_simd", "window", 5, 6, 4, {-8, 7, 1}, "kernel=[3,3] SIMD=4"},
    {"win_same", "window", 6, 5, 2, {0, 15, 1}, "kernel=[3,3] pads=[1,1,1,1] SIMD=2"},
    {"win_bipolar", "window", 5, 5, 3, {-1, 1, 2}, "kernel=[3,3] pads=[1,1,1,1] SIMD=3 pad_code=-1"},
    {"win_bipolar_zero", "window", 5, 5, 2, {-1, 1, 2}, "kernel=[3,3] pads=[1,1,1,1] SIMD=2"},
    {"win_stride", "window", 9, 7, 2, {-4, 3, 1}, "kernel=[3,3] strides=[2,2] pads=[1,1,1,1]"},
    {"win_skip", "window", 9, 8, 1, {-4, 3, 1}, "kernel=[2,1] strides=[3,2]"},
    {"win_sample", "window", 7, 7, 2, {-4, 3, 1}, "kernel=[1,1] strides=[2,3] SIMD=2"},
    {"win_copy", "window", 3, 4, 1, {0, 1, 1}, "kernel=[1,1]"},
    {"win_dilated", "window", 9, 10, 1, {0, 9, 1}, "kernel=[3,2] dilations=[2,3] pads=[2,1,0,3] pad_code=-3"},
    {"win_groups", "window", 5, 4, 6, {-9, 9, 1}, "kernel=[2,3] interleave=2 pads=[0,1,1,0]"},
    {"win_groups2", "window", 4, 4, 8, {-9, 9, 1}, "kernel=[3,3] interleave=4 SIMD=2 strides=[1,2]"},
    {"win_full", "window", 4, 3, 2, {0, 7, 1}, "kernel=[3,3] pads=[2,2,2,2] pad_code=5 SIMD=2"},
    {"win_far", "window", 2, 2, 1, {0, 7, 1}, "kernel=[2,2] pads=[3,4,5,3]"},
    {"win_whole", "window", 4, 4, 2, {0, 7, 1}, "kernel=[4,4] SIMD=2"},
    {"win_crop", "window", 7, 8, 1, {0, 7, 1}, "kernel=[2,2] pads=[-1,-2,-1,-3]"},
    {"win_pixel", "window", 1, 1, 4, {0, 7, 1}, "kernel=[1,1] SIMD=2"},
    {"win_line", "window", 0, 17, 3, {0, 31, 1}, "kernel=[5] pads=[2,2] strides=[2] SIMD=3"},
    {"win_causal", "window", 0, 12, 2, {-7, 7, 1}, "kernel=[4] pads=[3,0]"},
    {"win_block", "window", 9, 40, 2, {-70000, 70000, 1}, "kernel=[3,3] SIMD=2 pads=[1,1,1,1] pad_code=-70001"},
    {"win_block1", "window", 6, 30, 2, {0, 255, 1}, "kernel=[2,2] SIMD=2 strides=[2,2]"},
    {"win_block_small", "window", 5, 4, 2, {0, 7, 1}, "kernel=[3,3] SIMD=2 pads=[1,1,1,1] ram_style=block"},
    {"win_block_pixel", "window", 1, 1, 4, {0, 7, 1}, "kernel=[1,1] SIMD=2 ram_style=block"},
    {"win_luts", "window", 9, 40, 2, {-70000, 70000, 1}, "kernel=[3,3] SIMD=2 strides=[2,2] ram_style=distributed"},
    {"col_order", "window", 5, 6, 4, {-8, 7, 1}, "kernel=[3,2] SIMD=2 order=columns pads=[1,1,1,1]"},
    {"col_valid", "window", 8, 8, 2, {0, 3, 1}, "kernel=[3,3] SIMD=6 order=columns"},
    {"col_same", "window", 6, 5, 2, {0, 15, 1}, "kernel=[3,3] pads=[1,1,1,1] SIMD=6 order=columns"},
    {"col_bipolar", "window", 5, 5, 3, {-1, 1, 2}, "kernel=[3,3] pads=[1,1,1,1] SIMD=9 pad_code=-1 order=columns"},
    {"col_bipolar_zero", "window", 5, 5, 2, {-1, 1, 2}, "kernel=[3,3] pads=[1,1,1,1] SIMD=6 order=columns"},
    {"col_stride", "window", 9, 7, 2, {-4, 3, 1}, "kernel=[3,3] strides=[2,2] pads=[1,1,1,1] SIMD=6 order=columns"},
    {"col_less", "window", 10, 7, 1, {-4, 3, 1}, "kernel=[3,3] strides=[3,2] pads=[1,1,2,1] SIMD=3 order=columns"},
    {"col_first", "window", 14, 14, 3, {0, 255, 1}, "kernel=[7,7] strides=[2,2] pads=[3,3,3,3] SIMD=21 order=columns"},
    {"col_skip", "window", 9, 8, 1, {-4, 3, 1}, "kernel=[2,1] strides=[3,2] SIMD=2 order=columns"},
    {"col_dilated",
     "window",
     9,
     10,
     1,
     {0, 9, 1},
     "kernel=[3,2] dilations=[2,3] pads=[2,1,0,3] pad_code=-3 SIMD=3 order=columns"},
    {"col_groups", "window", 5, 4, 6, {-9, 9, 1}, "kernel=[2,3] interleave=2 pads=[0,1,1,0] SIMD=4 order=columns"},
    {"col_full", "window", 4, 3, 2, {0, 7, 1}, "kernel=[3,3] pads=[2,2,2,2] pad_code=5 SIMD=6 order=columns"},
    {"col_far", "window", 2, 2, 1, {0, 7, 1}, "kernel=[2,2] pads=[3,4,5,3] SIMD=2 order=columns"},
    {"col_whole", "window", 4, 4, 2, {0, 7, 1}, "kernel=[4,4] SIMD=8 order=columns"},
    {"col_tall", "window", 3, 4, 1, {0, 7, 1}, "kernel=[6,1] pads=[2,0,2,0] SIMD=6 order=columns"},
    {"col_crop", "window", 7, 8, 1, {0, 7, 1}, "kernel=[2,2] pads=[-1,-2,-1,-3] SIMD=2 order=columns"},
    {"col_narrow", "window", 9, 1, 1, {0, 7, 1}, "kernel=[3,1] SIMD=3 order=columns"},
    {"col_block", "window", 6, 150, 3, {-4000, 4000, 1}, "kernel=[3,3] SIMD=9 pads=[1,1,1,1] order=columns"},
    {"col_block_small",
     "window",
     5,
     4,
     2,
     {0, 7, 1},
     "kernel=[3,3] SIMD=6 pads=[1,1,1,1] order=columns ram_style=block"},
    {"col_luts", "window", 6, 150, 1, {-4000, 4000, 1}, "kernel=[3,3] SIMD=3 order=columns ram_style=distributed"},
    {"pool_max", "pool", 3, 3, 12, {-4, 3, 1}, "K=4 PE=3"},
    {"pool_min", "pool", 2, 3, 12, {0, 15, 1}, "K=3 PE=2 function=min"},
    {"pool_sum", "pool", 2, 3, 18, {-5, 15, 1}, "K=9 PE=1 function=sum"},
    {"pool_bits", "pool", 3, 3, 8, {-1, 1, 2}, "K=4 PE=2"},
    {"pool_bit_sum", "pool", 3, 3, 8, {-1, 1, 2}, "K=2 PE=4 function=sum"},
    {"pool_bit_copy", "pool", 2, 3, 4, {-1, 1, 2}, "K=1 PE=2 function=sum"},
    {"pool_copy", "pool", 3, 3, 8, {-100, 3, 1}, "K=1 PE=8"},
    {"pool_line", "pool", 0, 7, 15, {0, 1, 1}, "K=5 PE=3 function=min"},
    {"global_sum", "global_pool", 4, 4, 6, {-9, 15, 1}, "function=sum PE=2"},
    {"global_max", "global_pool", 3, 5, 4, {-9, 15, 1}, "PE=4"},
    {"global_min", "global_pool", 5, 2, 5, {0, 255, 1}, "function=min"},
    {"global_bits", "global_pool", 3, 3, 40, {-1, 1, 2}, "function=sum PE=1"},
    {"global_one", "global_pool", 1, 1, 6, {-9, 15, 1}, "function=max PE=2"},
    {"global_line", "global_pool", 0, 9, 4, {-9, 15, 1}, "function=sum PE=1"},
    {"up_double", "upsample", 3, 4, 2, {0, 7, 1}, "factors=[2,2] SIMD=2"},
    {"up_triple", "upsample", 2, 3, 4, {-8, 7, 1}, "factors=[1,3] SIMD=2"},
    {"up_rows", "upsample", 3, 5, 3, {-1, 1, 2}, "factors=[3,1]"},
    {"up_line", "upsample", 0, 6, 2, {0, 7, 1}, "factors=[4]"},
    {"up_copy", "upsample", 2, 2, 2, {0, 7, 1}, "factors=[1,1]"},
    {"up_block", "upsample", 3, 4, 2, {0, 7, 1}, "factors=[2,2] SIMD=2 ram_style=block"},
    {"shuffle_block", "depth_to_space", 3, 2, 12, {0, 7, 1}, "block=2 SIMD=3 ram_style=block"},
    {"shuffle_dcr", "depth_to_space", 3, 2, 12, {0, 7, 1}, "block=2 SIMD=3"},
    {"shuffle_dcr1", "depth_to_space", 2, 3, 8, {-4, 7, 1}, "block=2"},
    {"shuffle_crd", "depth_to_space", 2, 3, 18, {-1, 1, 2}, "block=3 mode=CRD"},
    {"shuffle_copy", "depth_to_space", 2, 3, 4, {0, 9, 1}, "block=1 SIMD=2"},
};

static void add_case(const unit_case *u) {
    lf_shape s = u->h ? picture(u->h, u->w, u->c) : lf_shape_make(3, (int64_t[]){1, u->w, u->c});
    bench_case *c = bench_case_new(&b, u->name, s, u->x);
    bench_node(&b, c, u->op, u->attrs, NULL, 0);
}

/* -- weights ------------------------------------------------------------------------------------------------------------ */

typedef struct rows_case {
    const char *name, *op;
    lf_range x, w;
    int64_t vectors, length, rows, columns, levels; /* length: of the last axis of x */
    bool bias;
    const char *attrs;
} rows_case;

static const rows_case rows[] = {
    {"vvu_serial", "vvu", {-8, 7, 1}, {-4, 3, 1}, 5, 36, 4, 9, 0, true, "PE=2 SIMD=1"},
    {"vvu_whole", "vvu", {0, 3, 1}, {-2, 2, 1}, 7, 36, 4, 9, 3, true, "PE=2 SIMD=9"},
    {"vvu_thirds", "vvu", {0, 15, 1}, {-8, 7, 1}, 4, 54, 6, 9, 2, false, "PE=1 SIMD=3 out_base=-1"},
    {"vvu_bits", "vvu", {-1, 1, 2}, {-1, 1, 2}, 4, 36, 4, 9, 1, false, "PE=4 SIMD=3 out_base=-1 out_step=2"},
    {"vvu_bit_sums", "vvu", {-1, 1, 2}, {-1, 1, 2}, 4, 20, 4, 5, 0, false, "PE=1 SIMD=1"},
    {"vvu_ternary", "vvu", {0, 3, 1}, {-1, 1, 1}, 6, 12, 6, 2, 0, false, "PE=3 SIMD=2"},
    {"vvu_one", "vvu", {-9, 9, 1}, {-5, 9, 1}, 6, 6, 6, 1, 0, true, "PE=2"},
    {"vvu_deep", "vvu", {0, 7, 1}, {-8, 7, 1}, 2, 360, 40, 9, 1, true, "PE=1 SIMD=3"},
    {"vvu_block", "vvu", {0, 7, 1}, {-8, 7, 1}, 1, 216, 24, 9, 2, false, "PE=2 SIMD=1 ram_style=block"},
    {"mvu_luts", "mvu", {0, 7, 1}, {-8, 7, 1}, 2, 8, 600, 8, 1, true, "PE=1 SIMD=4 ram_style=distributed"},
    {"vvu_luts", "vvu", {0, 7, 1}, {-8, 7, 1}, 1, 216, 24, 9, 2, false, "PE=2 SIMD=1 ram_style=distributed"},
    {"grp_wide", "mvu", {0, 7, 1}, {-4, 3, 1}, 6, 6, 8, 6, 0, true, "PE=2 SIMD=6 groups=2"},
    {"grp_tall", "mvu", {0, 7, 1}, {-4, 3, 1}, 6, 6, 6, 6, 2, true, "PE=2 SIMD=3 groups=3"},
    {"grp_folded", "mvu", {-8, 7, 1}, {-4, 3, 1}, 6, 6, 12, 6, 1, false, "PE=2 SIMD=2 groups=3"},
    {"grp_bits", "mvu", {-1, 1, 2}, {-1, 1, 2}, 4, 8, 8, 8, 1, false, "PE=2 SIMD=2 groups=2 out_base=-1 out_step=2"},
    {"grp_whole", "mvu", {0, 3, 1}, {-1, 1, 1}, 8, 4, 12, 4, 0, false, "PE=3 SIMD=4 groups=4"},
    {"grp_deep", "mvu", {0, 3, 1}, {-8, 7, 1}, 5, 6, 60, 6, 0, true, "PE=1 SIMD=2 groups=5"},
};

static void add_rows(const rows_case *m, lf_rng *r) {
    bench_case *c = bench_case_new(&b, m->name, lf_shape_make(3, (int64_t[]){1, m->vectors, m->length}), m->x);
    int64_t *T = bench_codes(r, (lf_range){-9, 9, 1}, m->rows * m->levels + 1);
    for (int64_t i = 0; i < m->rows; i++)
        qsort(T + i * m->levels, (size_t)m->levels, sizeof *T, bench_ascending);
    const lf_tensor *consts[3] = {lf_const_codes(c->graph, "W", lf_shape_make(2, (int64_t[]){m->rows, m->columns}),
                                                 bench_codes(r, m->w, m->rows * m->columns))};
    if (m->bias)
        consts[1] =
            lf_const_codes(c->graph, "bias", lf_shape_make(1, &m->rows), bench_codes(r, (lf_range){-5, 5, 1}, m->rows));
    if (m->levels)
        consts[2] = lf_const_codes(c->graph, "T", lf_shape_make(2, (int64_t[]){m->rows, m->levels}), T);
    bench_node(&b, c, m->op, m->attrs, consts, m->levels ? 3 : m->bias ? 2 : 1);
}

/* A depthwise convolution as it stands in a circuit. */
static void add_depthwise(lf_rng *r) {
    bench_case *c = bench_case_new(&b, "depthwise", picture(6, 6, 4), (lf_range){0, 7, 1});
    const lf_tensor *w =
        lf_const_codes(c->graph, "W", lf_shape_make(2, (int64_t[]){4, 9}), bench_codes(r, (lf_range){-4, 3, 1}, 36));
    bench_node(&b, c, "window", "kernel=[3,3] pads=[1,1,1,1] interleave=2 SIMD=2", NULL, 0);
    bench_node(&b, c, "vvu", "PE=2", &w, 1);
    bench_node(&b, c, "window", "kernel=[2,2] strides=[2,2] interleave=2 SIMD=2", NULL, 0);
    bench_node(&b, c, "pool", "K=4 PE=2", NULL, 0);
    bench_node(&b, c, "global_pool", "PE=2 function=sum", NULL, 0);
}

static void add_all(lf_rng *r) {
    for (size_t i = 0; i < LF_COUNT(cases); i++)
        add_case(&cases[i]);
    for (size_t i = 0; i < LF_COUNT(rows); i++)
        add_rows(&rows[i], r);
    add_depthwise(r);
}

static const bench_stalls settings[] = {{0, 0}, {.5, 0}, {.5, .5}, {.1, .9}};

/* -- faults that must be seen ------------------------------------------------------------------------------------------- */

static const bench_fault faults[] = {
    {"a frame begins before its first beat", "lf_walk_pace.v", "first ? ~fresh[P-1] : pad", "pad"},
    {"words are overwritten", "lf_walk_pace.v", "s_axis_tready = fill[P-1]", "s_axis_tready = ~fill[P-1] | fill[P-1]"},
    {"words are read too early", "lf_walk_pace.v", "ready & (pad | ~ahead[P-1])", "ready"},
    {"rows wrap into the padding", "lf_walk_edge.v", "at >= SIZE", "at > SIZE"},
    {"a row below the picture is taken for one inside", "lf_walk_rows.v", "at >= BELOW", "at > BELOW"},
    {"rows behind the picture are waited for", "lf_walk_rows.v", "at > FULL", "at < FULL"},
    {"the banks are not turned", "lf_walk_banks.v", "from[phase_q]", "from[0]"},
    {"one store for all groups", "lf_pool.v", "store[group] <= next", "store[0] <= next"},
    {"a result is lost", "lf_pool.v", "(take & last) | (done & ~m_axis_tready)", "take & last"},
    {"the first group's weights for all", "lf_mvu_control.v", "count <= last_all ?", "count <= last_pass ?"},
};

static void add_small(lf_rng *r) {
    static const unit_case few[] = {
        {"small_same", "window", 4, 4, 1, {0, 7, 1}, "kernel=[3,3] pads=[1,1,1,1]"},
        {"small_columns",
         "window",
         5,
         4,
         1,
         {0, 7, 1},
         "kernel=[3,2] strides=[2,1] pads=[1,0,1,0] SIMD=3 order=columns"},
        {"small_valid", "window", 5, 5, 1, {0, 7, 1}, "kernel=[2,2]"},
        {"small_global", "global_pool", 2, 3, 2, {0, 7, 1}, ""},
    };
    for (size_t i = 0; i < LF_COUNT(few); i++)
        add_case(&few[i]);
    static const rows_case small = {"small_groups", "mvu",          {0, 7, 1}, {-4, 3, 1}, 4, 4, 8, 4, 0,
                                    false,          "PE=2 groups=2"};
    add_rows(&small, r);
}

/* -- the rate of any geometry -------------------------------------------------------------------------------------------- */

static lf_node *random_window(lf_graph *g, lf_rng *r) {
    int64_t k[2], d[2], s[2], size[2], pads[4];
    bool columns = lf_rng_below(r, 2), whole = columns && lf_rng_below(r, 2);
    for (int i = 0; i < 2; i++) {
        k[i] = lf_rng_between(r, 1, 4);
        d[i] = lf_rng_between(r, 1, 2);
        s[i] = lf_rng_between(r, 1, 3);
        size[i] = (k[i] - 1) * d[i] + lf_rng_between(r, 1, 9);
        pads[i] = lf_rng_between(r, 0, 1) ? lf_rng_between(r, 0, 4) : 0;
        pads[2 + i] = lf_rng_between(r, 0, 1) ? lf_rng_between(r, 0, 4) : 0;
    }
    lf_tensor *x = lf_tensor_new(g, "x", picture(size[0], size[1], lf_rng_between(r, 1, 2) * 2), lf_int(8));
    lf_set_codes(g, x, (lf_range){0, lf_rng_below(r, 4) ? 7 : 1 << 20, 1});
    lf_node *n = lf_node_new(g, lf_op_find("window"), "w", &x->id, 1,
                             &lf_tensor_new(g, "y", (lf_shape){0}, lf_int(8))->id, 1, NULL);
    struct {
        const char *name, *text;
    } set[] = {{"kernel", lf_format(g->arena, "[%d,%d]", (int)k[0], (int)k[1])},
               {"dilations", lf_format(g->arena, "[%d,%d]", (int)d[0], (int)d[1])},
               {"strides", lf_format(g->arena, "[%d,%d]", (int)s[0], (int)s[1])},
               {"pads", lf_format(g->arena, "[%d,%d,%d,%d]", (int)pads[0], (int)pads[1], (int)pads[2], (int)pads[3])},
               {"interleave", whole || lf_rng_below(r, 2) ? "2" : "0"},
               {"order", columns ? "columns" : "rows"},
               {"SIMD", whole                ? lf_format(g->arena, "%d", 2 * (int)k[0])
                        : lf_rng_below(r, 2) ? "1"
                                             : "2"}};
    for (size_t i = 0; i < LF_COUNT(set); i++)
        assert_int_equal(lf_attr_set_text(g->ctx, g->arena, n->op, n->attr, set[i].name, set[i].text, NULL), LF_OK);
    assert_int_equal(lf_infer_node(g, n), LF_OK);
    return n;
}

static const char *describe(lf_graph *g, const lf_node *n) {
    lf_text t = {0};
    lf_text_addf(&t, "%s of %s", n->op->name, lf_shape_text(g->arena, lf_in(g, n, 0)->shape));
    for (const lf_attr_desc *d = n->op->attrs; d->name; d++) {
        lf_text_addf(&t, " %s=", d->name);
        lf_attr_print(&t, n->attr, d);
    }
    const char *text = lf_strdup(g->arena, t.at);
    lf_text_free(&t);
    return text;
}

static void check_rate(lf_ctx *ctx, lf_graph *g, lf_node *n) {
    lf_chain *chain = lf_chain_new(g->arena);
    lf_unit u;
    lf_cost cost;
    lf_chain_result result;
    assert_int_equal(n->op->unit(g, n, g->arena, &u), LF_OK);
    assert_int_equal(n->op->cost(g, n, &cost), LF_OK);
    lf_chain_add(chain, &u);
    lf_chain_source(chain, 0, 0);
    lf_chain_sink(chain, 0, 0);
    if (lf_chain_run(ctx, chain, 6, 0, &result))
        fail_msg("%s: %s", lf_diag_at(ctx, 0)->text, describe(g, n));
    if (result.ii_cycles != cost.ii_cycles)
        fail_msg("II %" PRId64 ", the closed form says %" PRId64 ": %s", result.ii_cycles, cost.ii_cycles,
                 describe(g, n));
}

static void test_rates(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(41, 1);
    for (int i = 0; i < 3000; i++) {
        lf_ctx *ctx = lf_ctx_new(1);
        lf_graph *g = lf_graph_new(ctx, "g");
        check_rate(ctx, g, random_window(g, &r));
        lf_graph_free(g);
        lf_ctx_free(ctx);
    }
}

static const bench_program whole_program = {add_all,   40, settings, LF_COUNT(settings),
                                            add_small, 42, faults,   LF_COUNT(faults)};

int main(int argc, char **argv) {
    const struct CMUnitTest more[] = {cmocka_unit_test(test_rates)};
    return bench_main(argc, argv, &whole_program, more, LF_COUNT(more));
}
