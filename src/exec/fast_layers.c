/* Matrix-vector nodes as kernels. */
#include "exec/fast_levels.h"
#include "exec/fast_product.h"

#include "ir/attr_access.h"
#include "ops/window.h"

/* -- what a node is ------------------------------------------------------------------------------------------------------------- */

/* A matrix-vector node in plain numbers. */
struct lf_layer {
    const lf_tensor *x, *y, *w, *bias, *T;
    lf_range codes;                 /* of x */
    size_t inputs, outputs, groups; /* outputs: of a group; vectors take the groups in turn */
    int64_t *weight;                /* [groups][outputs][inputs]; only while the plan is built */
    int64_t w_min, w_max;
    bool binary; /* one-bit weights and inputs */
};

static void read_weights(lf_arena *a, lf_layer *d) {
    size_t count = d->inputs * d->outputs * d->groups;
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

/* Whether every row's sum, bias included, stays within +-LF_S32_MAX on its way up and down. */
static bool sums_fit(const lf_layer *d) {
    for (size_t n = 0; n < d->outputs * d->groups; n++) {
        int64_t lo = d->bias ? lf_pick(d->bias, n) : 0, hi = lo;
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

static bool read_dense(const lf_plan *p, const lf_node *n, lf_layer *d) {
    const lf_graph *g = p->graph;
    d->x = lf_in(g, n, 0), d->w = lf_in(g, n, 1), d->bias = lf_in(g, n, 2), d->T = lf_in(g, n, 3),
    d->y = lf_out(g, n, 0);
    if (!d->w || !d->w->value || d->w->shape.rank != 2 || d->x->value || !lf_is_codes(d->x) ||
        (d->bias && !d->bias->value))
        return false;
    d->codes = lf_plan_tensor(p, p->root[d->x->id])->range;
    d->groups = (size_t)lf_attr_int(n, "groups");
    d->outputs = (size_t)d->w->shape.dim[0] / d->groups;
    d->inputs = (size_t)d->w->shape.dim[1];
    if (d->inputs == 0 || d->outputs == 0 || lf_channels(d->x) != d->inputs || lf_channels(d->y) != d->outputs ||
        !lf_form_holds(d->codes, LF_FORM_S16) || (d->T && d->groups > 1))
        return false;
    read_weights(p->building, d);
    return d->w_min >= INT16_MIN && d->w_max <= INT16_MAX && sums_fit(d) && (!d->T || lf_thresholds_fit(d->T, d->y));
}

static bool can(lf_plan *p, const lf_node *n) {
    lf_layer *d = LF_NEW(p->arena, lf_layer);
    p->layers[n->id] = d;
    return read_dense(p, n, d);
}

/* What the stored codes are counted from: the range of the vectors, or of the pictures they are collected from. */
static lf_range stored_range(const lf_plan *p, const lf_layer *d, const lf_node *window) {
    return window ? lf_plan_tensor(p, p->root[window->in[0]])->range : d->codes;
}

/* Elements of a group that lie side by side: its channels of a pixel, or a whole vector. */
static size_t pixel_of(const lf_plan *p, const lf_layer *d, const lf_node *window) {
    return window ? lf_channels(lf_in(p->graph, window, 0)) / d->groups : d->inputs;
}

/* VALUE when there is none, which happens only where padding does not fit in. */
static lf_form dense_form(const lf_plan *p, const lf_node *n) {
    const lf_layer *d = p->layers[n->id];
    const lf_node *window = p->window[n->id];
    lf_range r = stored_range(p, d, window);
    bool words = window == NULL || d->groups == 1 || pixel_of(p, d, window) % 64 == 0; /* a group begins with a word */
    if (d->binary && words && (window == NULL || lf_window_holds(p, window, LF_FORM_BITS)))
        return LF_FORM_BITS;
    int64_t most = d->codes.hi - lf_form_shift(r, LF_FORM_U8);
    bool bytes = lf_form_holds(r, LF_FORM_U8) && lf_int_kind_for(p->isa, most, d->w_min, d->w_max) == LF_INT_U8;
    if (bytes && (window == NULL || lf_window_holds(p, window, LF_FORM_U8)))
        return LF_FORM_U8;
    return window == NULL || lf_window_holds(p, window, LF_FORM_S16) ? LF_FORM_S16 : LF_FORM_VALUE;
}

static lf_form wants(lf_plan *p, const lf_node *n, int operand, size_t *vec) {
    (void)operand;
    if (p->window[n->id] == NULL)
        *vec = p->layers[n->id]->inputs;
    return dense_form(p, n);
}

/* -- products ---------------------------------------------------------------------------------------------------------------------- */

enum { CHUNK_BYTES = 24 << 10, CHUNK_UNIT = 12 /* the tiles of the kernels are 4 and 6 rows high */ };

/* Vectors, collected from windows or as they lie, times a matrix, maybe to thresholds: so many at a time that what stands between is
 * still in the first-level cache. */
typedef struct dense_step {
    lf_product **product;     /* [groups] */
    const lf_gather **gather; /* [groups]; NULL: vectors as they lie */
    size_t groups, positions; /* of a row: vectors of every group */
    size_t chunk, x_stride, sum_stride, sums_at;
    bool bits; /* thresholds are in the kernel */
    const lf_levels_step *levels;
} dense_step;

static void run_chunk(const dense_step *d, const lf_product *product, const void *x, size_t x_stride, size_t rows,
                      lf_block *b, uint8_t *y, size_t y_stride) {
    int32_t *sums = (void *)(b->scratch + d->sums_at);
    if (d->bits) {
        lf_product_bits(product, x, x_stride, rows, y, y_stride);
    } else if (d->levels == NULL) {
        lf_product_sums(product, x, x_stride, rows, (void *)y, y_stride / 4);
    } else {
        lf_product_sums(product, x, x_stride, rows, sums, d->sum_stride);
        d->levels->run(&d->levels->levels, sums, d->sum_stride * 4, rows, y, y_stride);
    }
}

static lf_status step_dense(const lf_step *s, lf_block *b) {
    const dense_step *d = s->with;
    size_t all = b->rows * d->positions, in = s->in->stride, out = s->out->stride;
    const uint8_t *x = lf_slot_at(b, s->in, 0);
    uint8_t *y = lf_slot_at(b, s->out, 0);
    for (size_t first = 0; first < all; first += d->chunk) {
        size_t count = all - first < d->chunk ? all - first : d->chunk;
        for (size_t g = 0; g < d->groups; g++) {
            uint8_t *to = y + (first * d->groups + g) * out;
            if (d->gather != NULL) {
                lf_gather_run(d->gather[g], x, first, count, b->scratch, d->x_stride);
                run_chunk(d, d->product[g], b->scratch, d->x_stride, count, b, to, d->groups * out);
            } else {
                const uint8_t *from = x + (first * d->groups + g) * in;
                run_chunk(d, d->product[g], from, d->groups * in, count, b, to, d->groups * out);
            }
        }
    }
    return LF_OK;
}

/* A group's matrix [outputs][inputs], its columns in the order in which windows are collected: row by row. */
static const int64_t *collected_weights(const lf_plan *p, const lf_layer *d, size_t group, const lf_node *window) {
    const int64_t *from = d->weight + group * d->outputs * d->inputs;
    lf_window w;
    if (window == NULL || lf_window_make(p->graph, window, &w) != LF_OK || !w.columns)
        return from;
    size_t rows = (size_t)w.kernel[0], columns = (size_t)w.kernel[1], pixel = d->inputs / (rows * columns);
    int64_t *to = LF_NEW_ARRAY(p->building, int64_t, d->outputs * d->inputs);
    for (size_t n = 0; n < d->outputs; n++)
        for (size_t k = 0; k < d->inputs; k++) {
            size_t tap = k / pixel, turned = tap % columns * rows + tap / columns;
            to[n * d->inputs + k] = from[n * d->inputs + turned * pixel + k % pixel];
        }
    return to;
}

static lf_product *make_product(const lf_plan *p, const lf_layer *d, size_t group, const lf_node *window,
                                lf_form form) {
    int64_t *bias = LF_NEW_ARRAY(p->building, int64_t, d->outputs);
    for (size_t n = 0; n < d->outputs; n++)
        bias[n] = d->bias ? lf_pick(d->bias, group * d->outputs + n) : 0;
    lf_matrix m = {.inputs = d->inputs,
                   .outputs = d->outputs,
                   .weight = collected_weights(p, d, group, window),
                   .bias = bias,
                   .codes = d->codes,
                   .pixel = pixel_of(p, d, window),
                   .shift = lf_form_shift(stored_range(p, d, window), form)};
    return lf_product_new(p, &m, form);
}

static void make_groups(lf_plan *p, const lf_layer *d, const lf_node *window, lf_view in, dense_step *s) {
    s->groups = d->groups;
    s->positions = (size_t)lf_shape_count(d->y->shape) / (d->outputs * d->groups);
    s->product = (lf_product **)lf_alloc_array(p->arena, d->groups, sizeof *s->product);
    s->gather = window ? (const lf_gather **)lf_alloc_array(p->arena, d->groups, sizeof *s->gather) : NULL;
    for (size_t g = 0; g < d->groups; g++) {
        s->product[g] = make_product(p, d, g, window, in.slot->form);
        if (window)
            s->gather[g] = lf_gather_new(p, window, in, g, d->groups);
    }
}

static void set_chunk(lf_plan *p, dense_step *s) {
    size_t width = (lf_product_width(s->product[0]) + 15) / 16 * 16;
    s->x_stride = s->gather ? (s->product[0]->bytes + 7) / 8 * 8 : 0;
    s->sum_stride = s->levels ? width : 0;
    size_t row = s->x_stride + 4 * s->sum_stride;
    s->chunk = row == 0 ? SIZE_MAX : CHUNK_BYTES / row / CHUNK_UNIT * CHUNK_UNIT;
    s->chunk = s->chunk < CHUNK_UNIT ? CHUNK_UNIT : s->chunk;
    s->sums_at = s->gather ? (s->chunk * s->x_stride + 127) / 64 * 64 : 0;
    lf_plan_need_scratch(p, row ? s->sums_at + s->chunk * 4 * s->sum_stride : 0);
}

/* -- adding steps ----------------------------------------------------------------------------------------------------------------------- */

/* Thresholds to bits by the kernel, when the codes are two and somebody wants them as bits. */
static bool try_bits(const lf_plan *p, const dense_step *s, const lf_ladder *l, lf_id y) {
    lf_range r = lf_plan_tensor(p, y)->range;
    if (s->product[0]->form != LF_FORM_BITS || l->levels > 1 || lf_range_count(r) != 2 ||
        !lf_plan_wants(p, y, LF_FORM_BITS))
        return false;
    bool *below = LF_NEW_ARRAY(p->building, bool, l->channels), *from = LF_NEW_ARRAY(p->building, bool, l->channels);
    for (size_t n = 0; n < l->channels; n++) {
        below[n] = l->base[n] == r.hi;
        from[n] = l->base[n] + l->step[n] == r.hi;
    }
    for (size_t g = 0; g < s->groups; g++)
        lf_product_set_limits(s->product[g], &(lf_teeth){l->levels == 0, l->T, below, from});
    return true;
}

/* The slot of the result, and what becomes of the sums on their way there. */
static const lf_slot *add_teeth(lf_plan *p, const lf_layer *d, const lf_node *teeth, bool fused, dense_step *s,
                                const char **text) {
    if (teeth == NULL) {
        *text = d->binary && s->product[0]->form == LF_FORM_BITS ? "sums" : NULL;
        return lf_plan_output(p, d->y->id, 1u << LF_FORM_S32, d->outputs, LF_FORM_S32);
    }
    lf_id y = teeth->out[0];
    lf_ladder l = lf_ladder_new(p, teeth, fused ? lf_in(p->graph, teeth, 1) : d->T,
                                fused ? lf_in(p->graph, teeth, 2) : NULL, d->outputs, d->outputs);
    s->bits = try_bits(p, s, &l, y);
    *text = s->bits ? "bits" : lf_format(p->arena, "%zu levels", l.levels);
    if (s->bits)
        return lf_plan_output(p, y, 1u << LF_FORM_BITS, d->outputs, LF_FORM_BITS);
    return lf_levels_step_new(p, &l, y, &s->levels);
}

/* What there is of the vectors, or of the pictures they are collected from. */
static lf_view input_of(lf_plan *p, const lf_node *n, const lf_layer *d) {
    const lf_node *window = p->window[n->id];
    lf_form form = dense_form(p, n);
    if (window != NULL)
        return lf_plan_view(p, window->in[0], 1u << form, lf_channels(lf_in(p->graph, window, 0)), form);
    const lf_slot *s = lf_plan_slot(p, d->x->id, form, d->inputs);
    return (lf_view){s, d->inputs, s ? s->stride : 0, s ? s->vecs : 0};
}

static void add(lf_plan *p, const lf_node *n) {
    const lf_layer *d = p->layers[n->id];
    const lf_node *fused = p->fuses[n->id];
    const lf_node *window = p->window[n->id];
    lf_view in = input_of(p, n, d);
    if (in.slot == NULL) {
        p->possible = false;
        return;
    }
    dense_step *s = LF_NEW(p->arena, dense_step);
    make_groups(p, d, window, in, s);
    const char *teeth, *kind = in.slot->form == LF_FORM_U8 ? ", bytes" : in.slot->form == LF_FORM_S16 ? ", words" : "";
    const lf_slot *out = add_teeth(p, d, fused ? fused : d->T ? n : NULL, fused != NULL, s, &teeth);
    set_chunk(p, s);
    lf_plan_add(p, step_dense, n, in.slot, out, s,
                lf_format(p->arena, "%s%s%s%s%s%s", s->product[0]->text, kind, teeth ? ", " : "", teeth ? teeth : "",
                          window ? ", windows" : "", d->groups > 1 ? ", groups" : ""));
}

const lf_fast_op lf_fast_mvu = {"mvu", can, wants, add};
