/* Plain numeric arrays as they come from files: row-major (C order), in the machine's byte order. */
#ifndef LF_DATA_ARRAY_H
#define LF_DATA_ARRAY_H

#include "ir/graph.h"

typedef enum lf_array_type {
    LF_ARRAY_F16,
    LF_ARRAY_F32,
    LF_ARRAY_F64,
    LF_ARRAY_I8,
    LF_ARRAY_I16,
    LF_ARRAY_I32,
    LF_ARRAY_I64,
    LF_ARRAY_U8,
    LF_ARRAY_U16,
    LF_ARRAY_U32,
    LF_ARRAY_U64,
    LF_ARRAY_BOOL, /* one byte, 0 or 1 */
    LF_ARRAY_TYPES
} lf_array_type;

/* shape.dim[0] is the number of rows (samples); rank 0 is one number. data lies in the arena of whoever read it. */
typedef struct lf_array {
    lf_array_type type;
    lf_shape shape;
    size_t count; /* product of the dimensions */
    void *data;
} lf_array;

size_t lf_array_item_size(lf_array_type t);      /* bytes of one element */
const char *lf_array_type_name(lf_array_type t); /* "float32" "uint8" "bool"; NumPy's names */
bool lf_array_is_float(lf_array_type t);

/* The product of the dimensions times item_size bytes, exactly. False on overflow or a negative dimension. */
bool lf_array_measure(lf_shape shape, size_t item_size, size_t *count, size_t *bytes);

/* A zeroed array in arena memory. False when the size overflows or memory is out (nothing is recorded). */
bool lf_array_new(lf_arena *a, lf_array_type type, lf_shape shape, lf_array *out);

size_t lf_array_rows(const lf_array *x);     /* dim[0]; 1 for a scalar */
size_t lf_array_row_size(const lf_array *x); /* elements of one row; 1 for a scalar or a vector */

/* Element i as a double: exact for all but integers beyond 2^53 (rounded to nearest). */
double lf_array_real(const lf_array *x, size_t i);
/* Element i as an integer. False when it has no exact value in int64 (fractions, NaN, uint64 beyond 2^63 - 1). */
bool lf_array_int(const lf_array *x, size_t i, int64_t *out);
/* Store v, rounded once to the element type (to nearest, ties to even); integer types take what lf_array_int could read
 * back: false when v does not fit exactly. */
bool lf_array_set_real(lf_array *x, size_t i, double v);
bool lf_array_set_int(lf_array *x, size_t i, int64_t v);

/* All elements converted to `type` (x itself is shared, not copied, when it has that type). An element without an exact
 * integer value is refused naming row and element; conversions to float round once. `where` names the file in messages. */
LF_MUST_USE lf_status lf_array_convert(lf_ctx *ctx, lf_arena *a, const lf_array *x, lf_array_type type,
                                       const char *where, lf_array *out);

/* Finds the first NaN or infinity: its row and its index inside the row. */
bool lf_array_find_nonfinite(const lf_array *x, size_t *row, size_t *element);

/* IEEE half precision, both ways (to nearest, ties to even). */
double lf_half_to_double(uint16_t h);
uint16_t lf_half_from_double(double v);

#endif
