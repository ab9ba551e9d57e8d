/* integerize: the network of NN ops becomes an integer program that equals it bit for bit (contracts.md 1 and 2).
 *
 * Codes of a tensor (integerize_inside.h) exist for `anchors`: what a quantizer gives, matrix products of codes, inputs on a declared grid. Between an anchor and the next
 * quantizer lies a chain of elementwise ops of any kind; it is never computed in hardware but composed into thresholds. What comes
 * before the first quantizer and behind the last integer stays as it is, on the host. */

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ir/pass.h"
#include "ops/elementwise.h"
#include "ops/ops.h"
#include "pass/argmax_keys.h"
#include "pass/composed.h"
#include "pass/integerize_inside.h"
#include "pass/mvu_rows.h"
#include "pass/quantizers.h"

typedef lf_integers state;

/* -- codes of a tensor behind its anchor ----------------------------------------------------------------------------- */

/* Ops that keep the codes and change only the scale. */
static bool keeps_codes(const lf_graph *g, const lf_node *n) {
    if (!lf_is_op(n, "mul") && !lf_is_op(n, "div") && !lf_is_op(n, "decode"))
        return false;
    int v = lf_data_operand(g, n);
    if (v != 0 && !lf_is_op(n, "mul"))
        return false;
    const lf_tensor *x = v < 0 ? NULL : lf_in(g, n, v), *y = lf_out(g, n, 0);
    return x && lf_on_grid(x) && lf_on_grid(y) && x->range.lo == y->range.lo && x->range.hi == y->range.hi &&
           x->range.step == y->range.step && lf_shape_equal(x->shape, y->shape);
}

static bool same_scales(const lf_tensor *a, const lf_tensor *b) {
    int64_t n = a->grid.scale_count > b->grid.scale_count ? a->grid.scale_count : b->grid.scale_count;
    for (int64_t i = 0; i < n; i++)
        if (a->grid.scale[a->grid.scale_count > 1 ? i : 0] != b->grid.scale[b->grid.scale_count > 1 ? i : 0])
            return false;
    return true;
}

/* x + c or x - c on x's own grid: an integer bias. */
static bool is_integer_bias(const lf_graph *g, const lf_node *n) {
    if (!lf_is_op(n, "add") && !lf_is_op(n, "sub"))
        return false;
    int v = lf_data_operand(g, n);
    if (v < 0 || (v != 0 && lf_is_op(n, "sub")) || n->in_count != 2)
        return false;
    const lf_tensor *x = lf_in(g, n, v), *c = lf_in(g, n, 1 - v), *y = lf_out(g, n, 0);
    return lf_on_grid(x) && lf_on_grid(c) && lf_on_grid(y) && same_scales(x, y) && lf_shape_equal(x->shape, y->shape);
}

lf_id lf_integers_node(lf_integers *s, const char *name, const char *op, const lf_id *in, int in_count,
                       const void *attr, lf_node **made) {
    lf_tensor *out = lf_tensor_new(s->g, lf_format(s->g->arena, "%s_out", name), (lf_shape){0}, lf_int(64));
    lf_node *n = lf_node_new(s->g, lf_op_find(op), name, in, in_count, &out->id, 1, attr);
    if (made)
        *made = n;
    return out->id;
}

bool lf_is_rows(const lf_node *n) {
    return lf_is_op(n, "mvu") || lf_is_op(n, "vvu");
}

static lf_status emit_layout(state *s, const lf_node *n, lf_id codes, lf_id *out) {
    lf_node *made;
    *out = lf_integers_node(s, lf_format(s->g->arena, "%s_codes", n->name), n->op->name, &codes, 1, n->attr, &made);
    return lf_infer_node(s->g, made);
}

/* The bias goes into the matrix-vector unit whose sums it is added to. */
static lf_status emit_bias(state *s, const lf_node *n, lf_id codes, lf_id *out) {
    lf_graph *g = s->g;
    int v = lf_data_operand(g, n);
    const lf_tensor *x = lf_in(g, n, v), *c = lf_in(g, n, 1 - v);
    lf_node *mvu = lf_node_at(g, lf_tensor_at(g, codes)->producer);
    int64_t rows = lf_in(g, mvu, 1)->shape.dim[0];
    int64_t *add = LF_NEW_ARRAY(s->arena, int64_t, rows);
    for (int64_t r = 0; r < rows; r++) {
        size_t e = (size_t)(lf_shape_count(c->shape) == 1 ? 0 : r);
        double ratio = lf_grid_scale(c, e) / lf_grid_scale(x, (size_t)r);
        int64_t code = lf_tensor_code(c, e) * (int64_t)ratio; /* a power of two >= 1, as infer kept x's grid */
        add[r] = lf_is_op(n, "sub") ? -code : code;
    }
    LF_TRY(lf_mvu_rows_change(g, mvu, NULL, add));
    *out = codes;
    return LF_OK;
}

/* True when the sums of the mvu behind `codes` serve only the bias node n. */
static bool bias_fits(const state *s, const lf_node *n, lf_id codes) {
    const lf_node *mvu = lf_node_at(s->g, lf_tensor_at(s->g, codes)->producer);
    int v = lf_data_operand(s->g, n);
    const lf_tensor *c = lf_in(s->g, n, 1 - v);
    int64_t channels = lf_out(s->g, n, 0)->shape.dim[lf_out(s->g, n, 0)->shape.rank - 1];
    bool per_row = lf_shape_count(c->shape) == 1 ||
                   (lf_shape_count(c->shape) == channels && c->shape.dim[c->shape.rank - 1] == channels);
    return lf_is_rows(mvu) && per_row && lf_use_count(s->g, n->in[v]) == 1;
}

lf_status lf_integers_of(lf_integers *s, lf_id t, lf_id *out) {
    lf_ids path = {0};
    *out = 0;
    lf_id at = t;
    while (!lf_integers_known(s, at)) {
        const lf_tensor *x = lf_tensor_at(s->g, at);
        const lf_node *n = x->value ? NULL : lf_node_at(s->g, x->producer);
        int v = n ? lf_data_operand(s->g, n) : -1;
        if (v < 0 || !(keeps_codes(s->g, n) || is_integer_bias(s->g, n) || (n->op->positions && lf_on_grid(x))))
            return LF_OK;
        LF_PUSH(s->arena, &path, n->id);
        at = n->in[v];
    }
    lf_id codes = lf_integers_known(s, at);
    for (size_t i = path.count; i-- > 0;) {
        const lf_node *n = lf_node_at(s->g, path.at[i]);
        if (is_integer_bias(s->g, n)) {
            if (!bias_fits(s, n, codes))
                return LF_OK;
            LF_TRY(emit_bias(s, n, codes, &codes));
            s->code_of[n->in[lf_data_operand(s->g, n)]] = 0; /* the sums now include the bias */
        } else if (n->op->positions) {
            LF_TRY(emit_layout(s, n, codes, &codes));
        }
        s->code_of[n->out[0]] = codes;
    }
    *out = codes;
    return LF_OK;
}

/* -- anchors ------------------------------------------------------------------------------------------------------------ */

static lf_status emit_mvu(state *s, const lf_node *n, lf_id x) {
    lf_graph *g = s->g;
    const lf_tensor *w = lf_in(g, n, 1);
    int64_t K = w->shape.dim[0], N = w->shape.dim[1];
    int64_t *codes = lf_alloc_try(s->arena, (size_t)(K * N), sizeof *codes);
    if (!codes)
        return lf_fail(g->ctx, LF_BAD_INPUT, NULL, "%s: no memory for %lld weights", n->name, (long long)(K * N));
    for (int64_t k = 0; k < K; k++)
        for (int64_t r = 0; r < N; r++)
            codes[r * K + k] = lf_tensor_code(w, (size_t)(k * N + r));
    int64_t dim[2] = {N, K};
    lf_tensor *weights = lf_const_codes(g, lf_format(g->arena, "%s_weights", n->name), lf_shape_make(2, dim), codes);
    lf_id in[2] = {x, weights->id};
    lf_node *made;
    lf_id out = lf_integers_node(s, lf_format(g->arena, "%s_mvu", n->name), "mvu", in, 2, NULL, &made);
    made->line = n->line;
    LF_TRY(lf_infer_node(g, made));
    s->code_of[n->out[0]] = out;
    return LF_OK;
}

static lf_status visit_matmul(state *s, const lf_node *n) {
    const lf_tensor *x = lf_in(s->g, n, 0), *w = lf_in(s->g, n, 1);
    if (x->value || !w->value || w->shape.rank != 2 || !lf_on_grid(lf_out(s->g, n, 0)))
        return LF_OK;
    lf_id codes;
    LF_TRY(lf_integers_of(s, n->in[0], &codes));
    return codes ? emit_mvu(s, n, codes) : LF_OK;
}

/* -- argmax --------------------------------------------------------------------------------------------------------------------- */

/* The output that holds the index, when n is an argmax over the last axis or a TopK with k = 1 whose values nobody reads. */
static int index_output(const lf_graph *g, const lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    if (!lf_is_op(n, "argmax") && !lf_is_op(n, "topk"))
        return -1;
    int64_t axis = lf_attr_int(n, "axis");
    if (!x || x->value || lf_shape_count(x->shape) != x->shape.dim[x->shape.rank - 1] ||
        (axis != -1 && axis != x->shape.rank - 1))
        return -1;
    if (lf_is_op(n, "argmax"))
        return *(const bool *)((const char *)n->attr + lf_attr_find(n->op, "select_last_index")->offset) ? -1 : 0;
    bool largest = *(const bool *)((const char *)n->attr + lf_attr_find(n->op, "largest")->offset);
    return lf_attr_int(n, "k") == 1 && largest && n->out_count == 2 && lf_use_count(g, n->out[0]) == 0 ? 1 : -1;
}

/* x under the shape of n's operand, if elements are not along its last axis. */
static lf_status shape_last(state *s, const lf_node *n, lf_id *x) {
    lf_shape have = lf_tensor_at(s->g, *x)->shape, want = lf_in(s->g, n, 0)->shape;
    if (have.rank && have.dim[have.rank - 1] == want.dim[want.rank - 1])
        return LF_OK;
    lf_node *layout;
    *x = lf_integers_node(s, lf_format(s->g->arena, "%s_operand", n->name), "reshape", x, 1, NULL, &layout);
    lf_attr_set_ints(s->g, layout, "shape", want.dim, want.rank);
    return lf_infer_node(s->g, layout);
}

static lf_status emit_argmax(state *s, const lf_node *n, lf_id x, int index) {
    lf_graph *g = s->g;
    lf_node *made;
    LF_TRY(shape_last(s, n, &x));
    lf_id out = lf_integers_node(s, lf_format(g->arena, "%s_argmax", n->name), "argmax", &x, 1, NULL, &made);
    lf_attr_set_int(made, "axis", -1);
    made->line = n->line;
    LF_TRY(lf_infer_node(g, made));
    const lf_tensor *y = lf_out(g, n, index);
    if (!lf_shape_equal(y->shape, lf_tensor_at(g, out)->shape)) {
        lf_node *layout;
        out = lf_integers_node(s, lf_format(g->arena, "%s_shape", n->name), "reshape", &out, 1, NULL, &layout);
        lf_attr_set_ints(g, layout, "shape", y->shape.dim, y->shape.rank);
        LF_TRY(lf_infer_node(g, layout));
    }
    s->code_of[n->out[index]] = out;
    return LF_OK;
}

static lf_status visit_argmax(state *s, const lf_node *n, int index) {
    lf_graph *g = s->g;
    lf_ids nodes = {0};
    lf_id base;
    lf_integers_chain(s, n->in[0], &nodes, &base);
    if (!base)
        return LF_OK;
    lf_node *mvu = lf_node_at(g, lf_tensor_at(g, lf_integers_known(s, base))->producer);
    bool may_change = lf_is_op(mvu, "mvu") && lf_use_count(g, base) == 1;
    lf_argmax_keys keys;
    lf_composed chain = lf_composed_make(g, s->arena, lf_tensor_at(g, base), nodes);
    lf_status status = lf_argmax_keys_find(&chain, lf_tensor_at(g, lf_integers_known(s, base)), s->arena, &keys);
    lf_composed_free(&chain);
    LF_TRY(status);
    if (!keys.found || (!keys.plain && !may_change)) {
        lf_where where = lf_where_node(g, n);
        lf_warn(g->ctx, &where, "the argmax stays on the host: %s",
                keys.found ? "its scores are read elsewhere too" : keys.why);
        return LF_OK;
    }
    if (!keys.plain)
        LF_TRY(lf_mvu_rows_change(g, mvu, keys.factor, keys.add));
    return emit_argmax(s, n, lf_integers_known(s, base), index);
}

/* -- the two ends on the host ------------------------------------------------------------------------------------------------ */

static lf_status emit_dequantize(state *s, lf_id t, lf_id codes, lf_id *out) {
    lf_graph *g = s->g;
    lf_tensor *x = lf_tensor_at(g, t);
    if (t <= s->tensor_count && s->decoded[t]) {
        *out = s->decoded[t];
        return LF_OK;
    }
    int64_t n = x->grid.scale_count;
    lf_tensor *scale = lf_const_reals(g, lf_format(g->arena, "%s_scale", x->name), lf_shape_make(1, &n), x->grid.scale);
    lf_id in[2] = {codes, scale->id};
    lf_tensor *y = lf_tensor_new(g, lf_format(g->arena, "%s_value", x->name), x->shape, x->dtype);
    lf_node *made =
        lf_node_new(g, lf_op_find("dequantize"), lf_format(g->arena, "%s_dequantize", x->name), in, 2, &y->id, 1, NULL);
    if (n > 1)
        lf_attr_set_int(made, "axis", x->grid.axis);
    LF_TRY(lf_infer_node(g, made));
    s->decoded[t] = y->id;
    *out = y->id;
    return LF_OK;
}

/* A host node reads t: through a `dequantize` when t has codes, else as it is (its producer is then host too). */
static lf_status host_operand(state *s, lf_id *slot, bool *needed) {
    const lf_tensor *t = lf_tensor_at(s->g, *slot);
    if (!t || t->value || t->id > s->tensor_count)
        return LF_OK;
    lf_id codes = 0;
    const lf_node *producer = lf_node_at(s->g, t->producer);
    bool first_quantizer =
        lf_integers_known(s, t->id) && producer &&
        lf_is_op(lf_node_at(s->g, lf_tensor_at(s->g, lf_integers_known(s, t->id))->producer), "quantize");
    if (producer && lf_on_grid(t) && !first_quantizer)
        LF_TRY(lf_integers_of(s, t->id, &codes));
    if (codes)
        return emit_dequantize(s, t->id, codes, slot);
    needed[t->id] = true;
    return LF_OK;
}

/* Backward from the outputs: which NN nodes are still needed, and where they read codes. */
static lf_status connect_host(state *s) {
    lf_graph *g = s->g;
    bool *needed = LF_NEW_ARRAY(s->arena, bool, s->tensor_count + 1);
    for (size_t i = 0; i < g->outputs.count; i++)
        LF_TRY(host_operand(s, &g->outputs.at[i].tensor, needed));
    lf_ids order = {0};
    for (size_t i = 0; i < g->order.count; i++)
        LF_PUSH(s->arena, &order, g->order.at[i]);
    for (size_t i = order.count; i-- > 0;) {
        lf_node *n = lf_node_at(g, order.at[i]);
        if (lf_is_op(n, "quantize")) {
            needed[n->in[0]] = true;
            continue;
        }
        bool used = false;
        for (int k = 0; k < n->out_count; k++)
            used |= n->out[k] <= s->tensor_count && needed[n->out[k]];
        for (int k = 0; used && k < n->in_count; k++)
            LF_TRY(host_operand(s, &n->in[k], needed));
    }
    return LF_OK;
}

static bool is_circuit(const lf_node *n) {
    static const char *const names[] = {"mvu", "vvu", "threshold", "requantize", "table", NULL};
    return lf_is_one_of(n, names);
}

/* A change of layout beside the cut, or with only such between, belongs to the host. */
static bool beside_the_cut(const lf_graph *g, const lf_node *n) {
    if (!n->op->positions)
        return false;
    const lf_node *before = lf_node_at(g, lf_in(g, n, 0)->producer), *after = n;
    if (!before || lf_is_op(before, "quantize") || (before->op->positions && before->place == LF_PLACE_HOST))
        return true;
    while (after && after->op->positions)
        after = lf_only_consumer(g, after->out[0]);
    return lf_is_op(after, "dequantize");
}

/* Codes that the circuit has: of an input, behind `quantize`, made by the circuit; also in another layout. */
static bool in_circuit(const lf_graph *g, const lf_tensor *t) {
    if (!lf_is_codes(t))
        return false;
    const lf_node *p = lf_node_at(g, t->producer);
    while (p && p->op->positions && p->place == LF_PLACE_HOST) {
        t = lf_in(g, p, 0);
        p = lf_node_at(g, t->producer);
    }
    return p ? lf_is_op(p, "quantize") || p->place == LF_PLACE_FPGA : lf_is_codes(t);
}

/* Every node between quantize and dequantize is circuit, everything else host. */
static void set_places(lf_graph *g) {
    for (size_t i = 0; i < g->order.count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]);
        bool codes = !lf_is_op(n, "quantize") && !lf_is_op(n, "dequantize") && !lf_is_op(n, "decode");
        for (int k = 0; codes && k < n->in_count; k++) {
            const lf_tensor *t = lf_in(g, n, k);
            codes = !t || t->value || in_circuit(g, t);
        }
        n->place = is_circuit(n) || (codes && !beside_the_cut(g, n)) ? LF_PLACE_FPGA : LF_PLACE_HOST;
    }
}

/* -- the pass --------------------------------------------------------------------------------------------------------------------- */

/* Inputs that are codes, and those in another layout, are their own codes. */
static void start_inputs(state *s) {
    const lf_graph *g = s->g;
    for (size_t i = 0; i < g->inputs.count; i++) {
        const lf_port *p = &g->inputs.at[i];
        if (lf_is_codes(lf_tensor_at(g, p->tensor)))
            s->code_of[p->tensor] = p->tensor;
    }
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (n->op->positions && s->code_of[n->in[0]] && lf_is_codes(lf_out(g, n, 0)))
            s->code_of[n->out[0]] = n->out[0];
    }
}

static lf_status visit(state *s, lf_node *n) {
    int index = index_output(s->g, n);
    if (lf_is_op(n, "matmul"))
        return visit_matmul(s, n);
    if (lf_is_op(n, "conv"))
        return lf_integers_conv(s, n);
    if (lf_is_op(n, "max_pool") || lf_is_op(n, "average_pool"))
        return lf_integers_pool(s, n);
    if (lf_is_op(n, "add") || lf_is_op(n, "sub") || lf_is_op(n, "mul"))
        LF_TRY(lf_integers_join(s, n));
    if (lf_integers_tables(s, n))
        return lf_integers_table(s, n);
    if (lf_integers_moves(n))
        return lf_integers_move(s, n);
    if (lf_is_quantizer(n))
        return lf_integers_quantizer(s, n);
    return index >= 0 ? visit_argmax(s, n, index) : LF_OK;
}

/* Units work on frames: every tensor that depends on an input has the batch of 1 in front. (ONNX models with fixed shapes may be otherwise;
 * the reference engine runs them.) */
static lf_status need_batch(const lf_graph *g, lf_arena *scratch) {
    bool *computed = LF_NEW_ARRAY(scratch, bool, g->tensors.count + 1);
    for (size_t i = 0; i < g->inputs.count; i++)
        computed[g->inputs.at[i].tensor] = true;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        for (int k = 0; n && !lf_is_op(n, "shape") && k < n->in_count; k++)
            for (int o = 0; computed[n->in[k]] && o < n->out_count; o++)
                computed[n->out[o]] = true;
    }
    for (size_t id = 1; id <= g->tensors.count; id++) {
        const lf_tensor *t = lf_tensor_at(g, (lf_id)id);
        if (!computed[id] || !t || (t->shape.rank > 0 && t->shape.dim[0] == 1))
            continue;
        lf_status status = lf_fail(g->ctx, LF_BAD_INPUT, NULL, "%s has the shape %s, without a batch of 1 in front",
                                   t->name, lf_shape_text(scratch, t->shape));
        lf_hint(g->ctx, "a circuit works on one sample after the other: export the model with a symbolic first "
                        "dimension, the batch");
        return status;
    }
    return LF_OK;
}

static lf_status run(lf_graph *g, const void *options, lf_arena *scratch) {
    (void)options;
    LF_TRY(need_batch(g, scratch));
    state s = {.g = g, .arena = scratch, .tensor_count = g->tensors.count};
    s.code_of = LF_NEW_ARRAY(scratch, lf_id, s.tensor_count + 1);
    s.decoded = LF_NEW_ARRAY(scratch, lf_id, s.tensor_count + 1);
    start_inputs(&s);
    lf_ids order = {0};
    for (size_t i = 0; i < g->order.count; i++)
        LF_PUSH(scratch, &order, g->order.at[i]);
    lf_status worst = LF_OK;
    for (size_t i = 0; i < order.count; i++) { /* go on after an error: all complaints at once */
        lf_node *n = lf_node_at(g, order.at[i]);
        lf_status status = visit(&s, n);
        for (int k = 0; status != LF_OK && k < n->out_count; k++)
            s.code_of[n->out[k]] = 0; /* half made */
        worst = status != LF_OK ? status : worst;
    }
    LF_TRY(worst);
    LF_TRY(connect_host(&s));
    LF_TRY(lf_graph_sort(g));
    lf_graph_prune(g);
    LF_TRY(lf_infer(g));
    set_places(g);
    return LF_OK;
}

const lf_pass lf_pass_integerize = {
    .name = "integerize",
    .help = "turn scales, biases, normalizations and activations into integer thresholds, bit for bit",
    .promise = LF_SAME_BITS,
    .run = run,
};
