/* ONNX files from memory. Besides libFuzzer's own changes of bytes, which seldom keep the lengths of a protobuf message
 * right, half of the mutations are made on the unpacked model and packed again, so that they reach the import of the
 * ops. */
#include <onnx.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "import/import.h"
#include "ir/lftext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_graph *g = lf_import_onnx_bytes(ctx, "fuzz.onnx", NULL, data, size);
    if (!g && lf_diag_errors(ctx) == 0)
        abort(); /* refused without a reason */
    if (g) {
        lf_text text = {0}, weights = {0};
        if (lf_graph_print(g, false, &text, &weights) != LF_OK)
            abort(); /* what was imported and verified can be printed */
        lf_text_free(&text);
        lf_text_free(&weights);
    }
    lf_graph_free(g);
    lf_ctx_free(ctx);
    return 0;
}

/* -- changes of the message ---------------------------------------------------------------------------------------- */

static unsigned next(unsigned *seed, unsigned n) {
    *seed = *seed * 1664525u + 1013904223u;
    return n ? (*seed >> 8) % n : 0;
}

static const int64_t odd_ints[] = {0,  1,  -1,  2,       3,         4,         7,         8,        9,
                                   -2, 64, 784, 1 << 20, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
static const float odd_floats[] = {0, 1, -1, 0.5f, 1e-30f, 1e30f, 3.4e38f, 0x1p-40f, 1.0f / 3};

static int64_t odd_int(unsigned *seed) {
    return odd_ints[next(seed, sizeof odd_ints / sizeof *odd_ints)];
}
static float odd_float(unsigned *seed) {
    return odd_floats[next(seed, sizeof odd_floats / sizeof *odd_floats)];
}

static void change_tensor(LfOnnx__TensorProto *t, unsigned *seed) {
    switch (next(seed, 5)) {
    case 0:
        if (t->n_dims)
            t->dims[next(seed, (unsigned)t->n_dims)] = odd_int(seed);
        break;
    case 1:
        t->has_data_type = 1;
        t->data_type = (int32_t)next(seed, 28);
        break;
    case 2:
        if (t->raw_data.len >= 4) {
            float v = odd_float(seed);
            memcpy(t->raw_data.data + next(seed, (unsigned)(t->raw_data.len / 4)) * 4, &v, sizeof v);
        }
        break;
    case 3:
        if (t->n_dims)
            t->n_dims--;
        break;
    default:
        if (t->raw_data.len)
            t->raw_data.data[next(seed, (unsigned)t->raw_data.len)] = (uint8_t)next(seed, 256);
    }
}

static void change_attribute(LfOnnx__AttributeProto *a, unsigned *seed) {
    a->i = a->has_i ? odd_int(seed) : a->i;
    a->f = a->has_f ? odd_float(seed) : a->f;
    if (a->n_ints)
        a->ints[next(seed, (unsigned)a->n_ints)] = odd_int(seed);
    if (a->t)
        change_tensor(a->t, seed);
    if (next(seed, 8) == 0 && a->n_ints)
        a->n_ints--;
}

/* Two strings of the graph change places: other operands, other ops. */
static void swap(char **a, char **b) {
    char *t = *a;
    *a = *b;
    *b = t;
}

static void change_node(LfOnnx__GraphProto *g, unsigned *seed) {
    LfOnnx__NodeProto *n = g->node[next(seed, (unsigned)g->n_node)], *o = g->node[next(seed, (unsigned)g->n_node)];
    switch (next(seed, 4)) {
    case 0:
        swap(&n->op_type, &o->op_type);
        swap(&n->domain, &o->domain);
        break;
    case 1:
        if (n->n_input && o->n_input)
            swap(&n->input[next(seed, (unsigned)n->n_input)], &o->input[next(seed, (unsigned)o->n_input)]);
        break;
    case 2:
        if (n->n_input > 1)
            swap(&n->input[0], &n->input[next(seed, (unsigned)n->n_input)]);
        break;
    default:
        if (n->n_attribute)
            change_attribute(n->attribute[next(seed, (unsigned)n->n_attribute)], seed);
    }
}

static void change_input(LfOnnx__GraphProto *g, unsigned *seed) {
    LfOnnx__ValueInfoProto *v = g->input[next(seed, (unsigned)g->n_input)];
    LfOnnx__TypeProto__Tensor *t = v->type ? v->type->tensor_type : NULL;
    if (t && t->shape && t->shape->n_dim && next(seed, 2))
        t->shape->dim[next(seed, (unsigned)t->shape->n_dim)]->dim_value = odd_int(seed);
    else if (t)
        t->elem_type = (int32_t)next(seed, 24);
}

static void change_model(LfOnnx__ModelProto *m, unsigned *seed) {
    LfOnnx__GraphProto *g = m->graph;
    if (!g)
        return;
    switch (next(seed, 4)) {
    case 0:
        if (g->n_initializer)
            change_tensor(g->initializer[next(seed, (unsigned)g->n_initializer)], seed);
        break;
    case 1:
        if (g->n_input)
            change_input(g, seed);
        else if (m->n_opset_import)
            m->opset_import[0]->version = 8 + next(seed, 15);
        break;
    default:
        if (g->n_node)
            change_node(g, seed);
    }
    if (m->n_opset_import && next(seed, 8) == 0)
        m->opset_import[0]->version = 8 + next(seed, 15);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    LfOnnx__ModelProto *m = seed & 1 ? lf_onnx__model_proto__unpack(NULL, size, data) : NULL;
    if (!m)
        return LLVMFuzzerMutate(data, size, max_size);
    for (unsigned i = 0, n = 1 + next(&seed, 3); i < n; i++)
        change_model(m, &seed);
    size_t packed = lf_onnx__model_proto__get_packed_size(m);
    if (packed <= max_size)
        lf_onnx__model_proto__pack(m, data);
    lf_onnx__model_proto__free_unpacked(m, NULL);
    return packed <= max_size ? packed : size;
}
