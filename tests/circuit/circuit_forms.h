/* Every form of a circuit that must compute the same: a function per form, which runs 64 samples. To add a form (minimized, mapped, machine
 * code), add a line to circuit_forms; the property test does the rest. */
#ifndef LF_TESTS_CIRCUIT_FORMS_H
#define LF_TESTS_CIRCUIT_FORMS_H

#include "circuit/decompose.h"
#include "circuit/lutnet.h"
#include "circuit/minimize.h"
#include "kern/lut_code.h"

enum { SAMPLES = 64 };

/* in[s][i], out[s][o]: sample s. False: this form could not be made. */
typedef bool (*run_form)(const lf_circuit *c, int64_t *const *in, int64_t **out);

static inline bool run_circuit(const lf_circuit *c, int64_t *const *in, int64_t **out) {
    lf_arena *a = lf_arena_new();
    int64_t *scratch = LF_NEW_ARRAY(a, int64_t, c->words.count);
    for (int s = 0; s < SAMPLES; s++)
        lf_circuit_run(c, in[s], out[s], scratch);
    lf_arena_free(a);
    return true;
}

static inline bool run_and_free(lf_circuit *c, int64_t *const *in, int64_t **out) {
    bool fine = c && run_circuit(c, in, out);
    lf_circuit_free(c);
    return fine;
}

static inline bool run_clean(const lf_circuit *c, int64_t *const *in, int64_t **out) {
    return run_and_free(lf_circuit_clean(c), in, out);
}

static inline bool run_text(const lf_circuit *c, int64_t *const *in, int64_t **out) {
    lf_text t = {0}, again = {0};
    lf_circuit_print(c, &t);
    lf_circuit *back = lf_circuit_parse(c->ctx, t.at, t.len, "random");
    if (back)
        lf_circuit_print(back, &again);
    bool same = back && again.len == t.len && !memcmp(again.at, t.at, t.len);
    if (!same)
        fprintf(stderr, "the text does not come back:\n%s----\n%s", t.at, again.at ? again.at : "");
    lf_text_free(&t);
    lf_text_free(&again);
    return run_and_free(back, in, out) && same;
}

/* 64 samples: in[i] and out[o] are words of them. */
typedef void (*run_net)(const lf_lutnet *n, const uint64_t *in, uint64_t *out);

static inline void run_definition(const lf_lutnet *n, const uint64_t *in, uint64_t *out) {
    lf_arena *a = lf_arena_new();
    lf_lutnet_run(n, in, out, LF_NEW_ARRAY(a, uint64_t, 2 + n->inputs + n->luts.count));
    lf_arena_free(a);
}

static inline void run_code(const lf_lutnet *n, lf_isa isa, const uint64_t *in, uint64_t *out) {
    lf_arena *a = lf_arena_new();
    lf_lut_code *code = lf_lut_code_make(n, isa);
    uint64_t *x = LF_NEW_ARRAY(a, uint64_t, (n->inputs + 1) * LF_LUT_WORDS),
             *y = LF_NEW_ARRAY(a, uint64_t, (n->outputs.count + 1) * LF_LUT_WORDS);
    for (size_t i = 0; i < n->inputs; i++)
        x[i * LF_LUT_WORDS + 5] = in[i];
    lf_lut_code_run(code, x, y, LF_NEW_ARRAY(a, uint64_t, lf_lut_code_scratch(code)), 1);
    for (size_t o = 0; o < n->outputs.count; o++)
        out[o] = y[o * LF_LUT_WORDS + 5];
    lf_lut_code_free(code);
    lf_arena_free(a);
}

static inline void run_machine(const lf_lutnet *n, const uint64_t *in, uint64_t *out) {
    run_code(n, lf_cpu_best(), in, out);
}

static inline void run_interpreter(const lf_lutnet *n, const uint64_t *in, uint64_t *out) {
    run_code(n, LF_ISA_SCALAR, in, out);
}

/* Runs a netlist whose inputs and outputs are the bits of the circuit's, lowest first. Frees it. */
static inline bool run_lutnet(const lf_circuit *c, lf_lutnet *n, run_net run, int64_t *const *in, int64_t **out) {
    lf_arena *a = lf_arena_new();
    if (!n)
        return false;
    uint64_t *x = LF_NEW_ARRAY(a, uint64_t, n->inputs + 1), *y = LF_NEW_ARRAY(a, uint64_t, n->outputs.count + 1);
    size_t at = 0;
    for (size_t i = 0; i < c->inputs.count; i++)
        for (int k = 0; k < lf_word_bits(c, c->inputs.at[i]); k++, at++)
            for (int s = 0; s < SAMPLES; s++)
                x[at] |= (uint64_t)(in[s][i] >> k & 1) << s;
    run(n, x, y);
    at = 0;
    for (size_t o = 0; o < c->outputs.count; o++) {
        int bits = lf_word_bits(c, c->outputs.at[o]);
        for (int s = 0; s < SAMPLES; s++) {
            int64_t v = 0;
            for (int k = 0; k < bits; k++)
                v |= (int64_t)(y[at + (size_t)k] >> s & 1) << k;
            if (lf_word_signed(c, c->outputs.at[o]) && v >> (bits - 1) & 1)
                v -= (int64_t)1 << bits;
            out[s][o] = v;
        }
        at += (size_t)bits;
    }
    lf_arena_free(a);
    lf_lutnet_free(n);
    return true;
}

static inline bool run_blasted(const lf_circuit *c, int64_t *const *in, int64_t **out) {
    return run_lutnet(c, lf_lutnet_of(c), run_definition, in, out);
}

static inline bool run_compiled(const lf_circuit *c, int64_t *const *in, int64_t **out) {
    return run_lutnet(c, lf_lutnet_of(c), run_machine, in, out);
}

static inline bool run_interpreted(const lf_circuit *c, int64_t *const *in, int64_t **out) {
    return run_lutnet(c, lf_lutnet_of(c), run_interpreter, in, out);
}

/* Cleaned, pipelined, printed and read again. */
static inline bool run_pipelined(const lf_circuit *c, int64_t *const *in, int64_t **out) {
    lf_circuit *clean = lf_circuit_clean(c);
    if (!clean || lf_circuit_pipeline(clean, 6) != LF_OK) {
        lf_circuit_free(clean);
        return false;
    }
    bool fine = run_text(clean, in, out);
    lf_circuit_free(clean);
    return fine;
}

static inline bool run_minimized(const lf_circuit *c, int64_t *const *in, int64_t **out) {
    return run_and_free(lf_circuit_minimize(c, &(lf_minimize_options){.lut_inputs = 6}, NULL), in, out);
}

static inline bool run_mapped(const lf_circuit *c, int64_t *const *in, int64_t **out) {
    lf_lutnet *bits = lf_lutnet_of(c), *mapped = bits ? lf_lutnet_map(bits, 4, 0) : NULL;
    lf_lutnet_free(bits);
    return run_lutnet(c, mapped, run_definition, in, out);
}

static const struct {
    const char *name;
    run_form run;
} circuit_forms[] = {
    {"clean", run_clean},
    {"text", run_text},
    {"lutnet", run_blasted},
    {"minimized", run_minimized},
    {"mapped to LUT4", run_mapped},
    {"machine code", run_compiled},
    {"interpreted", run_interpreted},
    {"pipelined", run_pipelined},
};

#endif
