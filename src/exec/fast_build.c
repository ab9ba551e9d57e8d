/* From a graph to steps: which tensors are needed, in which forms, made by what. */
#include "exec/fast_plan.h"

#include <string.h>

/* -- roots: the same elements in the same order ------------------------------------------------------------------------------ */

static bool is_alias(const lf_plan *p, const lf_node *n) {
    const lf_tensor *x = lf_in(p->graph, n, 0), *y = n->out_count == 1 ? lf_out(p->graph, n, 0) : NULL;
    if (x == NULL || y == NULL || x->value != NULL || lf_on_grid(x) != lf_on_grid(y) ||
        lf_shape_count(x->shape) != lf_shape_count(y->shape))
        return false;
    bool same_codes = strcmp(n->op->name, "quantize") == 0 || strcmp(n->op->name, "dequantize") == 0;
    return same_codes || (n->op->positions != NULL && lf_keeps_positions(p->graph, n));
}

static void find_roots(lf_plan *p) {
    const lf_graph *g = p->graph;
    for (size_t i = 0; i <= g->tensors.count; i++)
        p->root[i] = (lf_id)i;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (n != NULL && is_alias(p, n))
            p->root[n->out[0]] = p->root[n->in[0]];
    }
}

static bool aliased(const lf_plan *p, const lf_node *n) {
    return n->out_count == 1 && n->out[0] && p->root[n->out[0]] != n->out[0];
}

/* -- what is needed, and how it is wanted ---------------------------------------------------------------------------------------- */

static void want(lf_plan *p, lf_id tensor, lf_form form, size_t vec) {
    lf_slot **at = &p->wanted[p->root[tensor]];
    for (; *at != NULL; at = &(*at)->next)
        if ((*at)->form == form && (*at)->vec == vec)
            return;
    *at = LF_NEW(p->arena, lf_slot);
    **at = (lf_slot){.form = form, .vec = vec};
}

static bool any_needed(const lf_plan *p, const lf_node *n) {
    for (int k = 0; k < n->out_count; k++)
        if (n->out[k] && p->needed[n->out[k]])
            return true;
    return false;
}

/* The pictures instead of the windows. */
static void need_picture(lf_plan *p, const lf_node *n, const lf_node *window) {
    size_t vec = (size_t)lf_shape_count(lf_in(p->graph, window, 0)->shape);
    p->needed[window->in[0]] = true;
    lf_form form = p->kernel[n->id]->wants(p, n, 0, &vec);
    want(p, window->in[0], form, vec);
}

static void need_inputs(lf_plan *p, const lf_node *n) {
    if (p->window[n->id] != NULL) {
        need_picture(p, n, p->window[n->id]);
        return;
    }
    for (int k = 0; k < n->in_count; k++) {
        const lf_tensor *t = lf_in(p->graph, n, k);
        if (t == NULL || t->value != NULL)
            continue;
        size_t vec = (size_t)lf_shape_count(t->shape);
        p->needed[t->id] = true;
        if (!aliased(p, n) && !p->fused[n->id])
            want(p, t->id, p->kernel[n->id] ? p->kernel[n->id]->wants(p, n, k, &vec) : LF_FORM_VALUE, vec);
    }
}

static void need_codes(lf_plan *p, lf_id base) {
    p->needed[base] = true;
    want(p, base, LF_FORM_S32, (size_t)lf_shape_count(lf_plan_tensor(p, base)->shape));
}

static void need(lf_plan *p, lf_id tensor, lf_form form, size_t vec) {
    p->needed[tensor] = true;
    want(p, tensor, form, vec);
}

/* Backward. A quantizer whose chain up to an input is thresholds does not need the chain. A threshold node that goes with the
 * matrix-vector node before it asks for nothing. */
static void find_needs(lf_plan *p) {
    const lf_graph *g = p->graph;
    for (size_t i = 0; i < g->outputs.count; i++) {
        const lf_tensor *t = lf_tensor_at(g, g->outputs.at[i].tensor);
        p->needed[t->id] = true;
        p->possible = p->possible && t->value == NULL;
        want(p, t->id, lf_output_form(t), (size_t)lf_shape_count(t->shape));
    }
    for (size_t i = g->order.count; i-- > 0;) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        const lf_logic *l = n != NULL ? p->logic[n->id] : NULL;
        if (l != NULL && lf_logic_last(l) == n)
            lf_logic_needs(p, l, need);
        if (n == NULL || l != NULL || !any_needed(p, n))
            continue;
        p->front[n->id] = aliased(p, n) ? NULL : lf_front_find(p, n);
        p->tail[n->id] = aliased(p, n) || p->front[n->id] || p->kernel[n->id] ? NULL : lf_tail_find(p, n);
        if (p->tail[n->id] != NULL)
            need_codes(p, lf_tail_base(p->tail[n->id]));
        else if (p->front[n->id] == NULL)
            need_inputs(p, n);
    }
}

/* The threshold node that can be one step with the product n, or NULL. */
static const lf_node *teeth_of(const lf_plan *p, const lf_node *n) {
    const lf_fast_op *op = p->kernel[n->id];
    bool product = (op == &lf_fast_mvu || op == &lf_fast_vvu) && lf_in(p->graph, n, 3) == NULL;
    const lf_node *next = product ? lf_node_at(p->graph, p->only[n->out[0]]) : NULL;
    return next && next->in[0] == n->out[0] && p->kernel[next->id] == &lf_fast_threshold ? next : NULL;
}

static void find_kernels(lf_plan *p) {
    for (size_t i = 0; i < p->graph->order.count; i++) {
        const lf_node *n = lf_node_at(p->graph, p->graph->order.at[i]);
        if (n == NULL || aliased(p, n))
            continue;
        p->kernel[n->id] = lf_fast_op_for(p, n);
        size_t vec = 0;
        p->window[n->id] = p->kernel[n->id] ? lf_window_before(p, n) : NULL;
        if (p->window[n->id] != NULL && p->kernel[n->id]->wants(p, n, 0, &vec) == LF_FORM_VALUE) {
            p->window[n->id] = NULL; /* only products can do without */
            p->kernel[n->id] = p->kernel[n->id] == &lf_fast_mvu ? &lf_fast_mvu : NULL;
        }
    }
}

static void find_fusions(lf_plan *p) {
    for (size_t i = 0; i < p->graph->order.count; i++) {
        const lf_node *n = lf_node_at(p->graph, p->graph->order.at[i]);
        const lf_node *with = n != NULL ? teeth_of(p, n) : NULL;
        const lf_node *neurons = n != NULL ? lf_neurons_behind(p, n) : NULL;
        if (neurons != NULL)
            p->fused[neurons->id] = true;
        if (with != NULL) {
            p->fused[with->id] = true;
            p->fuses[n->id] = with;
        }
    }
}

/* -- steps ------------------------------------------------------------------------------------------------------------------------- */

static void add_inputs(lf_plan *p) {
    for (size_t i = 0; i < p->graph->inputs.count; i++)
        if (p->needed[p->graph->inputs.at[i].tensor])
            lf_input_add(p, (int)i);
}

static void add_node(lf_plan *p, const lf_node *n) {
    lf_logic *l = p->logic[n->id];
    if (l != NULL) {
        if (lf_logic_last(l) == n)
            lf_logic_add(p, l);
        return;
    }
    if (!any_needed(p, n) || aliased(p, n) || p->fused[n->id])
        return;
    if (p->front[n->id] != NULL)
        lf_front_add(p, p->front[n->id]);
    else if (p->tail[n->id] != NULL)
        lf_tail_add(p, p->tail[n->id]);
    else if (p->kernel[n->id] != NULL)
        p->kernel[n->id]->add(p, n);
    else
        lf_node_add(p, n);
}

static void add_outputs(lf_plan *p) {
    for (size_t i = 0; i < p->graph->outputs.count; i++) {
        lf_id t = p->graph->outputs.at[i].tensor;
        if (lf_plan_slot(p, t, lf_output_form(lf_plan_tensor(p, t)),
                         (size_t)lf_shape_count(lf_plan_tensor(p, t)->shape)) == NULL)
            p->possible = false;
    }
}

void lf_plan_build(lf_plan *p) {
    size_t tensors = p->graph->tensors.count + 1, nodes = p->graph->nodes.count + 1;
    p->root = LF_NEW_ARRAY(p->arena, lf_id, tensors);
    p->needed = LF_NEW_ARRAY(p->arena, bool, tensors);
    p->slots = (lf_slot **)lf_alloc_array(p->arena, tensors, sizeof *p->slots);
    p->wanted = (lf_slot **)lf_alloc_array(p->arena, tensors, sizeof *p->wanted);
    p->front = (const lf_front **)lf_alloc_array(p->arena, nodes, sizeof *p->front);
    p->tail = (const lf_tail **)lf_alloc_array(p->arena, nodes, sizeof *p->tail);
    p->fuses = (const lf_node **)lf_alloc_array(p->arena, nodes, sizeof *p->fuses);
    p->fused = LF_NEW_ARRAY(p->arena, bool, nodes);
    p->kernel = (const lf_fast_op **)lf_alloc_array(p->arena, nodes, sizeof *p->kernel);
    p->layers = (lf_layer **)lf_alloc_array(p->arena, nodes, sizeof *p->layers);
    p->window = (const lf_node **)lf_alloc_array(p->arena, nodes, sizeof *p->window);
    p->logic = (lf_logic **)lf_alloc_array(p->arena, nodes, sizeof *p->logic);
    p->only = lf_only_consumers(p->graph, p->arena);
    p->building = lf_arena_new();
    p->possible = true;
    find_roots(p);
    find_kernels(p);
    find_fusions(p);
    if (p->for_many)
        lf_logic_find(p);
    find_needs(p);
    add_inputs(p);
    for (size_t i = 0; i < p->graph->order.count; i++)
        if (lf_node_at(p->graph, p->graph->order.at[i]) != NULL)
            add_node(p, lf_node_at(p->graph, p->graph->order.at[i]));
    add_outputs(p);
    lf_arena_free(p->building);
    p->building = NULL;
}
