/* Every op that works on the grid and off it, on random operands both ways: what it makes of codes has the values that it makes of the
 * same numbers as reals, lies in the ranges that infer gives, and moves the way the monotone face says. (That the reals are right is
 * ONNX's own tests' business: tests/import/test_onnx_conformance.py.) */
#include "op_bench.h"

#include <stdio.h>

#include "base/rng.h"
#include "ops/elementwise.h"

enum { ROUNDS = 12, MAX_ATTRS = 4 };

typedef enum operand { GRID, SAME_GRID, TRUTH, SLOPES, INDICES } operand;

typedef struct trial {
    const char *op, *shape;
    operand in[3];
    int in_count;
    const char *attr[2 * MAX_ATTRS + 1];
} trial;

#define ONE {GRID}, 1
#define TWO {GRID, SAME_GRID}, 2
#define X "2,4,4,6"

static const trial trials[] = {
    {"neg", X, ONE, {NULL}},
    {"abs", X, ONE, {NULL}},
    {"floor", X, ONE, {NULL}},
    {"ceil", X, ONE, {NULL}},
    {"round", X, ONE, {NULL}},
    {"leaky_relu", X, ONE, {"alpha", "0.1"}},
    {"leaky_relu", X, ONE, {"alpha", "-0.5"}},
    {"thresholded_relu", X, ONE, {"alpha", "0.75"}},
    {"thresholded_relu", X, ONE, {"alpha", "-0.75"}},
    {"hard_sigmoid", X, ONE, {"alpha", "0.3"}},
    {"hard_sigmoid", X, ONE, {"alpha", "-0.3", "beta", "0.4"}},
    {"hard_sigmoid", X, ONE, {"alpha", "0"}},
    {"hard_swish", X, ONE, {NULL}},
    {"elu", X, ONE, {NULL}},
    {"selu", X, ONE, {NULL}},
    {"celu", X, ONE, {"alpha", "2"}},
    {"sigmoid", X, ONE, {NULL}},
    {"tanh", X, ONE, {NULL}},
    {"erf", X, ONE, {NULL}},
    {"exp", X, ONE, {NULL}},
    {"softplus", X, ONE, {NULL}},
    {"softsign", X, ONE, {NULL}},
    {"mish", X, ONE, {NULL}},
    {"gelu", X, ONE, {NULL}},
    {"gelu", X, ONE, {"approximate", "true"}},
    {"shrink", X, ONE, {"bias", "0.25", "lambd", "1"}},
    {"prelu", X, {GRID, SLOPES}, 2, {NULL}},
    {"cast", X, ONE, {"to", "INT16"}},
    {"cast", X, ONE, {"to", "FLOAT16"}},
    {"greater", X, TWO, {NULL}},
    {"less", X, TWO, {NULL}},
    {"greater_or_equal", X, TWO, {NULL}},
    {"less_or_equal", X, TWO, {NULL}},
    {"equal", X, TWO, {NULL}},
    {"max", X, {GRID, SAME_GRID, SAME_GRID}, 3, {NULL}},
    {"min", X, {GRID, SAME_GRID, SAME_GRID}, 3, {NULL}},
    {"where", X, {TRUTH, GRID, SAME_GRID}, 3, {NULL}},
    {"mod", X, TWO, {"fmod", "true"}},
    {"reduce", X, ONE, {"function", "sum", "axes", "[1, 3]"}},
    {"reduce", X, ONE, {"function", "mean", "axes", "[2, 3]"}},
    {"reduce", X, ONE, {"function", "max", "axes", "[-1]", "keepdims", "false"}},
    {"reduce", X, ONE, {"function", "min"}},
    {"reduce", X, ONE, {"function", "prod", "axes", "[0]"}},
    {"reduce", X, ONE, {"function", "l1", "axes", "[1]"}},
    {"reduce", X, ONE, {"function", "l2", "axes", "[1]"}},
    {"reduce", X, ONE, {"function", "sum_square", "axes", "[1, 2]"}},
    {"reduce", X, ONE, {"function", "log_sum_exp", "axes", "[1]"}},
    {"reduce", X, ONE, {"function", "sum", "noop_with_empty_axes", "true"}},
    {"cum_sum", X, ONE, {"axis", "2"}},
    {"cum_sum", X, ONE, {"axis", "-1", "exclusive", "true", "reverse", "true"}},
    {"log_softmax", X, ONE, {"axis", "1"}},
    {"hardmax", X, ONE, {"axis", "1"}},
    {"lrn", X, ONE, {"size", "3"}},
    {"lrn", X, ONE, {"size", "4", "layout", "channels_last"}},
    {"slice", X, ONE, {"starts", "[1, -1]", "ends", "[4, -9]", "axes", "[1, 3]", "steps", "[2, -2]"}},
    {"slice", X, ONE, {"starts", "[1]", "ends", "[2]"}},
    {"expand", "4,1,6", ONE, {"shape", "[2, 1, 3, 6]"}},
    {"tile", X, ONE, {"repeats", "[1, 2, 1, 3]"}},
    {"resize", X, ONE, {"sizes", "[2, 4, 8, 3]"}},
    {"resize", X, ONE, {"sizes", "[2, 4, 12, 6]", "coordinates", "asymmetric", "nearest", "floor"}},
    {"pad", X, ONE, {"pads", "[0, 0, 1, 2, 0, 1, 0, -1]"}},
    {"pad", X, ONE, {"pads", "[0, 0, 1, 2, 0, 0, 0, 1]", "value", "1.5"}},
    {"pad", X, ONE, {"pads", "[0, 1, 3, 2, 0, 0, 2, 1]", "mode", "reflect"}},
    {"pad", X, ONE, {"pads", "[0, 1, 1, 2, 0, 0, 2, 1]", "mode", "edge"}},
    {"pad", X, ONE, {"pads", "[0, 5, 1, 2, 0, 0, 9, 1]", "mode", "wrap"}},
    {"pixel_shuffle", X, ONE, {"block", "2"}},
    {"pixel_shuffle", X, ONE, {"block", "2", "mode", "crd"}},
    {"pixel_shuffle", "2,3,5,8", ONE, {"block", "2", "layout", "channels_last"}},
    {"pixel_unshuffle", X, ONE, {"block", "2"}},
    {"pixel_unshuffle", X, ONE, {"block", "2", "layout", "channels_last"}},
    {"gather_elements", X, {GRID, INDICES}, 2, {"axis", "1"}},
};

typedef struct hits {
    int codes, reals, per_channel, negative, ranges, up, down, pads_that_are_no_code;
} hits;

/* -- operands ------------------------------------------------------------------------------------------------------ */

static double random_scale(lf_rng *r) {
    static const double s[] = {1, 0.5, 0.25, -1, -0.5, 0.1, 0.3, -0.7, 1.0 / 3, 1};
    return s[lf_rng_below(r, LF_COUNT(s))];
}

/* Codes around 0, with steps, one scale or several, sometimes a range per channel. */
static lf_tensor *random_grid(op_bench *b, lf_rng *r, const char *shape, hits *h) {
    int64_t step = lf_rng_between(r, 1, 3), lo = lf_rng_between(r, -9, 2);
    lf_range range = {lo, lo + step * lf_rng_between(r, 1, 6), step};
    lf_tensor *t = op_codes(b, shape, range, random_scale(r));
    int axis = (int)lf_rng_below(r, (uint32_t)t->shape.rank);
    int64_t n = t->shape.dim[axis];
    h->negative += t->grid.scale[0] < 0;
    if (lf_rng_below(r, 3) == 0 && n > 1) {
        double s[8];
        for (int64_t c = 0; c < n; c++)
            s[c] = random_scale(r);
        t = op_codes_by(b, shape, range, axis, s);
        h->per_channel++;
    }
    axis = (int)lf_rng_below(r, (uint32_t)t->shape.rank);
    n = t->shape.dim[axis];
    if (lf_rng_below(r, 2) && n > 1) {
        lf_range *by = LF_NEW_ARRAY(b->g->arena, lf_range, n);
        for (int64_t c = 0; c < n; c++)
            by[c] = c % 2 ? range : (lf_range){range.lo, range.lo + step * (c % 3 ? 1 : 0), c % 3 ? step : 1};
        t->channel_range = by;
        t->range_axis = axis;
        h->ranges++;
    }
    return t;
}

static lf_tensor *random_slopes(op_bench *b, lf_rng *r) {
    double v[4];
    bool positive = lf_rng_below(r, 2);
    for (int c = 0; c < 4; c++)
        v[c] = (double)lf_rng_between(r, positive ? 0 : -8, 8) / 16;
    return op_const(b, "4,1,1", v);
}

static lf_tensor *random_indices(op_bench *b, lf_rng *r) {
    int64_t v[2 * 3 * 4 * 6];
    for (size_t i = 0; i < LF_COUNT(v); i++)
        v[i] = lf_rng_between(r, -4, 3);
    return op_const_codes(b, "2,3,4,6", v);
}

static lf_tensor *operand_of(op_bench *b, lf_rng *r, const trial *t, int i, lf_tensor *const *before, hits *h) {
    switch (t->in[i]) {
    case SAME_GRID: { /* the first grid's scale, or one of its own */
        lf_tensor *first = before[t->in[0] == TRUTH ? 1 : 0];
        bool whole = first->grid.scale_count == 1 && lf_rng_below(r, 3) > 0;
        lf_tensor *x = random_grid(b, r, t->shape, h);
        if (whole)
            x->grid = first->grid;
        return x;
    }
    case TRUTH: return op_codes(b, t->shape, (lf_range){0, 1, 1}, 1);
    case SLOPES: return random_slopes(b, r);
    case INDICES: return random_indices(b, r);
    default: return random_grid(b, r, t->shape, h);
    }
}

static void fill(lf_value *v, lf_rng *r, bool no_zero) {
    for (size_t e = 0; !v->tensor->value && e < v->count; e++) {
        lf_range range = op_range(v, e);
        do
            v->code[e] = range.lo + range.step * lf_rng_between(r, 0, (int64_t)lf_range_count(range) - 1);
        while (no_zero && v->code[e] == 0 && !(range.lo == 0 && range.hi == 0));
        if (no_zero && v->code[e] == 0)
            v->code[e] = 0;
    }
}

static void make_node(op_bench *b, const trial *t, lf_tensor *const *in) {
    const char *const *a = t->attr;
    op_node(b, t->op, t->in_count, in, a[0], a[1], a[0] ? a[2] : NULL, a[3], a[0] && a[2] ? a[4] : NULL, a[5],
            a[0] && a[2] && a[4] ? a[6] : NULL, a[7], NULL);
}

/* -- the same on reals --------------------------------------------------------------------------------------------- */

static void expect_same_values(op_bench *b, const trial *t) {
    op_bench twin;
    lf_tensor *in[3];
    op_begin(&twin);
    for (int i = 0; i < t->in_count; i++) {
        const lf_tensor *x = b->in[i].tensor;
        bool keep = x->value || t->in[i] == TRUTH;
        in[i] = lf_tensor_new(twin.g, "x", x->shape, LF_FLOAT32);
        if (keep) {
            in[i]->grid = x->grid;
            in[i]->range = x->range;
            in[i]->dtype = x->dtype;
            in[i]->value = x->value;
        }
    }
    make_node(&twin, t, in);
    assert_int_equal(op_infer(&twin), LF_OK);
    assert_true(lf_shape_equal(op_y(&twin)->shape, op_y(b)->shape));
    for (int i = 0; i < t->in_count; i++)
        for (size_t e = 0; e < b->in[i].count; e++) {
            if (twin.in[i].real)
                twin.in[i].real[e] = op_value(&b->in[i], e);
            else
                twin.in[i].code[e] = b->in[i].code[e];
        }
    assert_int_equal(op_run(&twin), LF_OK);
    for (size_t e = 0; e < b->out->count; e++) {
        double got = op_value(b->out, e), want = op_value(twin.out, e);
        if (!(fabs(got - want) <= (b->out->real ? 0 : 1e-12 * (fabs(want) + 1))))
            fail_msg("%s: element %zu is %.17g on the grid, %.17g off it", t->op, e, got, want);
    }
    op_end(&twin);
}

static void expect_in_ranges(op_bench *b, const trial *t) {
    const lf_tensor *y = op_y(b);
    for (size_t e = 0; b->out->code && e < b->out->count; e++)
        if (!lf_range_holds(op_range(b->out, e), b->out->code[e]) || !lf_range_holds(y->range, b->out->code[e]) ||
            !lf_range_holds(lf_dtype_range(y->dtype), b->out->code[e]))
            fail_msg("%s: code %lld of element %zu lies outside its range", t->op, (long long)b->out->code[e], e);
}

/* -- the monotone face --------------------------------------------------------------------------------------------- */

/* Element e of x runs through its codes by ascending value; the others stand still. */
static void expect_monotone(op_bench *b, const trial *t, hits *h) {
    int axis = 1;
    if (!b->n->op->monotone || lf_data_operand(b->g, b->n) != 0 || b->out->tensor->shape.rank != 4)
        return;
    for (size_t e = 0; e < b->in->count; e += 5) {
        size_t channel = lf_channel_of(b->out->tensor->shape, axis, e);
        lf_monotone m = b->n->op->monotone(b->g, b->n, axis, (int64_t)channel);
        lf_range range = op_range(b->in, e);
        bool turned = lf_grid_value(b->in->tensor, e, 1) < 0;
        double last = 0;
        for (int64_t k = 0, n = (int64_t)lf_range_count(range); m != LF_MONO_NONE && k < n; k++) {
            b->in->code[e] = turned ? range.hi - k * range.step : range.lo + k * range.step;
            assert_int_equal(op_run(b), LF_OK);
            double y = op_value(b->out, e);
            bool good = k == 0 || m == LF_MONO_CONST || (m == LF_MONO_UP ? y >= last : y <= last);
            if (!good || (m == LF_MONO_CONST && k && y != last))
                fail_msg("%s: from %.17g to %.17g, which its monotone face denies", t->op, last, y);
            last = y;
        }
        h->up += m == LF_MONO_UP;
        h->down += m == LF_MONO_DOWN;
    }
}

static void on_and_off_the_grid(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(20, 0);
    hits h = {0};
    for (size_t i = 0; i < LF_COUNT(trials) * ROUNDS; i++) {
        const trial *t = &trials[i / ROUNDS];
        op_bench b;
        lf_tensor *in[3] = {NULL};
        op_begin(&b);
        for (int k = 0; k < t->in_count; k++)
            in[k] = operand_of(&b, &r, t, k, in, &h);
        make_node(&b, t, in);
        if (op_infer(&b) != LF_OK)
            fail_msg("%s: refused", t->op);
        bool divisor = !strcmp(t->op, "mod");
        for (int k = 0; k < t->in_count; k++)
            fill(&b.in[k], &r, divisor && k == 1);
        if (divisor) /* a range of 0 alone has no other code */
            for (size_t e = 0; e < b.in[1].count; e++)
                b.in[1].code[e] += b.in[1].code[e] == 0;
        assert_int_equal(op_run(&b), LF_OK);
        h.codes += b.out->code != NULL;
        h.reals += b.out->real != NULL;
        h.pads_that_are_no_code += !strcmp(t->op, "pad") && b.out->real;
        if (!divisor)
            expect_in_ranges(&b, t);
        expect_same_values(&b, t);
        expect_monotone(&b, t, &h);
        op_end(&b);
    }
    assert_true(h.codes > 200 && h.reals > 100 && h.per_channel > 100 && h.negative > 100 && h.ranges > 100);
    assert_true(h.up > 100 && h.down > 20 && h.pads_that_are_no_code > 0);
}

/* -- what has several outputs or a wide range ---------------------------------------------------------------------------- */

static void split_divides(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,5,2", (lf_range){-4, 5, 1}, 0.5);
    lf_id out[2] = {lf_tensor_new(b.g, "a", (lf_shape){0}, LF_FLOAT32)->id,
                    lf_tensor_new(b.g, "b", (lf_shape){0}, LF_FLOAT32)->id};
    b.n = lf_node_new(b.g, lf_op_find("split"), "split", &x->id, 1, out, 2, NULL);
    assert_int_equal(lf_attr_set_text(b.ctx, b.g->arena, b.n->op, b.n->attr, "axis", "1", NULL), LF_OK);
    assert_int_equal(lf_attr_set_text(b.ctx, b.g->arena, b.n->op, b.n->attr, "sizes", "[2, 3]", NULL), LF_OK);
    b.in[0] = lf_value_new(b.a, x);
    assert_int_equal(op_infer(&b), LF_OK);
    for (int e = 0; e < 10; e++)
        b.in[0].code[e] = e - 4;
    assert_int_equal(op_run(&b), LF_OK);
    assert_int_equal(b.out[0].count, 4);
    assert_int_equal(b.out[1].count, 6);
    for (int e = 0; e < 10; e++)
        assert_true(op_value(&b.out[e >= 4], (size_t)(e >= 4 ? e - 4 : e)) == (e - 4) * 0.5);
    op_end(&b);
}

/* Machine integers: 300 becomes 44 in 8 bits without a sign, -56 for 200 with one. */
static void cast_wraps(void **state) {
    (void)state;
    static const struct {
        const char *to;
        int64_t in, out;
    } cases[] = {
        {"UINT8", 300, 44}, {"INT8", 200, -56}, {"UINT8", -1, 255}, {"INT8", -128, -128}, {"INT16", 40000, -25536}};
    for (size_t i = 0; i < LF_COUNT(cases); i++) {
        op_bench b;
        op_begin(&b);
        op_node(&b, "cast", 1, OP_IN(op_codes(&b, "1", (lf_range){-50000, 50000, 1}, 1)), "to", cases[i].to, NULL);
        assert_int_equal(op_infer(&b), LF_OK);
        b.in[0].code[0] = cases[i].in;
        assert_int_equal(op_run(&b), LF_OK);
        assert_int_equal(b.out[0].code[0], cases[i].out);
        op_end(&b);
    }
}

static void cast_refuses_what_does_not_fit(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "cast", 1, OP_IN(op_real(&b, "1")), "to", "UINT8", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    b.in[0].real[0] = 255.9;
    assert_int_equal(op_run(&b), LF_OK);
    assert_int_equal(b.out[0].code[0], 255);
    b.in[0].real[0] = 256;
    assert_int_equal(op_run(&b), LF_BAD_INPUT);
    op_end(&b);
}

/* float16 against its definition: 11 bits, the last of 2^-24, 65504 at most. */
static void cast_rounds_to_half(void **state) {
    (void)state;
    static const double cases[][2] = {
        {1 + 0x1p-11, 1}, {1 + 3 * 0x1p-11, 1 + 0x1p-9}, {0x1p-25, 0},          {3 * 0x1p-25, 0x1p-23}, {65519, 65504},
        {-2049, -2048},   {0x1.ff8p-15, 0x1.ff8p-15},    {0x1.ffcp-15, 0x1p-14}};
    for (size_t i = 0; i < LF_COUNT(cases); i++) {
        op_bench b;
        op_begin(&b);
        op_node(&b, "cast", 1, OP_IN(op_real(&b, "1")), "to", "FLOAT16", NULL);
        assert_int_equal(op_infer(&b), LF_OK);
        b.in[0].real[0] = cases[i][0];
        assert_int_equal(op_run(&b), LF_OK);
        assert_true(b.out[0].real[0] == cases[i][1]);
        op_end(&b);
    }
}

/* QONNX's Trunc: four bits of an eight-bit sum are cut off. */
static void trunc_cuts_bits(void **state) {
    (void)state;
    for (int version = 1; version <= 2; version++) {
        op_bench b;
        op_begin(&b);
        lf_tensor *x = op_codes(&b, "1,3", (lf_range){-128, 127, 1}, 0.25);
        lf_tensor *last[2] = {op_number(&b, version == 1 ? 4 : 4.0), op_number(&b, 4)};
        op_node(&b, "trunc", version == 1 ? 5 : 6,
                OP_IN(x, op_number(&b, 0.25), op_number(&b, 0), op_number(&b, 8), last[0], last[1]), "version",
                version == 1 ? "1" : "2", NULL);
        assert_int_equal(op_infer(&b), LF_OK);
        assert_range(op_y(&b)->range, -8, 7, 1);
        const int64_t in[3] = {127, -1, -128}, want[3] = {7, -1, -8};
        memcpy(b.in[0].code, in, sizeof in);
        assert_int_equal(op_run(&b), LF_OK);
        for (int e = 0; e < 3; e++)
            assert_int_equal(b.out[0].code[e], want[e]);
        assert_true(op_y(&b)->grid.scale[0] == (version == 1 ? 0.25 : 4));
        op_end(&b);
    }
}

/* The zero point is added after the rounding: a half goes to the even quotient, not to the even code. */
static void quant_linear_rounds_first(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "quant_linear", 3, OP_IN(op_real(&b, "4"), op_number(&b, 2), op_number(&b, 1)), "lo", "-8", "hi", "7",
            NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_y(&b)->range, -9, 6, 1);
    const double in[4] = {1, 3, 100, -100}, want[4] = {0, 4, 12, -18};
    memcpy(b.in[0].real, in, sizeof in);
    assert_int_equal(op_run(&b), LF_OK);
    for (size_t e = 0; e < 4; e++)
        assert_true(op_value(b.out, e) == want[e]);
    op_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_and_off_the_grid),
        cmocka_unit_test(split_divides),
        cmocka_unit_test(cast_wraps),
        cmocka_unit_test(cast_refuses_what_does_not_fit),
        cmocka_unit_test(cast_rounds_to_half),
        cmocka_unit_test(trunc_cuts_bits),
        cmocka_unit_test(quant_linear_rounds_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
