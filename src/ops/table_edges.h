/* Edges that are tables: what the op and those who read its constants share. */
#ifndef LF_OPS_TABLE_EDGES_H
#define LF_OPS_TABLE_EDGES_H

#include "ir/op.h"

/* Columns of the constant `edges`. */
typedef enum lf_edge_column {
    LF_EDGE_IN,
    LF_EDGE_OUT,
    LF_EDGE_FRACTION,
    LF_EDGE_BITS,
    LF_EDGE_SIGNED,
    LF_EDGE_SHIFT,
    LF_EDGE_COLUMNS
} lf_edge_column;

enum { LF_EDGE_BITS_MAX = 20, LF_EDGE_FRACTION_MAX = 1000, LF_EDGE_SHIFT_MAX = 40 };

/* Index into the table of an edge (its row in `edges`) for the integer v * 2^-exponent; v within +-2^62. */
size_t lf_edge_index_code(const int64_t *edge, int64_t v, int64_t exponent);
/* For a finite real. */
size_t lf_edge_index_real(const int64_t *edge, double v);

/* True when all scales of a grid are this power of two: 2^-exponent. */
bool lf_grid_exponent(const lf_tensor *t, int64_t *exponent);

#endif
