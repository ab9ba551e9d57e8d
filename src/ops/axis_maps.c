#include "ops/axis_maps.h"

#include <math.h>

/* Indices of one axis that are written down. */
enum { AXIS_MAX = 1 << 24 };

lf_status lf_axis_maps_new(const lf_graph *g, const lf_node *n, lf_arena *a, lf_shape from, lf_shape to,
                           lf_axis_maps *m) {
    lf_where where = lf_where_node(g, n);
    *m = (lf_axis_maps){.from = from, .to = to};
    LF_TRY(lf_need_size(g, n, to));
    for (int i = 0; i < to.rank; i++) {
        if (to.dim[i] > AXIS_MAX)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s would make an axis of %lld indices; 2^24 are possible",
                           n->op->name, (long long)to.dim[i]);
        m->at[i] = LF_NEW_ARRAY(a, int64_t, to.dim[i] ? to.dim[i] : 1);
        for (int64_t k = 0; k < to.dim[i]; k++)
            m->at[i][k] = from.dim[i] == 1 ? 0 : k;
    }
    return LF_OK;
}

/* -- grid and ranges ----------------------------------------------------------------------------------------------- */

static bool code_of(double value, double scale, int64_t *code) {
    double q = value / scale;
    *code = fabs(q) < 4503599627370496.0 ? (int64_t)q : 0;
    return fabs(q) < 4503599627370496.0 && (double)*code * scale == value;
}

static bool fill_is_code(const lf_tensor *x, double fill) {
    int64_t code;
    for (int64_t c = 0; c < x->grid.scale_count; c++)
        if (!code_of(fill, x->grid.scale[c], &code))
            return false;
    return lf_plain_grid(x) || fill == 0;
}

/* Indices along an axis of y that show no element of x take the scale (or range) of index 0: only the fill value stands there. */
static int64_t *channels_of(lf_arena *a, const lf_axis_maps *m, int axis) {
    int64_t *c = LF_NEW_ARRAY(a, int64_t, m->to.dim[axis] ? m->to.dim[axis] : 1);
    for (int64_t i = 0; i < m->to.dim[axis]; i++)
        c[i] = m->at[axis][i] < 0 ? 0 : m->at[axis][i];
    return c;
}

static void add_fill(lf_tensor *y, double fill) {
    lf_range r = y->range;
    for (int64_t c = 0; c < y->grid.scale_count; c++) {
        int64_t code = 0;
        (void)code_of(fill, y->grid.scale[c], &code);
        r = lf_range_join(r, (lf_range){code, code, 1});
    }
    y->range = r;
    y->channel_range = NULL;
    y->range_axis = 0;
    y->dtype = lf_dtype_for(r, false);
}

void lf_axis_maps_infer(lf_graph *g, const lf_node *n, lf_tensor *y, const lf_tensor *x, const lf_axis_maps *m,
                        const double *fill) {
    lf_set_real(g, n, y, m->to);
    if (!lf_on_grid(x) || lf_shape_count(m->to) == 0 || (fill && !fill_is_code(x, *fill)))
        return;
    lf_same_grid(y, x);
    lf_same_ranges(y, x);
    if (x->grid.scale_count > 1)
        lf_pick_scales(g, y, x, x->grid.axis, channels_of(g->arena, m, x->grid.axis));
    if (x->channel_range)
        lf_pick_ranges(g, y, x, x->range_axis, channels_of(g->arena, m, x->range_axis));
    if (fill)
        add_fill(y, *fill);
}

/* -- exec ---------------------------------------------------------------------------------------------------------- */

/* The element of x at an index of y, or -1. */
static int64_t source(const lf_axis_maps *m, const int64_t *index) {
    int64_t at = 0;
    for (int i = 0; i < m->to.rank; i++) {
        int64_t k = m->at[i][index[i]];
        if (k < 0)
            return -1;
        at = at * m->from.dim[i] + k;
    }
    return at;
}

static void advance(lf_shape s, int64_t *index) {
    for (int i = s.rank - 1; i >= 0 && ++index[i] == s.dim[i]; i--)
        index[i] = 0;
}

void lf_axis_maps_exec(lf_run *run, const lf_value *x, lf_value *out, const lf_axis_maps *m, double fill) {
    int64_t index[LF_MAX_RANK] = {0};
    const double *real = out->real ? lf_value_reals(run, x) : NULL;
    for (size_t e = 0; e < out->count; e++) {
        int64_t at = source(m, index), code = 0;
        if (real)
            out->real[e] = at < 0 ? fill : real[at];
        else if (at >= 0)
            out->code[e] = x->code[at];
        else
            out->code[e] = code_of(fill, lf_grid_scale(out->tensor, e), &code) ? code : 0;
        advance(m->to, index);
    }
}

/* -- faces --------------------------------------------------------------------------------------------------------- */

static lf_status maps_of(const lf_graph *g, const lf_node *n, lf_arena *a, lf_axis_maps *m) {
    return ((const lf_axis_maps_own *)n->op->own)->maps(g, n, a, m);
}

lf_status lf_axis_maps_node_infer(lf_graph *g, lf_node *n) {
    lf_axis_maps m;
    LF_TRY(maps_of(g, n, g->arena, &m));
    lf_axis_maps_infer(g, n, lf_out(g, n, 0), lf_in(g, n, 0), &m, NULL);
    return LF_OK;
}

lf_status lf_axis_maps_node_exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    lf_axis_maps m;
    LF_TRY(maps_of(run->graph, n, run->scratch, &m));
    lf_axis_maps_exec(run, in, out, &m, 0);
    return LF_OK;
}
