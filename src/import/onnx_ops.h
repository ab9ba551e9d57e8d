/* The import functions that onnx_map.def names: each turns the current ONNX node into nodes of the graph. */
#ifndef LF_IMPORT_ONNX_OPS_H
#define LF_IMPORT_ONNX_OPS_H

#include "import/onnx_build.h"

#define LF_ONNX(name, domains, first, last, fn, op) lf_onnx_fn lf_onnx_do_##fn;
#include "import/onnx_map.def"
#undef LF_ONNX

/* Add, Sub, Mul, Div of integers known at import. */
lf_status lf_onnx_fold_arithmetic(lf_onnx *m);

#endif
