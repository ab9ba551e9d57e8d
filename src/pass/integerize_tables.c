/* integerize, table networks: truth tables and tables on edges already work on codes; what stands before them in real numbers, a thermometer or
 * the quantizers of edges, becomes integer comparisons and shifts when the input's grid is declared. Clamps and sums behind tables stay
 * operations of their own. */
#include <math.h>
#include <string.h>

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ops/ops.h"
#include "ops/table_edges.h"
#include "pass/composed.h"
#include "pass/integerize_inside.h"

/* -- which nodes ------------------------------------------------------------------------------------------------------- */

static bool is_table(const lf_node *n) {
    return lf_is_op(n, "table_neurons") || lf_is_op(n, "table_edges");
}

/* t is computed from tables by clamps, sums and changes of layout. */
static bool behind_tables(const lf_graph *g, const lf_tensor *t) {
    const lf_node *n = lf_node_at(g, t->producer);
    while (n && (n->op->positions || lf_is_op(n, "clip") || lf_is_op(n, "reduce")))
        n = lf_node_at(g, lf_in(g, n, 0)->producer);
    return is_table(n);
}

static bool sums_last_axis(const lf_graph *g, const lf_node *n) {
    lf_ints axes = lf_attr_ints(n, "axes");
    int64_t last = lf_in(g, n, 0)->shape.rank - 1;
    return !strcmp(lf_attr_enum_name(n, "function"), "sum") && axes.count == 1 &&
           (axes.at[0] == -1 || axes.at[0] == last);
}

bool lf_integers_tables(const lf_integers *s, const lf_node *n) {
    if (is_table(n) || lf_is_op(n, "thermometer"))
        return true;
    if (!lf_is_op(n, "clip") && !(lf_is_op(n, "reduce") && sums_last_axis(s->g, n)))
        return false;
    const lf_tensor *x = lf_in(s->g, n, 0), *y = lf_out(s->g, n, 0);
    return lf_on_grid(x) && lf_on_grid(y) && behind_tables(s->g, x);
}

static lf_status finish(lf_integers *s, const lf_node *n, lf_node *made) {
    made->line = n->line;
    s->code_of[n->out[0]] = made->out[0];
    return lf_infer_node(s->g, made);
}

/* Node n again, on codes; operands behind the first are n's own constants. Not inferred yet. */
static lf_node *emit_same(lf_integers *s, const lf_node *n, const char *what, lf_id x) {
    lf_node *made;
    lf_id *in = lf_copy(s->arena, n->in, (size_t)n->in_count * sizeof *in);
    in[0] = x;
    (void)lf_integers_node(s, lf_format(s->g->arena, "%s_%s", n->name, what), n->op->name, in, n->in_count, n->attr,
                           &made);
    return made;
}

/* The chain of elementwise nodes from codes to operand 0 of n; *base is NULL when there are no codes before it. */
static lf_composed chain_before(lf_integers *s, const lf_node *n, const lf_tensor **base) {
    lf_ids nodes = {0};
    lf_id from;
    lf_integers_chain(s, n->in[0], &nodes, &from);
    *base = lf_tensor_at(s->g, from);
    return lf_composed_make(s->g, s->arena, *base, nodes);
}

/* The codes of base, under the shape of n's operand. */
static lf_status shaped_codes(lf_integers *s, const lf_node *n, const lf_tensor *base, lf_id *out) {
    lf_shape want = lf_in(s->g, n, 0)->shape;
    *out = lf_integers_known(s, base->id);
    if (lf_shape_equal(lf_tensor_at(s->g, *out)->shape, want))
        return LF_OK;
    lf_node *layout;
    *out = lf_integers_node(s, lf_format(s->g->arena, "%s_shape", n->name), "reshape", out, 1, NULL, &layout);
    lf_attr_set_ints(s->g, layout, "shape", want.dim, want.rank);
    return lf_infer_node(s->g, layout);
}

/* -- thermometers ------------------------------------------------------------------------------------------------------ */

enum { RANGE_BITS_MAX = 61 };

/* For every element of the chain's base, the greatest code whose value is not above a threshold: between below[e] (is not) and above[e] (is). */
typedef struct search {
    lf_composed *chain;
    lf_run run;
    lf_range range;
    size_t count;
    int64_t *below, *above, *code;
} search;

static bool is_open(const search *q, size_t e) {
    return q->above[e] - q->below[e] > 1;
}

/* Values of the chain at q->code; they last until the next call. */
static lf_status values_at(search *q, const double **out) {
    lf_value v;
    LF_TRY(lf_composed_eval(q->chain, q->code, &v));
    *out = lf_value_reals(&q->run, &v);
    return LF_OK;
}

static lf_status search_level(search *q, const double *threshold) {
    for (size_t e = 0; e < q->count; e++) {
        q->below[e] = q->range.lo - 1;
        q->above[e] = q->range.hi + 1;
    }
    for (bool more = true; more;) {
        const double *value;
        more = false;
        for (size_t e = 0; e < q->count; e++) /* where it is decided: any code */
            q->code[e] = is_open(q, e) ? q->below[e] + (q->above[e] - q->below[e]) / 2 : q->range.lo;
        LF_TRY(values_at(q, &value));
        for (size_t e = 0; e < q->count; e++) {
            if (!is_open(q, e))
                continue;
            *(value[e] > threshold[e] ? &q->above[e] : &q->below[e]) = q->code[e];
            more |= is_open(q, e);
        }
    }
    return LF_OK;
}

/* Values rise with the codes: every op is proved monotone, and no element ends lower than it begins. */
static lf_status check_rising(lf_integers *s, search *q, const lf_node *n) {
    const double *value;
    double *first = LF_NEW_ARRAY(s->arena, double, q->count);
    bool rises = lf_composed_monotone(q->chain);
    for (size_t e = 0; e < q->count; e++)
        q->code[e] = q->range.lo;
    LF_TRY(values_at(q, &value));
    memcpy(first, value, q->count * sizeof *first);
    for (size_t e = 0; e < q->count; e++)
        q->code[e] = q->range.hi;
    LF_TRY(values_at(q, &value));
    for (size_t e = 0; e < q->count; e++)
        rises &= value[e] >= first[e];
    lf_where where = lf_where_node(s->g, n);
    return rises ? LF_OK
                 : lf_fail(s->g->ctx, LF_BAD_INPUT, &where,
                           "a thermometer of values that do not rise with the input's codes is not in this version");
}

/* Real thresholds [F, L] as codes, for every element of the base: out[e * levels + k]. */
static lf_status search_all(lf_integers *s, search *q, const lf_node *n, int64_t *out) {
    const lf_tensor *T = lf_in(s->g, n, 1);
    size_t features = (size_t)T->shape.dim[0], levels = (size_t)T->shape.dim[1];
    double *threshold = LF_NEW_ARRAY(s->arena, double, q->count);
    LF_TRY(check_rising(s, q, n));
    for (size_t k = 0; k < levels; k++) {
        for (size_t e = 0; e < q->count; e++)
            threshold[e] = lf_tensor_real(T, e % features * levels + k);
        LF_TRY(search_level(q, threshold));
        for (size_t e = 0; e < q->count; e++)
            out[e * levels + k] = q->below[e];
    }
    return LF_OK;
}

/* All vectors of features have the same thresholds. */
static lf_status check_rows(const lf_integers *s, const lf_node *n, const int64_t *code, size_t row, size_t count) {
    for (size_t i = row; i < count; i++)
        if (code[i] != code[i % row]) {
            lf_where where = lf_where_node(s->g, n);
            return lf_fail(s->g->ctx, LF_BAD_INPUT, &where,
                           "thresholds that differ between positions of a %s tensor are not in this version",
                           lf_shape_text(s->arena, lf_in(s->g, n, 0)->shape));
        }
    return LF_OK;
}

static lf_status integer_thresholds(lf_integers *s, const lf_node *n, lf_composed *chain, lf_id *out) {
    lf_graph *g = s->g;
    lf_shape shape = lf_in(g, n, 1)->shape;
    size_t count = (size_t)lf_shape_count(chain->base->shape), levels = (size_t)shape.dim[1];
    lf_where where = lf_where_node(g, n);
    search q = {.chain = chain, .range = lf_tensor_at(g, lf_integers_known(s, chain->base->id))->range, .count = count};
    q.run = (lf_run){.ctx = g->ctx, .graph = g, .scratch = chain->scratch};
    q.below = lf_alloc_try(s->arena, count, sizeof *q.below);
    q.above = lf_alloc_try(s->arena, count, sizeof *q.above);
    q.code = lf_alloc_try(s->arena, count, sizeof *q.code);
    int64_t *code = lf_alloc_try(s->arena, count * levels, sizeof *code), limit = (int64_t)1 << RANGE_BITS_MAX;
    if (!q.below || !q.above || !q.code || !code || q.range.lo < -limit || q.range.hi > limit)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "%zu thresholds for codes from %lld to %lld are too many or too wide", count * levels,
                       (long long)q.range.lo, (long long)q.range.hi);
    LF_TRY(search_all(s, &q, n, code));
    LF_TRY(check_rows(s, n, code, (size_t)lf_shape_count(shape), count * levels));
    *out = lf_const_codes(g, lf_format(g->arena, "%s_codes", lf_in(g, n, 1)->name), shape, code)->id;
    return LF_OK;
}

static lf_status visit_thermometer(lf_integers *s, const lf_node *n) {
    const lf_tensor *base;
    lf_composed chain = chain_before(s, n, &base);
    lf_id in[2] = {0};
    lf_status status = base ? integer_thresholds(s, n, &chain, &in[1]) : LF_OK;
    lf_composed_free(&chain);
    if (!base || status != LF_OK)
        return status;
    LF_TRY(shaped_codes(s, n, base, &in[0]));
    lf_node *made;
    (void)lf_integers_node(s, lf_format(s->g->arena, "%s_encoder", n->name), "thermometer", in, 2, NULL, &made);
    return finish(s, n, made);
}

/* -- tables ------------------------------------------------------------------------------------------------------------ */

/* A constant's codes without its scale. */
static lf_id without_scale(lf_integers *s, const lf_tensor *t) {
    if (lf_is_codes(t))
        return t->id;
    size_t count = (size_t)lf_shape_count(t->shape);
    int64_t *code = LF_NEW_ARRAY(s->arena, int64_t, count);
    for (size_t i = 0; i < count; i++)
        code[i] = lf_tensor_code(t, i);
    return lf_const_codes(s->g, lf_format(s->g->arena, "%s_codes", t->name), t->shape, code)->id;
}

static lf_status visit_neurons(lf_integers *s, const lf_node *n) {
    lf_id x;
    LF_TRY(lf_integers_of(s, n->in[0], &x));
    if (!x)
        return LF_OK;
    lf_node *made = emit_same(s, n, "tables", x);
    made->in[2] = without_scale(s, lf_in(s->g, n, 2));
    return finish(s, n, made);
}

/* -- edges ------------------------------------------------------------------------------------------------------------- */

/* The same edges for codes whose value is code * 2^-exponent: the fraction bits move, nothing else. */
static lf_status emit_shifted_edges(lf_integers *s, const lf_node *n, lf_id x, int64_t exponent) {
    lf_graph *g = s->g;
    const lf_tensor *edges = lf_in(g, n, 1);
    size_t count = (size_t)lf_shape_count(edges->shape);
    int64_t *edge = LF_NEW_ARRAY(s->arena, int64_t, count);
    for (size_t i = 0; i < count; i++)
        edge[i] = lf_tensor_code(edges, i) - (i % LF_EDGE_COLUMNS == LF_EDGE_FRACTION ? exponent : 0);
    lf_node *made = emit_same(s, n, "tables", x);
    made->in[1] = lf_const_codes(g, lf_format(g->arena, "%s_codes", edges->name), edges->shape, edge)->id;
    lf_attr_set_int(made, "fraction", 0);
    return finish(s, n, made);
}

enum { COMPOSED_CODES = 4096 };

/* One table per edge over the codes themselves, the chain before it composed into it. */
typedef struct composing {
    const lf_tensor *edges, *tables;
    size_t count, inputs, entries; /* edges, inputs, entries of a new table */
    int64_t bits, is_signed;
    int64_t *edge, *table; /* the new ones */
} composing;

static void compose_code(composing *c, const double *value, int64_t code) {
    size_t start = 0;
    int64_t old[LF_EDGE_COLUMNS];
    for (size_t e = 0; e < c->count; e++) {
        for (size_t k = 0; k < LF_EDGE_COLUMNS; k++)
            old[k] = lf_tensor_code(c->edges, e * LF_EDGE_COLUMNS + k);
        size_t from = lf_edge_index_real(old, value[old[LF_EDGE_IN]]);
        c->table[e * c->entries + lf_edge_index_code(c->edge + e * LF_EDGE_COLUMNS, code, 0)] =
            lf_tensor_code(c->tables, start + from);
        start += (size_t)1 << old[LF_EDGE_BITS];
    }
}

static bool compose_begin(lf_integers *s, composing *c, lf_range r) {
    c->is_signed = r.lo < 0;
    c->bits = c->is_signed ? lf_bits_signed(r.lo, r.hi) : lf_bits_unsigned((uint64_t)r.hi);
    c->entries = (size_t)1 << c->bits;
    c->edge = lf_alloc_try(s->arena, c->count * LF_EDGE_COLUMNS + 1, sizeof *c->edge);
    c->table = lf_alloc_try(s->arena, c->count * c->entries + 1, sizeof *c->table);
    for (size_t i = 0; c->edge && i < c->count * LF_EDGE_COLUMNS; i++)
        c->edge[i] = lf_tensor_code(c->edges, i);
    for (size_t e = 0; c->edge && e < c->count; e++) {
        c->edge[e * LF_EDGE_COLUMNS + LF_EDGE_FRACTION] = 0;
        c->edge[e * LF_EDGE_COLUMNS + LF_EDGE_BITS] = c->bits;
        c->edge[e * LF_EDGE_COLUMNS + LF_EDGE_SIGNED] = c->is_signed;
    }
    return c->edge && c->table;
}

static lf_status compose_all(lf_integers *s, composing *c, lf_composed *chain, lf_range r) {
    lf_run run = {.ctx = s->g->ctx, .graph = s->g, .scratch = chain->scratch};
    int64_t *code = LF_NEW_ARRAY(s->arena, int64_t, c->inputs);
    for (int64_t v = r.lo; v <= r.hi; v += r.step) {
        lf_value values;
        for (size_t i = 0; i < c->inputs; i++)
            code[i] = v;
        LF_TRY(lf_composed_eval(chain, code, &values));
        compose_code(c, lf_value_reals(&run, &values), v);
    }
    return LF_OK;
}

static lf_status emit_composed_edges(lf_integers *s, const lf_node *n, lf_composed *chain) {
    lf_graph *g = s->g;
    lf_range r = lf_tensor_at(g, lf_integers_known(s, chain->base->id))->range;
    composing c = {
        .edges = lf_in(g, n, 1), .tables = lf_in(g, n, 2), .inputs = (size_t)lf_shape_count(chain->base->shape)};
    c.count = (size_t)c.edges->shape.dim[0];
    lf_shape shape = lf_in(g, n, 0)->shape;
    bool few = r.lo >= -COMPOSED_CODES && r.hi <= COMPOSED_CODES && (int64_t)c.inputs == shape.dim[shape.rank - 1];
    if (!few || !compose_begin(s, &c, r)) {
        lf_where where = lf_where_node(g, n);
        lf_status status =
            lf_fail(g->ctx, LF_BAD_INPUT, &where,
                    "the quantizers of its edges read values that are no power of two times codes, of %lld..%lld",
                    (long long)r.lo, (long long)r.hi);
        lf_hint(g->ctx, "declare the input with a scale that is a power of two and without offset, for example --input "
                        "'FIXED<16,6>!', or with at most 12 bits");
        return status;
    }
    LF_TRY(compose_all(s, &c, chain, r));
    lf_id x;
    LF_TRY(shaped_codes(s, n, chain->base, &x));
    lf_node *made = emit_same(s, n, "tables", x);
    int64_t entries = (int64_t)(c.count * c.entries);
    made->in[1] = lf_const_codes(g, lf_format(g->arena, "%s_codes", c.edges->name), c.edges->shape, c.edge)->id;
    made->in[2] =
        lf_const_codes(g, lf_format(g->arena, "%s_codes", c.tables->name), lf_shape_make(1, &entries), c.table)->id;
    lf_attr_set_int(made, "fraction", 0);
    return finish(s, n, made);
}

static lf_status visit_edges(lf_integers *s, const lf_node *n) {
    lf_id x = 0;
    int64_t exponent;
    if (lf_grid_exponent(lf_in(s->g, n, 0), &exponent))
        LF_TRY(lf_integers_of(s, n->in[0], &x));
    if (x)
        return emit_shifted_edges(s, n, x, exponent);
    const lf_tensor *base;
    lf_composed chain = chain_before(s, n, &base);
    lf_status status = base ? emit_composed_edges(s, n, &chain) : LF_OK;
    lf_composed_free(&chain);
    return status;
}

/* -- behind tables ----------------------------------------------------------------------------------------------------- */

/* A clamp: the range that infer found is all that it lets through. */
static lf_status emit_clip(lf_integers *s, const lf_node *n, lf_id x) {
    const lf_tensor *y = lf_out(s->g, n, 0);
    int64_t one = 1, count = 1, none = 0;
    lf_id in[3] = {
        x, lf_const_codes(s->g, lf_format(s->g->arena, "%s_mul", n->name), lf_shape_make(1, &count), &one)->id,
        lf_const_codes(s->g, lf_format(s->g->arena, "%s_add", n->name), lf_shape_make(1, &count), &none)->id};
    lf_node *made;
    (void)lf_integers_node(s, lf_format(s->g->arena, "%s_requantize", n->name), "requantize", in, 3, NULL, &made);
    lf_attr_set_int(made, "lo", y->range.lo);
    lf_attr_set_int(made, "hi", y->range.hi);
    return finish(s, n, made);
}

lf_status lf_integers_table(lf_integers *s, lf_node *n) {
    if (lf_is_op(n, "thermometer"))
        return visit_thermometer(s, n);
    if (lf_is_op(n, "table_neurons"))
        return visit_neurons(s, n);
    if (lf_is_op(n, "table_edges"))
        return visit_edges(s, n);
    lf_id x;
    LF_TRY(lf_integers_of(s, n->in[0], &x));
    if (!x)
        return LF_OK;
    return lf_is_op(n, "clip") ? emit_clip(s, n, x) : finish(s, n, emit_same(s, n, "codes", x));
}
