/* Nodes that take the pixels of a window, or of a whole picture, together channel by channel: pools, and depthwise products. */
#include "exec/fast_levels.h"

#include "ir/attr_access.h"
#include "ops/pooling.h"
#include "ops/window.h"

static lf_taps_kind kind_of(lf_form form) {
    return form == LF_FORM_U8 ? LF_TAPS_U8 : form == LF_FORM_S16 ? LF_TAPS_S16 : LF_TAPS_S32;
}

/* The pictures that n takes apart: its input, or that of its window. */
static const lf_tensor *pictures_of(const lf_plan *p, const lf_node *n) {
    return lf_in(p->graph, p->window[n->id] ? p->window[n->id] : n, 0);
}

/* The forms of numbers in which such pictures can be read, a bit for each. */
static unsigned number_forms(const lf_plan *p, const lf_node *n) {
    const lf_node *window = p->window[n->id];
    lf_range r = lf_plan_tensor(p, p->root[pictures_of(p, n)->id])->range;
    unsigned can = 0;
    for (lf_form form = LF_FORM_U8; form < LF_FORM_COUNT; form++)
        if (window ? lf_window_holds(p, window, form) : lf_form_holds(r, form))
            can |= 1u << form;
    return can;
}

static lf_form narrowest(unsigned can) {
    for (lf_form form = LF_FORM_BITS; form < LF_FORM_COUNT; form++)
        if (can & 1u << form)
            return form;
    return LF_FORM_VALUE;
}

/* The window node that only n reads. */
static bool has_window(lf_plan *p, const lf_node *n) {
    return !lf_in(p->graph, n, 0)->value && lf_is_codes(lf_in(p->graph, n, 0)) && lf_window_before(p, n) != NULL;
}

/* -- pools ------------------------------------------------------------------------------------------------------------------------- */

static lf_reduce function_of(const lf_node *n) {
    return (lf_reduce)lf_attr_enum(n, "function");
}

/* Bits stay bits where they stand for the same two codes. */
static unsigned pool_forms(const lf_plan *p, const lf_node *n) {
    lf_range x = lf_plan_tensor(p, p->root[pictures_of(p, n)->id])->range, y = lf_out(p->graph, n, 0)->range;
    unsigned can = number_forms(p, n);
    if (function_of(n) != LF_REDUCE_SUM) {
        const lf_node *window = p->window[n->id];
        bool bits = window ? lf_window_holds(p, window, LF_FORM_BITS) : lf_form_holds(x, LF_FORM_BITS);
        can |= bits && x.lo == y.lo && x.hi == y.hi ? 1u << LF_FORM_BITS : 0;
        for (lf_form form = LF_FORM_U8; form < LF_FORM_COUNT; form++)
            can &= lf_form_holds(y, form) ? ~0u : ~(1u << form);
    }
    return can;
}

static bool can_pool(lf_plan *p, const lf_node *n) {
    return has_window(p, n) && lf_form_holds(lf_out(p->graph, n, 0)->range, LF_FORM_S32);
}

/* The form that its own readers want, so that nothing is converted. */
static lf_form pool_wants(lf_plan *p, const lf_node *n, int operand, size_t *vec) {
    unsigned can = pool_forms(p, n);
    (void)operand;
    (void)vec;
    for (const lf_slot *w = p->wanted[p->root[n->out[0]]]; function_of(n) != LF_REDUCE_SUM && w != NULL; w = w->next)
        if (can & 1u << w->form)
            return w->form;
    return narrowest(can);
}

typedef struct taps_step {
    const lf_taps_kernel *kernel;
    const lf_gather *gather; /* NULL: all pixels of a picture, `stride` bytes apart */
    lf_form form;
    lf_reduce function;
    size_t taps, positions, channels, stride;
    int32_t add;     /* between what is stored of x and of y */
    int32_t *start;  /* sums: [channels] */
    int32_t *weight; /* depthwise: [taps][padded channels] */
    const lf_levels_step *levels;
    size_t chunk, sum_stride, sums_at;
} taps_step;

static void pool_one(const taps_step *t, const void *const *tap, void *y) {
    lf_taps_kind kind = kind_of(t->form);
    if (t->form == LF_FORM_BITS)
        (t->function == LF_REDUCE_MAX ? t->kernel->any : t->kernel->all)(tap, t->taps, lf_bit_words(t->channels), y);
    else if (t->function == LF_REDUCE_SUM)
        t->kernel->sum[kind](tap, NULL, t->taps, t->channels, t->start, y);
    else
        (t->function == LF_REDUCE_MAX ? t->kernel->largest : t->kernel->least)[kind](tap, t->taps, t->channels, t->add,
                                                                                     y);
}

static lf_status step_pool(const lf_step *s, lf_block *b) {
    const taps_step *t = s->with;
    const uint8_t *x = lf_slot_at(b, s->in, 0);
    uint8_t *y = lf_slot_at(b, s->out, 0);
    const void **tap = (void *)b->scratch;
    for (size_t i = 0; i < b->rows * t->positions; i++, y += s->out->stride) {
        if (t->gather != NULL)
            lf_gather_taps(t->gather, x, i, tap);
        for (size_t k = 0; t->gather == NULL && k < t->taps; k++)
            tap[k] = x + i * s->in->stride * s->in->vecs + k * t->stride;
        pool_one(t, tap, y);
    }
    return LF_OK;
}

static void add_pool_step(lf_plan *p, const lf_node *n, lf_view x, const lf_gather *gather, size_t taps) {
    const lf_tensor *y = lf_out(p->graph, n, 0);
    lf_range from = lf_plan_tensor(p, x.slot->root)->range;
    taps_step *t = LF_NEW(p->arena, taps_step);
    *t = (taps_step){.kernel = lf_taps_kernel_for(p->isa),
                     .gather = gather,
                     .form = x.slot->form,
                     .function = function_of(n),
                     .taps = taps,
                     .channels = x.length,
                     .stride = x.stride,
                     .positions = (size_t)lf_shape_count(y->shape) / x.length};
    int64_t shift = lf_form_shift(from, t->form);
    bool sum = t->function == LF_REDUCE_SUM;
    lf_form form = sum ? LF_FORM_S32 : t->form;
    t->add = (int32_t)(uint32_t)(uint64_t)(shift - lf_form_shift(y->range, form));
    t->start = LF_NEW_ARRAY(p->arena, int32_t, x.length + LF_LEVEL_LANES);
    for (size_t c = 0; c < x.length; c++)
        t->start[c] = (int32_t)(uint32_t)(uint64_t)(shift * (int64_t)taps);
    lf_plan_need_scratch(p, taps * sizeof(void *));
    const lf_slot *out = lf_plan_output(p, y->id, 1u << form, x.length, form);
    static const char *const names[] = {"values", "bits", "bytes", "words", "sums"};
    lf_plan_add(p, step_pool, n, x.slot, out, t,
                lf_format(p->arena, "taps_%s %s of %zu, %zu channels, %s", lf_isa_name(p->isa),
                          lf_reduce_names[t->function], taps, x.length, names[t->form]));
}

static lf_view pixels(lf_plan *p, const lf_node *n, lf_form form) {
    const lf_tensor *x = pictures_of(p, n);
    lf_view view = lf_plan_view(p, x->id, 1u << form, lf_channels(x), form);
    p->possible = p->possible && view.slot != NULL;
    return view;
}

static void add_pool(lf_plan *p, const lf_node *n) {
    size_t vec;
    lf_view x = pixels(p, n, pool_wants(p, n, 0, &vec));
    if (x.slot != NULL)
        add_pool_step(p, n, x, lf_gather_new(p, p->window[n->id], x, 0, 1), (size_t)lf_attr_int(n, "K"));
}

const lf_fast_op lf_fast_pool = {"pool", can_pool, pool_wants, add_pool};

static bool can_global_pool(lf_plan *p, const lf_node *n) {
    const lf_tensor *x = lf_in(p->graph, n, 0);
    return !x->value && lf_is_codes(x) && lf_form_holds(lf_plan_tensor(p, p->root[x->id])->range, LF_FORM_S32) &&
           lf_form_holds(lf_out(p->graph, n, 0)->range, LF_FORM_S32);
}

static void add_global_pool(lf_plan *p, const lf_node *n) {
    size_t vec;
    lf_view x = pixels(p, n, pool_wants(p, n, 0, &vec));
    if (x.slot != NULL)
        add_pool_step(p, n, x, NULL, x.count);
}

const lf_fast_op lf_fast_global_pool = {"global_pool", can_global_pool, pool_wants, add_global_pool};

/* -- depthwise products -------------------------------------------------------------------------------------------------------------- */

enum { CHUNK = 32 };

/* Every channel's sum, bias included, stays within +-LF_S32_MAX on its way up and down. */
static bool vvu_sums_fit(lf_range codes, const lf_tensor *w, const lf_tensor *bias) {
    size_t C = (size_t)w->shape.dim[0], K = (size_t)w->shape.dim[1];
    for (size_t c = 0; c < C; c++) {
        int64_t lo = bias ? lf_pick(bias, c) : 0, hi = lo;
        for (size_t k = 0; k < K; k++) {
            int64_t v = lf_tensor_code(w, c * K + k);
            if (v < INT16_MIN || v > INT16_MAX)
                return false;
            lo += v * (v > 0 ? codes.lo : codes.hi);
            hi += v * (v > 0 ? codes.hi : codes.lo);
            if (lo < -LF_S32_MAX || hi > LF_S32_MAX)
                return false;
        }
    }
    return true;
}

static bool can_vvu(lf_plan *p, const lf_node *n) {
    const lf_tensor *x = lf_in(p->graph, n, 0), *w = lf_in(p->graph, n, 1), *bias = lf_in(p->graph, n, 2),
                    *T = lf_in(p->graph, n, 3);
    lf_range r = lf_plan_tensor(p, p->root[x->id])->range;
    return has_window(p, n) && w && w->value && w->shape.rank == 2 && (!bias || bias->value) &&
           lf_form_holds(r, LF_FORM_S32) && vvu_sums_fit(r, w, bias) &&
           (!T || lf_thresholds_fit(T, lf_out(p->graph, n, 0)));
}

static lf_form vvu_wants(lf_plan *p, const lf_node *n, int operand, size_t *vec) {
    (void)operand;
    (void)vec;
    return narrowest(number_forms(p, n));
}

static lf_status step_vvu(const lf_step *s, lf_block *b) {
    const taps_step *t = s->with;
    size_t all = b->rows * t->positions;
    const uint8_t *x = lf_slot_at(b, s->in, 0);
    uint8_t *y = lf_slot_at(b, s->out, 0);
    const void **tap = (void *)b->scratch;
    int32_t *sums = (void *)(b->scratch + t->sums_at);
    for (size_t first = 0; first < all; first += CHUNK, y += CHUNK * s->out->stride) {
        size_t count = all - first < CHUNK ? all - first : CHUNK;
        int32_t *to = t->levels ? sums : (void *)y;
        size_t stride = t->levels ? t->sum_stride : s->out->stride / 4;
        for (size_t i = 0; i < count; i++) {
            lf_gather_taps(t->gather, x, first + i, tap);
            t->kernel->sum[kind_of(t->form)](tap, t->weight, t->taps, t->channels, t->start, to + i * stride);
        }
        if (t->levels)
            t->levels->run(&t->levels->levels, sums, t->sum_stride * 4, count, y, s->out->stride);
    }
    return LF_OK;
}

static void set_weights(const lf_plan *p, const lf_node *n, lf_view x, taps_step *t) {
    const lf_tensor *w = lf_in(p->graph, n, 1), *bias = lf_in(p->graph, n, 2);
    int64_t shift = lf_form_shift(lf_plan_tensor(p, x.slot->root)->range, x.slot->form);
    t->weight = LF_NEW_ARRAY(p->arena, int32_t, t->taps * t->sum_stride);
    t->start = LF_NEW_ARRAY(p->arena, int32_t, t->sum_stride);
    for (size_t c = 0; c < x.length; c++) {
        int64_t start = bias ? lf_pick(bias, c) : 0;
        for (size_t k = 0; k < t->taps; k++) {
            int64_t v = lf_tensor_code(w, c * t->taps + k);
            t->weight[k * t->sum_stride + c] = (int32_t)v;
            start += shift * v;
        }
        t->start[c] = (int32_t)(uint32_t)(uint64_t)start;
    }
}

static const lf_slot *add_vvu_teeth(lf_plan *p, const lf_node *n, taps_step *t) {
    const lf_node *fused = p->fuses[n->id], *teeth = fused ? fused : lf_in(p->graph, n, 3) ? n : NULL;
    if (teeth == NULL)
        return lf_plan_output(p, n->out[0], 1u << LF_FORM_S32, t->channels, LF_FORM_S32);
    lf_ladder l = lf_ladder_new(p, teeth, lf_in(p->graph, teeth, fused ? 1 : 3),
                                fused ? lf_in(p->graph, fused, 2) : NULL, t->channels, t->channels);
    return lf_levels_step_new(p, &l, teeth->out[0], &t->levels);
}

static void add_vvu(lf_plan *p, const lf_node *n) {
    lf_view x = pixels(p, n, narrowest(number_forms(p, n)));
    if (x.slot == NULL)
        return;
    taps_step *t = LF_NEW(p->arena, taps_step);
    size_t taps = (size_t)lf_in(p->graph, n, 1)->shape.dim[1];
    *t = (taps_step){.kernel = lf_taps_kernel_for(p->isa),
                     .gather = lf_gather_new(p, p->window[n->id], x, 0, 1),
                     .form = x.slot->form,
                     .taps = taps,
                     .channels = x.length,
                     .sum_stride = (x.length + 15) / 16 * 16,
                     .sums_at = (taps * sizeof(void *) + 63) / 64 * 64,
                     .positions = (size_t)lf_shape_count(lf_out(p->graph, n, 0)->shape) / x.length};
    set_weights(p, n, x, t);
    const lf_slot *out = add_vvu_teeth(p, n, t);
    lf_plan_need_scratch(p, t->sums_at + CHUNK * t->sum_stride * 4);
    lf_plan_add(p, step_vvu, n, x.slot, out, t,
                lf_format(p->arena, "taps_%s products of %zu, %zu channels%s", lf_isa_name(p->isa), taps, x.length,
                          t->levels ? ", levels" : ""));
}

const lf_fast_op lf_fast_vvu = {"vvu", can_vvu, vvu_wants, add_vvu};
