/* integerize, ops that move codes about: the integers stay, only their places change. */
#include <math.h>
#include <string.h>

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ops/ops.h"
#include "pass/integerize_inside.h"

bool lf_integers_moves(const lf_node *n) {
    static const char *const names[] = {"concat", "split", "pad", "slice", "resize", "pixel_shuffle", "reduce", NULL};
    return lf_is_one_of(n, names);
}

static lf_status refuse(lf_integers *s, const lf_node *n, const char *why) {
    lf_where where = lf_where_node(s->g, n);
    return lf_fail(s->g->ctx, LF_BAD_INPUT, &where, "%s has no integer form in this version: %s", n->op->name, why);
}

static lf_status emit(lf_integers *s, const lf_node *n, const char *op, lf_id x, lf_node **made) {
    s->code_of[n->out[0]] = lf_integers_node(s, lf_format(s->g->arena, "%s_%s", n->name, op), op, &x, 1, NULL, made);
    (*made)->line = n->line;
    return LF_OK;
}

/* Axes of space of a picture [1, axes.., C]; 0 when it is none. */
static int space_of(const lf_tensor *t) {
    return t->shape.rank >= 3 && t->shape.rank <= 4 && t->shape.dim[0] == 1 ? t->shape.rank - 2 : 0;
}

static bool scale_is_kept(const lf_tensor *x, const lf_tensor *y) {
    return x->grid.scale_count == 1 && y->grid.scale_count == 1 && x->grid.scale[0] == y->grid.scale[0];
}

/* -- channels ------------------------------------------------------------------------------------------------------------------- */

static bool is_last(const lf_graph *g, const lf_node *n) {
    int rank = lf_in(g, n, 0)->shape.rank;
    int64_t axis = lf_attr_int(n, "axis");
    return (axis < 0 ? axis + rank : axis) == rank - 1;
}

static lf_status move_concat(lf_integers *s, const lf_node *n) {
    enum { MOST = 8 };
    lf_id in[MOST];
    if (n->in_count > MOST)
        return refuse(s, n, "more than 8 operands");
    for (int i = 0; i < n->in_count; i++) {
        if (lf_in(s->g, n, i)->value)
            return refuse(s, n, "a constant among its operands");
        LF_TRY(lf_integers_of(s, n->in[i], &in[i]));
        if (!in[i])
            return LF_OK;
    }
    if (!is_last(s->g, n))
        return refuse(s, n, "it joins along another axis than the channels");
    lf_node *made;
    s->code_of[n->out[0]] = lf_integers_node(s, lf_format(s->g->arena, "%s_concat_join", n->name), "concat_join", in,
                                             n->in_count, NULL, &made);
    made->line = n->line;
    return lf_infer_node(s->g, made);
}

static lf_status move_split(lf_integers *s, const lf_node *n, lf_id x) {
    lf_graph *g = s->g;
    if (!is_last(g, n))
        return refuse(s, n, "it divides another axis than the channels");
    lf_id *out = LF_NEW_ARRAY(s->arena, lf_id, n->out_count);
    for (int i = 0; i < n->out_count; i++) {
        if (!n->out[i] || lf_use_count(g, n->out[i]) == 0)
            return refuse(s, n, "one of its parts goes nowhere");
        out[i] = lf_tensor_new(g, lf_format(g->arena, "%s_part%d", n->name, i), (lf_shape){0}, lf_int(64))->id;
        s->code_of[n->out[i]] = out[i];
    }
    lf_node *made = lf_node_new(g, lf_op_find("split_fork"), lf_format(g->arena, "%s_split_fork", n->name), &x, 1, out,
                                n->out_count, NULL);
    lf_ints sizes = lf_attr_ints(n, "sizes");
    lf_attr_set_ints(g, made, "sizes", sizes.at, sizes.count);
    made->line = n->line;
    return lf_infer_node(g, made);
}

/* -- space -------------------------------------------------------------------------------------------------------------------------- */

static lf_status move_frame(lf_integers *s, const lf_node *n, lf_id x, const int64_t *pads, const int64_t *steps,
                            int space, int64_t code) {
    lf_node *made;
    LF_TRY(emit(s, n, "frame", x, &made));
    lf_attr_set_ints(s->g, made, "pads", pads, 2 * space);
    lf_attr_set_ints(s->g, made, "steps", steps, space);
    lf_attr_set_int(made, "pad_code", code);
    return lf_infer_node(s->g, made);
}

static lf_status move_pad(lf_integers *s, const lf_node *n, lf_id x) {
    const lf_tensor *in = lf_in(s->g, n, 0);
    int space = space_of(in), rank = in->shape.rank;
    lf_ints given = lf_attr_ints(n, "pads");
    int64_t pads[4] = {0}, steps[2] = {1, 1};
    double code = lf_attr_real(n, "value") / in->grid.scale[0];
    if (!space || strcmp(lf_attr_enum_name(n, "mode"), "constant") != 0)
        return refuse(s, n, "only constant padding of pictures has");
    if (given.at[0] || given.at[rank - 1] || given.at[rank] || given.at[2 * rank - 1])
        return refuse(s, n, "it pads channels or the batch");
    if (in->grid.scale_count != 1 || code != floor(code) || fabs(code) > 1 << 30)
        return refuse(s, n, "its value is no code of the grid");
    for (int i = 0; i < space; i++) {
        pads[i] = given.at[1 + i];
        pads[space + i] = given.at[rank + 1 + i];
    }
    return move_frame(s, n, x, pads, steps, space, (int64_t)code);
}

/* The first index and the step of an axis, from the shapes and what the node says. */
static lf_status move_slice(lf_integers *s, const lf_node *n, lf_id x) {
    const lf_tensor *in = lf_in(s->g, n, 0), *y = lf_out(s->g, n, 0);
    int space = space_of(in), rank = in->shape.rank;
    lf_ints starts = lf_attr_ints(n, "starts"), axes = lf_attr_ints(n, "axes"), step = lf_attr_ints(n, "steps");
    int64_t pads[4] = {0}, steps[2] = {1, 1};
    for (int64_t i = 0; i < starts.count; i++) {
        int64_t axis = axes.count ? axes.at[i] : i, by = step.count ? step.at[i] : 1;
        axis = axis < 0 ? axis + rank : axis;
        if (in->shape.dim[axis] == y->shape.dim[axis] && by > 0)
            continue;
        if (!space || axis == 0 || axis == rank - 1 || by < 1)
            return refuse(s, n, by < 1 ? "it runs backwards" : "it takes channels apart; split does that");
        int64_t dim = in->shape.dim[axis], from = starts.at[i] < 0 ? starts.at[i] + dim : starts.at[i];
        pads[axis - 1] = -(from < 0 ? 0 : from);
        steps[axis - 1] = by;
    }
    for (int i = 0; i < space; i++) /* behind: as far as the last index that is kept */
        pads[space + i] = -(in->shape.dim[1 + i] + pads[i] - ((y->shape.dim[1 + i] - 1) * steps[i] + 1));
    if (!space)
        return refuse(s, n, "its operand is no picture");
    return move_frame(s, n, x, pads, steps, space, 0);
}

/* Whole factors, every index k of y from k / factor of x: places at the middle of a pixel lie less than half a pixel from it. */
static bool whole_factors(const lf_node *n, const lf_tensor *x, const lf_tensor *y, int64_t *factors) {
    const char *where = lf_attr_enum_name(n, "coordinates"), *near = lf_attr_enum_name(n, "nearest");
    bool asymmetric = !strcmp(where, "asymmetric") && !strcmp(near, "floor");
    bool half = (!strcmp(where, "half_pixel") || !strcmp(where, "pytorch_half_pixel")) && !strncmp(near, "round", 5);
    for (int i = 0; i + 2 < x->shape.rank; i++) {
        int64_t from = x->shape.dim[1 + i], to = y->shape.dim[1 + i];
        factors[i] = from ? to / from : 0;
        if (factors[i] < 1 || factors[i] * from != to)
            return false;
    }
    return (asymmetric || half) && x->shape.dim[x->shape.rank - 1] == y->shape.dim[x->shape.rank - 1];
}

static lf_status move_resize(lf_integers *s, const lf_node *n, lf_id x) {
    const lf_tensor *in = lf_in(s->g, n, 0), *y = lf_out(s->g, n, 0);
    int64_t factors[LF_MAX_RANK];
    if (!space_of(in) || !whole_factors(n, in, y, factors))
        return refuse(s, n, "only pictures that grow by whole factors, each pixel becoming a block, have");
    lf_node *made;
    LF_TRY(emit(s, n, "upsample", x, &made));
    lf_attr_set_ints(s->g, made, "factors", factors, space_of(in));
    return lf_infer_node(s->g, made);
}

static lf_status move_shuffle(lf_integers *s, const lf_node *n, lf_id x) {
    lf_node *made;
    if (strcmp(lf_attr_enum_name(n, "layout"), "channels_last") != 0 || lf_in(s->g, n, 0)->shape.dim[0] != 1)
        return refuse(s, n, "it stands behind a layout of its own");
    LF_TRY(emit(s, n, "depth_to_space", x, &made));
    lf_attr_set_int(made, "block", lf_attr_int(n, "block"));
    lf_attr_set_enum(made, "mode", !strcmp(lf_attr_enum_name(n, "mode"), "dcr") ? "DCR" : "CRD");
    return lf_infer_node(s->g, made);
}

/* -- all pixels -------------------------------------------------------------------------------------------------------------------- */

static bool reduces_space(const lf_node *n, const lf_tensor *x) {
    lf_ints axes = lf_attr_ints(n, "axes");
    unsigned set = 0;
    for (int64_t i = 0; i < axes.count; i++)
        set |= 1u << (axes.at[i] < 0 ? axes.at[i] + x->shape.rank : axes.at[i]);
    return space_of(x) && set == ((1u << (x->shape.rank - 1)) - 2);
}

static lf_status move_reduce(lf_integers *s, const lf_node *n, lf_id x) {
    const lf_tensor *in = lf_in(s->g, n, 0);
    const char *function = lf_attr_enum_name(n, "function");
    bool sum = !strcmp(function, "sum") || !strcmp(function, "mean"), most = !strcmp(function, "max"),
         least = !strcmp(function, "min");
    lf_node *made;
    if (!reduces_space(n, in) || !(sum || most || least) || (!sum && in->grid.scale_count != 1))
        return refuse(s, n, "only sum, mean, max and min over all pixels of every channel have");
    bool turned = !sum && in->grid.scale[0] < 0;
    LF_TRY(emit(s, n, "global_pool", x, &made));
    lf_attr_set_enum(made, "function", sum ? "sum" : most != turned ? "max" : "min");
    return lf_infer_node(s->g, made);
}

lf_status lf_integers_move(lf_integers *s, const lf_node *n) {
    const lf_tensor *in = lf_in(s->g, n, 0), *y = lf_out(s->g, n, 0);
    lf_id x;
    if (lf_is_op(n, "concat"))
        return lf_on_grid(y) ? move_concat(s, n) : LF_OK;
    if (in->value || !lf_on_grid(in) || !y || !lf_on_grid(y))
        return LF_OK;
    LF_TRY(lf_integers_of(s, n->in[0], &x));
    if (!x)
        return LF_OK;
    if (lf_is_op(n, "reduce"))
        return move_reduce(s, n, x);
    if (lf_is_op(n, "split"))
        return move_split(s, n, x);
    if (!scale_is_kept(in, y))
        return refuse(s, n, "the scales of its input differ");
    if (lf_is_op(n, "pad"))
        return move_pad(s, n, x);
    if (lf_is_op(n, "slice"))
        return move_slice(s, n, x);
    return lf_is_op(n, "resize") ? move_resize(s, n, x) : move_shuffle(s, n, x);
}
