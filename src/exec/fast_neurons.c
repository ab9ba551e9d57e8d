/* Layers of neurons that are tables of codes, one behind the other in one step: 512 rows at a time with a byte per value (kern/byte_net.h), or row by row
 * where there are few rows or one table is too long. */
#include <string.h>

#include "exec/fast_plan.h"
#include "ir/attr_access.h"
#include "kern/byte_net.h"

enum { FEW_ROWS = 48, ENTRIES_MOST = 1 << 22 /* of all tables: what is looked through in seconds at most */ };

/* Codes of the input count from `lo` in a byte. */
static bool can_neurons(lf_plan *p, const lf_node *n) {
    const lf_tensor *x = lf_in(p->graph, n, 0);
    return lf_is_vector(x) && lf_is_vector(lf_out(p->graph, n, 0)) && lf_plan_holds(p, x->id, LF_FORM_U8) &&
           lf_plan_holds(p, n->out[0], LF_FORM_U8) && x->range.lo >= lf_attr_int(n, "lo") &&
           x->range.hi - lf_attr_int(n, "lo") <= UINT8_MAX;
}

static lf_form neurons_want(lf_plan *p, const lf_node *n, int operand, size_t *vec) {
    (void)p, (void)n, (void)operand, (void)vec;
    return LF_FORM_U8;
}

const lf_node *lf_neurons_behind(const lf_plan *p, const lf_node *n) {
    const lf_node *next = p->kernel[n->id] == &lf_fast_table_neurons ? lf_node_at(p->graph, p->only[n->out[0]]) : NULL;
    return next && p->kernel[next->id] == &lf_fast_table_neurons && next->in[0] == n->out[0] ? next : NULL;
}

/* -- the step ------------------------------------------------------------------------------------------------------------- */

typedef struct layer {
    size_t neurons, fan_in, entries;
    int bits;
    uint32_t *from;
    uint8_t *table;
} layer;

typedef struct neuron_step {
    layer *layers;
    size_t count, inputs, outputs, widest;
    uint8_t base, mask; /* bytes of the input are so much above their places in an address, modulo 256 */
    lf_byte_net *net;   /* NULL: row by row */
} neuron_step;

static void look_up(const layer *l, const uint8_t *x, uint8_t *y) {
    const uint32_t *from = l->from;
    for (size_t i = 0; i < l->neurons; i++, from += l->fan_in) {
        size_t address = 0;
        for (size_t j = 0; j < l->fan_in; j++)
            address |= (size_t)x[from[j]] << ((int)j * l->bits);
        y[i] = l->table[i * l->entries + address];
    }
}

static uint8_t *aligned(uint8_t *at) {
    return at + (64 - (uintptr_t)at % 64) % 64;
}

static void run_rows(const lf_step *s, lf_block *b) {
    const neuron_step *t = s->with;
    for (size_t row = 0; row < b->rows; row++) {
        const uint8_t *x = lf_slot_at(b, s->in, row);
        uint8_t *now = b->scratch, *next = now + t->widest;
        for (size_t i = 0; i < t->inputs; i++)
            now[i] = (uint8_t)(x[i] - t->base) & t->mask;
        for (size_t k = 0; k < t->count; k++) {
            look_up(&t->layers[k], now, next);
            uint8_t *was = now;
            now = next;
            next = was;
        }
        memcpy(lf_slot_at(b, s->out, row), now, t->outputs);
    }
}

/* Rows first .. first + rows - 1 of the block; lanes without a row hold zeros. */
static void run_lanes(const lf_step *s, lf_block *b, size_t first, size_t rows) {
    const neuron_step *t = s->with;
    uint8_t *in = aligned(b->scratch), *out = in + t->inputs * LF_BYTE_SAMPLES,
            *scratch = out + t->outputs * LF_BYTE_SAMPLES;
    if (rows < LF_BYTE_SAMPLES)
        memset(in, 0, t->inputs * LF_BYTE_SAMPLES);
    for (size_t row = 0; row < rows; row++) {
        const uint8_t *x = lf_slot_at(b, s->in, first + row);
        for (size_t i = 0; i < t->inputs; i++)
            in[i * LF_BYTE_SAMPLES + row] = (uint8_t)(x[i] - t->base) & t->mask;
    }
    lf_byte_net_run(t->net, in, out, scratch, 1);
    for (size_t row = 0; row < rows; row++) {
        uint8_t *y = lf_slot_at(b, s->out, first + row);
        for (size_t i = 0; i < t->outputs; i++)
            y[i] = out[i * LF_BYTE_SAMPLES + row];
    }
}

static lf_status step_neurons(const lf_step *s, lf_block *b) {
    const neuron_step *t = s->with;
    if (t->net == NULL || b->rows < FEW_ROWS)
        run_rows(s, b);
    else
        for (size_t first = 0; first < b->rows; first += LF_BYTE_SAMPLES)
            run_lanes(s, b, first, b->rows - first < LF_BYTE_SAMPLES ? b->rows - first : LF_BYTE_SAMPLES);
    return LF_OK;
}

/* -- building -------------------------------------------------------------------------------------------------------------- */

/* Bytes of the output are codes minus `shift`. */
static layer layer_of(lf_plan *p, const lf_node *n, int64_t shift) {
    const lf_tensor *inputs = lf_in(p->graph, n, 1), *tables = lf_in(p->graph, n, 2);
    layer l = {(size_t)inputs->shape.dim[0],
               (size_t)inputs->shape.dim[1],
               (size_t)tables->shape.dim[1],
               (int)lf_attr_int(n, "bits"),
               LF_NEW_ARRAY(p->arena, uint32_t, inputs->value->count + 1),
               LF_NEW_ARRAY(p->arena, uint8_t, tables->value->count + 1)};
    for (size_t i = 0; i < inputs->value->count; i++)
        l.from[i] = (uint32_t)lf_tensor_code(inputs, i);
    for (size_t i = 0; i < tables->value->count; i++)
        l.table[i] = (uint8_t)(lf_tensor_code(tables, i) - shift);
    return l;
}

static bool fits_bytes(const neuron_step *t) {
    size_t entries = 0;
    for (size_t k = 0; k < t->count; k++) {
        const layer *l = &t->layers[k];
        entries += l->neurons * l->entries;
        if (l->fan_in < 1 || l->fan_in > LF_BYTE_FAN_IN || (int)l->fan_in * l->bits > LF_BYTE_INDEX_BITS || l->bits > 8)
            return false;
    }
    return entries <= ENTRIES_MOST;
}

static void make_net(lf_plan *p, neuron_step *t) {
    t->net = fits_bytes(t) ? lf_byte_net_new(p->arena, t->inputs, p->isa) : NULL;
    for (size_t k = 0; t->net && k < t->count; k++) {
        const layer *l = &t->layers[k];
        lf_byte_net_add(t->net, &(lf_byte_layer){l->neurons, (int)l->fan_in, l->bits, l->from, l->table});
    }
    lf_plan_need_scratch(p, 2 * t->widest);
    if (!t->net)
        return;
    lf_plan_need_scratch(p, 64 + (t->inputs + t->outputs) * LF_BYTE_SAMPLES + lf_byte_net_scratch(t->net));
    p->lanes = LF_BYTE_SAMPLES;
}

static void add_neurons(lf_plan *p, const lf_node *first) {
    neuron_step *t = LF_NEW(p->arena, neuron_step);
    const lf_node *last = first;
    size_t count = 1, neurons = 0;
    for (const lf_node *n = first; (n = lf_neurons_behind(p, n)) != NULL; last = n)
        count++;
    *t = (neuron_step){.layers = LF_NEW_ARRAY(p->arena, layer, count), .inputs = lf_plan_count(p, first->in[0])};
    t->base = (uint8_t)(lf_attr_int(first, "lo") - lf_form_shift(lf_plan_range(p, first->in[0]), LF_FORM_U8));
    t->mask = (uint8_t)((1u << lf_attr_int(first, "bits")) - 1);
    t->outputs = lf_plan_count(p, last->out[0]);
    t->widest = t->inputs;
    for (const lf_node *n = first, *next; n != NULL; n = next) {
        next = lf_neurons_behind(p, n);
        int64_t shift = next ? lf_attr_int(next, "lo") : lf_form_shift(lf_plan_range(p, n->out[0]), LF_FORM_U8);
        layer *l = &t->layers[t->count++];
        *l = layer_of(p, n, shift);
        t->widest = l->neurons > t->widest ? l->neurons : t->widest;
        neurons += l->neurons;
    }
    make_net(p, t);
    const lf_slot *x = lf_plan_slot(p, first->in[0], LF_FORM_U8, t->inputs);
    const lf_slot *y = lf_plan_output(p, last->out[0], 1u << LF_FORM_U8, t->outputs, LF_FORM_U8);
    p->possible = p->possible && x != NULL;
    lf_byte_counts c = t->net ? lf_byte_net_counts(t->net) : (lf_byte_counts){0};
    const char *how = t->net ? lf_format(p->arena, "byte_tables_%s: %zu by permutes, %zu sums, %zu long tables",
                                         lf_isa_name(p->isa), c.tables, c.sums, c.pieces)
                             : "row by row";
    lf_plan_add(p, step_neurons, first, x, y, t,
                lf_format(p->arena, "%zu tables in %zu layers, %s", neurons, t->count, how));
}

const lf_fast_op lf_fast_table_neurons = {"table_neurons", can_neurons, neurons_want, add_neurons};
