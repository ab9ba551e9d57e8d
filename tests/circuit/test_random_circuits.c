/* Random circuits: every form of a circuit computes what the interpreter says, and every value lies in its range. */
#include "../context.h"

#include <stdbool.h>
#include <stdio.h>

#include "random_circuits.h"
#include "circuit_forms.h"
#include "circuit/circuit_inside.h"

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
    lf_ctx *ctx = *state;
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
}

/* -- planted faults ----------------------------------------------------------------------------------------------- */

typedef enum fault {
    FAULT_TRUTH_BIT,
    FAULT_SIGN_LOST,
    FAULT_TRUNCATED_SHIFT,
    FAULT_TIE,
    FAULT_TABLE_ENTRY,
    FAULT_SUB_SWAPPED,
    FAULT_SELECT_SWAPPED,
    FAULT_BIT_BELOW,
    FAULT_ADD_OFF_BY_ONE,
    FAULTS
} fault;

static const char *const fault_names[FAULTS] = {"a bit of a truth table flipped",
                                                "the sign of a join lost",
                                                "a shift that truncates",
                                                "a tie taken for less",
                                                "a wrong table entry",
                                                "a difference swapped",
                                                "a choice swapped",
                                                "the bit below",
                                                "a sum off by one"};

static lf_word spoiled_table(lf_circuit *c, const lf_word_def *d, const lf_word *map) {
    int64_t values[4096];
    size_t last = d->table->count - 1;
    for (size_t i = 0; i <= last; i++)
        values[i] = lf_table_at(d->table, i);
    values[last] += values[last] > 0 ? -1 : 1;
    return lf_circuit_table(c, map[d->a], values, last + 1, NULL);
}

static lf_word truncated_shift(lf_circuit *c, const lf_word_def *d, const lf_word *map) {
    lf_word a = map[d->a], minus = lf_circuit_less(c, a, lf_circuit_const(c, 0));
    lf_word toward_zero = lf_circuit_negate(c, lf_circuit_shift(c, lf_circuit_negate(c, a), d->amount));
    return lf_circuit_select(c, minus, toward_zero, lf_circuit_shift(c, a, d->amount));
}

/* The word as fault f makes it, or 0 where it is not concerned. */
static lf_word spoiled(lf_circuit *c, const lf_word_def *d, const lf_word *map, fault f) {
    lf_word args[LF_WORD_MAX_BITS], a = map[d->a], b = map[d->b];
    for (int i = 0; i < d->arg_count; i++)
        args[i] = map[d->args[i]];
    if (f == FAULT_TRUTH_BIT && d->op == LF_WORD_LUT)
        return lf_circuit_lut(c, args, d->arg_count, d->truth ^ 1);
    if (f == FAULT_SIGN_LOST && d->op == LF_WORD_JOIN && d->is_signed)
        return lf_circuit_join(c, args, d->arg_count, false);
    if (f == FAULT_TRUNCATED_SHIFT && d->op == LF_WORD_SHIFT && d->amount < 0)
        return truncated_shift(c, d, map);
    if (f == FAULT_TIE && d->op == LF_WORD_LESS) {
        lf_word more = lf_circuit_less(c, b, a);
        return lf_circuit_lut(c, &more, 1, 1);
    }
    if (f == FAULT_TABLE_ENTRY && d->op == LF_WORD_TABLE && d->table->count <= 4096)
        return spoiled_table(c, d, map);
    if (f == FAULT_SUB_SWAPPED && d->op == LF_WORD_SUB)
        return lf_circuit_sub(c, b, a);
    if (f == FAULT_SELECT_SWAPPED && d->op == LF_WORD_SELECT)
        return lf_circuit_select(c, a, map[d->c], b);
    if (f == FAULT_BIT_BELOW && d->op == LF_WORD_BIT && d->amount > 0)
        return lf_circuit_bit(c, a, d->amount - 1);
    if (f == FAULT_ADD_OFF_BY_ONE && d->op == LF_WORD_ADD)
        return lf_circuit_add(c, lf_circuit_add(c, a, b), lf_circuit_const(c, 1));
    return 0;
}

/* The fault may have moved an index out of its table, or made more than a bit of what bits are expected to be. */
static bool still_defined(const lf_circuit *c, const lf_word_def *d, const lf_word *map) {
    bool bits = d->op == LF_WORD_SELECT ? lf_word_is_bit(c, map[d->a]) : true;
    for (int i = 0; i < d->arg_count; i++)
        bits = bits && lf_word_is_bit(c, map[d->args[i]]);
    if (d->op != LF_WORD_TABLE)
        return bits;
    lf_range r = lf_word_range(c, map[d->a]);
    return r.lo >= 0 && (uint64_t)r.hi < d->table->count;
}

/* The circuit with the fault in every word it concerns; NULL when it has none, or when a range does not allow it. */
static lf_circuit *spoiled_circuit(const lf_circuit *c, fault f) {
    lf_circuit *out = lf_circuit_new(c->ctx);
    lf_word *map = LF_NEW_ARRAY(out->arena, lf_word, c->words.count);
    bool any = false, fine = true;
    for (lf_word w = 1; w < c->words.count && fine; w++) {
        const lf_word_def *d = lf_word_at(c, w);
        if (d->op == LF_WORD_INPUT) {
            map[w] = lf_circuit_input(out, d->range);
            continue;
        }
        fine = still_defined(out, d, map);
        if (fine)
            map[w] = spoiled(out, d, map, f);
        any = any || map[w];
        if (fine && !map[w])
            map[w] = lf_word_rebuild(out, d, map);
    }
    for (size_t o = 0; o < c->outputs.count && fine; o++)
        lf_circuit_output(out, map[c->outputs.at[o]]);
    if (any && fine && !out->too_wide)
        return out;
    lf_circuit_free(out);
    return NULL;
}

static bool is_caught(const lf_circuit *c, lf_circuit *wrong, uint64_t seed) {
    lf_arena *a = lf_arena_new();
    lf_rng rng = lf_rng_make(seed, 78);
    int64_t **in = samples(a, c->inputs.count), **want = samples(a, c->outputs.count),
            **got = samples(a, c->outputs.count);
    bool caught = false;
    for (int s = 0; s < SAMPLES; s++)
        for (size_t i = 0; i < c->inputs.count; i++)
            in[s][i] = random_value(&rng, lf_word_range(c, c->inputs.at[i]));
    (void)run_circuit(c, in, want);
    (void)run_and_free(wrong, in, got);
    for (int s = 0; s < SAMPLES; s++)
        for (size_t o = 0; o < c->outputs.count; o++)
            caught = caught || want[s][o] != got[s][o];
    lf_arena_free(a);
    return caught;
}

/* Each fault, planted in circuit after circuit, is seen by the vectors of the test above in some of them at least. */
static void test_planted_faults_are_caught(void **state) {
    lf_ctx *ctx = *state;
    size_t corners[CORNERS] = {0}, planted[FAULTS] = {0}, caught[FAULTS] = {0};
    for (uint64_t seed = 1; seed <= 600; seed++) {
        lf_circuit *c = make_random_circuit(ctx, seed, corners);
        for (int f = 0; f < FAULTS && !c->too_wide; f++) {
            lf_circuit *wrong = spoiled_circuit(c, (fault)f);
            planted[f] += wrong != NULL;
            caught[f] += wrong && is_caught(c, wrong, seed);
        }
        lf_circuit_free(c);
    }
    for (int f = 0; f < FAULTS; f++) {
        if (planted[f] < 20 || caught[f] < 5)
            print_message("%s: %zu of %zu caught\n", fault_names[f], caught[f], planted[f]);
        assert_true(planted[f] >= 20 && caught[f] >= 5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_CONTEXT(test_forms_agree), WITH_CONTEXT(test_planted_faults_are_caught)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
