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

double lf_net_code_step(const lf_net *n, int i) {
    if (i == LF_FROM_INPUT)
        return n->input_step;
    const lf_net_layer *l = &n->layer[i];
    if (l->units)
        return (double)lf_net_step(&l->activations, *l->a_step);
    double step = lf_net_code_step(n, l->from[0]);
    return l->kind == LF_LAYER_GLOBAL_AVERAGE_POOL ? step / (double)(l->view.height * l->view.width) : step;
}

double lf_net_weight_value(const lf_net_layer *l) {
    bool open = l->weights.scale_mode == LF_SCALE_FIXED && l->weights.scale <= 0;
    return open ? 1 : (double)lf_net_step(&l->weights, *l->code_step);
}

double lf_net_scale(const lf_net *n, int i) {
    const lf_net_layer *l = &n->layer[i];
    double step = lf_net_code_step(n, l->from[0]);
    return l->weighted ? step * lf_net_weight_value(l) * l->factor : step;
}

lf_row_unit lf_net_unit(const lf_net *n, int i, size_t row) {
    const lf_net_layer *l = &n->layer[i];
    lf_row_unit u = {.scale = (float)lf_net_scale(n, i),
                     .norm = l->norm,
                     .epsilon = (float)n->recipe->norm.epsilon,
                     .gamma = l->weighted ? l->gamma[row] : 1,
                     .beta = l->weighted ? l->beta[row] : 0};
    u.quant = l->last ? (lf_row_quant){.kind = LF_ROW_REAL, .step = 1} : row_quant(&l->activations, *l->a_step);
    return u;
}

/* -- memory -------------------------------------------------------------------------------------------------------- */

static size_t pad16(size_t n) {
    return (n + 15) / 16 * 16;
}

/* A dense layer over a picture reads it as one window; over a vector or the input every value is a channel, so that tasks can be
 * cut between any two. */
static lf_patches make_view(const lf_net *n, const lf_recipe_layer *l) {
    lf_picture in = lf_recipe_picture(n->recipe, l->from[0], n->features);
    lf_patches p = {.channels = (size_t)in.channels, .height = (size_t)in.height, .width = (size_t)in.width};
    if (l->kind == LF_LAYER_DENSE && l->from[0] == LF_FROM_INPUT)
        p.channels = n->features, p.height = p.width = 1;
    bool slides = l->kind == LF_LAYER_CONV || l->kind == LF_LAYER_MAX_POOL;
    p.kernel_height = slides ? (size_t)l->kernel : p.height;
    p.kernel_width = slides ? (size_t)l->kernel : p.width;
    p.stride = slides ? (size_t)l->stride : 1;
    p.pad = l->kind == LF_LAYER_CONV ? (size_t)l->pad : 0;
    p.out_height = (p.height + 2 * p.pad - p.kernel_height) / p.stride + 1;
    p.out_width = (p.width + 2 * p.pad - p.kernel_width) / p.stride + 1;
    p.batch = n->batch;
    return p;
}

/* Products over many windows are cut into groups of windows; others by rows, so that there is work for several threads. */
static void cut_tasks(lf_net_layer *l) {
    size_t windows = l->columns / l->view.batch, group = LF_NET_COLUMNS / l->view.batch,
           taps = lf_patches_taps(&l->view);
    bool plain = lf_patches_plain(&l->view), vector = l->view.height * l->view.width == 1;
    size_t quarter = lf_ceil_div(l->view.channels, 4), deep = lf_ceil_div(3 * LF_NET_BLOCK, taps);
    l->tile_windows = windows == 1 || !l->weighted ? windows : group ? group : 1;
    bool many = lf_ceil_div(windows, l->tile_windows) >= 8;
    l->tile_rows = many ? l->out : plain && !l->codes ? LF_NET_BLOCK : 2 * LF_NET_BLOCK;
    if (!l->weighted)
        l->tile_rows = lf_ceil_div(l->out, 8);
    l->block = vector ? LF_NET_BLOCK : deep < quarter ? deep : quarter;
}

static void layer_sizes(lf_net *n, int i) {
    const lf_recipe *r = n->recipe;
    const lf_recipe_layer *from = &r->layer[i];
    lf_net_layer *l = &n->layer[i];
    l->kind = from->kind;
    l->weighted = lf_has_weights(from);
    l->units = lf_has_units(from);
    l->operands = lf_operands(from);
    memcpy(l->from, from->from, sizeof l->from);
    l->step_of = from->step_of;
    l->view = make_view(n, from);
    lf_picture out = lf_recipe_picture(r, i, n->features);
    l->in = l->view.channels * lf_patches_taps(&l->view);
    l->out = (size_t)out.channels;
    l->columns = (size_t)(out.height * out.width) * n->batch;
    l->width = pad16(l->out);
    l->pad = l->width | 16; /* rows a power of two apart would share a few cache sets */
    l->weights = from->weights;
    l->activations = from->activations;
    l->codes = l->weighted ? lf_net_codes_kernel(n, l) : NULL;
    cut_tasks(l);
    l->last = i == n->layers - 1;
    l->norm = l->last ? r->output.kind == LF_OUTPUT_BATCH_NORM : l->weighted && r->norm.enabled;
    l->factor = 1;
    if (l->last && !l->norm)
        l->factor = (double)(float)(r->output.scale > 0 ? r->output.scale : 1 / sqrt((double)l->in));
    n->values += 32 + (l->weighted ? l->in * l->pad + 2 * l->pad : 0);
    n->kepts += l->weighted ? 2 * l->pad + 16 : 0;
}

/* The backward pass runs from the last layer to the first. */
static void order_gradients(lf_net *n) {
    for (int i = 0; i < n->layers; i++)
        for (int o = 0; o < n->layer[i].operands; o++) {
            int from = n->layer[i].from[o];
            bool first = true, last = true;
            for (int k = 0; k < n->layers; k++)
                for (int other = 0; other < n->layer[k].operands; other++)
                    if (n->layer[k].from[other] == from)
                        first &= k <= i, last &= k >= i;
            n->layer[i].first_gradient[o] = first;
            n->layer[i].last_gradient[o] = last;
        }
}

static float *take(float **at, size_t count) {
    float *p = *at;
    *at += pad16(count);
    return p;
}

static void layer_slices(lf_net *n, lf_net_layer *l, float **value, float **kept) {
    l->w_step = take(value, 1);
    l->a_step = take(value, 1);
    if (l->units && l->step_of < l - n->layer)
        l->a_step = n->layer[l->step_of].a_step;
    if (!l->weighted)
        return;
    l->w = take(value, l->in * l->pad);
    l->gamma = take(value, l->pad);
    l->beta = take(value, l->pad);
    l->mean = take(kept, l->pad);
    l->variance = take(kept, l->pad);
    l->code_step = take(kept, 1);
}

static void layer_buffers(lf_net *n, lf_net_layer *l) {
    size_t size = l->out * l->columns;
    l->a = LF_NEW_ARRAY(n->arena, float, size);
    l->d = LF_NEW_ARRAY(n->arena, float, size);
    if (l->kind == LF_LAYER_MAX_POOL)
        l->winner = LF_NEW_ARRAY(n->arena, uint8_t, size);
    if (!l->units)
        return;
    l->x = LF_NEW_ARRAY(n->arena, float, size);
    if (n->recipe->regularize.dropout > 0 && !l->last)
        l->keep = LF_NEW_ARRAY(n->arena, float, size);
    l->stats = LF_NEW_ARRAY(n->arena, lf_row_stats, l->out);
    l->a_step_part = LF_NEW_ARRAY(n->arena, float, l->out);
    if (!l->weighted)
        return;
    l->code = LF_NEW_ARRAY(n->arena, float, l->in * l->pad);
    l->dt = LF_NEW_ARRAY(n->arena, float, l->columns * l->pad);
    if (l->codes) {
        l->packed = LF_NEW_ARRAY(n->arena, uint32_t, lf_codes_quads(l->in) * l->width);
        l->code_sum = LF_NEW_ARRAY(n->arena, float, lf_ceil_div(l->in, LF_GEMM_BLOCK) * l->width);
    }
    l->w_step_part = LF_NEW_ARRAY(n->arena, float, l->in);
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static void batch_buffers(lf_net *n) {
    n->input = LF_NEW_ARRAY(n->arena, float, n->features * n->batch);
    if (n->recipe->regularize.input_dropout > 0)
        n->input_keep = LF_NEW_ARRAY(n->arena, float, n->features * n->batch);
    size_t rows = LF_NET_DEPTH;
    for (int i = 0; i < n->layers; i++) {
        const lf_net_layer *l = &n->layer[i];
        size_t block = l->block * lf_patches_taps(&l->view);
        n->gradients = larger(n->gradients, block * l->pad);
        rows = larger(rows, block);
    }
    size_t columns = larger(n->batch, LF_NET_COLUMNS), matrix = rows * (columns + LF_GEMM_LANES);
    n->scratch = LF_NEW_ARRAY(n->arena, float *, lf_pool_size(n->pool));
    n->words = LF_NEW_ARRAY(n->arena, uint32_t *, lf_pool_size(n->pool));
    for (int w = 0; w < lf_pool_size(n->pool); w++) {
        n->scratch[w] = LF_NEW_ARRAY(n->arena, float, n->gradients + matrix);
        n->words[w] = LF_NEW_ARRAY(n->arena, uint32_t, lf_codes_quads(LF_NET_DEPTH) * columns);
    }
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
    order_gradients(n);
    float *value = n->value = LF_NEW_ARRAY(arena, float, n->values),
          *kept = n->kept = LF_NEW_ARRAY(arena, float, n->kepts);
    n->m = LF_NEW_ARRAY(arena, float, n->values);
    n->v = LF_NEW_ARRAY(arena, float, n->values);
    for (int i = 0; i < n->layers; i++) {
        layer_slices(n, &n->layer[i], &value, &kept);
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

static void init_weights(lf_net *n, int i) {
    lf_net_layer *l = &n->layer[i];
    double initial = n->recipe->training.initial;
    lf_rng rng = lf_rng_make(n->seed, lf_stream(LF_STREAM_INITIAL, i, 0));
    for (size_t k = 0; k < l->in; k++)
        for (size_t j = 0; j < l->out; j++)
            l->w[k * l->pad + j] = (float)(initial * (2 * lf_rng_double(&rng) - 1));
    for (size_t j = 0; j < l->out; j++)
        l->gamma[j] = l->variance[j] = 1;
    *l->w_step = *l->code_step = first_weight_step(&l->weights, initial);
}

/* Of layers that share a step the one with the widest codes says where it starts. */
static void init_step(lf_net_layer *l) {
    float step = l->last ? 1 : first_activation_step(&l->activations);
    *l->a_step = step > *l->a_step ? step : *l->a_step;
}

void lf_net_init(lf_net *n) {
    for (int i = 0; i < n->layers; i++) {
        lf_net_layer *l = &n->layer[i];
        if (l->weighted)
            init_weights(n, i);
        if (l->units)
            init_step(l);
    }
    lf_net_codes(n);
}

void lf_net_codes(lf_net *n) {
    for (int i = 0; i < n->layers; i++) {
        lf_net_layer *l = &n->layer[i];
        if (!l->weighted)
            continue;
        lf_row_quant q = lf_net_weight_quant(l, *l->code_step);
        n->rows->codes(&q, l->w, l->code, l->in * l->pad);
    }
}
