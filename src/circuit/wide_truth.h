/* Truth tables of 0..20 inputs: bit a % 64 of word a / 64 is the value for address a, input j is bit j of a. A table of fewer than six inputs
 * uses the lowest 2^n bits of its only word; the others are 0. */
#ifndef LF_CIRCUIT_WIDE_TRUTH_H
#define LF_CIRCUIT_WIDE_TRUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline size_t lf_wide_words(int n) {
    return n <= 6 ? 1 : (size_t)1 << (n - 6);
}
static inline unsigned lf_wide_get(const uint64_t *t, size_t a) {
    return (unsigned)(t[a >> 6] >> (a & 63) & 1);
}
static inline void lf_wide_put(uint64_t *t, size_t a) {
    t[a >> 6] |= (uint64_t)1 << (a & 63);
}

void lf_wide_swap(uint64_t *t, int n, int i, int j); /* inputs i and j change places */

/* Input j has an effect: its cofactors differ at an address that matters for both (care NULL: all matter). */
bool lf_wide_depends(const uint64_t *t, const uint64_t *care, int n, int j);

/* The cofactor for the highest n - low inputs being the number c: a table of `low` inputs. Returns a pointer to words: into t when low >= 6, else
 * to *small, which it fills. */
const uint64_t *lf_wide_column(const uint64_t *t, int low, size_t c, uint64_t *small);

/* Input j takes the given value and leaves: a table of n - 1 inputs. */
void lf_wide_fix(const uint64_t *t, int n, int j, int value, uint64_t *out);

uint64_t lf_wide_hash(const uint64_t *t, size_t words, uint64_t seed);

#endif
