/* From a graph to steps: which tensors are needed, in which forms, made by what. */
#include "exec/fast_plan.h"

#include <string.h>

/* -- roots: the same elements in the same order ------------------------------------------------------------------------------ */

bool lf_keeps_positions(const lf_graph *g, const lf_node *n) {
    size_t count = (size_t)lf_shape_count(lf_out(g, n, 0)->shape);
    lf_arena *a = lf_arena_new();
    int64_t *source = LF_NEW_ARRAY(a, int64_t, count + 1);
    n->op->positions(g, n, source);
    bool same = true;
    for (size_t i = 0; same && i < count; i++)
        same = source[i] == (int64_t)i;
    lf_arena_free(a);
    return same;
}

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

lf_form lf_output_form(const lf_tensor *t) {
    return lf_on_grid(t) && lf_form_holds(t->range, LF_FORM_S32) ? LF_FORM_S32 : LF_FORM_VALUE;
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

/* -- slots ----------------------------------------------------------------------------------------------------------------------- */

size_t lf_form_bytes(lf_form form) {
    static const size_t bytes[LF_FORM_COUNT] = {8, 0, 1, 2, 4};
    return bytes[form];
}

size_t lf_vector_bytes(lf_form form, size_t vec) {
    size_t padded = (vec + LF_LEVEL_LANES - 1) / LF_LEVEL_LANES * LF_LEVEL_LANES;
    if (form == LF_FORM_BITS)
        return lf_bit_words(vec) * 8;
    return lf_form_bytes(form) * (form == LF_FORM_VALUE ? vec : padded);
}

static lf_slot *new_slot(lf_plan *p, lf_id tensor, lf_form form, size_t vec, size_t vecs) {
    lf_slot *s = LF_NEW(p->arena, lf_slot);
    *s = (lf_slot){.root = p->root[tensor],
                   .form = form,
                   .vec = vec,
                   .vecs = vecs,
                   .stride = lf_vector_bytes(form, vec),
                   .offset = p->row_bytes};
    p->row_bytes += (s->stride * s->vecs + 63) / 64 * 64;
    s->next = p->slots[s->root];
    p->slots[s->root] = s;
    return s;
}

static size_t vectors_of(const lf_plan *p, lf_id tensor, size_t vec) {
    return vec > 0 ? (size_t)lf_shape_count(lf_plan_tensor(p, tensor)->shape) / vec : 0;
}

bool lf_plan_wants(const lf_plan *p, lf_id t, lf_form form) {
    const lf_slot *w = p->wanted[p->root[t]];
    while (w != NULL && w->form != form)
        w = w->next;
    return w != NULL;
}

/* The first form asked for with these very vectors, or else with others. */
lf_slot *lf_plan_output(lf_plan *p, lf_id t, unsigned can, size_t vec, lf_form otherwise) {
    const lf_slot *best = NULL;
    for (const lf_slot *w = p->wanted[p->root[t]]; w != NULL; w = w->next)
        if (can & 1u << w->form && (best == NULL || (w->vec == vec && best->vec != vec)))
            best = w;
    return new_slot(p, t, best ? best->form : otherwise, vec, vectors_of(p, t, vec));
}

/* No gaps between the elements of a row, when it is cut like this. */
static bool is_dense(lf_form form, size_t vec, size_t vecs) {
    if (form == LF_FORM_BITS)
        return vecs == 1 || vec % 64 == 0;
    return vecs == 1 || lf_vector_bytes(form, vec) == vec * lf_form_bytes(form);
}

/* Vectors of `length` elements lie so many bytes apart in a slot; 0: they do not begin with a byte (bits: a word). */
static size_t stride_in(const lf_slot *s, size_t length) {
    if (s->vec == length)
        return s->stride;
    if (!is_dense(s->form, s->vec, s->vecs))
        return 0;
    return s->form != LF_FORM_BITS ? length * lf_form_bytes(s->form) : length % 64 == 0 ? length / 8 : 0;
}

/* Another view on the same bytes, when a slot with vectors of `vec` elements would look just like this one; else NULL. */
static lf_slot *recut(lf_plan *p, const lf_slot *s, size_t vec, size_t vecs) {
    size_t stride = lf_vector_bytes(s->form, vec);
    if (!is_dense(s->form, s->vec, s->vecs) || !is_dense(s->form, vec, vecs) || stride * vecs != s->stride * s->vecs)
        return NULL;
    lf_slot *cut = LF_NEW(p->arena, lf_slot);
    *cut = *s;
    cut->vec = vec;
    cut->vecs = vecs;
    cut->stride = stride;
    cut->next = p->slots[s->root];
    return p->slots[s->root] = cut;
}

const lf_slot *lf_plan_slot(lf_plan *p, lf_id t, lf_form form, size_t vec) {
    lf_slot *any = p->slots[p->root[t]], *cut;
    for (const lf_slot *s = any; s != NULL; s = s->next)
        if (s->form == form && s->vec == vec)
            return s;
    for (lf_slot *s = any; s != NULL; s = s->next)
        if (s->form == form && (cut = recut(p, s, vec, vectors_of(p, t, vec))) != NULL)
            return cut;
    if (any == NULL)
        return NULL;
    lf_slot *out = new_slot(p, t, form, vec, vectors_of(p, t, vec));
    lf_plan_add(p, lf_step_convert, NULL, any, out, NULL, "to another form");
    return out;
}

lf_view lf_plan_view(lf_plan *p, lf_id t, unsigned can, size_t length, lf_form otherwise) {
    size_t count = vectors_of(p, t, length);
    for (const lf_slot *s = p->slots[p->root[t]]; s != NULL; s = s->next)
        if (can & 1u << s->form && stride_in(s, length) != 0)
            return (lf_view){s, length, stride_in(s, length), count};
    const lf_slot *made = lf_plan_slot(p, t, otherwise, length);
    return (lf_view){made, length, made ? made->stride : 0, count};
}

void lf_plan_need_scratch(lf_plan *p, size_t bytes) {
    p->scratch_bytes = bytes > p->scratch_bytes ? bytes : p->scratch_bytes;
}

/* -- steps ------------------------------------------------------------------------------------------------------------------------- */

lf_step *lf_plan_add(lf_plan *p, lf_step_fn *run, const lf_node *n, const lf_slot *in, const lf_slot *out,
                     const void *with, const char *text) {
    lf_step *s = LF_NEW(p->arena, lf_step);
    *s = (lf_step){.run = run, .node = n, .in = in, .out = out, .with = with, .text = text};
    *(p->last ? &p->last->next : &p->steps) = s;
    p->last = s;
    return s;
}

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
