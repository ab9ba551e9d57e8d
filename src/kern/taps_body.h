/* The loops of taps.h, for the compiler to make vectors of in the instruction set of the file that includes this. Blocks of fixed
 * length stay in registers from the first tap to the last. */
#ifndef LF_KERN_TAPS_BODY_H
#define LF_KERN_TAPS_BODY_H

#include "kern/taps.h"

#include <string.h>

enum { LANES = 16 };

#define EXTREME(name, T, U, OVER)                                                          \
    static void name(const void *const *x, size_t taps, size_t n, int32_t add, void *to) { \
        T *y = to;                                                                         \
        for (size_t i = 0; i < n; i += LANES) {                                            \
            T best[LANES];                                                                 \
            memcpy(best, (const T *)x[0] + i, sizeof best);                                \
            for (size_t k = 1; k < taps; k++) {                                            \
                const T *at = (const T *)x[k] + i;                                         \
                for (size_t j = 0; j < LANES; j++)                                         \
                    best[j] = at[j] OVER best[j] ? at[j] : best[j];                        \
            }                                                                              \
            for (size_t j = 0; j < LANES; j++)                                             \
                y[i + j] = (T)(U)((U)best[j] + (U)add);                                    \
        }                                                                                  \
    }
EXTREME(largest_u8, uint8_t, uint8_t, >)
EXTREME(largest_s16, int16_t, uint16_t, >)
EXTREME(largest_s32, int32_t, uint32_t, >)
EXTREME(least_u8, uint8_t, uint8_t, <)
EXTREME(least_s16, int16_t, uint16_t, <)
EXTREME(least_s32, int32_t, uint32_t, <)

#define SUM(name, T)                                                                                                  \
    static void name(const void *const *x, const int32_t *w, size_t taps, size_t n, const int32_t *add, int32_t *y) { \
        size_t padded = (n + LANES - 1) / LANES * LANES;                                                              \
        for (size_t i = 0; i < n; i += LANES) {                                                                       \
            uint32_t sum[LANES];                                                                                      \
            memcpy(sum, add + i, sizeof sum);                                                                         \
            for (size_t k = 0; k < taps; k++) {                                                                       \
                const T *at = (const T *)x[k] + i;                                                                    \
                if (w == NULL)                                                                                        \
                    for (size_t j = 0; j < LANES; j++) {                                                              \
                        int32_t v = at[j];                                                                            \
                        sum[j] += (uint32_t)v;                                                                        \
                    }                                                                                                 \
                else                                                                                                  \
                    for (size_t j = 0; j < LANES; j++)                                                                \
                        sum[j] += (uint32_t)w[k * padded + i + j] * (uint32_t)at[j];                                  \
            }                                                                                                         \
            memcpy(y + i, sum, sizeof sum);                                                                           \
        }                                                                                                             \
    }
SUM(sum_u8, uint8_t)
SUM(sum_s16, int16_t)
SUM(sum_s32, int32_t)

#define ADD(name, T)                                                                           \
    static void name(const void *x, int32_t factor, size_t n, int32_t *y) {                    \
        const T *at = x;                                                                       \
        for (size_t i = 0; i < n; i += LANES, at += LANES)                                     \
            for (size_t j = 0; j < LANES; j++)                                                 \
                y[i + j] = (int32_t)((uint32_t)y[i + j] + (uint32_t)factor * (uint32_t)at[j]); \
    }
ADD(add_u8, uint8_t)
ADD(add_s16, int16_t)
ADD(add_s32, int32_t)

#define WORDS(name, OP)                                                          \
    static void name(const void *const *x, size_t taps, size_t n, uint64_t *y) { \
        for (size_t i = 0; i < n; i++) {                                         \
            uint64_t v = ((const uint64_t *)x[0])[i];                            \
            for (size_t k = 1; k < taps; k++)                                    \
                v = v OP((const uint64_t *)x[k])[i];                             \
            y[i] = v;                                                            \
        }                                                                        \
    }
WORDS(any, |)
WORDS(all, &)

#define LF_TAPS_KERNEL(isa)                                                                                        \
    {                                                                                                              \
        isa, {largest_u8, largest_s16, largest_s32}, {least_u8, least_s16, least_s32}, {sum_u8, sum_s16, sum_s32}, \
            {add_u8, add_s16, add_s32}, any, all                                                                   \
    }

#endif
