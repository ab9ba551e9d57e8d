/* The definition, and the search in long tables. */
#include "kern/levels.h"

/* Modulo 2^32: the code of a count that no input reaches may be anything. */
static int32_t code_at(const lf_levels *l, size_t c, int32_t count) {
    return (int32_t)((uint32_t)l->base[c] + (uint32_t)l->step[c] * (uint32_t)count);
}

static int bits_of(size_t n) {
    int bits = 0;
    while (n >> bits)
        bits++;
    return bits;
}

static bool all_alike(const int32_t *T, size_t channels, size_t count) {
    for (size_t i = count; i < channels * count; i++)
        if (T[i] != T[i - count])
            return false;
    return true;
}

/* Where the thresholds of channel c begin, when they are searched. */
static size_t row_at(const lf_levels *l, size_t c) {
    return l->shared ? 0 : c << l->row_bits;
}

/* The table of thresholds, T[c * count + t], in the order that `searched` asks for. */
static void make_table(lf_arena *a, lf_levels *l, const int32_t *T, bool searched) {
    l->searched = searched;
    l->shared = searched && all_alike(T, l->channels, l->count);
    l->row_bits = searched ? bits_of(l->count) : 0;
    size_t entries = searched ? (l->shared ? 1 : l->padded) << l->row_bits : l->padded * l->count + LF_LEVEL_LANES;
    l->at = LF_NEW_ARRAY(a, int32_t, entries);
    for (size_t i = 0; searched && i < entries; i++)
        l->at[i] = INT32_MAX;
    for (size_t c = 0; c < l->channels; c++)
        for (size_t t = 0; t < l->count; t++)
            l->at[searched ? row_at(l, c) + t : t * l->padded + c] = T[c * l->count + t];
}

void lf_levels_new(lf_arena *a, size_t channels, size_t count, const int32_t *T, const int32_t *base,
                   const int32_t *step, lf_levels *out) {
    size_t padded = (channels + LF_LEVEL_LANES - 1) / LF_LEVEL_LANES * LF_LEVEL_LANES;
    *out = (lf_levels){
        .channels = channels,
        .padded = padded,
        .count = count,
        .base = LF_NEW_ARRAY(a, int32_t, padded),
        .step = LF_NEW_ARRAY(a, int32_t, padded),
        .below = LF_NEW_ARRAY(a, uint16_t, padded / LF_LEVEL_LANES),
        .reached = LF_NEW_ARRAY(a, uint16_t, padded / LF_LEVEL_LANES),
    };
    make_table(a, out, T, count > LF_LEVELS_IN_LINE);
    for (size_t c = 0; c < channels; c++) {
        out->base[c] = base[c];
        out->step[c] = step[c];
        out->below[c / 16] = (uint16_t)(out->below[c / 16] | (base[c] != 0) << c % 16);
        out->reached[c / 16] = (uint16_t)(out->reached[c / 16] | (code_at(out, c, 1) != 0) << c % 16);
    }
}

float lf_float_of_key(int32_t key) {
    int32_t bits = key ^ (int32_t)((uint32_t)(key >> 31) >> 1);
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

size_t lf_level_row_bytes(const lf_levels *l, lf_level_out out) {
    static const size_t item[LF_LEVEL_OUTS] = {0, 1, 2, 4};
    return out == LF_LEVEL_BITS ? (l->channels + 63) / 64 * 8 : l->padded * item[out];
}

/* -- guessing ---------------------------------------------------------------------------------------------------------------- */

static float number_of(int32_t key, lf_level_in in) {
    return in == LF_LEVEL_S32 ? (float)key : lf_float_of_key(key);
}

static int32_t guess(const lf_levels *l, size_t c, float x) {
    float v = x * l->scale[c] + l->offset[c], most = (float)l->count;
    return (int32_t)(v < 0 ? 0 : v > most ? most : v);
}

/* At threshold t the line must pass between t + 1/4 and t + 3/4. It rises, rounded or not, so that between thresholds t and t + 1 it
 * is between t + 1/4 and t + 7/4, and the guess t or t + 1. The numbers are kept so small that a rounding more or less (fused
 * multiplication and addition) does not change this. */
static bool set_line(lf_levels *l, size_t c, lf_level_in in) {
    const int32_t *T = l->at + row_at(l, c);
    double first = (double)number_of(T[0], in), last = (double)number_of(T[l->count - 1], in);
    double scale = (double)(l->count - 1) / (last - first);
    if (!(last > first) || !(scale < 1e30) || !(scale * (first < 0 ? -first : first) < 0x1p18))
        return false;
    l->scale[c] = (float)scale;
    l->offset[c] = (float)(0.5 - scale * first);
    bool fine = true;
    for (size_t t = 0; t < l->count; t++) {
        float product = number_of(T[t], in) * l->scale[c], v = product + l->offset[c];
        fine = fine && v > (float)t + 0.25f && v < (float)t + 0.75f && product < 0x1p18f && product > -0x1p18f;
    }
    return fine;
}

static bool set_lines(lf_arena *a, lf_levels *l, lf_level_in in) {
    l->scale = LF_NEW_ARRAY(a, float, l->padded);
    l->offset = LF_NEW_ARRAY(a, float, l->padded);
    bool fine = true;
    for (size_t c = 0; c < l->channels && fine; c++)
        fine = set_line(l, c, in);
    return fine;
}

void lf_levels_guess(lf_arena *a, lf_levels *l, lf_level_in in) {
    if (l->count <= LF_LEVELS_GUESSED || l->count > 1 << 16)
        return;
    lf_levels with = *l;
    if (!l->searched) {
        lf_arena *scratch = lf_arena_new();
        int32_t *T = LF_NEW_ARRAY(scratch, int32_t, l->channels * l->count + 1);
        for (size_t c = 0; c < l->channels; c++)
            for (size_t t = 0; t < l->count; t++)
                T[c * l->count + t] = l->at[t * l->padded + c];
        make_table(a, &with, T, true);
        lf_arena_free(scratch);
    }
    with.guessed = set_lines(a, &with, in);
    if (with.guessed)
        *l = with;
}

/* -- the definition ------------------------------------------------------------------------------------------------------------- */

/* How many of n ascending thresholds x reaches. */
static int32_t search(const int32_t *T, size_t n, int32_t x) {
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (x >= T[middle])
            low = middle + 1;
        else
            high = middle;
    }
    return (int32_t)low;
}

static int32_t level_of(const lf_levels *l, lf_level_in in, size_t c, int32_t x) {
    const int32_t *row = l->searched ? l->at + row_at(l, c) : NULL;
    if (l->guessed) {
        int32_t g = guess(l, c, number_of(x, in));
        return code_at(l, c, g + (g < (int32_t)l->count && x >= row[g]));
    }
    if (l->searched)
        return code_at(l, c, search(row, l->count, x));
    int32_t n = 0;
    for (size_t t = 0; t < l->count; t++)
        n += x >= l->at[t * l->padded + c];
    return code_at(l, c, n);
}

static int32_t key_at(const void *x, lf_level_in in, size_t c) {
    return in == LF_LEVEL_S32 ? ((const int32_t *)x)[c] : lf_float_key(((const float *)x)[c]);
}

static void put(void *y, lf_level_out out, size_t c, int32_t v) {
    switch (out) {
    case LF_LEVEL_BITS: ((uint64_t *)y)[c / 64] |= (uint64_t)(v != 0) << c % 64; break;
    case LF_LEVEL_U8: ((uint8_t *)y)[c] = (uint8_t)v; break;
    case LF_LEVEL_S16: ((int16_t *)y)[c] = (int16_t)v; break;
    default: ((int32_t *)y)[c] = v; break;
    }
}

static void run(const lf_levels *l, const void *x, size_t x_stride, size_t rows, void *y, size_t y_stride,
                lf_level_in in, lf_level_out out) {
    for (size_t r = 0; r < rows; r++, x = (const uint8_t *)x + x_stride, y = (uint8_t *)y + y_stride) {
        if (out == LF_LEVEL_BITS)
            memset(y, 0, lf_level_row_bytes(l, out));
        for (size_t c = 0; c < l->channels; c++)
            put(y, out, c, level_of(l, in, c, key_at(x, in, c)));
    }
}

#define RUN(name, in, out)                                                                                        \
    static void name(const lf_levels *l, const void *x, size_t x_stride, size_t rows, void *y, size_t y_stride) { \
        run(l, x, x_stride, rows, y, y_stride, in, out);                                                          \
    }
RUN(s32_bits, LF_LEVEL_S32, LF_LEVEL_BITS)
RUN(s32_u8, LF_LEVEL_S32, LF_LEVEL_U8)
RUN(s32_s16, LF_LEVEL_S32, LF_LEVEL_S16)
RUN(s32_codes, LF_LEVEL_S32, LF_LEVEL_CODES)
RUN(f32_bits, LF_LEVEL_F32, LF_LEVEL_BITS)
RUN(f32_u8, LF_LEVEL_F32, LF_LEVEL_U8)
RUN(f32_s16, LF_LEVEL_F32, LF_LEVEL_S16)
RUN(f32_codes, LF_LEVEL_F32, LF_LEVEL_CODES)

static bool finite(const float *x, size_t n) {
    int32_t most = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t magnitude = lf_float_key(x[i]);
        magnitude = magnitude < 0 ? ~magnitude : magnitude;
        most = magnitude > most ? magnitude : most;
    }
    return most < 0x7f800000; /* infinity; NaN lies above */
}

const lf_levels_kernel lf_levels_scalar = {
    LF_ISA_SCALAR, {{s32_bits, s32_u8, s32_s16, s32_codes}, {f32_bits, f32_u8, f32_s16, f32_codes}}, finite};
