/* A table network as plain JSON: its layers in a row, each with its constants as nested arrays. The form stands in doc/user/circuits.md. */
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "export/export.h"
#include "ir/attr.h"
#include "ops/table_layers.h"

typedef struct writer {
    const lf_graph *g;
    lf_arena *a;
    lf_id at; /* what the next layer must read */
} writer;

static lf_status refuse(const writer *w, const lf_node *n, const char *why) {
    lf_where where = lf_where_node(w->g, n);
    lf_status status =
        lf_fail(w->g->ctx, LF_BAD_INPUT, n ? &where : NULL, "tables in JSON are one chain of layers: %s", why);
    lf_hint(w->g->ctx, "FILE.lf holds every network");
    return status;
}

/* -- constants ---------------------------------------------------------------------------------------------------------- */

static json_t *element(const lf_tensor *t, size_t i, bool integer) {
    return integer ? json_integer(lf_tensor_code(t, i)) : json_real(lf_tensor_real(t, i));
}

/* Elements from *at on, of the dimensions from `axis` on. NULL: one is not finite. */
static json_t *nested(const lf_tensor *t, int axis, bool integer, size_t *at) {
    if (axis == t->shape.rank)
        return element(t, (*at)++, integer);
    json_t *list = json_array();
    for (int64_t i = 0; i < t->shape.dim[axis]; i++)
        if (json_array_append_new(list, nested(t, axis + 1, integer, at)) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static lf_status add_constant(const writer *w, const lf_node *n, const char *key, const lf_tensor *t, bool integer,
                              json_t *layer) {
    size_t at = 0;
    if (!t->value || (integer && !lf_is_codes(t)))
        return refuse(w, n,
                      lf_format(w->a, "%s is no constant%s", t->name, t->value ? " of integers with scale 1" : ""));
    if (lf_shape_count(t->shape) < 1 || json_object_set_new(layer, key, nested(t, 0, integer, &at)) != 0)
        return refuse(w, n, lf_format(w->a, "%s is empty or not finite", t->name));
    return LF_OK;
}

/* -- layers ------------------------------------------------------------------------------------------------------------- */

static const lf_table_layer *kind_of(const lf_node *n) {
    for (size_t i = 0; i < LF_COUNT(lf_table_layers); i++)
        if (!strcmp(n->op->name, lf_table_layers[i].op))
            return &lf_table_layers[i];
    return NULL;
}

/* As JSON where the text form is JSON, too; words become strings. */
static json_t *attribute(const lf_node *n, const lf_attr_desc *d) {
    lf_text t = {0};
    lf_attr_print(&t, n->attr, d);
    json_t *v = json_loadb(t.at, t.len, JSON_DECODE_ANY, NULL);
    v = v ? v : json_string(t.at);
    lf_text_free(&t);
    return v;
}

static void add_attributes(const writer *w, const lf_node *n, json_t *layer) {
    for (const lf_attr_desc *d = n->op->attrs; d && d->name; d++)
        if (!lf_attr_is_default(n->op, n->attr, d, w->a))
            json_object_set_new(layer, d->name, attribute(n, d));
}

static lf_status add_layer(writer *w, const lf_node *n, json_t *layers) {
    const lf_table_layer *kind = kind_of(n);
    json_t *layer = json_object();
    json_array_append_new(layers, layer);
    if (!kind)
        return refuse(w, n, lf_format(w->a, "%s is none of theirs", n->op->name));
    if (n->in_count < 1 || n->in[0] != w->at || n->out_count != 1 || n->in_count > 1 + LF_TABLE_LAYER_CONSTANTS)
        return refuse(w, n, "this one does not read what the one before gives");
    json_object_set_new(layer, "op", json_string(n->op->name));
    json_object_set_new(layer, "name", json_string(n->name));
    add_attributes(w, n, layer);
    for (int k = 1; k < n->in_count; k++) {
        if (!n->in[k])
            continue;
        if (!kind->keys[k - 1])
            return refuse(w, n, "it has more constants than the form knows");
        LF_TRY(add_constant(w, n, kind->keys[k - 1], lf_in(w->g, n, k), kind->integers, layer));
    }
    w->at = n->out[0];
    return LF_OK;
}

static json_t *input_json(const writer *w, const lf_port *port) {
    const lf_tensor *x = lf_tensor_at(w->g, port->tensor);
    json_t *o = json_object(), *shape = json_array();
    for (int i = 0; i < x->shape.rank; i++)
        json_array_append_new(shape, json_integer(x->shape.dim[i]));
    json_object_set_new(o, "name", json_string(port->name));
    json_object_set_new(o, "shape", shape);
    json_object_set_new(o, "type", json_string(lf_dtype_name(w->a, x->dtype)));
    return o;
}

static lf_status fill(writer *w, json_t *root) {
    const lf_graph *g = w->g;
    json_t *layers = json_array();
    json_object_set_new(root, "format", json_string(LF_TABLE_LAYERS_FORMAT));
    json_object_set_new(root, "version", json_integer(LF_TABLE_LAYERS_VERSION));
    if (g->inputs.count != 1 || g->outputs.count != 1 || g->inputs.at[0].grid) {
        json_decref(layers);
        return refuse(w, NULL,
                      g->inputs.at[0].grid ? "an input without a declared grid (leave --input out; a build has one)"
                                           : "one input, one output");
    }
    w->at = g->inputs.at[0].tensor;
    const lf_tensor *x = lf_tensor_at(g, w->at);
    if (lf_on_grid(x) && !lf_is_codes(x)) {
        json_decref(layers);
        return refuse(w, NULL, "the input has a scale");
    }
    json_object_set_new(root, "input", input_json(w, &g->inputs.at[0]));
    json_object_set_new(root, "output", json_string(g->outputs.at[0].name));
    json_object_set_new(root, "layers", layers);
    for (size_t i = 0; i < g->order.count; i++)
        LF_TRY(add_layer(w, lf_node_at(g, g->order.at[i]), layers));
    return w->at == g->outputs.at[0].tensor ? LF_OK : refuse(w, NULL, "the output is not what the last layer gives");
}

lf_status lf_export_tables(const lf_graph *g, const char *path) {
    writer w = {.g = g, .a = lf_arena_new()};
    json_t *root = json_object();
    lf_text t = {0};
    lf_status status = fill(&w, root);
    if (status == LF_OK && (g->columns || g->class_names))
        lf_warn(g->ctx, &(lf_where){.file = path},
                "it holds the layers; how a table's cells become numbers, and names of classes, only FILE.lf holds");
    if (status == LF_OK) {
        lf_json_print(&t, root);
        lf_text_add(&t, "\n");
        status = lf_file_write(g->ctx, path, t.at, t.len);
    }
    lf_text_free(&t);
    json_decref(root);
    lf_arena_free(w.a);
    return status;
}
