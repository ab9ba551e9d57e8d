/* Post-training quantization: where the quantizers of a network stand, and putting them there.
 *
 * 1. lf_quantizing_plan finds the points: tensors that must be codes, since a product, a mean or a join reads them. Where a tensor is codes
 *    of few enough bits already, by a quantizer that the network brings along, it stays as it is; the rounding of a wider quantizer goes.
 * 2. The caller runs the network on calibration rows, collects the magnitudes of every point, and calls lf_quantizing_set_scales.
 * 3. lf_quantizing_apply inserts the quantizers.
 * 4. The caller corrects the biases: what a channel of a product is off by on average. lf_quantizing_finish clears up.
 * Weights: one scale per output channel, narrow signed codes. Activations: one scale per tensor; unsigned where no value is negative. */
#ifndef LF_PASS_QUANTIZE_NETWORK_H
#define LF_PASS_QUANTIZE_NETWORK_H

#include "pass/product_nodes.h"
#include "pass/quantize_scale.h"

typedef struct lf_quantizing_bits {
    int activations, weights; /* bits, 2..8 */
    int ends; /* of weights and inputs of products before or behind which there is no other; 0: as the others */
} lf_quantizing_bits;

/* Node `node` reads the point as operand `operand`. */
typedef struct lf_point_use {
    lf_id node;
    int operand;
} lf_point_use;

typedef struct lf_point {
    lf_id tensor;
    int bits;            /* asked for; where it is kept, those it has */
    bool kept;           /* codes as the network brings them along */
    bool for_all;        /* a quantizer stood here: all readers get codes, not only those in uses */
    bool never_negative; /* as its producer says */
    bool from_input;     /* no product before it: the data say whether it is ever negative */
    bool is_signed;      /* known with the scale */
    double scale;        /* 0: kept, with one per channel */
    size_t group;        /* points of one group share a scale: the index of its first point */
    LF_VEC(lf_point_use) uses;
} lf_point;

typedef struct lf_quantized_product {
    lf_product at;
    int bits;      /* of the weights: asked for; where they are kept, those they have */
    bool kept;     /* the weights are codes as the network brings them along */
    size_t input;  /* index of the point it reads */
    double *scale; /* [channels], known after lf_quantizing_apply; NULL: kept */
} lf_quantized_product;

typedef struct lf_quantizing {
    lf_graph *g;
    lf_arena *arena;
    lf_quantizing_bits bits;
    LF_VEC(lf_point) points; /* in the order of the graph */
    LF_VEC(lf_quantized_product) products;
    lf_ids idle_biases; /* additions of zeros that the plan gave to products without a bias */
} lf_quantizing;

/* Finds points and products; gives every product a bias. What q points to lives in `arena`; the graph is changed
 * in place. The network must be inferred and no integer program: LF_BAD_INPUT otherwise, and where there is no product at all. */
LF_MUST_USE lf_status lf_quantizing_plan(lf_quantizing *q, lf_graph *g, lf_arena *arena, lf_quantizing_bits bits);

/* seen: one for every point, the magnitudes of points.at[i]; read only here. Sets scale and is_signed of the points that are not kept. */
void lf_quantizing_set_scales(lf_quantizing *q, const lf_magnitudes *seen, lf_scale_choice how);

/* Inserts the quantizers; weights get one scale per output channel, chosen by that method. Errors are those of inference. */
LF_MUST_USE lf_status lf_quantizing_apply(lf_quantizing *q, lf_scale_method weights);

/* Biases that no correction has needed go again: what did not change stays as it was. Tensors of points, biases and sums may be gone after it. */
LF_MUST_USE lf_status lf_quantizing_finish(lf_quantizing *q);

#endif
