/* A layer whose edges are tables (Kolmogorov-Arnold networks, HGQ-LUT): y[.., o] = bias[o] + sum over the edges into o of table[index] << shift.
 *   in 0   x       [..., I]   real, or on the grid
 *   in 1   edges   [E, 6]     constant; per edge: input, output, fraction f, bits, signed (0 or 1), shift
 *   in 2   tables  [S]        constant codes: the 2^bits entries of edge 0, those of edge 1, ...
 *   in 3   bias    [O]        constant codes
 *   out 0  y       [..., O]   codes, scale 2^-fraction
 * index = (floor(x * 2^f + 1/2) - lo) mod 2^bits, lo = signed ? -2^(bits-1) : 0: it wraps. Exact: by shifts of the codes where x's scale is a
 * power of two, else on x's value in double. Source: HGQ-LUT (calad0i/HGQ-LUT-AE); KANELE has f = 0 and codes in range. */
#include "ops/circuit_face.h"
#include "ops/table_edges.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ops/branch.h"
#include "ops/elementwise.h"

typedef struct table_edges_attr {
    int64_t fraction;
} table_edges_attr;

static const lf_attr_desc attrs[] = {
    {"fraction", LF_ATTR_INT, offsetof(table_edges_attr, fraction), "0", NULL, -64, 64,
     "the scale of y is 2^-fraction"},
    {0},
};

/* -- the index --------------------------------------------------------------------------------------------------------- */

static size_t wrapped(const int64_t *edge, uint64_t r) {
    uint64_t entries = (uint64_t)1 << edge[LF_EDGE_BITS];
    return (size_t)((r + (edge[LF_EDGE_SIGNED] ? entries / 2 : 0)) & (entries - 1));
}

/* floor(v * 2^shift + 1/2) modulo 2^64. */
static uint64_t rounded_shift(int64_t v, int64_t shift) {
    if (shift >= 0)
        return shift < 64 ? (uint64_t)v << shift : 0;
    int64_t most = -shift - 1 < 63 ? -shift - 1 : 63;
    return (uint64_t)(((v >> most) + 1) >> 1);
}

size_t lf_edge_index_code(const int64_t *edge, int64_t v, int64_t exponent) {
    return wrapped(edge, rounded_shift(v, edge[LF_EDGE_FRACTION] - exponent));
}

size_t lf_edge_index_real(const int64_t *edge, double v) {
    double t = ldexp(v, (int)edge[LF_EDGE_FRACTION]);
    if (isinf(t)) /* a multiple of 2^bits long before */
        return wrapped(edge, 0);
    t = fmod(t, ldexp(1, (int)edge[LF_EDGE_BITS])); /* exact */
    return wrapped(edge, (uint64_t)lf_round_to_int(t, LF_ROUND_HALF_PLUS));
}

bool lf_grid_exponent(const lf_tensor *t, int64_t *exponent) {
    int e = 0;
    if (!lf_on_grid(t) || t->grid.scale_count != 1 || frexp(t->grid.scale[0], &e) != 0.5)
        return false;
    *exponent = 1 - e;
    return true;
}

/* -- infer ------------------------------------------------------------------------------------------------------------- */

static void read_edge(const lf_tensor *edges, int64_t e, int64_t *edge) {
    for (int k = 0; k < LF_EDGE_COLUMNS; k++)
        edge[k] = lf_tensor_code(edges, (size_t)(e * LF_EDGE_COLUMNS + k));
}

static lf_status check_edge(const lf_graph *g, const lf_node *n, int64_t e, const int64_t *edge) {
    const struct {
        const char *name;
        int64_t least, most;
    } column[LF_EDGE_COLUMNS] = {{"input", 0, lf_last_dim(lf_in(g, n, 0)->shape) - 1},
                                 {"output", 0, lf_shape_count(lf_in(g, n, 3)->shape) - 1},
                                 {"fraction", -LF_EDGE_FRACTION_MAX, LF_EDGE_FRACTION_MAX},
                                 {"bits", 1, LF_EDGE_BITS_MAX},
                                 {"signed", 0, 1},
                                 {"shift", 0, LF_EDGE_SHIFT_MAX}};
    for (int k = 0; k < LF_EDGE_COLUMNS; k++) {
        lf_where where = lf_where_node(g, n);
        if (edge[k] < column[k].least || edge[k] > column[k].most)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                           "edge %" PRId64 ": %s is %" PRId64 ", not one of %" PRId64 "..%" PRId64, e, column[k].name,
                           edge[k], column[k].least, column[k].most);
    }
    return LF_OK;
}

static lf_status check_shapes(const lf_graph *g, const lf_node *n) {
    static const char *const what[] = {NULL, "edges", "tables", "bias"};
    static const int rank[] = {0, 2, 1, 1};
    const lf_tensor *x = lf_in(g, n, 0);
    lf_where where = lf_where_node(g, n);
    if (x->shape.rank < 1)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s is a scalar", x->name);
    for (int i = 1; i < 4; i++) {
        LF_TRY(lf_need_const(g, n, i, what[i]));
        const lf_tensor *t = lf_in(g, n, i);
        if (!lf_is_codes(t) || t->shape.rank != rank[i] || (i == 1 && t->shape.dim[1] != LF_EDGE_COLUMNS))
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s must be constant integers of shape %s, not %s", what[i],
                           i == 1 ? "[E, 6]" : "[count]", lf_shape_text(g->arena, t->shape));
    }
    return LF_OK;
}

/* The edges are legal and their tables fill `tables` exactly. */
static lf_status check(const lf_graph *g, const lf_node *n) {
    LF_TRY(check_shapes(g, n));
    const lf_tensor *edges = lf_in(g, n, 1), *tables = lf_in(g, n, 2);
    int64_t entries = 0, edge[LF_EDGE_COLUMNS];
    for (int64_t e = 0; e < edges->shape.dim[0]; e++) {
        read_edge(edges, e, edge);
        LF_TRY(check_edge(g, n, e, edge));
        entries += (int64_t)1 << edge[LF_EDGE_BITS];
    }
    lf_where where = lf_where_node(g, n);
    if (entries != tables->shape.dim[0])
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "the edges have %" PRId64 " entries in all, the tables %" PRId64,
                       entries, tables->shape.dim[0]);
    return LF_OK;
}

/* Entries that the range of x can reach: `count` of them from `first` on, wrapping. */
static void reached(const lf_tensor *x, const int64_t *edge, size_t *first, size_t *count) {
    int64_t exponent = 0, shift;
    *first = 0;
    *count = (size_t)1 << edge[LF_EDGE_BITS];
    if (!lf_grid_exponent(x, &exponent))
        return;
    lf_range r = lf_last_axis_range(x, edge[LF_EDGE_IN]);
    shift = edge[LF_EDGE_FRACTION] - exponent;
    if (shift > 20 || r.hi - r.lo > (int64_t)1 << 40)
        return;
    uint64_t span = rounded_shift(r.hi, shift) - rounded_shift(r.lo, shift) + 1;
    if (span >= *count)
        return;
    *first = lf_edge_index_code(edge, r.lo, exponent);
    *count = (size_t)span;
}

static lf_range contribution(const lf_tensor *x, const lf_tensor *tables, size_t start, const int64_t *edge,
                             bool *overflow) {
    size_t first, count, entries = (size_t)1 << edge[LF_EDGE_BITS];
    reached(x, edge, &first, &count);
    lf_range r = {0, 0, 1};
    for (size_t i = 0; i < count; i++) {
        int64_t v = lf_tensor_code(tables, start + ((first + i) & (entries - 1)));
        if (i == 0 || !lf_range_holds(r, v))
            r = i == 0 ? (lf_range){v, v, 1} : lf_range_join(r, (lf_range){v, v, 1});
    }
    return lf_range_scale(r, (int64_t)1 << edge[LF_EDGE_SHIFT], overflow);
}

static lf_status set_ranges(lf_graph *g, const lf_node *n, lf_tensor *y) {
    const lf_tensor *x = lf_in(g, n, 0), *edges = lf_in(g, n, 1), *tables = lf_in(g, n, 2), *bias = lf_in(g, n, 3);
    int64_t O = bias->shape.dim[0], edge[LF_EDGE_COLUMNS];
    lf_range *r = LF_NEW_ARRAY(g->arena, lf_range, O + 1);
    bool overflow = false;
    for (int64_t o = 0; o < O; o++) {
        int64_t b = lf_tensor_code(bias, (size_t)o);
        r[o] = (lf_range){b, b, 1};
    }
    size_t start = 0;
    for (int64_t e = 0; e < edges->shape.dim[0]; e++) {
        read_edge(edges, e, edge);
        lf_range *sum = &r[edge[LF_EDGE_OUT]];
        *sum = lf_range_add(*sum, contribution(x, tables, start, edge, &overflow), &overflow);
        overflow |= sum->lo < -LF_CODE_MAX || sum->hi > LF_CODE_MAX;
        start += (size_t)1 << edge[LF_EDGE_BITS];
    }
    lf_where where = lf_where_node(g, n);
    if (overflow)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "a sum of edges leaves +-2^62");
    if (O > 0)
        lf_set_channel_ranges(y, r, O, y->shape.rank - 1);
    return LF_OK;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    LF_TRY(check(g, n));
    lf_tensor *y = lf_out(g, n, 0);
    y->shape = lf_in(g, n, 0)->shape;
    y->shape.dim[y->shape.rank - 1] = lf_in(g, n, 3)->shape.dim[0];
    LF_TRY(lf_need_size(g, n, y->shape));
    lf_set_codes(g, y, (lf_range){0, 0, 1});
    LF_TRY(set_ranges(g, n, y));
    y->dtype = lf_dtype_for(y->range, false);
    double scale = ldexp(1, -(int)((const table_edges_attr *)n->attr)->fraction);
    (void)lf_set_grid(g, y, &scale, 1, 0); /* a power of two is a scale */
    return LF_OK;
}

/* -- exec -------------------------------------------------------------------------------------------------------------- */

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)n;
    int64_t exponent = 0;
    size_t inputs = (size_t)lf_last_dim(in[0].tensor->shape), outputs = in[3].count;
    size_t edges = (size_t)in[1].tensor->shape.dim[0];
    const double *real = in[0].code && lf_grid_exponent(in[0].tensor, &exponent) ? NULL : lf_value_reals(run, &in[0]);
    for (size_t at = 0, to = 0; to < out->count; at += inputs, to += outputs) {
        const int64_t *edge = in[1].code, *table = in[2].code;
        for (size_t o = 0; o < outputs; o++)
            out->code[to + o] = in[3].code[o];
        for (size_t e = 0; e < edges; e++, edge += LF_EDGE_COLUMNS) {
            size_t i = at + (size_t)edge[LF_EDGE_IN];
            size_t index = real ? lf_edge_index_real(edge, real[i]) : lf_edge_index_code(edge, in[0].code[i], exponent);
            out->code[to + (size_t)edge[LF_EDGE_OUT]] += table[index] * ((int64_t)1 << edge[LF_EDGE_SHIFT]);
            table += (size_t)1 << edge[LF_EDGE_BITS];
        }
    }
    return LF_OK;
}

/* -- circuit ----------------------------------------------------------------------------------------------------------- */

/* What an edge reads, an unsigned word for a table: the rounded value modulo 2^bits, or, where that still fits one LUT, the input with one bit below the
 * rounding point, so that nothing needs to be added. */
typedef struct edge_index {
    lf_word word;
    bool half;       /* word has the bit below: its value i stands for (i + 1) / 2 */
    lf_range values; /* before it wrapped: which entries are read */
    int64_t plus;    /* what the table adds to it */
} edge_index;

static edge_index wrapped_word(lf_circuit *c, lf_word w, int bits, bool half) {
    return (edge_index){lf_circuit_wrap(c, w, bits, false), half, lf_word_range(c, w), 0};
}

/* v modulo 2^bits as a signed word, if it could be longer than that and a sign. */
static lf_word low_bits(lf_circuit *c, lf_word v, int bits) {
    return lf_word_bits(c, v) > bits + 1 ? lf_circuit_wrap(c, v, bits, true) : v;
}

static edge_index index_word(lf_circuit *c, lf_word v, const int64_t *edge, int64_t exponent) {
    int64_t shift = edge[LF_EDGE_FRACTION] - exponent;
    int bits = (int)edge[LF_EDGE_BITS];
    if (shift >= bits) /* a multiple of 2^bits */
        return wrapped_word(c, lf_circuit_const(c, 0), bits, false);
    if (shift == 0) {
        int64_t plus;
        edge_index index = wrapped_word(c, low_bits(c, lf_face_peeled(c, v, &plus), bits), bits, false);
        index.plus = plus;
        return index;
    }
    if (shift > 0)
        return wrapped_word(c, lf_circuit_shift(c, low_bits(c, v, bits - (int)shift), (int)shift), bits, false);
    v = low_bits(c, lf_circuit_shift(c, v, shift < -64 ? -63 : (int)shift + 1), bits + 1); /* one bit below the point */
    if (bits < LF_LUT_INPUTS)
        return wrapped_word(c, v, bits + 1, true);
    return wrapped_word(c, lf_circuit_shift(c, lf_face_plus(c, v, 1), -1), bits, false);
}

/* Room for the tables of an edge. */
typedef struct edge_room {
    int64_t *values; /* twice the entries of the largest */
    uint8_t *care;
} edge_room;

/* The entries that are read. */
static void mark_read(const edge_index *index, size_t count, uint8_t *care) {
    lf_range r = index->values;
    memset(care, 0, count / 8 + 1);
    for (int64_t v = r.lo; v <= r.hi; v += r.step) {
        size_t i = (size_t)v & (count - 1);
        care[i / 8] = (uint8_t)(care[i / 8] | 1u << (i % 8));
    }
}

static lf_word edge_word(lf_circuit *c, lf_word v, const int64_t *edge, const lf_tensor *tables, size_t start,
                         int64_t exponent, const edge_room *room) {
    lf_circuit_part part = c->part;
    if (lf_word_at(c, v)->op == LF_WORD_INPUT)
        c->part = LF_PART_ENCODER; /* the quantizers of the network's input */
    edge_index index = index_word(c, v, edge, exponent);
    c->part = part;
    size_t count = (size_t)1 << (edge[LF_EDGE_BITS] + index.half);
    for (size_t i = 0; i < count; i++)
        room->values[i] =
            lf_tensor_code(tables, start + wrapped(edge, (index.half ? (i + 1) / 2 : i) + (uint64_t)index.plus));
    bool all = lf_range_count(index.values) >= count;
    if (!all)
        mark_read(&index, count, room->care);
    lf_word w = lf_circuit_table(c, index.word, room->values, count, all ? NULL : room->care);
    return lf_circuit_shift(c, w, (int)edge[LF_EDGE_SHIFT]);
}

/* Terms of every output in the order of the edges, the bias first. */
typedef struct edge_terms {
    LF_VEC(lf_word) at;
} edge_terms;

static void vector_words(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *x, int64_t exponent,
                         lf_arena *a, lf_word *out) {
    const lf_tensor *edges = lf_in(g, n, 1), *tables = lf_in(g, n, 2), *bias = lf_in(g, n, 3);
    size_t outputs = (size_t)bias->shape.dim[0], start = 0;
    edge_terms *terms = LF_NEW_ARRAY(a, edge_terms, outputs);
    int64_t edge[LF_EDGE_COLUMNS];
    size_t most = 2 * (size_t)tables->shape.dim[0];
    edge_room room = {LF_NEW_ARRAY(a, int64_t, most), LF_NEW_ARRAY(a, uint8_t, most / 8 + 1)};
    for (size_t o = 0; o < outputs; o++)
        LF_PUSH(a, &terms[o].at, lf_circuit_const(c, lf_tensor_code(bias, o)));
    for (int64_t e = 0; e < edges->shape.dim[0]; e++) {
        read_edge(edges, e, edge);
        lf_word w = edge_word(c, x[edge[LF_EDGE_IN]], edge, tables, start, exponent, &room);
        LF_PUSH(a, &terms[edge[LF_EDGE_OUT]].at, w);
        start += (size_t)1 << edge[LF_EDGE_BITS];
    }
    for (size_t o = 0; o < outputs; o++)
        out[o] = lf_circuit_sum(c, terms[o].at.at, terms[o].at.count);
}

static lf_status circuit(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, lf_word **out) {
    const lf_tensor *x = lf_in(g, n, 0);
    size_t inputs = (size_t)lf_last_dim(x->shape), outputs = (size_t)lf_in(g, n, 3)->shape.dim[0];
    int64_t exponent;
    lf_where where = lf_where_node(g, n);
    if (!lf_grid_exponent(x, &exponent))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "a circuit takes codes; %s is not on a grid of a power of two",
                       x->name);
    size_t vectors = inputs ? (size_t)lf_shape_count(x->shape) / inputs : 0;
    lf_arena *a = lf_arena_new();
    for (size_t v = 0; a && v < vectors; v++) {
        lf_arena_reset(a);
        vector_words(g, n, c, in[0] + v * inputs, exponent, a, out[0] + v * outputs);
    }
    lf_arena_free(a);
    return a ? LF_OK : lf_fail(g->ctx, LF_BAD_INPUT, NULL, "%s: no memory", n->name);
}

const lf_op lf_op_table_edges = {
    .name = "table_edges",
    .help = "sums of tables, one per edge between an input and an output",
    .level = LF_NN,
    .in_min = 4,
    .in_max = 4,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(table_edges_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .circuit = circuit,
};
