/* Convolutions and matrix products with constant weights, and the bias behind them, as passes that change their constants see them. */
#ifndef LF_PASS_PRODUCT_NODES_H
#define LF_PASS_PRODUCT_NODES_H

#include "ir/pass.h"

typedef struct lf_product {
    lf_id node; /* conv or matmul; operand 0 is the data, operand 1 the weights */
    lf_id weights;
    int weight_axis; /* of the output channels in the weights */
    int axis;        /* of the channels in the output */
    int64_t channels;
    lf_id bias; /* node that adds a constant to the sums and is their only reader, 0: none */
    lf_id sum;  /* the sums with their bias */
} lf_product;

/* Node n, when it is a convolution, or a product of data with a constant matrix [K, N]; else false. */
bool lf_product_of(const lf_graph *g, lf_id n, lf_product *out);

/* n adds a constant with one value per channel (or one for all) to the sums of such a product. */
bool lf_is_channel_bias(const lf_graph *g, const lf_node *n);
int lf_channel_bias_operand(const lf_graph *g, const lf_node *n); /* which operand the constant is */

/* After it p->bias is there: an addition of zeros where there was none. p->sum changes with it, and all readers. */
LF_MUST_USE lf_status lf_product_need_bias(lf_graph *g, lf_product *p);

/* The bias of every channel, in the graph's arena; p->bias must be there. */
double *lf_product_bias(lf_graph *g, const lf_product *p);
/* The same, rounded to float32, becomes a new constant. */
void lf_product_set_bias(lf_graph *g, const lf_product *p, const double *bias);

#endif
