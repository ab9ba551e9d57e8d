/* Every hand-written stream unit and every corner of its parameters, in one simulation each for Verilator and Icarus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bench_checks.h"

static lf_shape shape2(int64_t rows, int64_t columns) {
    return lf_shape_make(2, (int64_t[]){rows, columns});
}

/* -- plumbing ---------------------------------------------------------------------------------------------------------- */

static void add_fifo(int64_t depth, const char *style, int64_t lanes) {
    const char *name = lf_format(b.arena, "fifo_%s_%" PRId64, style, depth);
    bench_case *c = bench_case_new(&b, name, shape2(1, lanes * 37), (lf_range){-8, 7, 1});
    /* a converter that is never printed says how many lanes there are */
    bench_node(&b, c, "fifo", lf_format(b.arena, "depth=%" PRId64 " style=%s", depth, style), NULL, 0);
    bench_node(&b, c, "width_converter", lf_format(b.arena, "in_lanes=%" PRId64 " out_lanes=%" PRId64, lanes, lanes),
               NULL, 0);
    c->count--;
}

static void add_fifos(void) {
    static const int64_t depth[] = {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 32, 33, 40};
    static const char *const style[] = {"register", "srl", "distributed", "block"};
    for (size_t s = 0; s < LF_COUNT(style); s++)
        for (size_t d = 0; d < LF_COUNT(depth); d++)
            if (depth[d] > 2 || s == 0)
                add_fifo(depth[d], style[s], s == 2 ? 3 : 1);
    add_fifo(129, "distributed", 1);
    add_fifo(200, "block", 1);
}

static void add_skid(lf_range range, int64_t lanes) {
    const char *name = lf_format(b.arena, "skid_%" PRId64 "_%zu", lanes, b.cases.count);
    bench_case *c = bench_case_new(&b, name, shape2(1, lanes * 40), range);
    bench_node(&b, c, "skid", "", NULL, 0);
    bench_node(&b, c, "width_converter", lf_format(b.arena, "in_lanes=%" PRId64 " out_lanes=%" PRId64, lanes, lanes),
               NULL, 0);
    c->count--;
}

static void add_converter(int64_t in, int64_t out, lf_range range) {
    int64_t a = in, z = out;
    while (z) {
        int64_t t = a % z;
        a = z;
        z = t;
    }
    bench_case *c = bench_case_new(&b, lf_format(b.arena, "width_%" PRId64 "_%" PRId64, in, out),
                                   shape2(1, in / a * out * 6), range);
    bench_node(&b, c, "width_converter", lf_format(b.arena, "in_lanes=%" PRId64 " out_lanes=%" PRId64, in, out), NULL,
               0);
}

static void add_converters(void) {
    static const int64_t ratio[][2] = {{1, 1}, {1, 2},  {1, 3},  {1, 5}, {2, 8}, {1, 16}, {2, 1},
                                       {3, 1}, {12, 3}, {16, 1}, {2, 3}, {3, 2}, {4, 6},  {6, 4},
                                       {3, 5}, {5, 3},  {7, 4},  {4, 7}, {9, 2}, {2, 9},  {10, 15}};
    for (size_t i = 0; i < LF_COUNT(ratio); i++)
        add_converter(ratio[i][0], ratio[i][1],
                      i % 3 == 0   ? (lf_range){-1, 1, 2}
                      : i % 3 == 1 ? (lf_range){0, 5, 1}
                                   : (lf_range){-100, 99, 1});
}

/* -- thresholds ----------------------------------------------------------------------------------------------------------- */

typedef struct levels_case {
    const char *name;
    lf_range x;
    int64_t channels, levels, pixels;
    bool per_channel, signs, uniform;
    const char *attrs;
    int ties; /* uniform: 1 or 2: half to even, the first level taken by an odd or by an even number */
} levels_case;

/* Equal steps, perhaps with ties to even; what the input cannot pass is moved to the end of its range, as bisection finds it. */
static void fill_uniform(const levels_case *l, lf_rng *r, int64_t step, int64_t *row) {
    int64_t span = l->x.hi - l->x.lo, first = l->x.lo + lf_rng_between(r, -span / 3, span / 3);
    for (int64_t t = 0; t < l->levels; t++) {
        int64_t at = first + t * step + (l->ties && (t + l->ties) % 2);
        row[t] = at > l->x.hi ? l->x.hi + 1 : at < l->x.lo && t % 2 ? l->x.lo : at;
    }
}

/* Random rows with ties and values beyond the input's range on both sides. */
static void fill_row(const levels_case *l, lf_rng *r, int64_t *row) {
    int64_t span = l->x.hi - l->x.lo;
    for (int64_t t = 0; t < l->levels; t++)
        row[t] = lf_rng_between(r, l->x.lo - span / 8 - 1, l->x.hi + span / 8 + 2);
    qsort(row, (size_t)l->levels, sizeof *row, bench_ascending);
    if (l->levels > 2)
        row[1] = row[2];
}

static void add_levels(const levels_case *l, lf_rng *r) {
    bench_case *c = bench_case_new(&b, l->name, shape2(l->pixels, l->channels), l->x);
    int64_t rows = l->per_channel ? l->channels : 1;
    int64_t *at = LF_NEW_ARRAY(b.arena, int64_t, rows * l->levels), *sign = LF_NEW_ARRAY(b.arena, int64_t, l->channels);
    int64_t step = (int64_t)1 << (lf_bits_unsigned((uint64_t)((l->x.hi - l->x.lo) / (l->levels + 1) + 1)) - 1);
    for (int64_t i = 0; i < rows; i++) {
        if (l->uniform)
            fill_uniform(l, r, step, at + i * l->levels);
        else
            fill_row(l, r, at + i * l->levels);
        qsort(at + i * l->levels, (size_t)l->levels, sizeof *at, bench_ascending);
    }
    c->special = at; /* most inputs lie beside a level */
    c->special_count = rows * l->levels;
    for (int64_t i = 0; i < l->channels; i++)
        sign[i] = lf_rng_below(r, 2) ? 1 : -1;
    const lf_tensor *consts[2] = {lf_const_codes(c->graph, "T", shape2(rows, l->levels), at),
                                  l->signs ? lf_const_codes(c->graph, "sign", lf_shape_make(1, &l->channels), sign)
                                           : NULL};
    bench_node(&b, c, "threshold", l->attrs, consts, l->signs ? 2 : 1);
}

static const levels_case levels[] = {
    {"thr_one", {-40, 50, 1}, 6, 1, 7, true, false, false, "PE=2", 0},
    {"thr_bipolar_out", {-40, 50, 1}, 6, 1, 7, true, true, false, "PE=3 out_base=-1 out_step=2", 0},
    {"thr_bipolar_down", {-40, 40, 2}, 4, 1, 9, true, false, false, "PE=4 out_base=1 out_step=-2", 0},
    {"thr_bipolar_in", {-1, 1, 2}, 4, 2, 9, true, true, false, "PE=2", 0},
    {"thr_const3", {0, 255, 1}, 5, 3, 6, false, false, false, "PE=1", 0},
    {"thr_const3_lanes", {-128, 127, 1}, 4, 3, 6, true, true, false, "PE=4", 0},
    {"thr_par3", {-128, 127, 1}, 8, 3, 4, true, true, false, "PE=2 structure=parallel", 0},
    {"thr_par7_deep", {0, 1000, 1}, 80, 7, 1, true, false, false, "PE=1 structure=parallel", 0},
    {"thr_bs2", {-30000, 30000, 1}, 4, 2, 9, true, false, false, "PE=1 structure=binary_search", 0},
    {"thr_bs3", {-30000, 30000, 1}, 16, 3, 3, true, true, false, "PE=1 structure=binary_search", 0},
    {"thr_bs5", {-100, 155, 1}, 6, 5, 6, true, true, false, "PE=3 out_base=-3", 0},
    {"thr_bs7", {-128, 127, 1}, 12, 7, 4, true, false, false, "PE=4 out_step=3 out_base=5", 0},
    {"thr_bs15", {-30000, 30000, 1}, 16, 15, 3, true, true, false, "PE=2 out_base=-8", 0},
    {"thr_bs15_const", {-500, 500, 1}, 4, 15, 8, false, false, false, "PE=4", 0},
    {"thr_bs15_block", {-30000, 30000, 1}, 96, 15, 1, true, true, false, "PE=1 ram_style=block", 0},
    {"thr_bs15_lutram", {-30000, 30000, 1}, 96, 15, 1, true, true, false, "PE=1 ram_style=distributed", 0},
    {"thr_bs100", {-3000, 5000, 1}, 6, 100, 6, true, true, false, "PE=1", 0},
    {"thr_bs255", {-32768, 32767, 1}, 8, 255, 3, true, false, false, "PE=2", 0},
    {"thr_bs300", {-32768, 32767, 1}, 2, 300, 9, true, false, false, "PE=1 out_base=-150", 0},
    {"thr_uni4", {-128, 127, 1}, 6, 4, 5, true, false, true, "PE=2 structure=uniform", 0},
    {"thr_uni15", {-3000, 3000, 1}, 6, 15, 5, true, true, true, "PE=1 structure=uniform", 0},
    {"thr_uni63_const", {0, 4095, 1}, 4, 63, 6, false, false, true, "PE=4", 0},
    {"thr_uni255", {-30000, 30000, 1}, 6, 255, 5, true, true, true, "PE=3 out_base=-128 structure=uniform", 0},
    {"thr_uni7_deep", {-300, 300, 1}, 70, 7, 1, true, true, true, "PE=1", 0},
    {"thr_even15", {-3000, 3000, 1}, 6, 15, 5, true, false, true, "PE=1 structure=uniform", 2},
    {"thr_even15_signs", {-3000, 3000, 1}, 6, 15, 5, true, true, true, "PE=2 structure=uniform out_base=-8", 1},
    {"thr_even14", {-300, 300, 1}, 4, 14, 8, true, true, true, "PE=4 structure=uniform out_base=-7", 1},
    {"thr_even63", {-70000, 80000, 1}, 8, 63, 3, true, false, true, "PE=1 structure=uniform", 2},
    {"thr_even8_fine", {0, 15, 1}, 3, 8, 20, true, true, true, "PE=1 structure=uniform", 2},
    {"thr_even6_fine", {-8, 7, 1}, 3, 6, 20, false, false, true, "PE=3 structure=uniform", 1},
    {"thr_even5_wide", {-100000, 100000, 1}, 3, 5, 20, true, true, true, "PE=3 structure=uniform", 1},
    {"thr_one_bit", {0, 1, 1}, 3, 1, 7, true, true, false, "PE=1", 0},
};

/* -- argmax ------------------------------------------------------------------------------------------------------------------ */

static void add_argmax(int64_t classes, int64_t pe, lf_range x) {
    bench_case *c =
        bench_case_new(&b, lf_format(b.arena, "argmax_%" PRId64 "_%" PRId64, classes, pe), shape2(11, classes), x);
    bench_node(&b, c, "argmax", lf_format(b.arena, "axis=-1 PE=%" PRId64, pe), NULL, 0);
}

static void add_argmaxes(void) {
    static const int64_t size[][2] = {{10, 1}, {10, 2}, {10, 5}, {10, 10}, {1, 1}, {2, 1},
                                      {2, 2},  {3, 3},  {16, 4}, {7, 7},   {12, 3}};
    for (size_t i = 0; i < LF_COUNT(size); i++)
        add_argmax(size[i][0], size[i][1],
                   i % 3 == 0   ? (lf_range){-9, 9, 1}
                   : i % 3 == 1 ? (lf_range){0, 3, 1}
                                : (lf_range){-1, 1, 2});
}

/* -- matrix-vector units --------------------------------------------------------------------------------------------------------- */

typedef struct mvu_case {
    const char *name;
    lf_range x, w;
    int64_t columns, rows, vectors, levels;
    bool bias;
    const char *attrs;
} mvu_case;

static const mvu_case matrices[] = {
    {"mvu_one", {-1, 1, 2}, {-1, 1, 2}, 6, 4, 3, 0, false, "PE=1 SIMD=1"},
    {"mvu_binary", {-1, 1, 2}, {-1, 1, 2}, 24, 8, 2, 1, false, "PE=2 SIMD=6 out_base=-1 out_step=2"},
    {"mvu_tall", {-1, 1, 2}, {-1, 1, 2}, 24, 6, 3, 1, false, "PE=6 SIMD=4 structure=tall out_base=-1 out_step=2"},
    {"mvu_wide", {-1, 1, 2}, {-1, 1, 2}, 12, 8, 3, 1, false, "PE=2 SIMD=12 structure=wide out_base=-1 out_step=2"},
    {"mvu_int", {-8, 7, 1}, {-4, 3, 1}, 12, 6, 3, 0, true, "PE=3 SIMD=4"},
    {"mvu_levels", {0, 3, 1}, {-2, 2, 1}, 10, 6, 3, 3, true, "PE=2 SIMD=5"},
    {"mvu_block", {0, 15, 1}, {-8, 7, 1}, 16, 12, 1, 2, false, "PE=1 SIMD=2 ram_style=block"},
    {"mvu_spatial", {0, 3, 1}, {-1, 1, 1}, 6, 4, 8, 2, false, "PE=4 SIMD=6"},
};

static void add_matrix(const mvu_case *m, lf_rng *r) {
    bench_case *c = bench_case_new(&b, m->name, shape2(m->vectors, m->columns), m->x);
    int64_t *T = bench_codes(r, (lf_range){-9, 9, 1}, m->rows * m->levels + 1);
    for (int64_t i = 0; i < m->rows; i++)
        qsort(T + i * m->levels, (size_t)m->levels, sizeof *T, bench_ascending);
    const lf_tensor *consts[3] = {
        lf_const_codes(c->graph, "W", shape2(m->rows, m->columns), bench_codes(r, m->w, m->rows * m->columns)), NULL,
        NULL};
    if (m->bias)
        consts[1] =
            lf_const_codes(c->graph, "bias", lf_shape_make(1, &m->rows), bench_codes(r, (lf_range){-5, 5, 1}, m->rows));
    if (m->levels)
        consts[2] = lf_const_codes(c->graph, "T", shape2(m->rows, m->levels), T);
    bench_node(&b, c, "mvu", m->attrs, consts, m->levels ? 3 : m->bias ? 2 : 1);
}

/* -- requantize and table ----------------------------------------------------------------------------------------------------- */

typedef struct scale_case {
    const char *name;
    lf_range x, mul, add;
    int64_t channels, constants;
    const char *attrs;
} scale_case;

static const scale_case scales[] = {
    {"rq_one", {-100, 155, 1}, {37, 37, 1}, {-9, -9, 1}, 4, 1, "PE=2 shift=5 lo=0 hi=15"},
    {"rq_signed", {-128, 127, 1}, {-20, 20, 1}, {-300, 300, 1}, 6, 6, "PE=2 shift=4 lo=-8 hi=7"},
    {"rq_lut", {0, 255, 1}, {-20, 20, 1}, {-300, 300, 1}, 6, 6, "PE=3 shift=6 lo=-100 hi=100 style=lut"},
    {"rq_dsp", {-1, 1, 2}, {-3, 3, 1}, {-3, 3, 1}, 4, 4, "PE=1 shift=1 lo=-1 hi=2 style=dsp"},
    {"rq_all_lanes", {-8, 7, 1}, {1, 9, 1}, {0, 9, 1}, 4, 4, "PE=4 shift=2 lo=0 hi=255"},
    {"rq_wide", {-100000, 100000, 1}, {1, 60000, 1}, {-99999, 99999, 1}, 3, 3, "PE=1 shift=20 lo=-2000 hi=2000"},
    {"rq_no_shift", {0, 15, 1}, {3, 3, 1}, {-4, -4, 1}, 4, 1, "PE=1 shift=0 lo=-100 hi=100"},
    {"rq_shifted_out", {0, 15, 1}, {-3, 3, 1}, {-4, 4, 1}, 4, 4, "PE=1 shift=40 lo=-100 hi=100"},
    {"rq_limits_beyond", {0, 15, 1}, {1, 3, 1}, {0, 4, 1}, 4, 4, "PE=1 shift=1 lo=50 hi=60"},
    {"rq_bipolar", {-9, 9, 1}, {2, 2, 1}, {1, 1, 1}, 4, 1, "PE=2 shift=0 lo=-1 hi=1"},
    {"rq_deep", {-128, 127, 1}, {-20, 20, 1}, {-300, 300, 1}, 80, 80, "PE=1 shift=4 lo=-8 hi=7"},
    {"rq_block", {-128, 127, 1}, {-20, 20, 1}, {-300, 300, 1}, 96, 96, "PE=1 shift=4 lo=-8 hi=7 ram_style=block"},
};

static void add_scale(const scale_case *s, lf_rng *r) {
    int64_t pixels = s->channels > 40 ? 1 : 40 / s->channels;
    bench_case *c = bench_case_new(&b, s->name, shape2(pixels, s->channels), s->x);
    lf_shape shape = lf_shape_make(1, &s->constants);
    const lf_tensor *consts[2] = {lf_const_codes(c->graph, "mul", shape, bench_codes(r, s->mul, s->constants)),
                                  lf_const_codes(c->graph, "add", shape, bench_codes(r, s->add, s->constants))};
    bench_node(&b, c, "requantize", s->attrs, consts, 2);
}

typedef struct lookup_case {
    const char *name;
    lf_range x, y;
    int64_t channels, rows, before; /* before: entries that stand before x.lo and behind x.hi */
    const char *ram;
    int64_t pe;
} lookup_case;

static const lookup_case lookups[] = {
    {"table_one", {-8, 7, 1}, {-100, 100, 1}, 4, 1, 0, "auto", 2},
    {"table_rows", {-8, 7, 1}, {0, 5, 1}, 4, 4, 3, "auto", 1},
    {"table_lanes", {-1, 1, 2}, {-1, 1, 2}, 4, 4, 0, "auto", 4},
    {"table_odd", {3, 91, 4}, {-9, 9, 3}, 6, 6, 1, "distributed", 3},
    {"table_deep", {-128, 127, 1}, {0, 255, 1}, 4, 4, 0, "auto", 2},
    {"table_long", {0, 4095, 1}, {-2000, 2000, 1}, 2, 1, 0, "block", 1},
};

static void add_lookup(const lookup_case *l, lf_rng *r) {
    bench_case *c = bench_case_new(&b, l->name, shape2(24 / l->channels, l->channels), l->x);
    int64_t count = l->x.hi - l->x.lo + 1 + 2 * l->before;
    const lf_tensor *T = lf_const_codes(c->graph, "T", shape2(l->rows, count), bench_codes(r, l->y, l->rows * count));
    bench_node(&b, c, "table",
               lf_format(b.arena, "lo=%" PRId64 " PE=%" PRId64 " ram_style=%s", l->x.lo - l->before, l->pe, l->ram), &T,
               1);
}

/* -- rows of units ------------------------------------------------------------------------------------------------------------- */

static void add_rows(lf_rng *r) {
    bench_case *c = bench_case_new(&b, "row_all", shape2(3, 12), (lf_range){-100, 100, 1});
    int64_t at[7];
    for (int i = 0; i < 7; i++)
        at[i] = lf_rng_between(r, -90, 90);
    qsort(at, 7, sizeof *at, bench_ascending);
    bench_node(&b, c, "skid", "", NULL, 0);
    bench_node(&b, c, "width_converter", "in_lanes=4 out_lanes=3", NULL, 0);
    bench_node(&b, c, "fifo", "depth=5 style=distributed", NULL, 0);
    const lf_tensor *T = lf_const_codes(c->graph, "T", shape2(1, 7), at);
    bench_node(&b, c, "threshold", "PE=3", &T, 1);
    bench_node(&b, c, "width_converter", "in_lanes=3 out_lanes=6", NULL, 0);
    bench_node(&b, c, "fifo", "depth=3 style=srl", NULL, 0);
    bench_node(&b, c, "argmax", "axis=1 PE=6", NULL, 0);
    bench_node(&b, c, "skid", "", NULL, 0);
}

static void add_all(lf_rng *r) {
    add_fifos();
    add_skid((lf_range){0, 1, 1}, 1);
    add_skid((lf_range){-200, 200, 1}, 4);
    add_converters();
    for (size_t i = 0; i < LF_COUNT(levels); i++)
        add_levels(&levels[i], r);
    add_argmaxes();
    for (size_t i = 0; i < LF_COUNT(matrices); i++)
        add_matrix(&matrices[i], r);
    for (size_t i = 0; i < LF_COUNT(scales); i++)
        add_scale(&scales[i], r);
    for (size_t i = 0; i < LF_COUNT(lookups); i++)
        add_lookup(&lookups[i], r);
    add_rows(r);
}

static const bench_stalls settings[] = {{0, 0}, {0, .5}, {.5, 0}, {.5, .5}, {.9, .1}, {.1, .9}};

static void test_yosys(void **state) {
    (void)state;
    bench_need("yosys");
    const char *argv[] = {
        "yosys", "-q", "-p",
        lf_format(b.arena, "%s; hierarchy -check -top bench; proc; check -assert", bench_read_script(&b)), NULL};
    if (!bench_tool(&b, argv))
        b.failed = true;
    assert_false(b.failed);
}

/* -- faults that must be seen ------------------------------------------------------------------------------------------------- */

static const bench_fault faults[] = {
    {"the spilled word is lost", "lf_skid.v", "ready ? s_axis_tdata : spill", "s_axis_tdata"},
    {"one word less", "lf_fifo_srl.v", "last != TOP", "last + 1'b1 != TOP"},
    {"valid drops while it waits", "lf_fifo_memory.v", "held <= load | (held & ~m_axis_tready)", "held <= load"},
    {"a bubble behind every word", "lf_widen.v", "~full | m_axis_tready", "~full"},
    {"reset forgets a flag", "lf_narrow.v", "some <= 1'b0;", "some <= some;"},
    {"room counted before the word leaves", "lf_dwc.v", "rest <= ROOM", "level <= ROOM"},
    {"the last of equals wins", "lf_argmax.v", "value > best", "value >= best"},
    {"waits for ready before it is valid", "lf_pipe.v", "~valid[STAGES-1] | m_axis_tready", "m_axis_tready"},
    {"a threshold one too low", "thr_small_threshold0_threshold.v", "u >= row[", "u > row["},
    {"the addend of the next beat", "lf_requantize_lane.v", "p_wide + add_wide",
     "p_wide + {{SUM_BITS-ADD_BITS{add[ADD_BITS-1]}}, add}"},
    {"the last beat of a frame is not marked", "skid_2_0.v", "m_axis_tlast ? ", "1'b1 ? "},
};

static void add_small(lf_rng *r) {
    add_skid((lf_range){-3, 3, 1}, 2);
    add_fifo(5, "srl", 1);
    add_fifo(6, "distributed", 1);
    add_converter(1, 3, (lf_range){0, 3, 1});
    add_converter(3, 1, (lf_range){0, 3, 1});
    add_converter(3, 2, (lf_range){0, 3, 1});
    add_argmax(6, 1, (lf_range){0, 2, 1});
    add_argmax(6, 3, (lf_range){-9, 9, 1});
    add_levels(&(levels_case){"thr_small", {0, 9, 1}, 2, 1, 40, false, false, false, "PE=1", 0}, r);
    add_levels(&(levels_case){"thr_small_bs", {-99, 99, 1}, 4, 9, 10, true, true, false, "PE=2", 0}, r);
    add_levels(&(levels_case){"thr_small_even", {-99, 99, 1}, 4, 7, 10, true, true, true, "PE=1 structure=uniform", 2},
               r);
    add_scale(&(scale_case){"rq_small", {-8, 7, 1}, {-9, 9, 1}, {-9, 9, 1}, 4, 4, "PE=2 shift=2 lo=-8 hi=7"}, r);
}

/* The same cycles once more on the cells that Yosys makes of it. */
static void test_mapped(void **state) {
    (void)state;
    bench_need("iverilog");
    bench_need("yosys");
    const char *cells = "/usr/share/yosys/xilinx/cells_sim.v";
    if (!lf_path_exists(cells)) {
        print_message("%s is not there\n", cells);
        skip();
    }
    bench whole = bench_begin_small();
    bench_write_hex(&b);
    const char *synth[] = {
        "yosys", "-q", "-p",
        lf_format(
            b.arena,
            "%s; synth_xilinx -family xc7 -flatten -noiopad -nowidelut -top bench; write_verilog -noattr mapped.v",
            bench_read_script(&b)),
        NULL};
    const char *build[] = {"iverilog",   "-g2005", "-s",       "replay",   "-o",
                           "replay.vvp", cells,    "mapped.v", "replay.v", NULL};
    bool good = bench_tool(&b, synth) && bench_tool(&b, build) && bench_icarus_replay(&b, false);
    bench_end_small(whole);
    assert_true(good);
}

static const bench_program whole_program = {add_all,   20, settings, LF_COUNT(settings),
                                            add_small, 21, faults,   LF_COUNT(faults)};

int main(int argc, char **argv) {
    const struct CMUnitTest more[] = {cmocka_unit_test(test_yosys), cmocka_unit_test(test_mapped)};
    return bench_main(argc, argv, &whole_program, more, LF_COUNT(more));
}
