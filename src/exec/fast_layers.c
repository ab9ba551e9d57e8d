/* Matrix-vector and threshold nodes as kernels. */
#include "exec/fast_plan.h"

#include <string.h>

#include "ir/attr_access.h"

static bool is_op(const lf_node *n, const char *name) {
    return strcmp(n->op->name, name) == 0;
}

static size_t last_dim(const lf_tensor *t) {
    return t->shape.rank ? (size_t)t->shape.dim[t->shape.rank - 1] : 1;
}

/* -- what a node is ------------------------------------------------------------------------------------------------------------- */

/* A matrix-vector node in plain numbers, found out once. */
struct lf_layer {
    bool known, dense, threshold; /* dense: a kernel can do it; threshold: the node is one that a kernel can do */
    const lf_tensor *x, *y, *w, *bias, *T;
    lf_range codes; /* of x */
    size_t inputs, outputs;
    int64_t *weight; /* [outputs][inputs]; only while the plan is built */
    int64_t w_min, w_max;
    bool binary; /* one-bit weights and inputs */
};

static void read_weights(lf_arena *a, lf_layer *d) {
    size_t count = d->inputs * d->outputs;
    d->weight = LF_NEW_ARRAY(a, int64_t, count);
    d->w_min = INT64_MAX;
    d->w_max = INT64_MIN;
    d->binary = lf_range_count(d->codes) == 2;
    for (size_t i = 0; i < count; i++) {
        int64_t v = d->weight[i] = lf_tensor_code(d->w, i);
        d->w_min = v < d->w_min ? v : d->w_min;
        d->w_max = v > d->w_max ? v : d->w_max;
        d->binary = d->binary && (v == 1 || v == -1);
    }
}

static int64_t pick(const lf_tensor *t, size_t c) {
    return lf_tensor_code(t, t->value->count == 1 ? 0 : c);
}

/* Whether every row's sum, bias included, stays within +-LF_S32_MAX on its way up and down. */
static bool sums_fit(const lf_layer *d) {
    for (size_t n = 0; n < d->outputs; n++) {
        int64_t lo = d->bias ? pick(d->bias, n) : 0, hi = lo;
        for (size_t k = 0; k < d->inputs; k++) {
            int64_t w = d->weight[n * d->inputs + k];
            lo += w * (w > 0 ? d->codes.lo : d->codes.hi);
            hi += w * (w > 0 ? d->codes.hi : d->codes.lo);
            if (lo < -LF_S32_MAX || hi > LF_S32_MAX)
                return false;
        }
    }
    return true;
}

static bool thresholds_fit(const lf_tensor *T, const lf_tensor *y) {
    return T->value && T->shape.rank == 2 && T->shape.dim[1] <= 4096 && lf_form_holds(y->range, LF_FORM_S32);
}

static bool read_dense(const lf_plan *p, const lf_node *n, lf_layer *d) {
    const lf_graph *g = p->graph;
    d->x = lf_in(g, n, 0), d->w = lf_in(g, n, 1), d->bias = lf_in(g, n, 2), d->T = lf_in(g, n, 3),
    d->y = lf_out(g, n, 0);
    if (!d->w || !d->w->value || d->w->shape.rank != 2 || d->x->value || !lf_is_codes(d->x) ||
        (d->bias && !d->bias->value))
        return false;
    d->codes = lf_plan_tensor(p, p->root[d->x->id])->range;
    d->outputs = (size_t)d->w->shape.dim[0];
    d->inputs = (size_t)d->w->shape.dim[1];
    if (d->inputs == 0 || d->outputs == 0 || last_dim(d->x) != d->inputs || last_dim(d->y) != d->outputs ||
        !lf_form_holds(d->codes, LF_FORM_S16))
        return false;
    read_weights(p->building, d);
    return d->w_min >= INT16_MIN && d->w_max <= INT16_MAX && sums_fit(d) && (!d->T || thresholds_fit(d->T, d->y));
}

static bool read_threshold(const lf_plan *p, const lf_node *n) {
    const lf_tensor *x = lf_in(p->graph, n, 0), *T = lf_in(p->graph, n, 1), *s = lf_in(p->graph, n, 2);
    return !x->value && lf_is_codes(x) && lf_form_holds(x->range, LF_FORM_S32) && T && (!s || s->value) &&
           lf_shape_count(x->shape) > 0 && thresholds_fit(T, lf_out(p->graph, n, 0)) &&
           lf_shape_count(x->shape) * T->shape.dim[1] <= 1 << 24;
}

/* What is known about a node; looked at once. */
static const lf_layer *layer_of(lf_plan *p, const lf_node *n) {
    if (p->layers[n->id] == NULL)
        p->layers[n->id] = LF_NEW(p->arena, lf_layer);
    lf_layer *d = p->layers[n->id];
    if (!d->known) {
        d->known = true;
        d->dense = is_op(n, "mvu") && read_dense(p, n, d);
        d->threshold = is_op(n, "threshold") && read_threshold(p, n);
    }
    return d;
}

bool lf_layer_is(lf_plan *p, const lf_node *n) {
    const lf_layer *d = layer_of(p, n);
    return d->dense || d->threshold;
}

static lf_form dense_form(const lf_plan *p, const lf_layer *d) {
    if (d->binary)
        return LF_FORM_BITS;
    int64_t shift = lf_form_shift(d->codes, LF_FORM_U8);
    bool bytes = lf_form_holds(d->codes, LF_FORM_U8) &&
                 lf_int_kind_for(p->isa, d->codes.hi - shift, d->w_min, d->w_max) == LF_INT_U8;
    return bytes ? LF_FORM_U8 : LF_FORM_S16;
}

lf_form lf_layer_wants(lf_plan *p, const lf_node *n, size_t *vec) {
    const lf_layer *d = layer_of(p, n);
    const lf_tensor *x = lf_in(p->graph, n, 0);
    *vec = d->dense ? last_dim(x) : (size_t)lf_shape_count(x->shape);
    return d->dense ? dense_form(p, d) : d->threshold ? LF_FORM_S32 : LF_FORM_VALUE;
}

/* -- thresholds as a table -------------------------------------------------------------------------------------------------------- */

/* code = base + step * #{ t : sign[c] * x >= T[c][t] }, for x within +-LF_S32_MAX. */
typedef struct ladder {
    size_t channels, levels;
    int64_t *T; /* [channels][levels] */
    int64_t *base, *step;
} ladder;

/* Channel c has the thresholds of c % period. -x >= T is x < 1 - T turned round: the count from the other side. */
static ladder make_ladder(const lf_plan *p, const lf_node *n, const lf_tensor *T, const lf_tensor *sign, size_t period,
                          size_t channels) {
    size_t L = (size_t)T->shape.dim[1];
    int64_t base = lf_attr_int(n, "out_base"), step = lf_attr_int(n, "out_step");
    ladder l = {channels, L, LF_NEW_ARRAY(p->arena, int64_t, channels * L + 1),
                LF_NEW_ARRAY(p->arena, int64_t, channels), LF_NEW_ARRAY(p->arena, int64_t, channels)};
    for (size_t c = 0; c < channels; c++) {
        size_t row = T->shape.dim[0] == 1 ? 0 : c % period;
        bool down = sign && pick(sign, c % period) < 0;
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

typedef struct levels_step {
    lf_levels levels;
    lf_levels_fn *run;
} levels_step;

static lf_status step_levels(const lf_step *s, lf_block *b) {
    const levels_step *l = s->with;
    size_t block = lf_plan_block_rows(b->plan);
    l->run(&l->levels, lf_slot_at(b, s->in, 0, block), s->in->stride, b->rows * s->in->vecs,
           lf_slot_at(b, s->out, 0, block), s->out->stride);
    return LF_OK;
}

static lf_level_out level_out(lf_form form) {
    return form == LF_FORM_BITS  ? LF_LEVEL_BITS
           : form == LF_FORM_U8  ? LF_LEVEL_U8
           : form == LF_FORM_S16 ? LF_LEVEL_S16
                                 : LF_LEVEL_CODES;
}

static void make_levels(const lf_plan *p, const ladder *l, lf_range r, lf_form form, lf_levels *out) {
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
    lf_arena_free(a);
}

static void add_levels(lf_plan *p, const lf_node *n, const ladder *l, const lf_slot *in, lf_id y) {
    lf_range r = lf_plan_tensor(p, y)->range;
    lf_slot *out = lf_plan_output(p, y, forms_of_codes(r, l->levels), l->channels, LF_FORM_S32);
    levels_step *s = LF_NEW(p->arena, levels_step);
    s->run = lf_levels_kernel_for(p->isa)->run[LF_LEVEL_S32][level_out(out->form)];
    make_levels(p, l, r, out->form, &s->levels);
    lf_plan_add(p, step_levels, n, in, out, s,
                lf_format(p->arena, "levels_%s %zu channels, %zu levels", lf_isa_name(p->isa), l->channels, l->levels));
}

/* -- one-bit layers ------------------------------------------------------------------------------------------------------------------ */

typedef struct xnor_step {
    lf_xnor_layer layer;
    const lf_xnor_kernel *kernel;
    int64_t factor; /* sum = (factor * dot + add[n]) / 2 */
    int64_t *add;
    bool plain; /* factor 2, add 0: the dot product is the sum */
} xnor_step;

static lf_status step_xnor_bits(const lf_step *s, lf_block *b) {
    const xnor_step *x = s->with;
    size_t block = lf_plan_block_rows(b->plan);
    x->kernel->bits(&x->layer, lf_slot_at(b, s->in, 0, block), s->in->stride / 8, b->rows * s->in->vecs,
                    lf_slot_at(b, s->out, 0, block), s->out->stride / 8);
    return LF_OK;
}

static lf_status step_xnor_sums(const lf_step *s, lf_block *b) {
    const xnor_step *x = s->with;
    size_t block = lf_plan_block_rows(b->plan), rows = b->rows * s->in->vecs;
    int32_t *y = lf_slot_at(b, s->out, 0, block);
    x->kernel->dots(&x->layer, lf_slot_at(b, s->in, 0, block), s->in->stride / 8, rows, y, s->out->stride / 4);
    for (size_t r = 0; !x->plain && r < rows; r++, y += s->out->stride / 4)
        for (size_t n = 0; n < x->layer.outputs; n++)
            y[n] = (int32_t)((x->factor * y[n] + x->add[n]) / 2);
    return LF_OK;
}

/* x = (lo + hi) / 2 + (hi - lo) / 2 * b with b = -1 or +1, so sum = ((hi - lo) * dot + (lo + hi) * sum of weights + 2 bias) / 2. */
static xnor_step *make_xnor(const lf_plan *p, const lf_layer *d) {
    xnor_step *s = LF_NEW(p->arena, xnor_step);
    lf_range r = d->codes;
    size_t words = lf_bit_words(d->inputs);
    lf_arena *a = lf_arena_new();
    uint64_t *w = LF_NEW_ARRAY(a, uint64_t, d->outputs * words);
    *s = (xnor_step){.kernel = lf_xnor_kernel_for(p->isa),
                     .factor = r.hi - r.lo,
                     .add = LF_NEW_ARRAY(p->arena, int64_t, d->outputs)};
    s->plain = s->factor == 2;
    for (size_t n = 0; n < d->outputs; n++) {
        int64_t total = 0;
        for (size_t k = 0; k < d->inputs; k++) {
            int64_t v = d->weight[n * d->inputs + k];
            total += v;
            w[n * words + k / 64] |= (uint64_t)(v > 0) << k % 64;
        }
        s->add[n] = (r.lo + r.hi) * total + 2 * (d->bias ? pick(d->bias, n) : 0);
        s->plain = s->plain && s->add[n] == 0;
    }
    lf_xnor_layer_new(p->arena, d->inputs, d->outputs, w, &s->layer);
    lf_arena_free(a);
    return s;
}

static int64_t ceil_div(int64_t a, int64_t b) { /* b > 0 */
    return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

/* sum >= T is dot >= D with D = ceil((2 T - add) / factor), and that is differ <= floor((inputs - D) / 2). */
static void set_limits(xnor_step *s, const ladder *l, lf_range codes) {
    int64_t K = (int64_t)s->layer.inputs;
    for (size_t n = 0; n < s->layer.outputs; n++) {
        bool low = l->base[n] == codes.hi, high = l->levels ? l->base[n] + l->step[n] == codes.hi : low;
        int64_t D = l->levels ? ceil_div(2 * l->T[n] - s->add[n], s->factor) : 0;
        int64_t limit = D > K ? -1 : D < -K ? K : (K - D) / 2;
        s->layer.limit[n] = low == high ? -1 : limit;
        s->layer.invert[n / 8] = (uint8_t)(s->layer.invert[n / 8] | low << n % 8);
    }
}

/* Thresholds to bits in the same pass, when the codes are two and somebody wants them as bits. */
static bool try_xnor_bits(lf_plan *p, const lf_node *n, xnor_step *s, const lf_slot *in, const ladder *l, lf_id y) {
    lf_range r = lf_plan_tensor(p, y)->range;
    lf_slot *want = p->wanted[p->root[y]];
    if (l->levels > 1 || !want || want->form != LF_FORM_BITS || want->vec != s->layer.outputs)
        return false;
    lf_slot *out = lf_plan_output(p, y, 1u << LF_FORM_BITS, s->layer.outputs, LF_FORM_BITS);
    set_limits(s, l, r);
    lf_plan_add(
        p, step_xnor_bits, n, in, out, s,
        lf_format(p->arena, "xnor_dense_%s %zu -> %zu, bits", lf_isa_name(p->isa), s->layer.inputs, s->layer.outputs));
    return true;
}

/* -- integer layers --------------------------------------------------------------------------------------------------------------------- */

typedef struct int_step {
    lf_int_layer layer;
    const lf_int_kernel *kernel;
} int_step;

static lf_status step_int(const lf_step *s, lf_block *b) {
    const int_step *i = s->with;
    size_t block = lf_plan_block_rows(b->plan);
    i->kernel->dots(&i->layer, lf_slot_at(b, s->in, 0, block), s->in->stride, b->rows * s->in->vecs,
                    lf_slot_at(b, s->out, 0, block), s->out->stride / 4);
    return LF_OK;
}

static int_step *make_int(const lf_plan *p, const lf_layer *d, lf_form form) {
    int_step *s = LF_NEW(p->arena, int_step);
    int64_t shift = lf_form_shift(d->codes, form);
    lf_arena *a = lf_arena_new();
    int64_t *c = LF_NEW_ARRAY(a, int64_t, d->outputs);
    for (size_t n = 0; n < d->outputs; n++) {
        c[n] = d->bias ? pick(d->bias, n) : 0;
        for (size_t k = 0; k < d->inputs; k++)
            c[n] += shift * d->weight[n * d->inputs + k];
    }
    s->kernel = lf_int_kernel_for(p->isa);
    lf_int_layer_new(p->arena, form == LF_FORM_U8 ? LF_INT_U8 : LF_INT_S16, d->inputs, d->outputs, d->weight, c,
                     &s->layer);
    lf_arena_free(a);
    return s;
}

/* -- adding steps ----------------------------------------------------------------------------------------------------------------------- */

const lf_node *lf_layer_fuses(lf_plan *p, const lf_node *n) {
    const lf_node *next = n->out_count == 1 && is_op(n, "mvu") ? lf_only_consumer(p->graph, n->out[0]) : NULL;
    bool fits = next && next->in[0] == n->out[0] && layer_of(p, n)->dense && layer_of(p, n)->T == NULL &&
                layer_of(p, next)->threshold;
    return fits ? next : NULL;
}

static void add_sums(lf_plan *p, const lf_node *n, const lf_layer *d, xnor_step *x, const lf_slot *in,
                     const lf_slot *out) {
    const char *isa = lf_isa_name(p->isa);
    if (x != NULL)
        lf_plan_add(p, step_xnor_sums, n, in, out, x,
                    lf_format(p->arena, "xnor_dense_%s %zu -> %zu, sums", isa, d->inputs, d->outputs));
    else
        lf_plan_add(p, step_int, n, in, out, make_int(p, d, in->form),
                    lf_format(p->arena, "int_dense_%s %zu -> %zu, %s", isa, d->inputs, d->outputs,
                              in->form == LF_FORM_U8 ? "bytes" : "words"));
}

static void add_dense(lf_plan *p, const lf_node *n, const lf_layer *d, const lf_node *fused) {
    const lf_slot *in = lf_plan_slot(p, d->x->id, dense_form(p, d), d->inputs);
    if (in == NULL) {
        p->possible = false;
        return;
    }
    xnor_step *x = in->form == LF_FORM_BITS ? make_xnor(p, d) : NULL;
    const lf_node *teeth = fused ? fused : d->T ? n : NULL;
    if (teeth == NULL) {
        add_sums(p, n, d, x, in, lf_plan_output(p, d->y->id, 1u << LF_FORM_S32, d->outputs, LF_FORM_S32));
        return;
    }
    const lf_tensor *T = fused ? lf_in(p->graph, fused, 1) : d->T, *sign = fused ? lf_in(p->graph, fused, 2) : NULL;
    lf_id y = teeth->out[0];
    ladder l = make_ladder(p, teeth, T, sign, d->outputs, d->outputs);
    if (x && try_xnor_bits(p, n, x, in, &l, y))
        return;
    lf_slot *sums = lf_plan_scratch(p, LF_FORM_S32, d->outputs, in->vecs);
    add_sums(p, n, d, x, in, sums);
    add_levels(p, teeth, &l, sums, y);
}

void lf_layer_add(lf_plan *p, const lf_node *n, const lf_node *fused) {
    if (layer_of(p, n)->dense) {
        add_dense(p, n, layer_of(p, n), fused);
        return;
    }
    const lf_tensor *x = lf_in(p->graph, n, 0);
    size_t all = (size_t)lf_shape_count(x->shape); /* the channels over and over, as one vector */
    ladder l = make_ladder(p, n, lf_in(p->graph, n, 1), lf_in(p->graph, n, 2), last_dim(x), all);
    const lf_slot *in = lf_plan_slot(p, x->id, LF_FORM_S32, all);
    p->possible = p->possible && in != NULL;
    add_levels(p, n, &l, in, n->out[0]);
}
