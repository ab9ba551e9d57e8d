/* lf_verify_graph finds each violation, one at a time, and says what it is. */
#include "../context.h"

#include <math.h>

#include "small_ops.h"

/* x -> a -> b -> y, with a constant k into b and per-channel things on a. */
typedef struct small {
    lf_graph *g;
    lf_tensor *x, *a, *b, *k;
    lf_node *na, *nb;
} small;

static small build(lf_ctx *ctx) {
    small s = {.g = lf_graph_new(ctx, "g")};
    lf_graph *g = s.g;
    s.x = small_input(g, "x", shape_of(2, 1, 3, 0), lf_int(8));
    s.a = small_node(g, &op_every, "a", &s.x->id, 1);
    s.k = lf_const_codes(g, "k", shape_of(2, 1, 3, 0), (int64_t[]){1, -2, 3});
    s.b = small_node(g, &op_add, "b", (lf_id[]){s.a->id, s.k->id}, 2);
    lf_range *channel = LF_NEW_ARRAY(g->arena, lf_range, 3);
    channel[0] = channel[1] = channel[2] = (lf_range){-4, 4, 2};
    s.a->channel_range = channel;
    s.a->range_axis = 1;
    s.na = lf_node_at(g, s.a->producer);
    s.nb = lf_node_at(g, s.b->producer);
    small_output(g, "y", s.b->id);
    return s;
}

static const double two_scales[] = {1, 2}, three_scales[] = {1, 2, 4}, zero_scale[] = {0}, nan_scale[] = {(double)NAN};
static double floats[] = {1, 2, 3}, off_grid[] = {1, 2.4, 3};
static lf_const float_const = {LF_ELEM_F64, 3, floats}, off_grid_const = {LF_ELEM_F64, 3, off_grid};
static lf_const short_const = {LF_ELEM_F64, 2, floats};
static const lf_range outside[] = {{-4, 4, 2}, {-400, 4, 2}, {-4, 4, 2}};
static const lf_input_grid bad_declared = {{LF_KIND_UINT, 8, 0, 0, 0}, false, 0.5, 0, 3};

static void set_scale(lf_tensor *t, const double *scale, int64_t count, int axis, double divisor) {
    t->grid = (lf_grid){scale, count, axis, divisor};
}

/* Each breaks one thing. */
static void rank(small *s) {
    s->x->shape.rank = 9;
}
static void dimension(small *s) {
    s->x->shape.dim[1] = 0;
}
static void too_large(small *s) {
    s->x->shape.dim[1] = INT64_MAX / 2;
}
static void scale_axis(small *s) {
    set_scale(s->x, two_scales, 2, 2, 0);
}
static void scale_count(small *s) {
    set_scale(s->x, two_scales, 2, 1, 0);
}
static void scale_zero(small *s) {
    set_scale(s->x, zero_scale, 1, 0, 0);
}
static void scale_nan(small *s) {
    set_scale(s->x, nan_scale, 1, 0, 0);
}
static void divisor(small *s) {
    set_scale(s->x, two_scales, 1, 0, 255);
}
static void divisor_per_axis(small *s) {
    set_scale(s->x, three_scales, 3, 1, 1);
}
static void negative_count(small *s) {
    s->x->grid.scale_count = -1;
}
static void float_with_scale(small *s) {
    s->x->dtype = LF_FLOAT32;
}
static void code_without_scale(small *s) {
    s->x->grid.scale_count = 0;
}
static void range_order(small *s) {
    s->x->range = (lf_range){4, 2, 1};
}
static void range_step(small *s) {
    s->x->range = (lf_range){0, 3, 2};
}
static void range_no_step(small *s) {
    s->x->range.step = 0;
}
static void range_wide(small *s) {
    s->x->range = (lf_range){-129, 127, 1};
}
static void range_bipolar(small *s) {
    s->x->dtype = LF_BIPOLAR, s->x->range = (lf_range){-1, 1, 1};
}
static void channel_outside(small *s) {
    s->a->channel_range = outside;
}
static void channel_axis(small *s) {
    s->a->range_axis = 2;
}
static void channel_off_grid(small *s) {
    s->x->channel_range = outside;
    s->x->dtype = LF_FLOAT32;
    s->x->grid.scale_count = 0;
}
static void const_count(small *s) {
    s->k->value = &short_const;
}
static void const_type(small *s) {
    s->k->dtype = (lf_dtype){0}, s->k->grid.scale_count = 0;
}
static void const_integers(small *s) {
    s->k->dtype = LF_FLOAT32, s->k->grid.scale_count = 0;
}
static void const_off_grid(small *s) {
    s->k->value = &off_grid_const;
}
static void const_range(small *s) {
    s->k->value = &float_const, s->k->range = (lf_range){1, 2, 1};
}
static void const_channel(small *s) {
    s->k->channel_range = outside, s->k->range_axis = 1, s->k->dtype = lf_int(10), s->k->range = (lf_range){-400, 4, 1};
}
static void const_produced(small *s) {
    s->k->producer = s->na->id;
}
static void tensor_id(small *s) {
    s->x->id = 3;
}
static void tensor_name(small *s) {
    s->x->name = "a";
}
static void tensor_no_name(small *s) {
    s->x->name = "";
}
static void producer(small *s) {
    s->a->producer = s->nb->id;
}
static void producer_unknown(small *s) {
    s->a->producer = 77;
}
static void node_id(small *s) {
    s->na->id = 2;
}
static void node_name(small *s) {
    s->na->name = "b";
}
static void few_operands(small *s) {
    s->nb->in_count = 1;
}
static void missing_operand(small *s) {
    s->nb->in[1] = 0;
}
static void unknown_operand(small *s) {
    s->nb->in[1] = 77;
}
static void no_result(small *s) {
    s->nb->out_count = 0;
}
static void unknown_result(small *s) {
    s->nb->out[0] = 77;
}
static void result_of_another(small *s) {
    s->na->out[0] = s->b->id, s->a->producer = 0;
}
static void no_attributes(small *s) {
    s->na->attr = NULL;
}
static void order_wrong(small *s) {
    s->g->order.at[0] = s->nb->id, s->g->order.at[1] = s->na->id;
}
static void order_twice(small *s) {
    s->g->order.at[1] = s->na->id;
}
static void order_short(small *s) {
    s->g->order.count = 1, s->g->outputs.at[0].tensor = s->a->id;
}
static void order_stale(small *s) {
    lf_replace_uses(s->g, s->a->id, s->x->id), lf_node_remove(s->g, s->na->id);
}
static void operand_of_nobody(small *s) {
    s->nb->in[1] = lf_tensor_new(s->g, "orphan", s->x->shape, LF_FLOAT32)->id;
}
static void output_of_nobody(small *s) {
    s->g->outputs.at[0].tensor = lf_tensor_new(s->g, "orphan", s->x->shape, LF_FLOAT32)->id;
}
static void output_unknown(small *s) {
    s->g->outputs.at[0].tensor = 0;
}
static void output_twice(small *s) {
    small_output(s->g, "y", s->a->id);
}
static void input_unknown(small *s) {
    s->g->inputs.at[0].tensor = 99;
}
static void input_produced(small *s) {
    s->g->inputs.at[0].tensor = s->a->id;
}
static void input_constant(small *s) {
    s->g->inputs.at[0].tensor = s->k->id;
}
static void input_same(small *s) {
    LF_PUSH(s->g->arena, &s->g->inputs, (lf_port){"x2", s->x->id, NULL});
}
static void input_grid(small *s) {
    s->g->inputs.at[0].grid = &bad_declared;
}

static const struct {
    void (*hurt)(small *s);
    const char *said;
} violations[] = {
    {rank, "tensor \"x\": rank 9"},
    {dimension, "dimension 1 of [1,0] is not positive"},
    {too_large, "is too large"},
    {scale_axis, "scales along axis 2 of shape [1,3]"},
    {scale_count, "2 scales along axis 1 of shape [1,3]"},
    {scale_zero, "scale 0 is not a finite number"},
    {scale_nan, "scale nan is not a finite number"},
    {divisor, "divisor 255 goes with the one scale 1/255"},
    {divisor_per_axis, "divisor 1 goes with the one scale"},
    {negative_count, "a negative number of scales"},
    {float_with_scale, "FLOAT32 cannot have a scale"},
    {code_without_scale, "INT8 needs a scale"},
    {range_order, "{4,2,1} is not a range"},
    {range_step, "{0,3,2} is not a range"},
    {range_no_step, "{-128,127,0} is not a range"},
    {range_wide, "range {-129,127,1} does not fit INT8"},
    {range_bipolar, "range {-1,1,1} does not fit BIPOLAR"},
    {channel_outside, "range {-400,4,2} of channel 1 is not inside {-128,127,1}"},
    {channel_axis, "ranges along axis 2 of shape [1,3]"},
    {channel_off_grid, "ranges of codes, but it is not on a grid"},
    {const_count, "tensor \"k\": 2 elements for shape [1,3]"},
    {const_type, "a constant without a datatype"},
    {const_integers, "integer elements for FLOAT32"},
    {const_off_grid, "element 1, 2.4, is not on the grid of scale 1"},
    {const_range, "code 3 of element 2 is not in the range {1,2,1}"},
    {const_channel, "code 1 of element 0 is not in the range {-4,4,2}"},
    {const_produced, "a constant that a node produces"},
    {tensor_id, "has id 3 at place 1"},
    {tensor_name, "tensor \"a\": its name is not unique"},
    {tensor_no_name, "its name is not unique"},
    {producer, "its producer, node 2, does not give it"},
    {producer_unknown, "its producer, node 77, does not give it"},
    {node_id, "a: every: has id 2 at place 1"},
    {node_name, "the node name \"b\" is not unique"},
    {few_operands, "b: add: 1 operands, but it takes 2 to 3"},
    {missing_operand, "operand 1, tensor 0, does not exist"},
    {unknown_operand, "operand 1, tensor 77, does not exist"},
    {no_result, "does not give it"},
    {unknown_result, "does not give it"},
    {result_of_another, "result 0, \"b\", has node 2 as its producer"},
    {no_attributes, "every: has no attributes"},
    {order_wrong, "stands before \"a\", which gives its operand \"a\""},
    {order_twice, "stands twice in the order"},
    {order_short, "2 nodes, but 1 in the order"},
    {order_stale, "the order holds node 1, which was removed"},
    {operand_of_nobody, "nothing gives its operand \"orphan\""},
    {output_of_nobody, "nothing gives \"orphan\", the output \"y\""},
    {output_unknown, "output \"y\" names tensor 0"},
    {output_twice, "two outputs are called \"y\""},
    {input_unknown, "input \"x\" names tensor 99"},
    {input_produced, "input \"x\" is made by a node"},
    {input_constant, "input \"x\" is a constant"},
    {input_same, "two inputs are the tensor \"x\""},
    {input_grid, "the declared grid of input \"x\" is none"},
};

static void test_sound(void **state) {
    lf_ctx *ctx = *state;
    small s = build(ctx);
    assert_int_equal(lf_verify_graph(s.g), LF_OK);
    set_scale(s.x, three_scales, 3, 1, 0);
    assert_int_equal(lf_verify_graph(s.g), LF_OK);
    s.k->value = &float_const;
    s.nb->in[1] = s.a->id;
    assert_int_equal(lf_verify_graph(s.g), LF_OK);
    assert_int_equal(lf_diag_count(ctx), 0);
    lf_graph_free(s.g);
}

static void test_violations(void **state) {
    (void)state;
    int missed = 0;
    for (size_t i = 0; i < LF_COUNT(violations); i++) {
        lf_ctx *ctx = lf_ctx_new(1);
        small s = build(ctx);
        s.g->source = "net.onnx";
        violations[i].hurt(&s);
        assert_int_equal(lf_verify_graph(s.g), LF_BAD_INPUT);
        bool said = was_said(ctx, violations[i].said) && was_said(ctx, "net.onnx");
        if (!said)
            print_message("wanted: %s\n   got: %s\n", violations[i].said,
                          lf_diag_text(lf_ctx_arena(ctx), lf_diag_at(ctx, 0)));
        missed += !said;
        assert_int_equal(lf_diag_count(ctx), 1);
        lf_graph_free(s.g);
        lf_ctx_free(ctx);
    }
    assert_int_equal(missed, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_CONTEXT(test_sound), cmocka_unit_test(test_violations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
