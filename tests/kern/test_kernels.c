#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kern/kern.h"

/* Every kernel of every instruction set that runs here against plain loops written here. */

static lf_arena *a;

static int set_up(void **state) {
    (void)state;
    a = lf_arena_new();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    lf_arena_free(a);
    return 0;
}

static uint64_t *random_rows(lf_rng *r, size_t rows, size_t bits, size_t words, int kind) {
    uint64_t *x = LF_NEW_ARRAY(a, uint64_t, rows * words);
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < bits; k++) {
            uint64_t v = kind == 0 ? 0 : kind == 1 ? 1 : lf_rng_below(r, 2);
            x[i * words + k / 64] |= v << k % 64;
        }
    return x;
}

static int bit_at(const uint64_t *x, size_t k) {
    return (int)(x[k / 64] >> k % 64 & 1);
}

static const size_t SIZES[][3] = {/* inputs outputs rows */
                                  {1, 1, 1},      {7, 3, 2},     {64, 8, 3},   {65, 9, 4},    {127, 33, 5},
                                  {128, 64, 6},   {784, 64, 9},  {100, 72, 7}, {1024, 40, 4}, {1984, 10, 3},
                                  {2100, 16, 13}, {4096, 12, 1}, {300, 129, 8}};

static void xnor_one(lf_rng *r, size_t K, size_t N, size_t rows, int kind) {
    size_t words = lf_bit_words(K), stride = words + 1, y_words = lf_bit_words(N) + 1;
    uint64_t *w = random_rows(r, N, K, words, kind), *x = random_rows(r, rows, K, stride,
                                                                      kind == 1   ? 0
                                                                      : kind == 0 ? 0
                                                                                  : 2);
    lf_xnor_layer l;
    lf_xnor_layer_new(a, K, N, w, &l);
    for (size_t n = 0; n < N; n++) {
        l.limit[n] = lf_rng_between(r, -1, (int64_t)K);
        l.invert[n / 8] ^= (uint8_t)(lf_rng_below(r, 2) << n % 8);
    }
    for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
        if (!lf_cpu_has((lf_isa)isa))
            continue;
        const lf_xnor_kernel *k = lf_xnor_kernel_for((lf_isa)isa);
        assert_int_equal(k->isa, isa);
        uint64_t *y = LF_NEW_ARRAY(a, uint64_t, rows * y_words);
        int32_t *d = LF_NEW_ARRAY(a, int32_t, rows * (8 * l.groups + 3));
        memset(y, 0xa5, rows * y_words * 8);
        k->bits(&l, x, stride, rows, y, y_words);
        k->dots(&l, x, stride, rows, d, 8 * l.groups + 3);
        for (size_t i = 0; i < rows; i++) {
            for (size_t n = 0; n < N; n++) {
                int differ = 0;
                for (size_t b = 0; b < K; b++)
                    differ += bit_at(x + i * stride, b) != bit_at(w + n * words, b);
                assert_int_equal(d[i * (8 * l.groups + 3) + n], (int)K - 2 * differ);
                assert_int_equal(bit_at(y + i * y_words, n), (differ <= l.limit[n]) ^ (l.invert[n / 8] >> n % 8 & 1));
            }
            for (size_t n = N; n < lf_bit_words(N) * 64; n++)
                assert_int_equal(bit_at(y + i * y_words, n), 0);
            assert_int_equal(y[i * y_words + y_words - 1], 0xa5a5a5a5a5a5a5a5u); /* nothing written behind the row */
        }
    }
    lf_arena_reset(a);
}

static void test_xnor(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(1, 1);
    for (size_t i = 0; i < LF_COUNT(SIZES); i++)
        for (int kind = 0; kind < 3; kind++)
            xnor_one(&r, SIZES[i][0], SIZES[i][1], SIZES[i][2], kind);
}

/* Inputs and weights at random or at the ends of their ranges. */
static int64_t pick(lf_rng *r, int64_t lo, int64_t hi, int kind) {
    return kind == 0 ? lo : kind == 1 ? hi : kind == 2 ? (lf_rng_below(r, 2) ? lo : hi) : lf_rng_between(r, lo, hi);
}

static void int_one(lf_rng *r, size_t K, size_t N, size_t rows, int64_t x_lo, int64_t x_hi, int64_t w_lo, int64_t w_hi,
                    int kind) {
    int64_t *w = LF_NEW_ARRAY(a, int64_t, N * K), *c = LF_NEW_ARRAY(a, int64_t, N),
            *x = LF_NEW_ARRAY(a, int64_t, rows * K);
    for (size_t i = 0; i < N * K; i++)
        w[i] = pick(r, w_lo, w_hi, kind);
    for (size_t i = 0; i < N; i++)
        c[i] = lf_rng_between(r, -1000000, 1000000);
    for (size_t i = 0; i < rows * K; i++)
        x[i] = pick(r, x_lo, x_hi, kind);
    for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
        if (!lf_cpu_has((lf_isa)isa))
            continue;
        lf_int_layer l;
        lf_int_kind bytes = x_lo < 0 ? LF_INT_S16 : lf_int_kind_for((lf_isa)isa, x_hi, w_lo, w_hi);
        lf_int_layer_new(a, bytes, K, N, w, c, &l);
        size_t stride = 4 * l.steps, y_stride = 16 * l.groups + 5;
        uint8_t *row = lf_alloc_array(a, rows, stride);
        for (size_t i = 0; i < rows; i++) {
            for (size_t k = 0; k < K; k++)
                if (bytes == LF_INT_U8)
                    row[i * stride + k] = (uint8_t)x[i * K + k];
                else
                    ((int16_t *)(row + i * stride))[k] = (int16_t)x[i * K + k];
            for (size_t k = bytes == LF_INT_U8 ? K : 2 * K; k < stride; k++)
                row[i * stride + k] = 0xee; /* behind the last input: anything */
        }
        int32_t *y = LF_NEW_ARRAY(a, int32_t, rows * y_stride);
        lf_int_kernel_for((lf_isa)isa)->dots(&l, row, stride, rows, y, y_stride);
        for (size_t i = 0; i < rows; i++)
            for (size_t n = 0; n < N; n++) {
                int64_t sum = c[n];
                for (size_t k = 0; k < K; k++)
                    sum += w[n * K + k] * x[i * K + k];
                if (y[i * y_stride + n] != (int32_t)(uint32_t)(uint64_t)sum)
                    fail_msg("%s %zux%zu: %d instead of %lld", lf_isa_name((lf_isa)isa), K, N, y[i * y_stride + n],
                             (long long)sum);
            }
    }
    lf_arena_reset(a);
}

static void test_int(void **state) {
    (void)state;
    static const int64_t ranges[][4] = {{0, 255, -128, 127},
                                        {0, 127, -128, 127},
                                        {0, 15, -8, 7},
                                        {0, 1, -1, 1},
                                        {0, 3, -128, 127},
                                        {0, 255, -1, 1},
                                        {-32768, 32767, -32768, 32767},
                                        {0, 256, -128, 127},
                                        {0, 255, -129, 127},
                                        {-1, 1, -3, 3}};
    lf_rng r = lf_rng_make(2, 1);
    for (size_t i = 0; i < LF_COUNT(SIZES); i++)
        for (size_t j = 0; j < LF_COUNT(ranges); j++)
            if (SIZES[i][0] * SIZES[i][1] < 60000)
                int_one(&r, SIZES[i][0], SIZES[i][1], SIZES[i][2], ranges[j][0], ranges[j][1], ranges[j][2],
                        ranges[j][3], (int)((i + j) % 4));
    /* every range at its ends */
    for (size_t j = 0; j < LF_COUNT(ranges); j++)
        for (int kind = 0; kind < 4; kind++)
            int_one(&r, 70, 19, 8, ranges[j][0], ranges[j][1], ranges[j][2], ranges[j][3], kind);
}

static void test_kinds(void **state) {
    (void)state;
    assert_int_equal(lf_int_kind_for(LF_ISA_AVX2, 255, -128, 127), LF_INT_S16); /* 2 * 255 * 128 > 32767 */
    assert_int_equal(lf_int_kind_for(LF_ISA_AVX2, 127, -128, 127), LF_INT_U8);  /* 32512 */
    assert_int_equal(lf_int_kind_for(LF_ISA_AVX2, 128, -128, 127), LF_INT_S16); /* 32768 */
    assert_int_equal(lf_int_kind_for(LF_ISA_AVX512, 255, -128, 127), LF_INT_U8);
    assert_int_equal(lf_int_kind_for(LF_ISA_AVX512, 256, -1, 1), LF_INT_S16);
    assert_int_equal(lf_int_kind_for(LF_ISA_SCALAR, 255, -129, 1), LF_INT_S16);
}

static int compare_i32(const void *p, const void *q) {
    int32_t x = *(const int32_t *)p, y = *(const int32_t *)q;
    return (x > y) - (x < y);
}

static int32_t any_i32(lf_rng *r) {
    switch (lf_rng_below(r, 4)) {
    case 0: return (int32_t)lf_rng_u32(r);
    case 1: return (int32_t)lf_rng_between(r, -20, 20);
    case 2: return lf_rng_below(r, 2) ? INT32_MAX : INT32_MIN;
    default: return (int32_t)lf_rng_between(r, -300000, 300000);
    }
}

static void levels_one(lf_rng *r, size_t C, size_t L, size_t rows, int in, int out) {
    int32_t *T = LF_NEW_ARRAY(a, int32_t, C * L + 1), *base = LF_NEW_ARRAY(a, int32_t, C),
            *step = LF_NEW_ARRAY(a, int32_t, C);
    for (size_t c = 0; c < C; c++) {
        for (size_t t = 0; t < L; t++)
            T[c * L + t] = any_i32(r);
        qsort(T + c * L, L, sizeof *T, compare_i32);
        bool down = lf_rng_below(r, 2);
        int32_t k = out == LF_LEVEL_BITS || out == LF_LEVEL_U8 ? 1 : (int32_t)lf_rng_between(r, 1, 3);
        step[c] = down ? -k : k;
        base[c] = down ? (int32_t)L * k : 0;
    }
    lf_levels l;
    lf_levels_new(a, C, L, T, base, step, &l);
    int32_t *x = malloc(rows * C * 4); /* exactly: a read behind the last row is found by the sanitizer */
    for (size_t i = 0; i < rows * C; i++)
        x[i] = L && lf_rng_below(r, 2) ? T[i % C * L + lf_rng_below(r, (uint32_t)L)] -
                                             (int32_t)lf_rng_below(r, 2) * (T[i % C * L] != INT32_MIN)
                                       : any_i32(r);
    if (in == LF_LEVEL_F32)
        for (size_t i = 0; i < rows * C; i++) {
            float f = lf_float_of_key(x[i]);
            memcpy(&x[i], &f, 4);
        }
    size_t bytes = lf_level_row_bytes(&l, (lf_level_out)out), stride = bytes + 8;
    for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
        if (!lf_cpu_has((lf_isa)isa))
            continue;
        uint8_t *y = lf_alloc_array(a, rows, stride);
        memset(y, 0xa5, rows * stride);
        lf_levels_kernel_for((lf_isa)isa)->run[in][out](&l, x, C * 4, rows, y, stride);
        for (size_t i = 0; i < rows; i++) {
            const uint8_t *row = y + i * stride;
            for (size_t c = 0; c < C; c++) {
                int32_t v = x[i * C + c], n = 0, got;
                if (in == LF_LEVEL_F32) {
                    float f;
                    memcpy(&f, &v, 4);
                    v = lf_float_key(f);
                }
                for (size_t t = 0; t < L; t++)
                    n += v >= T[c * L + t];
                int32_t want = base[c] + step[c] * n;
                got = out == LF_LEVEL_BITS  ? bit_at((const uint64_t *)row, c)
                      : out == LF_LEVEL_U8  ? row[c]
                      : out == LF_LEVEL_S16 ? ((const int16_t *)row)[c]
                                            : ((const int32_t *)row)[c];
                assert_int_equal(got, want);
            }
            if (out == LF_LEVEL_BITS)
                for (size_t c = C; c < bytes * 8; c++)
                    assert_int_equal(bit_at((const uint64_t *)row, c), 0);
            assert_int_equal(row[bytes], 0xa5);
        }
    }
    free(x);
    lf_arena_reset(a);
}

static void test_levels(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(3, 1);
    const size_t channels[] = {1, 7, 8, 15, 16, 17, 64, 65, 100, 784}, count[] = {0, 1, 2, 3, 15, 100, 101, 255};
    for (size_t i = 0; i < LF_COUNT(channels); i++)
        for (size_t j = 0; j < LF_COUNT(count); j++)
            for (int in = 0; in < LF_LEVEL_INS; in++)
                for (int out = 0; out < LF_LEVEL_OUTS; out++)
                    if ((out != LF_LEVEL_BITS || count[j] <= 1) && channels[i] * count[j] < 20000)
                        levels_one(&r, channels[i], count[j], 1 + (i + j) % 3, in, out);
}

/* -- levels in nearly equal steps ------------------------------------------------------------------------------------------------ */

/* Thresholds as a quantizer has them, rounded up to integers, or floats half a step apart from its values. */
static lf_levels even_levels(lf_rng *r, size_t C, size_t L, int in, int32_t *T) {
    int32_t *base = LF_NEW_ARRAY(a, int32_t, C), *step = LF_NEW_ARRAY(a, int32_t, C);
    for (size_t c = 0; c < C; c++) {
        double width = in == LF_LEVEL_S32 ? 5 + 60 * lf_rng_double(r) : 1.0 / 128,
               first = in == LF_LEVEL_S32 ? -3000 + 6000 * lf_rng_double(r) : -1;
        for (size_t t = 0; t < L; t++) {
            double at = first + ((double)t + 0.5) * width;
            T[c * L + t] = in == LF_LEVEL_S32 ? (int32_t)(at + 10000) - 10000 : lf_float_key((float)at);
        }
        base[c] = (int32_t)c;
        step[c] = c % 2 ? 1 : -1;
    }
    lf_levels l;
    lf_levels_new(a, C, L, T, base, step, &l);
    lf_levels_guess(a, &l, (lf_level_in)in);
    return l;
}

static void guesses_one(lf_rng *r, size_t C, size_t L, int in) {
    int32_t *T = LF_NEW_ARRAY(a, int32_t, C * L), *x = LF_NEW_ARRAY(a, int32_t, C),
            *y = LF_NEW_ARRAY(a, int32_t, C + 16);
    lf_levels l = even_levels(r, C, L, in, T);
    assert_true(l.guessed);
    for (int round = 0; round < 200; round++) {
        for (size_t c = 0; c < C; c++) { /* at and beside thresholds, and far away */
            int32_t far = in == LF_LEVEL_S32 ? INT32_MAX - (int32_t)lf_rng_below(r, 2) : 0x7f7fffff;
            int32_t key = round % 8 ? T[c * L + lf_rng_below(r, (uint32_t)L)] + (int32_t)lf_rng_between(r, -1, 1)
                          : lf_rng_below(r, 2) ? far
                                               : -far;
            float f = lf_float_of_key(key);
            memcpy(&x[c], in == LF_LEVEL_S32 ? (const void *)&key : (const void *)&f, 4);
        }
        for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
            if (!lf_cpu_has((lf_isa)isa))
                continue;
            lf_levels_kernel_for((lf_isa)isa)->run[in][LF_LEVEL_CODES](&l, x, C * 4, 1, y, (C + 16) * 4);
            for (size_t c = 0; c < C; c++) {
                float f;
                memcpy(&f, &x[c], 4);
                int32_t n = 0, v = in == LF_LEVEL_S32 ? x[c] : lf_float_key(f);
                for (size_t t = 0; t < L; t++)
                    n += v >= T[c * L + t];
                assert_int_equal(y[c], (int32_t)c + (c % 2 ? n : -n));
            }
        }
    }
}

static void test_guessed_levels(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(4, 1);
    const size_t channels[] = {1, 15, 16, 33}, count[] = {25, 63, 64, 255, 1000};
    for (size_t i = 0; i < LF_COUNT(channels); i++)
        for (size_t j = 0; j < LF_COUNT(count); j++)
            for (int in = 0; in < LF_LEVEL_INS; in++)
                guesses_one(&r, channels[i], count[j], in);
    /* two at one place: not within one */
    int32_t T[64], base = 0, step = 1;
    for (int t = 0; t < 64; t++)
        T[t] = 10 * (t & ~3);
    lf_levels l;
    lf_levels_new(a, 1, 64, T, &base, &step, &l);
    lf_levels_guess(a, &l, LF_LEVEL_S32);
    assert_false(l.guessed);
}

/* Rises over all floats in order; -0 below +0; and back. */
static void test_float_keys(void **state) {
    (void)state;
    const float v[] = {-3.4028235e38f, -1.5f, -1e-45f, -0.0f, 0.0f, 1e-45f, 1e-38f, 1, 1.0000001f, 3.4028235e38f};
    for (size_t i = 0; i + 1 < LF_COUNT(v); i++)
        assert_true(lf_float_key(v[i]) < lf_float_key(v[i + 1]));
    assert_int_equal(lf_float_key(-0.0f), -1);
    assert_int_equal(lf_float_key(0.0f), 0);
    for (int64_t k = INT32_MIN; k <= INT32_MAX; k += 65521) {
        float f = lf_float_of_key((int32_t)k);
        assert_true(f != f || lf_float_key(f) == (int32_t)k);
    }
}

static void test_finite(void **state) {
    (void)state;
    float x[100];
    for (size_t i = 0; i < 100; i++)
        x[i] = i % 2 ? -3.4028235e38f : 3.4028235e38f;
    const float bad[] = {INFINITY, -INFINITY, NAN, -NAN};
    for (int isa = 0; isa < LF_ISA_COUNT; isa++)
        for (size_t n = 1; lf_cpu_has((lf_isa)isa) && n <= 100; n += 3) {
            const lf_levels_kernel *k = lf_levels_kernel_for((lf_isa)isa);
            assert_true(k->finite(x, n));
            for (size_t i = 0; i < n; i++) {
                float was = x[i];
                x[i] = bad[i % 4];
                assert_false(k->finite(x, n));
                x[i] = was;
            }
        }
}

/* -- taps ------------------------------------------------------------------------------------------------------------------------ */

static int64_t tap_at(const void *x, int kind, size_t i) {
    return kind == LF_TAPS_U8    ? ((const uint8_t *)x)[i]
           : kind == LF_TAPS_S16 ? ((const int16_t *)x)[i]
                                 : ((const int32_t *)x)[i];
}

static const size_t TAP_BYTES[] = {1, 2, 4};

static void assert_taps(const lf_taps_kernel *k, const void *const *x, size_t taps, size_t n, int kind,
                        const int32_t *w, const int32_t *add, size_t padded) {
    uint8_t *large = LF_NEW_ARRAY(a, uint8_t, padded * 4), *least = LF_NEW_ARRAY(a, uint8_t, padded * 4);
    int32_t *sum = LF_NEW_ARRAY(a, int32_t, padded), *dot = LF_NEW_ARRAY(a, int32_t, padded),
            *more = LF_NEW_ARRAY(a, int32_t, padded);
    k->largest[kind](x, taps, n, 3, large);
    k->least[kind](x, taps, n, 0, least);
    k->sum[kind](x, NULL, taps, n, add, sum);
    k->sum[kind](x, w, taps, n, add, dot);
    k->add[kind](x[0], -7, n, more);
    for (size_t i = 0; i < n; i++) {
        int64_t hi = INT64_MIN, lo = INT64_MAX;
        uint32_t plain = (uint32_t)add[i], weighed = plain;
        for (size_t t = 0; t < taps; t++) {
            int64_t v = tap_at(x[t], kind, i);
            hi = v > hi ? v : hi;
            lo = v < lo ? v : lo;
            plain += (uint32_t)v;
            weighed += (uint32_t)w[t * padded + i] * (uint32_t)v;
        }
        uint32_t mask = kind == LF_TAPS_U8 ? 0xff : kind == LF_TAPS_S16 ? 0xffff : 0xffffffff;
        assert_int_equal((uint32_t)tap_at(large, kind, i) & mask, (uint32_t)(hi + 3) & mask);
        assert_int_equal(tap_at(least, kind, i), lo);
        assert_int_equal(sum[i], (int32_t)plain);
        assert_int_equal(dot[i], (int32_t)weighed);
        assert_int_equal(more[i], (int32_t)((uint32_t)-7 * (uint32_t)tap_at(x[0], kind, i)));
    }
}

static void taps_one(lf_rng *r, size_t taps, size_t n, int kind) {
    size_t padded = (n + 15) / 16 * 16;
    const void **x = (const void **)lf_alloc_array(a, taps, sizeof *x);
    int32_t *w = LF_NEW_ARRAY(a, int32_t, taps * padded), *add = LF_NEW_ARRAY(a, int32_t, padded);
    for (size_t t = 0; t < taps; t++) {
        uint8_t *bytes = LF_NEW_ARRAY(a, uint8_t, padded * TAP_BYTES[kind]);
        for (size_t i = 0; i < padded * TAP_BYTES[kind]; i++)
            bytes[i] = (uint8_t)lf_rng_u32(r);
        x[t] = bytes;
    }
    for (size_t i = 0; i < taps * padded; i++)
        w[i] = (int32_t)lf_rng_between(r, -40000, 40000);
    for (size_t i = 0; i < padded; i++)
        add[i] = (int32_t)lf_rng_u32(r);
    for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
        if (!lf_cpu_has((lf_isa)isa))
            continue;
        const lf_taps_kernel *k = lf_taps_kernel_for((lf_isa)isa);
        assert_int_equal(k->isa, isa);
        assert_taps(k, x, taps, n, kind, w, add, padded);
        uint64_t any[16] = {0}, all[16] = {0};
        size_t words = padded * TAP_BYTES[kind] / 8 < 15 ? padded * TAP_BYTES[kind] / 8 : 15;
        k->any(x, taps, words, any);
        k->all(x, taps, words, all);
        for (size_t i = 0; i < 16; i++) {
            uint64_t either = 0, both = UINT64_MAX;
            for (size_t t = 0; t < taps && i < words; t++) {
                either |= ((const uint64_t *)x[t])[i];
                both &= ((const uint64_t *)x[t])[i];
            }
            assert_true(any[i] == either && all[i] == (i < words ? both : 0));
        }
    }
}

static void test_taps(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(5, 1);
    const size_t channels[] = {1, 15, 16, 17, 64, 100}, taps[] = {1, 2, 4, 9, 25};
    for (size_t i = 0; i < LF_COUNT(channels); i++)
        for (size_t j = 0; j < LF_COUNT(taps); j++)
            for (int kind = 0; kind < LF_TAPS_KINDS; kind++)
                taps_one(&r, taps[j], channels[i], kind);
}

static void test_list(void **state) {
    (void)state;
    int n = 0;
    for (; lf_kernel_list[n].name; n++)
        assert_true(lf_kernel_list[n].help[0] != '\0');
    assert_true(n >= 9);
    assert_int_equal(lf_xnor_kernel_for(lf_cpu_best())->isa, lf_cpu_best());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xnor),           cmocka_unit_test(test_int),
        cmocka_unit_test(test_kinds),          cmocka_unit_test(test_levels),
        cmocka_unit_test(test_guessed_levels), cmocka_unit_test(test_float_keys),
        cmocka_unit_test(test_finite),         cmocka_unit_test(test_taps),
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
