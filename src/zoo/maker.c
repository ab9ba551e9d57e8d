#include "zoo/maker.h"

#include <math.h>

#include "ir/attr_access.h"
#include "num/dtype.h"
#include "ops/ops.h"

#define EPSILON ((double)1e-5f)

static double single(double v) {
    return (double)(float)v;
}

int64_t lf_make_width(const lf_maker *m, int64_t channels) {
    int64_t eights = (int64_t)floor((double)channels * m->o->width / 8 + 0.5);
    return eights > 0 ? eights * 8 : 8;
}

double lf_make_near(lf_maker *m, double v) {
    return single(v * (0.9 + 0.2 * lf_rng_double(&m->rng)));
}

/* -- nodes and constants ----------------------------------------------------------------------------------------------- */

static lf_id append(lf_maker *m, const char *op, const char *name, const lf_id *in, int count, lf_node **made) {
    lf_graph *g = m->g;
    lf_id out = lf_tensor_new(g, lf_format(g->arena, "%s_out", name), (lf_shape){0}, LF_FLOAT32)->id;
    lf_node *n = lf_node_new(g, lf_op_find(op), name, in, count, &out, 1, NULL);
    if (made)
        *made = n;
    return out;
}

static lf_id constant(lf_maker *m, const char *name, const char *what, lf_shape s, const double *v) {
    return lf_const_reals(m->g, lf_format(m->g->arena, "%s_%s", name, what), s, v)->id;
}

static lf_id vector(lf_maker *m, const char *name, const char *what, int64_t count, const double *v) {
    return constant(m, name, what, lf_shape_make(1, &count), v);
}

static lf_id shared(lf_maker *m, lf_id *kept, const char *name, double v) {
    if (!*kept)
        *kept = lf_const_reals(m->g, name, (lf_shape){0}, &v)->id;
    return *kept;
}

static lf_id append_quant(lf_maker *m, const char *name, lf_id x, lf_id scale, int bits, bool is_signed, lf_node **n) {
    lf_id in[4] = {x, scale, shared(m, &m->zero, "zero", 0),
                   shared(m, &m->bits[bits], lf_format(m->g->arena, "bits_%d", bits), bits)};
    lf_id out = append(m, "quant", name, in, 4, n);
    lf_attr_set_bool(*n, "signed", is_signed);
    return out;
}

static void set_both(lf_maker *m, lf_node *n, const char *attr, int64_t value) {
    lf_attr_set_ints(m->g, n, attr, (const int64_t[]){value, value}, 2);
}

static void set_window(lf_maker *m, lf_node *n, int64_t kernel, int64_t stride, int64_t pad) {
    set_both(m, n, "kernel", kernel);
    set_both(m, n, "strides", stride);
    set_both(m, n, "dilations", 1);
    lf_attr_set_ints(m->g, n, "pads", (const int64_t[]){pad, pad, pad, pad}, 4);
}

/* -- how values are distributed ---------------------------------------------------------------------------------------- */

typedef struct moments {
    double mean, variance;
} moments;

static double *new_sample(lf_maker *m) {
    return LF_NEW_ARRAY(m->g->arena, double, LF_FLOW_SAMPLES);
}

static moments moments_of(const double *sample) {
    moments r = {0};
    for (int i = 0; i < LF_FLOW_SAMPLES; i++) {
        r.mean += sample[i] / LF_FLOW_SAMPLES;
        r.variance += sample[i] * sample[i] / LF_FLOW_SAMPLES;
    }
    r.variance -= r.mean * r.mean;
    return r;
}

static const double *normal_sample(lf_maker *m, double mean, double spread) {
    double *s = new_sample(m);
    for (int i = 0; i < LF_FLOW_SAMPLES; i++)
        s[i] = mean + spread * lf_rng_normal(&m->rng);
    return s;
}

static double quantized(double v, const lf_quant_spec *s) {
    double half = ldexp(1, s->bits - 1), lo = s->is_signed ? -half : 0, hi = s->is_signed ? half - 1 : 2 * half - 1;
    double q = v / s->scale;
    q = s->is_floor ? floor(q) : floor(q + 0.5);
    return (q < lo ? lo : q > hi ? hi : q) * s->scale;
}

/* -- weights ------------------------------------------------------------------------------------------------------------- */

/* The largest code stands for that many standard deviations: few codes, and the rare large weights are cut. */
static double weight_scale(int bits, double spread) {
    double codes = bits > 1 ? ldexp(1, bits - 1) - 1 : 1;
    double reach = bits == 1 ? 0.8 : bits == 2 ? 1.2 : bits <= 4 ? 2.8 : 4;
    return single(spread * reach / codes);
}

static double weight_value(double w, int bits, double scale) {
    double most = ldexp(1, bits - 1) - 1, q = floor(w / scale + 0.5);
    if (bits == 1)
        return w >= 0 ? scale : -scale;
    return (q < -most ? -most : q > most ? most : q) * scale;
}

typedef struct row_sums {
    double *sum, *square; /* of each row's quantized weights */
} row_sums;

/* Normal weights as QONNX has them: a float constant behind a Quant. [rows][columns]; the scale is one per row, or one for all. */
static lf_id quantized_weights(lf_maker *m, const char *name, lf_shape shape, int64_t rows, int bits, bool per_row,
                               row_sums *sums) {
    int64_t count = lf_shape_count(shape), columns = count / rows, scales = per_row ? rows : 1;
    lf_arena *work = lf_arena_new();
    double *w = LF_NEW_ARRAY(work, double, count), *scale = LF_NEW_ARRAY(work, double, scales);
    double spread = 1 / sqrt((double)columns);
    for (int64_t r = 0; r < rows; r++) {
        double row_spread = per_row ? spread * (0.7 + 0.6 * lf_rng_double(&m->rng)) : spread;
        if (r < scales)
            scale[r] = weight_scale(bits, row_spread);
        for (int64_t c = 0; c < columns; c++) {
            double *at = &w[r * columns + c];
            *at = single(row_spread * lf_rng_normal(&m->rng));
            double v = weight_value(*at, bits, scale[per_row ? r : 0]);
            if (sums) {
                sums->sum[r] += v;
                sums->square[r] += v * v;
            }
        }
    }
    lf_shape scale_shape = {.rank = per_row ? shape.rank : 0, .dim = {rows, 1, 1, 1}};
    lf_node *n;
    lf_id weights = constant(m, name, "weights", shape, w), by = constant(m, name, "scales", scale_shape, scale);
    lf_id q = append_quant(m, lf_format(m->g->arena, "%s_quant", name), weights, by, bits, true, &n);
    lf_attr_set_bool(n, "narrow", bits > 1);
    lf_arena_free(work);
    return q;
}

/* -- layers -------------------------------------------------------------------------------------------------------------- */

lf_flow lf_make_picture(lf_maker *m, int64_t channels) {
    int64_t side = m->o->size;
    lf_tensor *x = lf_tensor_new(m->g, "x", lf_shape_make(4, (const int64_t[]){1, channels, side, side}), LF_FLOAT32);
    LF_PUSH(m->g->arena, &m->g->inputs, (lf_port){"x", x->id, NULL});
    lf_flow f = {x->id, channels, side, normal_sample(m, 0, 0.5)};
    return lf_make_quant(m, "input", f, (lf_quant_spec){.bits = 8, .is_signed = true, .scale = 1.0 / 128});
}

/* Statistics as they would be measured on inputs distributed as the sample says; gammas vary, some are negative. */
static lf_id append_norm(lf_maker *m, const char *name, lf_id x, const lf_conv_spec *s, moments in, const row_sums *w) {
    static const char *const what[] = {"gamma", "beta", "mean", "variance"};
    lf_arena *work = lf_arena_new();
    double *v[4];
    lf_id operand[5] = {x};
    for (int k = 0; k < 4; k++)
        v[k] = LF_NEW_ARRAY(work, double, s->outs);
    for (int64_t c = 0; c < s->outs; c++) {
        double sign = lf_rng_below(&m->rng, 16) ? 1 : -1, off = 0.8 + 0.4 * lf_rng_double(&m->rng);
        v[0][c] = single(sign * s->gamma * (0.7 + 0.6 * lf_rng_double(&m->rng)));
        v[1][c] = single(s->beta + 0.3 * s->gamma * lf_rng_normal(&m->rng));
        v[2][c] = single(in.mean * w->sum[c]);
        v[3][c] = single(in.variance * w->square[c] * off + 1e-3);
    }
    for (int k = 0; k < 4; k++)
        operand[k + 1] = vector(m, name, what[k], s->outs, v[k]);
    lf_arena_free(work);
    lf_node *n;
    lf_id out = append(m, "batch_norm", lf_format(m->g->arena, "%s_norm", name), operand, 5, &n);
    lf_attr_set_real(n, "epsilon", EPSILON);
    return out;
}

lf_flow lf_make_conv(lf_maker *m, const char *name, lf_flow x, lf_conv_spec s) {
    lf_shape shape = lf_shape_make(4, (const int64_t[]){s.outs, x.channels / s.groups, s.kernel, s.kernel});
    row_sums sums = {LF_NEW_ARRAY(m->g->arena, double, s.outs), LF_NEW_ARRAY(m->g->arena, double, s.outs)};
    lf_id in[2] = {x.tensor, quantized_weights(m, name, shape, s.outs, s.bits, true, &sums)};
    lf_node *n;
    lf_flow y = {append(m, "conv", name, in, 2, &n), s.outs, (x.side - 1) / s.stride + 1,
                 normal_sample(m, s.beta, s.gamma)};
    set_window(m, n, s.kernel, s.stride, s.kernel / 2);
    lf_attr_set_int(n, "group", s.groups);
    y.tensor = append_norm(m, name, y.tensor, &s, moments_of(x.sample), &sums);
    return y;
}

lf_flow lf_make_quant(lf_maker *m, const char *name, lf_flow x, lf_quant_spec s) {
    double *sample = new_sample(m);
    for (int i = 0; i < LF_FLOW_SAMPLES; i++)
        sample[i] = quantized(x.sample[i], &s);
    x.sample = sample;
    if (!s.is_signed)
        x.tensor = append(m, "relu", lf_format(m->g->arena, "%s_relu", name), &x.tensor, 1, NULL);
    lf_id scale = constant(m, name, "scale", (lf_shape){0}, &s.scale);
    lf_node *n;
    x.tensor = append_quant(m, lf_format(m->g->arena, "%s_quant", name), x.tensor, scale, s.bits, s.is_signed, &n);
    if (s.is_floor)
        lf_attr_set_enum(n, "rounding_mode", "FLOOR");
    return x;
}

lf_flow lf_make_max_pool(lf_maker *m, const char *name, lf_flow x, int64_t kernel, int64_t stride) {
    lf_node *n;
    double *sample = new_sample(m);
    for (int i = 0; i < LF_FLOW_SAMPLES; i++)
        for (int64_t k = 0; k < kernel * kernel; k++) {
            double v = x.sample[lf_rng_below(&m->rng, LF_FLOW_SAMPLES)];
            sample[i] = k && sample[i] > v ? sample[i] : v;
        }
    x.sample = sample;
    x.tensor = append(m, "max_pool", name, &x.tensor, 1, &n);
    set_window(m, n, kernel, stride, kernel / 2);
    x.side = (x.side - 1) / stride + 1;
    return x;
}

lf_flow lf_make_mean(lf_maker *m, const char *name, lf_flow x) {
    lf_node *n;
    x.tensor = append(m, "average_pool", name, &x.tensor, 1, &n);
    set_window(m, n, x.side, 1, 0);
    x.side = 1;
    return x;
}

lf_flow lf_make_sum(lf_maker *m, const char *name, lf_flow a, lf_flow b) {
    double *sample = new_sample(m);
    for (int i = 0; i < LF_FLOW_SAMPLES; i++)
        sample[i] = a.sample[i] + b.sample[i];
    lf_id in[2] = {a.tensor, b.tensor};
    a.tensor = append(m, "add", name, in, 2, NULL);
    a.sample = sample;
    return a;
}

lf_id lf_make_dense(lf_maker *m, const char *name, lf_flow x, int64_t outs, int bits) {
    lf_node *n;
    lf_id flat = append(m, "reshape", "flatten", &x.tensor, 1, &n);
    int64_t dim[2] = {x.channels * x.side * x.side, outs};
    lf_attr_set_ints(m->g, n, "shape", (const int64_t[]){1, dim[0]}, 2);
    lf_id in[2] = {flat, quantized_weights(m, name, lf_shape_make(2, dim), dim[0], bits, false, NULL)};
    lf_arena *work = lf_arena_new();
    double *bias = LF_NEW_ARRAY(work, double, outs);
    for (int64_t i = 0; i < outs; i++)
        bias[i] = single(0.1 * lf_rng_normal(&m->rng));
    lf_id sum[2] = {append(m, "matmul", name, in, 2, NULL), vector(m, name, "bias", outs, bias)};
    lf_arena_free(work);
    return append(m, "add", lf_format(m->g->arena, "%s_add", name), sum, 2, NULL);
}
