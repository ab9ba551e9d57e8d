/* What the verbs share. */
#ifndef LF_API_ANSWER_H
#define LF_API_ANSWER_H

#include <jansson.h>
#include <lutfisk/lutfisk.h>

#include "base/text.h"
#include "ir/graph.h"

/* Fills an answer from a JSON object (reference taken over) and a text (its memory taken over). */
void lf_answer_set(lf_answer *answer, json_t *json, lf_text *text);

/* A network with its input grids declared and everything inferred; NULL after an error. */
lf_graph *lf_model_open(lf_ctx *ctx, const lf_model_options *o);
/* The same as the file has it: with nodes whose operands are all constant, like quantizers of weights. */
lf_graph *lf_model_open_unfolded(lf_ctx *ctx, const lf_model_options *o);

/* The network becomes an integer program: the passes channels-last, sink-pools and integerize. */
LF_MUST_USE lf_status lf_to_integers(lf_graph *g);

/* An independent part of g: fed at the tensors `in`, giving the tensors `out`; ports are named after those tensors. */
lf_graph *lf_graph_part(lf_graph *g, const lf_ids *in, const lf_ids *out);

/* "model.onnx" without folder and ending, in arena memory. */
const char *lf_stem(lf_arena *a, const char *path);

/* LF_BAD_INPUT unless `value` (may be NULL) is one of `legal`; those in `later` are "not in this version". NULL-terminated. */
LF_MUST_USE lf_status lf_check_word(lf_ctx *ctx, const char *option, const char *value, const char *const *legal,
                                    const char *const *later);

double lf_seconds(void); /* a monotonic clock */

#endif
