/* Bit planes: every instruction set against what the header says, bit by bit. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "kern/bit_planes.h"

enum { COLUMNS = 210, SPARE = 1 };

static bool bit_of(const uint64_t *planes, size_t plane, size_t row) {
    return planes[plane * LF_PLANE_WORDS + row / 64] >> row % 64 & 1;
}

static uint64_t *planes_new(size_t count) {
    size_t bytes = (count + SPARE) * LF_PLANE_WORDS * sizeof(uint64_t);
    uint64_t *p = aligned_alloc(64, bytes);
    memset(p, 0xa5, bytes);
    return p;
}

/* Nothing behind the last plane was written. */
static void check_end(const uint64_t *planes, size_t count) {
    for (size_t w = 0; w < LF_PLANE_WORDS; w++)
        assert_int_equal(planes[count * LF_PLANE_WORDS + w], 0xa5a5a5a5a5a5a5a5u);
}

static void check_pack(const lf_bit_planes *k, lf_rng *rng) {
    static const size_t counts[] = {1, 7, 63, 64, 65, 128, 200};
    uint8_t *rows = malloc((size_t)LF_PLANE_ROWS * COLUMNS);
    for (size_t i = 0; i < (size_t)LF_PLANE_ROWS * COLUMNS; i++)
        rows[i] = (uint8_t)(lf_rng_below(rng, 2) ? lf_rng_below(rng, 256) : 0);
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        uint64_t *planes = planes_new(counts[c]);
        k->pack(rows + 3, COLUMNS, counts[c], planes);
        for (size_t e = 0; e < counts[c]; e++)
            for (size_t r = 0; r < LF_PLANE_ROWS; r++)
                assert_int_equal(bit_of(planes, e, r), rows[r * COLUMNS + 3 + e] != 0);
        check_end(planes, counts[c]);
        free(planes);
    }
    free(rows);
}

static void check_codes(const lf_bit_planes *k, lf_rng *rng) {
    int32_t column[LF_PLANE_ROWS], back[LF_PLANE_ROWS];
    for (int bits = 1; bits <= 32; bits += bits < 12 ? 1 : 5)
        for (int is_signed = 0; is_signed < 2; is_signed++) {
            uint64_t *planes = planes_new((size_t)bits);
            for (size_t r = 0; r < LF_PLANE_ROWS; r++)
                column[r] = (int32_t)(uint32_t)lf_rng_u64(rng);
            k->split(column, bits, planes);
            k->join(planes, bits, is_signed, back);
            for (size_t r = 0; r < LF_PLANE_ROWS; r++) {
                uint32_t low = (uint32_t)((uint64_t)(uint32_t)column[r] & ((UINT64_C(1) << bits) - 1));
                bool minus = is_signed && low >> (bits - 1) & 1;
                assert_int_equal(back[r], (int32_t)(minus ? low | (uint32_t)(~UINT64_C(0) << bits) : low));
                for (int b = 0; b < bits; b++)
                    assert_int_equal(bit_of(planes, (size_t)b, r), low >> b & 1);
            }
            check_end(planes, (size_t)bits);
            free(planes);
        }
}

enum { THRESHOLDS = 9 };

static void check_above(const lf_bit_planes *k, lf_rng *rng) {
    int32_t s[LF_PLANE_ROWS], ts[THRESHOLDS];
    float f[LF_PLANE_ROWS], tf[THRESHOLDS];
    double d[LF_PLANE_ROWS], td[THRESHOLDS];
    uint64_t *ps = planes_new(THRESHOLDS), *pf = planes_new(THRESHOLDS), *pd = planes_new(THRESHOLDS);
    for (size_t r = 0; r < LF_PLANE_ROWS; r++) {
        s[r] = (int32_t)lf_rng_between(rng, -5, 5);
        f[r] = r % 50 == 7 ? NAN : (float)s[r] * 0.1f;
        d[r] = r % 50 == 7 ? -INFINITY : r % 3 ? (double)s[r] : (double)s[r] + 0x1p-50;
    }
    s[0] = INT32_MIN;
    s[1] = INT32_MAX;
    for (int t = 0; t < THRESHOLDS; t++) {
        ts[t] = t == 0 ? INT32_MIN : t == 1 ? INT32_MAX : t - 4;
        tf[t] = t == 0 ? -0.0f : (float)(t - 4) * 0.1f;
        td[t] = t - 4;
    }
    k->above_s32(s, ts, THRESHOLDS, ps);
    k->above_f32(f, tf, THRESHOLDS, pf);
    k->above_f64(d, td, THRESHOLDS, pd);
    for (size_t t = 0; t < THRESHOLDS; t++)
        for (size_t r = 0; r < LF_PLANE_ROWS; r++) {
            assert_int_equal(bit_of(ps, t, r), s[r] > ts[t]);
            assert_int_equal(bit_of(pf, t, r), f[r] > tf[t]);
            assert_int_equal(bit_of(pd, t, r), d[r] > td[t]);
        }
    check_end(ps, THRESHOLDS);
    check_end(pf, THRESHOLDS);
    check_end(pd, THRESHOLDS);
    free(ps);
    free(pf);
    free(pd);
}

static void for_all(void (*check)(const lf_bit_planes *, lf_rng *)) {
    lf_rng rng = lf_rng_make(11, 0);
    for (int isa = 0; isa < LF_ISA_COUNT; isa++)
        if (lf_cpu_has((lf_isa)isa)) {
            assert_int_equal(lf_bit_planes_for((lf_isa)isa)->isa, isa);
            check(lf_bit_planes_for((lf_isa)isa), &rng);
        }
}

static void test_pack(void **state) {
    (void)state;
    for_all(check_pack);
}

static void test_codes(void **state) {
    (void)state;
    for_all(check_codes);
}

static void test_above(void **state) {
    (void)state;
    for_all(check_above);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pack), cmocka_unit_test(test_codes),
                                       cmocka_unit_test(test_above)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
