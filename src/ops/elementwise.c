#include "ops/elementwise.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Constants up to this size are looked at element by element while ranges are worked out. */
enum { LOOK_AT = 1 << 16 };
/* Ranges that vary along several axes are worked out element by element up to this size. */
enum { SEVERAL_AXES = 1 << 22 };
/* A scale or a range per index is written down for axes up to this length, when no data stands behind them. */
enum { AXIS_MAX = 1 << 24 };

/* -- operands ------------------------------------------------------------------------------------------------------- */

lf_status lf_need_const(const lf_graph *g, const lf_node *n, int i, const char *what) {
    const lf_tensor *t = lf_in(g, n, i);
    if (t && t->value)
        return LF_OK;
    lf_where where = lf_where_node(g, n);
    if (!t)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s has no %s", n->op->name, what);
    lf_status status =
        lf_fail(g->ctx, LF_BAD_INPUT, &where, "the %s of %s, %s, is not a constant", what, n->op->name, t->name);
    if (t->producer)
        lf_hint(g->ctx, "if only constants make it, fold-constants turns it into one");
    return status;
}

lf_status lf_need_scalar(const lf_graph *g, const lf_node *n, int i, const char *what, double *out) {
    LF_TRY(lf_need_const(g, n, i, what));
    LF_TRY(lf_need_finite(g, n, i, what, false));
    const lf_tensor *t = lf_in(g, n, i);
    lf_where where = lf_where_node(g, n);
    if (t->value->count == 0)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "the %s of %s, %s, has no elements", what, n->op->name, t->name);
    *out = lf_tensor_real(t, 0);
    for (size_t k = 1; k < t->value->count; k++)
        if (lf_tensor_real(t, k) != *out)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "the %s of %s must be one number, %s has different ones", what,
                           n->op->name, t->name);
    return LF_OK;
}

static bool suits(double v, bool nonzero) {
    return isfinite(v) && !(nonzero && v == 0);
}

/* Large weights are nearly always fine: all at once, without a call per element. */
static bool all_finite(const lf_const *c) {
    float singles = 0;
    double doubles = 0; /* infinity * 0 and NaN * 0 are NaN, and stay so in a sum */
    for (size_t k = 0; c->elem == LF_ELEM_F32 && k < c->count; k++)
        singles += ((const float *)c->data)[k] * 0.0f;
    for (size_t k = 0; c->elem == LF_ELEM_F64 && k < c->count; k++)
        doubles += ((const double *)c->data)[k] * 0.0;
    return singles == 0 && doubles == 0;
}

lf_status lf_need_finite(const lf_graph *g, const lf_node *n, int i, const char *what, bool nonzero) {
    const lf_tensor *t = lf_in(g, n, i);
    if (!nonzero && (lf_on_grid(t) || all_finite(t->value)))
        return LF_OK;
    lf_where where = lf_where_node(g, n);
    for (size_t k = 0; k < t->value->count; k++) {
        double v = lf_tensor_real(t, k);
        if (!suits(v, nonzero))
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "the %s of %s, %s, is %s at element %zu", what, n->op->name,
                           t->name,
                           v == 0     ? "0"
                           : isnan(v) ? "NaN"
                                      : "infinite",
                           k);
    }
    return LF_OK;
}

lf_status lf_need_size(const lf_graph *g, const lf_node *n, lf_shape s) {
    if (lf_shape_count(s) <= (int64_t)1 << 31)
        return LF_OK;
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s would make a tensor of shape %s, of more than 2^31 elements",
                   n->op->name, lf_shape_text(g->arena, s));
}

lf_status lf_need_list(const lf_graph *g, const lf_node *n, const char *name, lf_ints list, int64_t count,
                       int64_t least, int64_t most) {
    lf_where where = lf_where_node(g, n);
    if (list.count != count)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s has %" PRId64 " entries, %s wants %" PRId64, name, list.count,
                       lf_shape_text(g->arena, lf_in(g, n, 0)->shape), count);
    for (int64_t i = 0; i < count; i++)
        if (list.at[i] < least || list.at[i] > most)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s has the entry %" PRId64 "; legal: %" PRId64 " to %" PRId64,
                           name, list.at[i], least, most);
    return LF_OK;
}

lf_status lf_need_list_if_any(const lf_graph *g, const lf_node *n, const char *name, lf_ints list, int64_t count,
                              int64_t least, int64_t most) {
    return list.count ? lf_need_list(g, n, name, list, count, least, most) : LF_OK;
}

int lf_data_operand(const lf_graph *g, const lf_node *n) {
    int found = -1;
    for (int i = 0; i < n->in_count; i++) {
        const lf_tensor *t = lf_in(g, n, i);
        if (!t || t->value)
            continue;
        if (found >= 0)
            return -1;
        found = i;
    }
    return found;
}

lf_status lf_need_axis(const lf_graph *g, const lf_node *n, int64_t axis, int rank, int *out) {
    if (axis >= -rank && axis < rank) {
        *out = (int)(axis < 0 ? axis + rank : axis);
        return LF_OK;
    }
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s along axis %lld, but its input has %d axes", n->op->name,
                   (long long)axis, rank);
}

/* -- broadcasting ------------------------------------------------------------------------------------------------------ */

static int64_t dim_from_end(lf_shape s, int k) {
    return k < s.rank ? s.dim[s.rank - 1 - k] : 1;
}

bool lf_broadcast_shapes(lf_shape a, lf_shape b, lf_shape *out) {
    lf_shape s = {.rank = a.rank > b.rank ? a.rank : b.rank};
    for (int k = 0; k < s.rank; k++) {
        int64_t p = dim_from_end(a, k), q = dim_from_end(b, k);
        if (p != q && p != 1 && q != 1)
            return false;
        s.dim[s.rank - 1 - k] = p == 1 ? q : p;
    }
    *out = s;
    return true;
}

lf_status lf_infer_broadcast(lf_graph *g, const lf_node *n, int count, lf_shape *out) {
    lf_shape s = lf_in(g, n, 0)->shape;
    for (int i = 1; i < count; i++) {
        const lf_tensor *t = lf_in(g, n, i);
        if (!t || lf_broadcast_shapes(s, t->shape, &s))
            continue;
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s: the shape %s of %s does not broadcast with %s", n->op->name,
                       lf_shape_text(g->arena, t->shape), t->name, lf_shape_text(g->arena, s));
    }
    *out = s;
    return lf_need_size(g, n, s);
}

unsigned lf_vary_mask(lf_shape from, lf_shape to) {
    unsigned mask = 0;
    for (int k = 0; k < from.rank; k++)
        if (dim_from_end(from, k) != 1)
            mask |= 1u << (to.rank - 1 - k);
    return mask;
}

/* The axes of a mask, with axes of length 1 between them, form one run: then the element is e / inner % dim. */
static bool one_run(unsigned mask, lf_shape to, lf_map *m) {
    int first = 0, last = to.rank - 1;
    while (first < to.rank && !(mask >> first & 1))
        first++;
    while (last >= 0 && !(mask >> last & 1))
        last--;
    *m = (lf_map){.inner = 1, .dim = 1};
    for (int i = first; i <= last; i++) {
        if (!(mask >> i & 1) && to.dim[i] != 1)
            return false;
        m->dim *= (size_t)to.dim[i];
    }
    for (int i = last + 1; last >= 0 && i < to.rank; i++)
        m->inner *= (size_t)to.dim[i];
    return true;
}

lf_map lf_map_make(lf_shape from, lf_shape to) {
    unsigned mask = lf_vary_mask(from, to);
    lf_map m;
    if (one_run(mask, to, &m))
        return m;
    m = (lf_map){.rank = to.rank};
    size_t step = 1;
    for (int i = to.rank - 1; i >= 0; i--) {
        m.size[i] = (size_t)to.dim[i];
        m.step[i] = mask >> i & 1 ? step : 0;
        step *= mask >> i & 1 ? m.size[i] : 1;
    }
    return m;
}

size_t lf_map_walk(const lf_map *m, size_t e) {
    size_t at = 0;
    for (int i = m->rank - 1; i >= 0; i--) {
        at += e % m->size[i] * m->step[i];
        e /= m->size[i];
    }
    return at;
}

/* -- axes ---------------------------------------------------------------------------------------------------------------- */

static bool all_equal(const lf_tensor *t) {
    for (size_t i = 1; i < t->value->count; i++)
        if (lf_const_real(t->value, i) != lf_const_real(t->value, 0))
            return false;
    return t->grid.scale_count <= 1;
}

unsigned lf_const_mask(const lf_tensor *t, lf_shape to) {
    unsigned mask = lf_vary_mask(t->shape, to);
    return mask && all_equal(t) ? 0 : mask;
}

static unsigned axis_bit(const lf_tensor *t, int axis, lf_shape to) {
    return 1u << (axis + to.rank - t->shape.rank);
}

unsigned lf_scale_mask(const lf_tensor *t, lf_shape to) {
    return t->grid.scale_count > 1 ? axis_bit(t, t->grid.axis, to) : 0;
}

static bool looked_at(const lf_tensor *t) {
    return t->value && t->value->count <= LOOK_AT;
}

unsigned lf_range_mask(const lf_tensor *t, lf_shape to) {
    if (looked_at(t))
        return lf_const_mask(t, to);
    return t->channel_range ? axis_bit(t, t->range_axis, to) : 0;
}

int lf_mask_axis(unsigned mask) {
    int axis = 0;
    if (mask & (mask - 1))
        return -1;
    while (mask >> axis > 1)
        axis++;
    return axis;
}

/* -- outputs ----------------------------------------------------------------------------------------------------------------- */

static void clear_grid(lf_tensor *t) {
    t->grid = (lf_grid){0};
    t->range = (lf_range){0, 0, 1};
    t->channel_range = NULL;
    t->range_axis = 0;
}

void lf_set_real(const lf_graph *g, const lf_node *n, lf_tensor *out, lf_shape shape) {
    out->shape = shape;
    clear_grid(out);
    out->dtype = LF_FLOAT32;
    for (int i = 0; i < n->in_count; i++) {
        const lf_tensor *t = lf_in(g, n, i);
        if (t && !t->value && lf_dtype_equal(t->dtype, LF_FLOAT64))
            out->dtype = LF_FLOAT64;
    }
}

bool lf_set_grid(lf_graph *g, lf_tensor *out, const double *scale, int64_t count, int axis) {
    bool same = true;
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(scale[i]) || scale[i] == 0)
            return false;
        same = same && scale[i] == scale[0];
    }
    if (count < 1)
        return false;
    int64_t kept = same ? 1 : count;
    double *copy = lf_copy(g->arena, scale, (size_t)kept * sizeof *scale);
    out->grid = (lf_grid){.scale = copy, .scale_count = kept, .axis = same ? 0 : axis};
    return true;
}

void lf_same_grid(lf_tensor *out, const lf_tensor *like) {
    out->grid = like->grid;
}

double lf_scale_at(const lf_tensor *t, const lf_map *m, size_t e) {
    return t->grid.scale_count == 1 ? t->grid.scale[0] : lf_grid_scale(t, lf_map_at(m, e));
}

lf_range lf_range_at(const lf_tensor *t, size_t element) {
    if (looked_at(t)) {
        int64_t code = lf_tensor_code(t, element);
        return (lf_range){code, code, 1};
    }
    return t->channel_range ? t->channel_range[lf_channel_of(t->shape, t->range_axis, element)] : t->range;
}

static bool fits(lf_range r, bool overflow) {
    return !overflow && r.lo >= -LF_CODE_MAX && r.hi <= LF_CODE_MAX;
}

/* The axis whose channels are told apart when ranges vary along several: the longest. */
static int main_axis(unsigned mask, lf_shape s) {
    int axis = -1;
    for (int i = 0; i < s.rank; i++)
        if (mask >> i & 1 && (axis < 0 || s.dim[i] > s.dim[axis]))
            axis = i;
    return axis;
}

static bool same_range(lf_range a, lf_range b) {
    return a.lo == b.lo && a.hi == b.hi && a.step == b.step;
}

void lf_set_channel_ranges(lf_tensor *out, const lf_range *r, int64_t count, int axis) {
    bool same = true;
    out->range = r[0];
    for (int64_t c = 1; c < count; c++) {
        out->range = lf_range_join(out->range, r[c]);
        same = same && same_range(r[c], r[0]);
    }
    out->channel_range = same ? NULL : r;
    out->range_axis = same ? 0 : axis;
}

static bool range_by_channel(lf_graph *g, lf_tensor *out, unsigned mask, lf_range_fn *fn, const void *arg) {
    int axis = main_axis(mask, out->shape);
    size_t channels = (size_t)out->shape.dim[axis], count = (size_t)lf_shape_count(out->shape), inner = 1;
    for (int i = axis + 1; i < out->shape.rank; i++)
        inner *= (size_t)out->shape.dim[i];
    bool alone = !(mask & (mask - 1)); /* then one element of a channel speaks for all */
    if (!alone && count > SEVERAL_AXES)
        return false;
    size_t step = alone ? inner : 1, end = alone ? inner * channels : count;
    lf_range *r = LF_NEW_ARRAY(g->arena, lf_range, channels);
    bool *seen = LF_NEW_ARRAY(g->arena, bool, channels);
    for (size_t e = 0; e < end; e += step) {
        bool overflow = false;
        lf_range one = fn(arg, e, &overflow);
        if (!fits(one, overflow))
            return false;
        size_t c = e / inner % channels;
        r[c] = seen[c] ? lf_range_join(r[c], one) : one;
        seen[c] = true;
    }
    lf_set_channel_ranges(out, r, (int64_t)channels, axis);
    return true;
}

bool lf_set_ranges(lf_graph *g, lf_tensor *out, unsigned mask, lf_range_fn *fn, const void *arg) {
    out->channel_range = NULL;
    out->range_axis = 0;
    if (lf_shape_count(out->shape) == 0) {
        out->range = (lf_range){0, 0, 1};
    } else if (mask) {
        if (!range_by_channel(g, out, mask, fn, arg))
            return false;
    } else {
        bool overflow = false;
        out->range = fn(arg, 0, &overflow);
        if (!fits(out->range, overflow))
            return false;
    }
    out->dtype = lf_dtype_for(out->range, false);
    return true;
}

lf_status lf_infer_on_grid(lf_graph *g, const lf_node *n, unsigned mask, lf_range_fn *fn) {
    const lf_tensor *x = lf_in(g, n, 0);
    lf_tensor *y = lf_out(g, n, 0);
    lf_set_real(g, n, y, x->shape);
    if (!lf_on_grid(x))
        return LF_OK;
    lf_same_grid(y, x);
    if (!lf_set_ranges(g, y, mask, fn, x))
        lf_set_real(g, n, y, x->shape);
    return LF_OK;
}

void lf_same_ranges(lf_tensor *out, const lf_tensor *t) {
    out->range = t->range;
    out->channel_range = t->channel_range;
    out->range_axis = t->range_axis;
    out->dtype = lf_dtype_for(t->range, t->dtype.kind == LF_KIND_TERNARY);
}

/* -- monotone faces ------------------------------------------------------------------------------------------------------------ */

lf_monotone lf_monotone_both(lf_monotone a, lf_monotone b) {
    if (a == LF_MONO_CONST)
        return b;
    return b == LF_MONO_CONST || a == b ? a : LF_MONO_NONE;
}

static lf_monotone by_sign(double v) {
    return v > 0 ? LF_MONO_UP : v < 0 ? LF_MONO_DOWN : LF_MONO_CONST;
}

lf_monotone lf_monotone_by(const lf_graph *g, const lf_node *n, int i, int axis, int64_t channel) {
    const lf_tensor *t = lf_in(g, n, i);
    lf_shape to = lf_out(g, n, 0)->shape;
    int own = axis - (to.rank - t->shape.rank);
    bool along = own >= 0 && own < t->shape.rank && t->shape.dim[own] != 1;
    lf_monotone m = LF_MONO_CONST;
    for (size_t e = 0; e < t->value->count && m != LF_MONO_NONE; e++)
        if (!along || lf_channel_of(t->shape, own, e) == (size_t)channel)
            m = lf_monotone_both(m, by_sign(lf_tensor_real(t, e)));
    return m;
}

lf_monotone lf_monotone_up(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    (void)g, (void)n, (void)axis, (void)channel;
    return LF_MONO_UP;
}

lf_monotone lf_monotone_down(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    (void)g, (void)n, (void)axis, (void)channel;
    return LF_MONO_DOWN;
}

lf_monotone lf_monotone_up_in_first(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    (void)axis, (void)channel;
    return lf_data_operand(g, n) == 0 ? LF_MONO_UP : LF_MONO_NONE;
}

lf_monotone lf_monotone_up_in_any(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    (void)axis, (void)channel;
    return lf_data_operand(g, n) >= 0 ? LF_MONO_UP : LF_MONO_NONE;
}

lf_monotone lf_monotone_none(const lf_graph *g, const lf_node *n, int axis, int64_t channel) {
    (void)g, (void)n, (void)axis, (void)channel;
    return LF_MONO_NONE;
}

/* -- layout ---------------------------------------------------------------------------------------------------------------------- */

static int64_t inner_of(lf_shape s, int axis) {
    int64_t inner = 1;
    for (int i = axis + 1; i < s.rank; i++)
        inner *= s.dim[i];
    return inner;
}

int lf_follow_axis(lf_arena *a, lf_shape from, int axis, lf_shape to, int64_t **channel) {
    int64_t inner = inner_of(from, axis), channels = from.dim[axis];
    if (channels * inner == 0)
        return -1;
    for (int j = 0; j < to.rank; j++) {
        int64_t below = inner_of(to, j);
        if (below == 0 || inner % below || to.dim[j] * below % (channels * inner))
            continue;
        if (to.dim[j] > AXIS_MAX)
            return -1;
        *channel = LF_NEW_ARRAY(a, int64_t, to.dim[j]);
        for (int64_t i = 0; i < to.dim[j]; i++)
            (*channel)[i] = i * below / inner % channels;
        return j;
    }
    return -1;
}

void lf_pick_scales(lf_graph *g, lf_tensor *out, const lf_tensor *t, int axis, const int64_t *channel) {
    int64_t count = out->shape.dim[axis];
    double *scale = LF_NEW_ARRAY(g->arena, double, count ? count : 1);
    for (int64_t i = 0; i < count; i++)
        scale[i] = t->grid.scale[channel[i]];
    out->grid = (lf_grid){.scale = scale, .scale_count = count, .axis = axis};
}

void lf_pick_ranges(lf_graph *g, lf_tensor *out, const lf_tensor *t, int axis, const int64_t *channel) {
    int64_t count = out->shape.dim[axis];
    lf_range *r = LF_NEW_ARRAY(g->arena, lf_range, count ? count : 1);
    for (int64_t i = 0; i < count; i++)
        r[i] = t->channel_range[channel[i]];
    out->channel_range = r;
    out->range_axis = axis;
}

/* -- lines ---------------------------------------------------------------------------------------------------------------------- */

void lf_exec_lines(lf_run *run, int64_t axis, const lf_value *in, lf_value *out, lf_line_fn *fn) {
    const double *x = lf_value_reals(run, in);
    lf_shape s = out->tensor->shape;
    int along = (int)(axis < 0 ? axis + s.rank : axis);
    size_t count = (size_t)s.dim[along], inner = 1;
    for (int i = along + 1; i < s.rank; i++)
        inner *= (size_t)s.dim[i];
    for (size_t block = 0; block < out->count; block += count * inner)
        for (size_t i = 0; i < inner; i++)
            fn(x + block + i, out->real + block + i, count, inner);
}
