#include "pass/quantize_network.h"

#include <string.h>

#include "ir/attr_access.h"
#include "ops/ops.h"
#include "pass/composed.h"

typedef struct planner {
    lf_quantizing *q;
    lf_graph *g;
    bool *behind;  /* [tensor id]: some product comes before it */
    bool *before;  /* [tensor id]: some product comes after it */
    size_t *point; /* [tensor id]: index + 1 of its point; 0: none */
} planner;

static bool is_op(const lf_node *n, const char *name) {
    return n && !strcmp(n->op->name, name);
}

static bool is_among(const lf_node *n, const char *const *names) {
    for (; n && *names; names++)
        if (is_op(n, *names))
            return true;
    return false;
}

static bool is_data(const lf_graph *g, const lf_node *n, int k) {
    return k < n->in_count && n->in[k] && !lf_in(g, n, k)->value;
}

static bool all_data(const lf_graph *g, const lf_node *n) {
    for (int k = 0; k < n->in_count; k++)
        if (!is_data(g, n, k))
            return false;
    return true;
}

/* -- what is quantized already ------------------------------------------------------------------------------------------------ */

static lf_status need_reals(const lf_graph *g) {
    static const char *const quantizers[] = {
        "quant", "bipolar_quant", "multi_threshold", "quant_linear", "decode", "quantize", "mvu", NULL};
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (!is_among(n, quantizers))
            continue;
        lf_where where = lf_where_node(g, n);
        lf_status status =
            lf_fail(g->ctx, LF_BAD_INPUT, &where, "the network is quantized already: it has a %s", n->op->name);
        lf_hint(g->ctx, "`lutfisk build` takes it as it is; quantize works on networks of real numbers");
        return status;
    }
    return LF_OK;
}

/* -- points -------------------------------------------------------------------------------------------------------------------- */

/* Ops behind which there are the same values as before: codes go through them. */
static bool is_transparent(const lf_graph *g, const lf_node *n) {
    return n && (n->op->positions || is_op(n, "max_pool")) && lf_variable_operand(g, n) == 0;
}

/* No value of the tensor is negative, as the ops before it say. */
static bool never_negative(const lf_graph *g, lf_id t) {
    static const char *const positive[] = {"relu", "sigmoid", "hard_sigmoid", "softmax",
                                           "abs",  "exp",     "softplus",     NULL};
    for (;;) {
        const lf_node *n = lf_node_at(g, lf_tensor_at(g, t)->producer);
        if (is_among(n, positive))
            return true;
        if (is_op(n, "clip") && n->in_count > 1 && lf_in(g, n, 1) && lf_in(g, n, 1)->value)
            return lf_tensor_real(lf_in(g, n, 1), 0) >= 0;
        if (!is_transparent(g, n) && !is_op(n, "average_pool"))
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
        new.never_negative = never_negative(p->g, t);
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
    return is_op(up, "concat") && all_data(p->g, up) ? need_operands(p, up, true, bits) : add_use(p, n, k, bits);
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

static lf_status add_product(planner *p, const lf_node *n) {
    lf_quantized_product new = {0};
    if (!lf_product_of(p->g, n->id, &new.at))
        return LF_OK;
    bool end = !p->behind[n->in[0]] || !p->before[n->out[0]];
    int ends = end ? p->q->bits.ends : 0;
    new.bits = ends ? ends : p->q->bits.weights;
    new.input = need(p, n, 0, ends ? ends : p->q->bits.activations);
    LF_PUSH(p->q->arena, &p->q->products, new);
    return LF_OK;
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

static lf_status visit(planner *p, const lf_node *n) {
    static const char *const sums[] = {"add", "sub", NULL};
    int data = 0;
    for (int k = 0; k < n->in_count; k++)
        data += is_data(p->g, n, k);
    if (is_product(p->g, n))
        return add_product(p, n);
    bool shared = is_op(n, "concat") || (data > 1 && is_among(n, sums));
    bool apart = data && (is_op(n, "average_pool") || (data > 1 && (is_op(n, "mul") || is_op(n, "matmul"))));
    if (shared || apart)
        (void)need_operands(p, n, shared, p->q->bits.activations);
    return LF_OK;
}

/* Every product gets a bias first, so that a correction has a place; ids of tensors are final after that. */
static lf_status need_biases(lf_graph *g, lf_arena *arena) {
    lf_ids order = {0};
    for (size_t i = 0; i < g->order.count; i++)
        LF_PUSH(arena, &order, g->order.at[i]);
    for (size_t i = 0; i < order.count; i++) {
        lf_product p;
        if (lf_node_at(g, order.at[i]) && lf_product_of(g, order.at[i], &p))
            LF_TRY(lf_product_need_bias(g, &p));
    }
    return LF_OK;
}

lf_status lf_quantizing_plan(lf_quantizing *q, lf_graph *g, lf_arena *arena, lf_quantizing_bits bits) {
    *q = (lf_quantizing){.g = g, .arena = arena, .bits = bits};
    LF_TRY(need_reals(g));
    LF_TRY(need_biases(g, arena));
    planner p = {.q = q, .g = g};
    p.behind = LF_NEW_ARRAY(arena, bool, g->tensors.count + 1);
    p.before = LF_NEW_ARRAY(arena, bool, g->tensors.count + 1);
    p.point = LF_NEW_ARRAY(arena, size_t, g->tensors.count + 1);
    mark_around_products(&p);
    for (size_t i = 0; i < g->order.count; i++)
        LF_TRY(visit(&p, lf_node_at(g, g->order.at[i])));
    if (q->products.count)
        return LF_OK;
    return lf_fail(g->ctx, LF_BAD_INPUT, NULL,
                   "%s has no convolution or matrix product with constant weights: nothing to quantize",
                   g->source ? g->source : g->name);
}

/* -- scales ---------------------------------------------------------------------------------------------------------------------- */

static int64_t top_code(int bits, bool is_signed) {
    return ((int64_t)1 << (is_signed ? bits - 1 : bits)) - 1;
}

void lf_quantizing_set_scales(lf_quantizing *q, const lf_magnitudes *seen, lf_scale_choice how) {
    size_t n = q->points.count;
    lf_scale_part *part = LF_NEW_ARRAY(q->arena, lf_scale_part, n);
    for (size_t i = 0; i < n; i++) {
        lf_point *p = &q->points.at[i];
        p->is_signed = !p->never_negative && !(p->from_input && seen[i].least >= 0);
    }
    for (size_t group = 0; group < n; group++) {
        size_t parts = 0;
        for (size_t i = 0; i < n; i++)
            if (root(q, i) == group)
                part[parts++] = (lf_scale_part){&seen[i], top_code(q->points.at[i].bits, q->points.at[i].is_signed)};
        double scale = parts ? lf_scale_of_parts(part, parts, how) : 1;
        for (size_t i = 0; i < n; i++)
            if (root(q, i) == group)
                q->points.at[i].scale = scale;
    }
}

/* -- quantizers ------------------------------------------------------------------------------------------------------------------ */

typedef struct quantizer {
    lf_id x, scale;
    int bits;
    bool is_signed, narrow;
} quantizer;

static lf_id new_quantizer(lf_graph *g, const quantizer *q) {
    const lf_tensor *x = lf_tensor_at(g, q->x);
    const char *name = lf_format(g->arena, "%s_quant", x->name);
    double zero = 0, bits = q->bits;
    lf_id in[4] = {q->x, q->scale, lf_const_reals(g, lf_format(g->arena, "%s_zero", name), (lf_shape){0}, &zero)->id,
                   lf_const_reals(g, lf_format(g->arena, "%s_bits", name), (lf_shape){0}, &bits)->id};
    lf_tensor *y = lf_tensor_new(g, name, x->shape, x->dtype);
    lf_node *n = lf_node_new(g, lf_op_find("quant"), name, in, 4, &y->id, 1, NULL);
    lf_attr_set_bool(n, "signed", q->is_signed);
    lf_attr_set_bool(n, "narrow", q->narrow);
    return y->id;
}

static void quantize_point(lf_graph *g, const lf_point *p) {
    const char *name = lf_format(g->arena, "%s_scale", lf_tensor_at(g, p->tensor)->name);
    lf_id scale = lf_const_reals(g, name, (lf_shape){0}, &p->scale)->id;
    lf_id codes = new_quantizer(g, &(quantizer){p->tensor, scale, p->bits, p->is_signed, false});
    for (size_t u = 0; u < p->uses.count; u++)
        lf_node_at(g, p->uses.at[u].node)->in[p->uses.at[u].operand] = codes;
}

/* Weights that are codes of few enough bits stay as they are. */
static bool are_codes(const lf_tensor *w, int64_t top) {
    return lf_on_grid(w) && w->range.lo >= -top && w->range.hi <= top;
}

static void channel_scales(lf_quantizing *q, lf_quantized_product *p, lf_scale_method method) {
    const lf_tensor *w = lf_tensor_at(q->g, p->at.weights);
    size_t count = w->value->count, per = count / (size_t)p->at.channels;
    double *row = LF_NEW_ARRAY(q->arena, double, count);
    size_t *filled = LF_NEW_ARRAY(q->arena, size_t, p->at.channels);
    for (size_t e = 0; e < count; e++) {
        size_t c = lf_channel_of(w->shape, p->at.weight_axis, e);
        row[c * per + filled[c]++] = lf_tensor_real(w, e);
    }
    p->scale = LF_NEW_ARRAY(q->arena, double, p->at.channels);
    for (int64_t c = 0; c < p->at.channels; c++)
        p->scale[c] = lf_scale_of_weights(row + (size_t)c * per, per, top_code(p->bits, true), method);
}

static void quantize_weights(lf_quantizing *q, lf_quantized_product *p, lf_scale_method method) {
    lf_graph *g = q->g;
    const lf_tensor *w = lf_tensor_at(g, p->at.weights);
    if (are_codes(w, top_code(p->bits, true)) || !w->value->count)
        return;
    channel_scales(q, p, method);
    lf_shape s = w->shape;
    for (int i = 0; i < s.rank; i++)
        s.dim[i] = i == p->at.weight_axis ? s.dim[i] : 1;
    lf_id scale = lf_const_reals(g, lf_format(g->arena, "%s_scale", w->name), s, p->scale)->id;
    lf_node_at(g, p->at.node)->in[1] = new_quantizer(g, &(quantizer){w->id, scale, p->bits, true, true});
}

lf_status lf_quantizing_apply(lf_quantizing *q, lf_scale_method weights) {
    for (size_t i = 0; i < q->points.count; i++)
        quantize_point(q->g, &q->points.at[i]);
    for (size_t i = 0; i < q->products.count; i++)
        quantize_weights(q, &q->products.at[i], weights);
    LF_TRY(lf_graph_sort(q->g));
    return lf_infer(q->g);
}
