/* Products of dense and convolutional layers: the matrix of windows is made part by part, never as a whole. */
#include <string.h>

#include "train/train_net.h"

size_t lf_net_tiles(const lf_net_layer *l) {
    return lf_ceil_div(l->out, l->tile_rows) * lf_ceil_div(l->columns / l->view.batch, l->tile_windows);
}

static size_t at_most(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Rows of one group of windows follow each other: the gathered windows stay in the cache. */
lf_tile lf_net_tile(const lf_net_layer *l, size_t index) {
    size_t down = lf_ceil_div(l->out, l->tile_rows), windows = l->columns / l->view.batch;
    lf_tile t = {.row = index % down * l->tile_rows, .window = index / down * l->tile_windows};
    t.rows = at_most(l->out - t.row, l->tile_rows);
    t.windows = at_most(windows - t.window, l->tile_windows);
    return t;
}

double lf_net_work(const lf_net_layer *l) {
    double depth = l->weighted ? (double)l->in : 4;
    return depth * (double)l->pad * (double)l->columns;
}

/* A part of the matrix of windows: where it lies and the distance of its rows. Gathered into scratch unless the picture has it. */
static const float *matrix_part(const lf_net *n, const lf_net_layer *l, lf_patch_part part, int worker, size_t *ld) {
    const float *picture = lf_net_codes_of(n, l->from[0]);
    if (lf_patches_plain(&l->view)) {
        *ld = l->columns;
        return picture + part.row * l->columns + part.window * n->batch;
    }
    float *matrix = n->scratch[worker] + n->gradients;
    *ld = part.windows * n->batch | LF_GEMM_LANES; /* not a power of two, as in train_net.c */
    lf_patches_gather(&l->view, picture, part, matrix, *ld);
    return matrix;
}

/* -- codes --------------------------------------------------------------------------------------------------------- */

static double highest_code(const lf_quantizer *q) {
    int lo, hi;
    lf_quantizer_range(q, &lo, &hi);
    return -lo > hi ? -lo : hi;
}

double lf_net_highest(const lf_net *n, int i) {
    if (i == LF_FROM_INPUT)
        return highest_code(&n->recipe->input_quantizer);
    const lf_net_layer *l = &n->layer[i];
    if (l->units)
        return highest_code(&l->activations);
    double highest = lf_net_highest(n, l->from[0]);
    return l->kind == LF_LAYER_GLOBAL_AVERAGE_POOL ? highest * (double)(l->view.height * l->view.width) : highest;
}

size_t lf_net_exact_terms(const lf_net *n, const lf_net_layer *l) {
    double terms = 0x1p24 / (lf_net_highest(n, l->from[0]) * highest_code(&l->weights));
    return terms < 1 ? 1 : terms > (double)l->in ? l->in : (size_t)terms;
}

/* The lowest code of what layer i gives; means are never below, and never with, their input's. */
static int lowest_given(const lf_net *n, int i) {
    int lo, hi;
    while (i != LF_FROM_INPUT && !n->layer[i].units)
        i = n->layer[i].from[0];
    lf_quantizer_range(i == LF_FROM_INPUT ? &n->recipe->input_quantizer : &n->layer[i].activations, &lo, &hi);
    return lo;
}

/* Codes of 8 bits whose sums are exact, and no factors of dropout on them. */
const lf_codes_kernel *lf_net_codes_kernel(const lf_net *n, const lf_net_layer *l) {
    const lf_recipe_regularize *r = &n->recipe->regularize;
    bool whole = l->from[0] == LF_FROM_INPUT ? !(r->input_dropout > 0) : !(r->dropout > 0);
    bool byte = lf_net_highest(n, l->from[0]) <= (lowest_given(n, l->from[0]) < 0 ? 128 : 255);
    return whole && byte && lf_net_exact_terms(n, l) == l->in ? lf_codes_for(n->gemm->isa) : NULL;
}

static size_t pack_tasks(const lf_net_layer *l) {
    return l->weighted && l->codes ? lf_ceil_div(l->in, LF_GEMM_BLOCK) : 0;
}

static void pack_block(void *arg, size_t index, int worker) {
    (void)worker;
    const lf_net *n = arg;
    int i = 0;
    while (index >= pack_tasks(&n->layer[i]))
        index -= pack_tasks(&n->layer[i++]);
    const lf_net_layer *l = &n->layer[i];
    size_t first = index * LF_GEMM_BLOCK, rows = at_most(l->in - first, LF_GEMM_BLOCK);
    const float *code = l->code + first * l->pad;
    float *sum = l->code_sum + index * l->width;
    l->codes->pack(code, l->pad, rows, l->width, 0, l->packed + first / 4 * l->width);
    memset(sum, 0, l->width * sizeof *sum);
    for (size_t k = 0; k < rows; k++)
        n->rows->add(sum, code + k * l->pad, l->width);
}

void lf_net_pack(lf_net *n) {
    size_t tasks = 0;
    double work = 0;
    for (int i = 0; i < n->layers; i++) {
        tasks += pack_tasks(&n->layer[i]);
        work += (double)pack_tasks(&n->layer[i]) * LF_GEMM_BLOCK * (double)n->layer[i].width;
    }
    lf_net_run(n, tasks, work, pack_block, n);
}

/* -- forward ------------------------------------------------------------------------------------------------------- */

static void product_of_codes(const lf_net *n, const lf_net_layer *l, const lf_tile *t, size_t from, size_t to,
                             float *out, size_t ld, int worker) {
    size_t columns = t->windows * n->batch, ldm;
    int lo = lowest_given(n, l->from[0]);
    uint32_t *words = n->words[worker];
    for (size_t k = from; k < to; k += LF_NET_DEPTH) {
        lf_patch_part part = {k, at_most(to - k, LF_NET_DEPTH), t->window, t->windows};
        const float *matrix = matrix_part(n, l, part, worker, &ldm);
        l->codes->pack(matrix, ldm, part.rows, columns, lo, words);
        lf_gemm_codes(l->codes, t->rows, columns, part.rows, l->packed + k / 4 * l->width + t->row, l->width, words,
                      l->code_sum + k / LF_GEMM_BLOCK * l->width + t->row, lo, out, ld, k > from);
    }
}

void lf_net_product(const lf_net *n, int i, const lf_tile *t, size_t from, size_t to, float *out, size_t ld,
                    int worker) {
    const lf_net_layer *l = &n->layer[i];
    size_t columns = t->windows * n->batch, ldm;
    if (l->codes) {
        product_of_codes(n, l, t, from, to, out, ld, worker);
        return;
    }
    for (size_t k = from; k < to; k += LF_NET_DEPTH) {
        lf_patch_part part = {k, at_most(to - k, LF_NET_DEPTH), t->window, t->windows};
        const float *matrix = matrix_part(n, l, part, worker, &ldm);
        const float *code = l->code + k * l->pad + t->row;
        if (k == from)
            lf_gemm(n->gemm, t->rows, columns, part.rows, code, 1, l->pad, matrix, ldm, out, ld);
        else
            lf_gemm_add(n->gemm, t->rows, columns, part.rows, code, 1, l->pad, matrix, ldm, out, ld);
    }
}

void lf_net_sum(const lf_net *n, int i, const lf_tile *t, int worker) {
    const lf_net_layer *l = &n->layer[i];
    if (!l->weighted) {
        lf_net_pool(n, i, t);
        return;
    }
    float *out = l->x + t->row * l->columns + t->window * n->batch;
    lf_net_product(n, i, t, 0, l->in, out, l->columns, worker);
}

/* -- backward ------------------------------------------------------------------------------------------------------ */

static size_t group_of(const lf_net *n) {
    size_t group = LF_NET_COLUMNS / n->batch;
    return group ? group : 1;
}

/* Where rows of the matrix of windows are the picture's own rows. */
static void plain_gradient(const lf_net *n, const lf_net_layer *l, bool first, size_t row, size_t rows, float *d) {
    const float *code = l->code + row * l->pad;
    float *out = d + row * l->columns;
    if (first)
        lf_gemm(n->gemm, rows, l->columns, l->out, code, l->pad, 1, l->d, l->columns, out, l->columns);
    else
        lf_gemm_add(n->gemm, rows, l->columns, l->out, code, l->pad, 1, l->d, l->columns, out, l->columns);
}

static void sliding_gradient(const lf_net *n, const lf_net_layer *l, lf_patch_part part, float *d, int worker) {
    float *matrix = n->scratch[worker] + n->gradients;
    size_t windows = lf_patches_windows(&l->view), group = group_of(n);
    for (part.window = 0; part.window < windows; part.window += group) {
        part.windows = at_most(windows - part.window, group);
        size_t columns = part.windows * n->batch, ld = columns | LF_GEMM_LANES;
        lf_gemm(n->gemm, part.rows, columns, l->out, l->code + part.row * l->pad, l->pad, 1,
                l->d + part.window * n->batch, l->columns, matrix, ld);
        lf_patches_scatter(&l->view, n->rows, matrix, ld, part, d);
    }
}

void lf_net_gradient(const lf_net *n, int i, int operand, size_t first, size_t count, int worker) {
    const lf_net_layer *l = &n->layer[i];
    lf_net_layer *below = &n->layer[l->from[operand]];
    size_t taps = lf_patches_taps(&l->view);
    if (!l->weighted) {
        lf_net_pool_gradient(n, i, operand, first, count);
        return;
    }
    if (lf_patches_plain(&l->view)) {
        plain_gradient(n, l, l->first_gradient[operand], first * taps, count * taps, below->d);
        return;
    }
    if (l->first_gradient[operand])
        memset(below->d + first * below->columns, 0, count * below->columns * sizeof *below->d);
    sliding_gradient(n, l, (lf_patch_part){first * taps, count * taps, 0, 0}, below->d, worker);
}

void lf_net_weight_gradient(const lf_net *n, int i, size_t first, size_t count, float *out, int worker) {
    const lf_net_layer *l = &n->layer[i];
    size_t taps = lf_patches_taps(&l->view), windows = lf_patches_windows(&l->view), ld;
    size_t group = lf_patches_plain(&l->view) ? windows : group_of(n);
    lf_patch_part part = {.row = first * taps, .rows = count * taps};
    for (part.window = 0; part.window < windows; part.window += group) {
        part.windows = at_most(windows - part.window, group);
        const float *matrix = matrix_part(n, l, part, worker, &ld), *dt = l->dt + part.window * n->batch * l->pad;
        size_t steps = part.windows * n->batch;
        if (part.window == 0)
            lf_gemm(n->gemm, part.rows, l->out, steps, matrix, ld, 1, dt, l->pad, out, l->pad);
        else
            lf_gemm_add(n->gemm, part.rows, l->out, steps, matrix, ld, 1, dt, l->pad, out, l->pad);
    }
}
