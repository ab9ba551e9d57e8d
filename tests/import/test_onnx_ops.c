/* What each ONNX op becomes, over the versions of the operator set in which it differs. */
#include "onnx_make.h"

static const char *const every_op[] = {
    "Add",
    "ArgMax",
    "BatchNormalization",
    "Cast",
    "Clip",
    "Concat",
    "ConstantOfShape",
    "Div",
    "Dropout",
    "Flatten",
    "Gather",
    "Gemm",
    "Identity",
    "MatMul",
    "Mul",
    "Pow",
    "Relu",
    "Reshape",
    "Shape",
    "Sign",
    "Size",
    "Slice",
    "Softmax",
    "Sqrt",
    "Squeeze",
    "Sub",
    "TopK",
    "Quant",
    "BipolarQuant",
    "MultiThreshold",
    "Transpose",
    "Unsqueeze",
};

static void elementwise(void **state) {
    (void)state;
    static const struct {
        const char *onnx, *op;
    } two[] = {{"Add", "add"}, {"Sub", "sub"}, {"Mul", "mul"}, {"Div", "div"}, {"Pow", "pow"}};
    for (size_t i = 0; i < LF_COUNT(two); i++)
        for (int64_t opset = 9; opset <= 21; opset += 4) {
            make m = make_with_input(opset, "N 3");
            make_floats(&m, "c", "3", "1.5 2.5 3.1");
            make_node(&m, two[i].onnx, "n", "x c", "y");
            make_done(&m, lf_format(m.a, "%%y : FLOAT32[1,3] = %s(%%x, %%c) \"n\"", two[i].op));
        }
    static const char *const one[][2] = {{"Relu", "relu"}, {"Sign", "sign"}};
    for (size_t i = 0; i < LF_COUNT(one); i++) {
        make m = make_with_input(13, "N 3");
        make_node(&m, one[i][0], "", "x", "y");
        make_done(&m, lf_format(m.a, "[1,3] = %s(%%x) \"%s_0\"", one[i][1], one[i][0]));
    }
}

static void versions_outside(void **state) {
    (void)state;
    for (int64_t opset = 5; opset <= 23; opset += opset == 6 ? 16 : 1) {
        make m = make_with_input(opset, "N 3");
        make_node(&m, "Relu", "n", "x", "y");
        make_refused(&m,
                     lf_format(m.a, "n: Relu: version %lld of the operator set; supported: 7 to 21", (long long)opset));
    }
    make m = make_with_input(13, "N 3");
    make_node(&m, "Relu", "n", "x", "y")->domain = make_text(&m, "com.example");
    make_refused(&m, "the domain com.example is not in this version");
}

static void clip_attributes_then_operands(void **state) {
    (void)state;
    make m = make_with_input(9, "N 3");
    LfOnnx__NodeProto *n = make_node(&m, "Clip", "n", "x", "y");
    make_float(&m, n, "min", -1);
    make_float(&m, n, "max", 0x1.fffffep127f);
    make_done(&m, "clip(%x, %n_min)");
    m = make_with_input(9, "N 3");
    make_float(&m, make_node(&m, "Clip", "n", "x", "y"), "max", 2.5);
    make_done(&m, "clip(%x, _, %n_max)");
    m = make_with_input(11, "N 3");
    make_floats(&m, "hi", "", "6");
    make_node(&m, "Clip", "n", "x - hi", "y");
    make_done(&m, "clip(%x, _, %hi)");
    m = make_with_input(11, "N 3");
    make_float(&m, make_node(&m, "Clip", "n", "x", "y"), "max", 2.5);
    make_refused(&m, "attribute max is unknown in version 11");
}

static void gemm_in_parts(void **state) {
    (void)state;
    make m = make_with_input(13, "N 3");
    make_floats(&m, "w", "2 3", "1 2 3 4 5 6");
    make_floats(&m, "c", "2", "1 2");
    LfOnnx__NodeProto *n = make_node(&m, "Gemm", "fc", "x w c", "y");
    make_int(&m, n, "transB", 1);
    make_float(&m, n, "alpha", 0.5f);
    make_float(&m, n, "beta", 2);
    const char *text = make_import(&m);
    make_expect_text(text, "= transpose(%w) \"fc_b\" {perm=[1, 0]}");
    make_expect_text(text, "= matmul(%x, %w_b) \"fc\"");
    make_expect_text(text, "= mul(%fc_out, %fc_alpha) \"fc_scale\"");
    make_expect_text(text, "= mul(%c, %fc_beta) \"fc_bias_scale\"");
    make_expect_text(text, "%y : FLOAT32[1,2] = add(%fc_scale_out, %fc_bias_scale_out) \"fc_bias\"");
    make_end(&m);

    m = make_with_input(13, "N 3");
    make_floats(&m, "w", "3 2", "1 2 3 4 5 6");
    make_node(&m, "Gemm", "fc", "x w", "y");
    make_done(&m, "%y : FLOAT32[1,2] = matmul(%x, %w) \"fc\"");

    m = make_with_input(13, "N 3");
    make_floats(&m, "w", "1 2", "1 2");
    make_int(&m, make_node(&m, "Gemm", "fc", "x w", "y"), "transA", 1);
    make_refused(&m, "mixes the batch with the data");
}

static void batch_normalization(void **state) {
    (void)state;
    static const int64_t versions[] = {9, 14, 15};
    for (size_t i = 0; i < LF_COUNT(versions); i++) {
        make m = make_with_input(versions[i], "N 2 3");
        static const char *const name[4] = {"g", "b", "m", "v"};
        for (int k = 0; k < 4; k++)
            make_floats(&m, name[k], "2", "1.1 2.2");
        LfOnnx__NodeProto *n = make_node(&m, "BatchNormalization", "bn", "x g b m v", "y");
        make_float(&m, n, "epsilon", 0.5f);
        make_float(&m, n, "momentum", 0.9f);
        make_expect(&m, "batch_norm(%x, %g, %b, %m, %v) \"bn\" {epsilon=0.5}");
        make_int(&m, n, "training_mode", 1);
        make_refused(&m, "training mode");
    }
    make m = make_with_input(13, "N 2");
    make_floats(&m, "g", "2", "1 2");
    make_node(&m, "BatchNormalization", "bn", "x g g g g", "y");
    make_done(&m, "{epsilon=9.999999747378752e-06}"); /* ONNX's default is a float32 */
}

static void softmax_before_and_after_13(void **state) {
    (void)state;
    make m = make_with_input(12, "N 2 3");
    make_node(&m, "Softmax", "s", "x", "y");
    const char *text = make_import(&m);
    make_expect_text(text, "= reshape(%x) \"s_flat\" {shape=[1, 6]}");
    make_expect_text(text, "= softmax(%s_flat_out) \"s\" {axis=1}");
    make_expect_text(text, "%y : FLOAT32[1,2,3] = reshape(%s_out) \"s_shape\" {shape=[1, 2, 3]}");
    make_end(&m);
    m = make_with_input(13, "N 2 3");
    make_node(&m, "Softmax", "s", "x", "y");
    make_done(&m, "%y : FLOAT32[1,2,3] = softmax(%x) \"s\" {axis=2}");
    m = make_with_input(12, "N 2 3");
    make_int(&m, make_node(&m, "Softmax", "s", "x", "y"), "axis", 2);
    make_done(&m, "%y : FLOAT32[1,2,3] = softmax(%x) \"s\" {axis=2}");
    m = make_with_input(13, "N 3");
    make_int(&m, make_node(&m, "Softmax", "s", "x", "y"), "axis", 0);
    make_refused(&m, "axis 0 is the batch");
}

static void choice(void **state) {
    (void)state;
    make m = make_with_input(13, "N 5");
    LfOnnx__NodeProto *n = make_node(&m, "ArgMax", "a", "x", "y");
    make_int(&m, n, "axis", -1);
    make_int(&m, n, "keepdims", 0);
    make_done(&m, "%y : UINT3[1] range {0,4,1} = argmax(%x) \"a\" {axis=1, keepdims=false}");
    m = make_with_input(11, "N 5");
    make_ints(&m, "k", "1", "2");
    make_node(&m, "TopK", "t", "x k", "v y");
    make_done(&m, "%v : FLOAT32[1,2], %y : UINT3[1,2] range {0,4,1} = topk(%x, %k) \"t\" {axis=1}");
    m = make_with_input(9, "N 5");
    make_int(&m, make_node(&m, "TopK", "t", "x", "- y"), "k", 2);
    make_done(&m, "%t_values : FLOAT32[1,2], %y : UINT3[1,2] range {0,4,1} = topk(%x, %t_k) \"t\" {axis=1}");
}

/* x to unsigned codes of 4 bits, 0.25 each. */
static make unsigned_quarters(void) {
    make m = make_with_input(13, "N 3");
    make_floats(&m, "s", "", "0.25");
    make_floats(&m, "z", "", "0");
    make_floats(&m, "b", "", "4");
    make_quant(&m, "q", "x s z b", "y", 0);
    return m;
}

static void quantizers(void **state) {
    (void)state;
    make m = unsigned_quarters();
    make_expect(&m, "%y : UINT4[1,3] scale 0.25 = quant(%x, %s, %z, %b) \"q\" {signed=false}");
    m.nodes.at[0]->attribute[2]->s.data = (uint8_t *)make_text(&m, "ODD!!"); /* as long as ROUND */
    make_refused(&m, "unknown rounding_mode ODD!!");
    m = unsigned_quarters();
    m.nodes.at[0]->attribute[2]->s = (ProtobufCBinaryData){0, NULL};
    make_refused(&m, "unknown rounding_mode ");
    m = make_with_input(13, "N 3");
    make_floats(&m, "s", "", "1");
    make_general(&m, "BipolarQuant", "q", "x s", "y");
    make_expect(&m, "%y : BIPOLAR[1,3] = bipolar_quant(%x, %s) \"q\"");
    m.nodes.at[0]->domain = make_text(&m, "onnx.brevitas"); /* which no operator set names */
    make_expect(&m, "bipolar_quant(%x, %s)");
    m.nodes.at[0]->domain = make_text(&m, "finn.custom_op.general");
    make_done(&m, "bipolar_quant(%x, %s)");
    m = make_with_input(13, "N 3");
    make_floats(&m, "t", "3 2", "0 1 2 3 4 5");
    make_string(&m, make_general(&m, "MultiThreshold", "q", "x t", "y"), "out_dtype", "UINT2");
    make_done(&m, "%y : UINT2[1,3] range {0,2,1} = multi_threshold(%x, %t) \"q\" {out_dtype=\"UINT2\"}");
    m = make_with_input(13, "N 3");
    make_floats(&m, "t", "1 1", "0");
    make_general(&m, "MultiThreshold", "q", "x t", "y");
    make_refused(&m, "out_dtype is missing");
}

/* QONNX: a sum of 49 codes of 4 bits needs 10 bits; 6 of them are cut off for 4. */
static void quant_avg_pool(void **state) {
    (void)state;
    make m = make_start(13);
    make_input_of(&m, "x", "N 2 7 7", 21);
    make_output(&m, "y");
    LfOnnx__NodeProto *n = make_node(&m, "QuantAvgPool2d", "p", "x", "y");
    n->domain = make_text(&m, GENERAL);
    make_int(&m, n, "kernel", 7);
    make_int(&m, n, "stride", 7);
    make_int(&m, n, "ibits", 4);
    make_int(&m, n, "obits", 4);
    const char *text = make_import(&m);
    make_expect_text(text, "= average_pool(%x) \"p_mean\"");
    make_expect_text(text, "range {0,11,1} = trunc("); /* 735 >> 6 */
    make_expect_text(text, "%y : UINT4[1,2,1,1] range {0,11,1} = div(");
    make_end(&m);
    m = make_with_input(13, "N 2 7 7");
    n = make_node(&m, "QuantAvgPool2d", "p", "x", "y");
    n->domain = make_text(&m, GENERAL);
    make_int(&m, n, "kernel", 7);
    make_int(&m, n, "ibits", 4);
    make_int(&m, n, "obits", 4);
    make_refused(&m, "it takes integers");
}

/* An operand that must be there, named with the empty string. */
static void absent_operands(void **state) {
    (void)state;
    for (size_t i = 0; i < LF_COUNT(every_op); i++) {
        make m = make_with_input(13, "N 3");
        LfOnnx__NodeProto *n = make_node(&m, every_op[i], "n", "- x x x x", "y");
        n->domain = strstr("Quant BipolarQuant MultiThreshold", every_op[i]) ? make_text(&m, GENERAL) : NULL;
        for (size_t count = 0; count <= 5; count++) {
            n->n_input = count;
            (void)make_refusal(&m);
        }
        make_end(&m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elementwise),
        cmocka_unit_test(versions_outside),
        cmocka_unit_test(clip_attributes_then_operands),
        cmocka_unit_test(gemm_in_parts),
        cmocka_unit_test(batch_normalization),
        cmocka_unit_test(softmax_before_and_after_13),
        cmocka_unit_test(choice),
        cmocka_unit_test(quantizers),
        cmocka_unit_test(quant_avg_pool),
        cmocka_unit_test(absent_operands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
