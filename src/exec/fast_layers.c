/* Matrix-vector and threshold nodes as kernels. */
#include "exec/fast_product.h"

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
           lf_shape_count(x->shape) > 0 && thresholds_fit(T, lf_out(p->graph, n, 0));
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

/* What the stored codes are counted from: the range of the vectors, or of the pictures they are collected from. */
static lf_range stored_range(const lf_plan *p, const lf_layer *d, const lf_node *window) {
    return window ? lf_plan_tensor(p, p->root[window->in[0]])->range : d->codes;
}

/* VALUE when there is none, which happens only where padding does not fit in. */
static lf_form dense_form(const lf_plan *p, const lf_node *n, const lf_layer *d) {
    const lf_node *window = p->window[n->id];
    lf_range r = stored_range(p, d, window);
    if (d->binary && (window == NULL || lf_window_holds(p, window, LF_FORM_BITS)))
        return LF_FORM_BITS;
    int64_t most = d->codes.hi - lf_form_shift(r, LF_FORM_U8);
    bool bytes = lf_form_holds(r, LF_FORM_U8) && lf_int_kind_for(p->isa, most, d->w_min, d->w_max) == LF_INT_U8;
    if (bytes && (window == NULL || lf_window_holds(p, window, LF_FORM_U8)))
        return LF_FORM_U8;
    return window == NULL || lf_window_holds(p, window, LF_FORM_S16) ? LF_FORM_S16 : LF_FORM_VALUE;
}

enum { FLAT_ELEMENTS = 4096 };

/* Channels over and over as one vector, where few of them would leave the kernel's lanes empty; else pixel by pixel. */
static size_t threshold_vector(const lf_tensor *x) {
    size_t all = (size_t)lf_shape_count(x->shape), channels = last_dim(x);
    return channels % LF_LEVEL_LANES != 0 && all <= FLAT_ELEMENTS ? all : channels;
}

lf_form lf_layer_wants(lf_plan *p, const lf_node *n, size_t *vec) {
    const lf_layer *d = layer_of(p, n);
    const lf_tensor *x = lf_in(p->graph, n, 0);
    if (d->dense && p->window[n->id] == NULL)
        *vec = d->inputs;
    else if (d->threshold)
        *vec = threshold_vector(x);
    return d->dense ? dense_form(p, n, d) : d->threshold ? LF_FORM_S32 : LF_FORM_VALUE;
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
    lf_levels_guess(p->arena, out, LF_LEVEL_S32);
    lf_arena_free(a);
}

/* The step's constants, and the slot where the codes go. */
static const lf_slot *make_levels_step(lf_plan *p, const ladder *l, lf_id y, const levels_step **made) {
    lf_range r = lf_plan_tensor(p, y)->range;
    lf_slot *out = lf_plan_output(p, y, forms_of_codes(r, l->levels), l->channels, LF_FORM_S32);
    levels_step *s = LF_NEW(p->arena, levels_step);
    s->run = lf_levels_kernel_for(p->isa)->run[LF_LEVEL_S32][level_out(out->form)];
    make_levels(p, l, r, out->form, &s->levels);
    *made = s;
    return out;
}

/* -- products ---------------------------------------------------------------------------------------------------------------------- */

enum { CHUNK_BYTES = 24 << 10, CHUNK_UNIT = 12 /* the tiles of the kernels are 4 and 6 rows high */ };

/* Vectors, collected from windows or as they lie, times a matrix, maybe to thresholds: so many at a time that what stands between is
 * still in the first-level cache. */
typedef struct dense_step {
    lf_product *product;
    const lf_gather *gather; /* NULL: vectors as they lie */
    size_t vectors;          /* per row */
    size_t chunk, x_stride, sum_stride, sums_at;
    bool bits; /* thresholds are in the kernel */
    const levels_step *levels;
} dense_step;

static void run_chunk(const dense_step *d, const void *x, size_t x_stride, size_t rows, lf_block *b, uint8_t *y,
                      size_t y_stride) {
    int32_t *sums = (void *)(b->scratch + d->sums_at);
    if (d->bits) {
        lf_product_bits(d->product, x, x_stride, rows, y, y_stride);
    } else if (d->levels == NULL) {
        lf_product_sums(d->product, x, x_stride, rows, (void *)y, y_stride / 4);
    } else {
        lf_product_sums(d->product, x, x_stride, rows, sums, d->sum_stride);
        d->levels->run(&d->levels->levels, sums, d->sum_stride * 4, rows, y, y_stride);
    }
}

static lf_status step_dense(const lf_step *s, lf_block *b) {
    const dense_step *d = s->with;
    size_t block = lf_plan_block_rows(b->plan), rows = b->rows * d->vectors;
    const uint8_t *x = lf_slot_at(b, s->in, 0, block);
    uint8_t *y = lf_slot_at(b, s->out, 0, block);
    for (size_t first = 0; first < rows; first += d->chunk) {
        size_t count = rows - first < d->chunk ? rows - first : d->chunk;
        uint8_t *to = y + first * s->out->stride;
        if (d->gather != NULL) {
            lf_gather_run(d->gather, x, first, count, b->scratch, d->x_stride);
            run_chunk(d, b->scratch, d->x_stride, count, b, to, s->out->stride);
        } else {
            run_chunk(d, x + first * s->in->stride, s->in->stride, count, b, to, s->out->stride);
        }
    }
    return LF_OK;
}

static lf_product *make_product(const lf_plan *p, const lf_layer *d, const lf_node *window, lf_form form) {
    int64_t *bias = LF_NEW_ARRAY(p->building, int64_t, d->outputs);
    for (size_t n = 0; n < d->outputs; n++)
        bias[n] = d->bias ? pick(d->bias, n) : 0;
    lf_matrix m = {.inputs = d->inputs,
                   .outputs = d->outputs,
                   .weight = d->weight,
                   .bias = bias,
                   .codes = d->codes,
                   .pixel = window ? last_dim(lf_in(p->graph, window, 0)) : d->inputs,
                   .shift = lf_form_shift(stored_range(p, d, window), form)};
    return lf_product_new(p, &m, form);
}

static void set_chunk(lf_plan *p, dense_step *s) {
    size_t width = (lf_product_width(s->product) + 15) / 16 * 16;
    s->x_stride = s->gather ? (s->product->bytes + 7) / 8 * 8 : 0;
    s->sum_stride = s->levels ? width : 0;
    size_t row = s->x_stride + 4 * s->sum_stride;
    s->chunk = row == 0 ? SIZE_MAX : CHUNK_BYTES / row / CHUNK_UNIT * CHUNK_UNIT;
    s->chunk = s->chunk < CHUNK_UNIT ? CHUNK_UNIT : s->chunk;
    s->sums_at = s->gather ? (s->chunk * s->x_stride + 127) / 64 * 64 : 0;
    lf_plan_need_scratch(p, row ? s->sums_at + s->chunk * 4 * s->sum_stride : 0);
}

/* -- adding steps ----------------------------------------------------------------------------------------------------------------------- */

const lf_node *lf_layer_fuses(lf_plan *p, const lf_node *n) {
    const lf_node *next = n->out_count == 1 && is_op(n, "mvu") ? lf_node_at(p->graph, p->only[n->out[0]]) : NULL;
    bool fits = next && next->in[0] == n->out[0] && layer_of(p, n)->dense && layer_of(p, n)->T == NULL &&
                layer_of(p, next)->threshold;
    return fits ? next : NULL;
}

/* Thresholds to bits by the kernel, when the codes are two and somebody wants them as bits. */
static bool try_bits(const lf_plan *p, lf_product *product, const ladder *l, lf_id y) {
    lf_range r = lf_plan_tensor(p, y)->range;
    if (product->form != LF_FORM_BITS || l->levels > 1 || lf_range_count(r) != 2 || !lf_plan_wants(p, y, LF_FORM_BITS))
        return false;
    bool *below = LF_NEW_ARRAY(p->building, bool, l->channels), *from = LF_NEW_ARRAY(p->building, bool, l->channels);
    for (size_t n = 0; n < l->channels; n++) {
        below[n] = l->base[n] == r.hi;
        from[n] = l->base[n] + l->step[n] == r.hi;
    }
    lf_product_set_limits(product, &(lf_teeth){l->levels == 0, l->T, below, from});
    return true;
}

/* The slot of the result, and what becomes of the sums on their way there. */
static const lf_slot *add_teeth(lf_plan *p, const lf_layer *d, const lf_node *teeth, bool fused, dense_step *s,
                                const char **text) {
    if (teeth == NULL) {
        *text = d->binary && s->product->form == LF_FORM_BITS ? "sums" : NULL;
        return lf_plan_output(p, d->y->id, 1u << LF_FORM_S32, d->outputs, LF_FORM_S32);
    }
    lf_id y = teeth->out[0];
    ladder l = make_ladder(p, teeth, fused ? lf_in(p->graph, teeth, 1) : d->T, fused ? lf_in(p->graph, teeth, 2) : NULL,
                           d->outputs, d->outputs);
    s->bits = try_bits(p, s->product, &l, y);
    *text = s->bits ? "bits" : lf_format(p->arena, "%zu levels", l.levels);
    if (s->bits)
        return lf_plan_output(p, y, 1u << LF_FORM_BITS, d->outputs, LF_FORM_BITS);
    return make_levels_step(p, &l, y, &s->levels);
}

/* What there is of the vectors, or of the pictures they are collected from. */
static lf_view input_of(lf_plan *p, const lf_node *n, const lf_layer *d) {
    const lf_node *window = p->window[n->id];
    lf_form form = dense_form(p, n, d);
    if (window != NULL)
        return lf_plan_view(p, window->in[0], 1u << form, last_dim(lf_in(p->graph, window, 0)), form);
    const lf_slot *s = lf_plan_slot(p, d->x->id, form, d->inputs);
    return (lf_view){s, d->inputs, s ? s->stride : 0, s ? s->vecs : 0};
}

static void add_dense(lf_plan *p, const lf_node *n, const lf_layer *d, const lf_node *fused) {
    const lf_node *window = p->window[n->id];
    lf_view in = input_of(p, n, d);
    if (in.slot == NULL) {
        p->possible = false;
        return;
    }
    dense_step *s = LF_NEW(p->arena, dense_step);
    s->product = make_product(p, d, window, in.slot->form);
    s->gather = window ? lf_gather_new(p, window, in) : NULL;
    s->vectors = (size_t)lf_shape_count(d->y->shape) / d->outputs;
    const char *teeth, *kind = in.slot->form == LF_FORM_U8 ? ", bytes" : in.slot->form == LF_FORM_S16 ? ", words" : "";
    const lf_slot *out = add_teeth(p, d, fused ? fused : d->T ? n : NULL, fused != NULL, s, &teeth);
    set_chunk(p, s);
    lf_plan_add(p, step_dense, n, in.slot, out, s,
                lf_format(p->arena, "%s%s%s%s%s", s->product->text, kind, teeth ? ", " : "", teeth ? teeth : "",
                          window ? ", windows" : ""));
}

static void add_threshold(lf_plan *p, const lf_node *n) {
    const lf_tensor *x = lf_in(p->graph, n, 0);
    size_t vec = threshold_vector(x);
    ladder l = make_ladder(p, n, lf_in(p->graph, n, 1), lf_in(p->graph, n, 2), last_dim(x), vec);
    const lf_slot *in = lf_plan_slot(p, x->id, LF_FORM_S32, vec);
    p->possible = p->possible && in != NULL;
    const levels_step *s;
    const lf_slot *out = make_levels_step(p, &l, n->out[0], &s);
    lf_plan_add(p, step_levels, n, in, out, s,
                lf_format(p->arena, "levels_%s %zu channels, %zu levels", lf_isa_name(p->isa), l.channels, l.levels));
}

void lf_layer_add(lf_plan *p, const lf_node *n, const lf_node *fused) {
    if (layer_of(p, n)->dense)
        add_dense(p, n, layer_of(p, n), fused);
    else
        add_threshold(p, n);
}
