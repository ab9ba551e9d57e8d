/* The definition of lut_rows.h, for compilers to make vectors of. */
#ifndef LF_KERN_LUT_ROWS_BODY_H
#define LF_KERN_LUT_ROWS_BODY_H

#include <string.h>

#include "base/compiler.h"
#include "kern/lut_rows.h"

enum { LANES = 16 };

static inline float add_lanes(float s[LANES]) {
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++)
            s[j] += s[j + half];
    return s[0];
}

LF_UNUSED static void plain_address(const uint64_t *const *in, int fan_in, size_t n, uint8_t *address) {
    memset(address, 0, n);
    for (int j = 0; j < fan_in; j++)
        for (size_t b = 0; b < n; b++)
            address[b] = (uint8_t)(address[b] | (in[j][b / 64] >> b % 64 & 1) << j);
}

LF_UNUSED static void plain_look_up(uint64_t truth, const uint8_t *address, size_t n, uint64_t *out) {
    for (size_t w = 0; w < n / 64; w++) {
        uint64_t bits = 0;
        for (size_t b = 0; b < 64; b++)
            bits |= (truth >> address[w * 64 + b] & 1) << b;
        out[w] = bits;
    }
}

LF_UNUSED static void plain_scale(const float *table, const uint8_t *address, const float *g, size_t n, float *out) {
    for (size_t b = 0; b < n; b++)
        out[b] = g[b] * table[address[b]];
}

static void gather(const uint8_t *address, const float *g, size_t n, float *sum) {
    for (size_t b = 0; b < n; b++)
        sum[address[b]] += g[b];
}

LF_UNUSED static float plain_dot(const uint64_t *bits, const float *g, size_t n) {
    float s[LANES] = {0};
    for (size_t b = 0; b < n; b += LANES) {
        uint64_t word = bits[b / 64] >> b % 64;
        for (size_t j = 0; j < LANES; j++)
            s[j] += word >> j & 1 ? g[b + j] : 0.0f;
    }
    return add_lanes(s);
}

LF_UNUSED static void plain_count(const uint64_t *bits, size_t n, uint16_t *count) {
    for (size_t b = 0; b < n; b++)
        count[b] = (uint16_t)(count[b] + (bits[b / 64] >> b % 64 & 1));
}

LF_UNUSED static void plain_levels(const float *value, size_t n, const float *threshold, size_t levels, uint64_t *out,
                                   size_t step) {
    for (size_t k = 0; k < levels; k++)
        for (size_t w = 0; w < n / 64; w++) {
            uint64_t bits = 0;
            for (size_t b = 0; b < 64; b++)
                bits |= (uint64_t)(value[w * 64 + b] > threshold[k]) << b;
            out[k * step + w] = bits;
        }
}

#endif
