/* QONNX files: the graph, its inputs, outputs and the batch. */
#include <onnx.pb-c.h>
#include <string.h>

#include "base/file.h"
#include "export/export.h"
#include "export/onnx_writer.h"

enum { IR_VERSION = 7, OPSET = 13 };

static void write_inputs(lf_onnx_writer *w) {
    for (size_t i = 0; i < w->g->inputs.count; i++) {
        const lf_port *p = &w->g->inputs.at[i];
        const lf_tensor *t = lf_tensor_at(w->g, p->tensor);
        w->name[t->id] = p->name;
        LF_PUSH(w->a, &w->inputs, lf_onnx_new_info(w, p->name, t));
        lf_onnx_annotate(w, t);
    }
}

static void write_nodes(lf_onnx_writer *w) {
    for (size_t i = 0; i < w->g->order.count; i++) {
        const lf_node *n = lf_node_at(w->g, w->g->order.at[i]);
        if (n)
            lf_onnx_write_node(w, n);
    }
}

/* An output has its port's name; where the tensor bears another, a node that does nothing joins them. */
static void write_outputs(lf_onnx_writer *w) {
    for (size_t i = 0; i < w->g->outputs.count; i++) {
        const lf_port *p = &w->g->outputs.at[i];
        const lf_tensor *t = lf_tensor_at(w->g, p->tensor);
        LF_PUSH(w->a, &w->outputs, lf_onnx_new_info(w, p->name, t));
        if (!strcmp(p->name, w->name[t->id]))
            continue;
        LfOnnx__NodeProto *out = lf_onnx_new_node(w, lf_format(w->a, "%s_name", p->name), "Identity", "");
        out->n_input = out->n_output = 1;
        out->input = lf_copy(w->a, &w->name[t->id], sizeof *w->name);
        out->output = lf_copy(w->a, &p->name, sizeof p->name);
    }
}

/* Outputs say their own shape; the checker refuses a second statement. */
static void drop_output_infos(lf_onnx_writer *w) {
    size_t kept = 0;
    for (size_t i = 0; i < w->infos.count; i++) {
        bool output = false;
        for (size_t k = 0; k < w->outputs.count; k++)
            output |= !strcmp(w->infos.at[i]->name, w->outputs.at[k]->name);
        if (!output)
            w->infos.at[kept++] = w->infos.at[i];
    }
    w->infos.count = kept;
}

static bool keeps_batch(const lf_tensor *t) {
    return t->shape.rank > 0 && t->shape.dim[0] == 1;
}

/* Marks what depends on an input. A network whose inputs have no first dimension of 1, or that drops it somewhere, has no batch. */
static bool find_batch(lf_onnx_writer *w) {
    bool batch = true;
    for (size_t i = 0; i < w->g->inputs.count; i++) {
        w->computed[w->g->inputs.at[i].tensor] = true;
        batch = batch && keeps_batch(lf_tensor_at(w->g, w->g->inputs.at[i].tensor));
    }
    for (size_t i = 0; i < w->g->order.count; i++) {
        const lf_node *n = lf_node_at(w->g, w->g->order.at[i]);
        bool computed = false;
        for (int k = 0; n && k < n->in_count; k++)
            computed |= w->computed[n->in[k]];
        for (int k = 0; computed && k < n->out_count; k++) {
            w->computed[n->out[k]] = true;
            batch = batch && keeps_batch(lf_out(w->g, n, k));
        }
    }
    return batch;
}

/* Where another tensor bears the name of an output, the two change names. */
static void free_output_names(lf_onnx_writer *w) {
    for (size_t i = 0; i < w->g->outputs.count; i++) {
        const lf_port *p = &w->g->outputs.at[i];
        const lf_tensor *other = lf_find_tensor(w->g, p->name);
        if (!other || other->id == p->tensor || w->name[other->id] != other->name)
            continue;
        w->name[other->id] = w->name[p->tensor];
        w->name[p->tensor] = p->name;
    }
}

static void start(lf_onnx_writer *w) {
    size_t n = w->g->tensors.count + 1;
    w->computed = LF_NEW_ARRAY(w->a, bool, n);
    w->indices = LF_NEW_ARRAY(w->a, bool, n);
    w->written = LF_NEW_ARRAY(w->a, bool, n);
    w->name = LF_NEW_ARRAY(w->a, const char *, n);
    for (size_t i = 0; i < w->g->tensors.count; i++)
        w->name[i + 1] = w->g->tensors.at[i] ? w->g->tensors.at[i]->name : "";
    free_output_names(w);
    w->batch = find_batch(w);
}

#define GIVE(w, field, vec) ((w)->graph.n_##field = (w)->vec.count, (w)->graph.field = (w)->vec.at)
static void collect(lf_onnx_writer *w) {
    w->graph.name = lf_onnx_text(w->g->name && *w->g->name ? w->g->name : "network");
    GIVE(w, node, nodes);
    GIVE(w, initializer, initializers);
    GIVE(w, input, inputs);
    GIVE(w, output, outputs);
    GIVE(w, value_info, infos);
    GIVE(w, quantization_annotation, annotations);
}

static lf_status write_model(lf_onnx_writer *w, const char *path) {
    LfOnnx__OperatorSetIdProto onnx = LF_ONNX__OPERATOR_SET_ID_PROTO__INIT, general = onnx, *sets[] = {&onnx, &general};
    LfOnnx__ModelProto model = LF_ONNX__MODEL_PROTO__INIT;
    onnx.domain = lf_onnx_text("");
    general.domain = lf_onnx_text(LF_ONNX_GENERAL);
    onnx.has_version = general.has_version = model.has_ir_version = 1;
    onnx.version = OPSET;
    general.version = 1;
    model.ir_version = IR_VERSION;
    model.producer_name = lf_onnx_text("lutfisk");
    model.graph = &w->graph;
    model.n_opset_import = LF_COUNT(sets);
    model.opset_import = sets;
    lf_where where = {.file = path};
    size_t size = lf_onnx__model_proto__get_packed_size(&model);
    uint8_t *bytes = size <= INT32_MAX ? lf_alloc_try(w->a, size, 1) : NULL;
    if (!bytes)
        return lf_fail(w->g->ctx, LF_BAD_INPUT, &where,
                       "a model of %zu bytes: too large for one ONNX file or for the memory", size);
    lf_onnx__model_proto__pack(&model, bytes);
    return lf_file_write(w->g->ctx, path, bytes, size);
}

lf_status lf_export_onnx(const lf_graph *g, const char *path) {
    LfOnnx__GraphProto init = LF_ONNX__GRAPH_PROTO__INIT;
    lf_onnx_writer w = {.g = g, .a = lf_arena_new(), .graph = init};
    if (!w.a)
        return lf_fail(g->ctx, LF_BAD_INPUT, NULL, "no memory to write %s", path);
    start(&w);
    write_inputs(&w);
    write_nodes(&w);
    write_outputs(&w);
    drop_output_infos(&w);
    collect(&w);
    lf_status status = w.status == LF_OK ? write_model(&w, path) : w.status;
    lf_arena_free(w.a);
    return status;
}
