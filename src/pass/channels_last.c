/* channels-last: convolutions, pools and what lies between them work on [N, axes..., C], as streams do (contracts.md 3).
 *
 * A region is what can be reached from a spatial op, or from one that joins, divides or leaves over the channels of [N, C, H, W], over
 * tensors of rank 3 and more, through ops that do not care about layout. All of it is turned over at once; transposes stand only where tensors enter and leave it, and those that meet a transpose of the
 * model's own cancel. A transpose in front of a flatten goes into the rows of the constant matrix behind it. */
#include <string.h>

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ir/pass.h"
#include "ops/ops.h"
#include "pass/composed.h"
#include "pass/passes.h"

typedef struct state {
    lf_graph *g;
    lf_arena *arena;
    bool *turned;    /* [tensor id]: stands as [N, axes..., C] when the pass is through */
    lf_id *consumer; /* pairs (tensor, node) sorted by tensor: node ids */
    size_t *first;   /* [tensor id]: its consumers are consumer[first[t] .. first[t + 1]) */
    uint32_t *uses;  /* [tensor id]: outputs of the graph count, too */
    lf_ids work;
    size_t tensors;
} state;

static bool is_spatial(const lf_node *n) {
    return lf_has_attr(n, "layout") && !strcmp(lf_attr_enum_name(n, "layout"), "channels_first");
}

/* Joins or divides axis 1 of a picture [N, C, H, W], reduces all axes but the first two, or scales the last and not axis 1. */
static bool takes_channels(const lf_graph *g, const lf_node *n) {
    const lf_shape y = lf_out(g, n, 0)->shape;
    if (y.rank != 4)
        return false;
    if (lf_is_op(n, "resize"))
        return lf_in(g, n, 0)->shape.dim[1] == y.dim[1] && lf_in(g, n, 0)->shape.dim[3] != y.dim[3];
    if (lf_is_op(n, "concat") || lf_is_op(n, "split"))
        return lf_attr_int(n, "axis") == 1 || lf_attr_int(n, "axis") == -3;
    if (!lf_is_op(n, "reduce") || lf_attr_ints(n, "axes").count != 2)
        return false;
    const int64_t *axes = lf_attr_ints(n, "axes").at;
    int64_t a = (axes[0] + 4) % 4, b = (axes[1] + 4) % 4;
    return a + b == 5 && a != b && a > 1 && b > 1;
}

static bool is_data(const lf_tensor *t) {
    return t && !t->value;
}

/* Operands and results are all of one rank, and the op can be turned over (a reduction only when it keeps its axes). */
static bool can_turn(const lf_graph *g, const lf_node *n) {
    if (!n || (!n->op->relayout && !n->op->monotone))
        return false;
    int rank = lf_out(g, n, 0)->shape.rank;
    for (int i = 0; i < n->in_count; i++)
        if (is_data(lf_in(g, n, i)) && lf_in(g, n, i)->shape.rank != rank)
            return false;
    for (int i = 0; i < n->out_count; i++)
        if (lf_out(g, n, i) && lf_out(g, n, i)->shape.rank != rank)
            return false;
    for (int i = 0; i < n->in_count; i++)
        if (lf_in(g, n, i) && lf_in(g, n, i)->value && !n->op->relayout && lf_in(g, n, i)->shape.rank > rank)
            return false;
    return rank >= 3;
}

/* Reductions that drop their axes keep them, with a reshape behind: such can be turned over. */
static lf_status keep_axes(lf_graph *g) {
    size_t count = g->order.count;
    for (size_t i = 0; i < count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]);
        if (!lf_is_op(n, "reduce") || lf_attr_bool(n, "keepdims") || lf_in(g, n, 0)->shape.rank < 3)
            continue;
        lf_tensor *y = lf_out(g, n, 0);
        if (y->shape.rank == 0 || lf_shape_count(y->shape) == 0)
            continue;
        lf_tensor *kept = lf_tensor_new(g, lf_format(g->arena, "%s_kept", y->name), y->shape, y->dtype);
        lf_node *shape = lf_node_new(g, lf_op_find("reshape"), lf_format(g->arena, "%s_shape", n->name), &kept->id, 1,
                                     &y->id, 1, NULL);
        lf_attr_set_ints(g, shape, "shape", y->shape.dim, y->shape.rank);
        shape->line = n->line;
        lf_attr_set_bool(n, "keepdims", true);
        n->out[0] = kept->id;
        kept->producer = n->id;
    }
    LF_TRY(lf_graph_sort(g));
    return lf_infer(g);
}

/* -- regions -------------------------------------------------------------------------------------------------------------- */

static void index_consumers(state *s) {
    const lf_graph *g = s->g;
    s->first = LF_NEW_ARRAY(s->arena, size_t, s->tensors + 2);
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        for (int k = 0; n && k < n->in_count; k++)
            s->first[n->in[k] + 1]++;
    }
    for (size_t t = 1; t <= s->tensors + 1; t++)
        s->first[t] += s->first[t - 1];
    size_t *next = lf_copy(s->arena, s->first, (s->tensors + 2) * sizeof *next);
    s->consumer = LF_NEW_ARRAY(s->arena, lf_id, s->first[s->tensors + 1] + 1);
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        for (int k = 0; n && k < n->in_count; k++)
            s->consumer[next[n->in[k]]++] = n->id;
    }
}

static void mark(state *s, lf_id tensor) {
    if (s->turned[tensor] || !is_data(lf_tensor_at(s->g, tensor)))
        return;
    s->turned[tensor] = true;
    LF_PUSH(s->arena, &s->work, tensor);
}

static void mark_around(state *s, const lf_node *n) {
    for (int k = 0; k < n->in_count; k++)
        if (n->in[k])
            mark(s, n->in[k]);
    for (int k = 0; k < n->out_count; k++)
        if (n->out[k])
            mark(s, n->out[k]);
}

static void grow(state *s) {
    const lf_graph *g = s->g;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (n && (is_spatial(n) || takes_channels(g, n)) && can_turn(g, n))
            mark_around(s, n);
    }
    while (s->work.count) {
        lf_id t = s->work.at[--s->work.count];
        const lf_node *producer = lf_node_at(g, lf_tensor_at(g, t)->producer);
        if (can_turn(g, producer))
            mark_around(s, producer);
        for (size_t c = s->first[t]; c < s->first[t + 1]; c++)
            if (can_turn(g, lf_node_at(g, s->consumer[c])))
                mark_around(s, lf_node_at(g, s->consumer[c]));
    }
}

static bool in_region(const state *s, const lf_node *n) {
    return can_turn(s->g, n) && s->turned[n->out[0]];
}

/* -- turning over ----------------------------------------------------------------------------------------------------------- */

static void permutation(int rank, bool to_last, int64_t *perm) {
    for (int i = 0; i < rank; i++)
        perm[i] = i == 0 ? 0 : to_last ? (i == rank - 1 ? 1 : i + 1) : (i == 1 ? rank - 1 : i - 1);
}

static lf_id transposed(lf_graph *g, lf_id x, bool to_last) {
    const lf_tensor *t = lf_tensor_at(g, x);
    int64_t perm[LF_MAX_RANK];
    permutation(t->shape.rank, to_last, perm);
    const char *name = lf_format(g->arena, "%s_%s", t->name, to_last ? "nhwc" : "nchw");
    lf_tensor *y = lf_tensor_new(g, name, t->shape, t->dtype);
    lf_node *n = lf_node_new(g, lf_op_find("transpose"), name, &x, 1, &y->id, 1, NULL);
    lf_attr_set_ints(g, n, "perm", perm, t->shape.rank);
    return y->id;
}

/* A constant that broadcasts against [N, C, axes...], for [N, axes..., C]. */
static lf_id turned_constant(lf_graph *g, const lf_tensor *t, int rank) {
    int64_t size[LF_MAX_RANK], step[LF_MAX_RANK], perm[LF_MAX_RANK], at[LF_MAX_RANK] = {0}, span = 1;
    int lead = rank - t->shape.rank;
    for (int i = rank - 1; i >= 0; i--) {
        size[i] = i < lead ? 1 : t->shape.dim[i - lead];
        step[i] = span;
        span *= size[i];
    }
    permutation(rank, true, perm);
    lf_tensor *y = lf_tensor_new(g, lf_format(g->arena, "%s_nhwc", t->name), t->shape, t->dtype);
    lf_id id = y->id;
    const char *name = y->name;
    *y = *t;
    y->id = id;
    y->name = name;
    y->shape.rank = rank;
    for (int i = 0; i < rank; i++)
        y->shape.dim[i] = size[perm[i]];
    for (int i = 0; i < rank; i++) {
        y->grid.axis = t->grid.axis + lead == perm[i] ? i : y->grid.axis;
        y->range_axis = t->range_axis + lead == perm[i] ? i : y->range_axis;
    }
    size_t width = lf_elem_size(t->value->elem);
    char *to = lf_alloc(g->arena, t->value->count * width);
    for (size_t e = 0; e < t->value->count; e++) {
        int64_t from = 0;
        for (int i = 0; i < rank; i++)
            from += at[i] * step[perm[i]];
        memcpy(to + e * width, (const char *)t->value->data + (size_t)from * width, width);
        for (int i = rank - 1; i >= 0 && ++at[i] == y->shape.dim[i]; i--)
            at[i] = 0;
    }
    y->value = lf_copy(g->arena, &(lf_const){t->value->elem, t->value->count, to}, sizeof(lf_const));
    return y->id;
}

static bool turn_over(lf_graph *g, lf_node *n) {
    if (n->op->relayout)
        return n->op->relayout(g, n);
    int rank = lf_out(g, n, 0)->shape.rank;
    for (int k = 0; k < n->in_count; k++) {
        const lf_tensor *t = lf_in(g, n, k);
        if (t && t->value && t->value->count > 1)
            n->in[k] = turned_constant(g, t, rank);
    }
    return true;
}

/* Where operand k of n has the other layout than n wants; one transpose serves all who want it. */
static void join_operand(state *s, lf_node *n, int k, bool wanted, lf_id *other) {
    lf_id t = n->in[k];
    if (t > s->tensors || !is_data(lf_tensor_at(s->g, t)) || s->turned[t] == wanted)
        return;
    if (!other[t])
        other[t] = transposed(s->g, t, wanted);
    n->in[k] = other[t];
}

/* Whether a tensor that is turned really stands turned: its producer is in the region. Otherwise it enters here. */
static void settle_sources(state *s) {
    for (lf_id t = 1; t <= s->tensors; t++)
        if (s->turned[t] && lf_tensor_at(s->g, t) && !in_region(s, lf_node_at(s->g, lf_tensor_at(s->g, t)->producer)))
            s->turned[t] = false;
}

static lf_status turn_all(state *s) {
    lf_graph *g = s->g;
    size_t count = g->order.count;
    bool *region = LF_NEW_ARRAY(s->arena, bool, g->nodes.count + 1);
    lf_id *other = LF_NEW_ARRAY(s->arena, lf_id, s->tensors + 1);
    for (size_t i = 0; i < count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        region[n ? n->id : 0] = n && in_region(s, n);
    }
    settle_sources(s);
    for (size_t i = 0; i < count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]);
        if (!n)
            continue;
        if (region[n->id] && !turn_over(g, n)) {
            lf_where where = lf_where_node(g, n);
            return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                           "%s stands between ops of another layout and cannot take theirs", n->op->name);
        }
        for (int k = 0; k < n->in_count; k++)
            if (n->in[k])
                join_operand(s, n, k, region[n->id], other);
    }
    for (size_t i = 0; i < g->outputs.count; i++) {
        lf_id t = g->outputs.at[i].tensor;
        if (t <= s->tensors && s->turned[t])
            g->outputs.at[i].tensor = other[t] ? other[t] : transposed(g, t, false);
    }
    LF_TRY(lf_graph_sort(g));
    return lf_infer(g);
}

/* -- flatten ---------------------------------------------------------------------------------------------------------------------- */

/* Ops of one operand behind which it does not matter in which order the elements stand: constants are one value. */
static bool is_uniform(const lf_graph *g, const lf_node *n) {
    if (n->op->relayout || !lf_is_elementwise(g, n))
        return false;
    for (int k = 0; k < n->in_count; k++)
        if (lf_in(g, n, k) && lf_in(g, n, k)->value && lf_in(g, n, k)->value->count > 1)
            return false;
    return true;
}

/* A constant matrix with a row for each of `count` elements. */
static bool is_product(const lf_graph *g, const lf_node *n, int64_t count) {
    if (!lf_is_op(n, "matmul") || !lf_on_grid(lf_out(g, n, 0)))
        return false;
    const lf_tensor *w = lf_in(g, n, 1);
    return w->value && w->shape.rank == 2 && w->shape.dim[0] == count &&
           !(w->grid.scale_count > 1 && w->grid.axis == 0);
}

/* The products behind n's result with only such ops and reshapes between; false when something else reads it, too. */
static bool products_behind(const state *s, const lf_node *n, lf_ids *products) {
    int64_t count = lf_shape_count(lf_out(s->g, n, 0)->shape);
    lf_ids work = {0};
    LF_PUSH(s->arena, &work, n->out[0]);
    while (work.count) {
        lf_id t = work.at[--work.count];
        size_t from = s->first[t], to = s->first[t + 1];
        if (from == to || s->uses[t] != to - from) /* also where it is an output */
            return false;
        for (size_t i = from; i < to; i++) {
            const lf_node *c = lf_node_at(s->g, s->consumer[i]);
            if (is_product(s->g, c, count))
                LF_PUSH(s->arena, products, c->id);
            else if (lf_is_op(c, "reshape") || is_uniform(s->g, c))
                LF_PUSH(s->arena, &work, c->out[0]);
            else
                return false;
        }
    }
    return true;
}

/* Row r of the new matrix is the row that met element r of the flattened tensor before it was transposed. */
static void move_rows(lf_graph *g, lf_arena *a, const lf_node *transpose, lf_node *product) {
    const lf_tensor *w = lf_in(g, product, 1);
    int64_t rows = w->shape.dim[0];
    int64_t *source = LF_NEW_ARRAY(a, int64_t, rows);
    transpose->op->positions(g, transpose, source);
    lf_tensor *now = lf_tensor_new(g, lf_format(g->arena, "%s_nhwc", w->name), w->shape, w->dtype);
    lf_id id = now->id;
    const char *name = now->name;
    *now = *w;
    now->id = id;
    now->name = name;
    now->channel_range = w->range_axis == 0 ? NULL : w->channel_range;
    size_t width = lf_elem_size(w->value->elem) * (size_t)w->shape.dim[1];
    char *to = lf_alloc(g->arena, (size_t)rows * width);
    for (int64_t r = 0; r < rows; r++)
        memcpy(to + (size_t)source[r] * width, (const char *)w->value->data + (size_t)r * width, width);
    now->value = lf_copy(g->arena, &(lf_const){w->value->elem, w->value->count, to}, sizeof(lf_const));
    product->in[1] = now->id;
}

static lf_status absorb_flattens(state *s) {
    lf_graph *g = s->g;
    s->tensors = g->tensors.count;
    s->uses = lf_use_counts(g, s->arena);
    index_consumers(s);
    lf_id *now = LF_NEW_ARRAY(s->arena, lf_id, g->tensors.count + g->order.count + 1);
    for (size_t i = 0; i < g->order.count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]);
        lf_ids products = {0};
        if (!lf_is_op(n, "transpose") || lf_in(g, n, 0)->value || !products_behind(s, n, &products))
            continue;
        for (size_t k = 0; k < products.count; k++)
            move_rows(g, s->arena, n, lf_node_at(g, products.at[k]));
        now[n->out[0]] = n->in[0];
    }
    lf_replace_uses_all(g, now);
    LF_TRY(lf_graph_sort(g));
    lf_graph_prune(g);
    return lf_infer(g);
}

static lf_status run(lf_graph *g, const void *options, lf_arena *scratch) {
    (void)options;
    LF_TRY(keep_axes(g));
    state s = {.g = g, .arena = scratch, .tensors = g->tensors.count};
    s.turned = LF_NEW_ARRAY(scratch, bool, s.tensors + 1);
    index_consumers(&s);
    grow(&s);
    LF_TRY(turn_all(&s));
    LF_TRY(lf_pass_run(g, &lf_pass_cancel_transposes, NULL));
    return absorb_flattens(&s);
}

const lf_pass lf_pass_channels_last = {
    .name = "channels-last",
    .help = "convolutions and pools work on pictures whose channels stand last; transposes cancel",
    .promise = LF_SAME_BITS,
    .run = run,
};
