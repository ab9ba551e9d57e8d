/* Post-training quantization: scales from magnitudes, where quantizers stand and what they share, normalizations folded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "exec/exec.h"
#include "ir/lftext.h"
#include "ops/ops.h"
#include "pass/passes.h"
#include "pass/quantize_network.h"
#include "pass/quantizers.h"

/* -- scales ------------------------------------------------------------------------------------------------------------------ */

enum { VALUES = 5000 };

/* Bell-shaped, with one value far out. */
static float *values_with_outlier(lf_arena *a) {
    lf_rng r = lf_rng_make(3, 1);
    float *v = LF_NEW_ARRAY(a, float, VALUES);
    for (int i = 0; i < VALUES; i++)
        v[i] = i % 10 == 0 ? 0 : (float)lf_rng_normal(&r);
    v[VALUES / 2] = -40;
    return v;
}

static double error_of(const float *v, double scale, double top) {
    double sum = 0;
    for (int i = 0; i < VALUES; i++) {
        double code = nearbyint(v[i] / scale);
        code = code > top ? top : code < -top ? -top : code;
        sum += (v[i] - code * scale) * (v[i] - code * scale);
    }
    return sum / VALUES;
}

static void magnitudes(void **state) {
    (void)state;
    lf_arena *a = lf_arena_new();
    lf_magnitudes *m = LF_NEW(a, lf_magnitudes);
    lf_magnitudes_add(m, values_with_outlier(a), VALUES);
    uint64_t sum = 0;
    for (int i = 0; i < LF_MAGNITUDE_BINS; i++)
        sum += m->bin[i];
    assert_int_equal(m->total, VALUES);
    assert_int_equal(m->zeros, VALUES / 10 - 1); /* one of them became the outlier */
    assert_int_equal(sum + m->zeros, VALUES);
    assert_true(m->least == -40 && m->most > 3 && m->most < 5);
    assert_true(m->limit == 64);
    assert_int_equal(m->bin[40 * LF_MAGNITUDE_BINS / 64], 1);
    lf_arena_free(a);
}

static void methods(void **state) {
    (void)state;
    lf_arena *a = lf_arena_new();
    float *v = values_with_outlier(a);
    lf_magnitudes *m = LF_NEW(a, lf_magnitudes);
    lf_magnitudes_add(m, v, VALUES);
    for (int bits = 2; bits <= 8; bits++) {
        int64_t top = (1 << (bits - 1)) - 1;
        lf_scale_part part = {m, top};
        double most = lf_scale_of_parts(&part, 1, (lf_scale_choice){LF_SCALE_MAX, 0});
        double share = lf_scale_of_parts(&part, 1, (lf_scale_choice){LF_SCALE_PERCENTILE, 99});
        double mse = lf_scale_of_parts(&part, 1, (lf_scale_choice){LF_SCALE_MSE, 0});
        assert_true(most == (float)(40.0 / (double)top));
        assert_true(share * (double)top > 2 && share * (double)top < 3.2); /* 99 % of a bell lie within 2.6 */
        assert_true(error_of(v, mse, (double)top) <= error_of(v, most, (double)top) * 1.0001);
        assert_true(bits > 4 || mse < most);
    }
    lf_arena_free(a);
}

static void weights_and_zeros(void **state) {
    (void)state;
    const double w[4] = {0.5, -1, 0.25, 0}, none[2] = {0, 0};
    assert_true(lf_scale_of_weights(w, 4, 127, LF_SCALE_MAX) == (float)(1.0 / 127));
    assert_true(lf_scale_of_weights(none, 2, 127, LF_SCALE_MSE) == 1);
    lf_magnitudes empty = {0};
    assert_true(lf_scale_of_parts(&(lf_scale_part){&empty, 255}, 1, (lf_scale_choice){LF_SCALE_MSE, 0}) == 1);
}

/* -- graphs -------------------------------------------------------------------------------------------------------------------- */

typedef struct bench {
    lf_ctx *ctx;
    lf_graph *g;
    lf_arena *a;
} bench;

static bench begin(const char *text) {
    bench b = {.ctx = lf_ctx_new(1), .a = lf_arena_new()};
    b.g = lf_graph_parse(b.ctx, "test", text, strlen(text), NULL, 0, lf_op_find);
    if (!b.g)
        fail_msg("%s", lf_diag_text(b.a, lf_diag_at(b.ctx, 0)));
    assert_int_equal(lf_infer(b.g), LF_OK);
    return b;
}

static void end(bench *b) {
    lf_graph_free(b->g);
    lf_arena_free(b->a);
    lf_ctx_free(b->ctx);
}

static void run_rows(const lf_graph *g, const double *x, size_t rows, double *y) {
    lf_row_in in = {g->inputs.at[0].tensor, LF_ROW_F64, x};
    lf_row_out out = {.tensor = g->outputs.at[0].tensor, .real = y};
    lf_exec *e = lf_exec_new(g->ctx, g);
    assert_int_equal(lf_exec_rows(e, &(lf_row_io){&in, 1, &out, 1}, rows), LF_OK);
    lf_exec_free(e);
}

static size_t count_ops(const lf_graph *g, const char *op) {
    size_t n = 0;
    for (size_t i = 0; i < g->order.count; i++)
        n += !strcmp(lf_node_at(g, g->order.at[i])->op->name, op);
    return n;
}

#define NORM                                                                                                    \
    "const %g : FLOAT32[2] = [0.3, -1.7]\nconst %t : FLOAT32[2] = [0.9, -0.2]\nconst %m : FLOAT32[2] = [0.11, " \
    "-0.7]\nconst %v : FLOAT32[2] = [0.6, 2.3]\n"

/* Convolutions and products, with and without a bias: the same values but for the rounding to float32. */
static void folded_norms(void **state) {
    (void)state;
    static const char *const nets[] = {
        "lutfisk 1\ngraph \"g\"\ninput \"x\" = %x : FLOAT32[1,1,2,2]\nconst %w : FLOAT32[2,1,1,1] = [0.7, -0.3]\nconst "
        "%b : FLOAT32[2,1,1] = [0.15, 0.35]\n" NORM
        "%c : FLOAT32[1,2,2,2] = conv(%x, %w) \"c\"\n%d : FLOAT32[1,2,2,2] = add(%c, %b) \"d\"\n%y : FLOAT32[1,2,2,2] "
        "= batch_norm(%d, %g, %t, %m, %v) \"n\"\noutput \"y\" = %y\n",
        "lutfisk 1\ngraph \"g\"\ninput \"x\" = %x : FLOAT32[1,4]\nconst %w : FLOAT32[4,2] = [0.7, -0.3, 0.2, 0.6, 0.9, "
        "-0.1, 0.33, 0.44]\n" NORM "%c : FLOAT32[1,2] = matmul(%x, %w) \"c\"\n%y : FLOAT32[1,2] = batch_norm(%c, %g, "
        "%t, %m, %v) \"n\"\noutput \"y\" = %y\n"};
    const double x[8] = {1.5, -2.25, 0.1, 3, -0.7, 0.2, 9, -4};
    for (size_t k = 0; k < LF_COUNT(nets); k++) {
        double before[16] = {0}, after[16] = {0};
        bench b = begin(nets[k]);
        run_rows(b.g, x, 2, before);
        assert_int_equal(lf_pass_run(b.g, &lf_pass_fold_batch_norm, NULL), LF_OK);
        assert_int_equal(count_ops(b.g, "batch_norm"), 0);
        assert_int_equal(count_ops(b.g, "add"), 1);
        run_rows(b.g, x, 2, after);
        for (int i = 0; i < 16; i++)
            assert_true(fabs(before[i] - after[i]) <= 1e-6 * (1 + fabs(before[i])));
        end(&b);
    }
}

/* Somebody else reads the sums: they must stay what they are. */
static void norm_that_stays(void **state) {
    (void)state;
    bench b = begin("lutfisk 1\ngraph \"g\"\ninput \"x\" = %x : FLOAT32[1,4]\nconst %w : FLOAT32[4,2] = [0.7, -0.3, "
                    "0.2, 0.6, 0.9, -0.1, 0.33, 0.44]\n" NORM
                    "%c : FLOAT32[1,2] = matmul(%x, %w) \"c\"\n%n : FLOAT32[1,2] = batch_norm(%c, %g, %t, %m, %v) "
                    "\"n\"\n%y : FLOAT32[1,2] = add(%n, %c) \"y\"\noutput \"y\" = %y\n");
    assert_int_equal(lf_pass_run(b.g, &lf_pass_fold_batch_norm, NULL), LF_OK);
    assert_int_equal(count_ops(b.g, "batch_norm"), 1);
    end(&b);
}

static const char branches[] =
    "lutfisk 1\ngraph \"g\"\ninput \"x\" = %x : FLOAT32[1,4]\n"
    "const %a : FLOAT32[4,4] = [0.1, 0.2, 0.3, -0.4, 0.5, 0.6, -0.7, 0.8, 0.9, 1.1, 1.2, -1.3, 1.4, 1.5, 1.6, 1.7]\n"
    "const %b : FLOAT32[4,2] = [0.7, -0.3, 0.2, 0.6, 0.9, -0.1, 0.33, 0.44]\n"
    "%p : FLOAT32[1,4] = matmul(%x, %a) \"first\"\n"
    "%r : FLOAT32[1,4] = relu(%p) \"relu\"\n"
    "%q : FLOAT32[1,4] = matmul(%r, %a) \"middle\"\n"
    "%s : FLOAT32[1,4] = add(%r, %q) \"sum\"\n"
    "%u : FLOAT32[1,8] = concat(%s, %r) \"both\" {axis=1}\n"
    "%h : FLOAT32[1,4,2] = reshape(%u) \"layout\" {shape=[1, 4, 2]}\n"
    "%k : FLOAT32[1,8] = reshape(%h) \"back\" {shape=[1, 8]}\n"
    "const %c : FLOAT32[8,2] = [0.7, -0.3, 0.2, 0.6, 0.9, -0.1, 0.33, 0.44, 0.7, -0.3, 0.2, 0.6, 0.9, -0.1, 0.33, "
    "0.44]\n"
    "%y : FLOAT32[1,2] = matmul(%k, %c) \"last\"\n"
    "output \"y\" = %y\n";

static const lf_point *point_at(const lf_quantizing *q, const char *tensor) {
    for (size_t i = 0; i < q->points.count; i++)
        if (!strcmp(lf_tensor_at(q->g, q->points.at[i].tensor)->name, tensor))
            return &q->points.at[i];
    fail_msg("no point at %s", tensor);
    return NULL;
}

static void places_and_groups(void **state) {
    (void)state;
    bench b = begin(branches);
    lf_quantizing q;
    assert_int_equal(lf_quantizing_plan(&q, b.g, b.a, (lf_quantizing_bits){4, 3, 8}), LF_OK);
    assert_int_equal(q.products.count, 3);
    assert_int_equal(q.products.at[0].bits, 8);
    assert_int_equal(q.products.at[1].bits, 3);
    assert_int_equal(q.products.at[2].bits, 8);
    assert_int_equal(q.points.count, 4); /* x, r, q, s */
    lf_magnitudes *seen = LF_NEW_ARRAY(b.a, lf_magnitudes, 4);
    const float some[3] = {0.5f, 1, 2}, more[2] = {-3, 4};
    for (int i = 0; i < 4; i++)
        lf_magnitudes_add(&seen[i], i == 2 ? more : some, i == 2 ? 2 : 3);
    lf_quantizing_set_scales(&q, seen, (lf_scale_choice){LF_SCALE_MAX, 0});
    const lf_point *x = point_at(&q, "x"), *r = point_at(&q, "r"), *s = point_at(&q, "s"), *m = point_at(&q, "q");
    assert_true(!x->is_signed && !r->is_signed); /* no negative input was seen */
    assert_true(s->is_signed && m->is_signed);
    assert_true(r->scale == m->scale && r->scale == s->scale); /* the sum joins r and q, the concat s and r */
    assert_true(x->scale == (float)(2.0 / 255));
    assert_int_equal(x->bits, 8);
    assert_int_equal(r->bits, 8); /* the last product reads it, too */
    assert_int_equal(m->bits, 4);
    end(&b);
}

/* All products, the sum and the concat become integers, and the integer program says the same. */
static void becomes_integers(void **state) {
    (void)state;
    bench b = begin(branches);
    lf_quantizing q;
    assert_int_equal(lf_quantizing_plan(&q, b.g, b.a, (lf_quantizing_bits){5, 4, 0}), LF_OK);
    lf_magnitudes *seen = LF_NEW_ARRAY(b.a, lf_magnitudes, q.points.count);
    const float some[3] = {-0.5f, 1, 3};
    for (size_t i = 0; i < q.points.count; i++)
        lf_magnitudes_add(&seen[i], some, 3);
    lf_quantizing_set_scales(&q, seen, (lf_scale_choice){LF_SCALE_MSE, 0});
    assert_int_equal(lf_quantizing_apply(&q, LF_SCALE_MSE), LF_OK);
    const double x[8] = {1.5, -2.25, 0.1, 3, 0.7, 0.2, 0.9, 1};
    double before[4], after[4];
    run_rows(b.g, x, 2, before);
    assert_int_equal(lf_pass_run(b.g, &lf_pass_fold_constants, NULL), LF_OK);
    assert_int_equal(lf_pass_run(b.g, &lf_pass_integerize, NULL), LF_OK);
    assert_int_equal(count_ops(b.g, "mvu"), 3);
    assert_int_equal(count_ops(b.g, "matmul"), 0);
    assert_int_equal(count_ops(b.g, "quantize"), 1);
    run_rows(b.g, x, 2, after);
    for (int i = 0; i < 4; i++)
        assert_true(before[i] == after[i] && before[i] != 0);
    end(&b);
}

/* -- networks with quantizers -------------------------------------------------------------------------------------------------- */

/* A sum of two quantized branches, both quantizers of WIDTH bits, behind weights that are codes of 3 bits. */
#define TWO_BRANCHES(width)                                                                                           \
    "lutfisk 1\ngraph \"g\"\ninput \"x\" = %x : FLOAT32[1,4]\nconst %s : FLOAT32[] = [0.25]\nconst %z : FLOAT32[] = " \
    "[0]\nconst %n : FLOAT32[] = [" width "]\n"                                                                       \
    "const %w : INT3[4,2] = [1, -3, 2, 0, 3, -1, 1, 2]\n"                                                             \
    "%a : FLOAT32[1,4] = quant(%x, %s, %z, %n) \"qa\"\n"                                                              \
    "%p : FLOAT32[1,2] = matmul(%a, %w) \"first\"\n"                                                                  \
    "%b : FLOAT32[1,2] = quant(%p, %s, %z, %n) \"qb\" {signed=false}\n"                                               \
    "%r : FLOAT32[1,2] = matmul(%x, %w) \"second\"\n"                                                                 \
    "%y : FLOAT32[1,2] = add(%b, %r) \"sum\"\noutput \"y\" = %y\n"

static void set_scales(lf_quantizing *q, lf_arena *a) {
    lf_magnitudes *seen = LF_NEW_ARRAY(a, lf_magnitudes, q->points.count);
    const float some[3] = {-0.5f, 1, 3};
    for (size_t i = 0; i < q->points.count; i++)
        lf_magnitudes_add(&seen[i], some, 3);
    lf_quantizing_set_scales(q, seen, (lf_scale_choice){LF_SCALE_MAX, 0});
}

static void narrow_ones_stay(void **state) {
    (void)state;
    bench b = begin(TWO_BRANCHES("4"));
    lf_quantizing q;
    assert_int_equal(lf_quantizing_plan(&q, b.g, b.a, (lf_quantizing_bits){8, 8, 0}), LF_OK);
    set_scales(&q, b.a);
    const lf_point *a = point_at(&q, "a"), *c = point_at(&q, "b"), *x = point_at(&q, "x"), *r = point_at(&q, "r");
    assert_int_equal(q.points.count, 4);
    assert_true(a->kept && a->bits == 4 && a->is_signed && a->scale == 0.25);
    assert_true(c->kept && c->bits == 4 && !c->is_signed);
    assert_true(!x->kept && x->bits == 8 && x->scale == (float)(3.0 / 127));
    assert_true(!r->kept && r->scale == 0.25); /* it is added to codes that stay */
    for (size_t i = 0; i < q.products.count; i++)
        assert_true(q.products.at[i].kept && q.products.at[i].bits == 3);
    assert_int_equal(lf_quantizing_apply(&q, LF_SCALE_MAX), LF_OK);
    assert_int_equal(lf_quantizing_finish(&q), LF_OK);
    assert_int_equal(count_ops(b.g, "quant"), 4);
    assert_int_equal(count_ops(b.g, "clip"), 0);
    assert_int_equal(count_ops(b.g, "add"), 1); /* the biases that nobody needed went again */
    assert_non_null(lf_find_tensor(b.g, "p"));
    end(&b);
}

static void wide_ones_are_replaced(void **state) {
    (void)state;
    bench b = begin(TWO_BRANCHES("12"));
    lf_quantizing q;
    assert_int_equal(lf_quantizing_plan(&q, b.g, b.a, (lf_quantizing_bits){6, 2, 0}), LF_OK);
    assert_int_equal(count_ops(b.g, "quant"), 0);
    assert_int_equal(count_ops(b.g, "clip"), 2);
    const double x[4] = {1.1, -600, 7, 513};
    double clipped[2];
    run_rows(b.g, x, 1, clipped); /* -512 and 511.75 before the first product, not below 0 behind it */
    assert_true(fabs(clipped[0] - (1.1 - 1200 + 21 + 513)) < 1e-9);
    assert_true(fabs(clipped[1] - (-3.3 - 7 + 1023.5) - (-3.3 - 7 + 1026)) < 1e-9);
    set_scales(&q, b.a);
    assert_true(point_at(&q, "a")->is_signed && !point_at(&q, "b")->is_signed); /* the clipping says so */
    assert_int_equal(lf_quantizing_apply(&q, LF_SCALE_MAX), LF_OK);
    assert_int_equal(lf_quantizing_finish(&q), LF_OK);
    for (size_t i = 0; i < q.points.count; i++)
        assert_true(!q.points.at[i].kept && q.points.at[i].bits == 6);
    assert_true(!q.products.at[0].kept && q.products.at[0].scale[0] == 3);
    assert_int_equal(count_ops(b.g, "quant"), 4 + 2);
    end(&b);
}

/* Scales of channels and a zero point: min and max with a bound for each; one bit and thresholds are no rounding. */
static void rounding_goes_clipping_stays(void **state) {
    (void)state;
    bench b =
        begin("lutfisk 1\ngraph \"g\"\ninput \"x\" = %x : FLOAT32[1,2]\nconst %s : FLOAT32[2] = [0.5, -2]\nconst %o : "
              "FLOAT32[] = [1]\nconst %n : FLOAT32[] = [3]\nconst %one : FLOAT32[] = [1]\nconst %z : FLOAT32[] = [0]\n"
              "%a : FLOAT32[1,2] = quant(%x, %s, %o, %n) \"q\"\n%y : FLOAT32[1,2] = quant(%a, %o, %z, %one) "
              "\"bit\"\noutput \"a\" = %a\noutput "
              "\"y\" = %y\n");
    assert_int_equal(lf_take_out_roundings(b.g), LF_OK);
    assert_int_equal(count_ops(b.g, "quant"), 1);
    assert_int_equal(count_ops(b.g, "min") + count_ops(b.g, "max"), 2);
    const double x[6] = {0.3, 0.3, 9, -9, -9, 99}, want[6] = {(float)0.3, (float)0.3, 1, -4, -2.5, 10};
    double y[6];
    run_rows(b.g, x, 3, y); /* codes -4..3 less 1, times 0.5 and -2 */
    for (int i = 0; i < 6; i++)
        assert_true(fabs(y[i] - want[i]) < 1e-7);
    end(&b);
}

static void weights_on_a_grid_are_met(void **state) {
    (void)state;
    const double w[5] = {0.7f, -0.3f, 0.1f, -0.7f, 0.5f};
    assert_true(fabs(lf_scale_of_weights(w, 5, 127, LF_SCALE_MSE) - 0.1) < 1e-8);
}

static void integer_programs_are_refused(void **state) {
    (void)state;
    bench b = begin(TWO_BRANCHES("4"));
    lf_quantizing q;
    lf_tensor *y = lf_tensor_at(b.g, b.g->outputs.at[0].tensor);
    lf_id out = lf_tensor_new(b.g, "h", y->shape, LF_FLOAT32)->id;
    lf_node_new(b.g, lf_op_find("fifo"), "fifo0", &y->id, 1, &out, 1, NULL);
    assert_int_equal(lf_quantizing_plan(&q, b.g, b.a, (lf_quantizing_bits){8, 8, 0}), LF_BAD_INPUT);
    assert_non_null(strstr(lf_diag_at(b.ctx, 0)->text, "integer program already"));
    end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(magnitudes),
        cmocka_unit_test(methods),
        cmocka_unit_test(weights_and_zeros),
        cmocka_unit_test(folded_norms),
        cmocka_unit_test(norm_that_stays),
        cmocka_unit_test(places_and_groups),
        cmocka_unit_test(becomes_integers),
        cmocka_unit_test(narrow_ones_stay),
        cmocka_unit_test(wide_ones_are_replaced),
        cmocka_unit_test(rounding_goes_clipping_stays),
        cmocka_unit_test(weights_on_a_grid_are_met),
        cmocka_unit_test(integer_programs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
