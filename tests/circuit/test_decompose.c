#include "../context.h"

#include <stdlib.h>

#include "base/rng.h"
#include "circuit/decompose.h"
#include "circuit/wide_truth.h"

typedef int64_t function(unsigned address, const void *arg);

typedef struct table {
    lf_arena *a;
    uint64_t *bits[16], *care;
    lf_truth_table t;
} table;

static table table_of(int inputs, int outputs, function *f, const void *arg) {
    table t = {.a = lf_arena_new()};
    for (int o = 0; o < outputs; o++)
        t.bits[o] = LF_NEW_ARRAY(t.a, uint64_t, lf_wide_words(inputs));
    for (unsigned a = 0; a < 1u << inputs; a++)
        for (int o = 0; o < outputs; o++)
            if (f(a, arg) >> o & 1)
                lf_wide_put(t.bits[o], a);
    t.t = (lf_truth_table){inputs, outputs, NULL, NULL};
    return t;
}

/* Value of output o at address a, one sample at a time: slower and simpler than what lf_decompose proves itself with. */
static unsigned evaluate(const lf_lutnet *n, unsigned a, size_t o) {
    unsigned char value[20000] = {0, 1};
    assert_true(2 + n->inputs + n->luts.count < sizeof value);
    for (uint32_t i = 0; i < n->inputs; i++)
        value[2 + i] = a >> i & 1;
    for (size_t i = 0; i < n->luts.count; i++) {
        const lf_lut *l = &n->luts.at[i];
        unsigned at = 0;
        for (int j = 0; j < l->fan_in; j++)
            at |= (unsigned)value[l->in[j]] << j;
        value[lf_lutnet_signal(n, i)] = l->truth >> at & 1;
    }
    return value[n->outputs.at[o]];
}

/* LUTs of the table; the netlist is right and keeps to k. */
static size_t luts_of(lf_ctx *ctx, table *t, int k, int effort) {
    lf_lutnet *n = lf_lutnet_new(ctx, (uint32_t)t->t.inputs);
    lf_signal in[20], out[16];
    t->t.bits = (const uint64_t *const *)t->bits;
    t->t.care = t->care;
    for (int i = 0; i < t->t.inputs; i++)
        in[i] = lf_lutnet_input((uint32_t)i);
    assert_int_equal(lf_decompose(n, &t->t, &(lf_decompose_options){k, effort}, in, out), LF_OK);
    for (int o = 0; o < t->t.outputs; o++)
        LF_PUSH(n->arena, &n->outputs, out[o]);
    for (size_t i = 0; i < n->luts.count; i++)
        assert_true(n->luts.at[i].fan_in <= k);
    for (unsigned a = 0; a<1u << t->t.inputs; a += t->t.inputs> 12 ? 37 : 1)
        for (int o = 0; o < t->t.outputs; o++)
            if (!t->care || lf_wide_get(t->care, a))
                assert_int_equal(evaluate(n, a, (size_t)o), lf_wide_get(t->bits[o], a));
    size_t luts = n->luts.count;
    lf_lutnet_free(n);
    lf_arena_free(t->a);
    return luts;
}

static int64_t noise(unsigned a, const void *arg) {
    uint32_t out[4];
    lf_philox(*(const uint64_t *)arg, 0, a, out);
    return out[0];
}

static void test_any_table(void **state) {
    lf_rng r = lf_rng_make(1, 0);
    for (int i = 0; i < 240; i++) {
        int inputs = i % 11, outputs = 1 + (int)lf_rng_below(&r, 4), k = i % 2 ? 6 : 4;
        uint64_t seed = lf_rng_u64(&r);
        table t = table_of(inputs, outputs, noise, &seed);
        if (i % 3 == 0) {
            unsigned rare = 1 + lf_rng_below(&r, 6);
            t.care = LF_NEW_ARRAY(t.a, uint64_t, lf_wide_words(inputs));
            for (unsigned a = 0; a < 1u << inputs; a++)
                if (lf_rng_below(&r, rare) == 0)
                    lf_wide_put(t.care, a);
        }
        (void)luts_of(*state, &t, k, i % 5 / 2);
    }
}

/* Nothing can be found in noise: the tree of 4:1 multiplexers, (2^(n-4) - (-1)^n) / 3 LUT6. */
static void test_noise_costs_the_formula(void **state) {
    static const size_t expected[] = {1, 3, 5, 11, 21, 43, 85};
    for (int n = 6; n <= 12; n++) {
        uint64_t seed = 3;
        table t = table_of(n, 1, noise, &seed);
        assert_true(luts_of(*state, &t, 6, 0) <= expected[n - 6]);
    }
}

typedef struct neuron {
    int inputs, bits;       /* per input; output bits */
    double weight[8], bias; /* a unit is one step of the output */
    int out_bits;
} neuron;

static int64_t quantized(unsigned a, const void *arg) {
    const neuron *n = arg;
    double sum = n->bias;
    for (int j = 0; j < n->inputs; j++)
        sum += n->weight[j] * (double)(a >> (j * n->bits) & ((1u << n->bits) - 1));
    int64_t y = sum < 0 ? -1 : (int64_t)sum, top = ((int64_t)1 << n->out_bits) - 1;
    return y < 0 ? 0 : y > top ? top : y;
}

static neuron random_neuron(lf_rng *r, int inputs, int bits, int out_bits) {
    neuron n = {.inputs = inputs, .bits = bits, .out_bits = out_bits};
    double levels = (double)(1 << bits) - 1, sum = 0;
    for (int j = 0; j < inputs; j++) {
        n.weight[j] = lf_rng_normal(r) * (double)(1 << out_bits) / levels;
        sum += n.weight[j] * levels / 2;
    }
    n.bias = (double)(1 << out_bits) / 2 - sum;
    return n;
}

/* Far fewer LUTs than multiplexer trees: 12 inputs and 3 outputs take 255 by the formula, about 115 by a good decision diagram. */
static void test_neurons(void **state) {
    lf_rng r = lf_rng_make(5, 0);
    size_t luts = 0;
    for (int i = 0; i < 10; i++) {
        neuron n = random_neuron(&r, 4, 3, 3);
        table t = table_of(12, 3, quantized, &n);
        luts += luts_of(*state, &t, 6, 0);
    }
    assert_true(luts <= 10 * 34);
}

/* With LUT4 the addition that is left may be as wide as what was given: the search ends all the same. */
static void test_neurons_in_lut4(void **state) {
    lf_rng r = lf_rng_make(6, 0);
    for (int i = 0; i < 60; i++) {
        int bits = 2 + i % 2, inputs = 3 + (int)lf_rng_below(&r, 2);
        neuron n = random_neuron(&r, inputs, bits, bits);
        table t = table_of(inputs * bits, bits, quantized, &n);
        assert_true(luts_of(*state, &t, 4, i % 3) <= 400);
    }
}

static int64_t parity(unsigned a, const void *arg) {
    (void)arg;
    return __builtin_popcount(a) & 1;
}

static int64_t greater(unsigned a, const void *arg) {
    (void)arg;
    return (a & 63) > (a >> 6 & 63);
}

static int64_t sum6(unsigned a, const void *arg) {
    (void)arg;
    return (a & 31) + (a >> 5 & 31);
}

static int64_t two_of_twenty(unsigned a, const void *arg) {
    (void)arg;
    return (a >> 3 & a >> 17 & 1) | ((a >> 3 ^ a >> 17) & 1) << 1 | 4;
}

static void test_known_functions(void **state) {
    table t = table_of(12, 1, parity, NULL);
    assert_int_equal(luts_of(*state, &t, 6, 1), 3);
    t = table_of(12, 1, greater, NULL);
    assert_true(luts_of(*state, &t, 6, 1) <= 4);
    t = table_of(10, 6, sum6, NULL);
    assert_true(luts_of(*state, &t, 6, 1) <= 10);
    t = table_of(20, 3, two_of_twenty, NULL);
    assert_int_equal(luts_of(*state, &t, 6, 0), 2);
}

static void test_wide_noise_is_right(void **state) {
    uint64_t seed = 9;
    table t = table_of(14, 2, noise, &seed);
    assert_true(luts_of(*state, &t, 6, 0) <= 2 * 341);
    t = table_of(13, 8, noise, &seed); /* the search for a sum must give up before its numbers overflow */
    assert_true(luts_of(*state, &t, 6, 1) <= 8 * 171);
}

static void test_cares_save_luts(void **state) {
    uint64_t seed = 11;
    lf_rng r = lf_rng_make(2, 0);
    table all = table_of(10, 2, noise, &seed), some = table_of(10, 2, noise, &seed);
    some.care = LF_NEW_ARRAY(some.a, uint64_t, lf_wide_words(10));
    for (unsigned a = 0; a < 1024; a++)
        if (lf_rng_below(&r, 20) == 0)
            lf_wide_put(some.care, a);
    assert_true(luts_of(*state, &some, 6, 0) * 2 < luts_of(*state, &all, 6, 0));
}

static void test_refused(void **state) {
    lf_lutnet *n = lf_lutnet_new(*state, 1);
    uint64_t word = 0;
    const uint64_t *bits[] = {&word};
    lf_signal in[1] = {2}, out[1];
    lf_truth_table t = {21, 1, bits, NULL};
    assert_int_equal(lf_decompose(n, &t, &(lf_decompose_options){6, 0}, in, out), LF_BAD_INPUT);
    t.inputs = 1;
    assert_int_equal(lf_decompose(n, &t, &(lf_decompose_options){5, 0}, in, out), LF_BAD_INPUT);
    lf_lutnet_free(n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_CONTEXT(test_any_table),       WITH_CONTEXT(test_noise_costs_the_formula),
        WITH_CONTEXT(test_neurons),         WITH_CONTEXT(test_neurons_in_lut4),
        WITH_CONTEXT(test_known_functions), WITH_CONTEXT(test_wide_noise_is_right),
        WITH_CONTEXT(test_cares_save_luts), WITH_CONTEXT(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
