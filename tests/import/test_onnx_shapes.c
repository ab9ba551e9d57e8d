/* Shapes computed at import: what reshapes, and the arithmetic that leads to them. */
#include "onnx_make.h"

static void flatten_and_reshape(void **state) {
    (void)state;
    make m = make_with_input(13, "N 2 3");
    make_node(&m, "Flatten", "f", "x", "y");
    make_done(&m, "%y : FLOAT32[1,6] = reshape(%x) \"f\" {shape=[1, 6]}");
    static const char *const targets[] = {"-1 6", "0 6", "0 -1", "1 6"};
    for (size_t i = 0; i < LF_COUNT(targets); i++) {
        m = make_with_input(13, "N 2 3");
        make_ints(&m, "s", "2", targets[i]);
        make_node(&m, "Reshape", "f", "x s", "y");
        make_done(&m, "%y : FLOAT32[1,6] = reshape(%x) \"f\" {shape=[1, 6]}");
    }
    static const struct {
        const char *dims, *target, *why;
    } bad[] = {{"1", "-1", "mixes the batch"},  {"2", "1 -1", "merges the batch"},
               {"2", "2 3", "mixes the batch"}, {"2", "-1 -1", "for the second time"},
               {"2", "-1 4", "does not fit"},   {"2", "1 7", "does not fit"},
               {"2", "-2 3", "target is -2"},   {"3", "1 6 0", "is 0"}};
    for (size_t i = 0; i < LF_COUNT(bad); i++) {
        m = make_with_input(13, "N 2 3");
        make_ints(&m, "s", bad[i].dims, bad[i].target);
        make_node(&m, "Reshape", "f", "x s", "y");
        if (i == 7) {
            make_int(&m, m.nodes.at[0], "allowzero", 1);
            m.sets.at[0]->version = 14;
        }
        make_refused(&m, bad[i].why);
    }
    m = make_with_input(13, "1 2 3"); /* a batch that is 1 in the file may be written as 1 */
    make_ints(&m, "s", "2", "1 -1");
    make_node(&m, "Reshape", "f", "x s", "y");
    make_done(&m, "{shape=[1, 6]}");
    m = make_with_input(13, "N 6"); /* no change: no node */
    make_node(&m, "Flatten", "f", "x", "h");
    make_node(&m, "Relu", "r", "h", "y");
    make_done(&m, "= relu(%x) \"r\"");
}

static void squeeze_and_unsqueeze(void **state) {
    (void)state;
    for (int64_t opset = 11; opset <= 13; opset += 2) {
        make m = make_with_input(opset, "N 3");
        make_ints(&m, "a", "1", "-1");
        LfOnnx__NodeProto *u = make_node(&m, "Unsqueeze", "u", opset < 13 ? "x" : "x a", "h");
        LfOnnx__NodeProto *s = make_node(&m, "Squeeze", "s", opset < 13 ? "r" : "r a", "y");
        LfOnnx__NodeProto *r = make_node(&m, "Relu", "r", "h", "r");
        m.nodes.at[1] = r;
        m.nodes.at[2] = s;
        if (opset < 13) {
            make_axes(&m, u, "axes", "2");
            make_axes(&m, s, "axes", "2");
        }
        const char *text = make_import(&m);
        make_expect_text(text, "%h : FLOAT32[1,3,1] = reshape(%x) \"u\" {shape=[1, 3, 1]}");
        make_expect_text(text, "%y : FLOAT32[1,3] = reshape(%r) \"s\" {shape=[1, 3]}");
        make_end(&m);
    }
    make m = make_with_input(13, "N 1 3");
    make_node(&m, "Squeeze", "s", "x", "y");
    make_refused(&m, "mixes the batch with the data or drops it");
}

/* The way PyTorch writes view(x.shape[0], -1): nothing of it is left. */
static void shape_arithmetic_is_folded(void **state) {
    (void)state;
    make m = make_with_input(13, "N 2 3");
    make_ints(&m, "zero", "", "0");
    make_ints(&m, "ax", "1", "0");
    make_ints(&m, "rest", "1", "-1");
    make_ints(&m, "one", "1", "1");
    make_ints(&m, "far", "1", "9223372036854775807");
    make_node(&m, "Shape", "sh", "x", "s");
    make_int(&m, make_node(&m, "Gather", "ga", "s zero", "b"), "axis", 0);
    make_node(&m, "Unsqueeze", "un", "b ax", "b1");
    make_node(&m, "Slice", "sl", "s one far", "tail");
    make_node(&m, "Gather", "g1", "tail zero", "two");
    make_node(&m, "Unsqueeze", "u2", "two ax", "two1");
    make_node(&m, "Mul", "mu", "two1 one", "two2");
    make_int(&m, make_node(&m, "Cast", "ca", "two2", "two3"), "to", 7);
    make_int(&m, make_node(&m, "Concat", "co", "b1 two3 rest", "t"), "axis", 0);
    make_node(&m, "Reshape", "re", "x t", "h");
    make_int(&m, make_node(&m, "Concat", "c2", "b1 rest", "t2"), "axis", 0);
    make_node(&m, "Reshape", "r2", "h t2", "y");
    const char *text = make_import(&m);
    make_expect_text(text, "%y : FLOAT32[1,6] = reshape(%x) \"r2\" {shape=[1, 6]}"); /* re changed nothing */
    assert_null(strstr(text, "const"));
    make_end(&m);
}

static void targets_from_data_are_refused(void **state) {
    (void)state;
    make m = make_with_input(13, "N 2");
    make_input_of(&m, "s", "1 2", 6);
    make_node(&m, "Reshape", "re", "x s", "y");
    make_refused(&m, "the target shape, operand s, is computed from the network's data");
}

static void transpose_keeps_the_batch(void **state) {
    (void)state;
    make m = make_with_input(13, "N 2 3");
    make_axes(&m, make_node(&m, "Transpose", "t", "x", "y"), "perm", "0 2 1");
    make_done(&m, "%y : FLOAT32[1,3,2] = transpose(%x) \"t\" {perm=[0, 2, 1]}");
    m = make_with_input(13, "N 2 3");
    make_node(&m, "Transpose", "t", "x", "y");
    make_refused(&m, "mixes the batch");
    static const char *const bad[] = {"0 1", "0 1 1", "0 1 3", "0 -1 1", "0 1 2 3"};
    for (size_t i = 0; i < LF_COUNT(bad); i++) {
        m = make_with_input(13, "N 2 3");
        make_axes(&m, make_node(&m, "Transpose", "t", "x", "y"), "perm", bad[i]);
        make_refused(&m, "t:");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flatten_and_reshape),        cmocka_unit_test(squeeze_and_unsqueeze),
        cmocka_unit_test(shape_arithmetic_is_folded), cmocka_unit_test(targets_from_data_are_refused),
        cmocka_unit_test(transpose_keeps_the_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
