/* Integer keys that order scores exactly as their real values do, ties included, so that an argmax can be taken in hardware even
 * when the channels have different scales and biases (contracts.md 1). */
#ifndef LF_PASS_ARGMAX_KEYS_H
#define LF_PASS_ARGMAX_KEYS_H

#include "pass/composed.h"

/* key[e] = factor[e] * code[e] + add[e]. */
typedef struct lf_argmax_keys {
    bool found;
    bool plain; /* every factor is 1, every addend 0 */
    int64_t *factor, *add;
    const char *why; /* when not found */
} lf_argmax_keys;

/* Tries factors of 1 bit, then wider ones up to 20 bits, each held against every pair of values that can occur (up to 2^20 in all).
 * The result lies in `arena`. Not finding any is not an error. */
LF_MUST_USE lf_status lf_argmax_keys_find(lf_composed *chain, const lf_tensor *base_codes, lf_arena *arena,
                                          lf_argmax_keys *out);

#endif
