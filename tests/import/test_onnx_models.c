/* Real networks from other tools: they import with the nodes, shapes and grids they must have. */
#include <unistd.h>

#include "onnx_make.h"

/* Beside the data sets: $LUTFISK_DATA/../models or ../shared/models. */
static const char *model_path(lf_arena *a, const char *name) {
    const char *data = getenv("LUTFISK_DATA");
    const char *path = data ? lf_format(a, "%s/../models/%s", data, name) : lf_format(a, "../shared/models/%s", name);
    if (access(path, R_OK) == 0)
        return path;
    print_message("skipped: no %s\n", path);
    return NULL;
}

typedef struct expected {
    const char *file;
    size_t nodes;
    const char *input, *output; /* shapes */
    struct {
        const char *tensor, *line; /* how its definition begins */
    } tensors[5];
} expected;

static const expected networks[] = {
    {"qonnx_mnist_tfc/TFC_1W1A.onnx",
     27,
     "[1,1,28,28]",
     "[1,10]",
     {{"31", "%31 : FLOAT32[1,784] = reshape(%0) \"Reshape_5\" {shape=[1, 784]}"},
      {"37", "%37 : BIPOLAR[1,784] = bipolar_quant"},
      {"42", "%42 : INT11[1,64] range {-784,784,2}"},
      {"66", "%66 : INT8[1,10] range {-64,64,2}"},
      {"74", "%74 : FLOAT32[1,10] = add"}}},
    {"qonnx_mnist_tfc/TFC_1W2A.onnx",
     27,
     "[1,1,28,28]",
     "[1,10]",
     {{"39", "%39 : INT2[1,784] range {-1,1,1} = quant(%35, %37, %38, %36) \"Quant_13\" {narrow=true}"},
      {"44", "%44 : INT11[1,64] range {-784,784,1}"}}},
    {"qonnx_mnist_tfc/TFC_2W2A.onnx", 27, "[1,1,28,28]", "[1,10]", {{NULL, NULL}}},
    {"finn_tfc/model.onnx",
     30,
     "[1,1,28,28]",
     "[1,1]",
     {{"global_in", "input \"global_in\" = %global_in : UINT8[1,1,28,28]"},
      {"MatMul_0_out0", "%MatMul_0_out0 : INT11[1,64] range {-784,784,2}"},
      {"Unsqueeze_0_out0", "%Unsqueeze_0_out0 : INT11[1,64,1]"},
      {"TopK_0_out0", "%TopK_0_out0 : FLOAT32[1,1], %global_out : UINT4[1,1] range {0,9,1}"}}},
    {"cnv_bnn/lfc_w1a1.onnx",
     12,
     "[1,1,28,28]",
     "[1,10]",
     {{"MatMul_1_out0", "%MatMul_1_out0 : INT12[1,1024] range {-1024,1024,2}"},
      {"MultiThreshold_2_out0", "%MultiThreshold_2_out0 : BIPOLAR[1,1024]"},
      {"global_out", "%global_out : INT12[1,10]"}}},
    {"cnv_bnn/cnv_w1a1.onnx",
     23,
     "[1,3,32,32]",
     "[1,10]",
     {{"Conv_1_out0", "%Conv_1_out0 : INT11[1,64,28,28] range {-576,576,2}"},
      {"MaxPool_1_out0", "%MaxPool_1_out0 : BIPOLAR[1,128,5,5] = max_pool"}}},
    {"jsc_mlp/qkeras_jettagging.onnx",
     23,
     "[1,16]",
     "[1,5]",
     {{"Quant_8_out0", "%Quant_8_out0 : UINT6[1,64] scale 0.015625 = quant"},
      {"MatMul_3_out0", "%MatMul_3_out0 : INT17[1,5] scale 0.00048828125"},
      {"global_out", "%global_out : FLOAT32[1,5] = softmax(%Add_3_out0) \"Softmax_0\" {axis=1}"}}},
    {"onnx_examples/bnn_model_fc_1layer.onnx", 7, "[1,3]", "[1,4]", {{"12", "%12 : BIPOLAR[1,4]"}}},
};

static const char *shape_of_port(lf_arena *a, const lf_graph *g, const lf_ports *p) {
    assert_int_equal(p->count, 1);
    return lf_shape_text(a, lf_tensor_at(g, p->at[0].tensor)->shape);
}

static void expect_network(lf_arena *a, const expected *e, const char *path) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_graph *g = lf_import(ctx, path);
    if (!g)
        fail_msg("%s", make_complaints(a, ctx));
    assert_int_equal(g->order.count, e->nodes);
    assert_string_equal(shape_of_port(a, g, &g->inputs), e->input);
    assert_string_equal(shape_of_port(a, g, &g->outputs), e->output);
    assert_int_equal(strlen(g->source_sha256), 64);
    lf_text text = {0}, weights = {0};
    assert_int_equal(lf_graph_print(g, false, &text, &weights), LF_OK);
    for (size_t i = 0; i < LF_COUNT(e->tensors) && e->tensors[i].tensor; i++) {
        assert_non_null(lf_find_tensor(g, e->tensors[i].tensor));
        make_expect_text(text.at, e->tensors[i].line);
    }
    assert_null(strstr(text.at, " = shape(")); /* what computes shapes is folded */
    lf_text_free(&text);
    lf_text_free(&weights);
    lf_graph_free(g);
    lf_ctx_free(ctx);
}

static void real_networks(void **state) {
    (void)state;
    lf_arena *a = lf_arena_new();
    size_t found = 0;
    for (size_t i = 0; i < LF_COUNT(networks); i++) {
        const char *path = model_path(a, networks[i].file);
        if (path)
            expect_network(a, &networks[i], path);
        found += path != NULL;
    }
    lf_arena_free(a);
    if (!found)
        skip();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(real_networks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
