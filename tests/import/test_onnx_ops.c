/* What each ONNX op becomes, over the versions of the operator set in which it differs; shapes computed at import; the
 * batch. */
#include "onnx_make.h"

/* x [N,d..] -> op -> y, with an attribute or constants added by the caller. */
static make with_input(int64_t opset, const char *dims) {
    make m = make_start(opset);
    make_input(&m, "x", dims);
    make_output(&m, "y");
    return m;
}

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

static void done(make *m, const char *want) {
    make_expect(m, want);
    make_end(m);
}

static void refused(make *m, const char *want) {
    make_expect_refused(m, want);
    make_end(m);
}

static void elementwise(void **state) {
    (void)state;
    static const struct {
        const char *onnx, *op;
    } two[] = {{"Add", "add"}, {"Sub", "sub"}, {"Mul", "mul"}, {"Div", "div"}, {"Pow", "pow"}};
    for (size_t i = 0; i < LF_COUNT(two); i++)
        for (int64_t opset = 9; opset <= 21; opset += 4) {
            make m = with_input(opset, "N 3");
            make_floats(&m, "c", "3", "1.5 2.5 3.1");
            make_node(&m, two[i].onnx, "n", "x c", "y");
            done(&m, lf_format(m.a, "%%y : FLOAT32[1,3] = %s(%%x, %%c) \"n\"", two[i].op));
        }
    static const char *const one[][2] = {{"Relu", "relu"}, {"Sign", "sign"}};
    for (size_t i = 0; i < LF_COUNT(one); i++) {
        make m = with_input(13, "N 3");
        make_node(&m, one[i][0], "", "x", "y");
        done(&m, lf_format(m.a, "[1,3] = %s(%%x) \"%s_0\"", one[i][1], one[i][0]));
    }
}

static void versions_outside(void **state) {
    (void)state;
    for (int64_t opset = 5; opset <= 23; opset += opset == 6 ? 16 : 1) {
        make m = with_input(opset, "N 3");
        make_node(&m, "Relu", "n", "x", "y");
        refused(&m, lf_format(m.a, "n: Relu: version %lld of the operator set; supported: 7 to 21", (long long)opset));
    }
    make m = with_input(13, "N 3");
    make_node(&m, "Relu", "n", "x", "y")->domain = make_text(&m, "com.example");
    refused(&m, "the domain com.example is not in this version");
}

static void clip_attributes_then_operands(void **state) {
    (void)state;
    make m = with_input(9, "N 3");
    LfOnnx__NodeProto *n = make_node(&m, "Clip", "n", "x", "y");
    make_float(&m, n, "min", -1);
    make_float(&m, n, "max", 0x1.fffffep127f);
    done(&m, "clip(%x, %n_min)");
    m = with_input(9, "N 3");
    make_float(&m, make_node(&m, "Clip", "n", "x", "y"), "max", 2.5);
    done(&m, "clip(%x, _, %n_max)");
    m = with_input(11, "N 3");
    make_floats(&m, "hi", "", "6");
    make_node(&m, "Clip", "n", "x - hi", "y");
    done(&m, "clip(%x, _, %hi)");
    m = with_input(11, "N 3");
    make_float(&m, make_node(&m, "Clip", "n", "x", "y"), "max", 2.5);
    refused(&m, "attribute max is unknown in version 11");
}

static void gemm_in_parts(void **state) {
    (void)state;
    make m = with_input(13, "N 3");
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

    m = with_input(13, "N 3");
    make_floats(&m, "w", "3 2", "1 2 3 4 5 6");
    make_node(&m, "Gemm", "fc", "x w", "y");
    done(&m, "%y : FLOAT32[1,2] = matmul(%x, %w) \"fc\"");

    m = with_input(13, "N 3");
    make_floats(&m, "w", "1 2", "1 2");
    make_int(&m, make_node(&m, "Gemm", "fc", "x w", "y"), "transA", 1);
    refused(&m, "mixes the batch with the data");
}

static void batch_normalization(void **state) {
    (void)state;
    static const int64_t versions[] = {9, 14, 15};
    for (size_t i = 0; i < LF_COUNT(versions); i++) {
        make m = with_input(versions[i], "N 2 3");
        static const char *const name[4] = {"g", "b", "m", "v"};
        for (int k = 0; k < 4; k++)
            make_floats(&m, name[k], "2", "1.1 2.2");
        LfOnnx__NodeProto *n = make_node(&m, "BatchNormalization", "bn", "x g b m v", "y");
        make_float(&m, n, "epsilon", 0.5f);
        make_float(&m, n, "momentum", 0.9f);
        make_expect(&m, "batch_norm(%x, %g, %b, %m, %v) \"bn\" {epsilon=0.5}");
        make_int(&m, n, "training_mode", 1);
        refused(&m, "training mode");
    }
    make m = with_input(13, "N 2");
    make_floats(&m, "g", "2", "1 2");
    make_node(&m, "BatchNormalization", "bn", "x g g g g", "y");
    done(&m, "{epsilon=9.999999747378752e-06}"); /* ONNX's default is a float32 */
}

static void softmax_before_and_after_13(void **state) {
    (void)state;
    make m = with_input(12, "N 2 3");
    make_node(&m, "Softmax", "s", "x", "y");
    const char *text = make_import(&m);
    make_expect_text(text, "= reshape(%x) \"s_flat\" {shape=[1, 6]}");
    make_expect_text(text, "= softmax(%s_flat_out) \"s\" {axis=1}");
    make_expect_text(text, "%y : FLOAT32[1,2,3] = reshape(%s_out) \"s_shape\" {shape=[1, 2, 3]}");
    make_end(&m);
    m = with_input(13, "N 2 3");
    make_node(&m, "Softmax", "s", "x", "y");
    done(&m, "%y : FLOAT32[1,2,3] = softmax(%x) \"s\" {axis=2}");
    m = with_input(12, "N 2 3");
    make_int(&m, make_node(&m, "Softmax", "s", "x", "y"), "axis", 2);
    done(&m, "%y : FLOAT32[1,2,3] = softmax(%x) \"s\" {axis=2}");
    m = with_input(13, "N 3");
    make_int(&m, make_node(&m, "Softmax", "s", "x", "y"), "axis", 0);
    refused(&m, "axis 0 is the batch");
}

static void choice(void **state) {
    (void)state;
    make m = with_input(13, "N 5");
    LfOnnx__NodeProto *n = make_node(&m, "ArgMax", "a", "x", "y");
    make_int(&m, n, "axis", -1);
    make_int(&m, n, "keepdims", 0);
    done(&m, "%y : UINT3[1] range {0,4,1} = argmax(%x) \"a\" {axis=1, keepdims=false}");
    m = with_input(11, "N 5");
    make_ints(&m, "k", "1", "2");
    make_node(&m, "TopK", "t", "x k", "v y");
    done(&m, "%v : FLOAT32[1,2], %y : UINT3[1,2] range {0,4,1} = topk(%x, %k) \"t\" {axis=1}");
    m = with_input(9, "N 5");
    make_int(&m, make_node(&m, "TopK", "t", "x", "- y"), "k", 2);
    done(&m, "%t_values : FLOAT32[1,2], %y : UINT3[1,2] range {0,4,1} = topk(%x, %t_k) \"t\" {axis=1}");
}

static void quantizers(void **state) {
    (void)state;
    make m = with_input(13, "N 3");
    make_floats(&m, "s", "", "0.25");
    make_floats(&m, "z", "", "0");
    make_floats(&m, "b", "", "4");
    make_quant(&m, "q", "x s z b", "y", 0);
    make_expect(&m, "%y : UINT4[1,3] scale 0.25 = quant(%x, %s, %z, %b) \"q\" {signed=false}");
    m.nodes.at[0]->attribute[2]->s.data = (uint8_t *)make_text(&m, "ODD!!"); /* as long as ROUND */
    refused(&m, "unknown rounding_mode ODD!!");
    m = with_input(13, "N 3");
    make_floats(&m, "s", "", "0.25");
    make_floats(&m, "z", "", "0");
    make_floats(&m, "b", "", "4");
    make_quant(&m, "q", "x s z b", "y", 0);
    m.nodes.at[0]->attribute[2]->s = (ProtobufCBinaryData){0, NULL};
    refused(&m, "unknown rounding_mode ");
    m = with_input(13, "N 3");
    make_floats(&m, "s", "", "1");
    make_general(&m, "BipolarQuant", "q", "x s", "y");
    make_expect(&m, "%y : BIPOLAR[1,3] = bipolar_quant(%x, %s) \"q\"");
    m.nodes.at[0]->domain = make_text(&m, "onnx.brevitas"); /* which no operator set names */
    make_expect(&m, "bipolar_quant(%x, %s)");
    m.nodes.at[0]->domain = make_text(&m, "finn.custom_op.general");
    done(&m, "bipolar_quant(%x, %s)");
    m = with_input(13, "N 3");
    make_floats(&m, "t", "3 2", "0 1 2 3 4 5");
    make_string(&m, make_general(&m, "MultiThreshold", "q", "x t", "y"), "out_dtype", "UINT2");
    done(&m, "%y : UINT2[1,3] range {0,2,1} = multi_threshold(%x, %t) \"q\" {out_dtype=\"UINT2\"}");
    m = with_input(13, "N 3");
    make_floats(&m, "t", "1 1", "0");
    make_general(&m, "MultiThreshold", "q", "x t", "y");
    refused(&m, "out_dtype is missing");
}

/* -- shapes -------------------------------------------------------------------------------------------------------- */

static void flatten_and_reshape(void **state) {
    (void)state;
    make m = with_input(13, "N 2 3");
    make_node(&m, "Flatten", "f", "x", "y");
    done(&m, "%y : FLOAT32[1,6] = reshape(%x) \"f\" {shape=[1, 6]}");
    static const char *const targets[] = {"-1 6", "0 6", "0 -1", "1 6"};
    for (size_t i = 0; i < LF_COUNT(targets); i++) {
        m = with_input(13, "N 2 3");
        make_ints(&m, "s", "2", targets[i]);
        make_node(&m, "Reshape", "f", "x s", "y");
        done(&m, "%y : FLOAT32[1,6] = reshape(%x) \"f\" {shape=[1, 6]}");
    }
    static const struct {
        const char *dims, *target, *why;
    } bad[] = {{"1", "-1", "mixes the batch"},  {"2", "1 -1", "merges the batch"},
               {"2", "2 3", "mixes the batch"}, {"2", "-1 -1", "for the second time"},
               {"2", "-1 4", "does not fit"},   {"2", "1 7", "does not fit"},
               {"2", "-2 3", "target is -2"},   {"3", "1 6 0", "is 0"}};
    for (size_t i = 0; i < LF_COUNT(bad); i++) {
        m = with_input(13, "N 2 3");
        make_ints(&m, "s", bad[i].dims, bad[i].target);
        make_node(&m, "Reshape", "f", "x s", "y");
        if (i == 7) {
            make_int(&m, m.nodes.at[0], "allowzero", 1);
            m.sets.at[0]->version = 14;
        }
        refused(&m, bad[i].why);
    }
    m = with_input(13, "1 2 3"); /* a batch that is 1 in the file may be written as 1 */
    make_ints(&m, "s", "2", "1 -1");
    make_node(&m, "Reshape", "f", "x s", "y");
    done(&m, "{shape=[1, 6]}");
    m = with_input(13, "N 6"); /* no change: no node */
    make_node(&m, "Flatten", "f", "x", "h");
    make_node(&m, "Relu", "r", "h", "y");
    done(&m, "= relu(%x) \"r\"");
}

static void squeeze_and_unsqueeze(void **state) {
    (void)state;
    for (int64_t opset = 11; opset <= 13; opset += 2) {
        make m = with_input(opset, "N 3");
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
    make m = with_input(13, "N 1 3");
    make_node(&m, "Squeeze", "s", "x", "y");
    refused(&m, "mixes the batch with the data or drops it");
}

/* The way PyTorch writes view(x.shape[0], -1): nothing of it is left. */
static void shape_arithmetic_is_folded(void **state) {
    (void)state;
    make m = with_input(13, "N 2 3");
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
    make m = with_input(13, "N 2");
    make_input_of(&m, "s", "1 2", 6);
    make_node(&m, "Reshape", "re", "x s", "y");
    refused(&m, "the target shape, operand s, is computed from the network's data");
}

static void transpose_keeps_the_batch(void **state) {
    (void)state;
    make m = with_input(13, "N 2 3");
    make_axes(&m, make_node(&m, "Transpose", "t", "x", "y"), "perm", "0 2 1");
    done(&m, "%y : FLOAT32[1,3,2] = transpose(%x) \"t\" {perm=[0, 2, 1]}");
    m = with_input(13, "N 2 3");
    make_node(&m, "Transpose", "t", "x", "y");
    refused(&m, "mixes the batch");
    static const char *const bad[] = {"0 1", "0 1 1", "0 1 3", "0 -1 1", "0 1 2 3"};
    for (size_t i = 0; i < LF_COUNT(bad); i++) {
        m = with_input(13, "N 2 3");
        make_axes(&m, make_node(&m, "Transpose", "t", "x", "y"), "perm", bad[i]);
        refused(&m, "t:");
    }
}

/* -- constants, names, inputs -------------------------------------------------------------------------------------- */

static void constants(void **state) {
    (void)state;
    make m = with_input(13, "N 3");
    LfOnnx__NodeProto *c = make_node(&m, "Constant", "c", "", "k");
    LfOnnx__AttributeProto *a = make_attr(&m, c, "value", 4);
    a->t = make_tensor(&m, "", "3", 1);
    static const float v[3] = {0.5f, 1.5f, -2};
    make_raw(&m, a->t, v, sizeof v);
    make_node(&m, "Identity", "i", "k", "k2");
    make_node(&m, "Mul", "n", "x k2", "y");
    done(&m, "const %k : INT3[3] scale 0.5 as f32 = [0.5, 1.5, -2]");

    m = with_input(13, "N 3");
    make_float(&m, make_node(&m, "Constant", "c", "", "k"), "value_float", 0.1f);
    make_node(&m, "Mul", "n", "x k", "y");
    done(&m, "const %k : FLOAT32[] = [0.10000000149011612]");

    m = with_input(13, "N 3");
    make_floats(&m, "k", "3", "1 nan 2");
    make_node(&m, "Mul", "n", "x k", "y");
    refused(&m, "constant k: element 1 is NaN");
}

/* Integers that were cast are divided as numbers, not as integers. */
static void casts(void **state) {
    (void)state;
    make m = with_input(13, "N 3");
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
    refused(&m, "division of integers");
}

static void annotations_are_held_to(void **state) {
    (void)state;
    make m = with_input(13, "N 3");
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
        m = with_input(13, "N 3");
        make_floats(&m, "w", "3 1", bad[i].values);
        make_annotation(&m, "w", bad[i].type);
        make_node(&m, "MatMul", "n", "x w", "y");
        refused(&m, bad[i].why);
    }
    m = with_input(13, "N 3");
    make_floats(&m, "w", "3 1", "0.5 1.7 1");
    make_annotation(&m, "w", "FLOAT32");
    make_annotation(&m, "x", "SCALEDINT<8>");
    make_node(&m, "MatMul", "n", "x w", "y");
    done(&m, "%x : FLOAT32[1,3]");
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
        make m = with_input(13, bad[i].dims);
        make_node(&m, "Relu", "n", "x", "y");
        refused(&m, bad[i].why);
    }
    make m = make_start(13);
    make_input_of(&m, "x", "N 3", 2);
    make_output(&m, "y");
    make_node(&m, "Relu", "n", "x", "y");
    make_expect(&m, "%x : UINT8[1,3]");
    m.inputs.at[0]->type->tensor_type->elem_type = 8;
    refused(&m, "elements of STRING");
    m = with_input(13, "N 3"); /* IR version 3: initializers are inputs, too */
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
    make m = with_input(13, "4 3");
    make_node(&m, "Transpose", "n", "x", "y");
    done(&m, "%y : FLOAT32[3,4] = transpose(%x)");
    m = with_input(13, "");
    make_node(&m, "Relu", "n", "x", "y");
    done(&m, "%y : FLOAT32[] = relu(%x)");
    m = with_input(13, "1 3");
    make_int(&m, make_node(&m, "ReduceSum", "n", "x", "y"), "keepdims", 0);
    done(&m, "%y : FLOAT32[] = reduce(%x)");
    m = with_input(13, "N 3");
    make_node(&m, "ReduceSum", "n", "x", "y");
    refused(&m, "axis 0 is the batch");
    m = with_input(13, "N 3");
    make_input_of(&m, "z", "4 3", 1);
    make_node(&m, "Add", "n", "x z", "y");
    refused(&m, "its first dimension is 4, that of another input is symbolic");
    m = with_input(13, "N 3"); /* an initializer that is listed among the inputs says nothing about the batch */
    make_floats(&m, "w", "2 3", "1 2 3 4 5 6");
    make_input(&m, "w", "2 3");
    make_node(&m, "MatMul", "n", "w x", "y");
    refused(&m, "the inner sizes differ");
}

/* Machine integers wrap around at their width, and only where they can leave it. */
static void integers_wrap(void **state) {
    (void)state;
    make m = make_start(14);
    make_input_of(&m, "x", "N 3", 2);
    make_input_of(&m, "z", "N 3", 2);
    make_output(&m, "y");
    make_node(&m, "Mul", "n", "x z", "y");
    done(&m, "UINT8[1,3] = cast(%y) \"n_wrap\" {to=UINT8}");
    m = make_start(14);
    make_input_of(&m, "x", "N 3", 2);
    make_output(&m, "y");
    make_node(&m, "Max", "n", "x x", "y");
    done(&m, "output \"y\" = %y");
    m = make_start(14);
    make_input_of(&m, "x", "N 3", 7);
    make_input_of(&m, "z", "N 3", 7);
    make_output(&m, "y");
    make_node(&m, "Mul", "n", "x z", "y");
    refused(&m, "made of integers");
    m = make_start(14);
    make_input_of(&m, "x", "N 3", 2);
    make_input_of(&m, "z", "N 3", 2);
    make_output(&m, "y");
    make_node(&m, "Div", "n", "x z", "y");
    refused(&m, "division of integers");
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
    m = with_input(13, "N 2 7 7");
    n = make_node(&m, "QuantAvgPool2d", "p", "x", "y");
    n->domain = make_text(&m, GENERAL);
    make_int(&m, n, "kernel", 7);
    make_int(&m, n, "ibits", 4);
    make_int(&m, n, "obits", 4);
    refused(&m, "it takes integers");
}

static void names(void **state) {
    (void)state;
    make m = with_input(13, "N 3");
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

    m = with_input(13, "N 3");
    make_node(&m, "Relu", "p", "x", "y");
    make_node(&m, "Sign", "q", "x", "y");
    refused(&m, "the name y is given to two values");
    m = with_input(13, "N 3");
    make_node(&m, "Relu", "p", "b", "y");
    make_node(&m, "Sign", "q", "x", "b");
    refused(&m, "p: Relu: it reads b, which no earlier node computes");
    m = with_input(13, "N 3");
    make_node(&m, "Relu", "p", "nowhere", "y");
    refused(&m, "it reads nowhere, which nothing defines");
    m = with_input(13, "N 3");
    make_floats(&m, "c", "3", "1 2 3");
    make_node(&m, "Relu", "p", "c", "y");
    refused(&m, "output y does not depend on an input");
}

/* An operand that must be there, named with the empty string. */
static void absent_operands(void **state) {
    (void)state;
    for (size_t i = 0; i < LF_COUNT(every_op); i++) {
        make m = with_input(13, "N 3");
        LfOnnx__NodeProto *n = make_node(&m, every_op[i], "n", "- x x x x", "y");
        n->domain = strstr("Quant BipolarQuant MultiThreshold", every_op[i]) ? make_text(&m, GENERAL) : NULL;
        for (size_t count = 0; count <= 5; count++) {
            n->n_input = count;
            (void)make_refusal(&m);
        }
        make_end(&m);
    }
}

/* Everything that cannot be imported is named at once; what only hangs on it is not, and what no output needs is not
 * looked at. */
static void all_complaints_at_once(void **state) {
    (void)state;
    make m = with_input(13, "N 1 8 8");
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
        cmocka_unit_test(elementwise),
        cmocka_unit_test(versions_outside),
        cmocka_unit_test(clip_attributes_then_operands),
        cmocka_unit_test(gemm_in_parts),
        cmocka_unit_test(batch_normalization),
        cmocka_unit_test(softmax_before_and_after_13),
        cmocka_unit_test(choice),
        cmocka_unit_test(quantizers),
        cmocka_unit_test(flatten_and_reshape),
        cmocka_unit_test(squeeze_and_unsqueeze),
        cmocka_unit_test(shape_arithmetic_is_folded),
        cmocka_unit_test(targets_from_data_are_refused),
        cmocka_unit_test(transpose_keeps_the_batch),
        cmocka_unit_test(constants),
        cmocka_unit_test(casts),
        cmocka_unit_test(annotations_are_held_to),
        cmocka_unit_test(inputs),
        cmocka_unit_test(models_without_a_batch),
        cmocka_unit_test(integers_wrap),
        cmocka_unit_test(quant_avg_pool),
        cmocka_unit_test(names),
        cmocka_unit_test(absent_operands),
        cmocka_unit_test(all_complaints_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
