/* A netlist of k-input LUTs over single bits: what a circuit becomes once it is mapped, what BLIF describes, and what the CPU engine runs.
 * Signals are numbered: 0 and 1 are the constants, then the inputs, then the LUTs in order of evaluation. */
#ifndef LF_CIRCUIT_LUTNET_H
#define LF_CIRCUIT_LUTNET_H

#include "circuit/circuit.h"

typedef uint32_t lf_signal;

typedef struct lf_lut {
    uint64_t truth; /* value for address a is bit a; in[j] is bit j of a; bits from 2^fan_in on are 0 */
    lf_signal in[LF_LUT_INPUTS];
    uint8_t fan_in; /* 1..6; a buffer or an inverter is 1 */
} lf_lut;

typedef struct lf_lutnet {
    lf_ctx *ctx;
    lf_arena *arena;
    uint32_t inputs;
    LF_VEC(lf_lut) luts;
    LF_VEC(lf_signal) outputs;
    struct lf_lut_names *names; /* private: hash table for sharing */
} lf_lutnet;

lf_lutnet *lf_lutnet_new(lf_ctx *ctx, uint32_t inputs);
void lf_lutnet_free(lf_lutnet *n);
static inline lf_signal lf_lutnet_input(uint32_t i) {
    return 2 + i;
}
static inline lf_signal lf_lutnet_signal(const lf_lutnet *n, size_t lut) {
    return 2 + n->inputs + (lf_signal)lut;
}
/* A LUT, simplified (constant and repeated inputs, inputs without effect leave; buffers vanish) and shared when it exists. */
lf_signal lf_lutnet_lut(lf_lutnet *n, const lf_signal *in, int fan_in, uint64_t truth);
/* The same; where there is a LUT of the opposite function, its inverse (a LUT of one input, which goes into those that read it). */
lf_signal lf_lutnet_lut_or_inverse(lf_lutnet *n, const lf_signal *in, int fan_in, uint64_t truth);
/* 64 samples at a time: in[i] and out[o] are words of 64 samples; scratch has 2 + inputs + luts.count words. The definition. */
void lf_lutnet_run(const lf_lutnet *n, const uint64_t *in, uint64_t *out, uint64_t *scratch);
/* What no output needs is gone; structure is hashed again. */
lf_lutnet *lf_lutnet_clean(const lf_lutnet *n);
int lf_lutnet_depth(const lf_lutnet *n);

/* The circuit bit by bit (inputs' and outputs' bits in order, lowest first): adders and comparisons become full adders, tables become
 * multiplexer trees, all as LUTs of at most 3 inputs for LUT words aside. Same function. */
lf_lutnet *lf_lutnet_of(const lf_circuit *c);

#endif
