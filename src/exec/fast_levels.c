#include "exec/fast_levels.h"

#include "ir/attr_access.h"

/* -- thresholds as a table -------------------------------------------------------------------------------------------------------- */

/* -x >= T is x < 1 - T turned round: the count from the other side. */
lf_ladder lf_ladder_new(const lf_plan *p, const lf_node *n, const lf_tensor *T, const lf_tensor *sign, size_t period,
                        size_t channels) {
    size_t L = (size_t)T->shape.dim[1];
    int64_t base = lf_attr_int(n, "out_base"), step = lf_attr_int(n, "out_step");
    lf_ladder l = {channels, L, LF_NEW_ARRAY(p->arena, int64_t, channels * L + 1),
                   LF_NEW_ARRAY(p->arena, int64_t, channels), LF_NEW_ARRAY(p->arena, int64_t, channels)};
    for (size_t c = 0; c < channels; c++) {
        size_t row = T->shape.dim[0] == 1 ? 0 : c % period;
        bool down = sign && lf_pick(sign, c % period) < 0;
        l.base[c] = down ? base + step * (int64_t)L : base;
        l.step[c] = down ? -step : step;
        for (size_t t = 0; t < L; t++) {
            int64_t v = lf_tensor_code(T, row * L + (down ? L - 1 - t : t));
            v = v < -LF_S32_MAX ? -LF_S32_MAX : v > LF_S32_MAX + 1 ? LF_S32_MAX + 1 : v;
            l.T[c * L + t] = down ? 1 - v : v;
        }
    }
    return l;
}

/* Bits only where one threshold decides between the two codes. */
static unsigned forms_of_codes(lf_range r, size_t levels) {
    unsigned can = 1u << LF_FORM_S32;
    can |= lf_form_holds(r, LF_FORM_BITS) && levels <= 1 ? 1u << LF_FORM_BITS : 0;
    can |= lf_form_holds(r, LF_FORM_U8) ? 1u << LF_FORM_U8 : 0;
    return can | (lf_form_holds(r, LF_FORM_S16) ? 1u << LF_FORM_S16 : 0);
}

static lf_status step_levels(const lf_step *s, lf_block *b) {
    const lf_levels_step *l = s->with;
    l->run(&l->levels, lf_slot_at(b, s->in, 0), s->in->stride, b->rows * s->in->vecs, lf_slot_at(b, s->out, 0),
           s->out->stride);
    return LF_OK;
}

static lf_level_out level_out(lf_form form) {
    return form == LF_FORM_BITS  ? LF_LEVEL_BITS
           : form == LF_FORM_U8  ? LF_LEVEL_U8
           : form == LF_FORM_S16 ? LF_LEVEL_S16
                                 : LF_LEVEL_CODES;
}

static void make_levels(const lf_plan *p, const lf_ladder *l, lf_range r, lf_form form, lf_levels *out) {
    lf_arena *a = lf_arena_new();
    int32_t *T = LF_NEW_ARRAY(a, int32_t, l->channels * l->levels + 1), *base = LF_NEW_ARRAY(a, int32_t, l->channels);
    int32_t *step = LF_NEW_ARRAY(a, int32_t, l->channels);
    int64_t shift = lf_form_shift(r, form);
    for (size_t i = 0; i < l->channels * l->levels; i++)
        T[i] = (int32_t)l->T[i];
    for (size_t c = 0; c < l->channels; c++) {
        bool bits = form == LF_FORM_BITS;
        base[c] = bits ? l->base[c] == r.hi : (int32_t)(uint32_t)(uint64_t)(l->base[c] - shift);
        step[c] = bits ? (l->base[c] + l->step[c] == r.hi) - base[c] : (int32_t)(uint32_t)(uint64_t)l->step[c];
    }
    lf_levels_new(p->arena, l->channels, l->levels, T, base, step, out);
    lf_levels_guess(p->arena, out, LF_LEVEL_S32);
    lf_arena_free(a);
}

const lf_slot *lf_levels_step_new(lf_plan *p, const lf_ladder *l, lf_id y, const lf_levels_step **made) {
    lf_range r = lf_plan_tensor(p, y)->range;
    lf_slot *out = lf_plan_output(p, y, forms_of_codes(r, l->levels), l->channels, LF_FORM_S32);
    lf_levels_step *s = LF_NEW(p->arena, lf_levels_step);
    s->run = lf_levels_kernel_for(p->isa)->run[LF_LEVEL_S32][level_out(out->form)];
    make_levels(p, l, r, out->form, &s->levels);
    *made = s;
    return out;
}

/* -- threshold nodes --------------------------------------------------------------------------------------------------------------- */

bool lf_thresholds_fit(const lf_tensor *T, const lf_tensor *y) {
    return T->value && T->shape.rank == 2 && T->shape.dim[1] <= 4096 && lf_form_holds(y->range, LF_FORM_S32);
}

static bool can(lf_plan *p, const lf_node *n) {
    const lf_tensor *x = lf_in(p->graph, n, 0), *T = lf_in(p->graph, n, 1), *s = lf_in(p->graph, n, 2);
    return !x->value && lf_is_codes(x) && lf_form_holds(x->range, LF_FORM_S32) && T && (!s || s->value) &&
           lf_shape_count(x->shape) > 0 && lf_thresholds_fit(T, lf_out(p->graph, n, 0));
}

enum { FLAT_ELEMENTS = 4096 };

/* Channels over and over as one vector, where few of them would leave the kernel's lanes empty; else pixel by pixel. */
static size_t threshold_vector(const lf_tensor *x) {
    size_t all = (size_t)lf_shape_count(x->shape), channels = lf_channels(x);
    return channels % LF_LEVEL_LANES != 0 && all <= FLAT_ELEMENTS ? all : channels;
}

static lf_form wants(lf_plan *p, const lf_node *n, int operand, size_t *vec) {
    *vec = threshold_vector(lf_in(p->graph, n, operand));
    return LF_FORM_S32;
}

static void add(lf_plan *p, const lf_node *n) {
    const lf_tensor *x = lf_in(p->graph, n, 0);
    size_t vec = threshold_vector(x);
    lf_ladder l = lf_ladder_new(p, n, lf_in(p->graph, n, 1), lf_in(p->graph, n, 2), lf_channels(x), vec);
    const lf_slot *in = lf_plan_slot(p, x->id, LF_FORM_S32, vec);
    p->possible = p->possible && in != NULL;
    const lf_levels_step *s;
    const lf_slot *out = lf_levels_step_new(p, &l, n->out[0], &s);
    lf_plan_add(p, step_levels, n, in, out, s,
                lf_format(p->arena, "levels_%s %zu channels, %zu levels", lf_isa_name(p->isa), l.channels, l.levels));
}

const lf_fast_op lf_fast_threshold = {"threshold", can, wants, add};
