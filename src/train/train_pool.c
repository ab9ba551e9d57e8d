/* Layers without weights: max pooling, the mean of a picture, joins. A task has whole channels. */
#include <string.h>

#include "train/train_net.h"

static size_t pixels_of(const lf_net_layer *l) {
    return l->view.height * l->view.width;
}

/* -- max pooling --------------------------------------------------------------------------------------------------- */

/* The first of equal codes wins. */
static void compare(const float *restrict in, float *restrict most, uint8_t *restrict winner, uint8_t tap, size_t n) {
    for (size_t b = 0; b < n; b++) {
        bool more = in[b] > most[b];
        most[b] = more ? in[b] : most[b];
        winner[b] = more ? tap : winner[b];
    }
}

/* Element of the picture that a tap of a window reads, in samples. */
static size_t tap_at(const lf_patches *p, size_t window, size_t tap) {
    size_t y = window / p->out_width * p->stride + tap / p->kernel_width;
    size_t x = window % p->out_width * p->stride + tap % p->kernel_width;
    return (y * p->width + x) * p->batch;
}

static void max_pool_channel(const lf_net *n, const lf_net_layer *l, size_t channel) {
    const float *in = lf_net_codes_of(n, l->from[0]) + channel * pixels_of(l) * n->batch;
    for (size_t w = 0; w < lf_patches_windows(&l->view); w++) {
        size_t at = channel * l->columns + w * n->batch;
        memcpy(l->a + at, in + tap_at(&l->view, w, 0), n->batch * sizeof *in);
        memset(l->winner + at, 0, n->batch);
        for (size_t tap = 1; tap < lf_patches_taps(&l->view); tap++)
            compare(in + tap_at(&l->view, w, tap), l->a + at, l->winner + at, (uint8_t)tap, n->batch);
    }
}

static void max_pool_gradient(const lf_net *n, const lf_net_layer *l, size_t channel, float *d) {
    for (size_t w = 0; w < lf_patches_windows(&l->view); w++) {
        size_t at = channel * l->columns + w * n->batch;
        for (size_t tap = 0; tap < lf_patches_taps(&l->view); tap++) {
            float *out = d + tap_at(&l->view, w, tap);
            for (size_t b = 0; b < n->batch; b++)
                out[b] += l->winner[at + b] == tap ? l->d[at + b] : 0.0f;
        }
    }
}

/* -- the mean: codes are the sum ----------------------------------------------------------------------------------- */

static void sum_channel(const lf_net *n, const lf_net_layer *l, size_t channel) {
    const float *in = lf_net_codes_of(n, l->from[0]) + channel * pixels_of(l) * n->batch;
    float *out = l->a + channel * n->batch;
    memcpy(out, in, n->batch * sizeof *in);
    for (size_t p = 1; p < pixels_of(l); p++)
        n->rows->add(out, in + p * n->batch, n->batch);
}

static void sum_gradient(const lf_net *n, const lf_net_layer *l, size_t channel, float *d) {
    for (size_t p = 0; p < pixels_of(l); p++)
        n->rows->add(d + p * n->batch, l->d + channel * n->batch, n->batch);
}

/* -- all ----------------------------------------------------------------------------------------------------------- */

static void join_channel(const lf_net *n, const lf_net_layer *l, size_t channel) {
    size_t at = channel * l->columns;
    memcpy(l->x + at, lf_net_codes_of(n, l->from[0]) + at, l->columns * sizeof *l->x);
    n->rows->add(l->x + at, lf_net_codes_of(n, l->from[1]) + at, l->columns);
}

void lf_net_pool(const lf_net *n, int i, const lf_tile *t) {
    const lf_net_layer *l = &n->layer[i];
    for (size_t c = t->row; c < t->row + t->rows; c++) {
        if (l->kind == LF_LAYER_MAX_POOL)
            max_pool_channel(n, l, c);
        else if (l->kind == LF_LAYER_GLOBAL_AVERAGE_POOL)
            sum_channel(n, l, c);
        else
            join_channel(n, l, c);
    }
}

void lf_net_pool_gradient(const lf_net *n, int i, int operand, size_t first, size_t count) {
    const lf_net_layer *l = &n->layer[i], *below = &n->layer[l->from[operand]];
    float *d = below->d + first * below->columns;
    if (l->first_gradient[operand])
        memset(d, 0, count * below->columns * sizeof *d);
    for (size_t c = first; c < first + count; c++, d += below->columns) {
        if (l->kind == LF_LAYER_MAX_POOL)
            max_pool_gradient(n, l, c, d);
        else if (l->kind == LF_LAYER_GLOBAL_AVERAGE_POOL)
            sum_gradient(n, l, c, d);
        else
            n->rows->add(d, l->d + c * l->columns, l->columns);
    }
}
