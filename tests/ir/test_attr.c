/* Attributes: defaults, copies, text in and out, refusals. */
#include "../context.h"

#include "ir/attr.h"
#include "small_ops.h"

static void test_defaults(void **state) {
    (void)state;
    lf_arena *a = lf_arena_new();
    every_attr v;
    memset(&v, 0xff, sizeof v);
    lf_attr_defaults(&op_every, &v, a);
    assert_true(v.pe == 1 && !v.fast && v.slope == 0.5 && !v.note && v.mode == 0 && v.type.kind == LF_KIND_NONE);
    assert_true(v.pads.count == 2 && v.pads.at[0] == 0 && v.pads.at[1] == 0);
    for (const lf_attr_desc *d = every_table; d->name; d++)
        assert_true(lf_attr_is_default(&op_every, &v, d, a));
    needy_attr n = {3};
    lf_attr_defaults(&op_needy, &n, a);
    assert_int_equal(n.axis, 0);
    assert_false(lf_attr_is_default(&op_needy, &n, needy_table, a)); /* a required attribute has no default */
    assert_ptr_equal(lf_attr_find(&op_every, "slope"), &every_table[2]);
    assert_null(lf_attr_find(&op_every, "slop"));
    assert_null(lf_attr_find(&op_pass, "slope"));
    lf_arena_free(a);
}

/* set, then print: the printed form, which read again prints the same. */
static void test_round_trip(void **state) {
    static const struct {
        const char *name, *text, *printed;
    } cases[] = {
        {"pe", "1024", "1024"},
        {"fast", "true", "true"},
        {"fast", "1", "true"},
        {"slope", "-1e-3", "-0.001"},
        {"slope", "-0", "-0"},
        {"slope", "inf", "inf"},
        {"note", "plain", "\"plain\""},
        {"note", "\"a\\\"\\\\\\n\\t\\r\\x07z\"", "\"a\\\"\\\\\\n\\t\\r\\x07z\""},
        {"note", "\"\"", "\"\""},
        {"mode", "block", "block"},
        {"type", "ap_fixed<8,3,RND,SAT>", "FIXED<8,3,RND,SAT>"},
        {"type", "", "?"},
        {"type", "?", "?"},
        {"pads", "[1, -2,3 ]", "[1, -2, 3]"},
        {"pads", "[]", "[]"},
        {"pads", "", "[]"},
        {"pads", "4,5", "[4, 5]"},
        {"pads", " [ 9223372036854775807 ] ", "[9223372036854775807]"},
    };
    lf_ctx *ctx = *state;
    lf_arena *a = lf_ctx_arena(ctx);
    for (size_t i = 0; i < LF_COUNT(cases); i++) {
        every_attr v = {0}, w = {0};
        lf_text first = {0}, second = {0};
        const lf_attr_desc *d = lf_attr_find(&op_every, cases[i].name);
        assert_int_equal(lf_attr_set_text(ctx, a, &op_every, &v, cases[i].name, cases[i].text, NULL), LF_OK);
        lf_attr_print(&first, &v, d);
        assert_string_equal(first.at, cases[i].printed);
        assert_int_equal(lf_attr_set_text(ctx, a, &op_every, &w, cases[i].name, first.at, NULL), LF_OK);
        lf_attr_print(&second, &w, d);
        assert_string_equal(second.at, first.at);
        lf_text_free(&first);
        lf_text_free(&second);
    }
}

static void test_refusals(void **state) {
    (void)state;
    static const struct {
        const char *name, *text, *said;
    } cases[] = {
        {"pe", "x", "every: pe=x is not an integer"},
        {"pe", "1.5", "pe=1.5 is not an integer"},
        {"pe", "", "is not an integer"},
        {"pe", "99999999999999999999", "is not an integer"},
        {"pe", "0", "pe=0 is outside 1 to 1024"},
        {"pe", "1025", "pe=1025 is outside 1 to 1024"},
        {"fast", "yes", "fast=yes is not true or false"},
        {"slope", "1,5", "slope=1,5 is not a number"},
        {"note", "\"open", "is not a well-formed string"},
        {"note", "\"a\" b", "is not a well-formed string"},
        {"note", "\"\\q\"", "is not a well-formed string"},
        {"note", "\"\\x00\"", "is not a well-formed string"},
        {"mode", "blok", "mode=blok is none of: auto block distributed"},
        {"mode", "blok", "did you mean block?"},
        {"type", "INT99", "type=INT99 is not a datatype"},
        {"pads", "[1", "is not a list of integers"},
        {"pads", "1]", "is not a list of integers"},
        {"pads", "[1,]", "is not a list of integers"},
        {"pads", "[1,,2]", "is not a list of integers"},
        {"pads", "[1 2]", "is not a list of integers"},
        {"pads", "[1]x", "is not a list of integers"},
        {"pads", "[1.5]", "is not a list of integers"},
        {"pads", "[99999999999999999999999999]", "is not a list of integers"},
        {"slop", "1", "every has no attribute \"slop\""},
        {"slop", "1", "did you mean slope?"},
    };
    for (size_t i = 0; i < LF_COUNT(cases); i++) {
        lf_ctx *ctx = lf_ctx_new(1);
        lf_where where = {"f.lf", NULL, 3, 4};
        every_attr v = {0};
        assert_int_equal(lf_attr_set_text(ctx, lf_ctx_arena(ctx), &op_every, &v, cases[i].name, cases[i].text, &where),
                         LF_BAD_INPUT);
        if (!was_said(ctx, cases[i].said))
            print_message("%s: %s\n", cases[i].said, lf_diag_text(lf_ctx_arena(ctx), lf_diag_at(ctx, 0)));
        assert_true(was_said(ctx, cases[i].said));
        assert_true(was_said(ctx, "f.lf:3:4"));
        lf_ctx_free(ctx);
    }
}

/* A node owns its attributes: what the caller passed may change afterwards. */
static void test_nodes_own_attributes(void **state) {
    lf_ctx *ctx = *state;
    lf_graph *g = lf_graph_new(ctx, "g");
    lf_tensor *x = small_input(g, "x", shape_of(1, 2, 0, 0), LF_FLOAT32),
              *y = lf_tensor_new(g, "y", x->shape, LF_FLOAT32);
    char note[] = "note";
    int64_t pads[] = {1, 2};
    every_attr attr = {.pe = 2, .note = note, .pads = {pads, 2}};
    const every_attr *copy = lf_node_new(g, &op_every, "n", &x->id, 1, &y->id, 1, &attr)->attr;
    note[0] = 'N';
    pads[0] = 9;
    attr.pe = 7;
    assert_string_equal(copy->note, "note");
    assert_int_equal(copy->pads.at[0], 1);
    assert_int_equal(copy->pe, 2);
    assert_null(lf_node_new(g, &op_pass, "p", &x->id, 1, &y->id, 1, NULL)->attr);
    lf_graph_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        WITH_CONTEXT(test_round_trip),
        cmocka_unit_test(test_refusals),
        WITH_CONTEXT(test_nodes_own_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
