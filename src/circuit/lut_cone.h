/* The logic of a signal back to where it begins, in order of evaluation. With a stack of its own: netlists may be as deep as they are long. */
#ifndef LF_CIRCUIT_LUT_CONE_H
#define LF_CIRCUIT_LUT_CONE_H

#include "circuit/lutnet.h"

typedef struct lf_cone_step {
    lf_signal lut;
    int next; /* its operand to look at */
} lf_cone_step;

typedef struct lf_cone {
    const lf_lutnet *net; /* may grow between walks */
    lf_arena *arena;
    size_t luts_max, leaves_max;
    const bool *ends; /* [signal]: LUTs where a walk ends as it does at inputs; or NULL */
    LF_VEC(lf_signal) luts, leaves;
    LF_VEC(lf_cone_step) stack; /* the rest is private */
    uint32_t *seen;             /* [signal]: the walk that met it last */
    uint64_t *value;            /* [signal]: 64 addresses */
    size_t room, met;           /* signals there is memory for; LUTs met in this walk */
    uint32_t walk;
} lf_cone;

lf_cone lf_cone_make(lf_arena *a, const lf_lutnet *net, size_t luts_max, size_t leaves_max);
void lf_cone_begin(lf_cone *k);             /* a new walk: no LUTs, no leaves */
bool lf_cone_leaf(lf_cone *k, lf_signal s); /* s is a leaf of this walk; false: too many */
bool lf_cone_add(lf_cone *k,
                 lf_signal s); /* what makes s, with s; s itself may be one of `ends`. False: too large; begin again */
void lf_cone_look(lf_cone *k, size_t word); /* evaluates the addresses of word `word` of a table over the leaves */
void lf_cone_evaluate(lf_cone *k);          /* with the leaves as they are in `value` */
static inline uint64_t lf_cone_value(const lf_cone *k, lf_signal s) {
    return k->value[s];
}

#endif
