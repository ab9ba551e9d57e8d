/* Table networks: thermometers, edges that are tables, counts of ones. Plain loops over tables prepared in the form of the output. */
#include <math.h>
#include <string.h>

#include "exec/fast_plan.h"
#include "ir/attr_access.h"
#include "ops/table_edges.h"

/* The whole of t as one vector per row. */
static const lf_slot *input_slot(lf_plan *p, lf_id t, lf_form form) {
    const lf_slot *s = lf_plan_slot(p, t, form, lf_plan_count(p, t));
    p->possible = p->possible && s != NULL;
    return s;
}

/* -- thermometers ------------------------------------------------------------------------------------------------------ */

static bool can_thermometer(lf_plan *p, const lf_node *n) {
    const lf_tensor *x = lf_in(p->graph, n, 0), *T = lf_in(p->graph, n, 1);
    bool codes = lf_is_codes(x) && lf_is_codes(T);
    return lf_is_vector(x) && lf_is_vector(lf_out(p->graph, n, 0)) && (codes || !lf_on_grid(x));
}

static lf_form thermometer_wants(lf_plan *p, const lf_node *n, int operand, size_t *vec) {
    (void)p, (void)n, (void)operand, (void)vec;
    return LF_FORM_VALUE;
}

/* One bit that somebody reads. */
typedef struct heat {
    uint32_t from, to;
    union {
        int64_t code;
        double real;
    } threshold;
} heat;

typedef struct thermometer_step {
    heat *bits;
    size_t count;
} thermometer_step;

static lf_status step_thermometer_codes(const lf_step *s, lf_block *b) {
    const thermometer_step *t = s->with;
    for (size_t row = 0; row < b->rows; row++) {
        const int64_t *x = lf_slot_at(b, s->in, row);
        uint8_t *y = lf_slot_at(b, s->out, row);
        for (size_t i = 0; i < t->count; i++)
            y[t->bits[i].to] = x[t->bits[i].from] > t->bits[i].threshold.code;
    }
    return LF_OK;
}

static lf_status step_thermometer_reals(const lf_step *s, lf_block *b) {
    const thermometer_step *t = s->with;
    for (size_t row = 0; row < b->rows; row++) {
        const double *x = lf_slot_at(b, s->in, row);
        uint8_t *y = lf_slot_at(b, s->out, row);
        for (size_t i = 0; i < t->count; i++)
            y[t->bits[i].to] = x[t->bits[i].from] > t->bits[i].threshold.real;
    }
    return LF_OK;
}

/* Which bits are read: all, unless only neurons do. */
static bool *read_bits(lf_plan *p, const lf_node *n) {
    size_t count = lf_plan_count(p, n->out[0]);
    const lf_node *reader = lf_node_at(p->graph, p->only[n->out[0]]);
    bool some = reader && p->kernel[reader->id] == &lf_fast_table_neurons;
    bool *read = LF_NEW_ARRAY(p->building, bool, count);
    const lf_tensor *inputs = some ? lf_in(p->graph, reader, 1) : NULL;
    memset(read, !some, count);
    for (size_t i = 0; some && i < inputs->value->count; i++)
        read[lf_tensor_code(inputs, i)] = true;
    return read;
}

static void add_thermometer(lf_plan *p, const lf_node *n) {
    const lf_tensor *T = lf_in(p->graph, n, 1);
    bool codes = lf_on_grid(lf_in(p->graph, n, 0));
    const bool *read = read_bits(p, n);
    thermometer_step *t = LF_NEW(p->arena, thermometer_step);
    t->bits = LF_NEW_ARRAY(p->arena, heat, lf_plan_count(p, n->out[0]));
    for (size_t i = 0; i < lf_plan_count(p, n->out[0]); i++) {
        heat *h = &t->bits[t->count];
        h->from = (uint32_t)(i / (size_t)T->shape.dim[1]);
        h->to = (uint32_t)i;
        if (codes)
            h->threshold.code = lf_tensor_code(T, i);
        else
            h->threshold.real = lf_tensor_real(T, i);
        t->count += read[i];
    }
    const lf_slot *x = input_slot(p, n->in[0], LF_FORM_VALUE);
    const lf_slot *y = lf_plan_output(p, n->out[0], 1u << LF_FORM_U8, lf_plan_count(p, n->out[0]), LF_FORM_U8);
    lf_plan_add(p, codes ? step_thermometer_codes : step_thermometer_reals, n, x, y, t,
                lf_format(p->arena, "%zu comparisons", t->count));
}

const lf_fast_op lf_fast_thermometer = {"thermometer", can_thermometer, thermometer_wants, add_thermometer};

/* -- edges ------------------------------------------------------------------------------------------------------------- */

static bool can_edges(lf_plan *p, const lf_node *n) {
    const lf_tensor *x = lf_in(p->graph, n, 0);
    int64_t exponent;
    bool codes = lf_grid_exponent(x, &exponent) && lf_plan_holds(p, x->id, LF_FORM_S32);
    return lf_is_vector(x) && lf_is_vector(lf_out(p->graph, n, 0)) && (codes || !lf_on_grid(x)) &&
           lf_plan_holds(p, n->out[0], LF_FORM_S32);
}

static lf_form edges_want(lf_plan *p, const lf_node *n, int operand, size_t *vec) {
    (void)operand, (void)vec;
    return lf_on_grid(lf_in(p->graph, n, 0)) ? LF_FORM_S32 : LF_FORM_VALUE;
}

typedef struct edge_step {
    size_t edges, outputs;
    const int64_t *edge; /* [edges][LF_EDGE_COLUMNS] */
    double *factor;      /* [edges] 2^f */
    int32_t *bias, *table;
    int64_t exponent;
} edge_step;

/* Where the product is small: the same as lf_edge_index_real, without its remainder of reals. */
static inline size_t index_of_real(const int64_t *edge, double factor, double v) {
    double t = v * factor;
    if (!(fabs(t) < 0x1p50))
        return lf_edge_index_real(edge, v);
    double whole = floor(t);
    int64_t entries = (int64_t)1 << edge[LF_EDGE_BITS], r = (int64_t)whole + (t - whole >= 0.5);
    return (size_t)((r + (edge[LF_EDGE_SIGNED] ? entries / 2 : 0)) & (entries - 1));
}

static lf_status step_edges(const lf_step *s, lf_block *b) {
    const edge_step *t = s->with;
    bool codes = s->in->form == LF_FORM_S32;
    for (size_t row = 0; row < b->rows; row++) {
        const void *x = lf_slot_at(b, s->in, row);
        int32_t *y = lf_slot_at(b, s->out, row);
        const int64_t *edge = t->edge;
        const int32_t *table = t->table;
        memcpy(y, t->bias, t->outputs * sizeof *y);
        for (size_t e = 0; e < t->edges; e++, edge += LF_EDGE_COLUMNS) {
            size_t in = (size_t)edge[LF_EDGE_IN];
            size_t index = codes ? lf_edge_index_code(edge, ((const int32_t *)x)[in], t->exponent)
                                 : index_of_real(edge, t->factor[e], ((const double *)x)[in]);
            y[edge[LF_EDGE_OUT]] =
                (int32_t)((uint32_t)y[edge[LF_EDGE_OUT]] + (uint32_t)table[index]); /* may pass the ends on the way */
            table += (size_t)1 << edge[LF_EDGE_BITS];
        }
    }
    return LF_OK;
}

static int32_t low_bits(int64_t v) {
    return (int32_t)(uint32_t)(uint64_t)v;
}

static void prepare_tables(lf_plan *p, const lf_node *n, edge_step *t) {
    const lf_tensor *edges = lf_in(p->graph, n, 1), *tables = lf_in(p->graph, n, 2), *bias = lf_in(p->graph, n, 3);
    int64_t *edge = LF_NEW_ARRAY(p->arena, int64_t, t->edges * LF_EDGE_COLUMNS + 1);
    t->edge = edge;
    t->factor = LF_NEW_ARRAY(p->arena, double, t->edges + 1);
    t->table = LF_NEW_ARRAY(p->arena, int32_t, tables->value->count + 1);
    t->bias = LF_NEW_ARRAY(p->arena, int32_t, t->outputs);
    for (size_t o = 0; o < t->outputs; o++)
        t->bias[o] = low_bits(lf_tensor_code(bias, o));
    size_t start = 0;
    for (size_t e = 0; e < t->edges; e++) {
        int64_t *one = edge + e * LF_EDGE_COLUMNS;
        for (size_t k = 0; k < LF_EDGE_COLUMNS; k++)
            one[k] = lf_tensor_code(edges, e * LF_EDGE_COLUMNS + k);
        t->factor[e] = ldexp(1, (int)one[LF_EDGE_FRACTION]);
        for (size_t i = 0; i < (size_t)1 << one[LF_EDGE_BITS]; i++, start++)
            t->table[start] = low_bits((int64_t)((uint64_t)lf_tensor_code(tables, start) << one[LF_EDGE_SHIFT]));
    }
}

static void add_edges(lf_plan *p, const lf_node *n) {
    edge_step *t = LF_NEW(p->arena, edge_step);
    size_t vec;
    lf_form form = edges_want(p, n, 0, &vec);
    t->edges = (size_t)lf_in(p->graph, n, 1)->shape.dim[0];
    t->outputs = lf_plan_count(p, n->out[0]);
    (void)lf_grid_exponent(lf_in(p->graph, n, 0), &t->exponent);
    prepare_tables(p, n, t);
    const lf_slot *x = input_slot(p, n->in[0], form);
    const lf_slot *y = lf_plan_output(p, n->out[0], 1u << LF_FORM_S32, t->outputs, LF_FORM_S32);
    lf_plan_add(p, step_edges, n, x, y, t, lf_format(p->arena, "%zu edges", t->edges));
}

const lf_fast_op lf_fast_table_edges = {"table_edges", can_edges, edges_want, add_edges};

/* -- counts of ones ---------------------------------------------------------------------------------------------------- */

/* Sums of small codes over the last axis. */
static bool can_reduce(lf_plan *p, const lf_node *n) {
    const lf_tensor *x = lf_in(p->graph, n, 0), *y = lf_out(p->graph, n, 0);
    lf_ints axes = lf_attr_ints(n, "axes");
    int64_t last = x->shape.rank - 1;
    bool sum = strcmp(lf_attr_enum_name(n, "function"), "sum") == 0 && axes.count == 1 &&
               (axes.at[0] == -1 || axes.at[0] == last);
    return sum && !x->value && lf_shape_count(x->shape) > 0 && lf_on_grid(y) && lf_plan_holds(p, x->id, LF_FORM_U8) &&
           lf_plan_holds(p, y->id, LF_FORM_S32);
}

static lf_form reduce_wants(lf_plan *p, const lf_node *n, int operand, size_t *vec) {
    (void)p, (void)n, (void)operand, (void)vec;
    return LF_FORM_U8;
}

typedef struct reduce_step {
    size_t sums, terms;
    int32_t shift; /* of all terms */
} reduce_step;

static lf_status step_reduce(const lf_step *s, lf_block *b) {
    const reduce_step *t = s->with;
    for (size_t row = 0; row < b->rows; row++) {
        const uint8_t *x = lf_slot_at(b, s->in, row);
        int32_t *y = lf_slot_at(b, s->out, row);
        for (size_t i = 0; i < t->sums; i++, x += t->terms) {
            int32_t sum = t->shift;
            for (size_t k = 0; k < t->terms; k++)
                sum += x[k];
            y[i] = sum;
        }
    }
    return LF_OK;
}

static void add_reduce(lf_plan *p, const lf_node *n) {
    reduce_step *t = LF_NEW(p->arena, reduce_step);
    t->sums = lf_plan_count(p, n->out[0]);
    t->terms = lf_plan_count(p, n->in[0]) / t->sums;
    t->shift = (int32_t)(lf_form_shift(lf_plan_range(p, n->in[0]), LF_FORM_U8) * (int64_t)t->terms);
    const lf_slot *x = input_slot(p, n->in[0], LF_FORM_U8);
    const lf_slot *y = lf_plan_output(p, n->out[0], 1u << LF_FORM_S32, t->sums, LF_FORM_S32);
    lf_plan_add(p, step_reduce, n, x, y, t, lf_format(p->arena, "%zu sums of %zu", t->sums, t->terms));
}

const lf_fast_op lf_fast_reduce = {"reduce", can_reduce, reduce_wants, add_reduce};
