/* Codes in forms, and from one form to another. */
#include "exec/fast_plan.h"

#include <string.h>

int64_t lf_form_shift(lf_range r, lf_form form) {
    if (form == LF_FORM_U8)
        return r.lo >= 0 && r.hi <= UINT8_MAX ? 0 : r.lo;
    if (form == LF_FORM_S16)
        return r.lo >= INT16_MIN && r.hi <= INT16_MAX ? 0 : r.lo - INT16_MIN;
    return 0;
}

bool lf_form_holds(lf_range r, lf_form form) {
    switch (form) {
    case LF_FORM_BITS: return lf_range_count(r) == 2;
    case LF_FORM_U8:
        return lf_bits_unsigned((uint64_t)r.hi - (uint64_t)r.lo) <= 8 && r.lo > -LF_S32_MAX && r.hi < LF_S32_MAX;
    case LF_FORM_S16:
        return lf_bits_unsigned((uint64_t)r.hi - (uint64_t)r.lo) <= 16 && r.lo > -LF_S32_MAX && r.hi < LF_S32_MAX;
    case LF_FORM_S32: return r.lo >= -LF_S32_MAX && r.hi <= LF_S32_MAX;
    default: return true;
    }
}

bool lf_plan_holds(const lf_plan *p, lf_id t, lf_form form) {
    const lf_tensor *x = lf_plan_tensor(p, t);
    return lf_on_grid(x) && x->grid.scale_count == 1 && lf_form_holds(x->range, form) &&
           lf_form_holds(lf_plan_range(p, t), form);
}

bool lf_is_vector(const lf_tensor *t) {
    return t && !t->value && t->shape.rank > 0 && lf_shape_count(t->shape) > 0 &&
           lf_shape_count(t->shape) == t->shape.dim[t->shape.rank - 1];
}

#define EACH(expression)                    \
    do {                                    \
        for (size_t i = 0; i < s->vec; i++) \
            expression;                     \
        return;                             \
    } while (0)

/* One vector of a slot as codes, and codes as a vector. */
static void get_vector(const lf_slot *s, const void *from, lf_range r, int64_t *code) {
    int64_t shift = lf_form_shift(r, s->form);
    switch (s->form) {
    case LF_FORM_BITS: EACH(code[i] = ((const uint64_t *)from)[i / 64] >> i % 64 & 1 ? r.hi : r.lo);
    case LF_FORM_U8: EACH(code[i] = ((const uint8_t *)from)[i] + shift);
    case LF_FORM_S16: EACH(code[i] = ((const int16_t *)from)[i] + shift);
    case LF_FORM_S32: EACH(code[i] = ((const int32_t *)from)[i]);
    default: EACH(code[i] = ((const int64_t *)from)[i]);
    }
}

void lf_put_vector(const lf_slot *s, void *to, lf_range r, const int64_t *code) {
    int64_t shift = lf_form_shift(r, s->form);
    switch (s->form) {
    case LF_FORM_BITS:
        memset(to, 0, s->stride);
        EACH(((uint64_t *)to)[i / 64] |= (uint64_t)(code[i] == r.hi) << i % 64);
    case LF_FORM_U8: EACH(((uint8_t *)to)[i] = (uint8_t)(code[i] - shift));
    case LF_FORM_S16: EACH(((int16_t *)to)[i] = (int16_t)(code[i] - shift));
    case LF_FORM_S32: EACH(((int32_t *)to)[i] = (int32_t)code[i]);
    default: EACH(((int64_t *)to)[i] = code[i]);
    }
}

/* Through a row of codes; the vectors of the two slots may be of different lengths. */
lf_status lf_step_convert(const lf_step *s, lf_block *b) {
    size_t count = s->in->vec * s->in->vecs;
    lf_range r = lf_plan_tensor(b->plan, s->in->root)->range;
    lf_arena_reset(b->run.scratch);
    int64_t *code = LF_NEW_ARRAY(b->run.scratch, int64_t, count + 1);
    for (size_t row = 0; row < b->rows; row++) {
        const uint8_t *from = lf_slot_at(b, s->in, row);
        uint8_t *to = lf_slot_at(b, s->out, row);
        for (size_t v = 0; v < s->in->vecs; v++)
            get_vector(s->in, from + v * s->in->stride, r, code + v * s->in->vec);
        for (size_t v = 0; v < s->out->vecs; v++)
            lf_put_vector(s->out, to + v * s->out->stride, r, code + v * s->out->vec);
    }
    return LF_OK;
}
