/* Names of the ONNX graph and what they stand for; constants become tensors when something first uses them as data. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "import/onnx_build.h"
#include "ops/const_grid.h"

/* -- the table of names -------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const char *s) {
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (; *s; s++)
        h = (h ^ (uint8_t)*s) * 1099511628211u;
    return h;
}

void lf_onnx_values_init(lf_onnx *m, size_t names) {
    for (m->slots = 64; m->slots < names * 2; m->slots *= 2)
        continue;
    m->slot = LF_NEW_ARRAY(m->scratch, uint32_t, m->slots);
}

static size_t slot_of(const lf_onnx *m, const char *name) {
    size_t i = (size_t)hash_of(name) & (m->slots - 1);
    while (m->slot[i] && strcmp(m->values.at[m->slot[i] - 1].name, name) != 0)
        i = (i + 1) & (m->slots - 1);
    return i;
}

lf_onnx_value *lf_onnx_find(lf_onnx *m, const char *name) {
    uint32_t at = m->slot[slot_of(m, name)];
    return at ? &m->values.at[at - 1] : NULL;
}

lf_onnx_value *lf_onnx_define(lf_onnx *m, const char *name) {
    size_t slot = slot_of(m, name);
    if (m->slot[slot]) {
        lf_where where = lf_onnx_where(m);
        lf_fail(m->ctx, LF_BAD_INPUT, &where, "the name %s is given to two values", name);
        return NULL;
    }
    LF_PUSH(m->scratch, &m->values, (lf_onnx_value){.name = name});
    m->slot[slot] = (uint32_t)m->values.count;
    return &m->values.at[m->values.count - 1];
}

/* -- annotations --------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
    return strcmp(((const lf_onnx_annotation *)a)->name, ((const lf_onnx_annotation *)b)->name);
}

static const char *datatype_of(const LfOnnx__TensorAnnotation *a) {
    for (size_t i = 0; i < a->n_quant_parameter_tensor_names; i++) {
        const LfOnnx__StringStringEntryProto *e = a->quant_parameter_tensor_names[i];
        if (e->key && e->value && !strcmp(e->key, "finn_datatype"))
            return e->value;
    }
    return NULL;
}

void lf_onnx_annotations_init(lf_onnx *m) {
    const lf_pb_graph *g = m->model->graph;
    m->annotation = LF_NEW_ARRAY(m->scratch, lf_onnx_annotation, g->n_quantization_annotation + 1);
    for (size_t i = 0; i < g->n_quantization_annotation; i++) {
        const LfOnnx__TensorAnnotation *a = g->quantization_annotation[i];
        const char *datatype = datatype_of(a);
        if (a->tensor_name && datatype)
            m->annotation[m->annotations++] = (lf_onnx_annotation){a->tensor_name, datatype};
    }
    qsort(m->annotation, m->annotations, sizeof *m->annotation, by_name);
}

bool lf_onnx_annotated(const lf_onnx *m, const char *name, lf_dtype *out) {
    lf_onnx_annotation key = {name, NULL};
    const lf_onnx_annotation *a =
        m->annotations ? bsearch(&key, m->annotation, m->annotations, sizeof key, by_name) : NULL;
    return a && lf_dtype_parse(a->datatype, out) && lf_dtype_is_code(*out);
}

/* -- constants ----------------------------------------------------------------------------------------------------- */

lf_status lf_onnx_payload(lf_onnx *m, lf_onnx_value *v) {
    if (v->read)
        return LF_OK;
    lf_where where = lf_onnx_where(m);
    LF_TRY(lf_onnx_tensor_read(m->ctx, &where, m->g->arena, m->dir, v->payload, &v->array));
    v->read = true;
    return LF_OK;
}

/* The first element that is NaN, or count. Infinity is a bound that some ops take; their infer knows. */
static size_t first_nan(const lf_const *c) {
    size_t i = 0;
    if (c->elem == LF_ELEM_F32)
        for (const float *v = c->data; i < c->count && !isnan(v[i]);)
            i++;
    else if (c->elem == LF_ELEM_F64)
        for (const double *v = c->data; i < c->count && !isnan(v[i]);)
            i++;
    else
        i = c->count;
    return i;
}

/* An integer or fixed-point datatype promises what the elements are: hold the file to it. */
static lf_status check_annotation(lf_onnx *m, const lf_onnx_value *v, lf_tensor *t) {
    lf_dtype type;
    lf_where where = lf_onnx_where(m);
    if (!lf_onnx_annotated(m, v->name, &type))
        return LF_OK;
    lf_range range = lf_dtype_range(type);
    double step = lf_dtype_step(type);
    for (size_t i = 0; i < t->value->count; i++) {
        double real = lf_const_real(t->value, i), code = real / step;
        if (fabs(code) < 0x1p63 && floor(code) == code && lf_range_holds(range, (int64_t)code))
            continue;
        lf_fail(m->ctx, LF_BAD_INPUT, &where, "constant %s is annotated %s, but its element %zu is %.9g", v->name,
                lf_dtype_name(m->scratch, type), i, real);
        lf_hint(m->ctx, "remove the annotation or correct the values");
        return LF_BAD_INPUT;
    }
    if (lf_is_codes(t) && step == 1.0)
        t->dtype = type;
    return LF_OK;
}

static lf_status check_elements(lf_onnx *m, const lf_onnx_value *v) {
    const lf_const *c = &v->array.value;
    lf_where where = lf_onnx_where(m);
    if (c->count == 0)
        return lf_fail(m->ctx, LF_BAD_INPUT, &where, "constant %s has no elements", v->name);
    size_t nan = first_nan(c);
    if (nan == c->count)
        return LF_OK;
    lf_fail(m->ctx, LF_BAD_INPUT, &where, "constant %s: element %zu is NaN", v->name, nan);
    lf_hint(m->ctx, "the training may have diverged: export the model from an earlier checkpoint");
    return LF_BAD_INPUT;
}

static lf_status payload_tensor(lf_onnx *m, lf_onnx_value *v) {
    LF_TRY(lf_onnx_payload(m, v));
    LF_TRY(check_elements(m, v));
    lf_tensor *t =
        lf_tensor_new(m->g, v->name, v->array.shape, v->array.value.elem == LF_ELEM_F64 ? LF_FLOAT64 : LF_FLOAT32);
    t->value = lf_copy(m->g->arena, &v->array.value, sizeof v->array.value);
    lf_const_grid_detect(m->g, t);
    LF_TRY(check_annotation(m, v, t));
    v->tensor = t->id;
    return LF_OK;
}

lf_status lf_onnx_materialise(lf_onnx *m, lf_onnx_value *v, lf_id *out) {
    if (!v->tensor && v->kind == LF_ONNX_PAYLOAD)
        LF_TRY(payload_tensor(m, v));
    if (!v->tensor && v->kind == LF_ONNX_INTS) {
        if (lf_shape_count(v->shape) == 0)
            return lf_onnx_refuse(m, "operand %s has no elements", v->name);
        v->tensor = lf_const_codes(m->g, v->name, v->shape, v->ints)->id;
    }
    *out = v->tensor;
    return LF_OK;
}

/* -- operands ------------------------------------------------------------------------------------------------------ */

int lf_onnx_in_count(const lf_onnx *m) {
    size_t n = m->node->n_input;
    while (n > 0 && !*m->node->input[n - 1])
        n--;
    return (int)n;
}

bool lf_onnx_has_in(const lf_onnx *m, int i) {
    return i < lf_onnx_in_count(m) && *m->node->input[i];
}

/* The caller has made sure that every operand of the current node is known. */
lf_onnx_value *lf_onnx_value_in(lf_onnx *m, int i) {
    lf_onnx_value *v = lf_onnx_has_in(m, i) ? lf_onnx_find(m, m->node->input[i]) : NULL;
    return v && v->same ? v->same : v;
}

lf_status lf_onnx_in(lf_onnx *m, int i, lf_id *out) {
    lf_onnx_value *v = lf_onnx_value_in(m, i);
    if (!v)
        return lf_onnx_refuse(m, "operand %d is missing", i);
    return lf_onnx_materialise(m, v, out);
}

lf_tensor *lf_onnx_tensor_at(const lf_onnx *m, lf_id id) {
    return lf_tensor_at(m->g, id);
}

bool lf_onnx_known_ints(lf_onnx *m, int i) {
    const lf_onnx_value *v = lf_onnx_value_in(m, i);
    if (!v || v->kind == LF_ONNX_INTS)
        return v && v->shape.rank <= 1;
    if (v->kind != LF_ONNX_PAYLOAD || (v->payload->data_type != 6 && v->payload->data_type != 7))
        return false;
    return v->payload->n_dims == 0 || (v->payload->n_dims == 1 && v->payload->dims[0] <= LF_ONNX_MAX_INTS);
}

static lf_status payload_ints(lf_onnx *m, lf_onnx_value *v, const char *what) {
    LF_TRY(lf_onnx_payload(m, v));
    if (v->array.is_float || v->array.shape.rank > 1 || v->array.value.count > LF_ONNX_MAX_INTS)
        return lf_onnx_refuse(m, "the %s, operand %s, is not a short list of integers", what, v->name);
    int64_t *at = LF_NEW_ARRAY(m->scratch, int64_t, v->array.value.count + 1);
    for (size_t i = 0; i < v->array.value.count; i++)
        at[i] = lf_const_int(&v->array.value, i);
    v->ints = at;
    v->shape = v->array.shape;
    return LF_OK;
}

lf_status lf_onnx_ints_in(lf_onnx *m, int i, const char *what, lf_ints *out) {
    lf_onnx_value *v = lf_onnx_value_in(m, i);
    if (!v)
        return lf_onnx_refuse(m, "the %s, operand %d, is missing", what, i);
    if (v->kind == LF_ONNX_TENSOR) {
        lf_onnx_refuse(m, "the %s, operand %s, is computed from the network's data", what, v->name);
        lf_hint(m->ctx, "a circuit has a fixed shape: export the model with a constant %s", what);
        return LF_BAD_INPUT;
    }
    if (v->kind == LF_ONNX_PAYLOAD && !v->ints)
        LF_TRY(payload_ints(m, v, what));
    if (v->shape.rank > 1)
        return lf_onnx_refuse(m, "the %s, operand %s, is not a list", what, v->name);
    *out = (lf_ints){v->ints, lf_shape_count(v->shape)};
    return LF_OK;
}

lf_status lf_onnx_operand_range(lf_onnx *m, int least, int most) {
    int n = lf_onnx_in_count(m);
    if (n < least || n > most)
        return lf_onnx_refuse(m, "%d operands, but it takes %d to %d in this version", n, least, most);
    for (int i = 0; i < least; i++)
        if (!lf_onnx_has_in(m, i))
            return lf_onnx_refuse(m, "operand %d is missing", i);
    return LF_OK;
}
