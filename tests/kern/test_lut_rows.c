/* Kernels of LUT training: the scalar ones against their sentences, the others against the scalar ones, bit for bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "kern/lut_rows.h"

enum { N = 192, WORDS = N / 64, LEVELS = 5 };

typedef struct batch {
    uint64_t in[6][WORDS], truth;
    uint8_t address[N];
    float g[N], table[64], threshold[LEVELS], value[N];
} batch;

typedef struct result {
    uint8_t address[N];
    uint64_t out[WORDS], levels[LEVELS][WORDS];
    float scaled[N], sum[64], dot;
    uint16_t count[N];
} result;

static void fill(batch *b, lf_rng *r) {
    for (size_t i = 0; i < 6 * WORDS; i++)
        b->in[i / WORDS][i % WORDS] = lf_rng_u64(r);
    b->truth = lf_rng_u64(r);
    for (size_t i = 0; i < 64; i++)
        b->table[i] = (float)lf_rng_normal(r);
    for (size_t i = 0; i < N; i++) {
        b->address[i] = (uint8_t)lf_rng_below(r, 64);
        b->g[i] = (float)lf_rng_normal(r);
        b->value[i] = (float)lf_rng_below(r, 8);
    }
    for (size_t i = 0; i < LEVELS; i++)
        b->threshold[i] = (float)i * 1.5f;
}

static void run(const lf_lut_rows *k, const batch *b, int fan_in, result *out) {
    const uint64_t *in[6];
    memset(out, 0, sizeof *out);
    for (int j = 0; j < 6; j++)
        in[j] = b->in[j];
    k->address(in, fan_in, N, out->address);
    k->look_up(b->truth, b->address, N, out->out);
    k->scale(b->table, b->address, b->g, N, out->scaled);
    k->gather(b->address, b->g, N, out->sum);
    out->dot = k->dot(b->in[0], b->g, N);
    k->count(b->in[0], N, out->count);
    k->count(b->in[1], N, out->count);
    k->levels(b->value, N, b->threshold, LEVELS, out->levels[0], WORDS);
}

static int bit(const uint64_t *words, size_t i) {
    return (int)(words[i / 64] >> i % 64 & 1);
}

static void check_sentences(const batch *b, int fan_in, const result *r) {
    float sum[64] = {0};
    double dot = 0;
    for (size_t i = 0; i < N; i++) {
        int address = 0;
        for (int j = 0; j < fan_in; j++)
            address |= bit(b->in[j], i) << j;
        assert_int_equal(r->address[i], address);
        assert_int_equal(bit(r->out, i), (int)(b->truth >> b->address[i] & 1));
        assert_true(r->scaled[i] == b->g[i] * b->table[b->address[i]]);
        sum[b->address[i]] += b->g[i];
        dot += bit(b->in[0], i) ? (double)b->g[i] : 0;
        assert_int_equal(r->count[i], bit(b->in[0], i) + bit(b->in[1], i));
        for (size_t k = 0; k < LEVELS; k++)
            assert_int_equal(bit(r->levels[k], i), b->value[i] > b->threshold[k]);
    }
    assert_memory_equal(sum, r->sum, sizeof sum);
    assert_true(r->dot - dot < 1e-4 && dot - r->dot < 1e-4);
}

static void test_rows(void **state) {
    (void)state;
    lf_rng rng = lf_rng_make(5, 0);
    for (int round = 0; round < 60; round++) {
        batch b;
        result want, have;
        memset(&b, 0, sizeof b);
        fill(&b, &rng);
        run(&lf_lut_rows_scalar, &b, 1 + round % 6, &want);
        check_sentences(&b, 1 + round % 6, &want);
        for (int isa = LF_ISA_AVX2; isa < LF_ISA_COUNT; isa++)
            if (lf_cpu_has((lf_isa)isa)) {
                run(lf_lut_rows_for((lf_isa)isa), &b, 1 + round % 6, &have);
                assert_memory_equal(&want, &have, sizeof want);
            }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
