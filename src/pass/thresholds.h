/* Thresholds of a composed function by bisection over the exact range of the codes that enter it (contracts.md 1). */
#ifndef LF_PASS_THRESHOLDS_H
#define LF_PASS_THRESHOLDS_H

#include "pass/composed.h"

enum { LF_MAX_LEVELS = 1023 };

/* y = out_base + out_step * #{ l : sign[e] * x >= at[e * levels + l] } for element e of the chain's base. */
typedef struct lf_thresholds {
    int64_t elements, levels;
    int64_t *at;   /* ascending in l */
    int8_t *sign;  /* +1 or -1 per element */
    bool any_down; /* some sign is -1 */
    int64_t out_base, out_step;
    /* A function that rises and falls, of codes of few bits: then y = table[e * table_size + x - table_lo], and nothing of the above. */
    int64_t *table, table_lo, table_size;
} lf_thresholds;

enum { LF_TABLE_CODES = 4096 };

/* The thresholds of `chain`, whose result is on the grid, for base codes within `range` (or within channel[c] along `axis`
 * where channel is not NULL). Arrays lie in `arena`. Bisection where every op is proved monotone; else all values are tried (up to
 * 2^20); a function that falls somewhere becomes a table when its codes span no more than
 * LF_TABLE_CODES; else LF_BAD_INPUT with the reason, naming `node`, also when it has more than LF_MAX_LEVELS levels. */
LF_MUST_USE lf_status lf_thresholds_find(lf_composed *chain, const lf_node *node, const lf_tensor *base_codes,
                                         lf_arena *arena, lf_thresholds *out);

#endif
