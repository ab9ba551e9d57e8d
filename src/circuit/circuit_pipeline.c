/* Stages: the earliest one in which a word fits; and where the registers stand. */
#include <inttypes.h>

#include "circuit/circuit_inside.h"

typedef struct lf_arrival {
    const lf_circuit *c;
    int *level; /* [word] LUT levels since the registers before its stage */
    int stage, depth;
    const uint8_t *absorbed;
} lf_arrival;

static void arrive(void *user, lf_word operand) {
    lf_arrival *x = user;
    int stage = x->c->stage.at[operand], depth = x->level[operand];
    if (stage > x->stage || (stage == x->stage && depth > x->depth)) {
        x->stage = stage;
        x->depth = depth;
    }
}

static lf_status too_deep(const lf_circuit *c, lf_word w, int levels, int lut_depth) {
    (void)lf_fail(c->ctx, LF_BAD_INPUT, NULL,
                  "word w%" PRIu32 " of the circuit (%s) alone is %d LUT levels deep, more than %d", w,
                  lf_word_op_names[c->words.at[w].op], levels, lut_depth);
    lf_hint(c->ctx, "map tables to LUTs before, or allow a LUT depth of at least %d", levels);
    return LF_BAD_INPUT;
}

static lf_status too_long(const lf_circuit *c) {
    (void)lf_fail(c->ctx, LF_BAD_INPUT, NULL, "the circuit needs more than %d registers in a row", LF_CIRCUIT_STAGES);
    lf_hint(c->ctx, "allow more LUT levels between registers: a larger --lut-depth");
    return LF_BAD_INPUT;
}

/* What an adder absorbs moves to its stage. */
static void pull(lf_circuit *c, const uint8_t *absorbed, lf_word operand, uint16_t stage) {
    const lf_word_def *d = lf_word_at(c, operand);
    if (!lf_word_absorbs(c, absorbed, operand))
        return;
    c->stage.at[operand] = stage;
    for (int i = 0; i < d->arg_count; i++)
        if (absorbed[d->args[i]])
            c->stage.at[d->args[i]] = stage;
}

static lf_status place(lf_arrival *x, lf_circuit *c, lf_word w, int lut_depth) {
    const lf_word_def *d = lf_word_at(c, w);
    int levels = x->absorbed[w] ? 0 : lf_word_levels(c, w);
    x->stage = x->depth = 0;
    lf_word_operands(d, arrive, x);
    if (levels > lut_depth)
        return too_deep(c, w, levels, lut_depth);
    bool later = x->depth + levels > lut_depth;
    if (x->stage + later >= LF_CIRCUIT_STAGES)
        return too_long(c);
    c->stage.at[w] = (uint16_t)(x->stage + later);
    x->level[w] = later ? levels : x->depth + levels;
    if (d->op == LF_WORD_ADD) {
        pull(c, x->absorbed, d->a, c->stage.at[w]);
        pull(c, x->absorbed, d->b, c->stage.at[w]);
    }
    return LF_OK;
}

lf_status lf_circuit_pipeline(lf_circuit *c, int lut_depth) {
    c->stage.count = 0;
    c->latency = 0;
    if (lut_depth <= 0)
        return LF_OK;
    lf_arena *scratch = lf_arena_new();
    if (!scratch)
        return lf_fail(c->ctx, LF_FAILED, NULL, "no memory for the stages of a circuit");
    lf_status status = LF_OK;
    lf_arrival x = {.c = c, .level = LF_NEW_ARRAY(scratch, int, c->words.count)};
    x.absorbed = lf_circuit_absorbed(c, scratch);
    for (size_t w = 0; w < c->words.count; w++)
        LF_PUSH(c->arena, &c->stage, 0);
    for (lf_word w = 1; w < c->words.count && status == LF_OK; w++)
        status = place(&x, c, w, lut_depth);
    for (size_t w = 0; w < c->words.count; w++)
        if (c->stage.at[w] >= c->latency)
            c->latency = c->stage.at[w] + 1;
    if (status != LF_OK) {
        c->stage.count = 0;
        c->latency = 0;
    }
    lf_arena_free(scratch);
    return status;
}

void lf_circuit_stage_rest(lf_circuit *c, int stage) {
    for (lf_word w = (lf_word)c->stage.count; w < c->words.count; w++) {
        bool first = !w || lf_word_at(c, w)->op == LF_WORD_CONST;
        LF_PUSH(c->arena, &c->stage, (uint16_t)(first ? 0 : stage));
    }
    c->latency = stage + 1;
}

/* -- registers ---------------------------------------------------------------------------------------------------- */

/* The word that w is only another view of: all of it shifted to the left, or one bit of it. */
static lf_word viewed(const lf_word_def *d) {
    bool view = d->op == LF_WORD_BIT || (d->op == LF_WORD_SHIFT && d->amount > 0);
    return view ? d->a : 0;
}

typedef struct lf_demand {
    const lf_circuit *c;
    int *delay;
    int at; /* the stage in which the operand is needed */
} lf_demand;

static void need(void *user, lf_word operand) {
    lf_demand *x = user;
    int cycles = x->c->stage.count ? x->at - x->c->stage.at[operand] : 0;
    if (lf_word_at(x->c, operand)->op == LF_WORD_CONST)
        cycles = 0;
    if (cycles > x->delay[operand])
        x->delay[operand] = cycles;
}

int *lf_circuit_delays(const lf_circuit *c, lf_arena *a) {
    lf_demand x = {.c = c, .delay = LF_NEW_ARRAY(a, int, c->words.count), .at = c->latency};
    for (size_t w = 0; w < c->words.count; w++)
        x.delay[w] = -1;
    for (size_t i = 0; i < c->outputs.count; i++)
        need(&x, c->outputs.at[i]);
    for (size_t w = c->words.count; w-- > 1;) {
        const lf_word_def *d = lf_word_at(c, (lf_word)w);
        if (x.delay[w] < 0)
            continue;
        x.at = c->stage.count ? c->stage.at[w] : 0;
        if (d->op == LF_WORD_SHIFT && viewed(d))
            x.at += x.delay[w];
        lf_word_operands(d, need, &x);
    }
    return x.delay;
}

int lf_word_read_off(const lf_circuit *c, lf_word w, const int *delay) {
    lf_word source = viewed(lf_word_at(c, w));
    if (!source || delay[w] < 0)
        return 0;
    int apart = c->stage.count ? c->stage.at[w] - c->stage.at[source] : 0, off = delay[source] - apart + 1;
    return off < delay[w] + 1 ? off : delay[w] + 1;
}
