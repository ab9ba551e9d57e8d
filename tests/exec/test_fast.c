/* The fast engine against the reference engine: random integer networks with float or integer inputs, every instruction set that runs
 * here, any block size and number of threads, random and extreme rows; and the same complaints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/text.h"
#include "exec/exec.h"
#include "exec/fast.h"
#include "ir/attr_access.h"
#include "ops/ops.h"
#include "ir/lftext.h"

/* What the random networks contained; the test fails when one of these was never met. */
typedef enum corner {
    FLOAT_INPUT,
    CODE_INPUT,
    FRONT_BIPOLAR,
    FRONT_MANY,
    FRONT_PER_CHANNEL,
    FRONT_FALLING,
    XNOR_BITS,
    XNOR_SUMS,
    BINARY_01,
    INT_BYTES,
    INT_WORDS,
    WIDE_VALUES,
    TOO_WIDE,
    SIGNS,
    SHARED_ROW,
    BIAS,
    FUSED_T,
    MANY_LEVELS,
    SEARCHED,
    FALLING_STEP,
    VECTORS,
    RESHAPED,
    TAIL_SCALES,
    ARGMAX,
    TWO_READERS,
    NO_LEVELS,
    GRID_INPUT,
    TAIL_TABLE,
    TAIL_DEFINITIONS,
    CORNERS
} corner;

static const char *const corner_names[] = {"float input",
                                           "code input",
                                           "bipolar front",
                                           "front of many levels",
                                           "front with constants per channel",
                                           "falling front",
                                           "one-bit layer to bits",
                                           "one-bit layer to sums",
                                           "one-bit layer with inputs 0 and 1",
                                           "layer of bytes",
                                           "layer of words",
                                           "values beyond 16 bits",
                                           "sums beyond 31 bits",
                                           "signs",
                                           "one row of thresholds for all",
                                           "bias",
                                           "thresholds inside the mvu",
                                           "more than 16 levels",
                                           "searched levels",
                                           "falling step",
                                           "several vectors",
                                           "reshape",
                                           "scales at the end",
                                           "argmax",
                                           "two readers",
                                           "a layer without thresholds",
                                           "input on a declared grid",
                                           "elementwise end as a table",
                                           "softmax at the end"};

static int met[CORNERS];

typedef struct net {
    lf_ctx *ctx;
    lf_graph *g;
    lf_rng *r;
    lf_id at, raw;
    int count;
} net;

static lf_node *add_node(net *n, const char *op, const lf_id *in, int count) {
    const char *name = lf_format(n->g->arena, "%s%d", op, n->count++);
    in = lf_copy(n->g->arena, in, (size_t)count * sizeof *in); /* it may be &n->at */
    n->at = lf_tensor_new(n->g, lf_format(n->g->arena, "%s_out", name), (lf_shape){0}, LF_FLOAT32)->id;
    assert_non_null(lf_op_find(op));
    return lf_node_new(n->g, lf_op_find(op), name, in, count, &n->at, 1, NULL);
}

static void infer(net *n, lf_node *node) {
    if (lf_infer_node(n->g, node) == LF_OK)
        return;
    fail_msg("%s: %s", node->name, lf_diag_at(n->ctx, lf_diag_count(n->ctx) - 1)->text);
}

static lf_id real_const(net *n, size_t count, double lo, double hi) {
    double *v = LF_NEW_ARRAY(n->g->arena, double, count);
    for (size_t i = 0; i < count; i++)
        v[i] = lo + (hi - lo) * lf_rng_double(n->r);
    lf_shape s = count == 1 ? (lf_shape){0} : lf_shape_make(1, (int64_t[]){(int64_t)count});
    return lf_const_reals(n->g, "c", s, v)->id;
}

static bool chance(net *n, uint32_t of) {
    return lf_rng_below(n->r, of) == 0;
}

static lf_tensor *now(net *n) {
    return lf_tensor_at(n->g, n->at);
}

static size_t channels(net *n) {
    lf_shape s = now(n)->shape;
    return (size_t)s.dim[s.rank - 1];
}

/* -- beginnings --------------------------------------------------------------------------------------------------------------- */

static void float_input(net *n, lf_shape s) {
    n->at = lf_tensor_new(n->g, "x", s, LF_FLOAT32)->id;
    LF_PUSH(n->g->arena, &n->g->inputs, (lf_port){.name = "x", .tensor = n->at});
    met[FLOAT_INPUT]++;
    bool per_channel = chance(n, 3);
    met[FRONT_PER_CHANNEL] += per_channel;
    for (uint32_t k = lf_rng_below(n->r, 4); k > 0; k--) {
        size_t count = per_channel ? channels(n) : 1;
        bool multiply = chance(n, 2), falling = chance(n, 4);
        lf_id c = multiply ? real_const(n, count, falling ? -3 : 0.1, falling ? -0.1 : 3) : real_const(n, count, -1, 1);
        infer(n, add_node(n, multiply ? "mul" : chance(n, 2) ? "add" : "sub", (lf_id[]){n->at, c}, 2));
        met[FRONT_FALLING] += multiply && falling;
    }
    lf_node *q;
    if (chance(n, 2)) {
        q = add_node(n, "bipolar_quant", (lf_id[]){n->at, real_const(n, 1, 1, 1)}, 2);
        met[FRONT_BIPOLAR]++;
    } else {
        int64_t bits = lf_rng_between(n->r, 2, 8);
        lf_id b = real_const(n, 1, (double)bits, (double)bits);
        q = add_node(n, "quant", (lf_id[]){n->at, real_const(n, 1, 0.05, 0.5), real_const(n, 1, 0, 0), b}, 4);
        lf_attr_set_bool(q, "signed", chance(n, 2));
        met[FRONT_MANY]++;
    }
    infer(n, q);
    infer(n, add_node(n, "quantize", &n->at, 1));
}

/* As --input would: the codes of t stand for these values. */
static const lf_input_grid *random_grid(net *n, lf_tensor *t) {
    static const lf_input_grid grids[] = {{.scale = 1.0 / 255, .divisor = 255},
                                          {.scale = 0.125},
                                          {.scale = -0.3, .offset = 7},
                                          {.scale = 1e-3, .offset = -0.1}};
    lf_input_grid *g = LF_NEW(n->g->arena, lf_input_grid);
    *g = grids[lf_rng_below(n->r, LF_COUNT(grids))];
    g->type = chance(n, 2) ? lf_uint(8) : lf_int(10);
    lf_set_codes(n->g, t, lf_dtype_range(g->type));
    met[GRID_INPUT]++;
    return g;
}

static void code_input(net *n, lf_shape s) {
    static const lf_range ranges[] = {{-1, 1, 2},  {0, 1, 1},           {0, 15, 1},         {-128, 127, 1},
                                      {0, 255, 1}, {100, 300, 1},       {-32768, 32767, 1}, {0, 65535, 1},
                                      {-3, 5, 8},  {-100000, 100000, 1}};
    lf_tensor *t = lf_tensor_new(n->g, "x", s, lf_int(8));
    lf_set_codes(n->g, t, ranges[lf_rng_below(n->r, LF_COUNT(ranges))]);
    n->at = t->id;
    lf_port port = {.name = "x", .tensor = n->at};
    if (chance(n, 2))
        port.grid = random_grid(n, t);
    LF_PUSH(n->g->arena, &n->g->inputs, port);
    met[CODE_INPUT]++;
    met[WIDE_VALUES] += t->range.hi == 100000;
}

/* -- layers ----------------------------------------------------------------------------------------------------------------------- */

static lf_id random_codes(net *n, lf_shape s, int64_t lo, int64_t hi, int64_t step) {
    size_t count = (size_t)lf_shape_count(s);
    int64_t *v = LF_NEW_ARRAY(n->g->arena, int64_t, count + 1);
    for (size_t i = 0; i < count; i++)
        v[i] = lo + step * lf_rng_between(n->r, 0, (hi - lo) / step);
    return lf_const_codes(n->g, "w", s, v)->id;
}

static int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Near the middle of the accumulator's range, where they matter, and sometimes far outside. */
static lf_id random_thresholds(net *n, int64_t rows, int64_t levels, lf_range r) {
    int64_t *T = LF_NEW_ARRAY(n->g->arena, int64_t, rows * levels + 1), spread = (r.hi - r.lo) / 8 + 2,
            middle = r.lo / 2 + r.hi / 2;
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t t = 0; t < levels; t++)
            T[i * levels + t] = chance(n, 12) ? lf_rng_between(n->r, -((int64_t)1 << 40), (int64_t)1 << 40)
                                              : middle + lf_rng_between(n->r, -spread, spread);
        qsort(T + i * levels, (size_t)levels, sizeof *T, by_size);
    }
    return lf_const_codes(n->g, "T", lf_shape_make(2, (int64_t[]){rows, levels}), T)->id;
}

static void choose_levels(net *n, lf_node *node, int64_t *levels) {
    static const int64_t few[] = {1, 1, 1, 2, 3, 15, 40, 255};
    *levels = few[lf_rng_below(n->r, LF_COUNT(few))];
    bool bipolar = *levels == 1 && chance(n, 2), falling = chance(n, 4);
    int64_t base = bipolar ? -1 : lf_rng_between(n->r, -*levels, 3), step = bipolar ? 2 : 1;
    lf_attr_set_int(node, "out_base", falling ? -base : base);
    lf_attr_set_int(node, "out_step", falling ? -step : step);
    met[MANY_LEVELS] += *levels > 16;
    met[SEARCHED] += *levels == 255;
    met[FALLING_STEP] += falling;
}

static void add_threshold(net *n) {
    int64_t levels, C = (int64_t)channels(n), rows = chance(n, 4) ? 1 : C;
    lf_id in[3] = {n->at, 0, 0};
    lf_range r = now(n)->range;
    lf_node *node = add_node(n, "threshold", in, 3);
    choose_levels(n, node, &levels);
    node->in[1] = random_thresholds(n, rows, levels, r);
    if (chance(n, 3)) {
        node->in[2] = random_codes(n, lf_shape_make(1, &C), -1, 1, 2);
        met[SIGNS]++;
    }
    met[SHARED_ROW] += rows == 1 && C > 1;
    infer(n, node);
}

static void add_mvu(net *n, int64_t outputs, bool last) {
    static const int64_t weights[][3] = {{-1, 1, 2},     {-1, 1, 2},       {-1, 1, 1},
                                         {-2, 1, 1},     {-8, 7, 1},       {-128, 127, 1},
                                         {-128, 127, 1}, {-5000, 5000, 1}, {-70000, 70000, 1}};
    const int64_t *w = weights[lf_rng_below(n->r, LF_COUNT(weights))];
    int64_t K = (int64_t)channels(n), levels;
    lf_range r = now(n)->range;
    lf_id in[4] = {n->at, random_codes(n, lf_shape_make(2, (int64_t[]){outputs, K}), w[0], w[1], w[2]), 0, 0};
    bool binary = w[2] == 2 && lf_range_count(r) == 2;
    met[BINARY_01] += binary && r.lo == 0;
    met[VECTORS] += lf_shape_count(now(n)->shape) > K;
    lf_node *node = add_node(n, "mvu", in, 4);
    if (chance(n, 3)) {
        node->in[2] = random_codes(n, lf_shape_make(1, &outputs), -50, 50, 1);
        met[BIAS]++;
    }
    infer(n, node);
    met[TOO_WIDE] += now(n)->range.hi > (int64_t)1 << 30;
    met[XNOR_SUMS] += binary && last;
    met[INT_BYTES] += !binary && r.hi - r.lo < 256 && w[1] < 128;
    met[INT_WORDS] += !binary && r.hi - r.lo > 255 && w[1] < 128 && r.hi - r.lo < 65536;
    if (last)
        return;
    if (chance(n, 3)) {
        choose_levels(n, node, &levels);
        node->in[3] = random_thresholds(n, outputs, levels, now(n)->range);
        met[FUSED_T]++;
        infer(n, node);
    } else if (chance(n, 8)) {
        met[NO_LEVELS]++; /* the sums go on as they are */
    } else {
        add_threshold(n);
    }
    met[XNOR_BITS] += binary && lf_range_count(now(n)->range) == 2;
}

static void add_reshape(net *n) {
    int64_t count = lf_shape_count(now(n)->shape);
    lf_node *node = add_node(n, "reshape", &n->at, 1);
    lf_attr_set_ints(n->g, node, "shape", (int64_t[]){1, count}, 2);
    infer(n, node);
    met[RESHAPED]++;
}

static void output(net *n, lf_id t) {
    LF_PUSH(n->g->arena, &n->g->outputs, (lf_port){.name = lf_tensor_at(n->g, t)->name, .tensor = t});
}

static void add_end(net *n) {
    lf_id sums = n->at;
    if (chance(n, 4)) {
        lf_node *node = add_node(n, "argmax", &n->at, 1);
        lf_attr_set_int(node, "axis", -1);
        infer(n, node);
        met[ARGMAX]++;
        output(n, n->at);
        return;
    }
    size_t count = chance(n, 2) ? channels(n) : 1;
    met[TAIL_SCALES] += count > 1;
    lf_id scale = count > 1 ? real_const(n, count, 0.01, 0.02) : real_const(n, 1, 0.3, 0.3);
    infer(n, add_node(n, "dequantize", (lf_id[]){n->at, scale}, 2));
    for (uint32_t k = lf_rng_below(n->r, 3); k > 0; k--) {
        met[TAIL_TABLE]++;
        infer(n, add_node(n, chance(n, 2) ? "mul" : "add",
                          (lf_id[]){n->at, real_const(n, chance(n, 2) ? channels(n) : 1, 0.2, 2)}, 2));
    }
    if (chance(n, 4)) {
        met[TAIL_DEFINITIONS]++;
        infer(n, add_node(n, "softmax", &n->at, 1));
    }
    output(n, n->at);
    if (chance(n, 4)) {
        met[TWO_READERS]++; /* the codes themselves, too */
        output(n, sums);
    } else {
        n->raw = sums; /* asked for without being an output of the graph */
    }
}

static net random_net(lf_rng *r, int threads) {
    net n = {.ctx = lf_ctx_new(threads), .r = r};
    n.g = lf_graph_new(n.ctx, "net");
    static const int64_t widths[] = {1, 2, 5, 8, 10, 16, 17, 31, 64, 65, 100, 130};
    int64_t K = widths[lf_rng_below(r, LF_COUNT(widths))], vectors = chance(&n, 5) ? 3 : 1;
    lf_shape s = vectors > 1 ? lf_shape_make(3, (int64_t[]){1, vectors, K}) : lf_shape_make(2, (int64_t[]){1, K});
    if (chance(&n, 2))
        float_input(&n, s);
    else
        code_input(&n, s);
    for (uint32_t layers = lf_rng_below(r, 4); layers > 0; layers--) {
        if (chance(&n, 6))
            add_reshape(&n);
        if (lf_dtype_bits(now(&n)->dtype) < 40)
            add_mvu(&n, widths[lf_rng_below(r, LF_COUNT(widths))], false);
    }
    if (chance(&n, 5))
        add_threshold(&n);
    if (lf_dtype_bits(now(&n)->dtype) < 40)
        add_mvu(&n, 10, true);
    add_end(&n);
    assert_int_equal(lf_infer(n.g), LF_OK);
    assert_int_equal(lf_verify_graph(n.g), LF_OK);
    return n;
}

static size_t asked(const net *n) {
    return n->g->outputs.count + (n->raw != 0);
}

static lf_id asked_tensor(const net *n, size_t o) {
    return o < n->g->outputs.count ? n->g->outputs.at[o].tensor : n->raw;
}

/* -- rows ----------------------------------------------------------------------------------------------------------------------------- */

static float random_float(lf_rng *r) {
    switch (lf_rng_below(r, 6)) {
    case 0: return 0.0f;
    case 1: return -0.0f;
    case 2: return lf_rng_below(r, 2) ? 3.4028235e38f : -3.4028235e38f;
    case 3: return (float)lf_rng_between(r, -8, 8) / 4;
    case 4: {
        float f;
        do {
            uint32_t bits = lf_rng_u32(r);
            memcpy(&f, &bits, 4);
        } while (!isfinite(f));
        return f;
    }
    default: return (float)lf_rng_normal(r);
    }
}

typedef struct rows {
    size_t count, features, outs[2];
    lf_row_in in;
    double *real[2][2]; /* [engine][output] */
    float *single[2][2];
    int64_t *code[2][2];
    lf_row_out out[2][2];
} rows;

static rows make_rows(net *n, lf_arena *a, size_t count) {
    const lf_tensor *x = lf_tensor_at(n->g, n->g->inputs.at[0].tensor);
    rows w = {.count = count, .features = (size_t)lf_shape_count(x->shape)};
    const lf_input_grid *grid = n->g->inputs.at[0].grid;
    if (grid && !chance(n, 4)) {
        bool twice = chance(n, 3);
        void *v = lf_alloc_array(a, count * w.features, 8);
        for (size_t i = 0; i < count * w.features; i++) {
            int64_t code = lf_rng_between(n->r, x->range.lo, x->range.hi);
            double value = grid->divisor != 0 ? (double)code / grid->divisor + grid->offset
                                              : (double)code * grid->scale + grid->offset;
            if (twice)
                ((double *)v)[i] = chance(n, 2) ? value : (float)value;
            else
                ((float *)v)[i] = (float)value;
        }
        w.in = (lf_row_in){x->id, twice ? LF_ROW_F64 : LF_ROW_F32, v};
    } else if (lf_on_grid(x)) {
        int64_t *v = LF_NEW_ARRAY(a, int64_t, count * w.features);
        for (size_t i = 0; i < count * w.features; i++) {
            int64_t k = (x->range.hi - x->range.lo) / x->range.step;
            v[i] = x->range.lo + x->range.step * (i / w.features == 0   ? 0
                                                  : i / w.features == 1 ? k
                                                                        : lf_rng_between(n->r, 0, k));
        }
        w.in = (lf_row_in){x->id, LF_ROW_CODE, v};
    } else {
        bool twice = chance(n, 4);
        void *v = lf_alloc_array(a, count * w.features, 8);
        for (size_t i = 0; i < count * w.features; i++) {
            float f = random_float(n->r);
            if (twice)
                ((double *)v)[i] = i % 777 == 776 ? 0.1 : f; /* 0.1 is no float32 */
            else
                ((float *)v)[i] = f;
        }
        w.in = (lf_row_in){x->id, twice ? LF_ROW_F64 : LF_ROW_F32, v};
    }
    for (int e = 0; e < 2; e++)
        for (size_t o = 0; o < asked(n); o++) {
            const lf_tensor *t = lf_tensor_at(n->g, asked_tensor(n, o));
            w.outs[o] = (size_t)lf_shape_count(t->shape);
            size_t m = count * w.outs[o];
            w.real[e][o] = LF_NEW_ARRAY(a, double, m);
            w.single[e][o] = LF_NEW_ARRAY(a, float, m);
            w.code[e][o] = LF_NEW_ARRAY(a, int64_t, m);
            w.out[e][o] = (lf_row_out){t->id, w.real[e][o], w.single[e][o], lf_on_grid(t) ? w.code[e][o] : NULL};
        }
    return w;
}

static void assert_same(net *n, const rows *w, const lf_plan *p, lf_isa isa) {
    for (size_t o = 0; o < asked(n); o++)
        for (size_t i = 0; i < w->count * w->outs[o]; i++) {
            bool same = w->code[0][o][i] == w->code[1][o][i] && !memcmp(&w->real[0][o][i], &w->real[1][o][i], 8) &&
                        !memcmp(&w->single[0][o][i], &w->single[1][o][i], 4);
            if (same)
                continue;
            lf_text t = {0}, none = {0};
            assert_int_equal(lf_graph_print(n->g, false, &t, &none), LF_OK);
            fail_msg("%s, output %zu, row %zu, element %zu: %lld instead of %lld\n%s%s", lf_isa_name(isa), o,
                     i / w->outs[o], i % w->outs[o], (long long)w->code[1][o][i], (long long)w->code[0][o][i],
                     lf_plan_text(p, n->g->arena), t.at);
        }
}

static void hold(net *n, size_t count) {
    lf_arena *a = lf_arena_new();
    rows w = make_rows(n, a, count);
    lf_exec *e = lf_exec_new(n->ctx, n->g);
    assert_int_equal(lf_exec_rows(e, &(lf_row_io){&w.in, 1, w.out[0], asked(n)}, count), LF_OK);
    lf_exec_free(e);
    for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
        if (!lf_cpu_has((lf_isa)isa))
            continue;
        lf_plan *p = lf_plan_new_for(n->ctx, n->g, (lf_isa)isa);
        assert_non_null(p);
        if (chance(n, 2))
            lf_plan_set_block(p, 1 + lf_rng_below(n->r, 20));
        for (size_t o = 0; o < asked(n); o++) {
            memset(w.real[1][o], 0xff, count * w.outs[o] * 8);
            memset(w.single[1][o], 0xff, count * w.outs[o] * 4);
            memset(w.code[1][o], 0, count * w.outs[o] * 8);
        }
        assert_int_equal(lf_plan_rows(p, &(lf_row_io){&w.in, 1, w.out[1], asked(n)}, count), LF_OK);
        assert_same(n, &w, p, (lf_isa)isa);
        lf_plan_free(p);
    }
    lf_arena_free(a);
}

static void random_networks(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(11, 0);
    for (int i = 0; i < 400; i++) {
        net n = random_net(&r, 1 + i % 3);
        hold(&n, 1 + lf_rng_below(&r, 60));
        lf_graph_free(n.g);
        lf_ctx_free(n.ctx);
    }
    for (int c = 0; c < CORNERS; c++)
        if (met[c] == 0)
            fail_msg("no random network had: %s", corner_names[c]);
}

/* -- what a good plan looks like -------------------------------------------------------------------------------------------------------- */

/* 70 floats -> x * 2 - 1 -> bipolar -> 64 -> 64 -> 10, all one bit. */
static net one_bit_net(lf_rng *r) {
    net n = {.ctx = lf_ctx_new(2), .r = r};
    n.g = lf_graph_new(n.ctx, "net");
    n.at = lf_tensor_new(n.g, "x", lf_shape_make(4, (int64_t[]){1, 1, 7, 10}), LF_FLOAT32)->id;
    LF_PUSH(n.g->arena, &n.g->inputs, (lf_port){.name = "x", .tensor = n.at});
    infer(&n, add_node(&n, "mul", (lf_id[]){n.at, real_const(&n, 1, 2, 2)}, 2));
    infer(&n, add_node(&n, "sub", (lf_id[]){n.at, real_const(&n, 1, 1, 1)}, 2));
    add_reshape(&n);
    infer(&n, add_node(&n, "bipolar_quant", (lf_id[]){n.at, real_const(&n, 1, 1, 1)}, 2));
    infer(&n, add_node(&n, "quantize", &n.at, 1));
    for (int i = 0; i < 3; i++) {
        int64_t K = (int64_t)channels(&n), N = i < 2 ? 64 : 10;
        infer(&n,
              add_node(&n, "mvu", (lf_id[]){n.at, random_codes(&n, lf_shape_make(2, (int64_t[]){N, K}), -1, 1, 2)}, 2));
        if (i == 2)
            break;
        lf_range range = now(&n)->range;
        lf_node *node = add_node(&n, "threshold", (lf_id[]){n.at, random_thresholds(&n, N, 1, range)}, 2);
        lf_attr_set_int(node, "out_base", -1);
        lf_attr_set_int(node, "out_step", 2);
        infer(&n, node);
    }
    infer(&n, add_node(&n, "dequantize", (lf_id[]){n.at, real_const(&n, 1, 0.1, 0.1)}, 2));
    output(&n, n.at);
    assert_int_equal(lf_infer(n.g), LF_OK);
    return n;
}

static void plan_of_a_one_bit_net(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(5, 0);
    net n = one_bit_net(&r);
    lf_plan *p = lf_plan_new_for(n.ctx, n.g, LF_ISA_SCALAR);
    assert_string_equal(lf_plan_text(p, n.g->arena), "levels_scalar on float32, 70 elements, 1 levels\n"
                                                     "mvu5: xnor_dense_scalar 70 -> 64, bits\n"
                                                     "mvu7: xnor_dense_scalar 64 -> 64, bits\n"
                                                     "mvu9: xnor_dense_scalar 64 -> 10, sums\n");
    lf_plan_free(p);
    hold(&n, 100);
    lf_graph_free(n.g);
    lf_ctx_free(n.ctx);
}

/* A bad number far inside: the same words from both engines, and the rows before are of no concern. */
static void same_complaints(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(6, 0);
    net n = one_bit_net(&r);
    static float x[500 * 70], y[500 * 10];
    for (size_t i = 0; i < 500 * 70; i++)
        x[i] = (float)lf_rng_double(&r);
    lf_row_in in = {n.g->inputs.at[0].tensor, LF_ROW_F32, x};
    lf_row_out out = {.tensor = n.g->outputs.at[0].tensor, .single = y};
    lf_row_io io = {&in, 1, &out, 1};
    lf_exec *e = lf_exec_new(n.ctx, n.g);
    lf_plan *p = lf_plan_new(n.ctx, n.g);
    assert_int_equal(lf_plan_rows(p, &io, 500), LF_OK);
    x[456 * 70 + 3] = INFINITY;
    x[333 * 70 + 69] = NAN;
    assert_int_equal(lf_exec_rows(e, &io, 500), LF_BAD_INPUT);
    assert_int_equal(lf_diag_count(n.ctx), 1);
    const char *said = lf_strdup(n.g->arena, lf_diag_at(n.ctx, 0)->text);
    assert_non_null(strstr(said, "row 333, element 69"));
    lf_diag_clear(n.ctx);
    assert_int_equal(lf_plan_rows(p, &io, 500), LF_BAD_INPUT);
    assert_int_equal(lf_diag_count(n.ctx), 1);
    assert_string_equal(lf_diag_at(n.ctx, 0)->text, said);
    /* a tensor inside the network: the reference engine answers */
    int64_t inside[64];
    lf_row_out middle = {.tensor = lf_node_at(n.g, n.g->order.at[5])->out[0], .code = inside};
    assert_int_equal(lf_plan_rows(p, &(lf_row_io){&in, 1, &middle, 1}, 1), LF_OK);
    assert_int_equal(lf_plan_rows(p, &io, 0), LF_OK);
    lf_exec_free(e);
    lf_plan_free(p);
    lf_graph_free(n.g);
    lf_ctx_free(n.ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_networks),
        cmocka_unit_test(plan_of_a_one_bit_net),
        cmocka_unit_test(same_complaints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
