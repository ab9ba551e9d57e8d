/* Attributes of the current node. Whoever reads one marks it, so that the rest can be complained about. */
#include <string.h>

#include "import/onnx_build.h"

/* AttributeProto.AttributeType */
enum { A_FLOAT = 1, A_INT = 2, A_STRING = 3, A_TENSOR = 4, A_FLOATS = 6, A_INTS = 7, A_STRINGS = 8 };

const lf_pb_attr *lf_onnx_attr(lf_onnx *m, const char *name) {
    for (size_t i = 0; i < m->node->n_attribute; i++) {
        const lf_pb_attr *a = m->node->attribute[i];
        if (a->name && !strcmp(a->name, name)) {
            m->attr_used[i] = true;
            return a;
        }
    }
    return NULL;
}

bool lf_onnx_has_attr(lf_onnx *m, const char *name) {
    return lf_onnx_attr(m, name) != NULL;
}

/* Writers before IR version 2 left the type out. */
static lf_status check_type(lf_onnx *m, const lf_pb_attr *a, int32_t type, bool present, const char *what) {
    if (!present || (a->has_type && a->type != type))
        return lf_onnx_refuse(m, "attribute %s is not %s", a->name, what);
    return LF_OK;
}

/* proto3 writers leave out a value that is 0; the type then says what it is. */
lf_status lf_onnx_int(lf_onnx *m, const char *name, int64_t fallback, int64_t *out) {
    const lf_pb_attr *a = lf_onnx_attr(m, name);
    *out = a ? a->i : fallback;
    return a ? check_type(m, a, A_INT, a->has_i || a->has_type, "an integer") : LF_OK;
}

lf_status lf_onnx_float(lf_onnx *m, const char *name, float fallback, float *out) {
    const lf_pb_attr *a = lf_onnx_attr(m, name);
    *out = a ? a->f : fallback;
    return a ? check_type(m, a, A_FLOAT, a->has_f || a->has_type, "a number") : LF_OK;
}

lf_status lf_onnx_string(lf_onnx *m, const char *name, const char *fallback, const char **out) {
    const lf_pb_attr *a = lf_onnx_attr(m, name);
    *out = fallback;
    if (!a)
        return LF_OK;
    LF_TRY(check_type(m, a, A_STRING, a->has_s || a->has_type, "a string"));
    for (size_t i = 0; i < a->s.len; i++)
        if (a->s.data[i] < 0x20 || a->s.data[i] > 0x7e)
            return lf_onnx_refuse(m, "attribute %s holds a character that is not printable ASCII", name);
    *out = a->s.len ? lf_strndup(m->scratch, (const char *)a->s.data, a->s.len) : ""; /* an empty one has no data */
    return LF_OK;
}

lf_status lf_onnx_ints(lf_onnx *m, const char *name, lf_ints *out, bool *given) {
    const lf_pb_attr *a = lf_onnx_attr(m, name);
    *given = a != NULL;
    *out = (lf_ints){NULL, 0};
    if (!a)
        return LF_OK;
    LF_TRY(check_type(m, a, A_INTS, true, "a list of integers"));
    *out = (lf_ints){a->ints, (int64_t)a->n_ints};
    return LF_OK;
}

lf_status lf_onnx_check_unused(lf_onnx *m) {
    for (size_t i = 0; i < m->node->n_attribute; i++) {
        const char *name = m->node->attribute[i]->name ? m->node->attribute[i]->name : "";
        if (m->attr_used[i])
            continue;
        if (m->row->domains == LF_ONNX_AI)
            return lf_onnx_refuse(m, "attribute %s is unknown in version %lld of the operator set", name,
                                  (long long)m->version);
        lf_where where = lf_onnx_where(m);
        lf_warn(m->ctx, &where, "%s: attribute %s is unknown and ignored", m->row->name, name);
    }
    return LF_OK;
}

lf_status lf_onnx_axis(lf_onnx *m, int64_t axis, int rank, int *out) {
    if (axis < -rank || axis >= rank)
        return lf_onnx_refuse(m, "axis %lld of a tensor with %d dimensions", (long long)axis, rank);
    *out = (int)(axis < 0 ? axis + rank : axis);
    return LF_OK;
}
