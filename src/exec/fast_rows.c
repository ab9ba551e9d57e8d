/* Rows of inputs into a block, rows of outputs out of it, and nodes that have no kernel. */
#include "exec/fast_plan.h"

#include <string.h>

/* -- inputs -------------------------------------------------------------------------------------------------------------------- */

typedef struct input_step {
    const lf_port *port;
    const lf_tensor *tensor;
} input_step;

static const lf_row_in *rows_for(const lf_block *b, lf_id tensor) {
    for (size_t i = 0; i < b->io->in_count; i++)
        if (b->io->in[i].tensor == tensor)
            return &b->io->in[i];
    return NULL;
}

static lf_value value_at(const lf_block *b, const lf_slot *s, const lf_tensor *t, size_t row) {
    void *at = lf_slot_at(b, s, row, lf_plan_block_rows(b->plan));
    lf_value v = {.tensor = t, .count = s->vec * s->vecs};
    if (lf_on_grid(t))
        v.code = at;
    else
        v.real = at;
    return v;
}

static lf_status step_input(const lf_step *s, lf_block *b) {
    const input_step *input = s->with;
    const lf_row_in *in = rows_for(b, input->tensor->id);
    for (size_t row = 0; row < b->rows; row++) {
        lf_value v = value_at(b, s->out, input->tensor, row);
        LF_TRY(lf_row_read(b->ctx, input->port, in, b->first + row, &v));
    }
    return LF_OK;
}

void lf_input_add(lf_plan *p, int port) {
    const lf_port *at = &p->graph->inputs.at[port];
    input_step *s = LF_NEW(p->arena, input_step);
    *s = (input_step){at, lf_plan_tensor(p, at->tensor)};
    size_t count = (size_t)lf_shape_count(s->tensor->shape);
    lf_plan_add(p, step_input, NULL, NULL, lf_plan_output(p, at->tensor, 0, count, LF_FORM_VALUE), s, "rows as values");
}

/* -- nodes by their definition ------------------------------------------------------------------------------------------------ */

typedef struct node_step {
    const lf_slot **in, **out; /* by operand; NULL: constant or absent */
    lf_value *constant;
} node_step;

static lf_status step_node(const lf_step *s, lf_block *b) {
    const node_step *with = s->with;
    const lf_node *n = s->node;
    const lf_graph *g = b->plan->graph;
    lf_value in[LF_NODE_OPERANDS], out[LF_NODE_OPERANDS];
    for (size_t row = 0; row < b->rows; row++) {
        for (int k = 0; k < n->in_count; k++)
            in[k] = with->in[k] ? value_at(b, with->in[k], lf_in(g, n, k), row) : with->constant[k];
        for (int k = 0; k < n->out_count; k++)
            out[k] = n->out[k] ? value_at(b, with->out[k], lf_out(g, n, k), row) : (lf_value){0};
        LF_TRY(lf_run_node(&b->run, n, in, out));
    }
    return LF_OK;
}

static size_t count_of(const lf_tensor *t) {
    return (size_t)lf_shape_count(t->shape);
}

void lf_node_add(lf_plan *p, const lf_node *n) {
    node_step *s = LF_NEW(p->arena, node_step);
    s->in = (const lf_slot **)lf_alloc_array(p->arena, (size_t)n->in_count + 1, sizeof *s->in);
    s->out = (const lf_slot **)lf_alloc_array(p->arena, (size_t)n->out_count + 1, sizeof *s->out);
    s->constant = LF_NEW_ARRAY(p->arena, lf_value, n->in_count + 1);
    for (int k = 0; k < n->in_count; k++) {
        const lf_tensor *t = lf_in(p->graph, n, k);
        if (t != NULL && t->value != NULL)
            s->constant[k] = lf_value_const(p->arena, t);
        else if (t != NULL)
            s->in[k] = lf_plan_slot(p, t->id, LF_FORM_VALUE, count_of(t));
        if (t != NULL && t->value == NULL && s->in[k] == NULL)
            p->possible = false;
    }
    for (int k = 0; k < n->out_count; k++)
        if (n->out[k])
            s->out[k] = lf_plan_output(p, n->out[k], 0, count_of(lf_out(p->graph, n, k)), LF_FORM_VALUE);
    if (n->in_count > LF_NODE_OPERANDS || n->out_count > LF_NODE_OPERANDS)
        p->possible = false;
    lf_plan_add(p, step_node, n, NULL, NULL, s, lf_format(p->arena, "%s by its definition", n->op->name));
}

/* -- outputs ---------------------------------------------------------------------------------------------------------------------- */

/* The reference's rounding: one product (or quotient) in double, then once to float32. */
static double real_of(const lf_tensor *t, size_t element, int64_t code) {
    if (t->grid.divisor != 0)
        return (double)code / t->grid.divisor;
    size_t c = t->grid.scale_count == 1 ? 0 : lf_channel_of(t->shape, t->grid.axis, element);
    return (double)code * t->grid.scale[c];
}

static void write_row(const lf_tensor *t, const lf_row_out *out, size_t row, const int64_t *code, const double *real, size_t count) {
    size_t at = row * count;
    for (size_t e = 0; e < count; e++) {
        double v = real != NULL ? real[e] : out->real || out->single ? real_of(t, e, code[e]) : 0;
        if (out->real)
            out->real[at + e] = v;
        if (out->single)
            out->single[at + e] = (float)v;
        if (out->code)
            out->code[at + e] = code[e];
    }
}

static const lf_slot *output_slot(const lf_plan *p, lf_id tensor) {
    const lf_slot *s = p->slots[p->root[tensor]];
    while (s->form != LF_FORM_VALUE)
        s = s->next;
    return s;
}

void lf_block_write(lf_block *b) {
    for (size_t i = 0; i < b->io->out_count; i++) {
        const lf_row_out *out = &b->io->out[i];
        const lf_tensor *t = lf_plan_tensor(b->plan, out->tensor);
        const lf_slot *s = output_slot(b->plan, out->tensor);
        for (size_t row = 0; row < b->rows; row++) {
            lf_value v = value_at(b, s, t, row);
            write_row(t, out, b->first + row, v.code, v.real, v.count);
        }
    }
}
