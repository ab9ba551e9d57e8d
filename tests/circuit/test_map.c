#include "../context.h"

#include "base/rng.h"
#include "circuit/decompose.h"
#include "circuit/lut_check.h"

/* Random LUTs of at most `widest` inputs over recent signals; the last ones are outputs. */
static lf_lutnet *random_net(lf_ctx *ctx, lf_rng *r, uint32_t inputs, size_t luts, int widest, size_t outputs) {
    lf_lutnet *n = lf_lutnet_new(ctx, inputs);
    while (n->luts.count < luts) {
        lf_signal in[6];
        int fan_in = 1 + (int)lf_rng_below(r, (uint32_t)widest);
        uint32_t all = inputs + (uint32_t)n->luts.count, near = all < 40 ? all : 40;
        for (int j = 0; j < fan_in; j++)
            in[j] = 2 + all - 1 - lf_rng_below(r, near);
        size_t before = n->luts.count;
        (void)lf_lutnet_lut(n, in, fan_in, lf_rng_u64(r));
        if (n->luts.count == before && lf_rng_below(r, 1000) == 0)
            break;
    }
    for (size_t o = 0; o < outputs; o++)
        LF_PUSH(n->arena, &n->outputs, lf_rng_below(r, 2 + inputs + (uint32_t)n->luts.count));
    return n;
}

static void assert_same(const lf_lutnet *x, const lf_lutnet *y, uint64_t seed) {
    lf_arena *a = lf_arena_new();
    lf_rng r = lf_rng_make(seed, 1);
    uint64_t *in = LF_NEW_ARRAY(a, uint64_t, x->inputs + 1), *out = LF_NEW_ARRAY(a, uint64_t, x->outputs.count + 1);
    uint64_t *other = LF_NEW_ARRAY(a, uint64_t, x->outputs.count + 1);
    assert_int_equal(x->outputs.count, y->outputs.count);
    for (int round = 0; round < 50; round++) {
        for (uint32_t i = 0; i < x->inputs; i++)
            in[i] = lf_rng_u64(&r);
        lf_lutnet_run(x, in, out, LF_NEW_ARRAY(a, uint64_t, 2 + x->inputs + x->luts.count));
        lf_lutnet_run(y, in, other, LF_NEW_ARRAY(a, uint64_t, 2 + y->inputs + y->luts.count));
        assert_memory_equal(out, other, x->outputs.count * sizeof *out);
    }
    lf_arena_free(a);
}

static void assert_narrow(const lf_lutnet *n, int k) {
    for (size_t i = 0; i < n->luts.count; i++)
        assert_true(n->luts.at[i].fan_in <= k);
}

static void test_random_nets(void **state) {
    lf_rng r = lf_rng_make(7, 0);
    for (int i = 0; i < 150; i++) {
        int k = i % 2 ? 6 : 4, widest = 2 + i % 5;
        lf_lutnet *n = random_net(*state, &r, 1 + lf_rng_below(&r, 20), 1 + lf_rng_below(&r, 300), widest,
                                  1 + lf_rng_below(&r, 10));
        lf_lutnet *clean = lf_lutnet_clean(n), *m = lf_lutnet_map(n, k, 0);
        assert_non_null(m);
        assert_narrow(m, k);
        assert_same(n, m, (uint64_t)i);
        if (widest <= k)
            assert_true(m->luts.count <= clean->luts.count);
        lf_lutnet_free(n);
        lf_lutnet_free(clean);
        lf_lutnet_free(m);
    }
}

/* LUTs of six inputs over deep cones of two: the cones' many good cuts must not crowd out the one that takes the six as they are. */
static void test_wide_luts_over_cones(void **state) {
    lf_rng r = lf_rng_make(9, 0);
    for (int i = 0; i < 40; i++) {
        lf_lutnet *n = random_net(*state, &r, 60, 300, 2, 0);
        for (int k = 0; k < 20; k++) {
            lf_signal in[6];
            for (int j = 0; j < 6; j++)
                in[j] = lf_lutnet_signal(n, lf_rng_below(&r, (uint32_t)n->luts.count));
            LF_PUSH(n->arena, &n->outputs, lf_lutnet_lut(n, in, 6, lf_rng_u64(&r)));
        }
        lf_lutnet *m = lf_lutnet_map(n, 6, i % 3);
        assert_non_null(m);
        assert_same(n, m, (uint64_t)i);
        lf_lutnet_free(n);
        lf_lutnet_free(m);
    }
}

static void test_depth_is_kept(void **state) {
    lf_rng r = lf_rng_make(8, 0);
    int shallower = 0;
    for (int i = 0; i < 30; i++) {
        lf_lutnet *n = random_net(*state, &r, 30, 400, 3, 5);
        lf_lutnet *area = lf_lutnet_map(n, 6, 0), *fast = lf_lutnet_map(n, 6, 1);
        int least = lf_lutnet_depth(fast);
        lf_lutnet *bounded = lf_lutnet_map(n, 6, least + 1);
        assert_true(least <= lf_lutnet_depth(area));
        assert_true(lf_lutnet_depth(bounded) <= least + 1);
        assert_same(n, fast, (uint64_t)i);
        assert_same(n, bounded, (uint64_t)i);
        shallower += least < lf_lutnet_depth(area);
        lf_lutnet_free(n);
        lf_lutnet_free(area);
        lf_lutnet_free(fast);
        lf_lutnet_free(bounded);
    }
    assert_true(shallower > 5);
}

/* Sixteen inputs in a chain of two-input gates: three LUT6 (6 inputs, then 5 more each). */
static void test_parity_chain(void **state) {
    lf_lutnet *n = lf_lutnet_new(*state, 16);
    lf_signal s = lf_lutnet_input(0);
    for (uint32_t i = 1; i < 16; i++)
        s = lf_lutnet_lut(n, (lf_signal[]){s, lf_lutnet_input(i)}, 2, 6);
    LF_PUSH(n->arena, &n->outputs, s);
    lf_lutnet *m = lf_lutnet_map(n, 6, 0);
    assert_int_equal(m->luts.count, 3);
    lf_lutnet_free(m);
    lf_lutnet_free(n);
}

/* A chain of gates over its last value and two of a few inputs; every `apart` gates an output. */
static lf_lutnet *chain(lf_ctx *ctx, uint32_t inputs, size_t gates, size_t apart) {
    lf_rng r = lf_rng_make(10, 0);
    lf_lutnet *n = lf_lutnet_new(ctx, inputs);
    lf_signal s = lf_lutnet_input(0);
    while (n->luts.count < gates) {
        lf_signal in[3] = {s, lf_lutnet_input(lf_rng_below(&r, inputs)), lf_lutnet_input(lf_rng_below(&r, inputs))};
        s = lf_lutnet_lut(n, in, 3, lf_rng_u64(&r));
        if (s < 2 + inputs) /* a constant, or a wire: begin again */
            s = lf_lutnet_input(lf_rng_below(&r, inputs));
        else if (n->luts.count % apart == 0)
            LF_PUSH(n->arena, &n->outputs, s);
    }
    LF_PUSH(n->arena, &n->outputs, s);
    return n;
}

/* No recursion as deep as the netlist, and no steps per gate that grow with it. */
static void test_deep_chains(void **state) {
    static const uint32_t inputs[] = {3, 40};
    for (size_t i = 0; i < 2; i++) {
        lf_lutnet *n = chain(*state, inputs[i], i ? 40000 : 300000, 30000), *m = lf_lutnet_map(n, 6, 0);
        assert_non_null(m);
        lf_lutnet *small = lf_lutnet_collapse(m, 6, 0);
        lf_same how;
        assert_same(n, m, 5);
        assert_same(n, small, 6);
        assert_true(lf_lutnet_same(n, small, &how));
        assert_int_equal(how.proved + how.tested, n->outputs.count);
        lf_lutnet_free(small);
        lf_lutnet_free(m);
        lf_lutnet_free(n);
    }
}

/* Outputs of 60 inputs: proved signal by signal; a change that random inputs do not show is at least not said to be proved. */
static void test_how_they_are_the_same(void **state) {
    lf_lutnet *n = lf_lutnet_new(*state, 60), *other = lf_lutnet_new(*state, 60);
    lf_signal x = lf_lutnet_input(0), y = lf_lutnet_input(0);
    lf_same how;
    for (uint32_t i = 1; i < 60; i++)
        x = lf_lutnet_lut(n, (lf_signal[]){x, lf_lutnet_input(i)}, 2, i % 3 ? 6 : 8);
    LF_PUSH(n->arena, &n->outputs, x);
    lf_lutnet *m = lf_lutnet_map(n, 6, 0);
    assert_true(lf_lutnet_same(n, m, &how));
    assert_int_equal(how.proved, 1);
    assert_int_equal(how.tested, 0);
    LF_PUSH(n->arena, &n->outputs, x);
    for (uint32_t i = 1; i < 60;
         i++) /* all of 60 inputs: 1 for one value of 2^60, which is tried; without inputs 0..2 for eight */
        y = lf_lutnet_lut(other, (lf_signal[]){y, lf_lutnet_input(i)}, 2, 8);
    LF_PUSH(other->arena, &other->outputs, y);
    lf_lutnet *wrong = lf_lutnet_new(*state, 60);
    for (y = lf_lutnet_input(3), x = 4; x < 60; x++)
        y = lf_lutnet_lut(wrong, (lf_signal[]){y, lf_lutnet_input(x)}, 2, 8);
    LF_PUSH(wrong->arena, &wrong->outputs, y);
    assert_true(lf_lutnet_same(other, wrong, &how));
    assert_int_equal(how.proved, 0);
    assert_int_equal(how.tested, 1);
    lf_lutnet_free(n);
    lf_lutnet_free(m);
    lf_lutnet_free(other);
    lf_lutnet_free(wrong);
}

/* Functions that are each other's opposite are made once, also where neither is an output by itself. */
static void test_opposites(void **state) {
    for (int as_outputs = 0; as_outputs < 2; as_outputs++) {
        lf_lutnet *n = lf_lutnet_new(*state, 8);
        lf_signal in[6] = {2, 3, 4, 5, 6, 7}, f = lf_lutnet_lut(n, in, 6, 0x96ca3f51d2087be4u),
                  g = lf_lutnet_lut(n, in, 6, ~0x96ca3f51d2087be4u);
        LF_PUSH(n->arena, &n->outputs, as_outputs ? f : lf_lutnet_lut(n, (lf_signal[]){f, 8}, 2, 8));
        LF_PUSH(n->arena, &n->outputs, lf_lutnet_lut(n, (lf_signal[]){g, 9}, 2, 8));
        lf_lutnet *m = lf_lutnet_map(n, 6, 0);
        assert_int_equal(m->luts.count, as_outputs ? 2 : 3);
        assert_same(n, m, 9);
        lf_lutnet_free(m);
        lf_lutnet_free(n);
    }
}

/* Chains of one gate over ever new inputs: of AND and OR, random inputs show the same from somewhere on. */
static void test_long_gates_are_proved(void **state) {
    static const uint64_t gates[] = {8, 14, 6, 7};
    enum { LONG = 20000 };
    for (size_t g = 0; g < 4; g++) {
        lf_lutnet *n = lf_lutnet_new(*state, LONG + 1);
        lf_signal s = lf_lutnet_input(0);
        for (uint32_t i = 1; i <= LONG; i++)
            s = lf_lutnet_lut(n, (lf_signal[]){s, lf_lutnet_input(i)}, 2, gates[g]);
        LF_PUSH(n->arena, &n->outputs, s);
        lf_lutnet *m = lf_lutnet_map(n, 6, 0), *small = lf_lutnet_collapse(m, 6, 1);
        lf_same how;
        assert_int_equal(m->luts.count, LONG / 5);
        assert_true(lf_lutnet_same(n, m, &how));
        assert_int_equal(how.proved, 1);
        assert_true(lf_lutnet_same(n, small, &how));
        assert_int_equal(how.proved, 1);
        m->luts.at[LONG / 10].truth ^=
            2; /* no longer the gate; not seen behind thousands of others, but not proved either */
        (void)lf_lutnet_same(n, m, &how);
        assert_int_equal(how.proved, 0);
        lf_lutnet_free(small);
        lf_lutnet_free(m);
        lf_lutnet_free(n);
    }
}

/* Faults in one LUT of a mapped netlist that random inputs show, or one cone of few inputs: never the same. */
static void test_faults_are_found(void **state) {
    lf_rng r = lf_rng_make(12, 0);
    for (int i = 0; i < 30; i++) {
        lf_lutnet *n = random_net(*state, &r, 12, 100, 3, 5), *m = lf_lutnet_map(n, 6, 0);
        lf_same how;
        assert_true(lf_lutnet_same(n, m, &how));
        assert_int_equal(how.proved, 5);
        if (m->luts.count) {
            lf_lut *last = &m->luts.at[m->luts.count - 1];
            last->truth ^= 1;
            LF_PUSH(m->arena, &m->outputs, lf_lutnet_signal(m, m->luts.count - 1));
            LF_PUSH(n->arena, &n->outputs, 0);
            assert_false(lf_lutnet_same(n, m, &how));
        }
        lf_lutnet_free(n);
        lf_lutnet_free(m);
    }
}

static void test_constants_and_inputs(void **state) {
    lf_lutnet *n = lf_lutnet_new(*state, 2);
    for (lf_signal s = 0; s < 4; s++)
        LF_PUSH(n->arena, &n->outputs, s);
    lf_lutnet *m = lf_lutnet_map(n, 6, 2);
    assert_int_equal(m->luts.count, 0);
    assert_same(n, m, 1);
    lf_lutnet_free(m);
    lf_lutnet_free(n);
}

/* A tree of two-input LUTs over 2^levels of the inputs. */
static lf_signal tree(lf_lutnet *n, lf_rng *r, int levels) {
    static const uint64_t truth[] = {8, 6, 14, 2};
    if (!levels)
        return lf_lutnet_input(lf_rng_below(r, n->inputs));
    lf_signal in[2] = {tree(n, r, levels - 1), tree(n, r, levels - 1)};
    return lf_lutnet_lut(n, in, 2, truth[lf_rng_below(r, 4)]);
}

/* LUTs of six inputs that are trees: what is best for the first operands leaves no room for the last. */
static void test_wide_operands(void **state) {
    lf_rng r = lf_rng_make(9, 0);
    for (int depth = 0; depth < 8; depth++) {
        lf_lutnet *n = lf_lutnet_new(*state, 200);
        for (int k = 0; k < 40; k++) {
            lf_signal in[6];
            for (int t = 0; t < 6; t++)
                in[t] = tree(n, &r, 1 + k % 4);
            LF_PUSH(n->arena, &n->outputs, lf_lutnet_lut(n, in, 6, lf_rng_u64(&r)));
        }
        lf_lutnet *m = lf_lutnet_map(n, 6, depth);
        assert_narrow(m, 6);
        assert_same(n, m, 3);
        lf_lutnet_free(m);
        lf_lutnet_free(n);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_CONTEXT(test_random_nets),           WITH_CONTEXT(test_wide_luts_over_cones),
        WITH_CONTEXT(test_depth_is_kept),         WITH_CONTEXT(test_parity_chain),
        WITH_CONTEXT(test_wide_operands),         WITH_CONTEXT(test_deep_chains),
        WITH_CONTEXT(test_how_they_are_the_same), WITH_CONTEXT(test_opposites),
        WITH_CONTEXT(test_long_gates_are_proved), WITH_CONTEXT(test_faults_are_found),
        WITH_CONTEXT(test_constants_and_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
