/* integerize, convolutional networks: windows and products, pools, sums of two branches. Pictures are [N, axes.., C] here
 * (channels-last). */
#include <math.h>
#include <string.h>

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ops/ops.h"
#include "ops/slide.h"
#include "pass/integerize_inside.h"

static lf_status refuse(lf_integers *s, const lf_node *n, const char *why, const char *hint) {
    lf_where where = lf_where_node(s->g, n);
    lf_status status = lf_fail(s->g->ctx, LF_BAD_INPUT, &where, "%s", why);
    if (hint)
        lf_hint(s->g->ctx, "%s", hint);
    return status;
}

static bool has_hardware_shape(const lf_slide *w) {
    return w->layout == LF_CHANNELS_LAST && w->axes <= 2 && w->images == 1;
}

/* -- windows ------------------------------------------------------------------------------------------------------------------- */

static bool covers_all(const lf_slide *w) {
    return w->positions == 1 && !w->padded && w->taps == w->pixels;
}

static bool is_pointwise(const lf_slide *w) {
    return w->taps == 1;
}

static void set_lists(lf_integers *s, lf_node *made, const lf_slide *w, const char *steps) {
    int64_t pads[2 * LF_SLIDE_AXES];
    for (int i = 0; i < w->axes; i++) {
        pads[i] = w->begin[i]; /* the end: just as far as the last window reaches, so that there are no more windows */
        pads[w->axes + i] =
            (w->out[i] - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] + 1 - w->begin[i] - w->in[i];
    }
    lf_attr_set_ints(s->g, made, steps, w->stride, w->axes);
    lf_attr_set_ints(s->g, made, "pads", pads, 2 * w->axes);
}

/* Windows of several rows come column by column, so that the unit can give a column at once. */
static bool by_columns(const lf_slide *w) {
    return w->axes == 2 && w->kernel[0] > 1;
}

/* Where tap number t of a kernel, row by row, stands in a window. */
static int64_t tap_place(const lf_slide *w, int64_t t) {
    int64_t rows = w->kernel[0], columns = w->kernel[1];
    return by_columns(w) ? t % columns * rows + t / columns : t;
}

/* x as windows of all positions, elements in the order (C / interleave, taps, interleave). */
static lf_status emit_window(lf_integers *s, const lf_node *n, const lf_slide *w, int64_t interleave, int64_t pad_code,
                             lf_id *x) {
    lf_node *made;
    bool moved = w->padded || w->positions != w->pixels;
    if (is_pointwise(w) && !moved)
        return LF_OK;
    const char *name = lf_format(s->g->arena, "%s_%s", n->name, is_pointwise(w) ? "frame" : "window");
    *x = lf_integers_node(s, name, is_pointwise(w) ? "frame" : "window", x, 1, NULL, &made);
    set_lists(s, made, w, is_pointwise(w) ? "steps" : "strides");
    lf_attr_set_int(made, "pad_code", pad_code);
    if (!is_pointwise(w)) {
        lf_attr_set_ints(s->g, made, "kernel", w->kernel, w->axes);
        lf_attr_set_ints(s->g, made, "dilations", w->dilation, w->axes);
        lf_attr_set_int(made, "interleave", interleave);
        lf_attr_set_enum(made, "order", by_columns(w) ? "columns" : "rows");
    }
    made->line = n->line;
    return lf_infer_node(s->g, made);
}

static lf_status emit_reshape(lf_integers *s, const lf_node *n, const char *suffix, lf_shape to, lf_id *x) {
    lf_node *made;
    *x = lf_integers_node(s, lf_format(s->g->arena, "%s_%s", n->name, suffix), "reshape", x, 1, NULL, &made);
    lf_attr_set_ints(s->g, made, "shape", to.dim, to.rank);
    return lf_infer_node(s->g, made);
}

/* -- convolution ------------------------------------------------------------------------------------------------------------- */

typedef struct product {
    lf_slide w;
    int64_t group, ins, outs; /* channels of x and of y per group */
} product;

static lf_status product_of(const lf_graph *g, const lf_node *n, product *p) {
    const lf_tensor *weights = lf_in(g, n, 1);
    lf_slide_attr a = *(const lf_slide_attr *)n->attr;
    a.kernel = (lf_ints){weights->shape.dim + 2, weights->shape.rank - 2};
    LF_TRY(lf_slide_make(g, n, &a, &p->w));
    p->group = lf_attr_int(n, "group");
    p->ins = weights->shape.dim[1];
    p->outs = weights->shape.dim[0] / p->group;
    return LF_OK;
}

/* [OC, C/group, taps] becomes rows of [taps, C/group], taps in the order of a window. */
static lf_id emit_weights(lf_integers *s, const lf_node *n, const product *p) {
    const lf_tensor *from = lf_in(s->g, n, 1);
    int64_t rows = p->group * p->outs, columns = p->ins * p->w.taps, dim[2] = {rows, columns};
    int64_t *code = LF_NEW_ARRAY(s->arena, int64_t, rows * columns);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < p->ins; c++)
            for (int64_t t = 0; t < p->w.taps; t++)
                code[r * columns + tap_place(&p->w, t) * p->ins + c] =
                    lf_tensor_code(from, (size_t)(r * columns + c * p->w.taps + t));
    return lf_const_codes(s->g, lf_format(s->g->arena, "%s_weights", n->name), lf_shape_make(2, dim), code)->id;
}

static lf_status emit_rows(lf_integers *s, const lf_node *n, const product *p, const char *op, lf_id *x) {
    lf_id in[2] = {*x, emit_weights(s, n, p)};
    lf_node *made;
    *x = lf_integers_node(s, lf_format(s->g->arena, "%s_%s", n->name, op), op, in, 2, NULL, &made);
    if (!strcmp(op, "mvu") && p->group > 1)
        lf_attr_set_int(made, "groups", p->group);
    made->line = n->line;
    return lf_infer_node(s->g, made);
}

/* Several channels in a group: the groups' windows one after the other are vectors of their own. */
static lf_status emit_grouped(lf_integers *s, const lf_node *n, const product *p, lf_id *x) {
    lf_shape shape = lf_slide_shape(&p->w, 1), out = lf_slide_shape(&p->w, p->group * p->outs);
    shape.dim[shape.rank - 1] = p->group;
    shape.dim[shape.rank++] = p->ins * p->w.taps;
    LF_TRY(emit_window(s, n, &p->w, p->ins, 0, x));
    LF_TRY(emit_reshape(s, n, "groups", shape, x));
    LF_TRY(emit_rows(s, n, p, "mvu", x));
    return emit_reshape(s, n, "channels", out, x);
}

lf_status lf_integers_conv(lf_integers *s, const lf_node *n) {
    const lf_tensor *w = lf_in(s->g, n, 1);
    lf_id x;
    product p;
    if (lf_in(s->g, n, 0)->value || !w->value || !lf_on_grid(lf_out(s->g, n, 0)))
        return LF_OK;
    LF_TRY(lf_integers_of(s, n->in[0], &x));
    LF_TRY(product_of(s->g, n, &p));
    if (!x)
        return LF_OK;
    if (!has_hardware_shape(&p.w))
        return refuse(s, n,
                      "convolutions of 3 axes, of several pictures at once, or behind a layout of their own have no "
                      "integer form in this version",
                      NULL);
    if (p.group == 1) {
        LF_TRY(emit_window(s, n, &p.w, 0, 0, &x));
        LF_TRY(emit_rows(s, n, &p, "mvu", &x));
    } else if (p.ins == 1 && p.outs == 1) {
        LF_TRY(emit_window(s, n, &p.w, 1, 0, &x));
        LF_TRY(emit_rows(s, n, &p, "vvu", &x));
    } else {
        LF_TRY(emit_grouped(s, n, &p, &x));
    }
    s->code_of[n->out[0]] = x;
    return LF_OK;
}

/* -- pools ----------------------------------------------------------------------------------------------------------------------- */

/* +1 or -1: the sign of all scales; 0 when there are both. */
static int sign_of_scales(const lf_tensor *t) {
    int sign = t->grid.scale[0] < 0 ? -1 : 1;
    for (int64_t c = 1; c < t->grid.scale_count; c++)
        if ((t->grid.scale[c] < 0 ? -1 : 1) != sign)
            return 0;
    return sign;
}

static lf_status emit_pool(lf_integers *s, const lf_node *n, const lf_slide *w, const char *function, lf_id *x) {
    lf_node *made;
    lf_range r = lf_tensor_at(s->g, *x)->range;
    /* what stands in the padding never wins */
    int64_t pad_code = !strcmp(function, "max") ? r.lo : !strcmp(function, "min") ? r.hi : 0;
    if (!covers_all(w))
        LF_TRY(emit_window(s, n, w, 1, pad_code, x));
    const char *op = covers_all(w) ? "global_pool" : "pool";
    if (is_pointwise(w))
        return LF_OK;
    *x = lf_integers_node(s, lf_format(s->g->arena, "%s_pool", n->name), op, x, 1, NULL, &made);
    lf_attr_set_enum(made, "function", function);
    if (!covers_all(w))
        lf_attr_set_int(made, "K", w->taps);
    made->line = n->line;
    return lf_infer_node(s->g, made);
}

lf_status lf_integers_pool(lf_integers *s, const lf_node *n) {
    const lf_tensor *in = lf_in(s->g, n, 0);
    lf_id x;
    lf_slide w;
    if (in->value || !lf_on_grid(lf_out(s->g, n, 0)))
        return LF_OK;
    LF_TRY(lf_integers_of(s, n->in[0], &x));
    if (!x)
        return LF_OK;
    LF_TRY(lf_slide_make(s->g, n, n->attr, &w));
    bool largest = lf_is_op(n, "max_pool");
    int sign = sign_of_scales(in);
    if (!has_hardware_shape(&w))
        return refuse(s, n,
                      "pools of 3 axes, of several pictures at once, or behind a layout of their own have no integer "
                      "form in this version",
                      NULL);
    if (largest && !sign)
        return refuse(s, n,
                      "the scales of its input have both signs, so the largest value is sometimes the largest and "
                      "sometimes the smallest code",
                      "make the scales of the channels positive");
    LF_TRY(emit_pool(s, n, &w, !largest ? "sum" : sign > 0 ? "max" : "min", &x));
    s->code_of[n->out[0]] = x;
    return LF_OK;
}

/* -- two branches meet ------------------------------------------------------------------------------------------------------------ */

/* from / to when it is an integer of moderate size, the same for all channels; else 0. */
static int64_t factor_of(const lf_tensor *from, const lf_tensor *to) {
    double ratio = from->grid.scale[0] / to->grid.scale[0];
    for (int64_t c = 0; c < from->grid.scale_count || c < to->grid.scale_count; c++)
        if (from->grid.scale[from->grid.scale_count > 1 ? c : 0] / to->grid.scale[to->grid.scale_count > 1 ? c : 0] !=
            ratio)
            return 0;
    return ratio == floor(ratio) && fabs(ratio) <= 1 << 30 ? (int64_t)ratio : 0;
}

static bool is_product(const lf_graph *g, const lf_node *n) {
    const lf_tensor *a = lf_in(g, n, 0), *b = lf_in(g, n, 1), *y = lf_out(g, n, 0);
    return a->grid.scale_count == 1 && b->grid.scale_count == 1 && y->grid.scale_count == 1 &&
           y->grid.scale[0] == a->grid.scale[0] * b->grid.scale[0];
}

lf_status lf_integers_join(lf_integers *s, const lf_node *n) {
    const lf_tensor *a = lf_in(s->g, n, 0), *b = lf_in(s->g, n, 1), *y = lf_out(s->g, n, 0);
    bool times = lf_is_op(n, "mul");
    lf_id in[2];
    if (n->in_count != 2 || a->value || b->value || !lf_on_grid(a) || !lf_on_grid(b) ||
        !lf_shape_equal(a->shape, b->shape))
        return LF_OK;
    LF_TRY(lf_integers_of(s, n->in[0], &in[0]));
    LF_TRY(lf_integers_of(s, n->in[1], &in[1]));
    if (!lf_on_grid(y))
        return in[0] && in[1] && !times ? lf_integers_pairs(s, n, in) : LF_OK;
    int64_t fa = times ? 1 : factor_of(a, y), fb = times ? 1 : factor_of(b, y);
    if (!in[0] || !in[1] || !fa || !fb || (times && !is_product(s->g, n)))
        return LF_OK;
    lf_node *made;
    s->code_of[n->out[0]] = lf_integers_node(s, lf_format(s->g->arena, "%s_join", n->name),
                                             times ? "product_join" : "sum_join", in, 2, NULL, &made);
    if (!times) {
        lf_attr_set_int(made, "a_factor", fa);
        lf_attr_set_int(made, "b_factor", lf_is_op(n, "sub") ? -fb : fb);
    }
    made->line = n->line;
    return lf_infer_node(s->g, made);
}
