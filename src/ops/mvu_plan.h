/* How one matrix-vector layer becomes hardware: everything that its Verilog (mvu_print.c), the model of its handshakes
 * (mvu_twin.c) and its cost (mvu_cost.c) have in common. It knows numbers only, no graph.
 *
 * A product of a weight and an input is a sum of bits, each a function of one input bit and one or two weight bits, times powers
 * of two, plus a constant of the weight. The constants of a row are known, so they go into the preset of its accumulator:
 *     acc[row] = multiplier * S[row] + constant[row],   S = sum over the row of the product bits times their powers.
 * Thresholds are held against S, so a comparison costs no more than the sign of an accumulator that starts at -threshold
 * (the sign of the accumulator is the answer). */
#ifndef LF_OPS_MVU_PLAN_H
#define LF_OPS_MVU_PLAN_H

#include "base/ctx.h"
#include "num/dtype.h"
#include "ops/mvu_heap.h"

enum { LF_MVU_LEVELS = 3, LF_MVU_X_BITS = 16, LF_MVU_W_BITS = 32, LF_MVU_ROM_DEPTH = 64 };

typedef enum lf_mvu_structure { LF_MVU_AUTO, LF_MVU_FOLDED, LF_MVU_TALL, LF_MVU_WIDE } lf_mvu_structure;
typedef enum lf_mvu_ram {
    LF_MVU_RAM_AUTO,
    LF_MVU_RAM_LOGIC,
    LF_MVU_RAM_DISTRIBUTED,
    LF_MVU_RAM_BLOCK,
    LF_MVU_RAM_STREAM
} lf_mvu_ram;

/* The layer: y[row] of x [MW] codes, see mvu.c. */
typedef struct lf_mvu_spec {
    const char *name; /* of the module: a Verilog identifier */
    int64_t mw, mh, pe, simd;
    int64_t groups; /* vector v uses block v mod groups of mh / groups rows; 0: one */
    bool
        own_inputs; /* every row sums over inputs of its own: a beat has SIMD columns of PE rows, rows fastest, and a row is used once
                      * (mh / groups = pe) */
    lf_mvu_structure structure;
    lf_mvu_ram ram;
    lf_dtype x, out;          /* as on the wires */
    lf_range w;               /* of the weights, all of them */
    const int64_t *weight;    /* [MH][MW] */
    const int64_t *bias;      /* [MH] or NULL */
    const int64_t *threshold; /* [MH][levels] ascending, or NULL */
    int levels;               /* 0 without thresholds */
    int64_t out_base, out_step;
    const lf_range *acc; /* [MH]: exact range of bias + sum w x */
} lf_mvu_spec;

/* A product bit as a function of input bit x and weight bits w, v. */
typedef enum lf_mvu_gate {
    LF_MVU_AND, /* x & w */
    LF_MVU_NAND,
    LF_MVU_XNOR,
    LF_MVU_XOR,
    LF_MVU_SIGN, /* w & (x ^ v): ternary weight, w: not 0, v: negative */
    LF_MVU_NSIGN /* w & ~(x ^ v) */
} lf_mvu_gate;

typedef struct lf_mvu_bit {
    lf_mvu_gate gate;
    int power;   /* of two in S */
    int x, w, v; /* which bit of the input and of the weight; v < 0: none */
} lf_mvu_bit;

/* Where the weights come from. */
typedef enum lf_mvu_source {
    LF_MVU_FUSED,  /* logic: the product bit is one function of input bit and address */
    LF_MVU_LOGIC,  /* logic and a register */
    LF_MVU_MEMORY, /* a memory file */
    LF_MVU_STREAM /* a second input: a word per step in the order of addresses, element pe * SIMD + lane of w_bits bits, lowest first */
} lf_mvu_source;

typedef struct lf_mvu_plan {
    lf_mvu_spec spec;
    int64_t groups, nf, sf; /* vectors until weights repeat, passes and words of a vector */
    int64_t passes, depth;  /* groups * nf, groups * nf * sf */
    int64_t in_lanes;       /* elements of an input beat */
    int x_bits, w_bits, out_bits;
    lf_dtype w; /* how weights are coded: two's complement, BIPOLAR, or TERNARY as (not 0, negative) */
    lf_mvu_bit bit[LF_MVU_X_BITS * LF_MVU_W_BITS]; /* of one product, ascending in power */
    int bit_count;
    int multiplier;    /* 1 or 2 */
    int64_t *constant; /* [MH] */
    int levels;        /* comparisons: 0..LF_MVU_LEVELS */
    int64_t *preset;   /* [MH][max(1, levels)] added to S: -threshold, or what makes the output */
    int low_bit;       /* multiplier 2 without thresholds: the constant lowest bit of the output, else -1 */
    uint64_t code[LF_MVU_LEVELS + 1]; /* output patterns by number of thresholds reached */
    int acc_bits, sum_bits;
    lf_mvu_source source;
    bool block;                       /* MEMORY: in block RAM */
    bool preset_memory, preset_block; /* presets in a memory file */
    bool preset_early;                /* presets have a register of their own */
    bool buffered;                    /* inputs are kept for later passes: NF > 1 and SF > 1 */
    bool accumulates;                 /* SF > 1 */
    lf_heap heap;                     /* from product bits to the sum of a step */
    int front_ranks;                  /* registers before the heap */
    int ranks;                        /* registers from a step to its sum */
} lf_mvu_plan;

/* Refuses (LF_BAD_INPUT, with the legal values) what the unit cannot do. Arrays of the plan lie in the arena. */
LF_MUST_USE lf_status lf_mvu_plan_make(lf_ctx *ctx, const lf_where *where, lf_arena *a, const lf_mvu_spec *spec,
                                       lf_mvu_plan *out);

/* The part that needs no elements, only their ranges (weight, bias, threshold and acc may be NULL): folds, products, where the
 * weights come from. acc_bits is an estimate, presets, heap and ranks are not there. For the cost of a folding. */
LF_MUST_USE lf_status lf_mvu_plan_outline(lf_ctx *ctx, const lf_where *where, lf_arena *a, const lf_mvu_spec *spec,
                                          lf_mvu_plan *out);

struct lf_cost;
/* LUT, FF, BRAM of an outlined plan, fitted to Yosys's counts for xc7; cycles for `vectors` vectors a frame. */
void lf_mvu_cost(const lf_mvu_plan *p, int64_t vectors, struct lf_cost *out);

/* Weight bits of one weight as they are stored. */
uint64_t lf_mvu_weight_bits(const lf_mvu_plan *p, int64_t weight);
/* Value (0 or 1) of a product bit for stored weight bits w and wire pattern x. */
int lf_mvu_gate_value(const lf_mvu_bit *b, uint64_t w, uint64_t x);
/* The weight of row (pass, pe) and column (word, lane) at an address. */
int64_t lf_mvu_weight_at(const lf_mvu_plan *p, int64_t address, int64_t pe, int64_t lane);
/* Bits of 0..n-1, at least 1. */
int lf_mvu_count_bits(int64_t n);

struct lf_vlog;
struct lf_unit;
/* Adds the layer's modules and memories to a design; the layer is module spec.name. */
LF_MUST_USE lf_status lf_mvu_print(struct lf_vlog *v, lf_arena *a, const lf_mvu_plan *p);
/* The model of its handshakes; beats per frame of `vectors` vectors. Input 1, of weights that are streamed: a beat per step. */
void lf_mvu_twin(const lf_mvu_plan *p, const char *name, int64_t vectors, lf_arena *a, struct lf_unit *out);

#endif
