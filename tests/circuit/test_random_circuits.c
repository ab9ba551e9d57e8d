/* Random circuits: every form of a circuit computes what the interpreter says, and every value lies in its range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "random_circuits.h"
#include "circuit_forms.h"

enum { CIRCUITS = 3000 };

static void show(const lf_circuit *c) {
    lf_text t = {0};
    lf_circuit_print(c, &t);
    fputs(t.at, stderr);
    lf_text_free(&t);
}

static int64_t **samples(lf_arena *a, size_t width) {
    int64_t **v = LF_NEW_ARRAY(a, int64_t *, SAMPLES);
    for (int s = 0; s < SAMPLES; s++)
        v[s] = LF_NEW_ARRAY(a, int64_t, width + 1);
    return v;
}

static void check_ranges(const lf_circuit *c, int64_t *const *in, int64_t **out, lf_arena *a) {
    int64_t *v = LF_NEW_ARRAY(a, int64_t, c->words.count);
    for (int s = 0; s < SAMPLES; s++) {
        lf_circuit_run(c, in[s], out[s], v);
        for (lf_word w = 1; w < c->words.count; w++)
            if (!lf_range_holds(lf_word_range(c, w), v[w])) {
                fprintf(stderr, "w%u is %lld\n", w, (long long)v[w]);
                show(c);
                fail();
            }
    }
}

static void check_form(const lf_circuit *c, size_t form, uint64_t seed, int64_t *const *in, int64_t **want,
                       lf_arena *a) {
    int64_t **got = samples(a, c->outputs.count);
    bool made = circuit_forms[form].run(c, in, got);
    for (int s = 0; s < SAMPLES; s++)
        for (size_t o = 0; o < c->outputs.count; o++)
            if (!made || got[s][o] != want[s][o]) {
                fprintf(stderr, "seed %llu, form %s, output %zu: %lld instead of %lld\n", (unsigned long long)seed,
                        circuit_forms[form].name, o, (long long)got[s][o], (long long)want[s][o]);
                show(c);
                fail();
            }
}

static void check_circuit(lf_ctx *ctx, uint64_t seed, size_t *corners, size_t *ops) {
    lf_arena *a = lf_arena_new();
    lf_circuit *c = make_random_circuit(ctx, seed, corners);
    lf_rng rng = lf_rng_make(seed, 78);
    int64_t **in = samples(a, c->inputs.count), **want = samples(a, c->outputs.count);
    lf_circuit_stats stats;
    if (c->too_wide) { /* rare; what such a circuit computes means nothing */
        lf_circuit_free(c);
        lf_arena_free(a);
        return;
    }
    for (int s = 0; s < SAMPLES; s++)
        for (size_t i = 0; i < c->inputs.count; i++)
            in[s][i] = random_value(&rng, lf_word_range(c, c->inputs.at[i]));
    check_ranges(c, in, want, a);
    for (size_t f = 0; f < LF_COUNT(circuit_forms); f++)
        check_form(c, f, seed, in, want, a);
    lf_circuit_count(c, &stats);
    ops[LF_WORD_NONE]++;
    for (int op = LF_WORD_INPUT; op <= LF_WORD_LUT; op++)
        ops[op] += stats.ops[op];
    lf_circuit_free(c);
    lf_arena_free(a);
}

static void test_forms_agree(void **state) {
    (void)state;
    lf_ctx *ctx = lf_ctx_new(1);
    size_t corners[CORNERS] = {0}, ops[LF_WORD_LUT + 1] = {0};
    for (uint64_t seed = 1; seed <= CIRCUITS; seed++)
        check_circuit(ctx, seed, corners, ops);
    for (int k = 0; k < CORNERS; k++) {
        if (corners[k] < 20)
            print_message("corner \"%s\" only %zu times\n", corner_names[k], corners[k]);
        assert_true(corners[k] >= 20);
    }
    for (int op = LF_WORD_INPUT; op <= LF_WORD_LUT; op++) {
        if (ops[op] < 300)
            print_message("operation %d only %zu times\n", op, ops[op]);
        assert_true(ops[op] >= 300);
    }
    assert_true(ops[LF_WORD_NONE] >= 1000); /* circuits that were not too wide */
    lf_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
