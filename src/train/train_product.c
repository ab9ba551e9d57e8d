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

void lf_net_product(const lf_net *n, int i, const lf_tile *t, size_t from, size_t to, float *out, size_t ld,
                    int worker) {
    const lf_net_layer *l = &n->layer[i];
    size_t columns = t->windows * n->batch, ldm;
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
