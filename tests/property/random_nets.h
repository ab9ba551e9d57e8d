/* Random dense networks of NN ops: odd sizes, 1 to 8 bits, signed and unsigned, per-channel and negative scales, ties, biases,
 * normalization, every quantizer, declared input grids, argmax. Counts the corners it generated. */
#ifndef LF_TESTS_RANDOM_NETS_H
#define LF_TESTS_RANDOM_NETS_H

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "ir/attr_access.h"
#include "ops/const_grid.h"
#include "ops/ops.h"
#include "pass/passes.h"

typedef enum net_corner {
    BIPOLAR_WEIGHTS,
    TERNARY_WEIGHTS,
    WIDE_WEIGHTS,
    UNSIGNED_WEIGHTS,
    NARROW,
    SIGNED_ACTIVATIONS,
    UNSIGNED_ACTIVATIONS,
    EIGHT_BITS,
    ONE_BIT,
    BIPOLAR_ACTIVATIONS,
    SIGN_OP,
    MULTI_THRESHOLD,
    PER_CHANNEL_SCALE,
    NEGATIVE_SCALE,
    BATCH_NORM,
    NEGATIVE_GAMMA,
    ZERO_GAMMA,
    REAL_BIAS,
    INTEGER_BIAS,
    POWER_OF_TWO,
    ODD_ROUNDING,
    RELU,
    GRID_INPUT,
    QUOTIENT_INPUT,
    FIXED_INPUT,
    OFFSET_INPUT,
    GRID_QUANTIZER,
    HOST_QUANTIZER,
    ARGMAX,
    ARGMAX_SCALED,
    TOPK,
    SINGLE_ROW,
    PRIME_WIDTH,
    DEEP,
    NET_CORNERS
} net_corner;

static const char *const net_corner_names[] = {"bipolar weights",
                                               "ternary weights",
                                               "weights of 6 to 8 bits",
                                               "unsigned weights",
                                               "narrow",
                                               "signed activations",
                                               "unsigned activations",
                                               "8-bit activations",
                                               "1-bit activations",
                                               "bipolar activations",
                                               "sign",
                                               "multi_threshold",
                                               "scale per channel",
                                               "negative scale",
                                               "batch norm",
                                               "negative gamma",
                                               "gamma 0",
                                               "real bias",
                                               "integer bias",
                                               "power-of-two scales (ties)",
                                               "rounding other than half to even",
                                               "relu",
                                               "declared input grid",
                                               "quotient grid",
                                               "fixed-point input",
                                               "input grid with offset",
                                               "quantizer behind a grid",
                                               "quantizer on the host",
                                               "argmax",
                                               "argmax of scaled scores",
                                               "topk",
                                               "one output row",
                                               "prime width",
                                               "three layers or more"};

typedef struct random_net {
    lf_graph *g;
    lf_rng r;
    uint64_t *hits; /* by corner */
    lf_id at;       /* the tensor that the next layer reads */
    int64_t width;  /* its channels */
    int axes;       /* of pictures; 0: vectors */
    bool last;      /* pictures stand as [N, axes.., C] */
    double reach;   /* about the largest value of `at`, to choose scales by; 0: at random */
    int names;
} random_net;

static inline bool chance(random_net *n, uint32_t one_in) {
    return lf_rng_below(&n->r, one_in) == 0;
}

static inline void hit(random_net *n, int corner) {
    n->hits[corner]++;
}

static inline int64_t pick(random_net *n, const int64_t *from, size_t count) {
    return from[lf_rng_below(&n->r, (uint32_t)count)];
}

static inline const char *fresh(random_net *n, const char *what) {
    return lf_format(n->g->arena, "%s%d", what, n->names++);
}

static inline lf_id constant(random_net *n, int rank, const int64_t *dim, const double *real) {
    lf_tensor *t = lf_const_reals(n->g, fresh(n, "c"), lf_shape_make(rank, dim), real);
    lf_const_grid_detect(n->g, t);
    return t->id;
}

static inline lf_id scalar(random_net *n, double v) {
    return constant(n, 0, NULL, &v);
}

static inline lf_id vector(random_net *n, int64_t count, const double *v) {
    return constant(n, 1, &count, v);
}

/* One value per channel of the tensor that comes next, shaped to be broadcast along it. */
static inline lf_id per_channel(random_net *n, const double *v) {
    int64_t dim[LF_MAX_RANK] = {n->width, 1, 1, 1};
    return constant(n, n->last ? 1 : 1 + n->axes, dim, v);
}

/* A node with one output, inferred at once. */
static inline lf_node *apply(random_net *n, const char *op, const lf_id *in, int in_count, int out_count) {
    lf_id out[2];
    for (int i = 0; i < out_count; i++)
        out[i] = lf_tensor_new(n->g, fresh(n, "t"), (lf_shape){0}, LF_FLOAT32)->id;
    lf_node *made = lf_node_new(n->g, lf_op_find(op), fresh(n, op), in, in_count, out, out_count, NULL);
    n->at = out[out_count - 1];
    return made;
}

static inline double random_scale(random_net *n) {
    if (chance(n, 2)) {
        hit(n, POWER_OF_TWO);
        return ldexp(1, (int)lf_rng_below(&n->r, 6) - 4);
    }
    return (double)(float)(0.01 + lf_rng_double(&n->r));
}

/* A scale with which the codes of a quantizer spread over the values there are, more or less. */
static inline double fitting_scale(random_net *n, int bits) {
    if (n->reach == 0)
        return random_scale(n) * 4;
    double s = n->reach / ldexp(1, bits - 1) * (0.2 + lf_rng_double(&n->r));
    return chance(n, 2) ? ldexp(1, (int)floor(log2(s))) : (double)(float)s;
}

static inline lf_status infer_last(random_net *n) {
    return lf_infer_node(n->g, lf_node_at(n->g, (lf_id)n->g->nodes.count));
}

/* Integer weights of a random kind. */
static inline double *random_weights(random_net *n, int64_t count) {
    uint32_t kind = lf_rng_below(&n->r, 5);
    int bits = 2 + (int)lf_rng_below(&n->r, 7);
    int64_t lo = -(1 << (bits - 1)), hi = (1 << (bits - 1)) - 1;
    if (kind == 0)
        hit(n, BIPOLAR_WEIGHTS);
    if (kind == 1)
        hit(n, TERNARY_WEIGHTS);
    if (kind == 2) {
        hit(n, UNSIGNED_WEIGHTS);
        lo = 0;
        hi = (1 << bits) - 1;
    }
    if (kind == 3 && chance(n, 2)) {
        hit(n, NARROW);
        lo++;
    }
    if (kind > 1 && bits >= 6)
        hit(n, WIDE_WEIGHTS);
    double *w = LF_NEW_ARRAY(n->g->arena, double, count);
    for (int64_t i = 0; i < count; i++)
        w[i] = kind == 0   ? (chance(n, 2) ? 1 : -1)
               : kind == 1 ? (double)lf_rng_between(&n->r, -1, 1)
                           : (double)lf_rng_between(&n->r, lo, hi);
    return w;
}

static inline lf_status matrix(random_net *n, int64_t rows) {
    int64_t K = n->width, dim[2] = {K, rows};
    apply(n, "matmul", (lf_id[]){n->at, constant(n, 2, dim, random_weights(n, K * rows))}, 2, 1);
    n->width = rows;
    if (rows == 1)
        hit(n, SINGLE_ROW);
    return infer_last(n);
}

static inline lf_status scale_layer(random_net *n) {
    bool each = chance(n, 2);
    int64_t count = each ? n->width : 1;
    double *s = LF_NEW_ARRAY(n->g->arena, double, count), common = random_scale(n);
    for (int64_t i = 0; i < count; i++) {
        s[i] = each ? random_scale(n) : common;
        if (chance(n, 4)) {
            s[i] = -s[i];
            hit(n, NEGATIVE_SCALE);
        }
    }
    if (each)
        hit(n, PER_CHANNEL_SCALE);
    apply(n, chance(n, 4) ? "div" : "mul", (lf_id[]){n->at, each ? per_channel(n, s) : scalar(n, s[0])}, 2, 1);
    return infer_last(n);
}

static inline lf_status bias_layer(random_net *n) {
    bool whole = chance(n, 2);
    double *b = LF_NEW_ARRAY(n->g->arena, double, n->width);
    for (int64_t i = 0; i < n->width; i++)
        b[i] = whole ? (double)lf_rng_between(&n->r, -9, 9) : (double)(float)(6 * lf_rng_double(&n->r) - 3);
    hit(n, whole ? INTEGER_BIAS : REAL_BIAS);
    apply(n, chance(n, 3) ? "sub" : "add", (lf_id[]){n->at, per_channel(n, b)}, 2, 1);
    return infer_last(n);
}

static inline lf_status norm_layer(random_net *n) {
    double *p[4];
    for (int k = 0; k < 4; k++)
        p[k] = LF_NEW_ARRAY(n->g->arena, double, n->width);
    for (int64_t i = 0; i < n->width; i++) {
        p[0][i] = (double)(float)(0.2 + lf_rng_double(&n->r));
        if (chance(n, 3)) {
            p[0][i] = -p[0][i];
            hit(n, NEGATIVE_GAMMA);
        } else if (chance(n, 8)) {
            p[0][i] = 0;
            hit(n, ZERO_GAMMA);
        }
        p[1][i] = (double)(float)(2 * lf_rng_double(&n->r) - 1);
        p[2][i] = (double)(float)(8 * lf_rng_double(&n->r) - 4);
        p[3][i] = (double)(float)(1 + 30 * lf_rng_double(&n->r));
    }
    hit(n, BATCH_NORM);
    lf_node *made = apply(n, "batch_norm",
                          (lf_id[]){n->at, vector(n, n->width, p[0]), vector(n, n->width, p[1]),
                                    vector(n, n->width, p[2]), vector(n, n->width, p[3])},
                          5, 1);
    lf_attr_set_real(made, "epsilon", (double)1e-5f);
    lf_attr_set_int(made, "axis", n->last ? -1 : 1);
    return infer_last(n);
}

static inline lf_status quant_layer(random_net *n, bool is_signed) {
    static const char *const modes[] = {"ROUND", "HALF_UP", "HALF_DOWN", "UP", "DOWN", "CEIL", "FLOOR"};
    int bits = chance(n, 4) ? 8 : 1 + (int)lf_rng_below(&n->r, 5);
    bits = is_signed && bits == 1 ? 2 : bits;
    const char *mode = chance(n, 3) ? modes[lf_rng_below(&n->r, 7)] : "ROUND";
    lf_node *q =
        apply(n, "quant", (lf_id[]){n->at, scalar(n, fitting_scale(n, bits)), scalar(n, 0), scalar(n, bits)}, 4, 1);
    lf_attr_set_bool(q, "signed", is_signed);
    lf_attr_set_enum(q, "rounding_mode", mode);
    if (is_signed && bits > 1 && chance(n, 3)) {
        lf_attr_set_bool(q, "narrow", true);
        hit(n, NARROW);
    }
    hit(n, is_signed ? SIGNED_ACTIVATIONS : UNSIGNED_ACTIVATIONS);
    if (strcmp(mode, "ROUND") != 0)
        hit(n, ODD_ROUNDING);
    if (bits == 8)
        hit(n, EIGHT_BITS);
    if (bits == 1)
        hit(n, ONE_BIT);
    return infer_last(n);
}

static inline lf_status threshold_layer(random_net *n) {
    int64_t levels = 1 + lf_rng_below(&n->r, 6), rows = chance(n, 2) ? n->width : 1, dim[2] = {rows, levels};
    double *t = LF_NEW_ARRAY(n->g->arena, double, rows *levels);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t l = 0, v = lf_rng_between(&n->r, -20, 5); l < levels; l++, v += lf_rng_below(&n->r, 7))
            t[r * levels + l] = (double)v + (chance(n, 3) ? 0.5 : 0);
    lf_node *m = apply(n, "multi_threshold", (lf_id[]){n->at, constant(n, 2, dim, t)}, 2, 1);
    if (levels == 1) {
        lf_attr_set_real(m, "out_scale", 2);
        lf_attr_set_real(m, "out_bias", -1);
    } else if (chance(n, 2))
        lf_attr_set_real(m, "out_bias", -(double)(levels / 2));
    if (n->axes)
        *(const char **)((char *)m->attr + lf_attr_find(m->op, "data_layout")->offset) = n->last ? "NHWC" : "NCHW";
    hit(n, MULTI_THRESHOLD);
    return infer_last(n);
}

static inline lf_status quantizer_layer(random_net *n) {
    switch (lf_rng_below(&n->r, 6)) {
    case 0:
        hit(n, BIPOLAR_ACTIVATIONS);
        apply(n, "bipolar_quant", (lf_id[]){n->at, scalar(n, 1)}, 2, 1);
        return infer_last(n);
    case 1:
        if (chance(n, 3)) {
            hit(n, SIGN_OP);
            apply(n, "sign", &n->at, 1, 1);
            return infer_last(n);
        }
        return threshold_layer(n);
    case 2:
    case 3: return quant_layer(n, true);
    default:
        if (chance(n, 2)) {
            hit(n, RELU);
            apply(n, "relu", &n->at, 1, 1);
            LF_TRY(infer_last(n));
        }
        return quant_layer(n, false);
    }
}

static inline lf_status ending(random_net *n) {
    bool scaled = false;
    if (chance(n, 2)) {
        scaled = true;
        LF_TRY(scale_layer(n));
    }
    if (chance(n, 3)) {
        scaled = true;
        LF_TRY(bias_layer(n));
    }
    if (n->width < 2 || !chance(n, 3))
        return LF_OK;
    hit(n, scaled ? ARGMAX_SCALED : ARGMAX);
    if (chance(n, 2)) {
        lf_node *a = apply(n, "argmax", &n->at, 1, 1);
        lf_attr_set_int(a, "axis", -1);
    } else {
        hit(n, TOPK);
        apply(n, "topk", (lf_id[]){n->at, vector(n, 1, (double[]){1})}, 2, 2);
    }
    return infer_last(n);
}

static inline const char *random_grid(random_net *n) {
    hit(n, GRID_INPUT);
    switch (lf_rng_below(&n->r, 4)) {
    case 0: hit(n, QUOTIENT_INPUT); return "UINT4,1/15";
    case 1: hit(n, FIXED_INPUT); return "FIXED<6,3>";
    case 2: return "INT3";
    default: hit(n, OFFSET_INPUT); return "UINT3,0.25,-0.875";
    }
}

/* The graph of a network whose layers gave `status`, with its output, input grid and codes; NULL when it refuses one of them. */
static inline lf_graph *random_net_finish(random_net *n, lf_status status, const char *grid) {
    LF_PUSH(n->g->arena, &n->g->outputs, (lf_port){.name = "y", .tensor = n->at});
    if (status == LF_OK && grid)
        status = lf_declare_input(n->g, grid);
    if (status == LF_OK) {
        lf_graph_prune(n->g);
        status = lf_infer(n->g);
    }
    if (status == LF_OK)
        status = lf_pass_run(n->g, &lf_pass_fold_constants, NULL);
    if (status == LF_OK)
        return n->g;
    lf_graph_free(n->g);
    return NULL;
}

/* The network of a seed; NULL when the graph refuses it (a diagnostic says why). */
static inline lf_graph *random_net_make(lf_ctx *ctx, uint64_t seed, uint64_t *hits) {
    static const int64_t widths[] = {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 16, 17, 24};
    random_net n = {.g = lf_graph_new(ctx, "random"), .r = lf_rng_make(seed, 77), .hits = hits};
    n.width = pick(&n, widths + 1, LF_COUNT(widths) - 1);
    if (n.width == 7 || n.width == 11 || n.width == 13 || n.width == 17)
        hit(&n, PRIME_WIDTH);
    int64_t dim[2] = {1, n.width};
    lf_tensor *x = lf_tensor_new(n.g, "x", lf_shape_make(2, dim), LF_FLOAT32);
    LF_PUSH(n.g->arena, &n.g->inputs, (lf_port){.name = "x", .tensor = x->id});
    n.at = x->id;
    const char *grid = chance(&n, 2) ? random_grid(&n) : NULL;
    bool offset = grid && strstr(grid, "-0.875");
    bool first = !grid || offset || chance(&n, 2);
    lf_status status = LF_OK;
    if (first) {
        hit(&n, grid ? GRID_QUANTIZER : HOST_QUANTIZER);
        if (chance(&n, 2))
            status = scale_layer(&n);
        if (status == LF_OK)
            status = quantizer_layer(&n);
    }
    int layers = 1 + (int)lf_rng_below(&n.r, 3);
    if (layers >= 3)
        hit(&n, DEEP);
    for (int l = 0; status == LF_OK && l < layers; l++) {
        status = matrix(&n, pick(&n, widths, LF_COUNT(widths)));
        if (status == LF_OK && l + 1 < layers) {
            status = chance(&n, 2) ? scale_layer(&n) : LF_OK;
            status = status == LF_OK && chance(&n, 3) ? bias_layer(&n) : status;
            status = status == LF_OK && chance(&n, 3) ? norm_layer(&n) : status;
            status = status == LF_OK ? quantizer_layer(&n) : status;
        }
    }
    status = status == LF_OK ? ending(&n) : status;
    return random_net_finish(&n, status, grid);
}

/* Rows of the input: extremes first, then multiples of 1/16 (ties) and reals; on a declared grid its values. */
static inline double *random_rows(lf_arena *a, const lf_graph *g, uint64_t seed, size_t rows, size_t *features) {
    const lf_port *p = &g->inputs.at[0];
    const lf_tensor *t = lf_tensor_at(g, p->tensor);
    lf_rng r = lf_rng_make(seed, 99);
    *features = (size_t)lf_shape_count(t->shape);
    double *x = LF_NEW_ARRAY(a, double, rows **features);
    for (size_t i = 0; i < rows * *features; i++) {
        size_t row = i / *features;
        if (p->grid) {
            int64_t code = row == 0   ? t->range.lo
                           : row == 1 ? t->range.hi
                                      : lf_rng_between(&r, t->range.lo, t->range.hi);
            x[i] = p->grid->divisor != 0 ? (double)code / p->grid->divisor + p->grid->offset
                                         : (double)code * p->grid->scale + p->grid->offset;
        } else
            x[i] = row == 0   ? -1e6
                   : row == 1 ? 1e6
                   : row % 2  ? (double)lf_rng_between(&r, -64, 64) / 16
                              : 8 * lf_rng_double(&r) - 4;
    }
    return x;
}

#endif
