/* Rows of a model's inputs and outputs: values to codes and back, as contracts.md 2 says. Every engine uses these functions, so that
 * all refuse the same values and round alike. */
#ifndef LF_EXEC_ROWS_H
#define LF_EXEC_ROWS_H

#include "ir/op.h"

typedef enum lf_row_type { LF_ROW_F64, LF_ROW_F32, LF_ROW_CODE /* int64_t */ } lf_row_type;

/* Rows given for one tensor: [rows][elements of the tensor], without gaps. */
typedef struct lf_row_in {
    lf_id tensor;
    lf_row_type type;
    const void *data;
} lf_row_in;

/* Where rows of one tensor go; any of the three may be NULL. real: values; single: values rounded once to float32;
 * code: the tensor must be on the grid. */
typedef struct lf_row_out {
    lf_id tensor;
    double *real;
    float *single;
    int64_t *code;
} lf_row_out;

typedef struct lf_row_io {
    const lf_row_in *in;
    size_t in_count;
    const lf_row_out *out;
    size_t out_count;
} lf_row_io;

/* Row `row` of `in` into `out`, which holds codes or reals as its tensor says. `port` is the input it belongs to, or NULL.
 * With a declared grid (port->grid), or on a tensor that is on the grid by itself: the code whose value, computed in double and rounded
 * to the type of the rows, equals the given one; a cast grid takes the code that the type's modes give. A tensor off the grid with
 * a declared grid gets the code's value. LF_BAD_INPUT, naming input, row and element, for NaN, infinity and values off the grid. */
LF_MUST_USE lf_status lf_row_read(lf_ctx *ctx, const lf_port *port, const lf_row_in *in, size_t row, lf_value *out);

/* Stores a value as row `row`. */
void lf_row_write(lf_run *run, const lf_value *v, const lf_row_out *out, size_t row);

#endif
