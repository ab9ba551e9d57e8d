#include "report/host_report.h"

#include <string.h>

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "pass/flow_model.h"

static json_t *shape_json(lf_shape s) {
    json_t *a = json_array();
    for (int i = 1; i < s.rank; i++) /* without the batch */
        json_array_append_new(a, json_integer(s.dim[i]));
    return a;
}

static const char *layout_of(lf_shape s) {
    return s.rank == 4 ? "NCHW" : s.rank == 2 ? "NC" : "row-major";
}

static bool any_marked(const bool *marked, const lf_id *tensor, int count) {
    for (int k = 0; k < count; k++)
        if (marked[tensor[k]])
            return true;
    return false;
}

static void mark_all(bool *marked, const lf_id *tensor, int count) {
    for (int k = 0; k < count; k++)
        marked[tensor[k]] = tensor[k] != 0;
}

/* Host nodes through which data goes from one tensor to another, without a unit between, last to first. false: none goes. */
static bool nodes_between(const lf_graph *g, lf_arena *a, lf_id from, lf_id to, lf_ids *nodes) {
    bool *down = LF_NEW_ARRAY(a, bool, g->tensors.count + 1), *up = LF_NEW_ARRAY(a, bool, g->tensors.count + 1);
    down[from] = up[to] = true;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (!lf_is_unit(n) && any_marked(down, n->in, n->in_count))
            mark_all(down, n->out, n->out_count);
    }
    for (size_t i = g->order.count; down[to] && i-- > 0;) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (lf_is_unit(n) || !any_marked(down, n->in, n->in_count) || !any_marked(up, n->out, n->out_count))
            continue;
        mark_all(up, n->in, n->in_count);
        if (n->place == LF_PLACE_HOST)
            LF_PUSH(a, nodes, n->id);
    }
    return down[to];
}

static json_t *names_of(const lf_graph *g, const lf_ids *nodes) {
    json_t *names = json_array();
    for (size_t i = nodes->count; i-- > 0;)
        json_array_append_new(names, json_string(lf_node_at(g, nodes->at[i])->name));
    return names;
}

static void set_scale(json_t *o, double scale, double offset) {
    json_object_set_new(o, "scale", json_real(scale));
    json_object_set_new(o, "offset", json_real(offset));
}

/* value = code * scale + offset: from the declared grid, or from the tensor that the last `quantize` takes its codes from. */
static void input_scale(const lf_graph *g, json_t *o, const lf_port *model, const lf_ids *nodes) {
    if (model && model->grid) {
        set_scale(o, model->grid->divisor != 0 ? 1 / model->grid->divisor : model->grid->scale, model->grid->offset);
        return;
    }
    size_t i = 0;
    while (i < nodes->count && !lf_is_op(lf_node_at(g, nodes->at[i]), "quantize"))
        i++;
    const lf_tensor *x = i < nodes->count ? lf_in(g, lf_node_at(g, nodes->at[i]), 0) : NULL;
    set_scale(o, x && lf_on_grid(x) ? x->grid.scale[0] : 1, 0);
}

/* From the tensor that the first `dequantize` gives. */
static void output_scale(const lf_graph *g, json_t *o, const lf_ids *nodes) {
    size_t i = nodes->count;
    while (i > 0 && !lf_is_op(lf_node_at(g, nodes->at[i - 1]), "dequantize"))
        i--;
    const lf_tensor *y = i > 0 ? lf_out(g, lf_node_at(g, nodes->at[i - 1]), 0) : NULL;
    if (y && y->grid.scale_count > 1) {
        json_t *scales = json_array();
        for (int64_t c = 0; c < y->grid.scale_count; c++)
            json_array_append_new(scales, json_real(y->grid.scale[c]));
        json_object_set_new(o, "scale", scales);
        json_object_set_new(o, "offset", json_real(0));
    } else
        set_scale(o, y && lf_on_grid(y) ? y->grid.scale[0] : 1, 0);
}

/* Without the part that says data, valid or ready. */
static const char *port_text(lf_arena *a, const lf_stream_port *p, bool output, bool speaks_flow) {
    const char *flow = output ? "out" : "in", *stream = output ? "m_axis" : "s_axis";
    return lf_format(a, "%s%s%.*s", speaks_flow ? flow : stream, *p->suffix ? "_" : "",
                     (int)strlen(p->suffix) - (*p->suffix ? 1 : 0), p->suffix);
}

/* One input or output of the model (NULL: of none) and one stream, with what the host does between them. */
static json_t *port_json(const lf_graph *g, lf_arena *a, const lf_port *model, const lf_stream_port *p,
                         const lf_ids *nodes, bool output) {
    const lf_tensor *m = lf_tensor_at(g, model ? model->tensor : p->tensor);
    json_t *o = json_object();
    json_object_set_new(o, "name", json_string(model ? model->name : p->name));
    json_object_set_new(o, "port", json_string(port_text(a, p, output, lf_speaks_flow(g))));
    json_object_set_new(o, "shape", shape_json(m->shape));
    json_object_set_new(o, "layout", json_string(layout_of(m->shape)));
    json_object_set_new(
        o, "dtype",
        json_string(output && lf_dtype_is_code(m->dtype) && !lf_on_grid(m) ? lf_dtype_name(a, m->dtype) : "FLOAT32"));
    json_object_set_new(o, "type", json_string(lf_dtype_name(a, p->type)));
    if (output)
        output_scale(g, o, nodes);
    else
        input_scale(g, o, model, nodes);
    json_object_set_new(o, "elements", json_integer(p->elements));
    json_object_set_new(o, "elements_per_beat", json_integer(p->lanes));
    json_object_set_new(o, "beats", json_integer(lf_port_beats(p)));
    json_object_set_new(o, "beat_bytes", json_integer(lf_port_bytes(p)));
    json_object_set_new(o, "nodes", names_of(g, nodes));
    return o;
}

/* Every pair of them between which data goes, in the order of the model's; then the streams that belong to none. */
static json_t *ports_json(const lf_graph *g, lf_arena *a, const lf_ports *model, const lf_stream_ports *streams,
                          size_t count, bool output) {
    json_t *all = json_array();
    bool *listed = LF_NEW_ARRAY(a, bool, count + 1);
    for (size_t k = 0; k < model->count; k++)
        for (size_t i = 0; i < count; i++) {
            lf_id inside = streams->at[i].tensor, outside = model->at[k].tensor;
            lf_ids nodes = {0};
            if (!nodes_between(g, a, output ? inside : outside, output ? outside : inside, &nodes))
                continue;
            json_array_append_new(all, port_json(g, a, &model->at[k], &streams->at[i], &nodes, output));
            listed[i] = true;
        }
    for (size_t i = 0; i < count; i++)
        if (!listed[i])
            json_array_append_new(all, port_json(g, a, NULL, &streams->at[i], &(lf_ids){0}, output));
    return all;
}

/* What a DMA replays: the beats of `file`, `repeats` times a frame. */
static json_t *weights_json(const lf_stream_port *p) {
    lf_arena *a = lf_arena_new();
    json_t *o = json_object();
    json_object_set_new(o, "name", json_string(p->name));
    json_object_set_new(o, "port", json_string(port_text(a, p, false, false)));
    json_object_set_new(o, "type", json_string(lf_dtype_name(a, p->type)));
    json_object_set_new(o, "bits", json_integer(lf_port_bits(p)));
    json_object_set_new(o, "beat_bytes", json_integer(lf_port_bytes(p)));
    json_object_set_new(o, "beats_per_frame", json_integer(lf_port_beats(p)));
    json_object_set_new(o, "file", json_string(lf_weights_file(a, p)));
    json_object_set_new(o, "file_beats", json_integer(lf_port_image_beats(p)));
    json_object_set_new(o, "repeats", json_integer(p->elements / p->image));
    lf_arena_free(a);
    return o;
}

json_t *lf_host_report(const lf_graph *g, const lf_stream_ports *inputs, const lf_stream_ports *outputs) {
    lf_arena *a = lf_arena_new();
    json_t *host = json_object(), *weights = json_array();
    size_t data = lf_data_port_count(inputs);
    json_object_set_new(host, "inputs", ports_json(g, a, &g->inputs, inputs, data, false));
    json_object_set_new(host, "outputs", ports_json(g, a, &g->outputs, outputs, outputs->count, true));
    for (size_t i = data; i < inputs->count; i++)
        json_array_append_new(weights, weights_json(&inputs->at[i]));
    json_object_set_new(host, "weights", weights);
    lf_arena_free(a);
    return host;
}
