/* Random elementwise nodes: results lie in the ranges that infer gives, the ends of exact ranges are reached, values equal the
 * formula evaluated on reals (exactly for quantizers, within rounding for sums and products on the grid), and outputs move the way
 * the monotone face says. */
#include "op_bench.h"

#include <stdio.h>

#include "base/rng.h"

enum { ROUNDS = 3000, ROWS = 2, CHANNELS = 3, COUNT = ROWS * CHANNELS };

typedef enum kind {
    ADD,
    SUB,
    RSUB,
    MUL,
    DIV,
    ADD2,
    SUB2,
    MUL2,
    RELU,
    CLIP,
    SIGN,
    BIPOLAR,
    QUANT,
    THRESHOLD,
    NORM,
    KINDS
} kind;

typedef struct trial {
    kind kind;
    int data;              /* operand that varies */
    double c[4][CHANNELS]; /* constants per channel, as the formula uses them */
    double t[CHANNELS][4];
    double lo, hi;
    bool is_signed, narrow;
    int bits;
} trial;

typedef struct hits {
    int kind[KINDS], on_grid, off_grid, negative_scale, per_channel, ends_reached, zero_constant, up, down, constant;
} hits;

static double pick(lf_rng *r, const double *from, uint32_t count) {
    return from[lf_rng_below(r, count)];
}

static double random_scale(lf_rng *r) {
    static const double s[] = {1, 0.5, 0.25, -1, -0.5, 2, 0.1, 0.3, -0.7, 1.0 / 3, 0x1p-10};
    return pick(r, s, LF_COUNT(s));
}

static double random_constant(lf_rng *r) {
    static const double c[] = {0, 1, -1, 0.5, 2, -3, 0.1, 0.37, -0.011, 7, 0x1p-6};
    return pick(r, c, LF_COUNT(c));
}

static lf_range random_range(lf_rng *r) {
    int64_t step = lf_rng_between(r, 1, 3), lo = lf_rng_between(r, -20, 10);
    return (lf_range){lo, lo + step * lf_rng_between(r, 1, 12), step};
}

/* A tensor [2, 3]: real, or on the grid with one scale or one per channel, perhaps with a range per channel. */
static lf_tensor *random_operand(op_bench *b, lf_rng *r) {
    if (lf_rng_below(r, 5) == 0)
        return op_real(b, "2,3");
    lf_range range = random_range(r);
    lf_tensor *t = op_codes(b, "2,3", range, random_scale(r));
    if (lf_rng_below(r, 2)) {
        double s[CHANNELS];
        for (int c = 0; c < CHANNELS; c++)
            s[c] = random_scale(r);
        t = op_codes_by(b, "2,3", range, 1, s);
    }
    if (lf_rng_below(r, 2)) {
        lf_range *by = LF_NEW_ARRAY(b->g->arena, lf_range, CHANNELS);
        for (int c = 0; c < CHANNELS; c++)
            by[c] = (lf_range){range.lo + c * range.step, range.hi, range.step};
        by[1] = range;
        if (range.lo + 2 * range.step <= range.hi) {
            t->channel_range = by;
            t->range_axis = 1;
        }
    }
    return t;
}

/* A constant of one element or one per channel; the formula sees it per channel. */
static lf_tensor *random_const(op_bench *b, lf_rng *r, double *c, bool nonzero) {
    bool one = lf_rng_below(r, 2);
    for (int i = 0; i < CHANNELS; i++) {
        do
            c[i] = one && i ? c[0] : random_constant(r);
        while (nonzero && c[i] == 0);
    }
    double v[CHANNELS];
    memcpy(v, c, sizeof v);
    lf_tensor *t = op_const(b, one ? "1" : "3", v);
    bool whole = true;
    for (int i = 0; i < CHANNELS; i++)
        whole = whole && c[i] == floor(c[i]);
    if (whole)
        lf_set_codes(b->g, t, (lf_range){-3, 7, 1});
    return t;
}

static double clamp(double v, double lo, double hi) {
    return v < lo ? lo : v > hi ? hi : v;
}

static double quantized(const trial *t, double x, int c) {
    double y = x / t->c[0][c] + t->c[1][c], lo = t->is_signed ? -ldexp(1, t->bits - 1) + t->narrow : 0;
    double hi = t->is_signed ? ldexp(1, t->bits - 1) - 1 : ldexp(1, t->bits) - 1 - t->narrow;
    y = t->is_signed && t->bits == 1 ? (y >= 0 ? 1 : -1) : rint(clamp(y, lo, hi));
    return (y - t->c[1][c]) * t->c[0][c];
}

/* The definition, on reals. */
static double formula(const trial *t, double x, double z, int c) {
    double k = t->c[0][c], count = 0;
    switch (t->kind) {
    case ADD: return x + k;
    case SUB: return x - k;
    case RSUB: return k - x;
    case MUL: return x * k;
    case DIV: return x / k;
    case ADD2: return x + z;
    case SUB2: return x - z;
    case MUL2: return x * z;
    case RELU: return x > 0 ? x : 0;
    case CLIP: return clamp(x, t->lo, t->hi);
    case SIGN: return (x > 0) - (x < 0);
    case BIPOLAR: return x >= 0 ? k : -k;
    case QUANT: return quantized(t, x, c);
    case THRESHOLD:
        for (int i = 0; i < 4; i++)
            count += x >= t->t[c][i];
        return t->lo * count + t->hi;
    default: return (x - t->c[2][c]) / sqrt(t->c[3][c] + 0.125) * t->c[0][c] + t->c[1][c];
    }
}

static const char *decimal(op_bench *b, double v) {
    return lf_format(b->a, "%.17g", v);
}

static void make_quant(op_bench *b, lf_rng *r, trial *t, lf_tensor *x) {
    lf_tensor *scale = random_const(b, r, t->c[0], true);
    double z = (double)lf_rng_between(r, -2, 2);
    for (int c = 0; c < CHANNELS; c++)
        t->c[1][c] = z;
    t->is_signed = lf_rng_below(r, 2);
    t->narrow = lf_rng_below(r, 2);
    t->bits = (int)lf_rng_between(r, 1, 6);
    op_node(b, "quant", 4, OP_IN(x, scale, op_number(b, z), op_number(b, t->bits)), "signed",
            t->is_signed ? "true" : "false", "narrow", t->narrow ? "true" : "false", NULL);
}

static void make_threshold(op_bench *b, lf_rng *r, trial *t, lf_tensor *x) {
    static const double scales[] = {1, 2, -1, 0.5, 0.3}, biases[] = {0, -1, 0.5, 0.6};
    double all[CHANNELS * 4];
    for (int c = 0; c < CHANNELS; c++)
        for (int i = 0; i < 4; i++)
            all[c * 4 + i] = t->t[c][i] = (double)lf_rng_between(r, -20, 20) / 4;
    t->lo = pick(r, scales, LF_COUNT(scales));
    t->hi = pick(r, biases, LF_COUNT(biases));
    op_node(b, "multi_threshold", 2, OP_IN(x, op_const(b, "3,4", all)), "out_scale", decimal(b, t->lo), "out_bias",
            decimal(b, t->hi), NULL);
}

static void make_norm(op_bench *b, lf_rng *r, trial *t, lf_tensor *x) {
    lf_tensor *v[4];
    for (int i = 0; i < 4; i++) {
        for (int c = 0; c < CHANNELS; c++)
            t->c[i][c] = i == 3 ? (double)lf_rng_below(r, 8) : random_constant(r);
        v[i] = op_const(b, "3", t->c[i]);
    }
    op_node(b, "batch_norm", 5, OP_IN(x, v[0], v[1], v[2], v[3]), "epsilon", "0.125", NULL);
}

static void make(op_bench *b, lf_rng *r, trial *t) {
    static const char *const names[KINDS] = {"add", "sub", "sub",  "mul",  "div",  "add",
                                             "sub", "mul", "relu", "clip", "sign", "bipolar_quant"};
    lf_tensor *x = random_operand(b, r);
    t->kind = (kind)lf_rng_below(r, KINDS);
    t->data = t->kind == RSUB;
    switch (t->kind) {
    case ADD:
    case SUB:
    case MUL:
    case DIV:
    case BIPOLAR:
        op_node(b, names[t->kind], 2, OP_IN(x, random_const(b, r, t->c[0], t->kind == DIV || t->kind == BIPOLAR)),
                NULL);
        break;
    case RSUB: op_node(b, "sub", 2, OP_IN(random_const(b, r, t->c[0], false), x), NULL); break;
    case ADD2:
    case SUB2:
    case MUL2: op_node(b, names[t->kind], 2, OP_IN(x, random_operand(b, r)), NULL); break;
    case CLIP:
        t->lo = (double)lf_rng_between(r, -8, 0) / 2;
        t->hi = (double)lf_rng_between(r, 0, 8) / 4;
        op_node(b, "clip", 3, OP_IN(x, op_number(b, t->lo), op_number(b, t->hi)), NULL);
        break;
    case QUANT: make_quant(b, r, t, x); break;
    case THRESHOLD: make_threshold(b, r, t, x); break;
    case NORM: make_norm(b, r, t, x); break;
    default: op_node(b, names[t->kind], 1, OP_IN(x), NULL); break;
    }
}

static double random_real(lf_rng *r) {
    return (double)lf_rng_between(r, -400, 400) / 64;
}

/* Element e at step `at` of its own range; -1: anywhere. */
static void set_element(lf_value *v, size_t e, int64_t at, lf_rng *r) {
    if (v->real) {
        v->real[e] = random_real(r);
        return;
    }
    lf_range range = op_range(v, e);
    int64_t last = (int64_t)lf_range_count(range) - 1;
    v->code[e] = range.lo + range.step * (at < 0 ? lf_rng_between(r, 0, last) : at < last ? at : last);
}

static bool exact(kind k) {
    return k >= RELU;
}

static void check_values(op_bench *b, const trial *t) {
    bool two = t->kind == ADD2 || t->kind == SUB2 || t->kind == MUL2;
    for (size_t e = 0; e < COUNT; e++) {
        double x = op_value(&b->in[t->data], e),
               want = formula(t, x, two ? op_value(&b->in[1], e) : 0, (int)(e % CHANNELS));
        double got = op_value(b->out, e);
        double slack = exact(t->kind) && b->out->code == NULL ? 0 : 1e-12 * (fabs(want) + fabs(x) + 1);
        if (!(fabs(got - want) <= slack))
            fail_msg("%s: element %zu is %.17g, not %.17g, for %.17g", b->n->op->name, e, got, want, x);
        if (b->out->code && !lf_range_holds(op_range(b->out, e), b->out->code[e]))
            fail_msg("%s: code %lld outside its range", b->n->op->name, (long long)b->out->code[e]);
        if (b->out->code && !lf_range_holds(op_y(b)->range, b->out->code[e]))
            fail_msg("%s: code %lld outside the tensor's range", b->n->op->name, (long long)b->out->code[e]);
    }
}

/* All codes in turn: both ends of every channel's range must come. */
static void check_ends(op_bench *b, const trial *t, lf_rng *r, hits *h) {
    bool low[CHANNELS] = {0}, high[CHANNELS] = {0};
    if (!b->out->code || !b->in[t->data].code || t->kind == ADD2 || t->kind == SUB2 || t->kind == MUL2)
        return;
    for (int64_t at = 0; at < 40; at++) {
        for (size_t e = 0; e < COUNT; e++)
            set_element(&b->in[t->data], e, at, r);
        assert_int_equal(op_run(b), LF_OK);
        check_values(b, t);
        for (size_t e = 0; e < COUNT; e++) {
            lf_range range = op_range(b->out, e);
            low[e % CHANNELS] |= b->out->code[e] == range.lo;
            high[e % CHANNELS] |= b->out->code[e] == range.hi;
        }
    }
    bool by_channel = op_y(b)->channel_range != NULL;
    for (int c = 1; c < CHANNELS; c++) {
        low[0] |= low[c];
        high[0] |= high[c];
        if (by_channel && !(low[c] && high[c]))
            fail_msg("%s: channel %d never reaches the ends of its range", b->n->op->name, c);
    }
    assert_true(low[0] && high[0]);
    h->ends_reached++;
}

static void check_direction(op_bench *b, const trial *t, lf_rng *r, hits *h) {
    double x0[COUNT], y0[COUNT];
    if (t->kind == ADD2 || t->kind == SUB2 || t->kind == MUL2)
        return;
    for (size_t e = 0; e < COUNT; e++) {
        x0[e] = op_value(&b->in[t->data], e);
        y0[e] = op_value(b->out, e);
        set_element(&b->in[t->data], e, -1, r);
    }
    assert_int_equal(op_run(b), LF_OK);
    for (size_t e = 0; e < COUNT; e++) {
        double dx = op_value(&b->in[t->data], e) - x0[e], dy = op_value(b->out, e) - y0[e];
        lf_monotone m = b->n->op->monotone(b->g, b->n, 1, (int64_t)(e % CHANNELS));
        assert_true(m != LF_MONO_NONE);
        assert_true(m == LF_MONO_CONST ? dy == 0 : m == LF_MONO_UP ? dx * dy >= 0 : dx * dy <= 0);
        h->up += m == LF_MONO_UP && dy != 0;
        h->down += m == LF_MONO_DOWN && dy != 0;
        h->constant += m == LF_MONO_CONST;
    }
}

static void count_hits(op_bench *b, const trial *t, hits *h) {
    const lf_tensor *y = op_y(b);
    h->kind[t->kind]++;
    h->on_grid += lf_on_grid(y);
    h->off_grid += !lf_on_grid(y);
    h->per_channel += y->grid.scale_count > 1;
    h->negative_scale += lf_on_grid(y) && y->grid.scale[0] < 0;
    h->zero_constant += t->kind == MUL && t->c[0][1] == 0;
}

static void random_nodes(void **state) {
    (void)state;
    lf_rng rng = lf_rng_make(2024, 5);
    hits h = {0};
    for (int round = 0; round < ROUNDS; round++) {
        op_bench b;
        trial t = {0};
        op_begin(&b);
        make(&b, &rng, &t);
        assert_int_equal(op_infer(&b), LF_OK);
        for (int run = 0; run < 4; run++) {
            for (int i = 0; i < 2 && i < b.n->in_count; i++)
                for (size_t e = 0; e < COUNT && !b.in[i].tensor->value; e++)
                    set_element(&b.in[i], e, -1, &rng);
            assert_int_equal(op_run(&b), LF_OK);
            check_values(&b, &t);
            check_direction(&b, &t, &rng, &h);
        }
        check_ends(&b, &t, &rng, &h);
        count_hits(&b, &t, &h);
        op_end(&b);
    }
    for (int k = 0; k < KINDS; k++)
        assert_true(h.kind[k] > 50);
    assert_true(h.on_grid > 500 && h.off_grid > 200 && h.negative_scale > 50 && h.per_channel > 50 &&
                h.ends_reached > 300 && h.zero_constant > 5 && h.up > 1000 && h.down > 300 && h.constant > 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_nodes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
