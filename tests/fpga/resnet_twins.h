/* ResNet-50 at 224 x 224 as twins: every convolution a window (3 x 3 and 7 x 7), a FIFO and a matrix-vector unit, forks and joins around the
 * blocks with a FIFO in each short branch; folded so that no unit takes more than 100,352 cycles a frame by much. */
#ifndef LF_TESTS_FPGA_RESNET_TWINS_H
#define LF_TESTS_FPGA_RESNET_TWINS_H

#include "twins.h"

enum { RESNET_CYCLES = 100352 };

typedef struct resnet {
    lf_chain *c;
    lf_arena *a;
    int at, port;        /* where the stream comes from */
    int64_t size, beats; /* of the map: pixels in a row; beats of a pixel */
    int units;
} resnet;

static inline void resnet_add(resnet *r, lf_unit u) {
    u.name = lf_format(r->a, "%s%d", u.name, r->units);
    int unit = lf_chain_add(r->c, &u);
    r->units++;
    if (r->at < 0)
        lf_chain_source(r->c, unit, 0);
    else
        lf_chain_join(r->c, r->at, r->port, unit, 0);
    r->at = unit;
    r->port = 0;
}

static inline void resnet_fifo(resnet *r, int64_t depth) {
    resnet_add(r, lf_twin_queue(r->a, "fifo", r->size * r->size * r->beats, depth, depth > 32));
}

/* sf beats of input and nf of output for each pixel; steps = sf * nf is what the frame allows. */
static inline void resnet_conv(resnet *r, int64_t k, int64_t stride, int64_t nf) {
    int64_t out = r->size / stride, pixels = out * out, steps = RESNET_CYCLES / pixels, sf = steps / nf;
    if (k > 1 || stride > 1)
        resnet_add(r, window_twin(r->a, "window", r->size, r->size * r->beats, k, stride, pixels, sf));
    else if (r->beats != sf)
        resnet_add(r, worker_twin(r->a, "convert", r->beats > sf ? r->beats / sf : 1, r->beats > sf ? 1 : sf / r->beats,
                                  0, pixels * (r->beats < sf ? r->beats : sf)));
    r->size = out;
    r->beats = sf;
    resnet_fifo(r, 4);
    resnet_add(r, matrix_twin(r->a, "mvu", pixels, sf, nf, 6, true));
    r->beats = nf;
    resnet_add(r, lf_twin_pipe(r->a, "threshold", pixels * nf, 3));
}

static inline void resnet_block(resnet *r, int64_t stride, bool project) {
    resnet_add(r, fork_twin(r->a, "fork", r->size * r->size * r->beats));
    resnet start = *r;
    resnet_conv(r, 1, 1, 4);
    resnet_conv(r, 3, stride, 2);
    resnet_conv(r, 1, 1, 4);
    resnet side = start;
    side.units = r->units;
    side.port = 1;
    if (project)
        resnet_conv(&side, 1, stride, 4);
    resnet_fifo(&side, 8 * r->size * side.beats);
    r->units = side.units;
    lf_unit join = join_twin(r->a, "join", r->size * r->size * r->beats);
    int unit = lf_chain_add(r->c, &join);
    r->units++;
    lf_chain_join(r->c, r->at, r->port, unit, 0);
    lf_chain_join(r->c, side.at, side.port, unit, 1);
    r->at = unit;
    r->port = 0;
    resnet_add(r, lf_twin_pipe(r->a, "threshold", r->size * r->size * r->beats, 3));
}

/* Adds it all with source and sink; the number of units. */
static inline int resnet_chain(lf_chain *c, lf_arena *a) {
    static const int blocks[] = {3, 4, 6, 3};
    resnet r = {.c = c, .a = a, .at = -1, .size = 224, .beats = 1};
    resnet_conv(&r, 7, 2, 2);
    resnet_add(&r, window_twin(a, "pool", r.size, r.size * r.beats, 3, 2, 56 * 56, 4));
    r.size = 56;
    r.beats = 4;
    for (int stage = 0; stage < 4; stage++)
        for (int i = 0; i < blocks[stage]; i++)
            resnet_block(&r, stage > 0 && i == 0 ? 2 : 1, i == 0);
    lf_chain_sink(c, r.at, 0);
    return r.units;
}

#endif
