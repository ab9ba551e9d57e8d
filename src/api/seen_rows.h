/* Data don't-cares: rows that say which codes occur, and rows that measure what it costs that the others may become anything. */
#ifndef LF_API_SEEN_ROWS_H
#define LF_API_SEEN_ROWS_H

#include "api/engine.h"
#include "pass/circuits.h"

typedef struct lf_seen lf_seen;

/* Loads the rows that the options name for `program`, the integer graph before circuits are made; it is cloned. LF_BAD_INPUT where there would be
 * no rows to measure with. */
LF_MUST_USE lf_status lf_seen_open(lf_ctx *ctx, const lf_graph *program, const lf_build_options *o, lf_seen **out);
void lf_seen_free(lf_seen *s); /* NULL is fine */

/* For the pass `circuits`; lives as long as s. */
const lf_circuits_rows *lf_seen_rows(lf_seen *s);
const lf_graph *lf_seen_program(const lf_seen *s);

/* Runs `made`, which the program has become, and the program on all rows. LF_FAILED when they differ on rows all of whose codes were kept. *out: the
 * object "dont_cares" of the report; the caller owns it. */
LF_MUST_USE lf_status lf_seen_measure(lf_seen *s, const lf_graph *made, const lf_circuits_report *r, json_t **out);

/* Of the rows of the files `specs`, on how many the outputs of both graphs, which have the same inputs and outputs, differ. */
LF_MUST_USE lf_status lf_rows_that_differ(lf_ctx *ctx, const lf_graph *a, const lf_graph *b, lf_strings specs,
                                          size_t rows, size_t *out);

#endif
