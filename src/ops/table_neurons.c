/* Neurons as truth tables: y[.., n] = tables[n][address], address = sum over j of (x[.., inputs[n][j]] - lo) << (j * bits): the first
 * connected input lowest.
 *   in 0   x       [..., W]              codes lo .. lo + 2^bits - 1, of any one scale
 *   in 1   inputs  [N, F]                constant, 0 .. W - 1
 *   in 2   tables  [N, 2^(F * bits)]     constant codes of one scale; F * bits <= 20
 *   in 3   care    [N, 2^(F * bits) / 8] optional constant, 0..255: bitmap of the addresses that matter (bit a % 8 of byte a / 8). For
 *                                        minimization only: exec takes every entry as it stands
 *   out 0  y       [..., N]              codes with the scale of the tables
 * Source: Umuroglu et al., LogicNets, 2020 (neurons); Bacellar et al., Differentiable Weightless Neural Networks, 2024 (bits = 1, F = 6). */
#include <inttypes.h>
#include <string.h>

#include "ops/circuit_face.h"
#include "ops/branch.h"
#include "ops/elementwise.h"

enum { ADDRESS_BITS_MAX = 20 };

typedef struct table_neurons_attr {
    int64_t bits, lo;
} table_neurons_attr;

static const lf_attr_desc attrs[] = {
    {"bits", LF_ATTR_INT, offsetof(table_neurons_attr, bits), "1", NULL, 1, ADDRESS_BITS_MAX, "of one input"},
    {"lo", LF_ATTR_INT, offsetof(table_neurons_attr, lo), "0", NULL, -0x1p40, 0x1p40,
     "code that counts as 0 in an address"},
    {0},
};

/* -- infer ------------------------------------------------------------------------------------------------------------- */

static lf_status check_input(const lf_graph *g, const lf_node *n) {
    const table_neurons_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0);
    lf_where where = lf_where_node(g, n);
    if (!lf_plain_grid(x) || x->grid.scale_count != 1 || x->shape.rank < 1)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "tables take codes of one scale; %s is not", x->name);
    if (x->range.lo >= a->lo && x->range.hi - ((int64_t)1 << a->bits) < a->lo)
        return LF_OK;
    return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                   "the input's codes %" PRId64 "..%" PRId64 " are not among the %" PRId64 " that %" PRId64
                   " bits from %" PRId64 " on address",
                   x->range.lo, x->range.hi, (int64_t)1 << a->bits, a->bits, a->lo);
}

static lf_status check_connections(const lf_graph *g, const lf_node *n) {
    LF_TRY(lf_need_const(g, n, 1, "connections"));
    const lf_tensor *x = lf_in(g, n, 0), *inputs = lf_in(g, n, 1);
    int64_t bits = ((const table_neurons_attr *)n->attr)->bits;
    lf_where where = lf_where_node(g, n);
    if (!lf_is_codes(inputs) || inputs->shape.rank != 2 || inputs->shape.dim[1] * bits > ADDRESS_BITS_MAX)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "connections must be constant integers [N, F] with F of %" PRId64
                       " bits at most %d bits, not %s",
                       bits, ADDRESS_BITS_MAX, lf_shape_text(g->arena, inputs->shape));
    if (inputs->range.lo >= 0 && inputs->range.hi < lf_last_dim(x->shape))
        return LF_OK;
    for (size_t i = 0; i < inputs->value->count; i++) { /* the range may be that of the type */
        int64_t from = lf_tensor_code(inputs, i);
        if (from < 0 || from >= lf_last_dim(x->shape))
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "connection %zu reads element %" PRId64 "; %s has %" PRId64, i,
                           from, x->name, lf_last_dim(x->shape));
    }
    return LF_OK;
}

static int64_t entries_of(const lf_graph *g, const lf_node *n) {
    return (int64_t)1 << (lf_in(g, n, 1)->shape.dim[1] * ((const table_neurons_attr *)n->attr)->bits);
}

static lf_status check_tables(const lf_graph *g, const lf_node *n) {
    LF_TRY(lf_need_const(g, n, 2, "tables"));
    const lf_tensor *tables = lf_in(g, n, 2), *care = lf_in(g, n, 3);
    int64_t N = lf_in(g, n, 1)->shape.dim[0], entries = entries_of(g, n);
    lf_where where = lf_where_node(g, n);
    if (!lf_plain_grid(tables) || tables->grid.scale_count != 1 || tables->shape.rank != 2 ||
        tables->shape.dim[0] != N || tables->shape.dim[1] != entries)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "tables must be constant codes of one scale and shape [%" PRId64 ", %" PRId64 "], not %s", N,
                       entries, lf_shape_text(g->arena, tables->shape));
    if (!care)
        return LF_OK;
    LF_TRY(lf_need_const(g, n, 3, "care"));
    if (lf_is_codes(care) && care->shape.rank == 2 && care->shape.dim[0] == N &&
        care->shape.dim[1] == (entries + 7) / 8 &&
        (!care->value->count || (care->range.lo >= 0 && care->range.hi < 256)))
        return LF_OK;
    return lf_fail(g->ctx, LF_BAD_INPUT, &where, "care must be bytes of shape [%" PRId64 ", %" PRId64 "], not %s", N,
                   (entries + 7) / 8, lf_shape_text(g->arena, care->shape));
}

/* Of every neuron. */
static lf_range *row_ranges(lf_graph *g, const lf_tensor *tables) {
    size_t rows = (size_t)tables->shape.dim[0], entries = (size_t)tables->shape.dim[1];
    lf_range *r = LF_NEW_ARRAY(g->arena, lf_range, rows + 1);
    for (size_t i = 0; i < rows; i++)
        r[i] = lf_tensor_codes_range(tables, i * entries, entries);
    return r;
}

static lf_status infer(lf_graph *g, lf_node *n) {
    LF_TRY(check_input(g, n));
    LF_TRY(check_connections(g, n));
    LF_TRY(check_tables(g, n));
    const lf_tensor *tables = lf_in(g, n, 2);
    lf_tensor *y = lf_out(g, n, 0);
    int64_t N = tables->shape.dim[0];
    y->shape = lf_in(g, n, 0)->shape;
    y->shape.dim[y->shape.rank - 1] = N;
    LF_TRY(lf_need_size(g, n, y->shape));
    lf_set_codes(g, y, tables->range);
    y->grid = tables->grid;
    if (N > 0)
        lf_set_channel_ranges(y, row_ranges(g, tables), N, y->shape.rank - 1);
    y->dtype = lf_dtype_for(y->range, false);
    return LF_OK;
}

/* -- exec -------------------------------------------------------------------------------------------------------------- */

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    (void)run;
    const table_neurons_attr *a = n->attr;
    size_t width = (size_t)lf_last_dim(in[0].tensor->shape), N = (size_t)in[1].tensor->shape.dim[0];
    size_t fan_in = (size_t)in[1].tensor->shape.dim[1], entries = (size_t)1 << (fan_in * (size_t)a->bits);
    for (size_t i = 0; i < out->count; i++) {
        size_t neuron = i % N, address = 0;
        const int64_t *x = in[0].code + i / N * width, *from = in[1].code + neuron * fan_in;
        for (size_t j = 0; j < fan_in; j++)
            address |= (size_t)(x[from[j]] - a->lo) << (j * (size_t)a->bits);
        out->code[i] = in[2].code[neuron * entries + address];
    }
    return LF_OK;
}

/* -- circuit ----------------------------------------------------------------------------------------------------------- */

/* The table of one neuron, small enough for one LUT. */
static lf_word one_lut(lf_circuit *c, const lf_word *bits, int count, const int64_t *values) {
    uint64_t truth = 0;
    for (size_t a = 0; a < (size_t)1 << count; a++)
        truth |= (uint64_t)values[a] << a;
    return lf_circuit_lut(c, bits, count, truth);
}

static bool are_bits(const int64_t *values, size_t count) {
    lf_range r = lf_range_of(values, count);
    return r.lo >= 0 && r.hi <= 1;
}

typedef struct neuron_room {
    lf_word bits[ADDRESS_BITS_MAX];
    int64_t *values, plus[ADDRESS_BITS_MAX];
    int64_t *row; /* where the addresses are not in order */
    uint32_t *address;
    bool found, in_order;                /* address[], for .. */
    int64_t found_for[ADDRESS_BITS_MAX]; /* .. this plus[] */
    uint8_t *care;
} neuron_room;

/* What address the neuron sees, by the lowest bits of its inputs as they are but for what is to be added; built up input by input. */
static void find_addresses(const table_neurons_attr *a, size_t fan_in, neuron_room *r) {
    size_t codes = (size_t)1 << a->bits, known = 1;
    if (r->found && !memcmp(r->found_for, r->plus, fan_in * sizeof *r->plus))
        return;
    memcpy(r->found_for, r->plus, fan_in * sizeof *r->plus);
    r->found = r->in_order = true;
    for (size_t j = 0; j < fan_in; j++)
        r->in_order = r->in_order && ((size_t)(r->plus[j] - a->lo) & (codes - 1)) == 0;
    r->address[0] = 0;
    for (size_t j = 0; j < fan_in; j++, known *= codes)
        for (size_t k = codes; k-- > 0;) { /* the part for 0 holds what was known, until the end */
            size_t part = ((k + (size_t)(r->plus[j] - a->lo)) & (codes - 1)) * known;
            for (size_t e = 0; e < known; e++)
                r->address[k * known + e] = (uint32_t)(r->address[e] + part);
        }
}

static void read_care(const lf_tensor *care, size_t i, size_t entries, neuron_room *r) {
    memset(r->care, 0, entries / 8 + 1);
    for (size_t e = 0; e < entries; e++) {
        size_t at = r->address[e];
        if (lf_tensor_code(care, i * ((entries + 7) / 8) + at / 8) >> (at % 8) & 1)
            r->care[e / 8] = (uint8_t)(r->care[e / 8] | 1u << (e % 8));
    }
}

/* Neuron i of the vector x. */
static lf_word neuron(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *x, size_t i, neuron_room *r) {
    const table_neurons_attr *a = n->attr;
    const lf_tensor *inputs = lf_in(g, n, 1), *tables = lf_in(g, n, 2), *care = lf_in(g, n, 3);
    size_t fan_in = (size_t)inputs->shape.dim[1], entries = (size_t)tables->shape.dim[1];
    int count = 0;
    for (size_t j = 0; j < fan_in; j++) {
        lf_word w = lf_face_peeled(c, x[lf_tensor_code(inputs, i * fan_in + j)], &r->plus[j]);
        for (int b = 0; b < (int)a->bits; b++)
            r->bits[count++] = lf_circuit_bit(c, w, b);
    }
    find_addresses(a, fan_in, r);
    lf_tensor_codes(tables, i * entries, entries, r->in_order ? r->values : r->row);
    for (size_t e = 0; e < entries && !r->in_order; e++)
        r->values[e] = r->row[r->address[e]];
    if (care)
        read_care(care, i, entries, r);
    if (count == 0)
        return lf_circuit_const(c, r->values[0]);
    if (!care && count <= LF_LUT_INPUTS && are_bits(r->values, entries))
        return one_lut(c, r->bits, count, r->values);
    return lf_circuit_table(c, lf_circuit_join(c, r->bits, count, false), r->values, entries, care ? r->care : NULL);
}

static lf_status circuit(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, lf_word **out) {
    size_t width = (size_t)lf_last_dim(lf_in(g, n, 0)->shape), N = (size_t)lf_in(g, n, 1)->shape.dim[0];
    size_t entries = (size_t)entries_of(g, n), count = (size_t)lf_shape_count(lf_out(g, n, 0)->shape);
    lf_arena *a = lf_arena_new();
    if (!a)
        return lf_fail(g->ctx, LF_BAD_INPUT, NULL, "%s: no memory", n->name);
    neuron_room r = {.row = LF_NEW_ARRAY(a, int64_t, entries),
                     .values = LF_NEW_ARRAY(a, int64_t, entries),
                     .address = LF_NEW_ARRAY(a, uint32_t, entries),
                     .care = LF_NEW_ARRAY(a, uint8_t, entries / 8 + 1)};
    for (size_t i = 0; i < count; i++)
        out[0][i] = neuron(g, n, c, in[0] + i / N * width, i % N, &r);
    lf_arena_free(a);
    return LF_OK;
}

const lf_op lf_op_table_neurons = {
    .name = "table_neurons",
    .help = "neurons as truth tables of a few inputs each",
    .level = LF_NN,
    .in_min = 3,
    .in_max = 4,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(table_neurons_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .circuit = circuit,
};
