/* The text form: printing and parsing a graph with everything changes nothing; wrong texts are refused with the right words. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "ir/lftext.h"
#include "small_ops.h"

static void say_all(lf_ctx *ctx) {
    for (size_t i = 0; i < lf_diag_count(ctx); i++)
        print_message("%s\n", lf_diag_text(lf_ctx_arena(ctx), lf_diag_at(ctx, i)));
}

static lf_tensor *bipolar_weights(lf_graph *g) {
    enum { N = 300 };
    int64_t code[N];
    for (int i = 0; i < N; i++)
        code[i] = (i * 7 % 5) % 2 ? 1 : -1;
    return lf_const_codes(g, "w/0", shape_of(2, 100, 3, 0), code);
}

/* Float elements on a grid with one scale per row. */
static lf_tensor *scaled_weights(lf_graph *g, int64_t rows) {
    lf_tensor *t = lf_tensor_new(g, "w:1", shape_of(2, rows, 2, 0), lf_int(4));
    double *scale = LF_NEW_ARRAY(g->arena, double, rows);
    float *v = LF_NEW_ARRAY(g->arena, float, rows * 2);
    lf_range *channel = LF_NEW_ARRAY(g->arena, lf_range, rows);
    for (int64_t i = 0; i < rows; i++) {
        scale[i] = (double)(0.1f * (float)(i + 1));
        v[2 * i] = (float)(3 * scale[i]);
        v[2 * i + 1] = (float)(-5 * scale[i]);
        channel[i] = (lf_range){-5, 3, 8};
    }
    t->grid = (lf_grid){scale, rows, 0, 0};
    t->range = (lf_range){-8, 7, 1};
    t->channel_range = channel;
    t->value = LF_NEW(g->arena, lf_const);
    *t->value = (lf_const){LF_ELEM_F32, (size_t)rows * 2, v};
    return t;
}

static lf_graph *graph_with_everything(lf_ctx *ctx) {
    lf_graph *g = lf_graph_new(ctx, "every \"thing\"\n");
    g->source = "models/net.onnx";
    memset(g->source_sha256, 'a', 64);
    lf_tensor *x = small_input(g, "x", shape_of(2, 1, 3, 0), LF_FLOAT32);
    lf_tensor *u = small_input(g, "u", shape_of(3, 1, 2, 2), lf_uint(8));
    lf_input_grid *declared = LF_NEW(g->arena, lf_input_grid);
    *declared = (lf_input_grid){lf_uint(8), true, 1.0 / 255, -0.5, 255};
    g->inputs.at[0].grid = declared;
    lf_tensor *w = bipolar_weights(g), *v = scaled_weights(g, 3), *long_scales = scaled_weights(g, 70);
    lf_tensor *r = lf_const_reals(g, "r", shape_of(1, 3, 0, 0), (double[]){0.1, -0.0, 1e300});
    lf_tensor *s = lf_const_reals(g, "", shape_of(0, 0, 0, 0), (double[]){(double)INFINITY});
    every_attr attr = {8, true, -1.5, "a\"b\\c\n\xc3\xa9\x01", 2, {0}, {(int64_t[]){1, -2, 3}, 3}};
    assert_true(lf_dtype_parse("FIXED<8,3,RND,SAT>", &attr.type));
    lf_tensor *y = lf_tensor_new(g, "y", x->shape, LF_FLOAT32);
    lf_id every_in[] = {x->id, 0, w->id, v->id};
    lf_node *n = lf_node_new(g, &op_every, "every one", every_in, 4, &y->id, 1, &attr);
    n->place = LF_PLACE_HOST;
    n->line = 12;
    lf_tensor *z = small_node(g, &op_add, "z", (lf_id[]){y->id, r->id, s->id}, 3);
    lf_tensor *a = lf_tensor_new(g, "a", u->shape, lf_uint(4)), *b = lf_tensor_new(g, "b", u->shape, lf_int(3));
    lf_set_codes(g, a, (lf_range){0, 12, 3});
    lf_set_codes(g, b, (lf_range){-4, 3, 1});
    a->grid = (lf_grid){LF_NEW(g->arena, double), 1, 0, 3.0};
    *(double *)(uintptr_t)a->grid.scale = 1.0 / 3.0;
    lf_node_new(g, &op_split, "parts", &u->id, 1, (lf_id[]){a->id, b->id}, 2, NULL)->place = LF_PLACE_FPGA;
    needy_attr needs = {-1};
    lf_tensor *q = lf_tensor_new(g, "q q", a->shape, (lf_dtype){0});
    lf_node_new(g, &op_needy, "needs", &a->id, 1, &q->id, 1, &needs);
    small_output(g, "z", z->id);
    small_output(g, "also z", z->id);
    small_output(g, "w", long_scales->id);
    small_output(g, "q", q->id);
    small_output(g, "b", b->id);
    return g;
}

static bool same_text(const lf_text *a, const lf_text *b) {
    return a->len == b->len && (a->len == 0 || memcmp(a->at, b->at, a->len) == 0);
}

static void round_trip(bool inline_all) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_graph *g = graph_with_everything(ctx);
    lf_text text = {0}, weights = {0}, text2 = {0}, weights2 = {0};
    if (lf_graph_print(g, inline_all, &text, &weights) != LF_OK)
        say_all(ctx);
    assert_int_equal(lf_diag_count(ctx), 0);
    assert_int_equal(weights.len == 0, inline_all);
    lf_graph *h = lf_graph_parse(ctx, "f.lf", text.at, text.len, (uint8_t *)weights.at, weights.len, find_small_op);
    if (!h) {
        print_message("%s", text.at);
        say_all(ctx);
    }
    assert_non_null(h);
    assert_int_equal(lf_graph_print(h, inline_all, &text2, &weights2), LF_OK);
    if (!same_text(&text, &text2))
        print_message("%s---\n%s", text.at, text2.at);
    assert_true(same_text(&text, &text2));
    assert_true(same_text(&weights, &weights2));
    lf_graph_free(h);
    lf_graph_free(g);
    lf_ctx_free(ctx);
    lf_text_free(&text);
    lf_text_free(&text2);
    lf_text_free(&weights);
    lf_text_free(&weights2);
}

static void test_round_trip(void **state) {
    (void)state;
    round_trip(false);
    round_trip(true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
