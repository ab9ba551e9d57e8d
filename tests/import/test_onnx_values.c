/* Constants, casts, annotations, names and inputs of ONNX models. */
#include "onnx_make.h"

static void constants(void **state) {
    (void)state;
    make m = make_with_input(13, "N 3");
    LfOnnx__NodeProto *c = make_node(&m, "Constant", "c", "", "k");
    LfOnnx__AttributeProto *a = make_attr(&m, c, "value", 4);
    a->t = make_tensor(&m, "", "3", 1);
    static const float v[3] = {0.5f, 1.5f, -2};
    make_raw(&m, a->t, v, sizeof v);
    make_node(&m, "Identity", "i", "k", "k2");
    make_node(&m, "Mul", "n", "x k2", "y");
    make_done(&m, "const %k : INT3[3] scale 0.5 as f32 = [0.5, 1.5, -2]");

    m = make_with_input(13, "N 3");
    make_float(&m, make_node(&m, "Constant", "c", "", "k"), "value_float", 0.1f);
    make_node(&m, "Mul", "n", "x k", "y");
    make_done(&m, "const %k : FLOAT32[] = [0.10000000149011612]");

    m = make_with_input(13, "N 3");
    make_floats(&m, "k", "3", "1 nan 2");
    make_node(&m, "Mul", "n", "x k", "y");
    make_refused(&m, "constant k: element 1 is NaN");
}

/* Integers that were cast are divided as numbers, not as integers. */
static void casts(void **state) {
    (void)state;
    make m = make_with_input(13, "N 3");
    make_ints(&m, "three", "1", "3");
    make_ints(&m, "two", "1", "2");
    make_int(&m, make_node(&m, "Cast", "c3", "three", "f3"), "to", 1);
    make_int(&m, make_node(&m, "Cast", "c2", "two", "f2"), "to", 1);
    make_node(&m, "Div", "d", "f3 f2", "q");
    make_node(&m, "Mul", "n", "x q", "y");
    make_expect(&m, "= div(%three, %two) \"d\"");
    m.nodes.at[0]->attribute[0]->i = m.nodes.at[1]->attribute[0]->i = 7;
    make_expect(&m, "const %q : UINT1[1] range {1,1,1} = [1]"); /* 3 / 2 in integers */
    m.nodes.at[2] = make_node(&m, "Div", "d", "x f2", "q");
    m.nodes.count--;
    make_refused(&m, "division of integers");
}

static void annotations_are_held_to(void **state) {
    (void)state;
    make m = make_with_input(13, "N 3");
    make_floats(&m, "w", "3 1", "1 1 1");
    make_annotation(&m, "w", "BIPOLAR");
    make_annotation(&m, "x", "INT4");
    make_annotation(&m, "y", "INT2"); /* too narrow, but only a hint */
    make_node(&m, "MatMul", "n", "x w", "y");
    const char *text = make_import(&m);
    make_expect_text(text, "%w : BIPOLAR[3,1] range {1,1,1}");
    make_expect_text(text, "%x : INT4[1,3]");
    make_expect_text(text, "%y : INT6[1,1] range {-24,21,1}");
    make_end(&m);
    static const struct {
        const char *values, *type, *why;
    } bad[] = {{"1 -1 0", "BIPOLAR", "constant w is annotated BIPOLAR, but its element 2 is 0"},
               {"1 2 8", "INT4", "annotated INT4, but its element 2 is 8"},
               {"0.5 1 1", "INT4", "element 0 is 0.5"},
               {"1 1 -1", "UINT1", "element 2 is -1"},
               {"1 1e30 -1", "INT32", "element 1 is 1.00000002e+30"}};
    for (size_t i = 0; i < LF_COUNT(bad); i++) {
        m = make_with_input(13, "N 3");
        make_floats(&m, "w", "3 1", bad[i].values);
        make_annotation(&m, "w", bad[i].type);
        make_node(&m, "MatMul", "n", "x w", "y");
        make_refused(&m, bad[i].why);
    }
    m = make_with_input(13, "N 3");
    make_floats(&m, "w", "3 1", "0.5 1.7 1");
    make_annotation(&m, "w", "FLOAT32");
    make_annotation(&m, "x", "SCALEDINT<8>");
    make_node(&m, "MatMul", "n", "x w", "y");
    make_done(&m, "%x : FLOAT32[1,3]");
}

static void inputs(void **state) {
    (void)state;
    static const struct {
        const char *dims, *why;
    } bad[] = {{"1 N", "dimension 1 is N"},
               {"1 1 1 1 1 1 1 1 1", "more than 8"},
               {"1 4294967296", "2^28 elements"},
               {"1 65536 65536", "2^28 elements"},
               {"1 -3", "dimension 1 is unknown"}};
    for (size_t i = 0; i < LF_COUNT(bad); i++) {
        make m = make_with_input(13, bad[i].dims);
        make_node(&m, "Relu", "n", "x", "y");
        make_refused(&m, bad[i].why);
    }
    make m = make_start(13);
    make_input_of(&m, "x", "N 3", 2);
    make_output(&m, "y");
    make_node(&m, "Relu", "n", "x", "y");
    make_expect(&m, "%x : UINT8[1,3]");
    m.inputs.at[0]->type->tensor_type->elem_type = 8;
    make_refused(&m, "elements of STRING");
    m = make_with_input(13, "N 3"); /* IR version 3: initializers are inputs, too */
    make_floats(&m, "w", "3", "1 2 3");
    make_input(&m, "w", "3");
    make_node(&m, "Mul", "n", "x w", "y");
    const char *text = make_import(&m);
    make_expect_text(text, "input \"x\" = %x");
    assert_null(strstr(text, "input \"w\""));
    make_end(&m);
}

/* Without a symbolic first dimension one sample is what the file says, and every axis is data. */
static void models_without_a_batch(void **state) {
    (void)state;
    make m = make_with_input(13, "4 3");
    make_node(&m, "Transpose", "n", "x", "y");
    make_done(&m, "%y : FLOAT32[3,4] = transpose(%x)");
    m = make_with_input(13, "");
    make_node(&m, "Relu", "n", "x", "y");
    make_done(&m, "%y : FLOAT32[] = relu(%x)");
    m = make_with_input(13, "1 3");
    make_int(&m, make_node(&m, "ReduceSum", "n", "x", "y"), "keepdims", 0);
    make_done(&m, "%y : FLOAT32[] = reduce(%x)");
    m = make_with_input(13, "N 3");
    make_node(&m, "ReduceSum", "n", "x", "y");
    make_refused(&m, "axis 0 is the batch");
    m = make_with_input(13, "N 3");
    make_input_of(&m, "z", "4 3", 1);
    make_node(&m, "Add", "n", "x z", "y");
    make_refused(&m, "its first dimension is 4, that of another input is symbolic");
    m = make_with_input(13, "N 3"); /* an initializer that is listed among the inputs says nothing about the batch */
    make_floats(&m, "w", "2 3", "1 2 3 4 5 6");
    make_input(&m, "w", "2 3");
    make_node(&m, "MatMul", "n", "w x", "y");
    make_refused(&m, "the inner sizes differ");
}

/* Two inputs of an ONNX type into one node. */
static make two_of(int32_t type, const char *op) {
    make m = make_start(14);
    make_input_of(&m, "x", "N 3", type);
    make_input_of(&m, "z", "N 3", type);
    make_output(&m, "y");
    make_node(&m, op, "n", "x z", "y");
    return m;
}

/* Machine integers wrap around at their width, and only where they can leave it. */
static void integers_wrap(void **state) {
    (void)state;
    make m = two_of(2, "Mul");
    make_done(&m, "UINT8[1,3] = cast(%y) \"n_wrap\" {to=UINT8}");
    m = make_start(14);
    make_input_of(&m, "x", "N 3", 2);
    make_output(&m, "y");
    make_node(&m, "Max", "n", "x x", "y");
    make_done(&m, "output \"y\" = %y");
    m = two_of(7, "Mul");
    make_refused(&m, "made of integers");
    m = two_of(2, "Div");
    make_refused(&m, "division of integers");
}

static void names(void **state) {
    (void)state;
    make m = make_with_input(13, "N 3");
    make_node(&m, "Relu", "", "x", "a");
    make_node(&m, "Sign", "same", "a", "b");
    make_node(&m, "Relu", "same", "b", "c");
    make_node(&m, "Relu", "", "c", "h");
    make_node(&m, "Identity", "", "h", "y");
    const char *text = make_import(&m);
    make_expect_text(text, "\"Relu_0\"");
    make_expect_text(text, "\"Relu_1\"");
    make_expect_text(text, "\"same\"");
    make_expect_text(text, "\"same_1\"");
    make_expect_text(text, "output \"y\" = %h");
    make_end(&m);

    m = make_with_input(13, "N 3");
    make_node(&m, "Relu", "p", "x", "y");
    make_node(&m, "Sign", "q", "x", "y");
    make_refused(&m, "the name y is given to two values");
    m = make_with_input(13, "N 3");
    make_node(&m, "Relu", "p", "b", "y");
    make_node(&m, "Sign", "q", "x", "b");
    make_refused(&m, "p: Relu: it reads b, which no earlier node computes");
    m = make_with_input(13, "N 3");
    make_node(&m, "Relu", "p", "nowhere", "y");
    make_refused(&m, "it reads nowhere, which nothing defines");
    m = make_with_input(13, "N 3");
    make_floats(&m, "c", "3", "1 2 3");
    make_node(&m, "Relu", "p", "c", "y");
    make_refused(&m, "output y does not depend on an input");
}

/* Everything that cannot be imported is named at once; what only hangs on it is not, and what no output needs is not
 * looked at. */
static void all_complaints_at_once(void **state) {
    (void)state;
    make m = make_with_input(13, "N 1 8 8");
    make_floats(&m, "w", "1 1 3 3", "1 1 1 1 1 1 1 1 1");
    make_node(&m, "ConvTranspose", "c1", "x w", "a");
    make_node(&m, "Relu", "r1", "a", "b");
    make_node(&m, "Frobnicate", "f1", "b", "d");
    make_node(&m, "Flatten", "fl", "d", "y");
    make_node(&m, "Loop", "dead", "x", "unused");
    const char *why = make_refusal(&m);
    make_expect_text(why, "c1: ConvTranspose: not in this version");
    make_expect_text(why, "f1: Frobnicate: an op that is not known");
    assert_null(strstr(why, "r1"));
    assert_null(strstr(why, "dead"));
    make_end(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants),
        cmocka_unit_test(casts),
        cmocka_unit_test(annotations_are_held_to),
        cmocka_unit_test(inputs),
        cmocka_unit_test(models_without_a_batch),
        cmocka_unit_test(integers_wrap),
        cmocka_unit_test(names),
        cmocka_unit_test(all_complaints_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
