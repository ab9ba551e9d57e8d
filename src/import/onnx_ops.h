/* The import functions that onnx_map.def names: each turns the current ONNX node into nodes of the graph. */
#ifndef LF_IMPORT_ONNX_OPS_H
#define LF_IMPORT_ONNX_OPS_H

#include "import/onnx_build.h"

#define LF_ONNX(name, domains, first, last, fn, op) lf_onnx_fn lf_onnx_do_##fn;
#include "import/onnx_map.def"
#undef LF_ONNX

/* The lists of a Slice; of data (onnx_op_move.c). */
typedef struct lf_onnx_slice {
    lf_ints start, end, axes, step;
    bool has_axes, has_step;
} lf_onnx_slice;
lf_status lf_onnx_slice_data(lf_onnx *m, const lf_onnx_slice *s);

/* Output 0 is these integers, known at import; always LF_OK. */
lf_status lf_onnx_finish_ints(lf_onnx *m, lf_shape shape, const int64_t *ints);

/* Add, Sub, Mul, Div of integers known at import. */
lf_status lf_onnx_fold_arithmetic(lf_onnx *m);

#endif
