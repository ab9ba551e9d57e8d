/* Making nodes of the graph for the current ONNX node. */
#include "import/onnx_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ops/const_grid.h"
#include "ops/ops.h"

lf_where lf_onnx_where(const lf_onnx *m) {
    return (lf_where){m->g->source, m->name, 0, 0};
}

lf_status lf_onnx_refuse(lf_onnx *m, const char *fmt, ...) {
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    lf_where where = lf_onnx_where(m);
    return lf_fail(m->ctx, LF_BAD_INPUT, &where, "%s: %s", m->node->op_type, text);
}

/* -- nodes --------------------------------------------------------------------------------------------------------- */

static bool is_computed(const lf_onnx *m, lf_id id) {
    return id && id < m->computed.count && m->computed.at[id];
}

static void set_computed(lf_onnx *m, lf_id id, bool computed) {
    while (m->computed.count <= id)
        LF_PUSH(m->scratch, &m->computed, false);
    m->computed.at[id] = computed;
}

static lf_id new_output(lf_onnx *m, const char *name, const char *node_name, bool computed) {
    const char *given = name ? name : lf_format(m->scratch, "%s_out", node_name);
    lf_tensor *t = lf_tensor_new(m->g, given, (lf_shape){0}, (lf_dtype){0});
    set_computed(m, t->id, computed);
    return t->id;
}

lf_node *lf_onnx_node(lf_onnx *m, const char *op_name, const char *suffix, const lf_id *in, int in_count,
                      const char *const *out, int out_count) {
    const lf_op *op = lf_op_find(op_name);
    if (!op) {
        lf_onnx_refuse(m, "not in this version (it needs the op %s)", op_name);
        return NULL;
    }
    bool computed = false;
    for (int i = 0; i < in_count; i++)
        computed |= is_computed(m, in[i]);
    const char *name = lf_format(m->scratch, "%s%s", m->name, suffix);
    lf_id *ids = LF_NEW_ARRAY(m->scratch, lf_id, out_count);
    for (int i = 0; i < out_count; i++)
        ids[i] = new_output(m, out[i], name, computed);
    return lf_node_new(m->g, op, name, in, in_count, ids, out_count, NULL);
}

bool lf_onnx_has_batch(const lf_onnx *m, lf_id tensor) {
    return m->symbolic_batch && is_computed(m, tensor);
}

lf_status lf_onnx_data_axis(lf_onnx *m, int64_t axis, lf_id x, int *out) {
    LF_TRY(lf_onnx_axis(m, axis, lf_onnx_tensor_at(m, x)->shape.rank, out));
    return *out == 0 && lf_onnx_has_batch(m, x) ? lf_onnx_refuse(m, "axis 0 is the batch") : LF_OK;
}

/* With a batch, a computed tensor has it as dimension 0, of which one execution sees 1. */
static lf_status check_batch(lf_onnx *m, const lf_tensor *t) {
    if (!lf_onnx_has_batch(m, t->id) || (t->shape.rank > 0 && t->shape.dim[0] == 1))
        return LF_OK;
    lf_onnx_refuse(m, "its result %s of shape %s mixes the batch with the data or drops it", t->name,
                   lf_shape_text(m->scratch, t->shape));
    lf_hint(m->ctx, "the first dimension of every computed tensor is the batch: keep it in front, for example reshape "
                    "to [-1, n] or [0, n]");
    return LF_BAD_INPUT;
}

lf_status lf_onnx_infer(lf_onnx *m, lf_node *n) {
    LF_TRY(lf_infer_node(m->g, n));
    for (int i = 0; i < n->out_count; i++)
        LF_TRY(check_batch(m, lf_out(m->g, n, i)));
    return LF_OK;
}

lf_status lf_onnx_simple(lf_onnx *m, const char *op, const char *suffix, const lf_id *in, int in_count,
                         const char *out_name, lf_id *out) {
    lf_node *n = lf_onnx_node(m, op, suffix, in, in_count, &out_name, 1);
    if (!n)
        return LF_BAD_INPUT;
    *out = n->out[0];
    return lf_onnx_infer(m, n);
}

lf_id lf_onnx_scalar(lf_onnx *m, const char *suffix, double v) {
    const char *name = lf_format(m->scratch, "%s%s", m->name, suffix);
    int64_t code = v > -0x1p31 && v < 0x1p31 ? (int64_t)v : 0;
    lf_shape scalar = {0};
    if ((double)code == v)
        return lf_const_codes(m->g, name, scalar, &code)->id;
    lf_tensor *t = lf_const_reals(m->g, name, scalar, &v);
    lf_const_grid_detect(m->g, t);
    return t->id;
}

/* -- attributes ---------------------------------------------------------------------------------------------------- */

static void *field(lf_onnx *m, lf_node *n, const char *name, const lf_attr_desc **d) {
    *d = n->op->attrs ? lf_attr_find(n->op, name) : NULL;
    if (*d)
        return (char *)n->attr + (*d)->offset;
    lf_onnx_refuse(m, "the op %s has no attribute %s", n->op->name, name);
    return NULL;
}

static lf_status wrong_attr(lf_onnx *m, const lf_node *n, const char *name, const char *value) {
    return lf_onnx_refuse(m, "%s = %s is not possible for the op %s", name, value, n->op->name);
}

static bool in_bounds(const lf_attr_desc *d, double v) {
    return (d->min == 0 && d->max == 0) || (v >= d->min && v <= d->max);
}

lf_status lf_onnx_set_int(lf_onnx *m, lf_node *n, const char *name, int64_t v) {
    const lf_attr_desc *d;
    void *at = field(m, n, name, &d);
    if (!at)
        return LF_BAD_INPUT;
    if (d->type == LF_ATTR_BOOL && (v == 0 || v == 1))
        *(bool *)at = v;
    else if (d->type == LF_ATTR_INT && in_bounds(d, (double)v))
        *(int64_t *)at = v;
    else
        return wrong_attr(m, n, name, lf_format(m->scratch, "%lld", (long long)v));
    return LF_OK;
}

lf_status lf_onnx_set_real(lf_onnx *m, lf_node *n, const char *name, double v) {
    const lf_attr_desc *d;
    void *at = field(m, n, name, &d);
    if (!at)
        return LF_BAD_INPUT;
    if (d->type != LF_ATTR_REAL || !in_bounds(d, v))
        return wrong_attr(m, n, name, lf_format(m->scratch, "%.9g", v));
    *(double *)at = v;
    return LF_OK;
}

static bool set_enum(const lf_attr_desc *d, int *at, const char *v) {
    for (int i = 0; d->names[i]; i++)
        if (!strcmp(d->names[i], v)) {
            *at = i;
            return true;
        }
    return false;
}

lf_status lf_onnx_set_text(lf_onnx *m, lf_node *n, const char *name, const char *v) {
    const lf_attr_desc *d;
    void *at = field(m, n, name, &d);
    if (!at)
        return LF_BAD_INPUT;
    if (d->type == LF_ATTR_STRING)
        *(const char **)at = lf_strdup(m->g->arena, v);
    else if (d->type == LF_ATTR_ENUM ? !set_enum(d, at, v) : d->type != LF_ATTR_DTYPE || !lf_dtype_parse(v, at))
        return wrong_attr(m, n, name, v);
    return LF_OK;
}

lf_status lf_onnx_set_ints(lf_onnx *m, lf_node *n, const char *name, lf_ints v) {
    const lf_attr_desc *d;
    void *at = field(m, n, name, &d);
    if (!at)
        return LF_BAD_INPUT;
    if (d->type != LF_ATTR_INTS)
        return wrong_attr(m, n, name, "a list of integers");
    lf_ints *list = at;
    list->at = v.count ? lf_copy(m->g->arena, v.at, (size_t)v.count * sizeof *v.at) : NULL;
    list->count = v.count;
    return LF_OK;
}

/* -- outputs of the current ONNX node ------------------------------------------------------------------------------ */

const char *lf_onnx_out_name(const lf_onnx *m, int i) {
    return (size_t)i < m->node->n_output && *m->node->output[i] ? m->node->output[i] : NULL;
}

/* The value that output i defines, or NULL when nobody wants it. */
static lf_onnx_value *out_value(lf_onnx *m, int i) {
    const char *name = lf_onnx_out_name(m, i);
    return name ? lf_onnx_find(m, name) : NULL;
}

void lf_onnx_bind(lf_onnx *m, int i, lf_id tensor) {
    lf_onnx_value *v = out_value(m, i);
    if (!v)
        return;
    v->kind = LF_ONNX_TENSOR;
    v->tensor = tensor;
}

void lf_onnx_bind_ints(lf_onnx *m, int i, lf_shape shape, const int64_t *ints) {
    lf_onnx_value *v = out_value(m, i);
    if (!v)
        return;
    v->kind = LF_ONNX_INTS;
    v->shape = shape;
    v->ints = ints;
}

void lf_onnx_bind_payload(lf_onnx *m, int i, const lf_pb_tensor *payload) {
    lf_onnx_value *v = out_value(m, i);
    if (!v)
        return;
    v->kind = LF_ONNX_PAYLOAD;
    v->payload = payload;
}

void lf_onnx_bind_value(lf_onnx *m, int i, lf_onnx_value *v) {
    lf_onnx_value *to = out_value(m, i);
    if (!to)
        return;
    to->kind = v->kind;
    to->tensor = v->tensor;
    to->same = v;
}

lf_status lf_onnx_begin(lf_onnx *m, const char *op, const lf_id *in, int in_count, lf_node **n) {
    const char *out = lf_onnx_out_name(m, 0);
    *n = lf_onnx_node(m, op, "", in, in_count, &out, 1);
    return *n ? LF_OK : LF_BAD_INPUT;
}

lf_status lf_onnx_finish(lf_onnx *m, lf_node *n) {
    LF_TRY(lf_onnx_infer(m, n));
    for (int i = 0; i < n->out_count; i++)
        lf_onnx_bind(m, i, n->out[i]);
    return LF_OK;
}

lf_status lf_onnx_finish_as(lf_onnx *m, lf_id tensor) {
    lf_onnx_bind(m, 0, tensor);
    return LF_OK;
}

lf_status lf_onnx_bind_reshaped(lf_onnx *m, lf_id in, lf_shape to) {
    if (lf_shape_equal(lf_onnx_tensor_at(m, in)->shape, to))
        return lf_onnx_finish_as(m, in);
    lf_node *n;
    LF_TRY(lf_onnx_begin(m, "reshape", &in, 1, &n));
    LF_TRY(lf_onnx_set_ints(m, n, "shape", (lf_ints){to.dim, to.rank}));
    return lf_onnx_finish(m, n);
}
