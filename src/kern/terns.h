/* A LUT netlist as a program for a processor: bitwise operations of three operands, many samples a word. */
#ifndef LF_KERN_TERNS_H
#define LF_KERN_TERNS_H

#include "circuit/lutnet.h"

/* Bit in[0] + 2 in[1] + 4 in[2] of function, for every sample. count: how many operands there are, all different; what lies behind
 * the function's bits for absent ones repeats. */
typedef struct lf_tern {
    uint32_t in[3];
    uint8_t count, function;
} lf_tern;

/* Signals are numbered as in lf_lutnet: 0 and 1 the constants (outputs only), then the inputs, then the operations in order. */
typedef struct lf_terns {
    uint32_t inputs;
    size_t count, outputs;
    lf_tern *op;
    uint32_t *output;
} lf_terns;

/* LUTs of more than three inputs become selections of their halves, halves that are equal once; operations join their readers where three operands
 * are enough for all of them. In the arena. */
lf_terns *lf_terns_of(lf_arena *a, const lf_lutnet *n);

/* The operations in another order that keeps what is computed near to where it is read; they stay where that is no
 * better. */
void lf_terns_order(lf_arena *a, lf_terns *t);

/* Which operations read each signal: at[start[s]] .. at[start[s + 1] - 1], ascending. In the arena. */
typedef struct lf_reads {
    uint32_t *start, *at;
} lf_reads;
lf_reads lf_reads_of(lf_arena *a, const lf_terns *t);

/* The function for operands in another order or with fewer of them: `function` of three operands as a table of 8 bits. */
static inline uint8_t lf_tern_fill(uint64_t truth, int count) {
    for (int n = count; n < 3; n++)
        truth |= truth << (1u << n);
    return (uint8_t)truth;
}

#endif
