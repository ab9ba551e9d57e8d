/* Truth tables of up to six inputs in one uint64_t: bit a is the value for address a, input j is bit j of a. Bits from 2^n on are 0. */
#ifndef LF_CIRCUIT_LUT_TRUTH_H
#define LF_CIRCUIT_LUT_TRUTH_H

#include <stdbool.h>
#include <stdint.h>

static inline uint64_t lf_truth_mask(int n) {
    return n >= 6 ? UINT64_MAX : ((uint64_t)1 << ((uint64_t)1 << n)) - 1;
}
uint64_t lf_truth_variable(int j); /* the function "input j", for six inputs */
bool lf_truth_depends(uint64_t truth, int n, int j);
uint64_t lf_truth_fix(uint64_t truth, int n, int j, int value); /* input j is constant and leaves: n - 1 inputs */
uint64_t lf_truth_flip(uint64_t truth, int n, int j);           /* input j is inverted */
uint64_t lf_truth_swap(uint64_t truth, int n, int i, int j);    /* inputs i and j change places */
uint64_t lf_truth_merge(uint64_t truth, int n, int i, int j);   /* inputs i < j are equal: j leaves */

/* 64 addresses at a time: v[in[j]] holds the values of input j. */
uint64_t lf_truth_look_up(const uint64_t *v, const uint32_t *in, uint64_t truth, int n);

/* Repeated inputs and inputs without effect leave, the rest is sorted. Returns how many are left in `in`. */
int lf_truth_reduce(uint32_t *in, int n, uint64_t *truth);

#endif
