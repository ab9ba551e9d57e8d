/* Nodes that have no kernel, and rows of outputs. */
#include "exec/fast_plan.h"

#include <string.h>

static lf_value value_at(const lf_block *b, const lf_slot *s, const lf_tensor *t, size_t row) {
    void *at = lf_slot_at(b, s, row);
    lf_value v = {.tensor = t, .count = s->vec * s->vecs};
    if (lf_on_grid(t))
        v.code = at;
    else
        v.real = at;
    return v;
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
            s->in[k] = lf_plan_slot(p, t->id, LF_FORM_VALUE, lf_plan_count(p, t->id));
        if (t != NULL && t->value == NULL && s->in[k] == NULL)
            p->possible = false;
    }
    for (int k = 0; k < n->out_count; k++)
        if (n->out[k])
            s->out[k] = lf_plan_output(p, n->out[k], 0, lf_plan_count(p, n->out[k]), LF_FORM_VALUE);
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

/* One scale for all: no look at each element. */
static void write_scaled(double scale, const lf_row_out *out, size_t at, const int32_t *code, size_t count) {
    for (size_t e = 0; out->real && e < count; e++)
        out->real[at + e] = code[e] * scale;
    for (size_t e = 0; out->single && e < count; e++)
        out->single[at + e] = (float)(code[e] * scale);
    for (size_t e = 0; out->code && e < count; e++)
        out->code[at + e] = code[e];
}

static void write_codes(const lf_tensor *t, const lf_row_out *out, size_t at, const int32_t *code32,
                        const int64_t *code64, size_t count) {
    for (size_t e = 0; e < count; e++) {
        int64_t code = code32 ? code32[e] : code64[e];
        double v = out->real || out->single ? real_of(t, e, code) : 0;
        if (out->real)
            out->real[at + e] = v;
        if (out->single)
            out->single[at + e] = (float)v;
        if (out->code)
            out->code[at + e] = code;
    }
}

static void write_reals(const lf_row_out *out, size_t at, const double *real, size_t count) {
    for (size_t e = 0; e < count; e++) {
        if (out->real)
            out->real[at + e] = real[e];
        if (out->single)
            out->single[at + e] = (float)real[e];
    }
}

static const lf_slot *output_slot(const lf_plan *p, const lf_tensor *t) {
    const lf_slot *s = p->slots[p->root[t->id]];
    while (s != NULL && (s->form != lf_output_form(t) || s->vecs != 1))
        s = s->next;
    return s;
}

bool lf_plan_gives(const lf_plan *p, lf_id t) {
    return output_slot(p, lf_plan_tensor(p, t)) != NULL;
}

void lf_block_write(lf_block *b) {
    for (size_t i = 0; i < b->io->out_count; i++) {
        const lf_row_out *out = &b->io->out[i];
        const lf_tensor *t = lf_plan_tensor(b->plan, out->tensor);
        const lf_slot *s = output_slot(b->plan, t);
        for (size_t row = 0; row < b->rows; row++) {
            const void *from = lf_slot_at(b, s, row);
            size_t at = (b->first + row) * s->vec;
            if (!lf_on_grid(t))
                write_reals(out, at, from, s->vec);
            else if (s->form == LF_FORM_S32 && t->grid.divisor == 0 && t->grid.scale_count == 1)
                write_scaled(t->grid.scale[0], out, at, from, s->vec);
            else
                write_codes(t, out, at, s->form == LF_FORM_S32 ? from : NULL, from, s->vec);
        }
    }
}
