/* Layers of trained LUTs, as training sees them: a row is one bit, or one LUT, over a batch of n samples (a multiple of 64).
 *
 * Bits are packed: sample b is bit b % 64 of word b / 64. Addresses and tables have 64 entries, whatever the number of inputs. Sums run
 * over 16 lanes (sample b in lane b % 16, in ascending order) that are added pairwise: every instruction set gives the same bits. */
#ifndef LF_KERN_LUT_ROWS_H
#define LF_KERN_LUT_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

enum { LF_LUT_ENTRIES = 64 };

typedef struct lf_lut_rows {
    lf_isa isa;
    /* address[b] = sum of bit b of in[j] << j. */
    void (*address)(const uint64_t *const *in, int fan_in, size_t n, uint8_t *address);
    /* Bit b of out = bit address[b] of truth. */
    void (*look_up)(uint64_t truth, const uint8_t *address, size_t n, uint64_t *out);
    /* out[b] = g[b] * table[address[b]]. */
    void (*scale)(const float *table, const uint8_t *address, const float *g, size_t n, float *out);
    /* sum[a] += g[b] for all b with address[b] == a, in ascending order of b. */
    void (*gather)(const uint8_t *address, const float *g, size_t n, float *sum);
    /* Sum of g[b] over the samples whose bit is 1. */
    float (*dot)(const uint64_t *bits, const float *g, size_t n);
    /* count[b] += bit b. */
    void (*count)(const uint64_t *bits, size_t n, uint16_t *count);
    /* Thermometer of one feature: bit b of out[k * step ...] = value[b] > threshold[k]. */
    void (*levels)(const float *value, size_t n, const float *threshold, size_t levels, uint64_t *out, size_t step);
} lf_lut_rows;

extern const lf_lut_rows lf_lut_rows_scalar, lf_lut_rows_avx2, lf_lut_rows_avx512;

/* The kernels for one instruction set; the scalar ones where it is missing. */
const lf_lut_rows *lf_lut_rows_for(lf_isa isa);

#endif
