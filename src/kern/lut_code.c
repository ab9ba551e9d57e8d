#include "kern/lut_code.h"

#include <string.h>

#include "kern/lut_code_inside.h"

struct lf_lut_code {
    lf_arena *arena;
    uint32_t inputs;
    size_t outputs, operations, scratch;
    lf_lut_machine machine;
    bool in_halves; /* the machine is of AVX2 */
    lf_lut_interpreter *interpret;
    lf_lut_step *step;
    uint32_t *output; /* word offsets in scratch */
};

/* -- the interpreter's program -------------------------------------------------------------------------------------------- */

typedef struct planner {
    const lf_terns *t;
    lf_reads reads;
    bool *kept;      /* signal is an output */
    uint32_t *place; /* slot of each signal */
    LF_VEC(uint32_t) free;
    uint32_t slots;
    lf_arena *a;
} planner;

static uint32_t take_slot(planner *p) {
    return p->free.count ? p->free.at[--p->free.count] : p->slots++;
}

static void let_go(planner *p, uint32_t signal, size_t now) {
    uint32_t begin = p->reads.start[signal], end = p->reads.start[signal + 1];
    if (!p->kept[signal] && (begin == end || p->reads.at[end - 1] <= now))
        LF_PUSH(p->a, &p->free, p->place[signal]);
}

/* Constants and inputs have the first slots; the others are used again after the last read. */
static void plan_steps(lf_lut_code *c, const lf_terns *t, lf_arena *scratch) {
    uint32_t first = 2 + t->inputs;
    planner p = {.t = t, .reads = lf_reads_of(scratch, t), .slots = first, .a = scratch};
    p.kept = LF_NEW_ARRAY(scratch, bool, first + t->count);
    p.place = LF_NEW_ARRAY(scratch, uint32_t, first + t->count);
    for (size_t o = 0; o < t->outputs; o++)
        p.kept[t->output[o]] = true;
    for (uint32_t s = 0; s < first; s++) {
        p.place[s] = s;
        p.kept[s] = true;
    }
    c->step = LF_NEW_ARRAY(c->arena, lf_lut_step, t->count + 1);
    for (size_t i = 0; i < t->count; i++) {
        const lf_tern *op = &t->op[i];
        c->step[i].function = op->function;
        for (int k = 0; k < 3; k++)
            c->step[i].in[k] = p.place[op->in[k < op->count ? k : 0]] * LF_LUT_WORDS;
        for (int k = 0; k < op->count; k++)
            let_go(&p, op->in[k], i);
        p.place[first + i] = take_slot(&p);
        c->step[i].out = p.place[first + i] * LF_LUT_WORDS;
        let_go(&p, first + (uint32_t)i, i);
    }
    c->output = LF_NEW_ARRAY(c->arena, uint32_t, t->outputs + 1);
    for (size_t o = 0; o < t->outputs; o++)
        c->output[o] = p.place[t->output[o]] * LF_LUT_WORDS;
    c->scratch = (size_t)p.slots * LF_LUT_WORDS;
}

static void interpret(const lf_lut_code *c, const uint64_t *in, uint64_t *out, uint64_t *scratch) {
    memset(scratch, 0, LF_LUT_WORDS * sizeof *scratch);
    memset(scratch + LF_LUT_WORDS, 0xff, LF_LUT_WORDS * sizeof *scratch);
    memcpy(scratch + 2 * LF_LUT_WORDS, in, (size_t)c->inputs * LF_LUT_WORDS * sizeof *in);
    c->interpret(c->step, c->operations, scratch);
    for (size_t o = 0; o < c->outputs; o++)
        memcpy(out + o * LF_LUT_WORDS, scratch + c->output[o], LF_LUT_WORDS * sizeof *out);
}

/* -- both ------------------------------------------------------------------------------------------------------------------- */

static lf_lut_interpreter *interpreter_for(lf_isa isa) {
#if defined(__x86_64__)
    return isa == LF_ISA_SCALAR ? lf_lut_interpret_scalar : lf_lut_interpret_avx2;
#else
    (void)isa;
    return lf_lut_interpret_scalar;
#endif
}

lf_lut_code *lf_lut_code_make(const lf_lutnet *n, lf_isa isa) {
    lf_arena *a = lf_arena_new(), *scratch = lf_arena_new();
    lf_terns *t = a && scratch ? lf_terns_of(scratch, n) : NULL;
    if (!t) {
        lf_arena_free(a);
        lf_arena_free(scratch);
        (void)lf_fail(n->ctx, LF_BAD_INPUT, NULL, "no memory for a netlist of %zu LUTs", n->luts.count);
        return NULL;
    }
    lf_terns_order(scratch, t);
    lf_lut_code *c = LF_NEW(a, lf_lut_code);
    *c = (lf_lut_code){.arena = a, .inputs = t->inputs, .outputs = t->outputs, .operations = t->count};
    if (isa == LF_ISA_AVX512)
        c->machine = lf_lut_machine_make(scratch, t);
    c->scratch = c->machine.slots * LF_LUT_WORDS;
    if (!c->machine.code) {
        c->interpret = interpreter_for(isa);
        plan_steps(c, t, scratch);
        c->in_halves = isa == LF_ISA_AVX2;
        if (c->in_halves)
            c->machine = lf_lut_machine_make_avx2(c->step, t->count, t->inputs, c->output, t->outputs);
    }
    lf_arena_free(scratch);
    return c;
}

void lf_lut_code_free(lf_lut_code *c) {
    if (!c)
        return;
    lf_lut_machine_free(&c->machine);
    lf_arena_free(c->arena);
}

void lf_lut_code_run(const lf_lut_code *c, const uint64_t *in, uint64_t *out, uint64_t *scratch, size_t groups) {
    for (size_t g = 0; g < groups; g++, in += c->inputs * LF_LUT_WORDS, out += c->outputs * LF_LUT_WORDS) {
        if (c->machine.code && c->in_halves)
            lf_lut_machine_run_avx2(&c->machine, in, scratch, out);
        else if (c->machine.code)
            lf_lut_machine_run(&c->machine, in, scratch, out);
        else
            interpret(c, in, out, scratch);
    }
}

size_t lf_lut_code_scratch(const lf_lut_code *c) {
    return c->scratch + LF_LUT_WORDS;
}

size_t lf_lut_code_operations(const lf_lut_code *c) {
    return c->operations;
}

size_t lf_lut_code_bytes(const lf_lut_code *c) {
    return c->machine.bytes;
}
