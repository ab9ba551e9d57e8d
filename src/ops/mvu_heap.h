/* Adding many bits: a heap of bit columns, reduced by 6:3, 5:3 and 3:2 counters written as equations until two numbers are left
 * for one carry chain (measured with Yosys: about one LUT per bit, half of what `+` gives). */
#ifndef LF_OPS_MVU_HEAP_H
#define LF_OPS_MVU_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum { LF_HEAP_COLUMNS = 64, LF_HEAP_DEPTH = 10 };

/* One level: how many counters of each kind every column uses. */
typedef struct lf_heap_level {
    int height[LF_HEAP_COLUMNS];
    int six[LF_HEAP_COLUMNS], five[LF_HEAP_COLUMNS], three[LF_HEAP_COLUMNS];
    bool registered; /* registers behind this level */
} lf_heap_level;

typedef struct lf_heap {
    lf_heap_level level[LF_HEAP_DEPTH];
    int levels;
    int last[LF_HEAP_COLUMNS]; /* heights behind the last level: at most 2 */
    int columns;               /* columns from here on are dropped: the sum is modulo 2^columns */
    bool add;                  /* two numbers are left: a carry chain and a register */
    int ranks;                 /* registers in all */
    double lut;                /* rough cost */
} lf_heap;

/* Plans the sum, modulo 2^columns, of height[c] bits of weight 2^c. first: the level 0 counters are 3:2 counters of products that
 * fit one LUT together with them; registers follow level 0 then. every: levels between registers. */
void lf_heap_plan(lf_heap *h, const int *height, int columns, bool first, int every);

/* Prints wires h0_C (inputs, not declared here) ... to `sum`, all in a module with aclk and ce. */
void lf_heap_print(lf_text *t, const lf_heap *h);

#endif
