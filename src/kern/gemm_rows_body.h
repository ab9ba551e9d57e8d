/* The one source of the row kernels; each gemm_rows_ISA.c includes it with its own compiler flags and LF_ROWS_NAME.
 * Inner loops have a constant length of 16 so that the compiler turns each into vector instructions. */
#ifndef LF_KERN_GEMM_ROWS_BODY_H
#define LF_KERN_GEMM_ROWS_BODY_H

#include <math.h>

#include "kern/gemm.h"
#include "kern/gemm_rows.h"

#define LANES LF_GEMM_LANES
#define EACH_LANE for (int j = 0; j < LANES; j++)

static inline float add_lanes(const float s[LANES]) {
    float a[8], b[4];
    for (int j = 0; j < 8; j++)
        a[j] = s[j] + s[j + 8];
    for (int j = 0; j < 4; j++)
        b[j] = a[j] + a[j + 4];
    return (b[0] + b[2]) + (b[1] + b[3]);
}

static inline float round_even(float x) {
    return (x + 12582912.0f) - 12582912.0f;
} /* |x| < 2^22 */

static inline float clamp(float x, float lo, float hi) {
    x = x < lo ? lo : x;
    return x > hi ? hi : x;
}

/* -- forward ------------------------------------------------------------------------------------------------------- */

static float sum_row(const float *v, size_t n) {
    float total = 0;
    for (size_t at = 0; at < n; at += LF_GEMM_BLOCK) {
        size_t end = n - at < LF_GEMM_BLOCK ? n : at + LF_GEMM_BLOCK;
        float s[LANES] = {0};
        for (size_t i = at; i < end; i += LANES)
            EACH_LANE s[j] += v[i + (size_t)j];
        total += add_lanes(s);
    }
    return total;
}

static float square_row(const float *v, size_t n, float mean) {
    float total = 0;
    for (size_t at = 0; at < n; at += LF_GEMM_BLOCK) {
        size_t end = n - at < LF_GEMM_BLOCK ? n : at + LF_GEMM_BLOCK;
        float s[LANES] = {0};
        for (size_t i = at; i < end; i += LANES)
            EACH_LANE {
                float e = v[i + (size_t)j] - mean;
                s[j] += e * e;
            }
        total += add_lanes(s);
    }
    return total;
}

static void affine_row(float *v, size_t n, float sub, float mul) {
    for (size_t i = 0; i < n; i += LANES)
        EACH_LANE v[i + (size_t)j] = (v[i + (size_t)j] - sub) * mul;
}

static void normalize(const lf_row_unit *u, float *z, size_t n, lf_row_stats *stats) {
    stats->mean = 0, stats->variance = 1, stats->inverse = 1;
    affine_row(z, n, 0, u->scale);
    if (!u->norm)
        return;
    stats->mean = sum_row(z, n) / (float)n;
    stats->variance = square_row(z, n, stats->mean) / (float)n;
    stats->inverse = 1.0f / sqrtf(stats->variance + u->epsilon);
    affine_row(z, n, stats->mean, stats->inverse);
}

static void quantize_bipolar(float *restrict code, const float *restrict x, size_t n, float gamma, float beta) {
    for (size_t i = 0; i < n; i += LANES)
        EACH_LANE code[i + (size_t)j] = gamma * x[i + (size_t)j] + beta >= 0 ? 1.0f : -1.0f;
}

static void quantize_integer(float *restrict code, const float *restrict x, size_t n, float gamma, float beta,
                             const lf_row_quant *q) {
    float lo = q->lo, hi = q->hi, step = q->step;
    for (size_t i = 0; i < n; i += LANES)
        EACH_LANE code[i + (size_t)j] = round_even(clamp((gamma * x[i + (size_t)j] + beta) / step, lo, hi));
}

static void quantize(const lf_row_quant *q, float *restrict code, const float *restrict x, size_t n, float gamma,
                     float beta) {
    if (q->kind == LF_ROW_BIPOLAR) {
        quantize_bipolar(code, x, n, gamma, beta);
    } else if (q->kind == LF_ROW_INTEGER) {
        quantize_integer(code, x, n, gamma, beta, q);
    } else {
        for (size_t i = 0; i < n; i += LANES)
            EACH_LANE code[i + (size_t)j] = gamma * x[i + (size_t)j] + beta;
    }
}

static void multiply(float *restrict a, const float *restrict b, size_t n) {
    for (size_t i = 0; i < n; i += LANES)
        EACH_LANE a[i + (size_t)j] *= b[i + (size_t)j];
}

static void add(float *restrict a, const float *restrict b, size_t n) {
    for (size_t i = 0; i < n; i += LANES)
        EACH_LANE a[i + (size_t)j] += b[i + (size_t)j];
}

static void forward(const lf_row_unit *u, float *z, float *code, const float *keep, size_t n, lf_row_stats *stats) {
    normalize(u, z, n, stats);
    quantize(&u->quant, code, z, n, u->gamma, u->beta);
    if (keep)
        multiply(code, keep, n);
}

/* -- backward ------------------------------------------------------------------------------------------------------ */

/* d becomes d loss / d y. */
static void through_bipolar(const lf_row_unit *u, const float *restrict x, float *restrict d, size_t n) {
    float gamma = u->gamma, beta = u->beta, clip = u->quant.clip;
    for (size_t i = 0; i < n; i += LANES)
        EACH_LANE {
            float y = gamma * x[i + (size_t)j] + beta, g = d[i + (size_t)j];
            d[i + (size_t)j] = fabsf(y) <= clip ? g : 0.0f;
        }
}

static float through_integer(const lf_row_unit *u, const float *restrict x, float *restrict d, size_t n) {
    float gamma = u->gamma, beta = u->beta, lo = u->quant.lo, hi = u->quant.hi, step = u->quant.step;
    float total = 0;
    for (size_t at = 0; at < n; at += LF_GEMM_BLOCK) {
        size_t end = n - at < LF_GEMM_BLOCK ? n : at + LF_GEMM_BLOCK;
        float s[LANES] = {0};
        for (size_t i = at; i < end; i += LANES)
            EACH_LANE {
                float t = (gamma * x[i + (size_t)j] + beta) / step, g = d[i + (size_t)j];
                float c = clamp(t, lo, hi);
                s[j] += g * (round_even(c) - (c == t ? t : 0.0f));
                d[i + (size_t)j] = c == t ? g / step : 0.0f;
            }
        total += add_lanes(s);
    }
    return total;
}

static float dot_row(const float *a, const float *b, size_t n) {
    float total = 0;
    for (size_t at = 0; at < n; at += LF_GEMM_BLOCK) {
        size_t end = n - at < LF_GEMM_BLOCK ? n : at + LF_GEMM_BLOCK;
        float s[LANES] = {0};
        for (size_t i = at; i < end; i += LANES)
            EACH_LANE s[j] += a[i + (size_t)j] * b[i + (size_t)j];
        total += add_lanes(s);
    }
    return total;
}

/* Batch normalization's gradient: Ioffe and Szegedy 2015, section 3. */
static void through_norm(float *restrict d, const float *restrict x, size_t n, float factor, float mean_d,
                         float mean_dx) {
    for (size_t i = 0; i < n; i += LANES)
        EACH_LANE d[i + (size_t)j] = factor * ((d[i + (size_t)j] - mean_d) - x[i + (size_t)j] * mean_dx);
}

static void backward(const lf_row_unit *u, const lf_row_stats *stats, const float *x, float *d, const float *keep,
                     size_t n, lf_row_grads *grads) {
    if (keep)
        multiply(d, keep, n);
    grads->log_step = 0;
    if (u->quant.kind == LF_ROW_BIPOLAR)
        through_bipolar(u, x, d, n);
    else if (u->quant.kind == LF_ROW_INTEGER)
        grads->log_step = through_integer(u, x, d, n);
    grads->beta = sum_row(d, n);
    grads->gamma = dot_row(d, x, n);
    if (u->norm)
        through_norm(d, x, n, u->scale * u->gamma * stats->inverse, grads->beta / (float)n, grads->gamma / (float)n);
    else
        affine_row(d, n, 0, u->scale * u->gamma);
}

/* -- weights ------------------------------------------------------------------------------------------------------- */

static void codes(const lf_row_quant *q, const float *w, float *code, size_t n) {
    quantize(q, code, w, n, 1.0f, 0.0f);
}

static inline float adam_step(const lf_row_adam *a, float *m, float *v, float g) {
    *m = a->beta1 * *m + (1.0f - a->beta1) * g;
    *v = a->beta2 * *v + (1.0f - a->beta2) * (g * g);
    return a->rate * *m / (sqrtf(*v) + a->epsilon);
}

static void adam_row(const lf_row_adam *adam, float *restrict w, float *restrict m, float *restrict v,
                     const float *restrict g, size_t n, float factor, float lo, float hi) {
    lf_row_adam a = *adam;
    for (size_t i = 0; i < n; i += LANES)
        EACH_LANE {
            size_t at = i + (size_t)j;
            w[at] = clamp(w[at] - adam_step(&a, &m[at], &v[at], g[at] * factor), lo, hi);
        }
}

/* d loss / d log(step); latent weights never leave the range, so all of them lie inside. */
static float step_gradient(const lf_row_quant *q, const float *restrict w, const float *restrict g,
                           const float *restrict code, size_t n) {
    float s[LANES] = {0}, step = q->step;
    for (size_t i = 0; i < n; i += LANES)
        EACH_LANE s[j] += g[i + (size_t)j] * (code[i + (size_t)j] - w[i + (size_t)j] / step);
    return add_lanes(s);
}

static float weights(const lf_row_quant *now, const lf_row_quant *next, const lf_row_adam *adam, float *w, float *m,
                     float *v, const float *g, float *code, size_t n) {
    bool integer = now->kind == LF_ROW_INTEGER;
    float log_step = integer ? step_gradient(now, w, g, code, n) : 0.0f;
    float lo = integer ? next->lo * next->step : -next->clip;
    float hi = integer ? next->hi * next->step : next->clip;
    adam_row(adam, w, m, v, g, n, integer ? 1.0f / now->step : 1.0f, lo, hi);
    codes(next, w, code, n);
    return log_step;
}

#endif
