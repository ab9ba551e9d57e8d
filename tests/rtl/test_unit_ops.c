/* What the ops of the stream units refuse and promise beside their hardware: shapes, ranges, definitions on reals, messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit_bench.h"

static lf_ctx *ctx;
static lf_graph *g;

static int set_up(void **state) {
    (void)state;
    ctx = lf_ctx_new(1);
    g = lf_graph_new(ctx, "g");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    lf_graph_free(g);
    lf_ctx_free(ctx);
    return 0;
}

static lf_shape shape2(int64_t rows, int64_t columns) {
    return lf_shape_make(2, (int64_t[]){rows, columns});
}

static lf_tensor *input_codes(int64_t columns, lf_range r) {
    lf_tensor *x = lf_tensor_new(g, "x", shape2(1, columns), lf_int(8));
    lf_set_codes(g, x, r);
    return x;
}

static lf_node *node(const char *op, const lf_tensor *const *in, int count) {
    lf_id id[4];
    for (int i = 0; i < count; i++)
        id[i] = in[i] ? in[i]->id : 0;
    lf_tensor *y = lf_tensor_new(g, "y", (lf_shape){0}, lf_int(8));
    return lf_node_new(g, lf_op_find(op), "n", id, count, &y->id, 1, NULL);
}

static void set(lf_node *n, const char *name, const char *value) {
    assert_int_equal(lf_attr_set_text(ctx, g->arena, n->op, n->attr, name, value, NULL), LF_OK);
}

static void refuses(lf_status s, const char *words) {
    assert_int_equal(s, LF_BAD_INPUT);
    const char *text = lf_diag_at(ctx, lf_diag_count(ctx) - 1)->text;
    if (!strstr(text, words))
        fail_msg("expected '%s' in: %s", words, text);
}

static lf_node *threshold(const lf_tensor *x, int64_t rows, int64_t levels, const int64_t *at, const int64_t *sign) {
    const lf_tensor *in[3] = {x, lf_const_codes(g, "T", shape2(rows, levels), at),
                              sign ? lf_const_codes(g, "s", lf_shape_make(1, &x->shape.dim[1]), sign) : NULL};
    return node("threshold", in, sign ? 3 : 2);
}

static void test_threshold_ranges(void **state) {
    (void)state;
    lf_tensor *x = input_codes(2, (lf_range){-10, 10, 1});
    lf_node *n = threshold(x, 2, 3, (int64_t[]){-100, 0, 5, -3, 20, 30}, (int64_t[]){1, -1});
    set(n, "out_base", "-2");
    assert_int_equal(lf_infer_node(g, n), LF_OK);
    const lf_tensor *y = lf_out(g, n, 0);
    assert_int_equal(y->channel_range[0].lo, -1); /* the first is always reached */
    assert_int_equal(y->channel_range[0].hi, 1);
    assert_int_equal(y->channel_range[1].lo, -2);
    assert_int_equal(y->channel_range[1].hi, -1); /* the other two never */
    assert_int_equal(y->range.lo, -2);
    assert_int_equal(y->range.hi, 1);
    assert_int_equal(y->dtype.kind, LF_KIND_INT);
    assert_int_equal(lf_dtype_bits(y->dtype), 2);
}

static void test_threshold_bipolar(void **state) {
    (void)state;
    lf_node *n = threshold(input_codes(1, (lf_range){-4, 4, 2}), 1, 1, (int64_t[]){0}, NULL);
    set(n, "out_base", "-1");
    set(n, "out_step", "2");
    assert_int_equal(lf_infer_node(g, n), LF_OK);
    assert_int_equal(lf_out(g, n, 0)->dtype.kind, LF_KIND_BIPOLAR);
}

static void test_threshold_refuses(void **state) {
    (void)state;
    lf_tensor *x = input_codes(6, (lf_range){-10, 10, 1});
    refuses(lf_infer_node(g, threshold(x, 1, 3, (int64_t[]){1, 3, 2}, NULL)), "not ascending: 3 stands before 2");
    refuses(lf_infer_node(g, threshold(x, 2, 1, (int64_t[]){1, 3}, NULL)), "[1, L] or [6, L]");
    refuses(lf_infer_node(g, threshold(x, 1, 1, (int64_t[]){1}, (int64_t[]){1, 1, 2, 1, 1, 1})), "sign 2 of channel 2");
    lf_node *n = threshold(x, 1, 1, (int64_t[]){1}, NULL);
    set(n, "PE", "4");
    refuses(lf_infer_node(g, n), "PE=4 does not divide 6 channels; legal: 1 2 3 6");
    n = threshold(x, 1, 1, (int64_t[]){1}, NULL);
    set(n, "out_step", "0");
    refuses(lf_infer_node(g, n), "must not be 0");
    n = threshold(x, 1, 3, (int64_t[]){1, 2, 4}, NULL);
    set(n, "structure", "uniform");
    assert_int_equal(lf_infer_node(g, n), LF_OK);
    lf_cost c;
    refuses(n->op->cost(g, n, &c), "equal power-of-two steps");
    lf_tensor *real = lf_tensor_new(g, "r", shape2(1, 6), LF_FLOAT32);
    refuses(lf_infer_node(g, threshold(real, 1, 1, (int64_t[]){1}, NULL)), "integers with scale 1");
}

/* A graph may name sizes that no memory holds. */
static void test_huge(void **state) {
    (void)state;
    lf_tensor *x = input_codes((int64_t)1 << 31, (lf_range){-10, 10, 1});
    lf_node *n = threshold(x, 1, 2, (int64_t[]){1, 2}, NULL);
    assert_int_equal(lf_infer_node(g, n), LF_OK);
    lf_cost c;
    assert_int_equal(n->op->cost(g, n, &c), LF_OK);
    set(n, "PE", "3");
    refuses(lf_infer_node(g, n), "PE=3 does not divide");
    n = node("argmax", (const lf_tensor *const[]){x}, 1);
    set(n, "axis", "1");
    assert_int_equal(lf_infer_node(g, n), LF_OK);
    assert_int_equal(n->op->cost(g, n, &c), LF_OK);
    refuses(lf_infer_node(g, threshold(x, 1, 65536, LF_NEW_ARRAY(g->arena, int64_t, 65536), NULL)), "at most 65535");
}

static void test_converter_refuses(void **state) {
    (void)state;
    const lf_tensor *x = input_codes(10, (lf_range){0, 3, 1});
    lf_node *n = node("width_converter", &x, 1);
    set(n, "in_lanes", "5");
    set(n, "out_lanes", "4");
    refuses(lf_infer_node(g, n), "not divisible by in_lanes=5 and out_lanes=4");
    const lf_tensor *other = input_codes(10, (lf_range){0, 3, 1});
    lf_node *fifo = node("fifo", &other, 1);
    assert_int_equal(lf_infer_node(g, fifo), LF_OK);
    lf_cost c;
    refuses(fifo->op->cost(g, fifo, &c), "how many elements travel");
}

/* lanes pass through FIFOs, skids and layout in both directions */
static void test_lanes(void **state) {
    (void)state;
    const lf_tensor *x = input_codes(12, (lf_range){0, 3, 1});
    lf_node *a = node("fifo", &x, 1);
    assert_int_equal(lf_infer_node(g, a), LF_OK);
    const lf_tensor *t = lf_out(g, a, 0);
    lf_node *b = node("skid", &t, 1);
    assert_int_equal(lf_infer_node(g, b), LF_OK);
    t = lf_out(g, b, 0);
    lf_node *w = node("width_converter", &t, 1);
    set(w, "in_lanes", "3");
    set(w, "out_lanes", "2");
    assert_int_equal(lf_infer_node(g, w), LF_OK);
    t = lf_out(g, w, 0);
    lf_node *c = node("fifo", &t, 1);
    assert_int_equal(lf_infer_node(g, c), LF_OK);
    assert_int_equal(lf_stream_lanes(g, x->id), 3);
    assert_int_equal(lf_stream_lanes(g, a->out[0]), 3);
    assert_int_equal(lf_stream_lanes(g, c->out[0]), 2);
    assert_int_equal(lf_stream_bits(g, c->out[0]), 4);
    assert_int_equal(lf_stream_beats(g, c->out[0]), 6);
}

/* -- argmax on whatever it may get ------------------------------------------------------------------------------------------ */

static void run_argmax(lf_node *n, lf_value *x, const int64_t *expected, size_t count) {
    lf_arena *scratch = lf_arena_new();
    lf_run run = {.ctx = ctx, .graph = g, .scratch = scratch};
    assert_int_equal(lf_infer_node(g, n), LF_OK);
    lf_value y = lf_value_new(g->arena, lf_out(g, n, 0));
    assert_int_equal(y.count, count);
    assert_int_equal(lf_run_node(&run, n, x, &y), LF_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(y.code[i], expected[i]);
    lf_arena_free(scratch);
}

static void test_argmax_reals(void **state) {
    (void)state;
    lf_tensor *x = lf_tensor_new(g, "x", shape2(2, 3), LF_FLOAT32);
    lf_value v = lf_value_new(g->arena, x);
    static const double value[] = {0.5, 2.0, 2.0, -1.0, -1.0, -3.0};
    memcpy(v.real, value, sizeof value);
    lf_node *n = node("argmax", (const lf_tensor *const[]){x}, 1);
    set(n, "axis", "1");
    run_argmax(n, &v, (int64_t[]){1, 0}, 2);
    assert_int_equal(lf_out(g, n, 0)->shape.rank, 2);
    set(n, "select_last_index", "true");
    set(n, "keepdims", "false");
    run_argmax(n, &v, (int64_t[]){2, 1}, 2);
    assert_int_equal(lf_out(g, n, 0)->shape.rank, 1);
    n = node("argmax", (const lf_tensor *const[]){x}, 1); /* axis 0 is the default */
    run_argmax(n, &v, (int64_t[]){0, 0, 0}, 3);
    lf_cost c;
    refuses(n->op->cost(g, n, &c), "integers with scale 1");
    n = node("argmax", (const lf_tensor *const[]){x}, 1);
    set(n, "axis", "2");
    assert_int_equal(lf_infer_node(g, n), LF_BAD_INPUT);
}

/* Scales decide when they differ; one negative scale turns the order round. */
static void test_argmax_scales(void **state) {
    (void)state;
    lf_tensor *x = lf_tensor_new(g, "x", shape2(1, 3), lf_int(8));
    lf_set_codes(g, x, (lf_range){-8, 7, 1});
    lf_value v = lf_value_new(g->arena, x);
    memcpy(v.code, (int64_t[]){5, 4, 3}, 3 * sizeof *v.code);
    lf_node *n = node("argmax", (const lf_tensor *const[]){x}, 1);
    set(n, "axis", "-1");
    run_argmax(n, &v, (int64_t[]){0}, 1);
    x->grid = (lf_grid){.scale = (double[]){1.0, 1.0, 2.0}, .scale_count = 3, .axis = 1};
    run_argmax(n, &v, (int64_t[]){2}, 1);
    x->grid = (lf_grid){.scale = (double[]){-0.5}, .scale_count = 1};
    run_argmax(n, &v, (int64_t[]){2}, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_threshold_ranges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_threshold_bipolar, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_threshold_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_huge, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_converter_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lanes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_argmax_reals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_argmax_scales, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
