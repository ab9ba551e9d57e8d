/* Import of what moves data and of arithmetic on shapes, which is done here so that none of it is left in the graph. */
#include <string.h>

#include "import/onnx_ops.h"

/* -- shapes -------------------------------------------------------------------------------------------------------- */

static lf_status shape_of(lf_onnx *m, lf_onnx_value *v, lf_shape *out) {
    if (v->kind == LF_ONNX_INTS)
        *out = v->shape;
    else if (v->kind == LF_ONNX_TENSOR)
        *out = lf_onnx_tensor_at(m, v->tensor)->shape;
    else {
        LF_TRY(lf_onnx_payload(m, v));
        *out = v->array.shape;
    }
    return LF_OK;
}

static int clamp_dim(int64_t at, int rank) {
    at = at < 0 ? at + rank : at;
    return (int)(at < 0 ? 0 : at > rank ? rank : at);
}

static lf_status bind_vector(lf_onnx *m, const int64_t *at, int64_t count) {
    const int64_t *copy = lf_copy(m->scratch, at, (size_t)(count ? count : 1) * sizeof *at);
    return lf_onnx_finish_ints(m, (lf_shape){.rank = 1, .dim = {count}}, copy);
}

lf_status lf_onnx_do_shape(lf_onnx *m) {
    int64_t start, end;
    lf_shape s;
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    LF_TRY(lf_onnx_int(m, "start", 0, &start));
    LF_TRY(lf_onnx_int(m, "end", LF_MAX_RANK, &end));
    LF_TRY(shape_of(m, lf_onnx_value_in(m, 0), &s));
    int from = clamp_dim(start, s.rank), to = clamp_dim(end, s.rank);
    return bind_vector(m, s.dim + from, to > from ? to - from : 0);
}

lf_status lf_onnx_do_size(lf_onnx *m) {
    lf_shape s;
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    LF_TRY(shape_of(m, lf_onnx_value_in(m, 0), &s));
    int64_t count = lf_shape_count(s);
    return lf_onnx_finish_ints(m, (lf_shape){0}, lf_copy(m->scratch, &count, sizeof count));
}

/* -- arithmetic on known integers ---------------------------------------------------------------------------------- */

static bool fold_one(const char *op, int64_t a, int64_t b, int64_t *out) {
    const int64_t limit = (int64_t)1 << 31;
    if (a < -limit || a > limit || b < -limit || b > limit || (!strcmp(op, "div") && b == 0))
        return false;
    *out = !strcmp(op, "add") ? a + b : !strcmp(op, "sub") ? a - b : !strcmp(op, "mul") ? a * b : a / b;
    return true;
}

static lf_shape list_shape(lf_onnx *m, int i, int64_t count) {
    return (lf_shape){.rank = lf_onnx_value_in(m, i)->shape.rank, .dim = {count}};
}

lf_status lf_onnx_fold_arithmetic(lf_onnx *m) {
    lf_ints a, b;
    LF_TRY(lf_onnx_ints_in(m, 0, "left operand", &a));
    LF_TRY(lf_onnx_ints_in(m, 1, "right operand", &b));
    if (a.count != b.count && a.count != 1 && b.count != 1)
        return lf_onnx_refuse(m, "lists of %lld and %lld integers", (long long)a.count, (long long)b.count);
    int64_t count = a.count == 1 ? b.count : a.count;
    int64_t *out = LF_NEW_ARRAY(m->scratch, int64_t, count + 1);
    for (int64_t i = 0; i < count; i++)
        if (!fold_one(m->row->op, a.at[a.count == 1 ? 0 : i], b.at[b.count == 1 ? 0 : i], &out[i]))
            return lf_onnx_refuse(m, "integers beyond 2^31 or a division by 0 in the computation of a shape");
    lf_shape left = list_shape(m, 0, count), right = list_shape(m, 1, count);
    return lf_onnx_finish_ints(m, left.rank ? left : right, out);
}

static lf_status fold_gather(lf_onnx *m) {
    lf_ints data, index;
    LF_TRY(lf_onnx_ints_in(m, 0, "data", &data));
    LF_TRY(lf_onnx_ints_in(m, 1, "index", &index));
    int64_t *out = LF_NEW_ARRAY(m->scratch, int64_t, index.count + 1);
    for (int64_t i = 0; i < index.count; i++) {
        int64_t at = index.at[i] < 0 ? index.at[i] + data.count : index.at[i];
        if (at < 0 || at >= data.count)
            return lf_onnx_refuse(m, "index %lld of a list of %lld", (long long)index.at[i], (long long)data.count);
        out[i] = data.at[at];
    }
    return lf_onnx_finish_ints(m, list_shape(m, 1, index.count), out);
}

lf_status lf_onnx_do_gather(lf_onnx *m) {
    int64_t axis;
    lf_id in[2];
    LF_TRY(lf_onnx_operand_range(m, 2, 2));
    LF_TRY(lf_onnx_int(m, "axis", 0, &axis));
    if (lf_onnx_known_ints(m, 0) && lf_onnx_known_ints(m, 1))
        return fold_gather(m);
    for (int i = 0; i < 2; i++)
        LF_TRY(lf_onnx_in(m, i, &in[i]));
    int along;
    LF_TRY(lf_onnx_data_axis(m, axis, in[0], &along));
    lf_node *n;
    LF_TRY(lf_onnx_begin(m, m->row->op, in, 2, &n));
    LF_TRY(lf_onnx_set_int(m, n, "axis", axis));
    return lf_onnx_finish(m, n);
}

static lf_status fold_concat(lf_onnx *m, int count) {
    int64_t *out = LF_NEW_ARRAY(m->scratch, int64_t, LF_ONNX_MAX_INTS), used = 0;
    for (int i = 0; i < count; i++) {
        lf_ints part;
        LF_TRY(lf_onnx_ints_in(m, i, "part", &part));
        if (used + part.count > LF_ONNX_MAX_INTS)
            return lf_onnx_refuse(m, "a list of more than %d integers", LF_ONNX_MAX_INTS);
        memcpy(out + used, part.at, (size_t)part.count * sizeof *out);
        used += part.count;
    }
    return bind_vector(m, out, used);
}

lf_status lf_onnx_do_concat(lf_onnx *m) {
    int64_t axis;
    int count = lf_onnx_in_count(m);
    bool known = true;
    LF_TRY(lf_onnx_operand_range(m, 1, 4096));
    LF_TRY(lf_onnx_int(m, "axis", 0, &axis));
    for (int i = 0; i < count; i++)
        known &= lf_onnx_known_ints(m, i);
    if (known)
        return fold_concat(m, count);
    lf_id *in = LF_NEW_ARRAY(m->scratch, lf_id, count);
    for (int i = 0; i < count; i++)
        LF_TRY(lf_onnx_in(m, i, &in[i]));
    lf_node *n;
    LF_TRY(lf_onnx_begin(m, m->row->op, in, count, &n));
    LF_TRY(lf_onnx_set_int(m, n, "axis", axis));
    return lf_onnx_finish(m, n);
}

/* starts, ends, axes and steps: attributes before version 10, operands since. */
static lf_status slice_list(lf_onnx *m, int operand, const char *attr, bool required, lf_ints *out, bool *given) {
    if (m->version < 10)
        LF_TRY(lf_onnx_ints(m, attr, out, given));
    else if ((*given = lf_onnx_has_in(m, operand)))
        LF_TRY(lf_onnx_ints_in(m, operand, attr, out));
    return *given || !required ? LF_OK : lf_onnx_refuse(m, "%s is missing", attr);
}

static int64_t clamp(int64_t v, int64_t lo, int64_t hi) {
    return v < lo ? lo : v > hi ? hi : v;
}

static lf_status slice_lists(lf_onnx *m, lf_onnx_slice *s) {
    bool given;
    LF_TRY(lf_onnx_operand_range(m, m->version < 10 ? 1 : 3, m->version < 10 ? 1 : 5));
    LF_TRY(slice_list(m, 1, "starts", true, &s->start, &given));
    LF_TRY(slice_list(m, 2, "ends", true, &s->end, &given));
    LF_TRY(slice_list(m, 3, "axes", false, &s->axes, &s->has_axes));
    if (m->version >= 10)
        LF_TRY(slice_list(m, 4, "steps", false, &s->step, &s->has_step));
    return LF_OK;
}

static lf_status fold_slice(lf_onnx *m, const lf_onnx_slice *s) {
    lf_ints data;
    LF_TRY(lf_onnx_ints_in(m, 0, "data", &data));
    if (s->start.count != 1 || s->end.count != 1 ||
        (s->has_axes && (s->axes.count != 1 || (s->axes.at[0] != 0 && s->axes.at[0] != -1))) ||
        (s->has_step && s->step.count != 1))
        return lf_onnx_refuse(m, "of a shape along more than its one axis");
    if (s->has_step && s->step.at[0] != 1)
        return lf_onnx_refuse(m, "of a shape with a step other than 1");
    int64_t from = clamp(s->start.at[0] < 0 ? s->start.at[0] + data.count : s->start.at[0], 0, data.count);
    int64_t to = clamp(s->end.at[0] < 0 ? s->end.at[0] + data.count : s->end.at[0], 0, data.count);
    return bind_vector(m, data.at + (to > from ? from : 0), to > from ? to - from : 0);
}

lf_status lf_onnx_do_slice(lf_onnx *m) {
    lf_onnx_slice s = {0};
    LF_TRY(slice_lists(m, &s));
    return lf_onnx_known_ints(m, 0) ? fold_slice(m, &s) : lf_onnx_slice_data(m, &s);
}

/* -- reshapes ------------------------------------------------------------------------------------------------------ */

/* Of known integers or of a tensor, whichever operand 0 is. */
static lf_status bind_shape(lf_onnx *m, lf_shape to) {
    lf_onnx_value *v = lf_onnx_value_in(m, 0);
    lf_id x;
    if (v->kind == LF_ONNX_INTS)
        return to.rank > 1 ? lf_onnx_refuse(m, "of a shape to %s", lf_shape_text(m->scratch, to))
                           : lf_onnx_finish_ints(m, to, v->ints);
    LF_TRY(lf_onnx_in(m, 0, &x));
    return lf_onnx_bind_reshaped(m, x, to);
}

static lf_status operand_shape(lf_onnx *m, lf_shape *out) {
    return shape_of(m, lf_onnx_value_in(m, 0), out);
}

static lf_status merges_batch(lf_onnx *m) {
    lf_onnx_refuse(m, "it merges the batch with the data");
    lf_hint(m->ctx, "keep the first dimension: reshape to [-1, n] or [0, n], flatten from axis 1");
    return LF_BAD_INPUT;
}

static bool of_batch(lf_onnx *m) {
    const lf_onnx_value *v = lf_onnx_value_in(m, 0);
    return m->symbolic_batch && v->kind == LF_ONNX_TENSOR && v->tensor < m->computed.count && m->computed.at[v->tensor];
}

lf_status lf_onnx_do_flatten(lf_onnx *m) {
    int64_t given;
    int axis = 0;
    lf_shape s;
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    LF_TRY(lf_onnx_int(m, "axis", 1, &given));
    LF_TRY(operand_shape(m, &s));
    if (given != s.rank)
        LF_TRY(lf_onnx_axis(m, given, s.rank, &axis));
    else
        axis = s.rank;
    if (axis == 0 && of_batch(m))
        return merges_batch(m);
    lf_shape to = {.rank = 2, .dim = {1, 1}};
    for (int i = 0; i < s.rank; i++)
        to.dim[i >= axis] *= s.dim[i];
    return bind_shape(m, to);
}

/* Fills in 0 (keep) and -1 (the rest) of a target shape. */
static lf_status resolve_target(lf_onnx *m, lf_shape from, lf_ints target, bool zero_is_zero, lf_shape *to) {
    int64_t known = 1, total = lf_shape_count(from);
    int open = -1;
    if (target.count > LF_MAX_RANK)
        return lf_onnx_refuse(m, "to %lld dimensions; at most %d are supported", (long long)target.count, LF_MAX_RANK);
    to->rank = (int)target.count;
    for (int i = 0; i < to->rank; i++) {
        int64_t d = target.at[i] == 0 && !zero_is_zero && i < from.rank ? from.dim[i] : target.at[i];
        bool second_open = d == -1 && open >= 0;
        if (second_open || d == 0 || d < -1 || (d > 0 && known > INT64_MAX / d))
            return lf_onnx_refuse(m, "dimension %d of the target is %lld%s", i, (long long)d,
                                  second_open ? " for the second time" : "");
        to->dim[i] = d;
        if (d == -1)
            open = i;
        else
            known *= d;
    }
    if (open >= 0 && total % known == 0)
        to->dim[open] = total / known;
    else if (open >= 0 || known != total)
        return lf_onnx_refuse(m, "%s does not fit into the target %s", lf_shape_text(m->scratch, from),
                              lf_shape_text(m->scratch, *to));
    return LF_OK;
}

lf_status lf_onnx_do_reshape(lf_onnx *m) {
    int64_t allow_zero;
    lf_ints target;
    lf_shape from, to = {0};
    LF_TRY(lf_onnx_operand_range(m, 2, 2));
    LF_TRY(lf_onnx_int(m, "allowzero", 0, &allow_zero));
    LF_TRY(lf_onnx_ints_in(m, 1, "target shape", &target));
    LF_TRY(operand_shape(m, &from));
    /* A 1 that was computed from the shape of a tensor may be the batch; one that stands in the file is not. */
    bool rest = false, literal = lf_onnx_value_in(m, 1)->kind == LF_ONNX_PAYLOAD;
    for (int64_t i = 1; i < target.count; i++)
        rest |= target.at[i] == -1;
    if (rest && literal && target.at[0] == 1 && of_batch(m))
        return merges_batch(m);
    LF_TRY(resolve_target(m, from, target, allow_zero != 0, &to));
    return bind_shape(m, to);
}

/* The axes of Squeeze and Unsqueeze as a mask over `rank` dimensions. */
static lf_status axes_mask(lf_onnx *m, int rank, bool *given, unsigned *mask) {
    lf_ints axes = {0};
    *mask = 0;
    if (m->version < 13)
        LF_TRY(lf_onnx_ints(m, "axes", &axes, given));
    else if ((*given = lf_onnx_has_in(m, 1)))
        LF_TRY(lf_onnx_ints_in(m, 1, "axes", &axes));
    for (int64_t i = 0; i < axes.count; i++) {
        int axis;
        LF_TRY(lf_onnx_axis(m, axes.at[i], rank, &axis));
        if (*mask >> axis & 1)
            return lf_onnx_refuse(m, "axis %d is named twice", axis);
        *mask |= 1u << axis;
    }
    return LF_OK;
}

lf_status lf_onnx_do_squeeze(lf_onnx *m) {
    lf_shape from, to = {0};
    bool given;
    unsigned mask;
    LF_TRY(lf_onnx_operand_range(m, 1, m->version < 13 ? 1 : 2));
    LF_TRY(operand_shape(m, &from));
    LF_TRY(axes_mask(m, from.rank, &given, &mask));
    for (int i = 0; i < from.rank; i++) {
        bool drop = given ? mask >> i & 1 : from.dim[i] == 1;
        if (drop && from.dim[i] != 1)
            return lf_onnx_refuse(m, "axis %d of %s is not 1", i, lf_shape_text(m->scratch, from));
        if (!drop)
            to.dim[to.rank++] = from.dim[i];
    }
    return bind_shape(m, to);
}

lf_status lf_onnx_do_unsqueeze(lf_onnx *m) {
    lf_shape from, to = {0};
    lf_ints axes = {0};
    bool given;
    unsigned mask;
    LF_TRY(lf_onnx_operand_range(m, m->version < 13 ? 1 : 2, m->version < 13 ? 1 : 2));
    LF_TRY(operand_shape(m, &from));
    if (m->version < 13)
        LF_TRY(lf_onnx_ints(m, "axes", &axes, &given));
    else
        LF_TRY(lf_onnx_ints_in(m, 1, "axes", &axes));
    if (axes.count > LF_MAX_RANK - from.rank)
        return lf_onnx_refuse(m, "more than %d dimensions", LF_MAX_RANK);
    to.rank = from.rank + (int)axes.count;
    LF_TRY(axes_mask(m, to.rank, &given, &mask));
    for (int i = 0, next = 0; i < to.rank; i++)
        to.dim[i] = mask >> i & 1 ? 1 : from.dim[next++];
    return bind_shape(m, to);
}

lf_status lf_onnx_do_transpose(lf_onnx *m) {
    lf_ints perm;
    bool given;
    int64_t reversed[LF_MAX_RANK];
    lf_id x;
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    LF_TRY(lf_onnx_ints(m, "perm", &perm, &given));
    LF_TRY(lf_onnx_in(m, 0, &x));
    int rank = lf_onnx_tensor_at(m, x)->shape.rank;
    for (int i = 0; i < rank; i++)
        reversed[i] = rank - 1 - i;
    if (!given)
        perm = (lf_ints){reversed, rank};
    lf_node *n;
    LF_TRY(lf_onnx_begin(m, m->row->op, &x, 1, &n));
    LF_TRY(lf_onnx_set_ints(m, n, "perm", perm));
    return lf_onnx_finish(m, n);
}
