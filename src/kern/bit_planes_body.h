/* What the ways to make bit planes share. */
#ifndef LF_KERN_BIT_PLANES_BODY_H
#define LF_KERN_BIT_PLANES_BODY_H

#include <string.h>

#include "base/compiler.h"
#include "kern/bit_planes.h"

/* Bit c of word r and bit r of word c change places (Warren, Hacker's Delight, 7-3). */
LF_UNUSED static void transpose_64(uint64_t w[64]) {
    static const uint64_t masks[] = {0x00000000ffffffffu, 0x0000ffff0000ffffu, 0x00ff00ff00ff00ffu,
                                     0x0f0f0f0f0f0f0f0fu, 0x3333333333333333u, 0x5555555555555555u};
    for (int step = 0; step < 6; step++) {
        int half = 32 >> step;
        for (int r = 0; r < 64; r = (r + half + 1) & ~half) {
            uint64_t t = (w[r] >> half ^ w[r + half]) & masks[step];
            w[r] ^= t << half;
            w[r + half] ^= t;
        }
    }
}

/* pack by a function that makes a word of up to 64 bytes of a row. */
#define LF_PACK_BY(word_of)                                                                \
    static void pack(const uint8_t *rows, size_t stride, size_t count, uint64_t *planes) { \
        for (size_t e = 0; e < count; e += 64)                                             \
            for (size_t w = 0; w < LF_PLANE_WORDS; w++) {                                  \
                uint64_t m[64];                                                            \
                size_t n = count - e < 64 ? count - e : 64;                                \
                for (size_t r = 0; r < 64; r++)                                            \
                    m[r] = word_of(rows + (w * 64 + r) * stride + e, n);                   \
                transpose_64(m);                                                           \
                for (size_t c = 0; c < n; c++)                                             \
                    planes[(e + c) * LF_PLANE_WORDS + w] = m[c];                           \
            }                                                                              \
    }

LF_UNUSED static uint64_t plain_word(const uint8_t *bytes, size_t n) {
    uint64_t w = 0;
    for (size_t i = 0; i < n; i++)
        w |= (uint64_t)(bytes[i] != 0) << i;
    return w;
}

LF_UNUSED static void plain_join(const uint64_t *planes, int bits, bool is_signed, int32_t *column) {
    for (size_t w = 0; w < LF_PLANE_WORDS; w++, column += 64) {
        uint32_t code[64] = {0};
        for (int k = 0; k < bits; k++) {
            uint32_t weight = is_signed && k == bits - 1 ? ~UINT32_C(0) << k : UINT32_C(1) << k;
            uint64_t plane = planes[(size_t)k * LF_PLANE_WORDS + w];
            for (size_t s = 0; s < 64; s++)
                code[s] |= (0u - (uint32_t)(plane >> s & 1)) & weight;
        }
        memcpy(column, code, sizeof code);
    }
}

#endif
