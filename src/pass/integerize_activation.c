/* integerize, activations: a chain of elementwise nodes behind integer codes, up to a quantizer, becomes thresholds; a multiplication
 * with a shift where there are many, evenly spaced ones; a table where the function rises and falls. */
#include <string.h>

#include "ir/attr_access.h"
#include "ops/elementwise.h"
#include "ops/ops.h"
#include "pass/composed.h"
#include "pass/integerize_inside.h"
#include "pass/mvu_rows.h"
#include "pass/one_pixel.h"
#include "pass/requantize_find.h"
#include "pass/thresholds.h"

void lf_integers_chain(lf_integers *s, lf_id from, lf_ids *nodes, lf_id *base) {
    *base = 0;
    lf_ids back = {0};
    lf_id at = from;
    while (!lf_integers_known(s, at)) {
        const lf_tensor *x = lf_tensor_at(s->g, at);
        const lf_node *n = lf_node_at(s->g, x->producer);
        if (!n || !lf_is_elementwise(s->g, n))
            return;
        LF_PUSH(s->arena, &back, n->id);
        at = n->in[lf_data_operand(s->g, n)];
    }
    *base = at;
    for (size_t i = back.count; i-- > 0;)
        LF_PUSH(s->arena, nodes, back.at[i]);
}

static bool is_uniform(const lf_thresholds *t) {
    for (int64_t e = 1; e < t->elements; e++)
        if (memcmp(t->at, t->at + e * t->levels, (size_t)t->levels * sizeof *t->at) || t->sign[e] != t->sign[0])
            return false;
    return true;
}

/* Rows of thresholds: one for all elements, or one per channel of the last axis. */
static lf_status threshold_rows(lf_integers *s, const lf_node *n, const lf_tensor *x, const lf_thresholds *t,
                                int64_t *rows) {
    int64_t channels = x->shape.dim[x->shape.rank - 1];
    *rows = is_uniform(t) ? 1 : channels;
    if (*rows == 1 || channels == t->elements)
        return LF_OK;
    lf_where where = lf_where_node(s->g, n);
    return lf_fail(s->g->ctx, LF_BAD_INPUT, &where,
                   "thresholds that differ between positions of a %s tensor are not in this version",
                   lf_shape_text(s->arena, x->shape));
}

/* `out` of the node made is the codes of n's output, under n's shape. */
static lf_status finish(lf_integers *s, const lf_node *n, lf_node *made, lf_id out) {
    lf_graph *g = s->g;
    const lf_tensor *y = lf_out(g, n, 0);
    made->line = n->line;
    LF_TRY(lf_infer_node(g, made));
    if (!lf_shape_equal(y->shape, lf_tensor_at(g, out)->shape)) {
        lf_node *layout;
        out = lf_integers_node(s, lf_format(g->arena, "%s_shape", n->name), "reshape", &out, 1, NULL, &layout);
        lf_attr_set_ints(g, layout, "shape", y->shape.dim, y->shape.rank);
        LF_TRY(lf_infer_node(g, layout));
    }
    s->code_of[n->out[0]] = out;
    return LF_OK;
}

static lf_status emit_threshold(lf_integers *s, const lf_node *n, const lf_tensor *x, const lf_thresholds *t) {
    lf_graph *g = s->g;
    int64_t rows;
    LF_TRY(threshold_rows(s, n, x, t, &rows));
    int64_t dim[2] = {rows, t->levels};
    lf_tensor *T = lf_const_codes(g, lf_format(g->arena, "%s_thresholds", n->name), lf_shape_make(2, dim), t->at);
    lf_id in[3] = {x->id, T->id, 0};
    if (t->any_down) {
        int64_t *sign = LF_NEW_ARRAY(s->arena, int64_t, rows);
        for (int64_t r = 0; r < rows; r++)
            sign[r] = t->sign[r];
        in[2] = lf_const_codes(g, lf_format(g->arena, "%s_sign", n->name), lf_shape_make(1, &rows), sign)->id;
    }
    lf_node *made;
    lf_id out = lf_integers_node(s, lf_format(g->arena, "%s_threshold", n->name), "threshold", in, t->any_down ? 3 : 2,
                                 NULL, &made);
    lf_attr_set_int(made, "out_base", t->out_base);
    lf_attr_set_int(made, "out_step", t->out_step);
    return finish(s, n, made, out);
}

/* Rows that run downward are negated in the matrix-vector unit when nobody else reads its sums: then no sign is needed. */
static lf_status flip_rows(lf_integers *s, lf_id base, lf_thresholds *t) {
    lf_graph *g = s->g;
    lf_node *mvu = lf_node_at(g, lf_tensor_at(g, lf_integers_known(s, base))->producer);
    if (!t->any_down || !lf_is_rows(mvu) || lf_use_count(g, base) != 1 || lf_in(g, mvu, 1)->shape.dim[0] != t->elements)
        return LF_OK;
    int64_t *factor = LF_NEW_ARRAY(s->arena, int64_t, t->elements);
    for (int64_t e = 0; e < t->elements; e++)
        factor[e] = t->sign[e];
    LF_TRY(lf_mvu_rows_change(g, mvu, factor, NULL));
    memset(t->sign, 1, (size_t)t->elements);
    t->any_down = false;
    return LF_OK;
}

/* -- activations of many levels ------------------------------------------------------------------------------------------ */

/* More than 6 bits: thresholds would fill memories. */
enum { MANY_LEVELS = 64 };

static lf_range *channel_ranges(lf_integers *s, const lf_tensor *x, int64_t channels) {
    lf_range *r = LF_NEW_ARRAY(s->arena, lf_range, channels);
    bool each = x->channel_range && x->range_axis == x->shape.rank - 1 && x->shape.dim[x->range_axis] == channels;
    for (int64_t c = 0; c < channels; c++)
        r[c] = each ? x->channel_range[c] : x->range;
    return r;
}

static bool all_equal(const int64_t *v, int64_t count) {
    for (int64_t i = 1; i < count; i++)
        if (v[i] != v[0])
            return false;
    return true;
}

static lf_id per_channel(lf_integers *s, const lf_node *n, const char *what, const int64_t *v, int64_t count) {
    int64_t rows = all_equal(v, count) ? 1 : count;
    return lf_const_codes(s->g, lf_format(s->g->arena, "%s_%s", n->name, what), lf_shape_make(1, &rows), v)->id;
}

/* x * mul + add stays within what the op takes, with the base of the outputs in the sum: below the shift, so that it counts much. */
static bool sums_fit(const lf_requantizer *q, const lf_range *range, int64_t channels, int64_t out_base) {
    for (int64_t c = 0; c < channels; c++) {
        __int128 add = q->add[c] + (__int128)out_base * ((int64_t)1 << q->shift);
        const __int128 sums[] = {add, (__int128)range[c].lo * q->mul[c], (__int128)range[c].hi * q->mul[c],
                                 (__int128)range[c].lo * q->mul[c] + add, (__int128)range[c].hi * q->mul[c] + add};
        for (size_t i = 0; i < LF_COUNT(sums); i++)
            if (sums[i] < -LF_CODE_MAX || sums[i] > LF_CODE_MAX)
                return false;
    }
    return true;
}

/* One multiplication, addition and shift instead, where that gives the same integers; *done tells. */
static lf_status try_requantize(lf_integers *s, const lf_node *n, const lf_tensor *x, const lf_thresholds *t,
                                bool *done) {
    int64_t channels = x->shape.dim[x->shape.rank - 1];
    const lf_range *range = channel_ranges(s, x, channels);
    lf_requantizer q;
    *done = false;
    if (t->levels < MANY_LEVELS || t->out_step != 1 || t->elements != channels ||
        !lf_requantize_find(t, range, s->arena, &q) || !sums_fit(&q, range, channels, t->out_base))
        return LF_OK;
    *done = true;
    for (int64_t c = 0; c < channels; c++)
        q.add[c] += t->out_base * ((int64_t)1 << q.shift);
    lf_id in[3] = {x->id, per_channel(s, n, "mul", q.mul, channels), per_channel(s, n, "add", q.add, channels)};
    lf_node *made;
    lf_id out = lf_integers_node(s, lf_format(s->g->arena, "%s_requantize", n->name), "requantize", in, 3, NULL, &made);
    lf_attr_set_int(made, "shift", q.shift);
    lf_attr_set_int(made, "lo", t->out_base);
    lf_attr_set_int(made, "hi", t->out_base + t->levels);
    return finish(s, n, made, out);
}

/* A function that rises and falls. */
static lf_status emit_table(lf_integers *s, const lf_node *n, const lf_tensor *x, const lf_thresholds *t) {
    int64_t rows = 1, channels = x->shape.dim[x->shape.rank - 1], dim[2];
    for (int64_t e = 1; e < t->elements && rows == 1; e++)
        rows =
            memcmp(t->table, t->table + e * t->table_size, (size_t)t->table_size * sizeof *t->table) ? t->elements : 1;
    lf_where where = lf_where_node(s->g, n);
    if (rows > 1 && rows != channels)
        return lf_fail(s->g->ctx, LF_BAD_INPUT, &where,
                       "functions that differ between positions of a %s tensor are not in this version",
                       lf_shape_text(s->arena, x->shape));
    dim[0] = rows;
    dim[1] = t->table_size;
    lf_id in[2] = {
        x->id, lf_const_codes(s->g, lf_format(s->g->arena, "%s_table", n->name), lf_shape_make(2, dim), t->table)->id};
    lf_node *made;
    lf_id out = lf_integers_node(s, lf_format(s->g->arena, "%s_table", n->name), "table", in, 2, NULL, &made);
    lf_attr_set_int(made, "lo", t->table_lo);
    return finish(s, n, made, out);
}

lf_status lf_integers_activate(lf_integers *s, const lf_node *n, const lf_tensor *x, const lf_thresholds *t) {
    bool done;
    if (t->table)
        return emit_table(s, n, x, t);
    LF_TRY(try_requantize(s, n, x, t, &done));
    return done ? LF_OK : emit_threshold(s, n, x, t);
}

/* -- quantizers -------------------------------------------------------------------------------------------------------------- */

/* The model's first quantizer: it stays on the host, followed by the explicit cut. */
static lf_status emit_quantize(lf_integers *s, lf_node *n) {
    lf_node *made;
    lf_id out =
        lf_integers_node(s, lf_format(s->g->arena, "%s_codes", n->name), "quantize", &n->out[0], 1, NULL, &made);
    LF_TRY(lf_infer_node(s->g, made));
    s->code_of[n->out[0]] = out;
    return LF_OK;
}

static lf_status thresholds_of(lf_integers *s, const lf_graph *g, const lf_tensor *base, const lf_tensor *codes,
                               lf_ids nodes, lf_thresholds *t) {
    lf_composed chain = lf_composed_make(g, s->arena, base, nodes);
    lf_status status = lf_thresholds_find(&chain, lf_node_at(g, nodes.at[nodes.count - 1]), codes, s->arena, t);
    lf_composed_free(&chain);
    return status;
}

/* Of a picture at one pixel, where all pixels are alike. */
static lf_status find_thresholds(lf_integers *s, const lf_tensor *base, const lf_ids *nodes, lf_thresholds *t) {
    const lf_tensor *codes = lf_tensor_at(s->g, lf_integers_known(s, base->id));
    lf_one_pixel pixel;
    if (!lf_one_pixel_make(s->g, s->arena, base, codes, nodes, &pixel))
        return thresholds_of(s, s->g, base, codes, *nodes, t);
    lf_status status = thresholds_of(s, pixel.graph, pixel.base, pixel.codes, pixel.nodes, t);
    lf_graph_free(pixel.graph);
    return status;
}

lf_status lf_integers_quantizer(lf_integers *s, lf_node *n) {
    if (lf_integers_known(s, n->out[0])) /* behind a sum of two grids: done with it */
        return LF_OK;
    if (!lf_on_grid(lf_out(s->g, n, 0)) || lf_data_operand(s->g, n) != 0)
        return LF_OK;
    lf_ids nodes = {0};
    lf_id base;
    lf_integers_chain(s, n->in[0], &nodes, &base);
    if (!base)
        return emit_quantize(s, n);
    LF_PUSH(s->arena, &nodes, n->id);
    lf_thresholds t;
    LF_TRY(find_thresholds(s, lf_tensor_at(s->g, base), &nodes, &t));
    const lf_tensor *x = lf_tensor_at(s->g, lf_integers_known(s, base));
    if (!t.table && t.levels < MANY_LEVELS) {
        LF_TRY(flip_rows(s, base, &t));
        x = lf_tensor_at(s->g, lf_integers_known(s, base));
    }
    return lf_integers_activate(s, n, x, &t);
}
