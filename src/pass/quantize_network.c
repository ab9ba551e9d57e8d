#include "pass/quantize_network.h"

#include "ir/is_op.h"
#include "ops/elementwise.h"
#include "pass/composed.h"
#include "pass/quantizers.h"

/* Which points must be codes is found from the products up (need), past what passes codes on. */
typedef struct planner {
    lf_quantizing *q;
    lf_graph *g;
    bool *behind;  /* [tensor id]: some product comes before it */
    bool *before;  /* [tensor id]: some product comes after it */
    size_t *point; /* [tensor id]: index + 1 of its point; 0: none */
} planner;

static bool is_data(const lf_graph *g, const lf_node *n, int k) {
    return k < n->in_count && n->in[k] && !lf_in(g, n, k)->value;
}

static bool all_data(const lf_graph *g, const lf_node *n) {
    for (int k = 0; k < n->in_count; k++)
        if (!is_data(g, n, k))
            return false;
    return true;
}

/* -- points -------------------------------------------------------------------------------------------------------------------- */

/* Ops behind which there are the same values as before: codes go through them. */
static bool is_transparent(const lf_graph *g, const lf_node *n) {
    return n && (n->op->positions || lf_is_op(n, "max_pool")) && lf_data_operand(g, n) == 0;
}

/* Operand k of n is a constant without negative values. */
static bool is_positive_constant(const lf_graph *g, const lf_node *n, int k) {
    const lf_tensor *c = lf_in(g, n, k);
    for (size_t e = 0; c && c->value && e < c->value->count; e++)
        if (!(lf_tensor_real(c, e) >= 0))
            return false;
    return c && c->value;
}

/* n's op gives no negative value, whatever it reads. */
static bool gives_no_negative(const lf_graph *g, const lf_node *n) {
    static const char *const positive[] = {"relu", "sigmoid", "hard_sigmoid", "softmax",
                                           "abs",  "exp",     "softplus",     NULL};
    if (lf_is_op(n, "max"))
        for (int k = 0; k < n->in_count; k++)
            if (is_positive_constant(g, n, k))
                return true;
    return lf_is_one_of(n, positive) || (lf_is_op(n, "clip") && is_positive_constant(g, n, 1));
}

/* No value of the tensor is negative, as the ops before it say. */
static bool never_negative(const lf_graph *g, lf_id t) {
    for (;;) {
        const lf_node *n = lf_node_at(g, lf_tensor_at(g, t)->producer);
        if (gives_no_negative(g, n))
            return true;
        if (!is_transparent(g, n) && !lf_is_op(n, "average_pool"))
            return false;
        t = n->in[0];
    }
}

static size_t root(const lf_quantizing *q, size_t i) {
    while (q->points.at[i].group != i)
        i = q->points.at[i].group;
    return i;
}

static void join_groups(lf_quantizing *q, size_t a, size_t b) {
    a = root(q, a);
    b = root(q, b);
    q->points.at[a < b ? b : a].group = a < b ? a : b;
}

static size_t point_of(planner *p, lf_id t, int bits) {
    lf_quantizing *q = p->q;
    if (!p->point[t]) {
        lf_point new = {.tensor = t, .bits = bits, .group = q->points.count};
        new.from_input = !p->behind[t];
        LF_PUSH(q->arena, &q->points, new);
        p->point[t] = q->points.count;
    }
    size_t i = p->point[t] - 1;
    q->points.at[i].bits = bits > q->points.at[i].bits ? bits : q->points.at[i].bits;
    return i;
}

static size_t add_use(planner *p, const lf_node *n, int k, int bits) {
    size_t i = point_of(p, n->in[k], bits);
    lf_point *at = &p->q->points.at[i];
    for (size_t u = 0; u < at->uses.count; u++)
        if (at->uses.at[u].node == n->id && at->uses.at[u].operand == k)
            return i;
    LF_PUSH(p->q->arena, &at->uses, (lf_point_use){n->id, k});
    return i;
}

static size_t need_operands(planner *p, const lf_node *n, bool shared, int bits);

/* Operand k of n must be codes: the point they are made at (one of them behind a concat), behind which only ops that pass codes on
 * follow. */
static size_t need(planner *p, const lf_node *n, int k, int bits) {
    const lf_node *up = lf_node_at(p->g, lf_in(p->g, n, k)->producer);
    while (is_transparent(p->g, up)) {
        n = up;
        k = 0;
        up = lf_node_at(p->g, lf_in(p->g, n, k)->producer);
    }
    return lf_is_op(up, "concat") && all_data(p->g, up) ? need_operands(p, up, true, bits) : add_use(p, n, k, bits);
}

/* All operands that are data, in one group where they have to share a scale; the first one's point. */
static size_t need_operands(planner *p, const lf_node *n, bool shared, int bits) {
    size_t first = SIZE_MAX;
    for (int k = 0; k < n->in_count; k++) {
        if (!is_data(p->g, n, k))
            continue;
        size_t i = need(p, n, k, bits);
        if (first == SIZE_MAX)
            first = i;
        else if (shared)
            join_groups(p->q, first, i);
    }
    return first;
}

/* -- products -------------------------------------------------------------------------------------------------------------------- */

static void add_product(planner *p, const lf_node *n) {
    lf_quantized_product new = {0};
    if (!lf_product_of(p->g, n->id, &new.at))
        return;
    bool end = !p->behind[n->in[0]] || !p->before[n->out[0]];
    int ends = end ? p->q->bits.ends : 0;
    new.bits = ends ? ends : p->q->bits.weights;
    new.input = need(p, n, 0, ends ? ends : p->q->bits.activations);
    LF_PUSH(p->q->arena, &p->q->products, new);
}

static bool is_product(const lf_graph *g, const lf_node *n) {
    lf_product p;
    return n && lf_product_of(g, n->id, &p);
}

static void mark_around_products(planner *p) {
    const lf_graph *g = p->g;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        bool some = is_product(g, n);
        for (int k = 0; n && k < n->in_count; k++)
            some |= p->behind[n->in[k]];
        for (int k = 0; n && k < n->out_count; k++)
            p->behind[n->out[k]] |= some;
    }
    for (size_t i = g->order.count; i-- > 0;) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        bool some = is_product(g, n);
        for (int k = 0; n && k < n->out_count; k++)
            some |= p->before[n->out[k]];
        for (int k = 0; n && k < n->in_count; k++)
            p->before[n->in[k]] |= some;
    }
}

static void visit(planner *p, const lf_node *n) {
    static const char *const sums[] = {"add", "sub", NULL};
    int data = 0;
    for (int k = 0; k < n->in_count; k++)
        data += is_data(p->g, n, k);
    if (is_product(p->g, n)) {
        add_product(p, n);
        return;
    }
    bool shared = lf_is_op(n, "concat") || (data > 1 && lf_is_one_of(n, sums));
    bool apart = data && (lf_is_op(n, "average_pool") || (data > 1 && (lf_is_op(n, "mul") || lf_is_op(n, "matmul"))));
    if (shared || apart)
        (void)need_operands(p, n, shared, p->q->bits.activations);
}

/* Every product gets a bias first, so that a correction has a place; ids of tensors are final after that. */
static lf_status need_biases(lf_quantizing *q) {
    lf_graph *g = q->g;
    lf_ids order = {0};
    for (size_t i = 0; i < g->order.count; i++)
        LF_PUSH(q->arena, &order, g->order.at[i]);
    for (size_t i = 0; i < order.count; i++) {
        lf_product p;
        if (!lf_node_at(g, order.at[i]) || !lf_product_of(g, order.at[i], &p) || p.bias)
            continue;
        LF_TRY(lf_product_need_bias(g, &p));
        LF_PUSH(q->arena, &q->idle_biases, p.bias);
    }
    return lf_infer(g);
}

/* -- what is quantized already ------------------------------------------------------------------------------------------------ */

static lf_status need_network(const lf_graph *g) {
    static const char *const ends[] = {"quantize", "dequantize", NULL};
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (n->op->level != LF_HW && !lf_is_one_of(n, ends))
            continue;
        lf_where where = lf_where_node(g, n);
        lf_status status = lf_fail(g->ctx, LF_BAD_INPUT, &where,
                                   "the network is an integer program already: it has a %s", n->op->name);
        lf_hint(g->ctx, "quantize the network that it was made from");
        return status;
    }
    return LF_OK;
}

/* The rounding goes where a quantizer is wider than its point asks for. That can make codes behind it real numbers: once more, until
 * nothing changes. */
static lf_status take_out_wide(lf_quantizing *q) {
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < q->points.count; i++) {
            lf_point *at = &q->points.at[i];
            const lf_tensor *t = lf_tensor_at(q->g, at->tensor);
            if (lf_fits_bits(t, at->bits) || !lf_is_rounding(q->g, lf_node_at(q->g, t->producer)))
                continue;
            const char *name = lf_strdup(q->arena, t->name);
            LF_TRY(lf_take_out_rounding(q->g, t->producer));
            at->tensor = lf_find_tensor(q->g, name)->id;
            at->for_all = changed = true;
        }
        if (changed)
            LF_TRY(lf_infer(q->g));
    }
    return LF_OK;
}

static void keep_codes(lf_quantizing *q) {
    for (size_t i = 0; i < q->points.count; i++) {
        lf_point *at = &q->points.at[i];
        const lf_tensor *t = lf_tensor_at(q->g, at->tensor);
        at->kept = lf_fits_bits(t, at->bits);
        at->never_negative = never_negative(q->g, at->tensor);
        if (!at->kept)
            continue;
        at->bits = lf_dtype_bits(t->dtype);
        at->is_signed = t->range.lo < 0;
        at->scale = t->grid.scale_count == 1 ? t->grid.scale[0] : 0;
    }
    for (size_t i = 0; i < q->products.count; i++) {
        lf_quantized_product *p = &q->products.at[i];
        const lf_tensor *w = lf_tensor_at(q->g, p->at.weights);
        p->kept = lf_fits_bits(w, p->bits) || !w->value->count;
        p->bits = p->kept && lf_on_grid(w) ? lf_dtype_bits(w->dtype) : p->bits;
    }
}

/* -- the plan ------------------------------------------------------------------------------------------------------------------ */

lf_status lf_quantizing_plan(lf_quantizing *q, lf_graph *g, lf_arena *arena, lf_quantizing_bits bits) {
    *q = (lf_quantizing){.g = g, .arena = arena, .bits = bits};
    LF_TRY(need_network(g));
    LF_TRY(need_biases(q));
    planner p = {.q = q, .g = g};
    p.behind = LF_NEW_ARRAY(arena, bool, g->tensors.count + 1);
    p.before = LF_NEW_ARRAY(arena, bool, g->tensors.count + 1);
    p.point = LF_NEW_ARRAY(arena, size_t, g->tensors.count + 1);
    mark_around_products(&p);
    for (size_t i = 0; i < g->order.count; i++)
        visit(&p, lf_node_at(g, g->order.at[i]));
    LF_TRY(take_out_wide(q));
    keep_codes(q);
    if (q->products.count)
        return LF_OK;
    return lf_fail(g->ctx, LF_BAD_INPUT, NULL,
                   "%s has no convolution or matrix product with constant weights: nothing to quantize",
                   g->source ? g->source : g->name);
}

/* -- scales ---------------------------------------------------------------------------------------------------------------------- */

/* What is summed or concatenated with codes that stay takes their scale. */
static double kept_scale(const lf_quantizing *q, size_t group) {
    for (size_t i = 0; i < q->points.count; i++)
        if (q->points.at[i].kept && q->points.at[i].scale > 0 && root(q, i) == group)
            return q->points.at[i].scale;
    return 0;
}

static double group_scale(lf_quantizing *q, size_t group, const lf_magnitudes *seen, lf_scale_part *part,
                          lf_scale_choice how) {
    size_t parts = 0;
    double kept = kept_scale(q, group);
    for (size_t i = 0; i < q->points.count; i++)
        if (!q->points.at[i].kept && root(q, i) == group)
            part[parts++] = (lf_scale_part){&seen[i], lf_top_code(q->points.at[i].bits, q->points.at[i].is_signed)};
    return kept > 0 || !parts ? kept : lf_scale_of_parts(part, parts, how);
}

void lf_quantizing_set_scales(lf_quantizing *q, const lf_magnitudes *seen, lf_scale_choice how) {
    size_t n = q->points.count;
    lf_scale_part *part = LF_NEW_ARRAY(q->arena, lf_scale_part, n);
    for (size_t i = 0; i < n; i++) {
        lf_point *p = &q->points.at[i];
        if (!p->kept)
            p->is_signed = !p->never_negative && !(p->from_input && seen[i].least >= 0);
    }
    for (size_t group = 0; group < n; group++) {
        double scale = group_scale(q, group, seen, part, how);
        for (size_t i = 0; i < n; i++)
            if (!q->points.at[i].kept && root(q, i) == group)
                q->points.at[i].scale = scale;
    }
}
