/* Packing against one bit at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "num/bitpack.h"

static int64_t draw(lf_rng *r, lf_dtype t) {
    if (t.kind == LF_KIND_BIPOLAR)
        return lf_rng_below(r, 2) ? 1 : -1;
    lf_range range = lf_dtype_range(t);
    return lf_rng_between(r, range.lo, range.hi);
}

static void check_type(lf_rng *r, lf_dtype t, size_t count) {
    size_t size = lf_packed_size(count, t.bits);
    int64_t *code = calloc(count + 1, sizeof *code), *back = calloc(count + 1, sizeof *back);
    uint8_t *packed = malloc(size + 1), *slow = calloc(size + 1, 1);
    for (size_t i = 0; i < count; i++)
        code[i] = draw(r, t);
    memset(packed, 0xee, size + 1); /* what lay there before must not matter; what lies behind must stay */
    lf_pack(packed, code, count, t);
    for (size_t i = 0; i < count * t.bits; i++)
        slow[i / 8] |= (uint8_t)((lf_code_to_bits(t, code[i / t.bits]) >> (i % t.bits) & 1) << (i % 8));
    assert_memory_equal(packed, slow, size);
    assert_int_equal(packed[size], 0xee);
    lf_unpack(back, packed, count, t);
    assert_memory_equal(code, back, count * sizeof *code);
    for (size_t i = 0; i < count; i++)
        assert_true(lf_bits_get(packed, i * t.bits, t.bits) == lf_code_to_bits(t, code[i]));
    free(code);
    free(back);
    free(packed);
    free(slow);
}

static void test_every_width(void **state) {
    (void)state;
    static const size_t counts[] = {0, 1, 2, 7, 8, 9, 63, 100};
    lf_rng r = lf_rng_make(9, 9);
    for (size_t c = 0; c < LF_COUNT(counts); c++) {
        for (int bits = 1; bits <= 64; bits++) {
            check_type(&r, lf_int(bits), counts[c]);
            check_type(&r, lf_uint(bits), counts[c]);
        }
        check_type(&r, LF_BIPOLAR, counts[c]);
        check_type(&r, LF_TERNARY, counts[c]);
    }
}

static void test_size(void **state) {
    (void)state;
    assert_int_equal(lf_packed_size(0, 5), 0);
    assert_int_equal(lf_packed_size(1, 1), 1);
    assert_int_equal(lf_packed_size(8, 1), 1);
    assert_int_equal(lf_packed_size(9, 1), 2);
    assert_int_equal(lf_packed_size(3, 5), 2);
    assert_int_equal(lf_packed_size(2, 64), 16);
    assert_true(lf_packed_size((size_t)1 << 60, 8) == (size_t)1 << 60); /* count * bits would overflow */
}

/* Setting bits changes those bits only. */
static void test_set_in_place(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(4, 4);
    for (int i = 0; i < 5000; i++) {
        uint8_t bytes[24], before[24];
        for (size_t k = 0; k < sizeof bytes; k++)
            before[k] = bytes[k] = (uint8_t)lf_rng_u32(&r);
        int bits = 1 + (int)lf_rng_below(&r, 64);
        size_t at = lf_rng_below(&r, (uint32_t)(sizeof bytes * 8 - (size_t)bits));
        uint64_t value = lf_rng_u64(&r) >> (64 - bits);
        lf_bits_set(bytes, at, bits, value);
        assert_true(lf_bits_get(bytes, at, bits) == value);
        for (size_t k = 0; k < sizeof bytes * 8; k++)
            if (k < at || k >= at + (size_t)bits)
                assert_int_equal(bytes[k / 8] >> (k % 8) & 1, before[k / 8] >> (k % 8) & 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_width),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_set_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
