/* Rows of outputs on their way to files, in the shapes and types that the model says: what `predict` and `verify` write. */
#ifndef LF_API_OUTPUT_ROWS_H
#define LF_API_OUTPUT_ROWS_H

#include "api/engine.h"

typedef struct lf_output_rows {
    lf_arena *arena;
    const char **names;
    lf_array *arrays;
    lf_array_type *as; /* what they become when they are written */
    lf_row_out *out;   /* where a run of the engine or of exec puts them */
    size_t count;
} lf_output_rows;

/* Room for `most` outputs, in the arena. */
lf_output_rows lf_output_rows_new(lf_arena *a, size_t most);
/* One more: `rows` rows of a tensor. codes: as integers without scale; integers: the type that the model says its integers have, or NULL. */
LF_MUST_USE lf_status lf_output_rows_add(lf_output_rows *y, const lf_graph *g, const char *name, lf_id tensor,
                                         bool codes, const lf_input_grid *integers, size_t rows);
/* Converts and writes them, as lf_rows_save. */
LF_MUST_USE lf_status lf_output_rows_save(lf_ctx *ctx, lf_output_rows *y, lf_strings specs);

#endif
