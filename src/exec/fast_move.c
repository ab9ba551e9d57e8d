/* Nodes that move codes or add two branches: frames, transposes, joins. */
#include "exec/fast_levels.h"

#include <string.h>

#include "ir/attr_access.h"
#include "ops/window.h"

/* Codes that stay what they are in this form while they pass from x to y. */
static bool same_in(lf_range x, lf_range y, lf_form form) {
    bool same = form != LF_FORM_BITS || (x.lo == y.lo && x.hi == y.hi);
    return same && lf_form_holds(x, form) && lf_form_holds(y, form) && lf_form_shift(x, form) == lf_form_shift(y, form);
}

/* What the readers of n want among the forms that can be passed on, else the narrowest. */
static lf_form passed_form(const lf_plan *p, const lf_node *n, lf_form least) {
    lf_range x = lf_plan_range(p, n->in[0]), y = lf_out(p->graph, n, 0)->range;
    for (const lf_slot *w = p->wanted[p->root[n->out[0]]]; w != NULL; w = w->next)
        if (w->form >= least && same_in(x, y, w->form))
            return w->form;
    for (lf_form form = least; form < LF_FORM_COUNT; form++)
        if (same_in(x, y, form))
            return form;
    return LF_FORM_VALUE;
}

static bool moves_codes(const lf_plan *p, const lf_node *n) {
    const lf_tensor *x = lf_in(p->graph, n, 0), *y = lf_out(p->graph, n, 0);
    return x && !x->value && lf_on_grid(x) && lf_on_grid(y) && lf_shape_count(y->shape) > 0 &&
           same_in(lf_plan_range(p, x->id), y->range, LF_FORM_S32);
}

/* -- frames: windows of one pixel ------------------------------------------------------------------------------------------------- */

static int64_t at_or(lf_ints list, int i, int64_t otherwise) {
    return list.count ? list.at[i] : otherwise;
}

static lf_window frame_window(const lf_graph *g, const lf_node *n) {
    lf_window w = {.x = lf_picture_of(lf_in(g, n, 0)->shape),
                   .y = lf_picture_of(lf_out(g, n, 0)->shape),
                   .kernel = {1, 1},
                   .stride = {1, 1},
                   .dilation = {1, 1}};
    lf_ints pads = lf_attr_ints(n, "pads"), steps = lf_attr_ints(n, "steps");
    for (int i = 2 - w.x.axes; i < 2; i++) {
        w.stride[i] = at_or(steps, i - (2 - w.x.axes), 1);
        w.before[i] = at_or(pads, i - (2 - w.x.axes), 0);
    }
    return w;
}

static bool can_frame(lf_plan *p, const lf_node *n) {
    return moves_codes(p, n);
}

static lf_form frame_wants(lf_plan *p, const lf_node *n, int operand, size_t *vec) {
    (void)operand;
    (void)vec;
    return passed_form(p, n, LF_FORM_BITS);
}

typedef struct frame_step {
    const lf_gather *gather;
    size_t positions, bytes;
} frame_step;

static lf_status step_frame(const lf_step *s, lf_block *b) {
    const frame_step *f = s->with;
    const uint8_t *x = lf_slot_at(b, s->in, 0);
    uint8_t *y = lf_slot_at(b, s->out, 0);
    for (size_t i = 0; i < b->rows * f->positions; i++, y += s->out->stride) {
        const void *from;
        lf_gather_taps(f->gather, x, i, &from);
        memcpy(y, from, f->bytes);
    }
    return LF_OK;
}

/* The padding is a code of y, which the form holds. */
static void add_frame(lf_plan *p, const lf_node *n) {
    lf_form form = passed_form(p, n, LF_FORM_BITS);
    lf_window w = frame_window(p->graph, n);
    lf_view x = lf_plan_view(p, n->in[0], 1u << form, (size_t)w.x.channels, form);
    p->possible = p->possible && x.slot != NULL;
    if (x.slot == NULL)
        return;
    frame_step *f = LF_NEW(p->arena, frame_step);
    f->gather = lf_gather_of(p, &w, lf_attr_int(n, "pad_code"), x);
    f->positions = (size_t)lf_picture_pixels(w.y);
    f->bytes = lf_gather_bytes(f->gather);
    const lf_slot *out = lf_plan_output(p, n->out[0], 1u << form, x.length, form);
    lf_plan_add(p, step_frame, n, x.slot, out, f, lf_format(p->arena, "pixels copied, %zu bytes each", f->bytes));
}

const lf_fast_op lf_fast_frame = {"frame", can_frame, frame_wants, add_frame};

/* -- transposes ----------------------------------------------------------------------------------------------------------------------- */

static bool can_transpose(lf_plan *p, const lf_node *n) {
    return n->op->positions != NULL && moves_codes(p, n) && lf_shape_count(lf_out(p->graph, n, 0)->shape) <= INT32_MAX;
}

static lf_form transpose_wants(lf_plan *p, const lf_node *n, int operand, size_t *vec) {
    (void)operand;
    (void)vec;
    return passed_form(p, n, LF_FORM_U8);
}

typedef struct transpose_step {
    size_t count, bytes;
    uint32_t *source; /* [count] */
} transpose_step;

#define MOVE(T)                           \
    for (size_t e = 0; e < t->count; e++) \
        ((T *)y)[e] = ((const T *)x)[t->source[e]];

static lf_status step_transpose(const lf_step *s, lf_block *b) {
    const transpose_step *t = s->with;
    for (size_t row = 0; row < b->rows; row++) {
        const void *x = lf_slot_at(b, s->in, row);
        void *y = lf_slot_at(b, s->out, row);
        if (t->bytes == 1)
            MOVE(uint8_t)
        else if (t->bytes == 2)
            MOVE(uint16_t)
        else
            MOVE(uint32_t)
    }
    return LF_OK;
}

static void add_transpose(lf_plan *p, const lf_node *n) {
    lf_form form = passed_form(p, n, LF_FORM_U8);
    size_t count = (size_t)lf_shape_count(lf_out(p->graph, n, 0)->shape), channels = lf_channels(lf_in(p->graph, n, 0));
    lf_view x = lf_plan_view(p, n->in[0], 1u << form, channels, form);
    p->possible = p->possible && x.slot != NULL;
    if (x.slot == NULL)
        return;
    transpose_step *t = LF_NEW(p->arena, transpose_step);
    *t = (transpose_step){count, lf_form_bytes(form), LF_NEW_ARRAY(p->arena, uint32_t, count)};
    int64_t *from = LF_NEW_ARRAY(p->building, int64_t, count);
    n->op->positions(p->graph, n, from);
    for (size_t e = 0; e < count; e++) {
        size_t at = (size_t)from[e];
        t->source[e] = (uint32_t)(at / channels * (x.stride / t->bytes) + at % channels);
    }
    const lf_slot *out = lf_plan_output(p, n->out[0], 1u << form, count, form);
    lf_plan_add(p, step_transpose, n, x.slot, out, t, lf_format(p->arena, "%zu elements in another order", count));
}

const lf_fast_op lf_fast_transpose = {"transpose", can_transpose, transpose_wants, add_transpose};

/* -- joins ------------------------------------------------------------------------------------------------------------------------------ */

static bool can_join(lf_plan *p, const lf_node *n) {
    const lf_tensor *a = lf_in(p->graph, n, 0), *b = lf_in(p->graph, n, 1), *y = lf_out(p->graph, n, 0);
    return !a->value && !b->value && lf_is_codes(a) && lf_is_codes(b) &&
           lf_form_holds(lf_plan_range(p, a->id), LF_FORM_S32) && lf_form_holds(lf_plan_range(p, b->id), LF_FORM_S32) &&
           lf_form_holds(y->range, LF_FORM_S32);
}

static unsigned join_forms(const lf_plan *p, lf_id x) {
    unsigned can = 0;
    for (lf_form form = LF_FORM_U8; form < LF_FORM_COUNT; form++)
        can |= lf_form_holds(lf_plan_range(p, x), form) ? 1u << form : 0;
    return can;
}

/* Sums come as sums: what is asked for is what thresholds would make. */
static lf_form join_wants(lf_plan *p, const lf_node *n, int operand, size_t *vec) {
    unsigned can = join_forms(p, n->in[operand]);
    (void)vec;
    return can & 1u << LF_FORM_U8 ? LF_FORM_U8 : can & 1u << LF_FORM_S16 ? LF_FORM_S16 : LF_FORM_S32;
}

typedef struct join_step {
    lf_view x[2];
    lf_taps_add_fn *add[2];
    int32_t factor[2], start;
    size_t count, channels; /* vectors per row */
} join_step;

static lf_status step_join(const lf_step *s, lf_block *b) {
    const join_step *j = s->with;
    size_t width = s->out->stride / 4;
    for (size_t row = 0; row < b->rows; row++) {
        int32_t *y = lf_slot_at(b, s->out, row);
        const uint8_t *from[2] = {lf_slot_at(b, j->x[0].slot, row), lf_slot_at(b, j->x[1].slot, row)};
        for (size_t v = 0; v < j->count; v++, y += width) {
            for (size_t c = 0; c < width; c++)
                y[c] = j->start;
            for (int k = 0; k < 2; k++)
                j->add[k](from[k] + v * j->x[k].stride, j->factor[k], j->channels, y);
        }
    }
    return LF_OK;
}

static void add_join(lf_plan *p, const lf_node *n) {
    static const char *const factors[2] = {"a_factor", "b_factor"};
    join_step *j = LF_NEW(p->arena, join_step);
    const lf_tensor *y = lf_out(p->graph, n, 0);
    int64_t start = 0;
    size_t vec;
    j->channels = lf_channels(y);
    j->count = (size_t)lf_shape_count(y->shape) / j->channels;
    for (int k = 0; k < 2; k++) {
        j->x[k] = lf_plan_view(p, n->in[k], join_forms(p, n->in[k]), j->channels, join_wants(p, n, k, &vec));
        if (j->x[k].slot == NULL) {
            p->possible = false;
            return;
        }
        lf_form form = j->x[k].slot->form;
        int64_t factor = lf_attr_int(n, factors[k]);
        uint64_t shift = (uint64_t)lf_form_shift(lf_plan_range(p, n->in[k]), form);
        j->add[k] = lf_taps_kernel_for(p->isa)->add[form == LF_FORM_U8    ? LF_TAPS_U8
                                                    : form == LF_FORM_S16 ? LF_TAPS_S16
                                                                          : LF_TAPS_S32];
        j->factor[k] = (int32_t)(uint32_t)(uint64_t)factor;
        start = (int64_t)((uint64_t)start + (uint64_t)factor * shift);
    }
    j->start = (int32_t)(uint32_t)(uint64_t)start;
    const lf_slot *out = lf_plan_output(p, y->id, 1u << LF_FORM_S32, j->channels, LF_FORM_S32);
    lf_plan_add(p, step_join, n, j->x[0].slot, out, j,
                lf_format(p->arena, "taps_%s sum of two, %zu channels", lf_isa_name(p->isa), j->channels));
}

const lf_fast_op lf_fast_sum_join = {"sum_join", can_join, join_wants, add_join};
