#include "report/host_report.h"

#include <string.h>

#include "ir/attr_access.h"
#include "pass/flow_model.h"

static const lf_port *port_named(const lf_ports *ports, const char *name) {
    for (size_t i = 0; i < ports->count; i++)
        if (!strcmp(ports->at[i].name, name))
            return &ports->at[i];
    return NULL;
}

static json_t *shape_json(lf_shape s) {
    json_t *a = json_array();
    for (int i = 1; i < s.rank; i++) /* without the batch */
        json_array_append_new(a, json_integer(s.dim[i]));
    return a;
}

static const char *layout_of(lf_shape s) {
    return s.rank == 4 ? "NCHW" : s.rank == 2 ? "NC" : "row-major";
}

static void prepend(json_t *nodes, const lf_node *n) {
    json_array_insert_new(nodes, 0, json_string(n->name));
}

/* Host nodes that lead to the cut, first to last. */
static json_t *nodes_before(const lf_graph *g, lf_id tensor) {
    json_t *nodes = json_array();
    for (const lf_node *n = lf_node_at(g, lf_tensor_at(g, tensor)->producer); n;) {
        prepend(nodes, n);
        lf_id up = 0;
        for (int k = 0; k < n->in_count && !up; k++)
            if (n->in[k] && !lf_in(g, n, k)->value)
                up = n->in[k];
        n = up ? lf_node_at(g, lf_tensor_at(g, up)->producer) : NULL;
    }
    return nodes;
}

static const lf_node *first_reader(const lf_graph *g, lf_id tensor) {
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        for (int k = 0; k < n->in_count; k++)
            if (n->in[k] == tensor && n->place == LF_PLACE_HOST)
                return n;
    }
    return NULL;
}

static json_t *nodes_behind(const lf_graph *g, lf_id tensor) {
    json_t *nodes = json_array();
    for (const lf_node *n = first_reader(g, tensor); n; n = n->out_count ? first_reader(g, n->out[0]) : NULL)
        json_array_append_new(nodes, json_string(n->name));
    return nodes;
}

static void set_scale(json_t *o, double scale, double offset) {
    json_object_set_new(o, "scale", json_real(scale));
    json_object_set_new(o, "offset", json_real(offset));
}

/* value = code * scale + offset: from the declared grid, or from the tensor that `quantize` takes its codes from. */
static void input_scale(const lf_graph *g, json_t *o, const lf_port *model, lf_id tensor) {
    if (model && model->grid) {
        set_scale(o, model->grid->divisor != 0 ? 1 / model->grid->divisor : model->grid->scale, model->grid->offset);
        return;
    }
    const lf_node *n = lf_node_at(g, lf_tensor_at(g, tensor)->producer);
    while (n && strcmp(n->op->name, "quantize"))
        n = lf_node_at(g, lf_in(g, n, 0)->producer);
    const lf_tensor *x = n ? lf_in(g, n, 0) : NULL;
    set_scale(o, x && lf_on_grid(x) ? x->grid.scale[0] : 1, 0);
}

static void output_scale(const lf_graph *g, json_t *o, lf_id tensor) {
    const lf_node *n = first_reader(g, tensor);
    while (n && strcmp(n->op->name, "dequantize"))
        n = n->out_count ? first_reader(g, n->out[0]) : NULL;
    const lf_tensor *y = n ? lf_out(g, n, 0) : NULL;
    if (y && y->grid.scale_count > 1) {
        json_t *scales = json_array();
        for (int64_t i = 0; i < y->grid.scale_count; i++)
            json_array_append_new(scales, json_real(y->grid.scale[i]));
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

static json_t *port_json(const lf_graph *g, const lf_stream_port *p, bool output) {
    const lf_port *model = port_named(output ? &g->outputs : &g->inputs, p->name);
    const lf_tensor *m = lf_tensor_at(g, model ? model->tensor : p->tensor);
    lf_arena *a = lf_arena_new();
    json_t *o = json_object();
    json_object_set_new(o, "name", json_string(p->name));
    json_object_set_new(o, "port", json_string(port_text(a, p, output, lf_speaks_flow(g))));
    json_object_set_new(o, "shape", shape_json(m->shape));
    json_object_set_new(o, "layout", json_string(layout_of(m->shape)));
    json_object_set_new(
        o, "dtype",
        json_string(output && lf_dtype_is_code(m->dtype) && !lf_on_grid(m) ? lf_dtype_name(a, m->dtype) : "FLOAT32"));
    json_object_set_new(o, "type", json_string(lf_dtype_name(a, p->type)));
    if (output)
        output_scale(g, o, p->tensor);
    else
        input_scale(g, o, model, p->tensor);
    json_object_set_new(o, "elements", json_integer(p->elements));
    json_object_set_new(o, "elements_per_beat", json_integer(p->lanes));
    json_object_set_new(o, "beats", json_integer(lf_port_beats(p)));
    json_object_set_new(o, "beat_bytes", json_integer(lf_port_bytes(p)));
    json_object_set_new(o, "nodes", output ? nodes_behind(g, p->tensor) : nodes_before(g, p->tensor));
    lf_arena_free(a);
    return o;
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
    json_t *host = json_object(), *in = json_array(), *out = json_array(), *weights = json_array();
    size_t data = lf_data_port_count(inputs);
    for (size_t i = 0; i < data; i++)
        json_array_append_new(in, port_json(g, &inputs->at[i], false));
    for (size_t i = 0; i < outputs->count; i++)
        json_array_append_new(out, port_json(g, &outputs->at[i], true));
    for (size_t i = data; i < inputs->count; i++)
        json_array_append_new(weights, weights_json(&inputs->at[i]));
    json_object_set_new(host, "inputs", in);
    json_object_set_new(host, "outputs", out);
    json_object_set_new(host, "weights", weights);
    return host;
}
