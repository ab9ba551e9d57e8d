/* Neurons as tables of bytes: every instruction set and every way equals a look-up per sample. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/rng.h"
#include "kern/byte_net.h"

enum { GROUPS = 2, WIDE = 9, LAYERS = 3 };

/* A weighted sum of the inputs, scaled, rounded down and clamped: what quantized layers are. */
static void neuron_table(lf_rng *rng, int fan_in, int bits, int out_bits, uint8_t *table) {
    double weight[LF_BYTE_FAN_IN], top = (double)((1 << bits) - 1), highest = (double)((1 << out_bits) - 1);
    double start = highest / 2;
    for (int j = 0; j < fan_in; j++) {
        weight[j] = ((double)lf_rng_below(rng, 2001) - 1000) / 700 / fan_in * 2 * highest / top;
        start -= weight[j] * top / 2;
    }
    for (uint32_t a = 0; a < UINT32_C(1) << fan_in * bits; a++) {
        double s = start;
        for (int j = 0; j < fan_in; j++)
            s += weight[j] * (double)(a >> j * bits & ((1u << bits) - 1));
        table[a] = (uint8_t)(s < 0 ? 0 : s > highest ? highest : s);
    }
}

static void random_table(lf_rng *rng, int fan_in, int bits, int out_bits, uint8_t *table) {
    for (uint32_t a = 0; a < UINT32_C(1) << fan_in * bits; a++)
        table[a] = (uint8_t)lf_rng_below(rng, UINT32_C(1) << out_bits);
}

typedef struct network {
    int fan_in[LAYERS], bits[LAYERS]; /* bits: of what the layer reads; the last one gives as many as it reads */
    uint32_t *from[LAYERS];
    uint8_t *table[LAYERS];
} network;

typedef enum kinds { RANDOM, SUMS, BOTH } kinds;

static void fill_layer(lf_arena *a, lf_rng *rng, network *n, int l, kinds k) {
    int fan_in = n->fan_in[l], bits = n->bits[l];
    size_t entries = (size_t)1 << fan_in * bits;
    n->from[l] = LF_NEW_ARRAY(a, uint32_t, WIDE * fan_in);
    n->table[l] = LF_NEW_ARRAY(a, uint8_t, WIDE * entries);
    for (int i = 0; i < WIDE * fan_in; i++)
        n->from[l][i] = (uint32_t)lf_rng_below(rng, WIDE);
    for (size_t i = 0; i < WIDE; i++) {
        bool sums = k == SUMS || (k == BOTH && lf_rng_below(rng, 8) > 0);
        (sums ? neuron_table : random_table)(rng, fan_in, bits, n->bits[l + 1 < LAYERS ? l + 1 : l],
                                             n->table[l] + i * entries);
    }
}

static network network_new(lf_arena *a, lf_rng *rng, int fan_in, int bits, kinds k) {
    network n = {0};
    for (int l = 0; l < LAYERS; l++) {
        n.fan_in[l] = fan_in;
        n.bits[l] = bits;
    }
    for (int l = 0; l < LAYERS; l++)
        fill_layer(a, rng, &n, l, k);
    return n;
}

static void define(const network *n, const uint8_t *in, uint8_t *out, size_t sample) {
    uint8_t value[WIDE], next[WIDE];
    for (size_t i = 0; i < WIDE; i++)
        value[i] = in[i * LF_BYTE_SAMPLES + sample];
    for (int l = 0; l < LAYERS; l++) {
        for (size_t i = 0; i < WIDE; i++) {
            size_t address = 0, fan_in = (size_t)n->fan_in[l];
            for (size_t j = 0; j < fan_in; j++)
                address |= (size_t)value[n->from[l][i * fan_in + j]] << ((int)j * n->bits[l]);
            next[i] = n->table[l][(i << n->fan_in[l] * n->bits[l]) + address];
        }
        memcpy(value, next, sizeof value);
    }
    for (size_t i = 0; i < WIDE; i++)
        out[i * LF_BYTE_SAMPLES + sample] = value[i];
}

static void check(lf_arena *a, lf_rng *rng, const network *n, size_t *sums) {
    static _Alignas(64) uint8_t in[GROUPS * WIDE * LF_BYTE_SAMPLES], want[sizeof in], got[sizeof in];
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)lf_rng_below(rng, UINT32_C(1) << n->bits[0]);
    for (size_t g = 0; g < GROUPS; g++)
        for (size_t s = 0; s < LF_BYTE_SAMPLES; s++)
            define(n, in + g * WIDE * LF_BYTE_SAMPLES, want + g * WIDE * LF_BYTE_SAMPLES, s);
    for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
        if (!lf_cpu_has((lf_isa)isa))
            continue;
        lf_byte_net *net = lf_byte_net_new(a, WIDE, (lf_isa)isa);
        for (int l = 0; l < LAYERS; l++)
            lf_byte_net_add(net, &(lf_byte_layer){WIDE, n->fan_in[l], n->bits[l], n->from[l], n->table[l]});
        size_t room = (lf_byte_net_scratch(net) + 63) / 64 * 64;
        uint8_t *scratch = aligned_alloc(64, room);
        memset(got, 0xee, sizeof got);
        lf_byte_net_run(net, in, got, scratch, GROUPS);
        assert_memory_equal(got, want, sizeof got);
        *sums += lf_byte_net_counts(net).sums;
        free(scratch);
    }
}

/* All shapes up to 13 bits of index. */
static void all_shapes(kinds k, size_t *sums) {
    lf_rng rng = lf_rng_make(3, 0);
    for (int bits = 1; bits <= 8; bits++)
        for (int fan_in = 1; fan_in * bits <= 13; fan_in++) {
            lf_arena *a = lf_arena_new();
            network n = network_new(a, &rng, fan_in, bits, k);
            check(a, &rng, &n, sums);
            lf_arena_free(a);
        }
}

static void test_random_tables(void **state) {
    (void)state;
    size_t sums = 0;
    all_shapes(RANDOM, &sums);
}

static void test_sums(void **state) {
    (void)state;
    size_t sums = 0;
    all_shapes(SUMS, &sums);
    if (lf_cpu_has(LF_ISA_AVX512))
        assert_true(sums > 200);
}

static void test_long_tables(void **state) {
    (void)state;
    lf_rng rng = lf_rng_make(4, 0);
    size_t sums = 0;
    static const int shapes[][2] = {{5, 3}, {3, 5}, {7, 2}, {16, 1}, {2, 8}, {15, 1}};
    for (size_t i = 0; i < LF_COUNT(shapes); i++)
        for (int k = RANDOM; k <= SUMS; k++) {
            lf_arena *a = lf_arena_new();
            network n = network_new(a, &rng, shapes[i][0], shapes[i][1], (kinds)k);
            check(a, &rng, &n, &sums);
            lf_arena_free(a);
        }
}

/* As wide as layers of logic gates are: planning takes a time that grows with the width alone. */
static void test_wide_layer(void **state) {
    (void)state;
    enum { GATES = 100000, INPUTS = 50000 };
    lf_rng rng = lf_rng_make(7, 0);
    lf_arena *a = lf_arena_new();
    uint32_t *from = LF_NEW_ARRAY(a, uint32_t, 2 * GATES);
    uint8_t *table = LF_NEW_ARRAY(a, uint8_t, 4 * GATES);
    for (size_t i = 0; i < 2 * GATES; i++)
        from[i] = lf_rng_below(&rng, INPUTS);
    for (size_t i = 0; i < 4 * GATES; i++)
        table[i] = (uint8_t)lf_rng_below(&rng, 2);
    uint8_t *in = aligned_alloc(64, (size_t)INPUTS * LF_BYTE_SAMPLES);
    uint8_t *out = aligned_alloc(64, (size_t)GATES * LF_BYTE_SAMPLES), *scratch = aligned_alloc(64, LF_BYTE_SAMPLES);
    for (size_t i = 0; i < (size_t)INPUTS * LF_BYTE_SAMPLES; i++)
        in[i] = (uint8_t)(lf_rng_below(&rng, 2));
    for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
        if (!lf_cpu_has((lf_isa)isa))
            continue;
        lf_byte_net *net = lf_byte_net_new(a, INPUTS, (lf_isa)isa);
        lf_byte_net_add(net, &(lf_byte_layer){GATES, 2, 1, from, table});
        lf_byte_net_run(net, in, out, scratch, 1);
        for (size_t i = 0, s = 0; i < GATES; i++, s = (s + 77) % LF_BYTE_SAMPLES) {
            const uint8_t *x = in + from[2 * i] * (size_t)LF_BYTE_SAMPLES,
                          *y = in + from[2 * i + 1] * (size_t)LF_BYTE_SAMPLES;
            assert_int_equal(out[i * LF_BYTE_SAMPLES + s], table[4 * i + (size_t)(x[s] | y[s] << 1)]);
        }
    }
    free(in);
    free(out);
    free(scratch);
    lf_arena_free(a);
}

/* Layers of different shapes follow one another, neurons of a layer are evaluated in different ways. */
static void test_mixed_shapes(void **state) {
    (void)state;
    lf_rng rng = lf_rng_make(6, 0);
    size_t sums = 0;
    for (int round = 0; round < 400; round++) {
        lf_arena *a = lf_arena_new();
        network n = {0};
        for (int l = 0; l < LAYERS; l++) {
            n.bits[l] = 1 + (int)lf_rng_below(&rng, 4);
            n.fan_in[l] = 1 + (int)lf_rng_below(&rng, (uint32_t)(13 / n.bits[l]));
        }
        for (int l = 0; l < LAYERS; l++)
            fill_layer(a, &rng, &n, l, BOTH);
        check(a, &rng, &n, &sums);
        lf_arena_free(a);
    }
    if (lf_cpu_has(LF_ISA_AVX512))
        assert_true(sums > 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_tables), cmocka_unit_test(test_sums),
                                       cmocka_unit_test(test_long_tables), cmocka_unit_test(test_mixed_shapes),
                                       cmocka_unit_test(test_wide_layer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
