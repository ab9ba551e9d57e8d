/* The pieces that networks of src/zoo are put together from: quantized convolutions with normalizations whose statistics fit
 * what comes in, so that activations neither vanish nor saturate, although the weights are random. */
#ifndef LF_ZOO_MAKER_H
#define LF_ZOO_MAKER_H

#include "base/rng.h"
#include "zoo/zoo.h"

enum { LF_FLOW_SAMPLES = 2048 };

/* A picture [1, channels, side, side] on its way through the network. `sample`: values as its elements are expected to be
 * distributed, in the graph's arena. */
typedef struct lf_flow {
    lf_id tensor;
    int64_t channels, side;
    const double *sample;
} lf_flow;

typedef struct lf_maker {
    lf_graph *g;
    const lf_zoo_options *o;
    lf_rng rng;
    lf_id zero, bits[33]; /* constants that many nodes share; 0: not there yet */
} lf_maker;

typedef struct lf_conv_spec {
    int64_t outs, kernel, stride, groups;
    int bits;           /* of the weights; one scale per output channel */
    double gamma, beta; /* about what the normalization behind it makes: spread and mean */
} lf_conv_spec;

typedef struct lf_quant_spec {
    int bits;
    bool is_signed, is_floor;
    double scale; /* a float32 number */
} lf_quant_spec;

/* channels * the width, at least 8 and a multiple of 8. */
int64_t lf_make_width(const lf_maker *m, int64_t channels);
/* A float32 number near v. */
double lf_make_near(lf_maker *m, double v);

/* The input x, a picture of values in -1..1, quantized to 8 bits. */
lf_flow lf_make_picture(lf_maker *m, int64_t channels);
/* Convolution, padded by half a kernel, and its normalization. */
lf_flow lf_make_conv(lf_maker *m, const char *name, lf_flow x, lf_conv_spec s);
/* relu, then the quantizer, when it is unsigned. */
lf_flow lf_make_quant(lf_maker *m, const char *name, lf_flow x, lf_quant_spec s);
lf_flow lf_make_max_pool(lf_maker *m, const char *name, lf_flow x, int64_t kernel, int64_t stride);
lf_flow lf_make_mean(lf_maker *m, const char *name, lf_flow x); /* of all pixels */
lf_flow lf_make_sum(lf_maker *m, const char *name, lf_flow a, lf_flow b);
/* Flattened, times weights of one scale, plus a bias. */
lf_id lf_make_dense(lf_maker *m, const char *name, lf_flow x, int64_t outs, int bits);

#endif
