#ifndef LF_API_FIRST_ROWS_H
#define LF_API_FIRST_ROWS_H

#include "exec/fast.h"

/* What an integer program gave for the first rows of a run, held against the network that it was made of: a mistake in a pass or a
 * kernel does not become a number that somebody uses. */
typedef struct lf_first_rows lf_first_rows;

/* Takes over `network`, which has the inputs and outputs of `program`. */
lf_first_rows *lf_first_rows_new(lf_graph *network, const lf_graph *program);
void lf_first_rows_free(lf_first_rows *c);

/* Runs the network by the reference engine on the first of the `rows` rows of `io` and compares the values that the plan of the program
 * has written there, or, of tensors before a scale, that it gives for the same rows. Once: later calls, and those with c = NULL, do
 * nothing. Networks of more operations a row than can be run in some seconds are not run: a note says so.
 * LF_FAILED, naming output, row and both values, when they differ. */
LF_MUST_USE lf_status lf_first_rows_check(lf_first_rows *c, lf_plan *plan, const lf_row_io *io, size_t rows);

#endif
