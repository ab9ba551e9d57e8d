/* Slots, views and steps: what the parts of a plan are made with. */
#include "exec/fast_plan.h"

bool lf_keeps_positions(const lf_graph *g, const lf_node *n) {
    size_t count = (size_t)lf_shape_count(lf_out(g, n, 0)->shape);
    lf_arena *a = lf_arena_new();
    if (!a)
        return false;
    int64_t *source = LF_NEW_ARRAY(a, int64_t, count + 1);
    n->op->positions(g, n, source);
    bool same = true;
    for (size_t i = 0; same && i < count; i++)
        same = source[i] == (int64_t)i;
    lf_arena_free(a);
    return same;
}

lf_form lf_output_form(const lf_tensor *t) {
    return lf_on_grid(t) && lf_form_holds(t->range, LF_FORM_S32) ? LF_FORM_S32 : LF_FORM_VALUE;
}

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

lf_step *lf_plan_add(lf_plan *p, lf_step_fn *run, const lf_node *n, const lf_slot *in, const lf_slot *out,
                     const void *with, const char *text) {
    lf_step *s = LF_NEW(p->arena, lf_step);
    *s = (lf_step){.run = run, .node = n, .in = in, .out = out, .with = with, .text = text};
    *(p->last ? &p->last->next : &p->steps) = s;
    p->last = s;
    return s;
}
