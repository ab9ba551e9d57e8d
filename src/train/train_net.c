#include "train/train_net.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

/* -- quantizers as the kernels see them ---------------------------------------------------------------------------- */

float lf_net_step(const lf_quantizer *q, float step) {
    if (q->scale_mode != LF_SCALE_POWER_OF_TWO)
        return step;
    int e;
    float m = frexpf(step, &e); /* step = m * 2^e, m in [0.5, 1) */
    return ldexpf(1.0f, m < 0.70710678f ? e - 1 : e);
}

static lf_row_quant row_quant(const lf_quantizer *q, float step) {
    int lo, hi;
    lf_quantizer_range(q, &lo, &hi);
    lf_row_kind kind = q->type == LF_QUANTIZER_BIPOLAR ? LF_ROW_BIPOLAR : LF_ROW_INTEGER;
    return (lf_row_quant){kind, lf_net_step(q, step), (float)lo, (float)hi, (float)q->clip};
}

lf_row_quant lf_net_weight_quant(const lf_net_layer *l, float step) {
    return row_quant(&l->weights, step);
}

static double code_step(const lf_net *n, int i) {
    return i == 0 ? n->input_step : (double)lf_net_step(&n->layer[i - 1].activations, *n->layer[i - 1].a_step);
}

double lf_net_weight_value(const lf_net_layer *l) {
    bool open = l->weights.scale_mode == LF_SCALE_FIXED && l->weights.scale <= 0;
    return open ? 1 : (double)lf_net_step(&l->weights, *l->code_step);
}

double lf_net_scale(const lf_net *n, int i) {
    const lf_net_layer *l = &n->layer[i];
    return code_step(n, i) * lf_net_weight_value(l) * l->factor;
}

lf_row_unit lf_net_unit(const lf_net *n, int i, size_t row) {
    const lf_net_layer *l = &n->layer[i];
    lf_row_unit u = {.scale = (float)lf_net_scale(n, i),
                     .norm = l->norm,
                     .epsilon = (float)n->recipe->norm.epsilon,
                     .gamma = l->gamma[row],
                     .beta = l->beta[row]};
    u.quant = l->last ? (lf_row_quant){.kind = LF_ROW_REAL, .step = 1} : row_quant(&l->activations, *l->a_step);
    return u;
}

/* -- memory -------------------------------------------------------------------------------------------------------- */

static size_t pad16(size_t n) {
    return (n + 15) / 16 * 16;
}

static void layer_sizes(lf_net *n, int i) {
    const lf_recipe *r = n->recipe;
    lf_net_layer *l = &n->layer[i];
    l->in = i ? n->layer[i - 1].out : n->features;
    l->out = (size_t)r->layer[i].units;
    l->width = pad16(l->out);
    l->pad = l->width | 16; /* rows a power of two apart would share a few cache sets */
    l->weights = r->layer[i].weights;
    l->activations = r->layer[i].activations;
    l->last = i == n->layers - 1;
    l->norm = l->last ? r->output.kind == LF_OUTPUT_BATCH_NORM : r->norm.enabled;
    l->factor = 1;
    if (l->last && !l->norm)
        l->factor = (double)(float)(r->output.scale > 0 ? r->output.scale : 1 / sqrt((double)l->in));
    n->values += l->in * l->pad + 2 * l->pad + 32;
    n->kepts += 2 * l->pad + 16;
}

static float *take(float **at, size_t count) {
    float *p = *at;
    *at += pad16(count);
    return p;
}

static void layer_slices(lf_net_layer *l, float **value, float **kept) {
    l->w = take(value, l->in * l->pad);
    l->gamma = take(value, l->pad);
    l->beta = take(value, l->pad);
    l->w_step = take(value, 1);
    l->a_step = take(value, 1);
    l->mean = take(kept, l->pad);
    l->variance = take(kept, l->pad);
    l->code_step = take(kept, 1);
}

static void layer_buffers(lf_net *n, lf_net_layer *l) {
    l->code = LF_NEW_ARRAY(n->arena, float, l->in * l->pad);
    l->x = LF_NEW_ARRAY(n->arena, float, l->out * n->batch);
    l->a = LF_NEW_ARRAY(n->arena, float, l->out * n->batch);
    l->d = LF_NEW_ARRAY(n->arena, float, l->out * n->batch);
    l->dt = LF_NEW_ARRAY(n->arena, float, n->batch * l->pad);
    if (n->recipe->regularize.dropout > 0 && !l->last)
        l->keep = LF_NEW_ARRAY(n->arena, float, l->out * n->batch);
    l->stats = LF_NEW_ARRAY(n->arena, lf_row_stats, l->out);
    l->a_step_part = LF_NEW_ARRAY(n->arena, float, l->out);
    l->w_step_part = LF_NEW_ARRAY(n->arena, float, l->in);
}

static void batch_buffers(lf_net *n) {
    n->input = LF_NEW_ARRAY(n->arena, float, n->features * n->batch);
    if (n->recipe->regularize.input_dropout > 0)
        n->input_keep = LF_NEW_ARRAY(n->arena, float, n->features * n->batch);
    size_t pad = 0;
    for (int i = 0; i < n->layers; i++)
        pad = n->layer[i].pad > pad ? n->layer[i].pad : pad;
    n->scratch = LF_NEW_ARRAY(n->arena, float *, lf_pool_size(n->pool));
    for (int w = 0; w < lf_pool_size(n->pool); w++)
        n->scratch[w] = LF_NEW_ARRAY(n->arena, float, LF_NET_BLOCK *pad);
}

lf_net *lf_net_new(const lf_recipe *recipe, size_t features, uint64_t seed, lf_isa isa, lf_pool *pool) {
    lf_arena *arena = lf_arena_new();
    lf_net *n = LF_NEW(arena, lf_net);
    *n = (lf_net){
        .arena = arena, .recipe = recipe, .layers = recipe->layers, .features = features, .pool = pool, .seed = seed};
    n->batch = (size_t)recipe->training.batch;
    n->input_step = lf_feed_step(recipe);
    n->gemm = lf_gemm_for(isa) ? lf_gemm_for(isa) : lf_gemm_best();
    n->rows = lf_rows_for(n->gemm->isa);
    n->power1 = n->power2 = 1;
    n->layer = LF_NEW_ARRAY(arena, lf_net_layer, n->layers);
    for (int i = 0; i < n->layers; i++)
        layer_sizes(n, i);
    float *value = n->value = LF_NEW_ARRAY(arena, float, n->values),
          *kept = n->kept = LF_NEW_ARRAY(arena, float, n->kepts);
    n->m = LF_NEW_ARRAY(arena, float, n->values);
    n->v = LF_NEW_ARRAY(arena, float, n->values);
    for (int i = 0; i < n->layers; i++) {
        layer_slices(&n->layer[i], &value, &kept);
        layer_buffers(n, &n->layer[i]);
    }
    batch_buffers(n);
    return n;
}

void lf_net_free(lf_net *n) {
    if (n)
        lf_arena_free(n->arena);
}

void lf_net_run(const lf_net *n, size_t tasks, double multiplications, lf_task_fn *fn, void *arg) {
    if (multiplications >= 1e6) {
        lf_pool_run(n->pool, tasks, fn, arg);
        return;
    }
    for (size_t i = 0; i < tasks; i++)
        fn(arg, i, 0);
}

/* -- first values -------------------------------------------------------------------------------------------------- */

/* Mean size of a weight times 2 / sqrt(highest code), where LSQ starts (Esser et al. 2020, section 2.2); with many codes
 * so that they reach to 2.5 times the largest first weight. */
static float first_weight_step(const lf_quantizer *q, double initial) {
    int lo, hi;
    lf_quantizer_range(q, &lo, &hi);
    if (q->type == LF_QUANTIZER_BIPOLAR)
        return 1;
    double lsq = 1 / sqrt(hi), wide = 2.5 / hi;
    return q->scale > 0 ? (float)q->scale : (float)(initial * (lsq < wide ? lsq : wide));
}

/* Normalized activations have variance 1: the range covers about three deviations on either side. */
static float first_activation_step(const lf_quantizer *q) {
    int lo, hi;
    lf_quantizer_range(q, &lo, &hi);
    if (q->type == LF_QUANTIZER_BIPOLAR)
        return 1;
    return q->scale > 0 ? (float)q->scale : hi == 1 ? 1.0f : (float)(3.0 / hi);
}

static void init_layer(lf_net *n, int i) {
    lf_net_layer *l = &n->layer[i];
    double initial = n->recipe->training.initial;
    lf_rng rng = lf_rng_make(n->seed, lf_stream(LF_STREAM_INITIAL, i, 0));
    for (size_t k = 0; k < l->in; k++)
        for (size_t j = 0; j < l->out; j++)
            l->w[k * l->pad + j] = (float)(initial * (2 * lf_rng_double(&rng) - 1));
    for (size_t j = 0; j < l->out; j++)
        l->gamma[j] = l->variance[j] = 1;
    *l->w_step = *l->code_step = first_weight_step(&l->weights, initial);
    *l->a_step = l->last ? 1 : first_activation_step(&l->activations);
}

void lf_net_init(lf_net *n) {
    for (int i = 0; i < n->layers; i++)
        init_layer(n, i);
    lf_net_codes(n);
}

void lf_net_codes(lf_net *n) {
    for (int i = 0; i < n->layers; i++) {
        lf_net_layer *l = &n->layer[i];
        lf_row_quant q = lf_net_weight_quant(l, *l->code_step);
        n->rows->codes(&q, l->w, l->code, l->in * l->pad);
    }
}
