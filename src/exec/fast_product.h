/* Matrices of constants times many vectors, as kernels: what fast_layers.c makes of matrix-vector nodes. */
#ifndef LF_EXEC_FAST_PRODUCT_H
#define LF_EXEC_FAST_PRODUCT_H

#include "exec/fast_plan.h"

typedef struct lf_matrix {
    size_t inputs, outputs;
    const int64_t *weight, *bias; /* [outputs][inputs]; [outputs] */
    lf_range codes;               /* of the vectors */
    size_t pixel;                 /* bits: so many elements begin with a word each time; divides inputs */
    int64_t shift;                /* bytes and words: taken off the codes that are stored */
} lf_matrix;

/* y[n] = sum over k of weight[n][k] * x[k] + bias[n]; every sum within +-LF_S32_MAX. */
typedef struct lf_product {
    lf_form form; /* of the vectors: BITS, U8 or S16 */
    size_t bytes; /* that are read of each */
    lf_xnor_layer xnor;
    const lf_xnor_kernel *bits;
    int64_t factor, *add; /* sum = (factor * dot + add[n]) / 2 */
    bool plain;           /* factor 2, add 0: the dot product is the sum */
    lf_int_layer ints;
    const lf_int_kernel *numbers;
    const char *text;
} lf_product;

lf_product *lf_product_new(const lf_plan *p, const lf_matrix *m, lf_form form);

/* Rows of x_stride bytes; y: rows of y_stride int32, as lf_product_width many are written. */
void lf_product_sums(const lf_product *l, const void *x, size_t x_stride, size_t rows, int32_t *y, size_t y_stride);
size_t lf_product_width(const lf_product *l);

/* Turns a product of bits into thresholds: output n is the bit (sum >= T[n]) XOR invert[n], or invert[n] without a threshold. */
typedef struct lf_teeth {
    bool none;                /* no thresholds */
    const int64_t *T;         /* [outputs] within +-LF_S32_MAX */
    const bool *below, *from; /* [outputs] the bit below the threshold and from it on */
} lf_teeth;
void lf_product_set_limits(lf_product *l, const lf_teeth *t);
/* y: rows of y_stride bytes. */
void lf_product_bits(const lf_product *l, const void *x, size_t x_stride, size_t rows, void *y, size_t y_stride);

#endif
