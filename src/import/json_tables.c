/* lutfisk-tables: a chain of layers, each an op with its constants (ops/table_layers.h) and attributes:
 *   format "lutfisk-tables", version 1
 *   input: name, shape, type (FLOAT32 or a type of codes)       output: name
 *   layers[l]: op, name, the constants as nested arrays, attributes under their own names */
#include <math.h>
#include <string.h>

#include "import/json_nets.h"
#include "ir/op.h"
#include "ops/ops.h"
#include "ops/table_layers.h"

enum { ELEMENTS_MAX = 1 << 28 };

typedef struct reader {
    lf_graph *g;
    lf_id at; /* what the layer before gives */
} reader;

static lf_status get_string(const lf_json_at *at, const char *key, const char **out) {
    lf_json_at v;
    LF_TRY(lf_json_get(at, key, &v));
    *out = json_string_value(v.value);
    return *out ? LF_OK : lf_json_fail(&v, "is no string");
}

/* -- constants ---------------------------------------------------------------------------------------------------------- */

static lf_status shape_of(const lf_json_at *at, lf_shape *s) {
    lf_json_at way[LF_MAX_RANK + 1] = {*at};
    *s = (lf_shape){0};
    for (int axis = 0; json_is_array(way[axis].value); axis++) {
        size_t length;
        if (axis == LF_MAX_RANK)
            return lf_json_fail(at, "has more than %d axes", LF_MAX_RANK);
        LF_TRY(lf_json_length(&way[axis], 1, ELEMENTS_MAX, &length));
        s->dim[s->rank++] = (int64_t)length;
        way[axis + 1] = lf_json_item(&way[axis], 0);
    }
    return lf_shape_count(*s) <= ELEMENTS_MAX ? LF_OK : lf_json_fail(at, "has too many elements");
}

static lf_status read_real(const lf_json_at *at, double *out) {
    *out = json_number_value(at->value);
    return json_is_number(at->value) && isfinite(*out) ? LF_OK : lf_json_fail(at, "is no number");
}

/* Into code or real, whichever is given, from *i on. */
static lf_status read_nested(const lf_json_at *at, lf_shape s, int axis, int64_t *code, double *real, size_t *i) {
    size_t length;
    if (axis == s.rank)
        return code ? lf_json_int(at, -((int64_t)1 << 60), (int64_t)1 << 60, &code[(*i)++])
                    : read_real(at, &real[(*i)++]);
    LF_TRY(lf_json_length(at, (size_t)s.dim[axis], (size_t)s.dim[axis], &length));
    for (size_t k = 0; k < length; k++) {
        lf_json_at item = lf_json_item(at, k);
        LF_TRY(read_nested(&item, s, axis + 1, code, real, i));
    }
    return LF_OK;
}

static lf_status read_constant(reader *r, const lf_json_at *at, bool integers, const char *name, lf_id *out) {
    lf_shape s;
    size_t i = 0;
    LF_TRY(shape_of(at, &s));
    void *room = lf_alloc_try(r->g->arena, (size_t)lf_shape_count(s), sizeof(int64_t));
    if (!room)
        return lf_json_fail(at, "no memory for its elements");
    LF_TRY(read_nested(at, s, 0, integers ? room : NULL, integers ? NULL : room, &i));
    *out = (integers ? lf_const_codes(r->g, name, s, room) : lf_const_reals(r->g, name, s, room))->id;
    return LF_OK;
}

/* -- layers ------------------------------------------------------------------------------------------------------------- */

static const lf_table_layer *kind_of(const char *op) {
    for (size_t i = 0; i < LF_COUNT(lf_table_layers); i++)
        if (!strcmp(op, lf_table_layers[i].op))
            return &lf_table_layers[i];
    return NULL;
}

static bool is_constant(const lf_table_layer *kind, const char *key) {
    for (int k = 0; k < LF_TABLE_LAYER_CONSTANTS; k++)
        if (kind->keys[k] && !strcmp(kind->keys[k], key))
            return true;
    return false;
}

/* In the text form: words without quotes, all else as JSON has it. */
static lf_status set_attribute(const reader *r, lf_node *n, const char *key, const json_t *value) {
    lf_where where = {.file = r->g->source, .node = n->name};
    lf_text t = {0};
    if (json_is_string(value))
        lf_text_add(&t, json_string_value(value));
    else
        lf_json_print(&t, value);
    lf_status status = lf_attr_set_text(r->g->ctx, r->g->arena, n->op, n->attr, key, t.at, &where);
    lf_text_free(&t);
    return status;
}

static lf_status set_attributes(const reader *r, const lf_json_at *layer, const lf_table_layer *kind, lf_node *n) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)layer->value, key, value) {
        if (!strcmp(key, "op") || !strcmp(key, "name") || is_constant(kind, key))
            continue;
        if (!n->op->attrs || !lf_attr_find(n->op, key))
            return lf_json_fail(layer, "%s has no \"%s\"", n->op->name, key);
        LF_TRY(set_attribute(r, n, key, value));
    }
    return LF_OK;
}

static lf_status read_layer(reader *r, const lf_json_at *layer) {
    lf_graph *g = r->g;
    const char *op, *name;
    lf_id in[1 + LF_TABLE_LAYER_CONSTANTS] = {r->at};
    int count = 1;
    LF_TRY(get_string(layer, "op", &op));
    LF_TRY(get_string(layer, "name", &name));
    const lf_table_layer *kind = kind_of(op);
    if (!kind)
        return lf_json_fail(layer, "the op \"%s\" is none of the format", op);
    for (int k = 0; k < LF_TABLE_LAYER_CONSTANTS && kind->keys[k]; k++) {
        lf_json_at v;
        if (k >= kind->needed && !lf_json_has(layer, kind->keys[k]))
            break;
        LF_TRY(lf_json_get(layer, kind->keys[k], &v));
        LF_TRY(read_constant(r, &v, kind->integers, lf_format(g->arena, "%s_%s", name, kind->keys[k]), &in[count++]));
    }
    r->at = lf_tensor_new(g, name, (lf_shape){0}, LF_FLOAT32)->id;
    lf_node *n = lf_node_new(g, lf_op_find(op), name, in, count, &r->at, 1, NULL);
    LF_TRY(set_attributes(r, layer, kind, n));
    return lf_infer_node(g, n);
}

static lf_status read_input(reader *r, const lf_json_at *root) {
    lf_json_at input, shape;
    const char *name, *type;
    size_t rank;
    lf_shape s = {0};
    lf_dtype dtype;
    LF_TRY(lf_json_get(root, "input", &input));
    LF_TRY(get_string(&input, "name", &name));
    LF_TRY(get_string(&input, "type", &type));
    LF_TRY(lf_json_get(&input, "shape", &shape));
    LF_TRY(lf_json_length(&shape, 1, LF_MAX_RANK, &rank));
    s.rank = (int)rank;
    LF_TRY(lf_json_ints(&shape, rank, 1, ELEMENTS_MAX, s.dim));
    if (!lf_dtype_parse(type, &dtype) ||
        (lf_dtype_is_code(dtype) ? lf_dtype_step(dtype) != 1 : dtype.kind != LF_KIND_FLOAT))
        return lf_json_fail(&input, "the type \"%s\" is neither FLOAT32 nor one of integers", type);
    if (lf_shape_count(s) > ELEMENTS_MAX)
        return lf_json_fail(&shape, "has too many elements");
    lf_tensor *x = lf_tensor_new(r->g, name, s, dtype);
    if (lf_dtype_is_code(dtype))
        lf_set_codes(r->g, x, lf_dtype_range(dtype));
    LF_PUSH(r->g->arena, &r->g->inputs, (lf_port){.name = lf_strdup(r->g->arena, name), .tensor = x->id});
    r->at = x->id;
    return LF_OK;
}

static lf_status check_format(const lf_json_at *root) {
    const char *format;
    int64_t version;
    LF_TRY(get_string(root, "format", &format));
    if (strcmp(format, LF_TABLE_LAYERS_FORMAT) != 0)
        return lf_json_fail(root, "the format \"%s\" is not " LF_TABLE_LAYERS_FORMAT, format);
    return lf_json_get_int(root, "version", LF_TABLE_LAYERS_VERSION, LF_TABLE_LAYERS_VERSION, &version);
}

lf_status lf_json_read_tables(lf_graph *g, const lf_json_at *root) {
    reader r = {.g = g};
    lf_json_at layers;
    size_t count;
    const char *output;
    LF_TRY(check_format(root));
    LF_TRY(read_input(&r, root));
    LF_TRY(get_string(root, "output", &output));
    LF_TRY(lf_json_get(root, "layers", &layers));
    LF_TRY(lf_json_length(&layers, 1, LF_JSON_LAYERS_MAX, &count));
    for (size_t i = 0; i < count; i++) {
        lf_json_at layer = lf_json_item(&layers, i);
        LF_TRY(read_layer(&r, &layer));
    }
    LF_PUSH(g->arena, &g->outputs, (lf_port){.name = lf_strdup(g->arena, output), .tensor = r.at});
    return LF_OK;
}
