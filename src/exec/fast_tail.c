/* Elementwise host nodes behind integer codes (scale, shift, batch normalization of the sums): every element has few codes, so its
 * results are a table, filled by running the ops' own definitions on every code. */
#include "exec/fast_chain.h"

#include <string.h>

enum { TAIL_CODES = 1 << 13, TAIL_ENTRIES = 1 << 20 };

struct lf_tail {
    const lf_tensor *base, *result;
    size_t elements, codes;
    int64_t lo, step;
    uint64_t *entry; /* [elements][codes] the bits of a double, or a code */
};

static bool fits(const lf_tensor *base) {
    uint64_t codes = lf_on_grid(base) ? lf_range_count(base->range) : 0,
             elements = (uint64_t)lf_shape_count(base->shape);
    return base->value == NULL && lf_form_holds(base->range, LF_FORM_S32) && codes > 0 && codes <= TAIL_CODES &&
           elements > 0 && codes * elements <= TAIL_ENTRIES;
}

/* One evaluation per code, for all elements at once. */
static bool fill(const lf_fast_chain *c, lf_tail *t) {
    lf_arena *a = lf_arena_new();
    bool fine = true;
    for (size_t k = 0; fine && k < t->codes; k++) {
        lf_value v = lf_value_new(a, c->base), y;
        for (size_t e = 0; e < t->elements; e++)
            v.code[e] = t->lo + t->step * (int64_t)k;
        fine = lf_fast_chain_run(c, a, v, &y);
        for (size_t e = 0; fine && e < t->elements; e++)
            memcpy(&t->entry[e * t->codes + k], y.code ? (const void *)&y.code[e] : (const void *)&y.real[e],
                   sizeof *t->entry);
        lf_arena_reset(a);
    }
    lf_arena_free(a);
    return fine;
}

const lf_tail *lf_tail_find(lf_plan *p, const lf_node *n) {
    lf_fast_chain c;
    if (n->out_count != 1 || !lf_fast_chain_begin(&c, p->graph, n, false))
        return NULL;
    lf_tail *t = NULL;
    if (fits(c.base)) {
        lf_range r = c.base->range;
        t = LF_NEW(p->arena, lf_tail);
        *t = (lf_tail){c.base, c.result, (size_t)lf_shape_count(c.base->shape), (size_t)lf_range_count(r), r.lo,
                       r.step, NULL};
        t->entry = LF_NEW_ARRAY(p->arena, uint64_t, t->elements * t->codes);
        t = fill(&c, t) ? t : NULL;
    }
    lf_fast_chain_end(&c);
    return t;
}

lf_id lf_tail_base(const lf_tail *t) {
    return t->base->id;
}

static lf_status step_tail(const lf_step *s, lf_block *b) {
    const lf_tail *t = s->with;
    for (size_t row = 0; row < b->rows; row++) {
        const int32_t *code = lf_slot_at(b, s->in, row);
        uint64_t *y = lf_slot_at(b, s->out, row);
        for (size_t e = 0; e < t->elements; e++) {
            size_t k = (size_t)((code[e] - t->lo) / t->step);
            if (k >= t->codes) /* an input beyond the range that was declared for its channel */
                return LF_BAD_INPUT;
            y[e] = t->entry[e * t->codes + k];
        }
    }
    return LF_OK;
}

void lf_tail_add(lf_plan *p, const lf_tail *t) {
    const lf_slot *in = lf_plan_slot(p, t->base->id, LF_FORM_S32, t->elements);
    const lf_slot *out = lf_plan_output(p, t->result->id, 0, t->elements, LF_FORM_VALUE);
    p->possible = p->possible && in != NULL;
    lf_plan_add(p, step_tail, NULL, in, out, t,
                lf_format(p->arena, "table of %zu codes, %zu elements", t->codes, t->elements));
}
