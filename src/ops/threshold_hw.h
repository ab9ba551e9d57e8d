/* How a threshold node becomes hardware: what is decided from its constants, its Verilog, its stages. */
#ifndef LF_OPS_THRESHOLD_HW_H
#define LF_OPS_THRESHOLD_HW_H

#include "ops/rom.h"
#include "ops/stream.h"

typedef struct lf_threshold_attr {
    int64_t out_base, out_step, PE;
    int structure; /* lf_threshold_structure */
    int ram_style; /* lf_rom_ram */
} lf_threshold_attr;

typedef enum lf_threshold_structure {
    THRESHOLD_AUTO,
    THRESHOLD_PARALLEL,
    THRESHOLD_SEARCH,
    THRESHOLD_UNIFORM
} lf_threshold_structure;

/* Inputs are compared as unsigned numbers u: two's complement with the top bit flipped, bipolar as its bit; where the channel's
 * sign is -1, as ~u. Thresholds are moved to that scale and clamped into [least u, greatest u + 1]: the first is always reached,
 * the last never, whatever the constant was. */
typedef struct lf_threshold_plan {
    lf_threshold_structure structure; /* never AUTO */
    int64_t levels;                   /* at least 1: a node without levels gets one that is never reached */
    int64_t channels, rows;           /* rows: 1 when all channels are alike, else channels */
    int64_t pe, beats;                /* beats per vector of channels */
    bool constant;                    /* every lane has one row: no tables */
    bool any_sign;
    bool flip; /* the top bit of the input is flipped */
    int in_bits, compare_bits, out_bits;
    int count_bits;      /* of 0..levels + offset; also the steps of the search */
    int stages;          /* registers from input to output */
    uint64_t never;      /* greatest u + 1 */
    uint64_t *level;     /* [rows][levels], on the scale of u, clamped, ascending */
    bool *negative;      /* [rows] */
    int shift;           /* UNIFORM: q = (u - first) >> shift; count = clip(q, offset, levels + offset) - offset */
    bool half_even;      /* UNIFORM: where u - first is a multiple of 2^shift, q is made even before it is clipped */
    int offset;          /* 0 or 1 */
    int64_t *first;      /* [rows] */
    int difference_bits; /* of u - first, two's complement */
    uint64_t out_base, out_step; /* wire bits = out_base + out_step * count, modulo 2^out_bits */
} lf_threshold_plan;

/* The operands of a node, and one row of them. */
typedef struct lf_threshold_source {
    const lf_tensor *x, *T, *sign;
    int64_t levels;
} lf_threshold_source;

int64_t lf_threshold_raw(const lf_threshold_source *s, int64_t row, int64_t t);
bool lf_threshold_negative(const lf_threshold_source *s, int64_t row);
/* The smallest u that reaches the raw threshold T; not clamped. Linear in T except for bipolar inputs. */
int64_t lf_threshold_moved(const lf_threshold_plan *p, const lf_threshold_source *s, bool negative, int64_t T);
/* The values u can take: both orders when some channel is negated. */
void lf_threshold_bounds(const lf_threshold_plan *p, const lf_threshold_source *s, int64_t *lo, int64_t *hi);

/* True, with shift, half_even, offset, first and difference_bits set, when the levels that the input can pass lie in equal
 * power-of-two steps: T[t] = B + t * 2^shift, or with every second one greater by 1, which is rounding half to even. */
bool lf_threshold_find_uniform(lf_threshold_plan *p, const lf_threshold_source *s, lf_arena *a);

/* The inferred node must be legal. LF_BAD_INPUT when `structure` asks for what the constants do not allow. */
LF_MUST_USE lf_status lf_threshold_plan_make(const lf_graph *g, const lf_node *n, lf_arena *a, lf_threshold_plan *out);

/* The node's module (named like its instance) with tables and memory files, into v. */
lf_status lf_threshold_print(const lf_threshold_plan *p, lf_vlog *v, lf_arena *a, const char *module, lf_rom_ram ram);

#endif
