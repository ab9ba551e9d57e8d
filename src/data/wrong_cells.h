/* Cells of a table that are wrong: told together, so that a file is corrected once. */
#ifndef LF_DATA_WRONG_CELLS_H
#define LF_DATA_WRONG_CELLS_H

#include "data/csv.h"

enum { LF_WRONG_CELLS_TOLD = 10 };

typedef struct lf_wrong_cells {
    lf_ctx *ctx;
    const char *file;
    const lf_csv *table; /* with a header */
    size_t count;
} lf_wrong_cells;

/* Counts a cell and, of the first LF_WRONG_CELLS_TOLD, says where it is and what it holds; `why` goes on: "is no number". */
void lf_wrong_cell(lf_wrong_cells *w, size_t row, size_t column, const char *why);
/* LF_BAD_INPUT, with what to do about them and how many more there are, where any was wrong. */
LF_MUST_USE lf_status lf_wrong_cells_end(const lf_wrong_cells *w, const char *remedy);

#endif
