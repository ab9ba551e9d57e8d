/* Combinational logic of words, pipelined: a whole frame every clock.
 *   in 0..k-1  x     codes of any shapes
 *   in k       text  constant UINT8 [bytes]: a circuit with its registers (lf_circuit_print) whose inputs are the elements of x 0, then
 *              of x 1 ..
 *   out 0..    y     codes; the circuit's outputs are the elements of y 0, then of y 1 ..; `shapes` has the rank and the dimensions of each
 *   II = 1 cycle per frame; latency: the circuit's, and one more behind streams. */
#include <inttypes.h>

#include "ops/branch.h"
#include "ops/circuit_node.h"
#include "ops/elementwise.h"

static const char *const interface_names[] = {"stream", "flow", NULL}, *const style_names[] = {"table", "spatial",
                                                                                               NULL};

static const lf_attr_desc attrs[] = {
    {"shapes", LF_ATTR_INTS, offsetof(lf_circuit_attr, shapes), NULL, NULL, 0, 0,
     "of the outputs: rank, dimensions, rank, dimensions .."},
    {"interface", LF_ATTR_ENUM, offsetof(lf_circuit_attr, interface), "stream", interface_names, 0, 0,
     "stream: joined to AXI-Stream; flow: data and valid"},
    {"style", LF_ATTR_ENUM, offsetof(lf_circuit_attr, style), "table", style_names, 0, 0,
     "what it was made of, for reports"},
    {0},
};

/* -- the circuit ---------------------------------------------------------------------------------------------------------- */

/* `text`: the elements of the constant. */
static lf_circuit *parse(lf_ctx *ctx, lf_arena *a, const lf_tensor *text) {
    size_t count = text->value->count;
    char *copy = LF_NEW_ARRAY(a, char, count + 1);
    for (size_t i = 0; i < count; i++)
        copy[i] = (char)lf_const_int(text->value, i);
    return lf_circuit_parse(ctx, copy, count, text->name);
}

lf_status lf_circuit_load(const lf_graph *g, const lf_node *n, lf_circuit **out) {
    lf_arena *a = lf_arena_new();
    lf_circuit *c = parse(g->ctx, a, lf_in(g, n, n->in_count - 1));
    lf_arena_free(a);
    *out = c;
    return c ? LF_OK : LF_BAD_INPUT;
}

/* A circuit that lives in the arena, good for lf_circuit_run. */
static lf_circuit *keep(lf_arena *a, const lf_circuit *c) {
    lf_circuit *k = lf_copy(a, c, sizeof *c);
    k->words.at = lf_copy(a, c->words.at, c->words.count * sizeof *c->words.at);
    k->inputs.at = lf_copy(a, c->inputs.at, c->inputs.count * sizeof *c->inputs.at);
    k->outputs.at = lf_copy(a, c->outputs.at, c->outputs.count * sizeof *c->outputs.at);
    for (size_t w = 1; w < k->words.count; w++) {
        lf_word_def *d = &k->words.at[w];
        if (d->arg_count)
            d->args = lf_copy(a, d->args, d->arg_count * sizeof *d->args);
        if (!d->table)
            continue;
        lf_table_words *t = lf_copy(a, d->table, sizeof *d->table);
        t->values = lf_copy(a, t->values, t->count * t->bytes);
        t->care = NULL; /* running asks for values only */
        d->table = t;
    }
    return k;
}

/* Of a node that infer has read, so it can be read. */
static void *expand(lf_arena *a, const lf_tensor *text) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_circuit *c = parse(ctx, a, text), *kept = keep(a, c);
    lf_circuit_free(c);
    lf_ctx_free(ctx);
    return kept;
}

/* -- infer ----------------------------------------------------------------------------------------------------------------- */

static lf_status bad_shapes(const lf_graph *g, const lf_node *n) {
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where, "shapes must be the rank and the dimensions of %d outputs in turn",
                   n->out_count);
}

static lf_status read_shapes(const lf_graph *g, const lf_node *n, lf_shape *shape) {
    lf_ints s = ((const lf_circuit_attr *)n->attr)->shapes;
    int64_t at = 0;
    for (int i = 0; i < n->out_count; i++) {
        int64_t rank = at < s.count ? s.at[at++] : -1;
        if (rank < 0 || rank > LF_MAX_RANK || rank > s.count - at)
            return bad_shapes(g, n);
        shape[i] = lf_shape_make((int)rank, s.at + at);
        at += rank;
        for (int k = 0; k < rank; k++)
            if (shape[i].dim[k] < 1)
                return bad_shapes(g, n);
        LF_TRY(lf_need_size(g, n, shape[i]));
    }
    return at == s.count ? LF_OK : bad_shapes(g, n);
}

static lf_status wrong_count(const lf_graph *g, const lf_node *n, const char *what, size_t of_circuit,
                             int64_t of_node) {
    lf_where where = lf_where_node(g, n);
    return lf_fail(g->ctx, LF_BAD_INPUT, &where, "the circuit has %zu %s, the node has %" PRId64 " elements for them",
                   of_circuit, what, of_node);
}

static lf_status check_inputs(const lf_graph *g, const lf_node *n, const lf_circuit *c) {
    size_t at = 0;
    int64_t all = 0;
    for (int i = 0; i + 1 < n->in_count; i++)
        all += lf_shape_count(lf_in(g, n, i)->shape);
    if ((size_t)all != c->inputs.count)
        return wrong_count(g, n, "inputs", c->inputs.count, all);
    for (int i = 0; i + 1 < n->in_count; i++) {
        const lf_tensor *x = lf_in(g, n, i);
        for (size_t e = 0; e < (size_t)lf_shape_count(x->shape); e++) {
            lf_range of = lf_range_at(x, e), word = lf_word_range(c, c->inputs.at[at++]);
            if (of.lo >= word.lo && of.hi <= word.hi)
                continue;
            lf_where where = lf_where_node(g, n);
            return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                           "element %zu of %s has codes %" PRId64 "..%" PRId64 ", the circuit takes %" PRId64
                           "..%" PRId64,
                           e, x->name, of.lo, of.hi, word.lo, word.hi);
        }
    }
    return LF_OK;
}

/* Of every index of the last axis, over all others: what follows is then as narrow as it was. */
static void set_ranges(lf_graph *g, lf_tensor *y, const lf_circuit *c, size_t first) {
    size_t count = (size_t)lf_shape_count(y->shape), channels = y->shape.rank ? (size_t)lf_last_dim(y->shape) : 1;
    lf_range all = lf_word_range(c, c->outputs.at[first]), *r = LF_NEW_ARRAY(g->arena, lf_range, channels);
    for (size_t e = 0; e < count; e++) {
        lf_range of = lf_word_range(c, c->outputs.at[first + e]);
        r[e % channels] = e < channels ? of : lf_range_join(r[e % channels], of);
        all = lf_range_join(all, of);
    }
    lf_set_codes(g, y, all);
    lf_set_channel_ranges(y, r, (int64_t)channels, y->shape.rank ? y->shape.rank - 1 : 0);
}

static lf_status set_outputs(lf_graph *g, const lf_node *n, const lf_circuit *c, const lf_shape *shape) {
    size_t at = 0;
    int64_t all = 0;
    for (int i = 0; i < n->out_count; i++)
        all += lf_shape_count(shape[i]);
    if ((size_t)all != c->outputs.count)
        return wrong_count(g, n, "outputs", c->outputs.count, all);
    for (int i = 0; i < n->out_count; i++) {
        lf_tensor *y = lf_out(g, n, i);
        y->shape = shape[i];
        set_ranges(g, y, c, at);
        at += (size_t)lf_shape_count(shape[i]);
    }
    return LF_OK;
}

static lf_status check_node(const lf_graph *g, const lf_node *n) {
    lf_where where = lf_where_node(g, n);
    const lf_tensor *text = lf_in(g, n, n->in_count - 1);
    if (!text || !text->value || !lf_is_codes(text) || text->range.lo < 0 || text->range.hi > 255)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "the last input must be a constant UINT8 text");
    for (int i = 0; i + 1 < n->in_count; i++) {
        LF_TRY(lf_need_codes(g, n, i));
        if (lf_in(g, n, i)->value)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "input %d must not be a constant", i);
    }
    return LF_OK;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    lf_shape shape[LF_UNIT_PORTS];
    lf_circuit *c;
    LF_TRY(check_node(g, n));
    LF_TRY(read_shapes(g, n, shape));
    LF_TRY(lf_circuit_load(g, n, &c));
    lf_status status = check_inputs(g, n, c);
    if (status == LF_OK)
        status = set_outputs(g, n, c, shape);
    lf_circuit_free(c);
    return status;
}

/* -- exec -------------------------------------------------------------------------------------------------------------------- */

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const lf_circuit *c = lf_memo_get(run, expand, in[n->in_count - 1].tensor);
    int64_t *x = LF_NEW_ARRAY(run->scratch, int64_t, c->inputs.count + 1);
    int64_t *y = LF_NEW_ARRAY(run->scratch, int64_t, c->outputs.count + 1);
    int64_t *words = LF_NEW_ARRAY(run->scratch, int64_t, c->words.count);
    size_t at = 0;
    for (int i = 0; i + 1 < n->in_count; i++)
        for (size_t e = 0; e < in[i].count; e++)
            x[at++] = in[i].code[e];
    lf_circuit_run(c, x, y, words);
    at = 0;
    for (int i = 0; i < n->out_count; i++)
        for (size_t e = 0; e < out[i].count; e++)
            out[i].code[e] = y[at++];
    return LF_OK;
}

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    for (int i = 0; i < n->in_count; i++)
        in[i] = i + 1 < n->in_count ? lf_shape_count(lf_in(g, n, i)->shape) : 0;
    for (int i = 0; i < n->out_count; i++)
        out[i] = lf_shape_count(lf_out(g, n, i)->shape);
}

const lf_op lf_op_circuit = {
    .name = "circuit",
    .help = "logic of words, a whole frame every clock",
    .level = LF_HW,
    .in_min = 2,
    .in_max = LF_UNIT_PORTS,
    .out_min = 1,
    .out_max = LF_UNIT_PORTS,
    .attr_size = sizeof(lf_circuit_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .lanes = lanes,
    .cost = lf_circuit_cost,
    .rtl = lf_circuit_rtl,
    .unit = lf_circuit_unit,
};
