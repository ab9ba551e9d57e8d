/* map: the integer graph becomes a hardware graph. Checks that every node between the cuts has hardware, fuses thresholds of few
 * levels into the matrix-vector units before them, and takes changes of layout that move nothing out of the way. */

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ops/elementwise.h"
#include "ops/ops.h"
#include "ir/pass.h"
#include "ops/circuit_region.h"
#include "pass/composed.h"
#include "pass/input_cut.h"

enum { FUSED_LEVELS = 3 };

/* -- what cannot become hardware, all at once ------------------------------------------------------------------------- */

static void no_hardware(const lf_graph *g, const lf_node *n) {
    lf_where where = lf_where_node(g, n);
    lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s has no hardware in this version", n->op->name);
    if (lf_is_op(n, "transpose"))
        lf_hint(g->ctx, "pictures travel as [rows, columns, channels]; another order of elements is possible at the "
                        "model's inputs and "
                        "outputs, and between a flatten and the matrix products that read it alone");
    else if (lf_can_be_circuit(n))
        lf_hint(g->ctx, "as a circuit it has: --style table");
}

/* Marks what lies before `from` on the host; true when a weight is among it. */
static const lf_node *weights_before(const lf_graph *g, lf_id from) {
    for (const lf_node *n = lf_node_at(g, lf_tensor_at(g, from)->producer); n;) {
        if (lf_is_op(n, "matmul"))
            return n;
        const lf_tensor *x = NULL;
        for (int i = 0; i < n->in_count && !x; i++)
            if (n->in[i] && !lf_in(g, n, i)->value)
                x = lf_in(g, n, i);
        n = x && x->producer ? lf_node_at(g, x->producer) : NULL;
    }
    return NULL;
}

/* A product with constants that lie on no grid: no grid of its input makes integers of it. */
static bool has_real_weights(const lf_graph *g, const lf_node *n) {
    if (!lf_is_op(n, "matmul") && !lf_is_op(n, "conv"))
        return false;
    for (int k = 0; k < 2 && k < n->in_count; k++) {
        const lf_tensor *t = lf_in(g, n, k);
        if (t && t->value && !lf_on_grid(t))
            return true;
    }
    return false;
}

static lf_status refuse_real_weights(const lf_graph *g, const lf_node *n) {
    lf_where where = lf_where_node(g, n);
    const char *model = g->source ? g->source : "MODEL";
    lf_status status =
        lf_fail(g->ctx, LF_BAD_INPUT, &where, "its weights are real numbers, and a circuit computes with integers");
    lf_hint(g->ctx,
            "quantize the network first: `lutfisk quantize %s -o QUANTIZED.onnx` with rows of data (-i X.npy or --data "
            "SET)",
            model);
    return status;
}

/* The first product stays on the host: for want of integers in its weights, or of a grid of the input. Later ones may stay there. */
static lf_status refuse_host_product(const lf_graph *g, const lf_node *product) {
    return has_real_weights(g, product) ? refuse_real_weights(g, product) : lf_propose_grid(g, product, "weights");
}

/* What is computed in real numbers from integers of the circuit. */
typedef struct real_part {
    bool *behind;   /* [tensor id]: depends on a dequantize */
    lf_id *culprit; /* [tensor id]: the first node on the way that no quantizer behind it can take over, 0: none */
} real_part;

static real_part find_real_part(const lf_graph *g, lf_arena *scratch) {
    size_t n = g->tensors.count + 1;
    real_part r = {LF_NEW_ARRAY(scratch, bool, n), LF_NEW_ARRAY(scratch, lf_id, n)};
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *node = lf_node_at(g, g->order.at[i]);
        bool behind = lf_is_op(node, "dequantize");
        lf_id culprit = 0;
        for (int k = 0; !lf_is_op(node, "quantize") && k < node->in_count; k++) {
            behind |= r.behind[node->in[k]];
            culprit = culprit ? culprit : r.culprit[node->in[k]];
        }
        if (behind && !culprit && !lf_is_op(node, "dequantize") && !lf_is_elementwise(g, node))
            culprit = node->id;
        for (int k = 0; k < node->out_count; k++) {
            r.behind[node->out[k]] = behind;
            r.culprit[node->out[k]] = culprit;
        }
    }
    return r;
}

/* The transpose of the circuit's integers that node n reads, with nothing but elementwise ops and layouts between; or NULL. */
static const lf_node *transpose_before(const lf_graph *g, const lf_node *n) {
    do {
        int v = lf_data_operand(g, n);
        n = v < 0 ? NULL : lf_node_at(g, lf_in(g, n, v)->producer);
    } while (n && !lf_is_op(n, "transpose") &&
             (lf_is_op(n, "dequantize") || n->op->positions || lf_is_elementwise(g, n)));
    return lf_is_op(n, "transpose") ? n : NULL;
}

/* The quantizer of node n reads what no part of the circuit computes. */
static lf_status refuse_reals(const lf_graph *g, const lf_node *n, const lf_node *culprit) {
    lf_where where = lf_where_node(g, culprit ? culprit : n);
    const lf_node *turned = culprit ? NULL : transpose_before(g, n);
    if (turned) {
        no_hardware(g, turned);
        return LF_BAD_INPUT;
    }
    if (!culprit) {
        lf_status status =
            lf_fail(g->ctx, LF_BAD_INPUT, &where, "its input is computed in real numbers from integers of the circuit");
        lf_hint(g->ctx, "give the tensor before it one scale");
        return status;
    }
    const lf_node *before = lf_node_at(g, lf_in(g, culprit, 0)->producer);
    bool integers = lf_is_op(before, "dequantize");
    bool scales = integers && lf_in(g, before, 1)->value && lf_in(g, before, 1)->value->count > 1;
    lf_status status = lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s works on real values in the middle of the circuit: %s",
                               culprit->op->name,
                               scales     ? "its input has a scale for every channel"
                               : integers ? "it has no integer form for these operands in this version"
                                          : "no quantizer stands before it");
    if (scales)
        lf_hint(g->ctx, "give its input one scale, or put a quantizer of one scale before it");
    else if (!integers)
        lf_hint(g->ctx, "put a quantizer before it, or quantizers of one scale before all its operands");
    else
        lf_hint(g->ctx,
                "quantizers of one scale before all its operands help a sum; otherwise another op has to do its work");
    return status;
}

static lf_status check_cut(const lf_graph *g, lf_arena *scratch) {
    real_part real = find_real_part(g, scratch);
    lf_status worst = LF_OK;
    const lf_node *cut = NULL;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (!lf_is_op(n, "quantize"))
            continue;
        const lf_node *weights = weights_before(g, n->in[0]);
        if (real.behind[n->in[0]])
            worst = refuse_reals(g, n, lf_node_at(g, real.culprit[n->in[0]]));
        else if (weights)
            worst =
                has_real_weights(g, weights) ? refuse_real_weights(g, weights) : lf_propose_grid(g, weights, "weights");
        else if (cut && g->inputs.count == 1)
            worst = lf_propose_grid(g, n, "more than one quantizer");
        cut = n;
    }
    return worst;
}

static lf_status check_ops(const lf_graph *g) {
    size_t before = lf_diag_errors(g->ctx), circuit = 0;
    const lf_node *real = NULL;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        circuit += n->place == LF_PLACE_FPGA;
        real = !real && (lf_is_op(n, "matmul") || lf_is_op(n, "conv")) ? n : real;
        if (n->place == LF_PLACE_FPGA && n->op->level != LF_HW && !lf_moves_nothing(g, n))
            no_hardware(g, n);
    }
    if (!circuit && real)
        return refuse_host_product(g, real);
    if (!circuit)
        return lf_fail(g->ctx, LF_BAD_INPUT, NULL,
                       "%s: no part of the network works on integers, so there is nothing to build",
                       g->source ? g->source : g->name);
    return lf_diag_errors(g->ctx) > before ? LF_BAD_INPUT : LF_OK;
}

/* -- fusing ------------------------------------------------------------------------------------------------------------------ */

/* Thresholds [1, L] for all channels become [MH, L]. */
static lf_id rows_of_thresholds(lf_graph *g, const lf_tensor *T, int64_t rows) {
    if (T->shape.dim[0] == rows)
        return T->id;
    int64_t levels = T->shape.dim[1], dim[2] = {rows, levels};
    int64_t *code = LF_NEW_ARRAY(g->arena, int64_t, rows * levels);
    for (int64_t i = 0; i < rows * levels; i++)
        code[i] = lf_tensor_code(T, (size_t)(i % levels));
    return lf_const_codes(g, T->name, lf_shape_make(2, dim), code)->id;
}

/* Uses change while nodes are visited in order: what reads a tensor that went reads another, and every node finds that out when its turn
 * comes. So the whole graph is walked once and not for every change. */
typedef struct uses {
    uint32_t *count; /* [tensor id] */
    lf_id *now;      /* [tensor id]: what is read instead, or 0 */
} uses;

/* With room for the thresholds that every node may get made. */
static uses find_uses(const lf_graph *g, lf_arena *a) {
    return (uses){lf_use_counts(g, a), LF_NEW_ARRAY(a, lf_id, g->tensors.count + g->order.count + 1)};
}

static void read_anew(const uses *u, lf_node *n) {
    for (int k = 0; k < n->in_count; k++)
        while (u->now[n->in[k]])
            n->in[k] = u->now[n->in[k]];
}

/* Node n goes; what reads its result reads `now`. */
static void take_out(lf_graph *g, const uses *u, const lf_node *n, lf_id now) {
    for (int k = 0; k < n->in_count; k++)
        u->count[n->in[k]]--;
    u->count[now] += u->count[n->out[0]];
    u->now[n->out[0]] = now;
    lf_node_remove(g, n->id);
}

static lf_status fuse_threshold(lf_graph *g, const uses *u, lf_node *t) {
    lf_node *mvu = lf_node_at(g, lf_in(g, t, 0)->producer);
    const lf_tensor *T = lf_in(g, t, 1);
    if (!lf_is_op(mvu, "mvu") || lf_in(g, mvu, 3) || u->count[t->in[0]] != 1 || lf_in(g, t, 2) ||
        T->shape.dim[1] > FUSED_LEVELS || T->shape.dim[1] < 1)
        return LF_OK;
    lf_id in[4] = {mvu->in[0], mvu->in[1], mvu->in_count > 2 ? mvu->in[2] : 0,
                   rows_of_thresholds(g, T, lf_in(g, mvu, 1)->shape.dim[0])};
    mvu->in = lf_copy(g->arena, in, sizeof in);
    mvu->in_count = 4;
    lf_attr_set_int(mvu, "out_base", lf_attr_int(t, "out_base"));
    lf_attr_set_int(mvu, "out_step", lf_attr_int(t, "out_step"));
    take_out(g, u, t, mvu->out[0]);
    return lf_infer_node(g, mvu);
}

/* -- layout ---------------------------------------------------------------------------------------------------------------------- */

/* A reshape moves nothing on a stream. Where it gives back the shape from before an earlier one, both go. */
static void drop_reshape(lf_graph *g, const uses *u, const lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0), *y = lf_out(g, n, 0);
    const lf_node *before = lf_node_at(g, x->producer);
    const lf_tensor *source = lf_is_op(before, "reshape") ? lf_in(g, before, 0) : x;
    if (lf_shape_equal(source->shape, y->shape))
        take_out(g, u, n, source->id);
}

static lf_status run(lf_graph *g, const void *options, lf_arena *scratch) {
    (void)options;
    LF_TRY(lf_check_encoder(g));
    LF_TRY(check_cut(g, scratch));
    LF_TRY(check_ops(g));
    uses u = find_uses(g, scratch);
    for (size_t i = 0; i < g->order.count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]);
        read_anew(&u, n);
        if (lf_is_op(n, "threshold"))
            LF_TRY(fuse_threshold(g, &u, n));
        else if (lf_is_op(n, "reshape") && n->place == LF_PLACE_FPGA)
            drop_reshape(g, &u, n);
    }
    lf_replace_uses_all(g, u.now);
    LF_TRY(lf_graph_sort(g));
    lf_graph_prune(g);
    return lf_infer(g);
}

const lf_pass lf_pass_map = {
    .name = "map",
    .help =
        "choose hardware for every node between the cuts; fuse thresholds of up to 3 levels into matrix-vector units",
    .promise = LF_SAME_BITS,
    .run = run,
};
