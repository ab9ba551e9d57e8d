/* The host's beginning: scale, shift, batch normalization and the first quantizer turn a float into a code. When every op of the
 * chain is monotone, so is the whole, and the code is found by comparing the float with thresholds. These are searched among all
 * float32 values by running the ops' own definitions, so nothing can differ. */
#include "exec/fast_chain.h"

enum { FRONT_LEVELS = 255, FRONT_KEYS = 1 << 20 };

static int port_of(const lf_plan *p, const lf_tensor *t) {
    for (size_t i = 0; i < p->graph->inputs.count; i++)
        if (p->graph->inputs.at[i].tensor == t->id)
            return (int)i;
    return -1;
}

/* The port behind t, maybe through a node that only renames positions: *source then says which element comes from where. */
static int port_behind(const lf_plan *p, const lf_tensor *t, const int64_t **source) {
    const lf_node *n = t->producer ? lf_node_at(p->graph, t->producer) : NULL;
    if (n == NULL || n->op->positions == NULL || n->out_count != 1)
        return port_of(p, t);
    int port = port_of(p, lf_in(p->graph, n, 0));
    if (port < 0 || lf_shape_count(lf_in(p->graph, n, 0)->shape) != lf_shape_count(t->shape))
        return -1;
    int64_t *from = LF_NEW_ARRAY(p->arena, int64_t, lf_shape_count(t->shape) + 1);
    n->op->positions(p->graph, n, from);
    *source = from;
    return port;
}

/* Codes of the elements at x (doubles, one per element). */
static bool evaluate(const lf_fast_chain *c, double *x, int64_t *code) {
    lf_arena *a = lf_arena_new();
    lf_value v = {.tensor = c->base, .count = (size_t)lf_shape_count(c->base->shape), .real = x}, y;
    bool fine = lf_fast_chain_run(c, a, v, &y);
    for (size_t e = 0; fine && e < v.count; e++)
        code[e] = y.code[e];
    lf_arena_free(a);
    return fine;
}

/* -- the thresholds ------------------------------------------------------------------------------------------------------------ */

static const int32_t LOWEST = INT32_MIN + 0x7fffff + 1, HIGHEST = 0x7f7fffff; /* keys of the largest finite floats */

typedef struct search {
    const lf_fast_chain *c;
    lf_front *f;
    double *x;
    int64_t *code;
    int32_t *low, *high;     /* reached at high, not at low */
    size_t *element, *level; /* what lane i is searching */
    size_t lanes;
} search;

static int64_t steps_from_base(const lf_front *f, size_t e, int64_t code) {
    return f->step[e] == 0 ? 0 : (code - f->base[e]) / f->step[e];
}

/* One lane per element of the tensor: lane i tries its own candidate for threshold `level` of element `element`. */
static bool bisect(search *s) {
    for (int round = 0; round < 33; round++) {
        for (size_t i = 0; i < s->lanes; i++)
            s->x[i] = (double)lf_float_of_key((int32_t)(((int64_t)s->low[i] + s->high[i]) >> 1));
        if (!evaluate(s->c, s->x, s->code))
            return false;
        for (size_t i = 0; i < s->lanes; i++) {
            int32_t middle = (int32_t)(((int64_t)s->low[i] + s->high[i]) >> 1);
            bool reached = steps_from_base(s->f, s->element[i], s->code[i]) > (int64_t)s->level[i];
            if (s->high[i] - (int64_t)s->low[i] <= 1)
                continue;
            *(reached ? &s->high[i] : &s->low[i]) = middle;
        }
    }
    return true;
}

/* All thresholds: as many at a time as there are elements; elements that all behave alike share the work. */
static bool find_keys(search *s, bool alike) {
    lf_front *f = s->f;
    size_t found = alike ? 1 : f->elements, total = found * f->count;
    for (size_t first = 0; first < total; first += s->lanes) {
        for (size_t i = 0; i < s->lanes; i++) {
            size_t job = first + i < total ? first + i : total - 1;
            /* without `alike` a lane can only search for its own element: total is a multiple of the lanes then */
            s->element[i] = alike ? 0 : i;
            s->level[i] = alike ? job : first / s->lanes;
            s->low[i] = LOWEST;
            s->high[i] = HIGHEST;
        }
        if (!bisect(s))
            return false;
        for (size_t i = 0; i < s->lanes && first + i < total; i++)
            f->key[s->element[i] * f->count + s->level[i]] = s->high[i];
    }
    return true;
}

/* Levels beyond the last code of an element are never reached. */
static void close_unreached(lf_front *f, const int64_t *top) {
    for (size_t e = 0; e < f->elements; e++)
        for (size_t t = (size_t)steps_from_base(f, e, top[e]); t < f->count; t++)
            f->key[e * f->count + t] = INT32_MAX;
}

static bool ends_of(search *s, int64_t *bottom, int64_t *top) {
    for (size_t e = 0; e < s->lanes; e++)
        s->x[e] = (double)lf_float_of_key(LOWEST);
    bool fine = evaluate(s->c, s->x, bottom);
    for (size_t e = 0; e < s->lanes; e++)
        s->x[e] = (double)lf_float_of_key(HIGHEST);
    return fine && evaluate(s->c, s->x, top);
}

static bool set_steps(lf_front *f, const int64_t *bottom, const int64_t *top, int64_t code_step) {
    size_t most = 0;
    for (size_t e = 0; e < f->elements; e++) {
        f->base[e] = bottom[e];
        f->step[e] = top[e] > bottom[e] ? code_step : top[e] < bottom[e] ? -code_step : 0;
        size_t steps = (size_t)steps_from_base(f, e, top[e]);
        most = steps > most ? steps : most;
    }
    f->count = most;
    return most <= FRONT_LEVELS && f->elements * most <= FRONT_KEYS;
}

static bool find_front(const lf_fast_chain *c, lf_front *f, lf_arena *keep) {
    size_t n = f->elements;
    search s = {.c = c, .f = f, .lanes = n};
    s.x = LF_NEW_ARRAY(c->arena, double, n);
    s.code = LF_NEW_ARRAY(c->arena, int64_t, n);
    s.low = LF_NEW_ARRAY(c->arena, int32_t, n);
    s.high = LF_NEW_ARRAY(c->arena, int32_t, n);
    s.element = LF_NEW_ARRAY(c->arena, size_t, n);
    s.level = LF_NEW_ARRAY(c->arena, size_t, n);
    int64_t *bottom = LF_NEW_ARRAY(c->arena, int64_t, n), *top = LF_NEW_ARRAY(c->arena, int64_t, n);
    f->base = LF_NEW_ARRAY(keep, int64_t, n);
    f->step = LF_NEW_ARRAY(keep, int64_t, n);
    bool alike = lf_fast_chain_uniform(c);
    if (!ends_of(&s, bottom, top) || !set_steps(f, bottom, top, c->result->range.step))
        return false;
    f->key = LF_NEW_ARRAY(keep, int32_t, n * f->count + 1);
    if (f->count > 0 && !find_keys(&s, alike))
        return false;
    for (size_t e = 1; alike && e < n; e++)
        for (size_t t = 0; t < f->count; t++)
            f->key[e * f->count + t] = f->key[t];
    close_unreached(f, top);
    return true;
}

static bool fits_kernel(const lf_tensor *codes) {
    return lf_on_grid(codes) && lf_form_holds(codes->range, LF_FORM_S32) &&
           lf_range_count(codes->range) <= FRONT_LEVELS + 1;
}

const lf_front *lf_front_find(lf_plan *p, const lf_node *n) {
    lf_fast_chain c;
    if (n->out_count != 1 || !fits_kernel(lf_out(p->graph, n, 0)) || !lf_fast_chain_begin(&c, p->graph, n, true))
        return NULL;
    const int64_t *source = NULL;
    int port = port_behind(p, c.base, &source);
    lf_front *f = NULL;
    if (port >= 0 && p->graph->inputs.at[port].grid == NULL && !lf_on_grid(c.base) &&
        lf_shape_count(c.base->shape) > 0) {
        f = LF_NEW(p->arena, lf_front);
        *f = (lf_front){.input = c.base,
                        .codes = c.result,
                        .port = port,
                        .source = source,
                        .elements = (size_t)lf_shape_count(c.base->shape)};
        f = find_front(&c, f, p->arena) ? f : NULL;
    }
    lf_fast_chain_end(&c);
    return f;
}

/* -- the step --------------------------------------------------------------------------------------------------------------------- */

typedef struct front_step {
    lf_levels levels;
    lf_levels_fn *run;
    bool (*finite)(const float *, size_t);
    int port;
    const int64_t *source;
} front_step;

/* Rows as float32 without loss, in place or in scratch; NULL when a number is no float32. */
static const float *rows_of(const lf_row_in *in, size_t first, size_t rows, size_t elements, lf_arena *scratch) {
    if (in->type == LF_ROW_F32)
        return (const float *)in->data + first * elements;
    float *x = LF_NEW_ARRAY(scratch, float, rows *elements);
    for (size_t i = 0; i < rows * elements; i++) {
        size_t at = first * elements + i;
        double v = in->type == LF_ROW_F64 ? ((const double *)in->data)[at] : (double)((const int64_t *)in->data)[at];
        if (!(v >= -0x1.fffffep127 && v <= 0x1.fffffep127) || (double)(float)v != v)
            return NULL;
        x[i] = (float)v;
    }
    return x;
}

static const float *in_order(const front_step *f, const float *x, float *to) {
    for (size_t e = 0; e < f->levels.channels; e++)
        to[e] = x[f->source[e]];
    return to;
}

static lf_status step_front(const lf_step *s, lf_block *b) {
    const front_step *f = s->with;
    size_t elements = f->levels.channels;
    const lf_row_in *in = NULL;
    for (size_t i = 0; i < b->io->in_count; i++)
        if (b->io->in[i].tensor == b->plan->graph->inputs.at[f->port].tensor)
            in = &b->io->in[i];
    lf_arena_reset(b->run.scratch);
    const float *x = rows_of(in, b->first, b->rows, elements, b->run.scratch);
    if (x == NULL)
        return LF_BAD_INPUT;
    for (size_t row = 0; row < b->rows;
         row++, x += elements) { /* row by row: the second look finds it in the first-level cache */
        if (!f->finite(x, elements))
            return LF_BAD_INPUT;
        const float *ordered = f->source ? in_order(f, x, (float *)(void *)b->scratch) : x;
        f->run(&f->levels, ordered, elements * sizeof *x, 1, lf_slot_at(b, s->out, row), s->out->stride);
    }
    return LF_OK;
}

static lf_level_out level_out(lf_form form) {
    return form == LF_FORM_BITS  ? LF_LEVEL_BITS
           : form == LF_FORM_U8  ? LF_LEVEL_U8
           : form == LF_FORM_S16 ? LF_LEVEL_S16
                                 : LF_LEVEL_CODES;
}

void lf_front_add(lf_plan *p, const lf_front *f) {
    lf_range r = f->codes->range;
    unsigned can = 1u << LF_FORM_S32;
    for (lf_form form = LF_FORM_BITS; form <= LF_FORM_S16; form++)
        can |= lf_form_holds(r, form) && (form != LF_FORM_BITS || f->count <= 1) ? 1u << form : 0;
    lf_slot *out = lf_plan_output(p, f->codes->id, can, f->elements, LF_FORM_S32);
    const lf_levels_kernel *k = lf_levels_kernel_for(p->isa);
    front_step *s = LF_NEW(p->arena, front_step);
    int32_t *base = LF_NEW_ARRAY(p->arena, int32_t, f->elements), *step = LF_NEW_ARRAY(p->arena, int32_t, f->elements);
    int64_t shift = lf_form_shift(r, out->form);
    for (size_t e = 0; e < f->elements; e++) {
        bool bits = out->form == LF_FORM_BITS;
        base[e] = bits ? f->base[e] == r.hi : (int32_t)(f->base[e] - shift);
        step[e] = bits ? (f->base[e] + f->step[e] == r.hi) - base[e] : (int32_t)f->step[e];
    }
    *s = (front_step){
        .run = k->run[LF_LEVEL_F32][level_out(out->form)], .finite = k->finite, .port = f->port, .source = f->source};
    lf_levels_new(p->arena, f->elements, f->count, f->key, base, step, &s->levels);
    lf_levels_guess(p->arena, &s->levels, LF_LEVEL_F32);
    if (f->source != NULL)
        lf_plan_need_scratch(p, f->elements * sizeof(float));
    const char *text = lf_format(p->arena, "levels_%s on float32, %zu elements, %zu levels", lf_isa_name(p->isa),
                                 f->elements, f->count);
    lf_plan_add(p, step_front, NULL, NULL, out, s, text);
}
