/* A network ready to run on rows, by either engine. */
#ifndef LF_API_ENGINE_H
#define LF_API_ENGINE_H

#include "api/answer.h"
#include "data/array.h"
#include "exec/rows.h"

typedef struct lf_engine lf_engine;

/* Opens the model for `engine` ("reference", "fast" or NULL for fast). The fast engine runs the integer graph; where the network
 * cannot become one, the reference engine runs and a note says so. */
lf_engine *lf_engine_open(lf_ctx *ctx, const lf_model_options *model, const char *engine);
void lf_engine_free(lf_engine *e);
const lf_graph *lf_engine_graph(const lf_engine *e);
const char *lf_engine_name(const lf_engine *e); /* of the one that runs */
LF_MUST_USE lf_status lf_engine_run(lf_engine *e, const lf_row_io *io, size_t rows);
/* After a run, when its time was taken: the first of its rows by the network itself (api/first_rows.h). */
LF_MUST_USE lf_status lf_engine_check(lf_engine *e, const lf_row_io *io, size_t rows);

/* The tensor that holds the integers before the scale of an output; 0 when there is none. */
lf_id lf_raw_tensor(const lf_graph *g, lf_id output);
/* True when an output is an index (ArgMax, TopK): written as int64, not float32. */
bool lf_is_index(const lf_graph *g, lf_id output);

/* -- rows in files ------------------------------------------------------------------------------------------------------------------ */

/* Rows of all inputs of a network, from `specs` ("FILE", "NAME=FILE" or one .npz). io entries point into arena memory. */
typedef struct lf_rows {
    lf_row_in *in;
    size_t in_count, rows;
} lf_rows;
LF_MUST_USE lf_status lf_rows_load(lf_ctx *ctx, lf_arena *a, const lf_graph *g, lf_strings specs, lf_rows *out);
/* One array as the rows of a port: a row's shape must be the model's. */
LF_MUST_USE lf_status lf_rows_take(lf_ctx *ctx, lf_arena *a, const lf_graph *g, const lf_port *port, const lf_array *x,
                                   const char *file, lf_row_in *out, size_t *rows);

/* Writes arrays to `specs` as lf_rows_load reads them. Names are those of the arrays. */
LF_MUST_USE lf_status lf_rows_save(lf_ctx *ctx, lf_strings specs, const char *const *names, const lf_array *arrays,
                                   size_t count);

#endif
