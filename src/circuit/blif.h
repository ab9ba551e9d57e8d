/* BLIF (Berkeley Logic Interchange Format): one combinational model. Read: .model .inputs .outputs .names .end, continuation lines, comments,
 * covers of ones or of zeros with '-', in any order. .exdc, .latch, .subckt and whatever else has a state or another file are refused by line.
 * A constant 0 is .names without inputs and without a cover. */
#ifndef LF_CIRCUIT_BLIF_H
#define LF_CIRCUIT_BLIF_H

#include "circuit/lutnet.h"

typedef struct lf_blif {
    lf_lutnet *net;
    const char *model;              /* the name, or "" */
    const char **inputs, **outputs; /* names, net->inputs and net->outputs.count of them */
} lf_blif;

/* NULL and a diagnostic that names file and line when it is not such a model. Free with lf_lutnet_free(b->net): names and *b live in its
 * arena. A cover of more than LF_TABLE_INDEX_BITS inputs is refused; one of more than six becomes several LUTs. */
lf_blif *lf_blif_read(lf_ctx *ctx, const char *text, size_t len, const char *file);

/* The netlist as BLIF. input and output names may be NULL: x0 x1 .. and y0 y1 .. */
void lf_blif_write(const lf_lutnet *n, const char *model, const char *const *inputs, const char *const *outputs,
                   lf_text *t);

#endif
