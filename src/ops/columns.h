/* The unit that makes whole windows of columns: what `window` of style parallel becomes in part. */
#ifndef LF_OPS_COLUMNS_H
#define LF_OPS_COLUMNS_H

#include "ir/op.h"

typedef struct lf_columns_attr {
    int64_t kernel, stride, dilation;
} lf_columns_attr;

/* Columns from the first to the last of a window. */
static inline int64_t lf_columns_span(const lf_columns_attr *a) {
    return (a->kernel - 1) * a->dilation + 1;
}

/* In a picture of `rows` rows of `width` columns of `bits` bits. */
void lf_columns_cost(const lf_columns_attr *a, int64_t rows, int64_t width, int64_t bits, lf_cost *out);

#endif
