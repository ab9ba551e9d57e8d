/* Building, sorting, pruning and changing graphs; constants and grids; time linear in the size. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/rng.h"
#include "ir/lftext.h"
#include "small_ops.h"

typedef struct fixture {
    lf_ctx *ctx;
    lf_graph *g;
} fixture;

static int set_up(void **state) {
    static fixture f;
    f.ctx = lf_ctx_new(1);
    f.g = lf_graph_new(f.ctx, "g");
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    lf_graph_free(f->g);
    lf_ctx_free(f->ctx);
    return 0;
}

static lf_graph *graph_of(void **state) {
    return ((fixture *)*state)->g;
}

static lf_tensor *follow(lf_graph *g, const char *name, lf_tensor *x) {
    return small_node(g, &op_pass, name, &x->id, 1);
}

static void order_is(const lf_graph *g, const char *names) {
    char text[256] = "";
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        strcat(text, n ? n->name : "-");
        strcat(text, " ");
    }
    assert_string_equal(text, names);
}

static void test_names(void **state) {
    lf_graph *g = graph_of(state);
    lf_shape s = shape_of(1, 2, 0, 0);
    lf_tensor *a = lf_tensor_new(g, "a", s, LF_FLOAT32), *b = lf_tensor_new(g, "a", s, LF_FLOAT32);
    lf_tensor *c = lf_tensor_new(g, "a_1", s, LF_FLOAT32), *d = lf_tensor_new(g, "a", s, LF_FLOAT32);
    assert_string_equal(b->name, "a_1");
    assert_string_equal(c->name, "a_1_1");
    assert_string_equal(d->name, "a_2");
    assert_string_equal(lf_tensor_new(g, NULL, s, LF_FLOAT32)->name, "t");
    assert_string_equal(lf_tensor_new(g, "", s, LF_FLOAT32)->name, "t_1");
    assert_ptr_equal(lf_find_tensor(g, "a"), a);
    assert_ptr_equal(lf_find_tensor(g, "a_2"), d);
    assert_null(lf_find_tensor(g, "b"));
    lf_tensor_rename(g, a, "b");
    assert_ptr_equal(lf_find_tensor(g, "b"), a);
    assert_null(lf_find_tensor(g, "a"));
    lf_tensor_rename(g, a, "b"); /* its own name is not taken */
    assert_string_equal(a->name, "b");
    assert_string_equal(lf_tensor_new(g, "a", s, LF_FLOAT32)->name, "a");
    lf_node *n = lf_node_new(g, &op_pass, "", &a->id, 1, &b->id, 1, NULL);
    assert_string_equal(n->name, "pass");
    assert_int_equal(b->producer, n->id);
    lf_node_remove(g, n->id);
    assert_null(lf_find_node(g, "pass"));
    assert_int_equal(b->producer, 0);
    assert_string_equal(lf_node_new(g, &op_pass, "pass", &a->id, 1, &b->id, 1, NULL)->name, "pass");
    lf_node_rename(g, lf_find_node(g, "pass"), "late");
    assert_non_null(lf_find_node(g, "late"));
}

static void test_uses(void **state) {
    lf_graph *g = graph_of(state);
    lf_tensor *x = small_input(g, "x", shape_of(1, 2, 0, 0), LF_FLOAT32);
    lf_tensor *a = follow(g, "a", x), *b = follow(g, "b", a),
              *c = small_node(g, &op_add, "c", (lf_id[]){b->id, b->id}, 2);
    small_output(g, "y", c->id);
    small_output(g, "z", c->id);
    assert_int_equal(lf_use_count(g, a->id), 1);
    assert_int_equal(lf_use_count(g, b->id), 2);
    assert_int_equal(lf_use_count(g, c->id), 2);
    assert_string_equal(lf_only_consumer(g, a->id)->name, "b");
    assert_null(lf_only_consumer(g, b->id));
    assert_null(lf_only_consumer(g, c->id));
    uint32_t *count = lf_use_counts(g, g->arena);
    lf_id *only = lf_only_consumers(g, g->arena);
    for (lf_id id = 1; id <= g->tensors.count; id++) {
        const lf_node *n = lf_only_consumer(g, id);
        assert_int_equal(count[id], lf_use_count(g, id));
        assert_int_equal(only[id], n ? n->id : 0);
    }
    lf_replace_uses(g, c->id, a->id);
    assert_int_equal(g->outputs.at[0].tensor, a->id);
    assert_int_equal(g->outputs.at[1].tensor, a->id);
    assert_int_equal(lf_use_count(g, a->id), 3);
    lf_id now[8] = {0};
    now[a->id] = x->id;
    now[b->id] = a->id;
    lf_replace_uses_all(g, now);
    assert_int_equal(lf_use_count(g, x->id), 6);
    assert_int_equal(lf_use_count(g, a->id), 0);
    assert_int_equal(lf_use_count(g, b->id), 0);
}

static void test_sort(void **state) {
    lf_graph *g = graph_of(state);
    lf_tensor *x = small_input(g, "x", shape_of(1, 2, 0, 0), LF_FLOAT32);
    lf_tensor *a = follow(g, "a", x), *b = follow(g, "b", x), *c = follow(g, "c", a), *d = follow(g, "d", b);
    small_output(g, "y", c->id);
    small_output(g, "z", d->id);
    assert_int_equal(lf_graph_sort(g), LF_OK);
    order_is(g, "a b c d ");
    /* b is replaced by two nodes at the end: they come to stand where their consumer needs them. */
    lf_tensor *b1 = follow(g, "b1", x), *b2 = follow(g, "b2", b1);
    lf_replace_uses(g, b->id, b2->id);
    lf_node_remove(g, b->producer);
    order_is(g, "a - c d b1 b2 ");
    assert_int_equal(lf_graph_sort(g), LF_OK);
    order_is(g, "a c b1 b2 d ");
    assert_int_equal(lf_graph_sort(g), LF_OK);
    order_is(g, "a c b1 b2 d ");
    assert_int_equal(lf_verify_graph(g), LF_OK);
}

static void test_cycle(void **state) {
    lf_graph *g = graph_of(state);
    lf_tensor *x = small_input(g, "x", shape_of(1, 2, 0, 0), LF_FLOAT32);
    lf_tensor *a = follow(g, "a", x), *b = follow(g, "b", a), *c = follow(g, "c", b), *d = follow(g, "d", c);
    small_output(g, "y", d->id);
    lf_node_at(g, a->producer)->in[0] = c->id;
    assert_int_equal(lf_graph_sort(g), LF_BAD_INPUT);
    assert_true(was_said(g->ctx, "a cycle of 3 nodes: \"a\" -> \"b\" -> \"c\" -> \"a\""));
    order_is(g, "a b c d ");
    lf_node_at(g, a->producer)->in[0] = a->id;
    assert_int_equal(lf_graph_sort(g), LF_BAD_INPUT);
    assert_true(was_said(g->ctx, "a cycle of 1 node: \"a\" -> \"a\""));
    lf_node_at(g, a->producer)->in[0] = d->id;
    for (int i = 0; i < 12; i++)
        d = follow(g, lf_format(g->arena, "e%d", i), d);
    lf_node_at(g, a->producer)->in[0] = d->id;
    assert_int_equal(lf_infer(g), LF_BAD_INPUT);
    assert_true(was_said(g->ctx, "a cycle of 16 nodes"));
    assert_true(was_said(g->ctx, "-> ... ->"));
}

static void test_prune(void **state) {
    lf_graph *g = graph_of(state);
    lf_tensor *x = small_input(g, "x", shape_of(1, 2, 0, 0), LF_FLOAT32);
    lf_tensor *unused = small_input(g, "unused", shape_of(1, 2, 0, 0), LF_FLOAT32);
    lf_tensor *k = lf_const_codes(g, "k", shape_of(1, 2, 0, 0), (int64_t[]){1, 2});
    lf_tensor *a = follow(g, "a", x), *dead = small_node(g, &op_add, "dead", (lf_id[]){a->id, k->id}, 2);
    lf_tensor *y = small_node(g, &op_add, "y", (lf_id[]){a->id, x->id, 0}, 3);
    follow(g, "dead2", dead);
    small_output(g, "y", y->id);
    lf_graph_prune(g);
    order_is(g, "a y ");
    assert_null(lf_find_tensor(g, "k"));
    assert_null(lf_find_tensor(g, "dead"));
    assert_ptr_equal(lf_find_tensor(g, "unused"), unused); /* an input stays part of the interface */
    assert_int_equal(lf_verify_graph(g), LF_OK);
}

static void test_const_codes(void **state) {
    lf_graph *g = graph_of(state);
    static const struct {
        int64_t code[4];
        lf_range range;
        const char *dtype;
        lf_elem elem;
    } cases[] = {
        {{-1, 1, 1, -1}, {-1, 1, 2}, "BIPOLAR", LF_ELEM_I8},
        {{-1, 0, 1, 1}, {-1, 1, 1}, "INT2", LF_ELEM_I8},
        {{0, 0, 0, 0}, {0, 0, 1}, "UINT1", LF_ELEM_I8},
        {{5, 5, 5, 5}, {5, 5, 1}, "UINT3", LF_ELEM_I8},
        {{-6, 0, 3, 9}, {-6, 9, 3}, "INT5", LF_ELEM_I8},
        {{0, 255, 0, 0}, {0, 255, 255}, "UINT8", LF_ELEM_U8},
        {{-129, 0, 1, 2}, {-129, 2, 1}, "INT9", LF_ELEM_I16},
        {{0, 1, 2, 65535}, {0, 65535, 1}, "UINT16", LF_ELEM_U16},
        {{0, 1, 2, 65536}, {0, 65536, 1}, "UINT17", LF_ELEM_I32},
        {{INT64_MIN, 0, 1, INT64_MAX}, {INT64_MIN, INT64_MAX, 1}, "INT64", LF_ELEM_I64},
    };
    for (size_t i = 0; i < LF_COUNT(cases); i++) {
        lf_tensor *t = lf_const_codes(g, "k", shape_of(2, 2, 2, 0), cases[i].code);
        assert_string_equal(lf_dtype_name(g->arena, t->dtype), cases[i].dtype);
        assert_int_equal(t->value->elem, cases[i].elem);
        assert_memory_equal(&t->range, &cases[i].range, sizeof t->range);
        assert_true(lf_is_codes(t));
        for (size_t k = 0; k < 4; k++) {
            assert_true(lf_tensor_code(t, k) == cases[i].code[k] && lf_const_int(t->value, k) == cases[i].code[k]);
            assert_true(lf_tensor_real(t, k) == (double)cases[i].code[k]);
        }
    }
    assert_int_equal(lf_verify_graph(g), LF_OK);
}

/* As from codes of 64 bits; ranges of parts of constants. */
static void test_const_bytes(void **state) {
    lf_graph *g = graph_of(state);
    static const uint8_t bytes[][4] = {{0, 0, 0, 0}, {3, 9, 6, 3}, {127, 0, 1, 2}, {200, 100, 0, 50}};
    for (size_t i = 0; i < LF_COUNT(bytes); i++) {
        int64_t code[4];
        for (size_t k = 0; k < 4; k++)
            code[k] = bytes[i][k];
        lf_tensor *t = lf_const_bytes(g, "b", shape_of(2, 2, 2, 0), bytes[i]);
        lf_tensor *same = lf_const_codes(g, "c", shape_of(2, 2, 2, 0), code);
        assert_memory_equal(&t->range, &same->range, sizeof t->range);
        assert_int_equal(t->value->elem, same->value->elem);
        for (size_t k = 0; k < 4; k++)
            assert_int_equal(lf_tensor_code(t, k), code[k]);
        for (size_t first = 0; first < 4; first++) {
            lf_range part = lf_tensor_codes_range(t, first, 4 - first), want = lf_range_of(code + first, 4 - first);
            assert_memory_equal(&part, &want, sizeof part);
        }
    }
    int64_t signed_code[4] = {-3, -1, 100, 9};
    lf_range all = lf_tensor_codes_range(lf_const_codes(g, "s", shape_of(1, 4, 0, 0), signed_code), 0, 4);
    assert_true(all.lo == -3 && all.hi == 100);
    assert_int_equal(lf_verify_graph(g), LF_OK);
}

static void test_const_reals(void **state) {
    lf_graph *g = graph_of(state);
    lf_tensor *f =
        lf_const_reals(g, "f", shape_of(1, 4, 0, 0), (double[]){0.5, (double)INFINITY, (double)NAN, (double)0.1f});
    lf_tensor *d = lf_const_reals(g, "d", shape_of(1, 2, 0, 0), (double[]){0.1, 1});
    assert_int_equal(f->value->elem, LF_ELEM_F32);
    assert_int_equal(d->value->elem, LF_ELEM_F64);
    assert_true(lf_dtype_equal(d->dtype, LF_FLOAT64) && lf_dtype_equal(f->dtype, LF_FLOAT32));
    assert_true(lf_tensor_real(f, 3) == (double)0.1f && lf_tensor_real(d, 0) == 0.1);
    assert_int_equal(lf_const_reals(g, "big", shape_of(0, 0, 0, 0), (double[]){1e300})->value->elem, LF_ELEM_F64);
    assert_true(lf_const_int(f->value, 1) == INT64_MAX && lf_const_int(f->value, 2) == 0);
}

/* Float weights: code * scale, rounded to float as a training framework stores them, give back every code. */
static void test_float_codes(void **state) {
    lf_graph *g = graph_of(state);
    lf_rng r = lf_rng_make(1, 2);
    lf_tensor *t = lf_tensor_new(g, "w", shape_of(1, 1, 0, 0), lf_int(20));
    double scale = 1;
    float v = 0;
    lf_const c = {LF_ELEM_F32, 1, &v};
    t->value = &c;
    t->grid = (lf_grid){&scale, 1, 0, 0};
    for (int i = 0; i < 100000; i++) {
        int64_t code = lf_rng_between(&r, -(1 << 17), 1 << 17), got = 0;
        scale = (double)(float)((lf_rng_double(&r) + 0.01) * 0.3);
        v = (float)code * (float)scale;
        assert_true(lf_tensor_code_exact(t, 0, &got) && got == code);
        assert_true(lf_tensor_code(t, 0) == code);
        assert_true(lf_tensor_real(t, 0) == (double)code * scale);
    }
    scale = 0.5;
    int64_t got = 7;
    const float wrong[] = {0.25f, 0.4999f, 0.0001f, 1e-30f, 1e30f, (float)INFINITY, (float)NAN, 100.4f};
    for (size_t i = 0; i < LF_COUNT(wrong); i++) {
        v = wrong[i];
        assert_false(lf_tensor_code_exact(t, 0, &got));
    }
    v = -0.0f;
    assert_true(lf_tensor_code_exact(t, 0, &got) && got == 0);
    scale = -0.25;
    v = 1.5f;
    assert_true(lf_tensor_code_exact(t, 0, &got) && got == -6);
    t->grid.divisor = 3;
    scale = 1.0 / 3;
    v = 5.0f / 3;
    assert_true(lf_tensor_code_exact(t, 0, &got) && got == 5);
    assert_true(lf_tensor_real(t, 0) == 5.0 / 3);
    t->value = NULL;
}

static void test_shapes(void **state) {
    lf_graph *g = graph_of(state);
    lf_shape s = shape_of(3, 2, 3, 4);
    assert_int_equal(lf_shape_count(s), 24);
    assert_int_equal(lf_shape_count(shape_of(0, 0, 0, 0)), 1);
    assert_true(lf_shape_count(shape_of(3, (int64_t)1 << 40, 1 << 20, 16)) == INT64_MAX);
    assert_int_equal(lf_shape_count(shape_of(2, INT64_MAX, 0, 0)), 0);
    assert_string_equal(lf_shape_text(g->arena, s), "[2,3,4]");
    assert_string_equal(lf_shape_text(g->arena, shape_of(0, 0, 0, 0)), "[]");
    assert_true(lf_shape_equal(s, shape_of(3, 2, 3, 4)) && !lf_shape_equal(s, shape_of(3, 2, 3, 5)));
    assert_false(lf_shape_equal(s, shape_of(2, 2, 3, 0)));
    size_t i = 0;
    for (size_t a = 0; a < 2; a++)
        for (size_t b = 0; b < 3; b++)
            for (size_t c = 0; c < 4; c++, i++) {
                assert_int_equal(lf_channel_of(s, 0, i), a);
                assert_int_equal(lf_channel_of(s, 1, i), b);
                assert_int_equal(lf_channel_of(s, 2, i), c);
            }
    lf_tensor *t = lf_tensor_new(g, "t", s, lf_int(4));
    assert_false(lf_is_codes(t));
    assert_true(lf_grid_scale(t, 5) == 1.0);
    t->grid = (lf_grid){(double[]){1, 2, 4}, 3, 1, 0};
    assert_true(lf_grid_scale(t, 0) == 1 && lf_grid_scale(t, 4) == 2 && lf_grid_scale(t, 23) == 4);
}

static void test_infer(void **state) {
    lf_graph *g = graph_of(state);
    lf_tensor *x = small_input(g, "x", shape_of(1, 2, 0, 0), lf_int(5));
    lf_tensor *r = follow(g, "refuse me", x), *s = follow(g, "after", r), *b = follow(g, "refuse too", x);
    lf_tensor *m = small_node(g, &op_mute, "mute", &x->id, 1),
              *a = small_node(g, &op_add, "late", (lf_id[]){x->id, x->id, 0}, 3);
    a->shape = shape_of(0, 0, 0, 0);
    a->dtype = (lf_dtype){0};
    small_output(g, "y", s->id);
    small_output(g, "z", b->id);
    small_output(g, "w", m->id);
    small_output(g, "v", a->id);
    assert_int_equal(lf_infer(g), LF_BAD_INPUT);
    assert_int_equal(lf_diag_errors(g->ctx), 3); /* "after" is passed over */
    assert_true(was_said(g->ctx, "refuse me: refused") && was_said(g->ctx, "refuse too: refused"));
    assert_true(was_said(g->ctx, "mute does not say"));
    assert_true(lf_dtype_equal(a->dtype, lf_int(5)) && lf_shape_equal(a->shape, x->shape)); /* went on to the end */
    lf_node *n = lf_find_node(g, "late");
    n->in_count = 1;
    assert_int_equal(lf_infer_node(g, n), LF_BAD_INPUT);
    assert_true(was_said(g->ctx, "late: add takes 2 to 3 operands, not 1"));
    n->in_count = 2;
    n->in[1] = 0;
    assert_int_equal(lf_infer_node(g, n), LF_BAD_INPUT);
    assert_true(was_said(g->ctx, "add: operand 1 is missing"));
}

/* -- 100,000 nodes ----------------------------------------------------------------------------------------------------- */

static double seconds_since(struct timespec start) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)(now.tv_sec - start.tv_sec) + 1e-9 * (double)(now.tv_nsec - start.tv_nsec);
}

static double timed(void (*step)(lf_graph *g), lf_graph *g) {
    struct timespec start;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    step(g);
    return seconds_since(start);
}

/* Chains, joins over long distances, and every name asked for twice. */
static void build_large(lf_graph *g) {
    enum { NODES = 100000 };
    lf_rng r = lf_rng_make(1, 1);
    lf_tensor *x = small_input(g, "x", shape_of(1, 4, 0, 0), lf_int(4)), *last = x;
    for (int i = 0; i < NODES; i++) {
        lf_id any = 1 + lf_rng_below(&r, (uint32_t)g->tensors.count);
        last = small_node(g, i % 3 ? &op_pass : &op_add, "layer", (lf_id[]){last->id, any}, i % 3 ? 1 : 2);
    }
    small_output(g, "y", last->id);
}

static void sort_backwards(lf_graph *g) {
    for (size_t i = 0; i < g->order.count / 2; i++) {
        lf_id swap = g->order.at[i];
        g->order.at[i] = g->order.at[g->order.count - 1 - i];
        g->order.at[g->order.count - 1 - i] = swap;
    }
    assert_int_equal(lf_graph_sort(g), LF_OK);
}

static void infer_all(lf_graph *g) {
    assert_int_equal(lf_infer(g), LF_OK);
}

static void verify_all(lf_graph *g) {
    assert_int_equal(lf_verify_graph(g), LF_OK);
}

static void remove_every_pass(lf_graph *g) {
    lf_id *now = LF_NEW_ARRAY(g->arena, lf_id, g->tensors.count + 1);
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (n->op != &op_pass)
            continue;
        now[n->out[0]] = n->in[0];
        lf_node_remove(g, n->id);
    }
    lf_replace_uses_all(g, now);
    lf_graph_prune(g);
}

static void through_text(lf_graph *g) {
    lf_text text = {0}, weights = {0};
    assert_int_equal(lf_graph_print(g, false, &text, &weights), LF_OK);
    lf_graph *h = lf_graph_parse(g->ctx, "f", text.at, text.len, NULL, 0, find_small_op);
    assert_non_null(h);
    assert_int_equal(h->order.count, g->order.count);
    lf_graph_free(h);
    lf_text_free(&text);
}

static void test_large(void **state) {
    lf_graph *g = graph_of(state);
    static const struct {
        const char *name;
        void (*step)(lf_graph *g);
    } steps[] = {{"build", build_large},        {"sort", sort_backwards},  {"infer", infer_all},
                 {"verify", verify_all},        {"prune", lf_graph_prune}, {"print and parse", through_text},
                 {"remove", remove_every_pass}, {"verify", verify_all}};
    for (size_t i = 0; i < LF_COUNT(steps); i++) {
        double t = timed(steps[i].step, g);
        print_message("100000 nodes: %s %.3f s\n", steps[i].name, t);
        assert_true(t < 5.0); /* quadratic would be minutes; with sanitizers it is a second */
    }
    assert_int_equal(g->order.count, 33334);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_names),       TEST(test_uses),        TEST(test_sort),        TEST(test_cycle),
        TEST(test_prune),       TEST(test_const_codes), TEST(test_const_bytes), TEST(test_const_reals),
        TEST(test_float_codes), TEST(test_shapes),      TEST(test_infer),       TEST(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
